"""What do the tests of storage and notification write about? One small site, its tickets and its messages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from monitor.core.change import AddEvent, Change, Enqueue, Message, PutTicket
from monitor.core.plan import Cause, Device, Fault, Plan, Site, Text
from probes.target import Target
from ticketing.ticket import Clock, EventKind, Fingerprint, Severity, Ticket, TicketEvent, TicketState

NINE_FORTY_ONE = 1_763_862_060.0  # 23 November 2025, 09:41 in Shanghai
NOW = NINE_FORTY_ONE + 45.0


def device(name: str, kind: Any, title: str, **more: Any) -> Device:
    return Device(name, title, kind, Target(name, "127.0.0.1"), **more)


DEVICES = (
    device("cam-3", "camera", "Gate 3 camera", place="gate 3, mast", parent="sw-b", port="1.7", model="DS-2CD2143"),
    device("sw-b", "switch", "SW-B"),
    device("nvr-1", "recorder", "Recorder 1"),
    *(device(f"cam-{n}", "camera", f"Yard {n}", parent="sw-b") for n in range(10, 18)),
)
FAULTS = (
    Fault(
        "camera.no-picture",
        Text("No picture", "无图像"),
        Text("{device} gives no picture ({detail})", "{device} 没有图像（{detail}）"),
        (
            Cause(Text("The cable or its plug is broken", "网线或水晶头损坏"), frozenset({"searching"})),
            Cause(Text("PoE is off", "PoE 已关闭"), frozenset({"disabled"})),
            Cause(Text("the camera is dead.", "摄像机损坏。")),
        ),
        (Text("look at the plug", "检查水晶头"),),
        (Text("a patch cable", "网线"), Text("a camera, {model}", "摄像机 {model}")),
    ),
    Fault(
        "recorder.disk-failed",
        Text("Disk failed", "硬盘故障"),
        Text(
            "Disk {name} is {state}, {used_percent:.1f} % used", "硬盘 {name} 状态 {state}，已用 {used_percent:.1f} %"
        ),
    ),
)
PLAN = Plan(
    Site("site-1", "North Gate", "Asia/Shanghai"),
    {one.id: one for one in DEVICES},
    {},
    {},
    {one.code: one for one in FAULTS},
)


def a_ticket(number: int = 123, **more: Any) -> Ticket:
    plain = Ticket(
        number,
        Fingerprint("site-1", "cam-3", "", "camera.no-picture"),
        Severity.URGENT,
        TicketState.NEW,
        opened_at=NINE_FORTY_ONE + 30,
        since=NINE_FORTY_ONE,
        facts={"detail": "no answer within 5 s"},
        surroundings=(
            {"what": "poe_port", "parent": "sw-b", "port": "1.7", "detect": "searching", "watts": 0.0, "admin": True},
            {"what": "parent", "parent": "sw-b", "state": "answers", "neighbours": 8, "neighbours_failing": 0},
        ),
        response=Clock(NINE_FORTY_ONE + 300),
        arrival=Clock(NINE_FORTY_ONE + 7_200),
        events=1,
        changed_at=NINE_FORTY_ONE + 30,
    )
    return replace(plain, **more)


def an_event(ticket: int = 123, number: int = 1, kind: EventKind = EventKind.OPENED, **more: Any) -> TicketEvent:
    return TicketEvent(ticket, number, NINE_FORTY_ONE + 30, kind, **more)


def a_message(ticket: int = 123, number: int = 1, channel: str = "mail", **more: Any) -> Message:
    plain = Message(
        key=f"site-1/T-{ticket:06d}/{number}/{channel}",
        route=f"to-{channel}",
        channel=channel,
        language="en",
        ticket=ticket,
        event=number,
        severity=Severity.URGENT,
        created_at=NOW,
        not_before=NOW,
    )
    return replace(plain, **more)


def told(ticket: int = 123, channel: str = "mail", **more: Any) -> tuple[Change, ...]:
    """A new ticket, its first event, and the message about it."""
    return PutTicket(a_ticket(ticket)), AddEvent(an_event(ticket)), Enqueue(a_message(ticket, channel=channel, **more))
