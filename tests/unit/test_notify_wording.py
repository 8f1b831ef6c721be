"""Does a notification say what the technician needs, in both languages, whatever is missing?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.plan import Cause, Fault, Plan, Site, Text
from monitor.notify import strings
from monitor.notify.announcing import announce, summarize
from monitor.notify.pages import page_of_notice
from monitor.notify.wording import describe
from tests.letters import NINE_FORTY_ONE, NOW, PLAN, a_ticket, an_event
from tests.unit.test_storage_records import EVENTS, TICKETS
from ticketing.policies import TOLD
from ticketing.ticket import (
    Clock,
    EventKind,
    Fact,
    Fingerprint,
    Language,
    PendingReason,
    Severity,
    Ticket,
    TicketEvent,
    TicketState,
)


def test_a_new_ticket_in_english() -> None:
    notice = announce(a_ticket(), an_event(), PLAN, "en", NOW)
    assert notice.subject == "Urgent · Gate 3 camera: No picture · T-000123"
    assert notice.text == (
        "Urgent · Gate 3 camera: No picture since 09:41. Gate 3 camera gives no picture (no answer within 5 s). "
        "Place: gate 3, mast. Port 1.7 of SW-B is on but finds nothing to power (0 W). SW-B, on which it hangs, "
        "answers. The 8 others there are fine. Probably: the cable or its plug is broken; the camera is dead. "
        "Bring: a patch cable; a camera, DS-2CD2143. Answer by 09:46, be there by 11:41."
    )


def test_a_new_ticket_in_chinese() -> None:
    notice = announce(a_ticket(), an_event(), PLAN, "zh_CN", NOW)
    assert notice.subject == "紧急 · Gate 3 camera：无图像 · T-000123"
    assert notice.text == (
        "紧急 · Gate 3 camera：无图像，自 09:41 起。Gate 3 camera 没有图像（5 秒内无应答）。位置：gate 3, "
        "mast。SW-B 的 1.7 端口已开启，但未检测到受电设备（0 W）。其上级 SW-B 正常应答。同一上级的其他 8 台设备正常。"
        "可能原因：网线或水晶头损坏；摄像机损坏。请携带：网线；摄像机 DS-2CD2143。"
        "09:46 前响应、11:41 前到场。"
    )


@pytest.mark.parametrize(
    ("count", "failing", "english", "chinese"),
    [
        (11, 0, "The 11 others there are fine.", "其他 11 台设备正常"),
        (11, 1, "Of the 11 others there one fails too.", "其他 11 台设备中有 1 台也有故障"),
        (11, 2, "Of the 11 others there 2 fail too.", "其他 11 台设备中有 2 台也有故障"),
        (11, 11, "All 11 others there fail too.", "其他 11 台设备也全部有故障"),
        (1, 1, "The other device there fails too.", "另一台设备也有故障"),
        (1, 0, "The other device there is fine.", "另一台设备正常"),
    ],
)
def test_neighbours_by_number(count: int, failing: int, english: str, chinese: str) -> None:
    seen = {"what": "parent", "parent": "sw-b", "state": "answers", "neighbours": count, "neighbours_failing": failing}
    assert english in describe(a_ticket(surroundings=(seen,)), PLAN, "en", NOW).around
    assert chinese in describe(a_ticket(surroundings=(seen,)), PLAN, "zh_CN", NOW).around[-1]


def test_the_way_of_the_cables_is_told() -> None:
    told = describe(a_ticket(), PLAN, "en", NOW)
    assert told.cabling == "SW-B, port 1.7 › Gate 3 camera"
    page = page_of_notice(announce(a_ticket(), an_event(), PLAN, "zh_CN", NOW), "zh_CN", Severity.URGENT, "", "")
    assert ("线路", "SW-B（1.7 端口） › Gate 3 camera", False) in page.rows
    switch = a_ticket(fingerprint=Fingerprint("site-1", "sw-b", "", "switch.lost"))
    assert describe(switch, PLAN, "en", NOW).cabling == "", "it hangs on nothing"


def test_what_the_device_told_is_not_told_twice() -> None:
    heard = {"what": "heard", "fault": "camera.no-picture", "text": "x"}
    assert describe(a_ticket(surroundings=(heard,)), PLAN, "en", NOW).around == ()
    other = {"what": "heard", "fault": "recorder.disk-failed", "text": "x"}
    assert "Disk failed (x)" in describe(a_ticket(surroundings=(other,)), PLAN, "en", NOW).around[0]


@pytest.mark.parametrize(
    ("facts", "component", "headline"),
    [
        ({"item": "TA 1"}, "alarm/tamper.1", "SW-B: odd (TA 1)"),
        ({}, "alarm/tamper.1", "SW-B: odd"),
        ({"name": "hdd2"}, "disk/2", "SW-B: odd (hdd2)"),
        ({}, "disk/2", "SW-B: odd (2)"),
        ({}, "", "SW-B: odd"),
    ],
)
def test_the_part_is_named_as_people_do(facts: dict[str, Fact], component: str, headline: str) -> None:
    ticket = a_ticket(fingerprint=Fingerprint("site-1", "sw-b", component, "odd"), facts=facts)
    assert describe(ticket, PLAN, "en", NOW).headline == headline


@pytest.mark.parametrize(
    ("item", "within"),
    [
        ("Ladder or lift", "ladder or lift"), ("PoE tester", "PoE tester"), ("RJ45 plugs", "RJ45 plugs"),
        ("Administrator's password", "administrator's password"), ("SATA cable", "SATA cable"), ("Torx", "torx"),
        ("梯子", "梯子"), ("", ""), ("12 V adapter", "12 V adapter"), ("NTP", "NTP"),
    ],
)  # fmt: skip
def test_items_within_a_sentence_begin_small(item: str, within: str) -> None:
    bring = replace(PLAN.faults["camera.no-picture"], bring=(Text(item or "x", item or "x"),))
    plan = replace(PLAN, faults={**PLAN.faults, bring.code: bring})
    assert f"Bring: {within or 'x'}." in describe(a_ticket(), plan, "en", NOW).sentence


def test_causes_are_those_that_fit_what_the_port_shows() -> None:
    def causes(**port: Fact) -> tuple[str, ...]:
        seen = {"what": "poe_port", "parent": "sw-b", "port": "1.7", **port}
        return describe(a_ticket(surroundings=(seen,)), PLAN, "en", NOW).causes

    assert causes(detect="searching") == ("The cable or its plug is broken", "the camera is dead.")
    assert causes(detect="delivering") == ("the camera is dead.",)
    assert causes(detect="searching", admin=False) == ("PoE is off", "the camera is dead.")
    assert len(causes(detect="never heard of")) == 3
    assert len(describe(a_ticket(surroundings=()), PLAN, "en", NOW).causes) == 3


def test_what_is_put_right_from_a_desk_says_that_nothing_is_brought() -> None:
    fault = replace(PLAN.faults["camera.no-picture"], bring=(), remote=True)
    plan = replace(PLAN, faults={**PLAN.faults, fault.code: fault})
    assert "Bring: nothing, it is put right remotely. Answer by" in describe(a_ticket(), plan, "en", NOW).sentence
    assert "无需携带物品，可远程处理。09:46" in describe(a_ticket(), plan, "zh_CN", NOW).sentence
    notice = announce(a_ticket(), an_event(), plan, "en", NOW)
    page = page_of_notice(notice, "en", Severity.URGENT, "", "")
    assert ("Bring", ("nothing: it is put right remotely",)) in page.lists


def test_what_is_done_is_not_demanded_again() -> None:
    ticket = a_ticket(response=Clock(NINE_FORTY_ONE + 300, met_at=NOW), state=TicketState.ACKNOWLEDGED)
    told = describe(ticket, PLAN, "en", NOW)
    assert told.sentence.endswith("Be there by 11:41.")
    assert [(clock.clock, clock.met, clock.late) for clock in told.deadlines] == [
        ("response", True, False),
        ("arrival", False, False),
    ]
    late = describe(a_ticket(), PLAN, "en", NINE_FORTY_ONE + 301)
    assert [clock.late for clock in late.deadlines] == [True, False]


def test_one_ticket_speaks_of_all_that_hang_behind_it() -> None:
    ticket = a_ticket(
        fingerprint=Fingerprint("site-1", "sw-b", "", "switch.lost"), children=tuple(f"cam-{n}" for n in range(10, 18))
    )
    told = describe(ticket, PLAN, "en", NOW)
    assert "Behind it, 8 more cannot be seen: Yard 10, Yard 11, Yard 12, Yard 13, Yard 14, and 3 more." in told.sentence
    assert told.headline == "SW-B: switch.lost"
    chinese = describe(ticket, PLAN, "zh_CN", NOW).sentence
    assert "另有 8 台设备无法检测：Yard 10、Yard 11、Yard 12、Yard 13、Yard 14等。" in chinese


def test_a_row_is_named_and_its_facts_are_formatted() -> None:
    ticket = a_ticket(
        fingerprint=Fingerprint("site-1", "nvr-1", "disk/2", "recorder.disk-failed"),
        facts={"name": "HDD 2", "state": "abnormal", "used_percent": 97.26},
        surroundings=(),
    )
    told = describe(ticket, PLAN, "en", NOW)
    assert told.headline == "Recorder 1: Disk failed (HDD 2)"
    assert told.what == "Disk HDD 2 is abnormal, 97.3 % used."
    missing = describe(replace(ticket, facts={}), PLAN, "zh_CN", NOW)
    assert missing.what == "硬盘 Recorder 1 状态 未知，已用 未知 %。"
    assert missing.headline == "Recorder 1：硬盘故障（2）"


@pytest.mark.parametrize(
    "hostile", [10**400, -(10**400), 1e308, float("nan"), float("inf"), "A" * 100_000, "a\r\nBcc: x"]
)
def test_facts_that_no_probe_should_give_stay_one_short_line(hostile: Fact) -> None:
    facts = dict.fromkeys(("name", "state", "used_percent", "offset_seconds"), hostile)
    for fault in PLAN.faults:
        ticket = a_ticket(fingerprint=Fingerprint("site-1", "nvr-1", "disk/2", fault), facts=facts)
        told = describe(ticket, PLAN, "en", NOW)
        assert len(told.headline) < 300
        assert told.headline.isprintable()


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (
            {"what": "poe_port", "parent": "sw-b", "port": "1.7", "detect": "delivering", "watts": 6.24},
            "delivers power (6.24 W).",
        ),
        ({"what": "poe_port", "parent": "sw-b", "port": "1.7", "admin": False, "detect": "x"}, "SW-B is switched off."),
        ({"what": "poe_port", "parent": "gone", "port": "1.7", "detect": "searching"}, "finds nothing to power."),
        ({"what": "parent", "parent": "sw-b", "state": "fails"}, "SW-B, on which it hangs, has a fault itself."),
        (
            {"what": "parent", "parent": "sw-b", "state": "answers", "neighbours": 4, "neighbours_failing": 3},
            "Of the 4 others there 3 fail too.",
        ),
        (
            {"what": "parent", "parent": "sw-b", "state": "answers", "neighbours": 1, "neighbours_failing": 0},
            "The other device there is fine.",
        ),
    ],
)
def test_what_was_seen_around_is_said(seen: dict[str, bool | int | float | str], said: str) -> None:
    assert said in describe(a_ticket(surroundings=(seen,)), PLAN, "en", NOW).sentence


@pytest.mark.parametrize("kind", sorted(TOLD - {EventKind.OPENED}))
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_event_that_is_told_says_what_happened(kind: EventKind, language: Language) -> None:
    ticket = a_ticket(recovered_at=NOW + 600, cause="wet plug", work="new plug.", fix=Clock(NOW))
    notice = announce(ticket, an_event(kind=kind, by="li", text="see log"), PLAN, language, NOW + 700)
    assert strings.EVENT[kind].get(language) in notice.subject
    assert notice.lead
    assert notice.lead in notice.text
    assert "{" not in notice.text


def test_a_closed_ticket_says_how_long_it_took_and_why_it_may_be_believed() -> None:
    ticket = a_ticket(
        state=TicketState.CLOSED, recovered_at=NINE_FORTY_ONE + 3_900, cause="wet plug", waiver="no access"
    )
    notice = announce(ticket, an_event(kind=EventKind.CLOSED), PLAN, "en", NOW + 4_000)
    assert notice.subject == "Closed · Gate 3 camera: No picture · T-000123"
    assert notice.text == (
        "Gate 3 camera: No picture. Closed after 1 h 5 min. Cause: wet plug. Closed without proof: no access."
    )
    assert notice.ended


def test_a_ticket_that_waits_says_for_what() -> None:
    ticket = a_ticket(state=TicketState.PENDING, pending=PendingReason.PARTS)
    assert "It waits for parts." in describe(ticket, PLAN, "en", NOW).sentence


def test_a_digest_has_one_line_a_ticket_worst_first_with_its_latest_event() -> None:
    low = a_ticket(1, severity=Severity.LOW)
    happened = [(low, an_event(1)), (a_ticket(2), an_event(2)), (a_ticket(2), an_event(2, 2, EventKind.RECOVERED))]
    digest = summarize([*happened, (a_ticket(3), an_event(3))], PLAN, "en", NOW)
    assert digest.subject == "4 messages about 3 tickets: 2 urgent, 1 low"
    assert digest.lines == (
        "09:41 · Urgent · Gate 3 camera: No picture · T-000003",
        "09:41 · Low · Gate 3 camera: No picture · T-000001",
        "09:41 · Recovered · Gate 3 camera: No picture · T-000002",
    )
    many = summarize([(a_ticket(n), an_event(n)) for n in range(1, 101)], PLAN, "zh_CN", NOW)
    assert many.subject == "100 张工单共 100 条消息：紧急 100"
    assert len(many.lines) == 51
    assert many.lines[-1] == "……以及另外 50 张工单"


WILD = Plan(
    Site("site-1", "x", "Asia/Shanghai"),
    {},
    {},
    {},
    {
        "f": Fault(
            "f",
            Text("{a}{", "{}"),
            Text("{a:.1f} {b:>999999999} {0} {a.__class__}", "{a!r}[{b}][{"),
            (Cause(Text("{since}", "")), Cause(Text("{a}", "[{a}]"))),
        )
    },
)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(TICKETS, EVENTS, st.sampled_from(["en", "zh_CN"]), st.booleans(), st.floats(0, 4e9))
def test_no_ticket_breaks_the_wording(
    ticket: Ticket, event: TicketEvent, language: Language, known: bool, now: float
) -> None:
    in_our_time = {
        name: None if at is None else abs(at) % 4e9
        for name in ("opened_at", "since", "recovered_at")
        for at in [getattr(ticket, name)]
    }
    event = replace(event, at=abs(event.at) % 4e9)
    fingerprint = replace(ticket.fingerprint, fault="f") if known else ticket.fingerprint
    clocks = {name: Clock(now + 5) for name in ("response", "arrival", "fix")}
    notice = announce(replace(ticket, fingerprint=fingerprint, **in_our_time, **clocks), event, WILD, language, now)  # type: ignore[arg-type]
    for text in (notice.subject, notice.text):
        text.encode()
        assert "\n" not in text
        assert "\x00" not in text
    assert ticket.name in notice.subject
