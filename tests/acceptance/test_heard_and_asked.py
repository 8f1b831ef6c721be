"""One truth: what a device tells by itself only makes a look that judges the same come early; alone, it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.core.change import AddEvent
from monitor.core.world import World
from monitor.locale import Formats
from monitor.notify.surroundings import around
from monitor.notify.wording import describe
from monitor.settings.load import load
from monitor.settings.planning import plan
from probes.observation import Answer, Outcome
from tests.acceptance.score import SILENT, START, Score
from ticketing.ticket import EventKind

MINUTE, HOUR = 60.0, 3_600.0
SITE = """
site: {id: s, name: S}
credentials:
  c: {username: u, password: {env: P}, snmp: {version: 2c, community: {env: P}}}
defaults: {camera: {credentials: c, checks: {onvif: off, frame: {every: 1h}, rtsp: {path: /live}}}}
devices:
  - {id: nvr, name: NVR, kind: recorder, host: 192.0.2.20, credentials: c,
     checks: {snmp: {every: 1h}, recorder: off, traps: on}}
  - {id: box, name: Box, kind: recorder, host: 192.0.2.21, credentials: c,
     checks: {snmp: off, recorder: off, traps: on}}
  - {id: panel, name: Panel, kind: panel, host: 192.0.2.30, credentials: c,
     checks: {snmp: {every: 1h}, traps: on}}
  - {id: ups, name: UPS, kind: ups, host: 192.0.2.40, credentials: c, checks: {snmp: {every: 1h}, traps: on}}
  - {id: mute-ups, name: UPS 2, kind: ups, host: 192.0.2.41, credentials: c, checks: {snmp: off, traps: on}}
  - {id: sw, name: Switch, kind: switch, host: 192.0.2.50, credentials: c, checks: {snmp: off}, power: ups}
  - {id: cam, name: Gate, kind: camera, host: 192.0.2.7, checks: {events: on}}
"""
WELL = Answer({"output_source": "normal"}, {
    "disk": {"1": {"state": "normal"}, "2": {"state": "normal"}},
    "channel": {"1": {"state": "online"}, "2": {"state": "online"}},
    "sensor": {"9": {"kind": "truth", "value": 0.0, "name": "Housing open"}},
})  # fmt: skip


def with_rows(table: str, **values: Any) -> Answer:
    """A device that is well, but for the last row of that table."""
    *others, (key, row) = WELL.rows[table].items()
    return replace(WELL, rows={**WELL.rows, table: {**dict(others), key: {**row, **values}}})


def heard(alarm: str, state: str = "raised", item: str = "2") -> Answer:
    row = {"alarm": alarm, "item": item, "state": state, "text": "Disk 2", "times": 1}
    return Answer({"flooding": False}, {"alarm": {f"{alarm}.{item}": row}})


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Score]:
    file = tmp_path_factory.mktemp("heard") / Path("site.yaml")
    file.write_text(SITE)
    made = plan(load(file, env={"P": "secret"}))

    def start() -> Score:
        score = Score(made)
        for device in ("nvr", "panel", "ups"):
            score.answer(device, "snmp", WELL)
        score.run(HOUR + MINUTE)
        return score

    return start


def tell(score: Score, device: str, check: str, answer: Answer, minutes: float) -> None:
    """The daemon says again what was heard last, each minute for so long."""
    began = score.now
    for minute in range(int(minutes)):
        score.run(began - START + minute * MINUTE)
        score.see(device, "traps", answer)


@pytest.mark.parametrize(
    ("device", "alarm", "bad", "fault"),
    [
        ("nvr", "storage_failed", ("disk", "state", "abnormal"), "disk.failed"),
        ("nvr", "storage_smart", ("disk", "state", "smart_failed"), "disk.failed"),
        ("nvr", "video_lost", ("channel", "state", "offline"), "channel.offline"),
        ("panel", "tamper", ("sensor", "value", 1.0), "panel.tamper"),
    ],
)
def test_what_a_look_finds_too_is_one_ticket(
    make: Callable[[], Score], device: str, alarm: str, bad: tuple[str, str, Any], fault: str
) -> None:
    score, (table, name, value) = make(), bad
    looks = score.looks
    score.answer(device, "snmp", with_rows(table, **{name: value}))
    score.see(device, "traps", heard(alarm))
    score.run(HOUR + MINUTE + 2)
    assert score.world.looks[device, "snmp"].at >= score.now - 2, "the look was put at once"
    assert score.looks > looks
    tell(score, device, "traps", heard(alarm), 15)
    assert score.told() == [(device, fault, "new")]
    (ticket,) = score.tickets()
    assert ticket.fingerprint.component.startswith(f"{table}/"), "it is the look's"
    assert ticket.opened_at - START - HOUR < 8 * MINUTE, "an hour's interval did not matter"
    if fault != "panel.tamper":  # that one fires before it is told
        for language, words in (("en", "(Disk 2)"), ("zh_CN", "设备已主动上报")):
            said = around(ticket, score.plan, Formats(language, "UTC"))  # type: ignore[arg-type]
            assert words in " ".join(said)
    score.answer(device, "snmp", WELL)
    tell(score, device, "traps", heard(alarm, "cleared"), 120)
    assert score.told() == [(device, fault, "recovered")]


@pytest.mark.parametrize(
    ("alarm", "told"),
    [
        ("storage_failed", []),
        ("video_lost", []),
        ("storage_smart", ["trap.storage"]),
        ("storage_full", ["trap.storage"]),
    ],
)
def test_what_a_look_denies(make: Callable[[], Score], alarm: str, told: list[str]) -> None:
    """No look tells SMART of a disk that works, nor, here, whether the disk is overwritten."""
    score = make()
    tell(score, "nvr", "traps", heard(alarm), 30)
    assert [fault for _, fault, _ in score.told()] == told
    assert {one.held_by for one in score.world.standing("nvr")} == ({None} if told else {"check:snmp"})


def test_nothing_asks_so_the_trap_stands_alone(make: Callable[[], Score]) -> None:
    score = make()
    tell(score, "box", "traps", heard("storage_failed"), 5)
    assert score.told() == [("box", "trap.storage", "new")]


def test_a_look_that_fails_judges_nothing_but_not_at_the_first_time(make: Callable[[], Score]) -> None:
    score = make()
    tell(score, "nvr", "traps", heard("storage_failed"), 5)
    assert score.told() == []
    score.answer("nvr", "snmp", SILENT)
    while score.world.looks["nvr", "snmp"].outcome is Outcome.OK:
        score.run(score.now - START + 5)
    tell(score, "nvr", "traps", heard("storage_failed"), 3)
    assert score.told() == [], "it may only have been busy"
    tell(score, "nvr", "traps", heard("storage_failed"), 10)
    assert sorted(fault for _, fault, _ in score.told()) == ["snmp.silent", "trap.storage"]


def test_mains_lost_that_was_never_cleared_is_no_ticket_while_the_ups_says_otherwise(make: Callable[[], Score]) -> None:
    score = make()
    tell(score, "ups", "traps", heard("on_battery", item=""), 30)
    assert score.told() == []
    score.answer("ups", "snmp", replace(WELL, values={"output_source": "battery"}))
    score.run(3 * HOUR)
    assert score.told() == [("ups", "mains.lost", "new")]


def test_after_a_restart_nothing_is_told_before_the_look(make: Callable[[], Score]) -> None:
    score = make()
    tell(score, "nvr", "traps", heard("storage_failed"), 30)
    again = Score(score.plan, World(conditions=score.world.conditions, untold=score.world.untold))
    again.now = score.now
    again.see("nvr", "traps", heard("storage_failed"))
    again.see("nvr", "reach", Answer())
    assert again.told() == []
    again.see("nvr", "snmp", WELL)
    assert again.told() == []
    again.see("nvr", "snmp", with_rows("channel"))
    assert {one.held_by for one in again.world.standing("nvr")} == {"check:snmp"}


def test_a_hint_of_tampering_that_the_picture_confirms_is_one_ticket(make: Callable[[], Score]) -> None:
    score = make()
    covered = Answer({"verdict": "covered", "covered": True, "luma_mean": 20.0})
    score.answer("cam", "frame", covered)
    score.see("cam", "events", heard("tamper"))
    tell(score, "cam", "events", heard("tamper"), 40)
    assert score.told() == [("cam", "camera.covered", "new")]


def silent_and_told(score: Score, device: str, alarm: str) -> None:
    """Its agent is silent, so what it tells is a ticket."""
    score.answer(device, "snmp", SILENT)
    while score.world.looks[device, "snmp"].outcome is Outcome.OK:
        score.run(score.now - START + 5)
    tell(score, device, "traps", heard(alarm), 20)


@pytest.mark.parametrize(
    ("alarm", "bad", "before", "after"),
    [
        ("storage_failed", ("disk", "state", "abnormal"), "trap.storage", "disk.failed"),
        ("storage_smart", ("disk", "state", "smart_failed"), "trap.storage", "disk.failed"),
        ("video_lost", ("channel", "state", "offline"), "trap.video-lost", "channel.offline"),
    ],
)
def test_what_was_told_while_nobody_could_look_is_the_ticket_of_the_look(
    make: Callable[[], Score], alarm: str, bad: tuple[str, str, Any], before: str, after: str
) -> None:
    score, (table, name, value) = make(), bad
    silent_and_told(score, "nvr", alarm)
    assert sorted(score.told()) == [("nvr", "snmp.silent", "new"), ("nvr", before, "new")]
    first = next(one for one in score.tickets() if one.fingerprint.fault == before)
    score.answer("nvr", "snmp", with_rows(table, **{name: value}))
    tell(score, "nvr", "traps", heard(alarm), 90)
    (ticket,) = (one for one in score.tickets() if one.fingerprint.fault != "snmp.silent")
    assert (ticket.id, ticket.fingerprint.fault, ticket.opened_at) == (first.id, after, first.opened_at)
    assert ticket.fingerprint.component == f"{table}/2"
    added = [change.event for _, change in score.changes if isinstance(change, AddEvent)]
    kinds = [event.kind for event in added if event.ticket == ticket.id]
    assert kinds.count(EventKind.CONFIRMED) == kinds.count(EventKind.OPENED) == 1
    score.answer("nvr", "snmp", WELL)
    tell(score, "nvr", "traps", heard(alarm, "cleared"), 150)
    assert [state for _, fault, state in score.told() if fault == after] == ["recovered"]
    assert not score.world.standing("nvr")


def test_each_disk_keeps_its_ticket(make: Callable[[], Score]) -> None:
    score = make()
    both = heard("storage_failed", item="1"), heard("storage_failed", item="2")
    told = Answer(both[0].values, {"alarm": {**both[0].rows["alarm"], **both[1].rows["alarm"]}})
    score.answer("nvr", "snmp", SILENT)
    while score.world.looks["nvr", "snmp"].outcome is Outcome.OK:
        score.run(score.now - START + 5)
    tell(score, "nvr", "traps", told, 20)
    before = {one.id: one.fingerprint.component for one in score.tickets() if one.fingerprint.fault == "trap.storage"}
    assert sorted(before.values()) == ["alarm/storage_failed.1", "alarm/storage_failed.2"]
    disks = {key: {"state": "abnormal"} for key in ("2", "1")}
    score.answer("nvr", "snmp", replace(WELL, rows={**WELL.rows, "disk": disks}))
    tell(score, "nvr", "traps", told, 90)
    after = {one.id: one.fingerprint.component for one in score.tickets() if one.fingerprint.fault == "disk.failed"}
    assert after == {number: f"disk/{component[-1]}" for number, component in before.items()}


def test_a_ups_that_never_told_anything_delays_nothing(make: Callable[[], Score]) -> None:
    """Of what only traps tell, silence is all that there will ever be: who hangs on it is told without waiting."""
    score = make()
    score.answer("sw", "reach", SILENT)
    score.run(HOUR + 4 * MINUTE)
    assert score.told() == [("sw", "switch.silent", "new")]


def test_overload_and_bypass_by_traps_are_the_tickets_that_a_look_would_open(make: Callable[[], Score]) -> None:
    both = Answer({"flooding": False}, {"alarm": {
        f"{alarm}.{item}": {"alarm": alarm, "item": item, "state": "raised", "text": "", "times": 1}
        for item, alarm in (("1", "overload"), ("2", "on_bypass"))
    }})  # fmt: skip
    score = make()
    tell(score, "mute-ups", "traps", both, 20)
    assert score.told() == [("mute-ups", "ups.overload", "new"), ("mute-ups", "ups.bypass", "new")]
    score = make()
    score.answer("ups", "snmp", Answer({"output_source": "normal", "load_percent": 97.0}))
    tell(score, "ups", "traps", heard("overload", item="1"), 20)
    assert score.told() == [("ups", "ups.overload", "new")]
    told = describe(score.tickets()[0], score.plan, "en", score.now).what
    assert told.startswith("The load of UPS is too high: 97%. It may"), told
    told = describe(replace(score.tickets()[0], facts={}), score.plan, "zh_CN", score.now).what
    assert told.startswith("UPS 负载过高，可能自行关闭"), told
