from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.change import AddEvent, Change, DropCondition, KeepPicture, PutCondition, PutItem, PutTicket
from monitor.core.condition import Condition, Key, State
from monitor.core.inventory import Item
from monitor.core.plan import Device, Plan
from monitor.core.world import World
from monitor.engine.live import Fact
from monitor.locale import Formats, translate
from monitor.web.console import accepted
from monitor.web.stream import MAX_TOPICS, topics
from monitor.web.views import device as one
from monitor.web.views import devices as many
from monitor.web.views.choice import read_choice
from monitor.web.views.directory import Directory, natural
from monitor.web.views.numbers import figure, written
from monitor.web.views.overview import MAX_TILES, groups
from monitor.web.views.states import Glance, glance
from monitor.web.views.ticket import ways_to_start
from monitor.web.views.tickets import clock_view, urgency
from probes.observation import Observation, Outcome, Picture
from tests.servers.console_site import site_plan
from ticketing.ticket import Clock, EventKind, Fingerprint, PendingReason, Severity, Ticket, TicketEvent, TicketState

EN, ZH = Formats("en", "Asia/Shanghai"), Formats("zh_CN", "Asia/Shanghai")
ID = Fingerprint("harbour", "camera-05", "", "camera.silent")


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return site_plan(Path(tmp_path_factory.mktemp("site")))


@pytest.fixture(scope="module")
def directory(plan: Plan) -> Directory:
    return Directory(plan)


def ticket(**more: object) -> Ticket:
    return Ticket(1, ID, Severity.URGENT, TicketState.NEW, 1_000.0, 900.0, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "english", "chinese"),
    [
        ("rtt_seconds", 0.0123, "12 ms", "12 ms"),
        ("rtt_seconds", 0.0012, "1.2 ms", "1.2 ms"),
        ("clock_offset_seconds", -187.0, "−3 min 7 s", "−3 分钟 7 秒"),
        ("loss_ratio", 0.25, "25%", "25%"),
        ("used_percent", 97.14, "97.1%", "97.1%"),
        ("size_bytes", 8_001_563_222_016, "8 TB", "8 TB"),
        ("speed_bps", 1_000_000_000, "1,000 Mbit/s", "1,000 Mbit/s"),
        ("temperature_celsius", 41.5, "41.5 °C", "41.5 °C"),
        ("days_left", 12.5, "12 d 12 h", "12 天 12 小时"),
        ("days_left", -2.0, "expired 2 d ago", "已于 2 天前过期"),
        ("minutes_left", 31, "31 min", "31 分钟"),
        ("verdict", "covered", "covered", "遮挡"),
        ("trusted", True, "yes", "是"),
        ("something_new", 3, "3", "3"),
        ("luma_mean", math.nan, "–", "–"),
        ("uptime_seconds", 7_400_000.0, "85 d 15 h", "85 天 15 小时"),
    ],
)
def test_numbers_carry_their_units(name: str, value: bool | int | float | str, english: str, chinese: str) -> None:
    assert written(name, value, translate("en"), EN) == english
    assert written(name, value, translate("zh_CN"), ZH) == chinese


def test_a_number_that_nobody_named_is_shown_all_the_same() -> None:
    assert figure("fan_rpm", 1200, translate("en"), EN).label == "Fan rpm"
    assert figure("fan_rpm", 1200, translate("en"), EN).text == "1,200 rpm"


def test_names_are_sorted_as_people_count() -> None:
    assert sorted(["cam-10", "cam-9", "Cam-1", "北门2", "北门10"], key=natural) == [
        "Cam-1",
        "cam-9",
        "cam-10",
        "北门2",
        "北门10",
    ]


@settings(max_examples=300, derandomize=True)
@given(st.lists(st.text(max_size=12), max_size=8))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    sorted(names, key=natural)


def test_the_worst_is_what_one_sees(plan: Plan, directory: Directory) -> None:
    world, device = World(), plan.devices["camera-05"]
    assert glance(device, world, directory) is Glance.UNKNOWN
    world.saw(Observation("camera-05", "reach", 1.0, 0.1, Outcome.LOCAL))
    assert glance(device, world, directory) is Glance.UNKNOWN
    world.saw(Observation("camera-05", "reach", 2.0, 0.1, Outcome.NO_ANSWER))
    assert glance(device, world, directory) is Glance.OK
    slow = Key("camera-05", "onvif-silent")
    dead = Key("camera-05", "camera-silent")
    world.apply([PutCondition(Condition(slow, State.PENDING))])
    assert glance(device, world, directory) is Glance.SUSPECT
    world.apply([PutCondition(Condition(slow, State.FIRING, told=True))])
    assert glance(device, world, directory) is Glance.WARNING
    world.apply([DropCondition(slow), PutCondition(Condition(dead, State.FIRING, held_by="sw-a"))])
    assert glance(device, world, directory) is Glance.HELD
    world.apply([PutCondition(Condition(dead, State.FLAPPING, told=True))])
    assert glance(device, world, directory) is Glance.FAULT
    assert glance(plan.devices["camera-24"], world, directory) is Glance.SILENCED


def test_hold_down_shows_how_far_it_is(plan: Plan, directory: Directory) -> None:
    world = World()
    rule = plan.rule("camera-05", "camera-silent")
    assert rule is not None
    pending = Condition(Key("camera-05", "camera-silent"), State.PENDING, since=1_000.0, hits=2)
    world.apply([PutCondition(pending)])
    view = one.view(plan.devices["camera-05"], world, directory, EN, 1_000.0 + rule.for_seconds / 4, asked=0.0)
    (shown,) = view.conditions
    assert (shown.done, shown.wanted) == (2, rule.looks)
    assert shown.progress == pytest.approx(0.25)
    assert [place.device.id for place in view.above] == ["gw", "sw-a"]


def test_who_says_which_profile_a_device_has(plan: Plan, directory: Directory) -> None:
    world, device = World(), plan.devices["camera-05"]

    def family(of: Device = device) -> tuple[str, str] | None:
        found = one.view(of, world, directory, EN, 9.0, asked=0.0).family
        return (found.profile, found.by) if found else None

    assert family() is None
    world.apply([PutItem(Item("camera-05", "onvif/profile", "axis", 1.0, 1.0))])
    assert family() == ("axis", "onvif")
    world.apply([PutItem(Item("camera-05", "snmp/profile", "generic", 1.0, 1.0))])
    assert family() == ("axis", "onvif")  # an agent of which nothing more is known
    world.apply([PutItem(Item("camera-05", "snmp/profile", "bosch", 1.0, 1.0))])
    assert family() == ("bosch", "snmp")
    assert family(replace(device, profile="hanwha")) == ("hanwha", "site")


def test_clocks_say_where_they_stand() -> None:
    def state(now: float, clock: Clock, **more: object) -> str:
        view = clock_view(ticket(fix=clock, **more), "fix", now)
        return view.state if view else "none"

    assert state(1_000, Clock()) == "none"
    assert state(1_100, Clock(2_000)) == "running"
    assert state(1_800, Clock(2_000)) == "soon"
    assert state(2_001, Clock(2_000)) == "overdue"
    assert state(2_500, Clock(2_000, met_at=2_000)) == "met"
    assert state(2_500, Clock(2_000, met_at=2_001)) == "late"
    waiting = ticket(fix=Clock(2_000), pending=PendingReason.PARTS, pending_since=1_500.0)
    view = clock_view(waiting, "fix", 5_000.0)
    assert view is not None
    assert (view.state, view.used) == ("paused", 0.5)


def test_who_works_may_still_arrive_and_who_is_there_has_begun() -> None:
    assert ways_to_start(ticket()) == ("remote", "on_site")
    working = replace(ticket(arrival=Clock(2_000.0)), state=TicketState.IN_PROGRESS)
    assert ways_to_start(working) == ("on_site",)
    assert ways_to_start(replace(working, arrival=Clock(2_000.0, met_at=1_500.0))) == ()


def test_urgent_tickets_come_first() -> None:
    early = ticket(response=Clock(1_100.0))
    late = Ticket(2, ID, Severity.URGENT, TicketState.NEW, 0.0, 0.0, response=Clock(1_050.0))
    low = Ticket(3, ID, Severity.LOW, TicketState.NEW, 0.0, 0.0, response=Clock(5.0))
    assert sorted([low, early, late], key=urgency) == [late, early, low]


def test_devices_are_found_by_what_people_know(directory: Directory) -> None:
    world = World()

    def ids(**query: str) -> list[str]:
        return [row.device.id for row in many.find(many.read_search(query), world, directory).rows]

    assert ids(q="car park p1") == ["camera-05", "camera-06"]
    assert ids(q="127.0.8.105") == ["camera-05"]
    assert ids(q="CAMERA 05 hikvision") == ["camera-05"]
    assert ids(kind="ups") == ["ups-1"]
    assert ids(state="silenced") == ["camera-24"]
    assert ids(q="no such thing") == []
    assert len(ids(order="name", page="999999")) == 31


@settings(max_examples=300, derandomize=True)
@given(
    st.dictionaries(
        st.sampled_from(["q", "kind", "state", "order", "page", "show", "severity", "below"]), st.text(max_size=30)
    )
)
def test_any_query_is_understood(query: dict[str, str]) -> None:
    many.read_search(query)
    read_choice(query).wanted({})


def test_a_large_kind_shows_what_is_not_well() -> None:
    from tests.servers.console_crowd import crowd

    plan, world = crowd(cameras=MAX_TILES + 60, failing=3)
    cameras = next(group for group in groups(world, Directory(plan)) if group.kind == "camera")
    assert [tile.glance for tile in cameras.tiles] == [Glance.FAULT] * 3
    assert cameras.left_out == MAX_TILES + 57


def test_topics_name_whom_a_fact_concerns() -> None:
    key = Key("camera-05", "camera-silent")
    changes: tuple[Change, ...] = (
        PutCondition(Condition(key)),
        PutTicket(ticket()),
        AddEvent(TicketEvent(7, 1, 0.0, EventKind.NOTED)),
        KeepPicture("camera-09", "latest", 0.0, Picture(b"", 1, 1)),
    )
    found = topics([Fact(0.0, changes)])
    assert found == {"devices", "device:camera-05", "tickets", "ticket:1", "ticket:7", "device:camera-09"}
    assert topics([Fact(0.0, changes), None]) == {"all"}
    many_changes = tuple(PutCondition(Condition(Key(str(n), "r"))) for n in range(MAX_TOPICS + 1))
    assert topics([Fact(0.0, many_changes)]) == {"all"}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh_CN"),
        ("en-GB,en;q=0.9,zh;q=0.3", "en"),
        ("de,zh-TW;q=0.2", "zh_CN"),
        ("de, fr", None),
        ("zh;q=0, en;q=0.1", "en"),
        ("", None),
        ("zh;q=nonsense", None),
    ],
)
def test_the_browser_is_asked_for_its_language(header: str, language: str | None) -> None:
    assert accepted(header) == language


@settings(max_examples=300, derandomize=True)
@given(st.text(max_size=80))
def test_any_language_header_is_survived(header: str) -> None:
    accepted(header)


def test_what_holds_back_a_fault_is_named_as_people_call_it(plan: Plan, directory: Directory) -> None:
    world = World()
    key = Key("camera-05", "onvif-silent")
    for held_by, named in (("check:reach", "连通性"), ("sw-a", plan.devices["sw-a"].name)):
        world.apply([PutCondition(Condition(key, State.FIRING, held_by=held_by))])
        (shown,) = one.view(plan.devices["camera-05"], world, directory, ZH, 1_000.0, asked=0.0).conditions
        assert shown.held_by == named
