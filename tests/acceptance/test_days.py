"""What becomes of faults, as a score on virtual time."""

from __future__ import annotations

import pytest

from monitor.core.change import AddEvent, CopyEvidence, KeepPicture
from probes.observation import Answer, Outcome
from tests.acceptance.plans import CAMERA, cameras_on_switch, plan_of, rule
from tests.acceptance.score import PICTURE, START, Score
from ticketing.commands import Acknowledge, Cancel, NotAllowed, Note, Pend, Resolve, Resume, Start, Waive
from ticketing.ticket import PendingReason, Severity, TicketState

DAY = 86_400.0


def events(score: Score, ticket: int) -> list[str]:
    return [c.event.kind.value for _, c in score.changes if isinstance(c, AddEvent) and c.event.ticket == ticket]


def test_a_healthy_day_opens_nothing() -> None:
    score = Score(cameras_on_switch(4))
    score.run(DAY)
    assert score.told() == []
    assert score.messages() == []
    assert score.looks > 4 * 4 * 1_440 * 0.7


def test_a_dead_camera_is_one_ticket_within_its_bound() -> None:
    score = Score(cameras_on_switch(3))
    died = 1_000.0
    score.at(died, score.dark, "cam-1")
    score.run(2_000)
    assert score.told() == [("cam-1", "silent", "new")]
    (ticket,) = score.tickets()
    assert ticket.opened_at - START - died <= 60 + 60 + 1  # one interval, its hold-down, one second
    assert len(score.messages()) == len(set(score.messages())) >= 1


def test_a_hiccup_shorter_than_the_hold_down_is_nobodys_business() -> None:
    score = Score(cameras_on_switch(1))
    for minute in range(100, 4_000, 400):
        score.at(minute, score.dark, "cam-0")
        score.at(minute + 45, score.well, "cam-0")
    score.run(5_000)
    assert score.told() == []


def test_it_recovers_by_itself_and_takes_the_recurrence() -> None:
    score = Score(cameras_on_switch(1))
    for start in (500, 2_500):
        score.at(start, score.dark, "cam-0")
        score.at(start + 600, score.well, "cam-0")
    score.run(2_400)
    assert score.told() == [("cam-0", "silent", "recovered")]
    score.run(4_000)
    (ticket,) = score.tickets()
    assert ticket.occurrences == 2
    assert [each for each in events(score, 1) if "breached" not in each] == [
        "opened", "recovered", "reopened", "recovered",
    ]  # fmt: skip
    score.run(4_000 + DAY + 100)
    assert score.told() == [("cam-0", "silent", "closed")]


def test_after_closing_a_new_ticket_points_back() -> None:
    score = Score(cameras_on_switch(1))
    score.at(500, score.dark, "cam-0")
    score.at(1_000, score.well, "cam-0")
    score.at(2 * DAY, score.dark, "cam-0")
    score.run(2 * DAY + 500)
    assert [t.previous for t in score.tickets()] == [None, 1]


def test_a_repair_is_believed_only_after_a_fresh_look() -> None:
    score = Score(cameras_on_switch(1))
    score.at(100, score.dark, "cam-0")
    score.at(400, score.command, 1, Acknowledge())
    score.at(410, score.command, 1, Start(on_site=True))
    score.at(500, score.command, 1, Resolve("broken patch cable", "replaced the patch cable"))
    score.run(900)  # nothing was repaired: disproved after the grace
    assert score.told() == [("cam-0", "silent", "in_progress")]
    assert "verify_failed" in events(score, 1)
    score.at(1_000, score.well, "cam-0")
    score.at(1_005, score.command, 1, Resolve("broken plug", "replaced the plug"))
    score.run(1_200)
    assert score.told() == [("cam-0", "silent", "closed")]
    assert events(score, 1)[-3:] == ["resolved", "verified", "closed"]


def test_a_ticket_resolved_before_the_fault_cleared_closes_soon_after() -> None:
    score = Score(cameras_on_switch(1))
    score.at(100, score.dark, "cam-0")
    score.at(400, score.command, 1, Start())
    score.at(450, score.well, "cam-0")
    score.at(451, score.command, 1, Resolve("power", "plugged in"))
    score.run(600)
    assert score.told() == [("cam-0", "silent", "closed")]


def test_layers_of_one_device_are_one_ticket() -> None:
    score = Score(plan_of({"cam": {"checks": CAMERA}}))
    score.at(333, score.dark, "cam")
    score.run(3_000)
    assert score.told() == [("cam", "silent", "new")]


def test_only_the_stream_is_down() -> None:
    score = Score(plan_of({"cam": {"checks": CAMERA}}))
    score.at(333, score.answer, "cam", "rtsp", Answer(outcome=Outcome.REFUSED))
    score.at(333, score.answer, "cam", "frame", Answer(outcome=Outcome.REFUSED))
    score.run(3_000)
    assert score.told() == [("cam", "stream", "new")]


@pytest.mark.parametrize("cameras", [10, 500])
def test_a_lost_switch_is_one_ticket_and_one_message(cameras: int) -> None:
    plan = cameras_on_switch(cameras)
    score = Score(plan)
    score.at(700, score.dark, *plan.devices)
    score.run(1_500)
    assert score.told() == [("sw", "silent", "new")]
    (ticket,) = score.tickets()
    assert len(ticket.children) == cameras
    opened = [key for key in score.messages() if key.endswith("/1/duty")]
    assert len(opened) == 1
    score.at(1_600, score.well, "sw")
    for number in range(cameras):  # cameras need a minute to boot
        score.at(1_660, score.well, f"cam-{number}")
    score.run(4_000)
    assert score.told() == [("sw", "silent", "recovered")]


def test_a_camera_that_stays_dead_after_its_switch_came_back_gets_its_own() -> None:
    plan = cameras_on_switch(5)
    score = Score(plan)
    score.at(700, score.dark, *plan.devices)
    score.at(1_600, score.well, *[each for each in plan.devices if each != "cam-3"])
    score.run(3_000)
    assert score.told() == [("sw", "silent", "recovered"), ("cam-3", "silent", "new")]


def test_a_switch_that_restarts_quickly_leaves_no_tickets_of_its_cameras() -> None:
    plan = cameras_on_switch(20)
    score = Score(plan)
    for offset in range(0, 6_000, 600):  # at ten different phases
        score.at(1_000 + offset * 1.01, score.dark, *plan.devices)
        score.at(1_000 + offset * 1.01 + 70, score.well, "sw")
        score.at(1_000 + offset * 1.01 + 125, score.well, *plan.devices)
    score.run(9_000)
    assert [told for told in score.told() if told[0] != "sw"] == []


def test_the_cause_above_the_switch_holds_everything() -> None:
    plan = plan_of(
        {
            "gw": {"kind": "gateway"},
            "sw": {"kind": "switch", "parent": "gw"},
            "cam": {"parent": "sw", "checks": CAMERA},
        }
    )
    score = Score(plan)
    score.at(700, score.dark, *plan.devices)
    score.run(2_000)
    assert score.told() == [("gw", "silent", "new")]
    assert set(score.tickets()[0].children) == {"sw", "cam"}


def test_a_fault_that_answers_is_not_excused_by_a_lost_parent() -> None:
    score = Score(cameras_on_switch(2))
    score.at(500, score.dark, "sw")  # its management only: the cameras go on
    score.at(500, score.answer, "cam-1", "onvif", Answer({"clock_offset_seconds": 400.0}))
    score.run(1_500)
    assert sorted(score.told()) == [("cam-1", "clock", "new"), ("sw", "silent", "new")]


def test_hysteresis_and_clear_time() -> None:
    score = Score(plan_of({"cam": {"checks": CAMERA}}))
    for minute, offset in ((100, 40.0), (1_000, 20.0), (2_000, 40.0), (3_000, 20.0)):
        score.at(minute, score.answer, "cam", "onvif", Answer({"clock_offset_seconds": offset}))
    score.run(4_000)
    assert score.told() == [("cam", "clock", "new")]  # 20 s is better, but not well
    score.at(4_100, score.answer, "cam", "onvif", Answer({"clock_offset_seconds": 3.0}))
    score.run(4_600)
    assert score.told() == [("cam", "clock", "recovered")]
    assert score.tickets()[0].occurrences == 1


def test_unknown_moves_nothing() -> None:
    score = Score(plan_of({"cam": {"checks": CAMERA}}))
    score.at(100, score.answer, "cam", "onvif", Answer({"clock_offset_seconds": 99.0}))
    score.at(1_000, score.answer, "cam", "onvif", Answer({"clock_source": "ntp"}))  # says no more what its clock shows
    score.at(2_000, score.answer, "cam", "onvif", Answer(outcome=Outcome.LOCAL))
    score.run(5_000)
    assert score.told() == [("cam", "clock", "new")]


def test_the_monitors_own_trouble_is_never_the_cameras() -> None:
    score = Score(plan_of({"cam": {"checks": CAMERA}}))
    for check in CAMERA:
        score.at(100, score.answer, "cam", check, Answer(outcome=Outcome.BUG))
    score.run(5_000)
    assert score.told() == []


def test_a_frozen_picture_is_looked_at_again_soon_and_told_with_its_picture() -> None:
    score = Score(plan_of({"cam": {"checks": CAMERA}}))
    frozen = Answer({"verdict": "frozen"}, picture=PICTURE)
    score.at(1_000, score.answer, "cam", "frame", frozen)
    score.run(2_000)
    (ticket,) = score.tickets()
    assert ticket.fingerprint.fault == "frozen"
    assert ticket.opened_at - START <= 1_000 + 300 + 20 + 1
    changes = [change for _, change in score.changes]
    assert CopyEvidence(1, "now", "cam", "latest") in changes  # it was suspect before it was certain
    assert CopyEvidence(1, "before", "cam", "good") in changes
    assert not any(isinstance(c, KeepPicture) and c.role == "good" and c.at > START + 1_000 for c in changes)


def test_one_disk_is_one_component() -> None:
    score = Score(plan_of({"nvr": {"kind": "recorder", "checks": ["reach", "snmp"]}}))
    bad = {"state": "abnormal"}
    good = {"state": "normal"}
    score.at(100, score.answer, "nvr", "snmp", Answer(rows={"disk": {"1": good, "2": bad}}))
    score.at(600, score.answer, "nvr", "snmp", Answer(rows={"disk": {"1": bad, "2": bad}}))
    score.at(900, score.answer, "nvr", "snmp", Answer(rows={"disk": {"1": good, "2": bad}}))
    score.run(1_200)
    assert [(t.fingerprint.component, t.state.value) for t in score.tickets()] == [
        ("disk/2", "new"),
        ("disk/1", "recovered"),
    ]


def test_a_refused_password_is_told_at_once_and_once() -> None:
    score = Score(plan_of({"cam": {"checks": CAMERA}}))
    for second in (100, 1_000, 2_800):
        score.at(second, score.see, "cam", "login", Answer({"state": "refused"}))
    for check in ("rtsp", "frame"):
        score.at(90, score.answer, "cam", check, Answer(outcome=Outcome.WITHHELD))
    score.run(3_000)
    assert score.told() == [("cam", "password", "new")]
    assert score.tickets()[0].opened_at == START + 100


def test_the_port_of_the_switch_is_evidence() -> None:
    score = Score(cameras_on_switch(3))
    row = {"admin": True, "detect": "searching", "watts": 0.0}
    score.at(90, score.dark, "cam-2")
    score.at(90, score.answer, "sw", "snmp", Answer(rows={"poe_port": {"1.2": row}}))
    score.run(600)
    (ticket,) = score.tickets()
    assert ticket.surroundings[0] == {"what": "poe_port", "parent": "sw", "port": "1.2", **row}
    assert ticket.surroundings[1]["neighbours_failing"] == 0
    assert ticket.surroundings[1]["state"] == "answers"


def test_clocks_of_the_contract() -> None:
    score = Score(cameras_on_switch(1))
    score.at(100, score.dark, "cam-0")
    score.run(100 + 60 + 60 + 60 + 7_300)
    assert [kind for kind in events(score, 1) if "breached" in kind] == ["response_breached", "arrival_breached"]
    score.command(1, Acknowledge())
    score.command(1, Pend(PendingReason.PARTS))
    score.run(5 * DAY)
    assert "fix_breached" not in events(score, 1)  # a paused clock cannot be breached
    score.command(1, Resume())
    fix = score.tickets()[0].fix.due_at
    assert fix is not None
    assert fix > START + 5 * DAY
    score.run(6 * DAY)
    assert "fix_breached" in events(score, 1)


def test_what_a_state_does_not_allow_is_refused_with_what_would_be() -> None:
    score = Score(cameras_on_switch(1))
    score.at(100, score.dark, "cam-0")
    score.run(400)
    with pytest.raises(NotAllowed, match="acknowledged"):
        score.command(1, Resolve("a", "b"))
    with pytest.raises(LookupError):
        score.command(7, Note("hello"))
    score.command(1, Acknowledge())
    with pytest.raises(NotAllowed):
        score.command(1, Resolve(" ", "b"))


def test_a_cancelled_or_waived_ticket_is_not_opened_again_by_the_same_fault() -> None:
    score = Score(cameras_on_switch(2))
    score.at(100, score.dark, "cam-0", "cam-1")
    score.run(400)
    score.command(1, Cancel("camera is being moved"))
    score.command(2, Acknowledge())
    score.command(2, Waive("customer takes it down next week"))
    score.run(3_000)
    assert [t.state for t in score.tickets()] == [TicketState.CANCELLED, TicketState.CLOSED]
    score.well("cam-0", "cam-1")
    score.run(3_500)
    score.dark("cam-0")
    score.run(4_000)
    assert [t.previous for t in score.tickets()] in ([None, None, 1], [None, None, 2])


def test_a_reload_keeps_what_is_still_watched() -> None:
    plan = cameras_on_switch(3)
    score = Score(plan)
    score.at(100, score.dark, "cam-0", "cam-1")
    score.run(400)
    smaller = {name: {"parent": "sw", "checks": CAMERA} for name in ("cam-0", "cam-2")}
    score.reload(plan_of({"sw": {"kind": "switch", "checks": ["reach", "snmp"]}, **smaller}))
    score.run(1_000)
    states = {t.fingerprint.device: t.state.value for t in score.tickets()}
    assert states == {"cam-0": "new", "cam-1": "cancelled"}
    assert "cam-1" not in score.world.conditions


def test_flapping_is_one_ticket_that_does_not_come_and_go() -> None:
    score = Score(cameras_on_switch(1))
    for start in range(500, 6_000, 500):
        score.at(start, score.dark, "cam-0")
        score.at(start + 250, score.well, "cam-0")
    score.run(6_500)
    (ticket,) = score.tickets()
    assert ticket.state is TicketState.NEW
    assert events(score, 1).count("recovered") <= 4
    score.run(6_500 + 3_000)
    assert score.told() == [("cam-0", "silent", "recovered")]


def test_a_silent_parent_that_does_not_make_up_its_mind_holds_nobody_for_ever() -> None:
    score = Score(cameras_on_switch(1))
    score.at(90, score.answer, "sw", "reach", Answer(outcome=Outcome.LOCAL))
    score.at(100, score.dark, "cam-0")
    score.run(1_500)
    assert score.told() == [("cam-0", "silent", "new")]


def test_a_second_rule_for_the_same_fault_raises_its_ticket() -> None:
    rules = [
        rule("ends", "onvif", "clock_offset_seconds > 30.0", fault="clock", severity=Severity.LOW),
        rule("ends-soon", "onvif", "clock_offset_seconds > 300.0", fault="clock", severity=Severity.HIGH),
    ]
    score = Score(plan_of({"cam": {"checks": CAMERA}}, rules))
    score.at(100, score.answer, "cam", "onvif", Answer({"clock_offset_seconds": 60.0}))
    score.at(1_000, score.answer, "cam", "onvif", Answer({"clock_offset_seconds": 600.0}))
    score.run(2_000)
    (ticket,) = score.tickets()
    assert ticket.severity is Severity.HIGH
    assert events(score, 1) == ["opened", "response_breached", "raised", "response_breached"]
    score.well("cam")
    score.run(3_000)
    assert score.told() == [("cam", "clock", "recovered")]
