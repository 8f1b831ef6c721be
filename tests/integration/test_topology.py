"""What hangs on what: simulated switches with LLDP and bridge tables, and recorded ones of others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from monitor.settings.load import load
from probes.simulators import site_yaml
from probes.snmp.session import Sessions
from probes.tools import Tools
from probes.topology import read_arp, read_tables
from tests.servers.simsite import SimSite
from tests.servers.snmpd import Agent
from tests.servers.snmpsim import recorded


def topology(file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "monitor", "topology", "-c", str(file), *words],
        env={**os.environ, "LANG": "C", "LC_ALL": "C"}, capture_output=True, text=True, timeout=60, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_a_site_learns_what_hangs_where(simsite: SimSite, tmp_path: Path) -> None:
    written = yaml.safe_load(site_yaml(simsite.shape))
    truth: dict[str, tuple[str, str]] = {}
    for one in written["devices"]:
        if one["kind"] == "camera":
            truth[one["id"]] = (one.pop("parent"), one.pop("port"))
            one["mac"] = f"02:00:00:01:00:{int(one['id'][-2:]):02x}"
    wrong = next(one for one in written["devices"] if one["id"] == "camera-06")
    wrong |= {"parent": "switch-01", "port": "1.20"}
    file = tmp_path / "site.yaml"
    file.write_text(yaml.safe_dump(written, allow_unicode=True, sort_keys=False), "utf-8")
    done = topology(file)
    assert done.returncode == 0, done.stderr
    assert (
        "camera-03 hangs on switch-01 1.3, because\n  switch-01 has learned its MAC on GigabitEthernet1/0/3"
        in done.stdout
    )
    assert "camera-06 hangs on switch-02 1.2, NOT where it is configured" in done.stdout
    answer = json.loads(topology(file, "--json").stdout)
    found = {one["device"]: (one["parent"], one["port"]) for one in answer["proposals"] if one["device"] in truth}
    assert found == truth
    (tmp_path / "site.diff").write_text(answer["difference"], "utf-8")
    subprocess.run(["patch", "-s", "site.yaml", "site.diff"], check=True, timeout=20, cwd=tmp_path)
    devices = load(file).devices
    assert {name: (devices[name].parent, devices[name].port) for name in truth} == truth
    assert "nothing to change" in topology(file).stdout


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    made = Tools()
    yield made
    await made.close()


async def test_tables_of_switches_that_others_recorded(snmpsim: Agent, tools: Tools) -> None:
    sessions = tools.get(Sessions)
    h3c = sessions.get(recorded(snmpsim, "network/switch/h3c-e528-2"))
    async with h3c.lock:
        arp = await read_arp(h3c)
        tables = await read_tables(h3c, arp.values())
    assert arp
    assert all(len(mac) == 17 for mac in arp.values())
    assert tables.names
    assert len(tables.neighbours) == 1
    cisco = sessions.get(recorded(snmpsim, "network/switch/cisco-c3750"))
    async with cisco.lock:
        arp = await read_arp(cisco)
        tables = await read_tables(cisco, arp.values())
    assert arp
    assert tables.mac
    assert tables.neighbours == ()
