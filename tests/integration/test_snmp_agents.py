"""SNMP against net-snmp: versions, users, silence, refusal, and many devices behind one socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import uvloop

from probes.ask import ask
from probes.observation import Observation, Outcome
from probes.snmp import PROBE, SnmpOptions, wire
from probes.snmp.session import Sessions
from probes.target import Secret, Target
from probes.tools import Tools, start_transcript
from tests.servers.snmpd import CIPHERS, HASHES, REEDER_CIPHERS, Agent, StartAgent, user_access


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    made = Tools()
    yield made
    await made.close()


async def look(tools: Tools, target: Target, seconds: float = 5.0, **options: object) -> Observation:
    return await ask(PROBE, target, SnmpOptions(**options), tools, check="snmp", timeout_seconds=seconds)


def shows_a_host(seen: Observation) -> bool:
    return (
        seen.outcome is Outcome.OK
        and seen.values["profile"] == "net-snmp"
        and float(seen.values["uptime_seconds"]) > 0
        and 0 <= float(seen.values["memory_percent"]) <= 100
        and any(row["name"] == "/" and 0 < row["used_percent"] <= 100 for row in seen.rows["storage"].values())
    )


@pytest.mark.parametrize("version", ["1", "2c"])
async def test_community_versions(tools: Tools, snmpd: Agent, version: str) -> None:
    seen = await look(tools, snmpd.target(version=version))
    assert shows_a_host(seen), seen
    again = await look(tools, snmpd.target(version=version))
    assert shows_a_host(again), again


USERS = [("none", "none", False)]
USERS += [(auth, priv, False) for auth in HASHES for priv in ("none", *CIPHERS)]
USERS += [(auth, priv, True) for auth in HASHES for priv in REEDER_CIPHERS]


@pytest.mark.parametrize("user", USERS, ids=str)
async def test_users_of_version_3(
    tools: Tools, snmpd: Agent, user: tuple[str, str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    auth, priv, reeder = user
    monkeypatch.setattr(wire, "GIVE_UP_SECONDS", 1.6)  # silence is how net-snmp refuses keys stretched the other way
    target = snmpd.target(**user_access(auth, priv, reeder=reeder))
    seen = await look(tools, target, tables=False)
    if reeder and seen.outcome is not Outcome.OK:  # the first look found out how the agent stretches keys
        seen = await look(tools, target, tables=False)
    assert seen.outcome is Outcome.OK, seen
    assert float(seen.values["uptime_seconds"]) > 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "nobody"},
        {"auth_key": Secret("not the auth password")},
        {"auth": "sha512"},
        {"priv_key": Secret("not the priv password")},
        {"priv": "none", "priv_key": None},
    ],
    ids=["user", "auth key", "hash", "priv key", "level"],
)
async def test_wrong_user_is_denied_after_one_try(tools: Tools, snmpd: Agent, wrong: dict[str, object]) -> None:
    lines = start_transcript()
    target = snmpd.target(**{**user_access("sha256", "aes128"), **wrong})
    seen = await look(tools, target)
    if "priv_key" in wrong and seen.outcome is Outcome.NO_ANSWER:  # net-snmp drops what decrypts to half a message
        lines = start_transcript()
        seen = await look(tools, target)
    assert seen.outcome is Outcome.DENIED, (seen, lines)
    assert sum(line.startswith("report") for line in lines) <= 1
    assert "password" not in seen.detail + "".join(lines)


async def test_right_key_after_a_wrong_one(tools: Tools, snmpd: Agent) -> None:
    right = snmpd.target(**user_access("sha", "aes128"))
    assert right.snmp is not None
    wrong = replace(right, snmp=replace(right.snmp, auth_key=Secret("not the auth password")))
    assert (await look(tools, wrong)).outcome is Outcome.DENIED
    assert shows_a_host(await look(tools, right))


async def test_wrong_community_is_silence(tools: Tools, snmpd: Agent) -> None:
    seen = await look(tools, snmpd.target(community=Secret("hush")))
    assert seen.outcome is Outcome.NO_ANSWER
    assert "community" in seen.detail
    assert "hush" not in seen.detail


async def test_closed_port_is_refused_at_once(tools: Tools) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    seen = await look(tools, Agent(port).target())
    assert seen.outcome is Outcome.REFUSED
    assert seen.duration_seconds < 1


async def test_a_refusing_port_does_not_disturb_others(tools: Tools, snmpd: Agent) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    refusing = [look(tools, Agent(port).target(f"gone {number}")) for number in range(20)]
    answering = [look(tools, snmpd.target(f"here {number}"), tables=False) for number in range(20)]
    seen = await asyncio.gather(*(one for pair in zip(refusing, answering, strict=True) for one in pair))
    assert {one.outcome for one in seen[0::2]} == {Outcome.REFUSED}
    assert {one.outcome for one in seen[1::2]} == {Outcome.OK}


async def test_name_that_does_not_resolve(tools: Tools) -> None:
    seen = await look(tools, replace(Agent(161).target(), host="no-such-host.invalid"))
    assert seen.outcome is Outcome.UNRESOLVED


async def test_no_credentials_is_the_monitors_trouble(tools: Tools) -> None:
    assert (await look(tools, Target("bare", "127.0.0.1"))).outcome is Outcome.LOCAL


async def test_short_password_is_the_monitors_trouble(tools: Tools, snmpd: Agent) -> None:
    seen = await look(tools, snmpd.target(**{**user_access("sha", "none"), "auth_key": Secret("short")}))
    assert seen.outcome is Outcome.LOCAL
    assert "8 characters" in seen.detail


async def test_unknown_profile_names_those_there_are(tools: Tools, snmpd: Agent) -> None:
    seen = await look(tools, snmpd.target(), profile="toaster")
    assert seen.outcome is Outcome.LOCAL
    assert "apc-ups" in seen.detail
    assert "_system" not in seen.detail


async def test_another_profile_after_a_reload(tools: Tools, snmpd: Agent) -> None:
    target = snmpd.target()
    assert (await look(tools, target, tables=False)).values["profile"] == "net-snmp"
    seen = await look(tools, target, tables=False, profile="generic")
    assert seen.values["profile"] == "generic"
    assert "memory_percent" not in seen.values


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_names_and_addresses(tools: Tools, snmpd: Agent, host: str) -> None:
    assert (await look(tools, replace(snmpd.target(), host=host), tables=False)).outcome is Outcome.OK


async def test_ipv6_however_it_is_written(tools: Tools, start_snmpd: StartAgent) -> None:
    agent = start_snmpd(["rocommunity6 public"], hosts=["127.0.0.1", "[::1]"])
    for host in ("::1", "0:0:0:0:0:0:0:1"):
        assert (await look(tools, replace(agent.target(), host=host), tables=False)).outcome is Outcome.OK


async def test_profile_of_another_family_is_unsupported(tools: Tools, snmpd: Agent) -> None:
    seen = await look(tools, snmpd.target(), profile="hikvision-camera")
    assert seen.outcome is Outcome.UNSUPPORTED


async def test_second_look_asks_less(tools: Tools, snmpd: Agent) -> None:
    target = snmpd.target()
    first = start_transcript()
    await look(tools, target, tables=False)
    second = start_transcript()
    seen = await look(tools, target, tables=False)
    assert sum(" answered" in line for line in first) == 5  # who are you, what do you have (twice), inventory, scalars
    assert sum(" answered" in line for line in second) == 1
    assert seen.values["system_name"]  # still there
    assert not seen.rows


async def test_tables_less_often_than_scalars(tools: Tools, snmpd: Agent) -> None:
    target = snmpd.target()
    assert (await look(tools, target, table_every_seconds=3600)).rows
    seen = await look(tools, target, table_every_seconds=3600)
    assert not seen.rows
    assert seen.values["uptime_seconds"]


async def test_one_socket_for_every_device(tools: Tools, snmpd: Agent) -> None:
    before = _open_files()
    seen = await asyncio.gather(*(look(tools, snmpd.target(f"device {n}"), tables=False) for n in range(200)))
    assert {one.outcome for one in seen} == {Outcome.OK}
    assert len(tools.get(Sessions)) == 200
    assert _open_files() <= before + 3


def _open_files() -> int:
    from pathlib import Path

    return len(list(Path("/proc/self/fd").iterdir()))


def test_refusals_of_many_do_not_make_it_deaf(snmpd: Agent) -> None:
    """On the daemon's own loop: libuv ceases to watch a socket that shows a queued error."""

    async def ask_around() -> list[Outcome]:
        tools = Tools()
        closed = [Target(f"closed-{at}", f"127.6.0.{at}", snmp=snmpd.target().snmp) for at in range(1, 200)]
        await asyncio.gather(*(look(tools, one) for one in closed))
        seen = await look(tools, snmpd.target("alive"))
        await tools.close()
        return [seen.outcome]

    assert uvloop.run(ask_around()) == [Outcome.OK]
