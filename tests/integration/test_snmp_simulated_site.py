"""SNMP against the simulated site: what the demo shows is what the profiles read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from probes.ask import ask
from probes.observation import Observation, Outcome
from probes.snmp import PROBE, SnmpOptions
from probes.target import Secret, SnmpAccess, Target
from probes.tools import Tools
from tests.servers.simsite import SimSite


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    made = Tools()
    yield made
    await made.close()


async def look(tools: Tools, site: SimSite, name: str, *, secure: bool) -> Observation:
    host, port = site.snmp_at(name).removeprefix("udp:").rsplit(":", 1)
    access = SnmpAccess(port=int(port), community=Secret(site.community))
    if secure:
        access = SnmpAccess(
            "3", int(port), username=site.snmp_user, auth="sha", auth_key=Secret(site.snmp_auth),
            priv="aes128", priv_key=Secret(site.snmp_priv),
        )  # fmt: skip
    seen = await ask(PROBE, Target(name, host, snmp=access), SnmpOptions(), tools, check="snmp", timeout_seconds=5)
    assert seen.outcome is Outcome.OK, seen
    return seen


async def test_ups_on_battery(tools: Tools, simsite: SimSite) -> None:
    seen = await look(tools, simsite, "ups-01", secure=False)
    assert seen.values["profile"] == "ups-rfc1628"
    assert seen.values["output_source"] == "normal"
    with simsite.failing("ups-01", "battery_low"):
        seen = await look(tools, simsite, "ups-01", secure=False)
    assert seen.values["battery_state"] == "low"


async def test_disk_of_a_recorder_fails(tools: Tools, simsite: SimSite) -> None:
    with simsite.failing("recorder-01", "disk_failed", 2):
        seen = await look(tools, simsite, "recorder-01", secure=False)
    assert seen.values["profile"] == "hikvision-nvr"
    assert [disk["state"] for disk in seen.rows["disk"].values()] == ["normal", "smart_failed", "normal", "normal"]


async def test_panel_loses_mains(tools: Tools, simsite: SimSite) -> None:
    seen = await look(tools, simsite, "panel-01", secure=True)
    assert seen.values["profile"] == "generic-panel"
    before = {row["name"]: row["value"] for row in seen.rows["sensor"].values() if row["kind"] == "truth"}
    with simsite.failing("panel-01", "mains_lost"):
        seen = await look(tools, simsite, "panel-01", secure=True)
    after = {row["name"]: row["value"] for row in seen.rows["sensor"].values() if row["kind"] == "truth"}
    assert {name for name in before if before[name] != after[name]} == {"ac_lost"}
    assert after["ac_lost"] == 1


async def test_switch_shows_its_ports(tools: Tools, simsite: SimSite) -> None:
    seen = await look(tools, simsite, "switch-01", secure=True)
    assert seen.values["profile"] == "poe-switch"
    assert seen.rows["poe_port"]["1.1"] == {"admin": True, "detect": "delivering"}
    assert seen.rows["poe"]["1"]["supply"] == "on"
    assert seen.rows["interface"]["1"]["oper"] == "up"
