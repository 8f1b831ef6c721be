"""What is written in an ISAPI document of a recorder? Namespaces of old and new firmware alike."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Final

from probes.errors import Unsupported
from probes.nvr.door import tidy
from probes.nvr.facts import MAX_CHANNELS, MAX_DISKS, Channel, Disk
from probes.nvr.times import read_time
from probes.onvif.xml import Node, parse

DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8"?>'
MEGABYTE: Final = 1_048_576
_MAX_BLOCKS: Final = 512

_DISK_STATES: Final[Mapping[str, str]] = {
    "ok": "normal", "normal": "normal", "active": "normal", "sleeping": "idle", "idle": "idle", "standby": "idle",
    "unformatted": "unformatted", "error": "abnormal", "abnormal": "abnormal", "exception": "abnormal",
    "badsectors": "abnormal", "smartfailed": "smart_failed", "mismatch": "mismatch", "offline": "offline",
    "notexist": "empty", "notexists": "empty", "formating": "formatting", "formatting": "formatting",
    "repairing": "repairing", "reparing": "repairing", "initializing": "formatting",
}  # fmt: skip
_DAYS: Final = {name: number for number, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")


@dataclass(frozen=True, slots=True)
class Track:
    """What should be recorded of one channel. `blocks`: weekday from 0, begin and end of recording without a pause."""

    enabled: bool = True
    loop: bool | None = None  # the oldest is overwritten
    blocks: tuple[tuple[int, time, time], ...] = ()

    def is_continuous(self, first: datetime, last: datetime) -> bool:
        """Does one block hold both times (the recorder's clock)?"""
        return first.date() == last.date() and any(
            day == last.weekday() and begin <= first.time() and last.time() <= end for day, begin, end in self.blocks
        )


def read_states(document: Node) -> dict[str, Channel]:
    """InputProxyChannelStatusList: which channels have their stream."""
    found: dict[str, Channel] = {}
    for one in document.all("InputProxyChannelStatus")[:MAX_CHANNELS]:
        number, online = tidy(one.read("id")), _flag(one.read("online"))
        if number:
            state = "unknown" if online is None else "online" if online else "offline"
            found[number] = Channel(address=_address(one), state=state)
    return found


def describe(channels: Mapping[str, Channel], document: Node) -> dict[str, Channel]:
    """InputProxyChannelList: what the channels are called, and the addresses of their cameras."""
    said = {tidy(one.read("id")): one for one in document.all("InputProxyChannel")[:MAX_CHANNELS]}
    found = dict(channels)
    for number, one in said.items():
        if number in found:
            known = found[number]
            found[number] = replace(known, name=tidy(one.read("name")), address=_address(one) or known.address)
    return found


def read_inputs(document: Node) -> dict[str, Channel]:
    """VideoInputChannelList of an analogue recorder: an input without a signal says NO VIDEO."""
    found: dict[str, Channel] = {}
    for one in document.all("VideoInputChannel")[:MAX_CHANNELS]:
        number = tidy(one.read("id"))
        said = one.read("resDesc").upper().replace(" ", "")
        state = "offline" if said == "NOVIDEO" else "online" if said else "unknown"
        if _flag(one.read("videoInputEnabled")) is False:
            state = "disabled"
        if number:
            found[number] = Channel(tidy(one.read("name")), state=state)
    return found


def read_disks(document: Node) -> dict[str, Disk]:
    """storage: local disks by number, network disks as nas-1. Sizes are in MB.

    An empty bay is told as a faulty disk of no size; what has no size and no name of a fault is empty as well.
    """
    found: dict[str, Disk] = {}
    for group, item, prefix in (("hddList", "hdd", ""), ("nasList", "nas", "nas-")):
        for one in _children(document, group, item)[: MAX_DISKS - len(found)]:
            number = tidy(one.read("id"))
            size, free = _whole(one.read("capacity")), _whole(one.read("freeSpace"))
            state = _DISK_STATES.get(one.read("status").lower().replace("_", ""), "unknown")
            if size == 0 and state not in {"offline", "smart_failed", "unformatted"}:
                state = "empty"
            if number:
                found[prefix + number] = Disk(
                    tidy(one.read("hddName") or one.read("path")),
                    state,
                    size * MEGABYTE if size else None,
                    free * MEGABYTE if free is not None and size else None,
                )
    return found


def read_health(body: bytes) -> str:
    """The answer to SMARTTest/status, whose root and spelling differ by firmware. Raises Unsupported, Garbled."""
    document = parse(body)
    own = document.read("selfEvaluaingStatus") or document.read("selfEvaluatingStatus")
    whole = document.read("allEvaluaingStatus") or document.read("allEvaluatingStatus")
    if not own and not whole:
        raise Unsupported("SMART is not told")
    return "smart_failed" if own.lower() in {"error", "fail", "fault"} or whole.lower() in {"fault"} else "normal"


def read_tracks(document: Node) -> dict[str, Track]:
    """TrackList: the plan of each channel's main stream."""
    found: dict[str, Track] = {}
    for one in document.all("Track")[: 4 * MAX_CHANNELS]:
        number = one.read("id")
        if number.isascii() and number.isdigit() and int(number) % 100 == 1 and len(found) < MAX_CHANNELS:
            enabled, loop = _flag(one.read("Enable")), _flag(one.read("LoopEnable") or one.read("Loop"))
            found[str(int(number) // 100)] = Track(enabled is not False, loop, tuple(_blocks(one)))
    return found


def read_month(body: bytes, year: int, month: int) -> set[date]:
    """The answer to dailyDistribution: the days of that month with footage. Raises Unsupported, Garbled."""
    document = parse(body)
    if document.name != "trackDailyDistribution":
        raise Unsupported(f"dailyDistribution: answers {tidy(document.name)!r}")
    found = set()
    for one in _children(document, "dayList", "day")[:31]:
        day = _whole(one.read("dayOfMonth")) or _whole(one.read("id"))
        if day and _flag(one.read("record")):
            try:
                found.add(date(year, month, day))
            except ValueError:  # some tell of 31 days in every month
                continue
    return found


def write_search(track: str, first: datetime, last: datetime) -> bytes:
    """A CMSearchDescription. The missing letter in `searchResultPostion` is the interface's own."""
    return (
        DECLARATION
        + (
            f"<CMSearchDescription><searchID>{str(uuid.uuid4()).upper()}</searchID><trackList><trackID>{track}</trackID>"
            f"</trackList><timeSpanList><timeSpan><startTime>{first:%Y-%m-%dT%H:%M:%SZ}</startTime>"
            f"<endTime>{last:%Y-%m-%dT%H:%M:%SZ}</endTime></timeSpan></timeSpanList><maxResults>8</maxResults>"
            "<searchResultPostion>0</searchResultPostion><metadataList><metadataDescriptor>//recordType.meta.std-cgi.com"
            "</metadataDescriptor></metadataList></CMSearchDescription>"
        ).encode()
    )


def read_search(document: Node) -> list[datetime]:
    """CMSearchResult: when the recordings of this page began, the oldest first."""
    begins = (
        read_time(one.read("timeSpan", "startTime")) for one in _children(document, "matchList", "searchMatchItem")[:64]
    )
    return sorted(begin for begin in begins if begin is not None)


def _blocks(track: Node) -> list[tuple[int, time, time]]:
    """The parts of its schedule in which it records without a pause (CMR)."""
    found = []
    blocks = (track.find("TrackSchedule") or track).find("ScheduleBlockList")
    for block in blocks.all("ScheduleBlock")[:8] if blocks is not None else ():
        for one in block.all("ScheduleAction")[:_MAX_BLOCKS]:
            start, end = one.find("ScheduleActionStartTime"), one.find("ScheduleActionEndTime")
            mode = one.read("Actions", "ActionRecordingMode").upper()
            if start is None or end is None or mode != "CMR" or _flag(one.read("Actions", "Record")) is False:
                continue
            day = _DAYS.get(start.read("DayOfWeek").lower()[:3])
            begin, until = _clock(start.read("TimeOfDay")), _clock(end.read("TimeOfDay"))
            if day is not None and begin is not None and until is not None:
                midnight = until == time(0) and begin < time.max
                found.append((day, begin, time.max if midnight else until))
    return found


def _clock(text: str) -> time | None:
    said = _CLOCK.match(text)
    if said is None:
        return None
    hour, minute, second = (int(part or 0) for part in said.groups())
    if (hour, minute) == (24, 0):
        return time.max
    try:
        return time(hour, minute, second)
    except ValueError:
        return None


def _children(document: Node, group: str, item: str) -> list[Node]:
    inside = document.find(group)
    return [] if inside is None else inside.all(item)


def _address(one: Node) -> str:
    source = one.find("sourceInputPortDescriptor")
    if source is None:
        return ""
    return tidy(source.read("ipAddress") or source.read("ipv6Address") or source.read("hostName"))


def _flag(text: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(text.lower())


def _whole(text: str) -> int | None:
    """A whole number; some firmware writes it with a fraction."""
    said = text.partition(".")[0]
    return int(said) if said.isascii() and said.isdigit() and len(said) <= 15 else None
