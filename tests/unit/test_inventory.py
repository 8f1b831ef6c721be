"""What is remembered of a device, and which change becomes which ticket?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.known import read_known
from monitor.core import decide, inventory
from monitor.core.change import AddEvent, DropItems, PutItem
from monitor.core.inventory import KEPT_SECONDS, MAX_ITEMS, Identity, Item
from monitor.core.plan import Plan
from monitor.core.world import Saved, World
from monitor.settings.load import load
from monitor.settings.planning import plan
from monitor.storage.errors import StoreError
from monitor.storage.store import Store
from probes.observation import Observation, Outcome
from ticketing.ticket import EventKind

EXAMPLE = Path(__file__).parents[2] / "config" / "example.site.yaml"
CAMERA = "cam-hall-01"
WELL: dict[str, Any] = {
    "vendor": "Example", "model": "C2", "firmware": "5.7.1", "serial": "A1", "mac": "02:00:00:00:00:01",
    "hostname": "hall", "clock_source": "ntp", "clock_offset_seconds": 0.0, "users": "admin, wang, view",
    "administrators": "admin, wang", "scopes": "name/hall", "dhcp": "off",
}  # fmt: skip
MAIN: dict[str, Any] = {"name": "main", "encoding": "H264", "width": 1920, "height": 1080, "fps": 25.0, "kbps": 4096}
SUB: dict[str, Any] = {"name": "sub", "encoding": "H264", "width": 640, "height": 360, "fps": 12.5, "kbps": 512}


@pytest.fixture(scope="module")
def made() -> Plan:
    return plan(load(EXAMPLE, env={}, lenient=True))


class Days:
    """A camera that is looked at every five minutes."""

    def __init__(self, made: Plan) -> None:
        self.plan, self.world, self.now = made, World(), 1_800_000_000.0
        self.changes: list[Any] = []

    def look(
        self, times: int = 4, main: dict[str, Any] | None = None, outcome: Outcome = Outcome.OK, **values: Any
    ) -> None:
        for _ in range(times):
            self.now += 300
            rows = {"profile": {"main": {**MAIN, **(main or {})}, "sub": SUB}}
            seen = {**WELL, **values} if outcome is Outcome.OK else {}
            look = Observation(CAMERA, "onvif", self.now, 0.1, outcome, seen, rows if seen else {})
            self.changes += decide.observe(self.plan, self.world, look).changes

    def accept(self) -> None:
        self.now += 1
        self.changes += decide.accept(
            self.plan, self.world, CAMERA, by="wang", note="as it should be", now=self.now
        ).changes

    @property
    def tickets(self) -> dict[str, str]:
        return {ticket.fingerprint.fault: ticket.state.value for ticket in self.world.tickets.values()}

    def fact(self, name: str) -> str:
        return str(next(iter(self.world.tickets.values())).facts[name])


@pytest.fixture
def days(made: Plan) -> Days:
    one = Days(made)
    one.look(20)
    assert not one.tickets
    return one


@pytest.mark.parametrize(
    ("values", "main", "fault", "told"),
    [
        ({"serial": "B2"}, {}, "device.swapped", ("identity_change", "S/N A1 → B2")),
        ({"mac": "02:00:00:00:00:02"}, {}, "device.swapped",
         ("identity_change", "MAC 02:00:00:00:00:01 → 02:00:00:00:00:02")),
        ({"serial": "B2", "firmware": "1.0"}, {"fps": 5.0}, "device.swapped", ("identity_change", "S/N A1 → B2")),
        ({"firmware": "5.8.0"}, {}, "firmware.changed", ("firmware_change", "5.7.1 → 5.8.0")),
        ({}, {"width": 1280, "height": 720}, "stream.changed", ("stream_change", "main: 1920×1080 → 1280×720")),
        ({}, {"encoding": "H265"}, "stream.changed", ("stream_change", "main: H264 → H265")),
        ({}, {"kbps": 512}, "stream.changed", ("stream_change", "main: kbit/s 4096 → 512")),
        ({"model": "C2-X"}, {}, "model.changed", ("model_change", "C2 → C2-X")),
        ({"users": "admin", "administrators": "admin", "scopes": "name/IPC"}, {}, "device.reset",
         ("reset_change", "name/hall → name/IPC; admin, wang, view → admin")),
        ({"users": "root", "administrators": "root", "dhcp": "on"}, {}, "device.reset",  # the factory calls it so
         ("reset_change", "DHCP off → on; admin, wang, view → root")),
        ({"users": "admin, root, wang, view", "administrators": "admin, root, wang"}, {}, "users.administrator-added",
         ("administrator_change", "admin, wang → admin, root, wang")),
        ({"administrators": "admin, view, wang"}, {}, "users.administrator-added",  # raised
         ("administrator_change", "admin, wang → admin, view, wang")),
        ({"users": "admin, wang"}, {}, "users.changed", ("user_change", "admin, wang, view → admin, wang")),
        ({"administrators": "admin"}, {}, "users.changed", ("user_change", "admin, wang → admin")),
        ({"users": "admin", "administrators": "admin"}, {}, "users.changed",  # alone that is no reset
         ("user_change", "admin, wang → admin; admin, wang, view → admin")),
        ({"scopes": "name/lobby"}, {}, "model.changed", ("model_change", "name/hall → name/lobby")),
        ({"clock_source": "manual", "hostname": "IPC"}, {}, "device.reset",
         ("reset_change", "ntp → manual; hall → IPC")),
        ({"clock_source": "manual"}, {"fps": 15.0}, "device.reset",
         ("reset_change", "ntp → manual; main: fps 25 → 15")),
    ],
)  # fmt: skip
def test_a_change_is_one_ticket_until_it_is_accepted(
    days: Days, values: dict[str, Any], main: dict[str, Any], fault: str, told: tuple[str, str]
) -> None:
    fact, text = told
    days.look(5, main, **values)
    assert days.tickets == {fault: "new"}
    assert days.fact(fact) == text
    days.look(3, main, outcome=Outcome.NO_ANSWER)
    days.accept()
    assert days.tickets == {fault: "recovered"}
    noted = [one.event for one in days.changes if isinstance(one, AddEvent) and one.event.kind is EventKind.NOTED]
    assert [(event.by, event.text) for event in noted] == [("wang", "as it should be")]
    days.changes.clear()
    days.look(20, main, **values)  # the new state is the known one
    assert set(days.tickets.values()) == {"recovered"}
    days.look(5)  # and the old one a change
    assert "new" in days.tickets.values() or "reopened" in {
        one.event.kind.value for one in days.changes if isinstance(one, AddEvent)
    }


def test_what_goes_back_by_itself_recovers(days: Days) -> None:
    days.look(5, firmware="5.8.0")
    days.look(2)
    assert days.tickets == {"firmware.changed": "recovered"}


def test_what_is_not_told_is_no_change(days: Days) -> None:
    before = dict(days.world.inventory[CAMERA])
    look = Observation(CAMERA, "onvif", days.now + 300, 0.1, Outcome.OK, {"clock_offset_seconds": 0.0})
    decide.observe(days.plan, days.world, look)
    assert days.world.inventory[CAMERA] == before
    assert not days.tickets


def test_a_slip_of_one_look_opens_nothing(days: Days) -> None:
    days.look(1, serial="B2")
    days.look(3)
    assert not days.tickets


def test_nothing_to_accept(days: Days) -> None:
    with pytest.raises(LookupError):
        days.accept()


def test_it_is_the_same_after_a_new_start(days: Days) -> None:
    days.look(5, firmware="5.8.0")
    items = tuple(days.world.inventory[CAMERA].values())
    again = World.restore(Saved(items=items))
    assert again.inventory == days.world.inventory
    days.world = again
    days.accept()
    assert days.world.inventory[CAMERA]["onvif/firmware"].previous == "5.7.1"


def test_a_healthy_device_is_written_seldom(days: Days) -> None:
    days.changes.clear()
    days.look(12 * 24)
    written = [one for one in days.changes if isinstance(one, PutItem)]
    assert len(written) <= 4 * len(days.world.inventory[CAMERA])


def test_what_we_conclude_ourselves_needs_nobody_to_accept_it() -> None:
    known = {item.name: item for item in inventory.compare("d", {}, {"onvif/profile": "onvif-camera"}, 1.0)}
    (item,) = inventory.compare("d", known, {"onvif/profile": "axis"}, 2.0)
    assert (item.value, item.found, item.first_seen) == ("axis", None, 2.0)


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=8), st.data())
def test_comparing_twice_changes_nothing_more(seen: dict[str, str], data: st.DataObject) -> None:
    known: dict[str, Item] = {}
    for at in (1.0, 2.0, 3.0):
        some = {name: data.draw(st.sampled_from([value, value + "x"])) for name, value in seen.items()}
        for item in inventory.compare("d", known, some, at):
            known[item.name] = item
        assert not inventory.compare("d", known, some, at)
        inventory.summarize(known)
    for item in inventory.accept(known, "me", 9.0):
        known[item.name] = item
    assert not inventory.changes(known)
    assert not any(inventory.summarize(known).values())


def test_a_device_cannot_fill_the_database() -> None:
    known: dict[str, Item] = {}
    for turn in range(5):
        rows = {"profile": {f"p{turn}-{n}": {"fps": 1, "encoding": "x" * 500} for n in range(500)}}
        look = Observation("d", "onvif", 1.0, 0.1, Outcome.OK, {"serial": "s" * 5_000}, rows)
        for item in inventory.compare("d", known, inventory.read(look), 1.0):
            known[item.name] = item
    assert len(known) <= MAX_ITEMS
    assert all(len(item.value) <= inventory.MAX_VALUE for item in known.values())


def test_what_was_known_of_a_removed_device_is_forgotten_in_time(days: Days) -> None:
    days.look()
    without = replace(days.plan, devices={name: one for name, one in days.plan.devices.items() if name != CAMERA})
    assert DropItems(CAMERA) not in decide.reload(without, days.world, days.now + KEPT_SECONDS - 7 * 3_600).changes
    assert DropItems(CAMERA) not in decide.reload(days.plan, days.world, days.now + 2 * KEPT_SECONDS).changes
    assert DropItems(CAMERA) in decide.reload(without, days.world, days.now + KEPT_SECONDS + 7 * 3_600).changes
    assert CAMERA not in days.world.inventory


async def test_the_database_tells_beside_the_daemon_who_is_who(tmp_path: Path) -> None:
    assert read_known("", tmp_path / "none") == {}, "no database, and none is made"
    store = Store.open("", tmp_path)
    items = {"onvif/serial": "A1", "onvif/mac": "02-00-00-00-00-0A", "snmp/serial": "B2", "onvif/firmware": "5"}
    try:
        await store.commit([PutItem(Item(CAMERA, name, value, 1.0, 2.0)) for name, value in items.items()])
        await store.commit([PutItem(Item("nvr", "snmp/serial", "N", 1.0, 2.0, found="X", found_since=2.0))])
        await store.commit([PutItem(Item("old", "snmp/serial", "O", 1.0, 2.0)), DropItems("old")])
        known = read_known("", tmp_path)
    finally:
        await store.close()
    assert known == {CAMERA: Identity("A1", "02:00:00:00:00:0a"), "nvr": Identity("N")}
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "sitewarden.db").write_bytes(b"no database" * 100)
    with pytest.raises(StoreError):
        read_known("", tmp_path / "broken")


def test_another_recorder_is_noticed_by_what_its_interface_says(made: Plan) -> None:
    world, now, told = World(), 1_800_000_000.0, set[str]()
    for serial, firmware in [("R1", "4.0"), ("R2", "4.1")]:
        for language in ("isapi", "onvif") * 4:  # the same recorder, which writes its serial number in two ways
            now += 60
            values = {"serial": f"{language}-{serial}", "firmware": firmware, "language": language, "untold": ""}
            decide.observe(made, world, Observation("nvr-1", "recorder", now, 0.1, Outcome.OK, values))
        told |= {one.fingerprint.fault for one in world.tickets.values()}
    assert told == {"device.swapped"}
    (ticket,) = world.tickets.values()
    assert ticket.facts["identity_change"] == "S/N isapi-R1 → isapi-R2; S/N onvif-R1 → onvif-R2"
    assert inventory.identity(world.inventory["nvr-1"]).serial == "isapi-R1"
