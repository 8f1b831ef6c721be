"""Do the reports of alarm panels become tickets, and is nothing taken that is not genuine?"""

from __future__ import annotations

import asyncio
import os
import re
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.core.condition import Condition, Key, State
from monitor.core.world import Saved
from monitor.engine import pipeline
from monitor.engine.engine import Engine
from monitor.notify.wording import describe
from monitor.settings.load import load
from monitor.settings.planning import plan as plan_of
from probes.panel import listener as module
from probes.panel.frame import answer, frame_of, open_frame, read
from probes.panel.options import PanelOptions, PanelSettings
from probes.recording import Recording, read_folder, write_folder
from probes.recording.reports import hear_reports
from probes.simulators import Shape, SimulatedSite, describe_site
from probes.simulators.recorded import ACCOUNT, Place, RecordedDevice
from probes.simulators.sia import SiaPanel
from probes.target import Secret, Target
from probes.tools import Tools
from tests.servers.processes import accepts, free_port, wait_until
from tests.servers.simsite import free_base
from tests.servers.trapping import Store, counted, device, hearing, site, ticket_of
from ticketing.ticket import Language

KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
LANGUAGES: tuple[Language, ...] = ("en", "zh_CN")
LISTEN = {"panel": {"address": "127.0.0.1", "port": 0}}


def panels(folder: Path, *devices: dict[str, Any], **more: Any) -> Any:
    return site(folder, list(devices), listeners=LISTEN, **more)


def panel(options: dict[str, Any], host: str = "127.0.0.1", **more: Any) -> dict[str, Any]:
    return device(f"panel-{options['account']}-{host[-1]}", "panel", host, "panel", options, **more)


def kind_of(answer: bytes) -> str:
    found = re.match(rb'\n[0-9A-F]{8}"(\*?[A-Z]+)"', answer)
    assert found, answer
    return found[1].decode()


async def silence(sender: SiaPanel, message: bytes) -> bool:
    """Is the message left without an answer?"""
    try:
        async with asyncio.timeout(0.2):
            await sender.send(message)
    except (TimeoutError, asyncio.IncompleteReadError):
        return True
    return False


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("key", [None, KEY])
async def test_contact_id_and_sia_become_tickets(tmp_path: Path, transport: str, key: bytes | None) -> None:
    options = {"account": "1234", "zones": {"15": "Loading dock"}}
    made = panels(tmp_path, panel(options, **({"credentials": "sia"} if key else {})))
    async with hearing(made, "panel") as (engine, port):
        sender = SiaPanel(port, key=key, transport=transport)
        expected = "*ACK" if key else "ACK"
        for data, fault in (("1301 00 000", "panel.mains-lost"), ("1302 00 000", "panel.battery"),
                            ("1137 00 000", "panel.tamper"), ("1350 00 001", "panel.communication"),
                            ("1380 01 015", "panel.zone"), ("1321 00 000", "panel.fault")):  # fmt: skip
            assert kind_of(await sender.report("ADM-CID", data)) == expected
            await ticket_of(engine, fault)
        zone = await ticket_of(engine, "panel.zone")
        assert zone.fingerprint.component == "alarm/zone_trouble.15"
        said = [describe(zone, engine.live.plan, language, zone.opened_at).sentence for language in LANGUAGES]
        assert "reports trouble of zone 15, which may not alarm: E380 15 Loading dock" in said[0]
        assert "报告防区 15 故障，可能无法报警：E380 15 Loading dock" in said[1]
        await sender.report("ADM-CID", "3301 00 000")
        await ticket_of(engine, "panel.mains-lost", "recovered")
        await sender.report("SIA-DCS", "Nri0/YR00")
        await ticket_of(engine, "panel.battery", "recovered")
        await sender.report("SIA-DCS", "Nri1/TR000")
        await ticket_of(engine, "panel.tamper", "recovered")
        open_before = len(engine.live.world.tickets)
        await sender.report("ADM-CID", "1131 01 003")
        await sender.report("SIA-DCS", "Nri1/FA004")
        rows = engine.live.world.looks["panel-1234-1", "panel"].rows["alarm"]
        assert rows["burglary.3"]["state"] == rows["fire.4"]["state"] == "raised"
        assert len(engine.live.world.tickets) == open_before  # an alarm of the premises is no fault of equipment


async def test_a_missed_heartbeat_is_a_fault_and_the_next_one_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.PanelOptions, "patience_seconds", property(lambda options: 0.6))
    monkeypatch.setattr(module, "TICK_SECONDS", 0.05)
    made = panels(tmp_path, panel({"account": "1234", "heartbeat_seconds": 30}, credentials="sia"))
    async with hearing(made, "panel") as (engine, port):
        sender = SiaPanel(port, key=KEY)
        beating = asyncio.create_task(sender.beat(0.2))
        await counted(engine, "panel", "taken", 5)
        assert not engine.live.world.tickets
        beating.cancel()
        ticket = await ticket_of(engine, "panel.unheard")
        assert ticket.facts["detail"] == "no report for 0.6 s"
        beating = asyncio.create_task(sender.beat(0.2))
        await ticket_of(engine, "panel.unheard", "recovered")
        beating.cancel()


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_a_report_is_acknowledged_when_it_is_written_down(
    tmp_path: Path, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "KEPT_SECONDS", 0.05)
    monkeypatch.setattr(pipeline, "RETRY_SECONDS", (0.01,))
    store = Store()
    async with hearing(panels(tmp_path, panel({"account": "1234"})), "panel", store) as (engine, port):
        sender = SiaPanel(port, transport=transport)
        store.away = True
        report, beat = sender.message("ADM-CID", "1301 00 000"), sender.message("NULL", "")
        assert await silence(sender, report)
        await ticket_of(engine, "panel.mains-lost")
        assert kind_of(await sender.send(beat)) == "ACK"  # nothing is owed for a sign of life
        assert await silence(sender, report)  # sent again, and still not written down
        store.away = False
        assert kind_of(await sender.send(report)) == "ACK"
        assert engine.stats.heard["panel", "repeated"] == 2


@pytest.mark.parametrize(("state", "stands"), [(State.CLEARING, False), (State.FIRING, True)])
async def test_a_restart_while_a_fault_clears_lets_it_clear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: State, stands: bool
) -> None:
    """The panel has told the end and was thanked for it: it does not tell it again."""
    monkeypatch.setattr(module, "TICK_SECONDS", 0.05)
    holds = {"for": "0s", "looks": 1, "clear_for": "300ms", "clear_looks": 2}
    made = panels(tmp_path, panel({"account": "1234"}), rules={"*": holds})
    now = Tools().now()
    key = Key("panel-1234-1", "panel-reports-battery", "alarm/battery_low")
    good = {"good_since": now, "goods": 1} if state is State.CLEARING else {}
    condition = Condition(key, state, now - 60.0, 1, now - 60.0, told=True, firings=(now - 60.0,), **good)  # type: ignore[arg-type]
    async with hearing(made, "panel", saved=Saved((condition,))) as (engine, _):
        await asyncio.sleep(1.5)
        assert engine.live.world.condition(key).firing == stands


async def test_what_is_not_genuine_is_not_taken(tmp_path: Path) -> None:
    made = panels(
        tmp_path, panel({"account": "1234"}, credentials="sia"), panel({"account": "5678"}, "127.0.0.2"),
        panel({"account": "9999", "any_address": True}, "127.0.0.3"),
    )  # fmt: skip
    async with hearing(made, "panel") as (engine, port):
        heard = engine.stats.heard
        plain = SiaPanel(port, account="1234")
        assert await silence(plain, plain.message("ADM-CID", "1137 00 000"))  # a key is configured
        wrong = SiaPanel(port, account="1234", key=bytes(16))
        assert await silence(wrong, wrong.message("ADM-CID", "1137 00 000"))
        elsewhere = SiaPanel(port, account="5678")
        assert await silence(elsewhere, elsewhere.message("ADM-CID", "1137 00 000"))
        assert heard["panel", "denied"] == 3
        stranger = SiaPanel(port, account="AAAA")
        assert await silence(stranger, stranger.message("ADM-CID", "1137 00 000"))
        assert heard["panel", "unknown_account"] == 1
        damaged = bytearray(elsewhere.message("ADM-CID", "1137 00 000"))
        damaged[-6] ^= 1
        assert await silence(elsewhere, bytes(damaged))
        assert heard["panel", "garbled"] == 1
        assert not engine.live.world.tickets
        anywhere = SiaPanel(port, account="9999")
        assert kind_of(await anywhere.report("ADM-CID", "1137 00 000")) == "ACK"
        assert kind_of(await anywhere.report("SIA-DCS", "no event")) == "DUH"
        right = SiaPanel(port, account="5678", source="127.0.0.2")
        assert kind_of(await right.report("NULL")) == "ACK"


async def test_an_encrypted_report_must_be_of_now_and_is_taken_once(tmp_path: Path) -> None:
    made = panels(tmp_path, panel({"account": "1234"}, credentials="sia"))
    async with hearing(made, "panel") as (engine, port):
        sender = SiaPanel(port, key=KEY)
        alarm = sender.message("ADM-CID", "1137 00 000")
        assert kind_of(await sender.send(alarm)) == "*ACK"
        await ticket_of(engine, "panel.tamper")
        assert kind_of(await sender.report("ADM-CID", "3137 00 000")) == "*ACK"
        await ticket_of(engine, "panel.tamper", "recovered")
        assert kind_of(await sender.send(alarm)) == "*ACK"  # it may not have had our answer
        assert engine.stats.heard["panel", "repeated"] == 1
        await ticket_of(engine, "panel.tamper", "recovered")
        for offset in (-60.0, 60.0):
            late = SiaPanel(port, key=KEY, clock_offset_seconds=offset)
            answer = await late.report("ADM-CID", "1301 00 000")
            assert kind_of(answer) == "NAK"
            assert re.search(rb"\]_[0-9:]{8},[0-9-]{10}\r$", answer)  # by which the panel sets its clock
        assert engine.stats.heard["panel", "untimely"] == 2
        assert len(engine.live.world.tickets) == 1


async def test_slow_loud_and_many_connections_cost_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FRAME_SECONDS", 0.3)
    made = panels(tmp_path, panel({"account": "1234"}, credentials="sia"))
    async with hearing(made, "panel") as (engine, port):
        heard = engine.stats.heard
        slow_reader, slow = await asyncio.open_connection("127.0.0.1", port)
        slow.write(b"\n12")
        loud_reader, loud = await asyncio.open_connection("127.0.0.1", port)
        loud.write(os.urandom(64).replace(b"\r", b"x") * 400)
        async with asyncio.timeout(5):
            await slow_reader.read()
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await loud_reader.readexactly(1)
        assert heard["panel", "garbled"] == 2
        slow.close()
        loud.close()
        wanted = module.MAX_CONNECTIONS_EACH + 4
        many = [await asyncio.open_connection("127.0.0.1", port) for _ in range(wanted)]
        await counted(engine, "panel", "too_many_connections", 4)
        sender = SiaPanel(port, key=KEY, source="127.0.0.9")
        assert kind_of(await sender.report("NULL")) == "*ACK"
        for _, writer in many:
            writer.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
            for _ in range(300):
                flood.sendto(sender.message("NULL", ""), ("127.0.0.1", port))
        await counted(engine, "panel", "over_budget", 200)


async def test_several_messages_of_one_connection_and_a_split_one(tmp_path: Path) -> None:
    made = panels(tmp_path, panel({"account": "1234"}))
    async with hearing(made, "panel") as (engine, port):
        sender = SiaPanel(port)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        first, second = sender.message("ADM-CID", "1301 00 000"), sender.message("ADM-CID", "1137 00 000")
        writer.write(first + second[:20])
        assert kind_of(await reader.readuntil(b"\r")) == "ACK"
        writer.write(second[20:])
        assert kind_of(await reader.readuntil(b"\r")) == "ACK"
        writer.close()
        await ticket_of(engine, "panel.mains-lost")
        await ticket_of(engine, "panel.tamper")


async def test_two_panels_of_one_account_are_told_apart_by_their_address(tmp_path: Path) -> None:
    made = panels(tmp_path, panel({"account": "1234"}), panel({"account": "1234"}, "127.0.0.2"))
    async with hearing(made, "panel") as (engine, port):
        await SiaPanel(port, source="127.0.0.2").report("ADM-CID", "1137 00 000")
        assert (await ticket_of(engine, "panel.tamper")).fingerprint.device == "panel-1234-2"


async def test_a_port_that_is_taken_is_trouble_of_the_monitor(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        listeners = {"panel": {"address": "127.0.0.1", "port": other.getsockname()[1]}}
        made = site(tmp_path, [panel({"account": "1234"})], listeners=listeners)
        engine = Engine(plan_of(made), Saved(), Store(), listeners=made.listeners)  # type: ignore[arg-type]
        async with engine.running():
            async with asyncio.timeout(5):
                while "listeners" not in engine.health.troubles:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            assert "panel: " in engine.health.troubles["listeners"]


def test_an_independent_implementation_reads_what_the_simulator_writes_and_what_we_answer() -> None:
    peer = pytest.importorskip("pysiaalarm")
    key = "AAAABBBBCCCCDDDD"
    accounts = {"1234": peer.SIAAccount("1234", key)}
    sender = SiaPanel(0, key=key.encode())
    for kind, data, code in (("SIA-DCS", "Nri1/TA003", "TA"), ("ADM-CID", "1301 00 000", "AT"), ("NULL", "", "RP")):
        raw = sender.message(kind, data)
        event = peer.SIAEvent.from_line(raw.decode().strip(), accounts)
        assert event.valid_message
        assert event.valid_timestamp
        assert event.code == code
        frame = read(raw.strip(b"\n\r"))
        assert open_frame(frame, key.encode()).data == data
        reply = answer("ACK", frame, key.encode(), 1_600_000_000.0).decode().strip()
        assert peer.SIAEvent._crc_calc(reply[8:]) == reply[:4]
        assert int(reply[4:8], 16) == len(reply[8:])
        assert frame_of(reply[8:].encode()).decode().strip() == reply


async def test_a_simulated_site_whose_panel_reports(tmp_path: Path, films: Path) -> None:
    """Begun while nobody heard, told as soon as somebody does, and over again."""
    receiver = free_port()
    base = free_base()
    shape = Shape(base, cameras=1, recorders=0, switches=0, upses=0, films=1, receiver_port=receiver)
    described = describe_site(shape)
    described["devices"] = [one for one in described["devices"] if one["kind"] == "panel"]
    described["defaults"]["panel"]["checks"]["reach"] = "off"
    described["rules"] = {"*": {"for": "0s", "looks": 1, "clear_for": "0s", "clear_looks": 1}}
    file = tmp_path / "site.yaml"
    file.write_text(yaml.safe_dump(described), "utf-8")
    async with SimulatedSite(shape, films) as simulated:
        simulated.fail("panel-01", "tamper")
        async with hearing(load(file), "panel") as (engine, port):
            assert port == receiver
            ticket = await ticket_of(engine, "panel.tamper")
            assert ticket.fingerprint.component.startswith("alarm/tamper")
            simulated.repair("panel-01", "tamper")
            await ticket_of(engine, "panel.tamper", "recovered")
            simulated.fail("panel-01", "mains_lost")
            await ticket_of(engine, "panel.mains-lost")
            assert engine.stats.heard["panel", "denied"] == engine.stats.heard["panel", "garbled"] == 0


async def test_what_a_panel_reported_is_served_again(tmp_path: Path) -> None:
    """Recorded from an encrypted panel; account, key and names are gone, and the daemon understands the same events."""
    loop = asyncio.get_running_loop()
    port, said = free_port(), ("Nri1/TA012^Vault of Mr Wang^", "Nri1/AT00", "#5678|Nri1/TR012")
    target = Target("panel", "127.0.0.1", alarm_key=Secret(f"hex:{KEY.hex()}"))
    hearing_it = loop.create_task(
        hear_reports(target, PanelOptions(account="5678"), PanelSettings(address="127.0.0.1", port=port), Tools(), 1.0)
    )
    panel = SiaPanel(port, account="5678", key=KEY)
    await asyncio.to_thread(wait_until, lambda: accepts("127.0.0.1", port), "the recorder")
    for data in said:
        await panel.report("SIA-DCS", data)
    await panel.report("NULL")
    write_folder(Recording({"kind": "panel"}, reports=await hearing_it), tmp_path / "kept")
    everything = (tmp_path / "kept" / "reports.yaml").read_text()
    assert not [word for word in ("5678", "Wang", "Vault", KEY.hex()) if word in everything]
    recording = read_folder(tmp_path / "kept")
    assert [(one.kind, one.data) for one in recording.reports] == [
        ("SIA-DCS", "Nri1/TA012*text"), ("SIA-DCS", "Nri1/AT00"), ("SIA-DCS", "Nri1/TR012"), ("NULL", ""),
    ]  # fmt: skip
    made = site(tmp_path, [device("panel", "panel", "127.0.0.1", "panel", {"account": ACCOUNT})],
                listeners={"panel": {"address": "127.0.0.1", "port": port}})  # fmt: skip
    async with hearing(made, "panel") as (engine, _), RecordedDevice(recording, Place("127.0.0.1", 0, 0, 0, port)):
        await ticket_of(engine, "panel.tamper", "recovered")
        await ticket_of(engine, "panel.mains-lost")
        await counted(engine, "panel", "taken", 4)
