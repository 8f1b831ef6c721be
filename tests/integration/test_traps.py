"""Do real traps and informs become tickets, of every version, and those of strangers nothing?"""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

import pytest

from monitor.engine import pipeline
from monitor.notify.wording import describe
from probes.observation import Observation
from probes.simulators import Shape
from probes.simulators.blueprint import COMMUNITY
from probes.simulators.site import SimulatedSite
from probes.snmp.ber import INTEGER, OID, SEQUENCE, element, oid
from probes.snmp.message import V2C, Kind, binding_of, encode_community, encode_pdu
from tests.servers.simsite import free_base
from tests.servers.trapping import USER, Store, counted, device, hearing, send, site, ticket_of
from ticketing.ticket import Language

LINK_DOWN, LINK_UP = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.4"
LANGUAGES: tuple[Language, ...] = ("en", "zh_CN")
PORT_7 = ("1.3.6.1.2.1.2.2.1.1.7", "i", "7", "1.3.6.1.2.1.2.2.1.2.7", "s", "ge-0/0/7")
WATCHED = {"*": {"for": "0s", "looks": 1, "clear_for": "0s", "clear_looks": 1},
           "trap-link-down": {"params": {"names": "^7$"}}}  # fmt: skip


async def test_a_trap_of_version_2c_is_a_ticket_within_a_second(tmp_path: Path) -> None:
    made = site(tmp_path, [device("sw-1", "switch", "127.0.0.1", "traps", credentials="v2c")], rules=WATCHED)
    async with hearing(made) as (engine, port):
        began = time.monotonic()
        assert await send(port, "-v2c", "-c", "public", "--", "", LINK_DOWN, *PORT_7) == 0
        ticket = await ticket_of(engine, "trap.link-down")
        assert time.monotonic() - began < 1.0
        assert ticket.fingerprint.component == "alarm/link_down.7"
        assert ticket.facts["text"] == "ifDescr: ge-0/0/7"
        await send(port, "-v2c", "-c", "public", "--", "", LINK_DOWN, *PORT_7)
        await counted(engine, "traps", "repeated")
        await send(port, "-v2c", "-c", "public", "--", "", LINK_UP, *PORT_7)
        await ticket_of(engine, "trap.link-down", "recovered")


async def test_a_trap_of_version_1(tmp_path: Path) -> None:
    made = site(tmp_path, [device("ups-1", "ups", "127.0.0.1", "traps", credentials="v1")])
    async with hearing(made) as (engine, port):
        await send(port, "-v1", "-c", "public", "--", "1.3.6.1.2.1.33.2", "127.0.0.1", "6", "1", "",
                   "1.3.6.1.2.1.33.1.2.3.0", "i", "12")  # fmt: skip
        ticket = await ticket_of(engine, "mains.lost")
        assert ticket.facts["text"] == "minutesLeft: 12"
        added = ("1.3.6.1.2.1.33.1.6.2.1.1.5", "i", "5", "1.3.6.1.2.1.33.1.6.2.1.2.5", "o", "1.3.6.1.2.1.33.1.6.3.3")
        await send(port, "-v1", "-c", "public", "--", "1.3.6.1.2.1.33.2", "127.0.0.1", "6", "3", "", *added)
        await ticket_of(engine, "ups.battery-low")
        await send(port, "-v1", "-c", "public", "--", "1.3.6.1.2.1.33.2", "127.0.0.1", "6", "4", "", *added)
        await ticket_of(engine, "ups.battery-low", "recovered")


@pytest.mark.parametrize(
    ("credentials", "level"),
    [
        ("signed", ("-l", "authNoPriv")),
        ("hidden", ()),
        ("stretched", ("-x", "AES-256")),
        ("stretched", ("-x", "AES-256-C")),
    ],
)
@pytest.mark.parametrize("inform", [False, True])
async def test_version_3(tmp_path: Path, credentials: str, level: tuple[str, ...], inform: bool) -> None:
    made = site(tmp_path, [device("nvr-1", "recorder", "127.0.0.1", "traps", credentials=credentials)])
    user = list(USER)
    for name, value in zip(level[::2], level[1::2], strict=True):
        user[user.index(name) + 1] = value
    engine_id = () if inform else ("-e", "0x80000000050102030405")
    async with hearing(made) as (engine, port):
        said = ("1.3.6.1.4.1.1004849.2.12.1.0", "s", "Start", "1.3.6.1.4.1.1004849.2.3.2.1.2.1.1.4", "i", "4")
        lost = "1.3.6.1.4.1.1004849.2.11.11.3"
        assert await send(port, *user, *engine_id, "--", "", lost, *said, inform=inform) == 0
        ticket = await ticket_of(engine, "trap.video-lost")
        assert ticket.fingerprint.component == "alarm/video_lost.4"
        over = [*said[:2], "Stop", *said[3:]]
        assert await send(port, *user, *engine_id, "--", "", lost, *over, inform=inform) == 0
        await ticket_of(engine, "trap.video-lost", "recovered")


async def test_an_inform_of_version_2c_is_acknowledged_and_a_refused_one_is_not(tmp_path: Path) -> None:
    made = site(tmp_path, [device("cam-1", "camera", "127.0.0.1", "traps", credentials="v2c")])
    axis = ("1.3.6.1.4.1.368.4.2.0.1", "1.3.6.1.4.1.368.4.2.1.0", "u", "3", "1.3.6.1.4.1.368.4.2.2.0", "s",
            "Edge storage", "1.3.6.1.4.1.368.4.2.3.0", "s", "Check the SD card")  # fmt: skip
    async with hearing(made) as (engine, port):
        assert await send(port, "-v2c", "-c", "public", "--", "", *axis, inform=True) == 0
        ticket = await ticket_of(engine, "trap.alarm")
        assert ticket.facts["text"] == "alarm: Edge storage; text: Check the SD card"
        assert await send(port, "-v2c", "-c", "wrong", "--", "", *axis, inform=True) != 0
        assert engine.stats.heard["traps", "denied"] == 2  # it was sent twice


async def test_an_inform_is_acknowledged_when_it_is_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "KEPT_SECONDS", 0.2)
    monkeypatch.setattr(pipeline, "RETRY_SECONDS", (0.01,))
    store = Store()
    made = site(tmp_path, [device("sw-1", "switch", "127.0.0.1", "traps", credentials="v2c")], rules=WATCHED)
    async with hearing(made, store=store) as (engine, port):
        store.away = True
        assert await send(port, "-v2c", "-c", "public", "--", "", LINK_DOWN, *PORT_7, inform=True) != 0
        assert engine.stats.heard["traps", "repeated"] == 1
        store.away = False
        assert await send(port, "-v2c", "-c", "public", "--", "", LINK_DOWN, *PORT_7, inform=True) == 0


async def test_strangers_are_counted_and_not_heard(tmp_path: Path) -> None:
    devices = [
        device("sw-1", "switch", "127.0.0.1", "traps", credentials="v2c"),
        device("sw-2", "switch", "127.0.0.9", "traps", credentials="hidden"),
    ]
    async with hearing(site(tmp_path, devices, rules=WATCHED)) as (engine, port):
        await send(port, "-v2c", "-c", "public", "--", "", LINK_DOWN, *PORT_7, source="127.0.0.77")
        await send(port, "-v2c", "-c", "public", "--", "", LINK_DOWN, *PORT_7, source="127.0.0.9")
        wrong = [*USER[:-1], "another password", "-e", "0x80000000050102030405"]
        await send(port, *wrong, "--", "", LINK_DOWN, *PORT_7, source="127.0.0.9")
        less = ["-l" if one == "-l" else one for one in USER]
        less[less.index("authPriv")] = "authNoPriv"
        await send(port, *less, "-e", "0x80000000050102030405", "--", "", LINK_DOWN, *PORT_7, source="127.0.0.9")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"no SNMP", ("127.0.0.1", port))
            stranger.sendto(bytes(8_193), ("127.0.0.1", port))
        await counted(engine, "traps", "garbled", 2)
        assert engine.stats.heard["traps", "unknown_source"] == 1
        assert engine.stats.heard["traps", "denied"] == 3
        assert not engine.live.world.tickets
        relayed = ("1.3.6.1.6.3.18.1.3.0", "a", "127.0.0.1")  # a proxy names the device (RFC 3584)
        await send(port, "-v2c", "-c", "public", "--", "", LINK_DOWN, *PORT_7, *relayed, source="127.0.0.77")
        await ticket_of(engine, "trap.link-down")


async def test_an_old_signed_trap_is_not_taken_again(tmp_path: Path) -> None:
    made = site(tmp_path, [device("sw-1", "switch", "127.0.0.1", "traps", credentials="hidden")], rules=WATCHED)
    async with hearing(made) as (engine, port):
        engine_id = ("-e", "0x80000000050102030405")
        await send(port, *USER, *engine_id, "-Z", "9,5000", "--", "", LINK_DOWN, *PORT_7)
        await counted(engine, "traps", "taken")
        await send(port, *USER, *engine_id, "-Z", "9,4000", "--", "", LINK_UP, *PORT_7)
        await send(port, *USER, *engine_id, "-Z", "8,9000", "--", "", LINK_UP, *PORT_7)
        await counted(engine, "traps", "denied", 2)
        await send(port, *USER, *engine_id, "-Z", "10,1", "--", "", LINK_UP, *PORT_7)  # it has restarted
        await ticket_of(engine, "trap.link-down", "recovered")


async def test_contacts_of_a_panel_are_read_by_their_words_or_as_the_site_says(tmp_path: Path) -> None:
    own = {"trap": "1.3.6.1.4.1.99999.1.0.7", "event": "zone_trouble", "item": "1.3.6.1.4.1.99999.2",
           "state_of": {"OID": "1.3.6.1.4.1.99999.3", "cleared": ["0"]}}  # fmt: skip
    devices = [
        device("panel-1", "panel", "127.0.0.1", "traps", {"by_words": True}),
        device("panel-2", "panel", "127.0.0.2", "traps", {"meanings": [own]}),
    ]
    made = site(tmp_path, devices)
    async with hearing(made) as (engine, port):
        contact = ("1.3.6.1.4.1.99999.1.0.1", "1.3.6.1.4.1.99999.9.0", "s")
        await send(port, "-v2c", "-c", "any", "--", "", *contact, "Cover open: TAMPER alarm")
        await ticket_of(engine, "panel.tamper")
        await send(port, "-v2c", "-c", "any", "--", "", *contact, "Tamper restored")
        await ticket_of(engine, "panel.tamper", "recovered")
        zone = ("1.3.6.1.4.1.99999.1.0.7", "1.3.6.1.4.1.99999.2.0", "s", "Loading dock", "1.3.6.1.4.1.99999.3.0", "i")
        await send(port, "-v2c", "-c", "any", "--", "", *zone, "1", source="127.0.0.2")
        ticket = await ticket_of(engine, "panel.zone")
        said = [describe(ticket, engine.live.plan, language, ticket.opened_at).sentence for language in LANGUAGES]
        assert "panel-2 reports trouble of zone Loading dock" in said[0]
        assert "panel-2 报告防区 Loading dock 故障" in said[1]
        await send(port, "-v2c", "-c", "any", "--", "", *zone, "0", source="127.0.0.2")
        await ticket_of(engine, "panel.zone", "recovered")


async def test_a_flood_costs_the_device_that_sends_it_and_nobody_else(tmp_path: Path) -> None:
    devices = [
        device("sw-1", "switch", "127.0.0.1", "traps", credentials="v2c"),
        device("sw-2", "switch", "127.0.0.2", "traps", credentials="v2c"),
    ]
    async with hearing(site(tmp_path, devices, rules=WATCHED)) as (engine, port):
        looks: list[Observation] = []
        submit = engine.pipeline.submit
        engine.listeners._sink = lambda look: (looks.append(look), submit(look))  # type: ignore[assignment, func-returns-value]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
            flood.bind(("127.0.0.1", 0))
            flood.connect(("127.0.0.1", port))
            for number in range(3_000):
                flood.send(_link_trap(number, up=number % 2 == 1))
                if number % 100 == 0:
                    await asyncio.sleep(0)
            await send(port, "-v2c", "-c", "public", "--", "", LINK_DOWN, *PORT_7, source="127.0.0.2")
            ticket = await ticket_of(engine, "trap.link-down")
            assert ticket.fingerprint.device == "sw-2"
            await ticket_of(engine, "trap.flood")
            said = [one for one in looks if one.device == "sw-1"]
        heard = {result: number for (_, result), number in engine.stats.heard.items()}
        assert heard["taken"] + heard.get("repeated", 0) <= 300
        assert heard["over_budget"] >= 2_500
        assert len(said) <= 40
        assert len(engine.live.world.looks["sw-1", "traps"].rows["alarm"]) <= 100


def _link_trap(number: int, *, up: bool) -> bytes:
    trap = binding_of(oid("1.3.6.1.6.3.1.1.4.1.0"), OID, oid(LINK_UP if up else LINK_DOWN))
    index = number % 400 // 2 + 1000
    port = binding_of(oid("1.3.6.1.2.1.2.2.1.1.7"), INTEGER, index.to_bytes(2, "big"))
    return encode_community(V2C, b"public", encode_pdu(Kind.TRAP, number, element(SEQUENCE, trap + port)))


STORAGE = "1.3.6.1.4.1.1004849.2.11.13.1"
FAILED = ("1.3.6.1.4.1.1004849.2.4.1.1.3.2", "s", "hdd2", "1.3.6.1.4.1.1004849.2.12.1.0", "s", "Start")


@pytest.mark.parametrize("asked", [True, False])
async def test_a_trap_brings_the_look_that_judges_it_and_stands_alone_without(
    tmp_path: Path, films: Path, asked: bool
) -> None:
    shape = Shape(base=free_base(), cameras=1, recorders=1, panels=0, switches=0, upses=0, films=1)
    async with SimulatedSite(shape, films) as simulated:
        recorder = simulated.devices["recorder-01"]
        nvr = device("nvr", "recorder", recorder.blueprint.address, "traps", credentials="v2c")
        nvr["checks"] |= {"recorder": "off", "snmp": {"every": "1h", "port": shape.snmp_port} if asked else "off"}
        secrets = {"v2c": {"snmp": {"version": "2c", "community": COMMUNITY, "port": shape.snmp_port}}}
        async with hearing(site(tmp_path, [nvr], credentials=secrets)) as (engine, port):
            async with asyncio.timeout(5):
                while asked and ("nvr", "snmp") not in engine.live.world.looks:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            simulated.fail("recorder-01", "disk_failed", 2.0)
            began = time.monotonic()
            args = ("-v2c", "-c", COMMUNITY, "--", "", STORAGE, *FAILED)
            assert await send(port, *args, source=recorder.blueprint.address) == 0
            ticket = await ticket_of(engine, "disk.failed" if asked else "trap.storage")
            took = time.monotonic() - began
            await send(port, *args, source=recorder.blueprint.address)
            await counted(engine, "traps", "repeated")
            assert len(engine.live.world.tickets) == 1
            assert took < 1.5
            assert ticket.fingerprint.component == ("disk/2" if asked else "alarm/storage_failed.hdd2")
