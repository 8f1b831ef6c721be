"""What does a simulated recorder tell over Dahua's CGI? Tables of lines, and `Error` where real ones answer so.

It has room for a few searches, and keeps each until it is ended; a search without a file is answered with 400.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from probes.simulators.recorder import Recorder

_SEARCHES = 4
_MEGABYTE = 1_048_576
_handles = itertools.count(8_137)

Query = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """HTTP status and text."""

    status: int
    text: str


_ERROR = Reply(400, "Error\r\nBad Request!\r\n")


def answer(recorder: Recorder, script: str, query: Query) -> Reply:
    """What it answers to a client that is logged in; `script` such as magicBox.cgi."""
    if "api_off" in recorder.faults:
        return Reply(403, "Error\r\nForbidden\r\n")
    page = _PAGES.get((script, query.get("action", "")))
    return page(recorder, query) if page else _ERROR


def _system(recorder: Recorder, query: Query) -> Reply:
    return _lines({"deviceType": "31", "processor": "ST7108", "serialNumber": recorder.serial,
                   "updateSerial": "NVR6XX-4KS2"})  # fmt: skip


def _version(recorder: Recorder, query: Query) -> Reply:
    return _lines({"version": "4.001.0000000.2,build:2023-05-18"})


def _clock(recorder: Recorder, query: Query) -> Reply:
    return _lines({"result": f"{recorder.now():%Y-%m-%d %H:%M:%S}"})


def _config(recorder: Recorder, query: Query) -> Reply:
    channels = recorder.channels()
    match query.get("name"):
        case "ChannelTitle":
            return _lines({f"table.ChannelTitle[{one.number - 1}].Name": one.name for one in channels})
        case "RecordMode":
            modes = {one.number - 1: 1 if one.recorded else 2 for one in channels}
            return _lines({f"table.RecordMode[{index}].Mode": str(mode) for index, mode in modes.items()})
        case "RemoteDevice":
            found: dict[str, str] = {}
            for one in channels:
                start = f"table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_{one.number - 1}"
                found |= {f"{start}.Address": one.address, f"{start}.Enable": "true", f"{start}.Name": "",
                          f"{start}.Password": "******"}  # fmt: skip
            return _lines(found)
    return _ERROR


def _states(recorder: Recorder, query: Query) -> Reply:
    """Not every firmware has it."""
    return Reply(501, "Error\r\nNot Implemented!\r\n")


def _events(recorder: Recorder, query: Query) -> Reply:
    lost = [one.number - 1 for one in recorder.channels() if not one.online]
    if query.get("code") != "VideoLoss" or not lost:
        return Reply(200, "Error: No Events\r\n")
    return _lines({f"channels[{index}]": str(channel) for index, channel in enumerate(lost)})


def _disks(recorder: Recorder, query: Query) -> Reply:
    found: dict[str, str] = {}
    for index, disk in enumerate(recorder.disks()):
        start, part = f"list.info[{index}]", f"list.info[{index}].Detail[0]"
        total, used = disk.capacity_mb * _MEGABYTE, (disk.capacity_mb - disk.free_mb) * _MEGABYTE
        letter = "abcdefgh"[index]
        found |= {
            f"{part}.IsError": str(disk.status != 0).lower(), f"{part}.Path": f"/mnt/dvr/sd{letter}0",
            f"{part}.TotalBytes": f"{total}.000000", f"{part}.Type": "ReadWrite", f"{part}.UsedBytes": f"{used}.000000",
            f"{start}.Name": f"/dev/sd{letter}", f"{start}.State": "Failure" if disk.status else "Success",
        }  # fmt: skip
    return _lines(found)


def _create(recorder: Recorder, query: Query) -> Reply:
    if len(recorder.searches) >= _SEARCHES:
        return Reply(500, "Error\r\nToo many objects\r\n")
    handle = str(next(_handles))
    recorder.searches[handle] = []
    return _lines({"result": handle})


def _find(recorder: Recorder, query: Query) -> Reply:
    handle = query.get("object", "")
    try:
        first, last = (datetime.fromisoformat(query[f"condition.{name}Time"]) for name in ("Start", "End"))
        channel = int(query["condition.Channel"])
    except (KeyError, ValueError):
        return _ERROR
    if handle not in recorder.searches:
        return _ERROR
    spans = [begin for begin, end in recorder.files(channel) if end >= first and begin <= last]
    recorder.searches[handle] = spans
    return Reply(200, "OK\r\n") if spans else Reply(400, "Error\r\nNo file!\r\n")


def _next(recorder: Recorder, query: Query) -> Reply:
    handle, count = query.get("object", ""), min(100, int(query.get("count", "1")))
    if handle not in recorder.searches:
        return _ERROR
    page, recorder.searches[handle] = recorder.searches[handle][:count], recorder.searches[handle][count:]
    ends = dict(span for number in range(1, len(recorder.channels()) + 1) for span in recorder.files(number))
    found = {"found": str(len(page))}
    for index, begin in enumerate(page):
        found |= {f"items[{index}].Channel": "0", f"items[{index}].EndTime": f"{ends[begin]:%Y-%m-%d %H:%M:%S}",
                  f"items[{index}].StartTime": f"{begin:%Y-%m-%d %H:%M:%S}", f"items[{index}].Type": "dav"}  # fmt: skip
    return _lines(found)


def _destroy(recorder: Recorder, query: Query) -> Reply:
    recorder.searches.pop(query.get("object", ""), None)
    return Reply(200, "OK\r\n")


def _close(recorder: Recorder, query: Query) -> Reply:
    return Reply(200, "OK\r\n") if query.get("object") in recorder.searches else _ERROR


_PAGES: Mapping[tuple[str, str], Callable[[Recorder, Query], Reply]] = {
    ("magicBox.cgi", "getSystemInfo"): _system,
    ("magicBox.cgi", "getSoftwareVersion"): _version,
    ("global.cgi", "getCurrentTime"): _clock,
    ("configManager.cgi", "getConfig"): _config,
    ("LogicDeviceManager.cgi", "getCameraState"): _states,
    ("eventManager.cgi", "getEventIndexes"): _events,
    ("storageDevice.cgi", "getDeviceAllInfo"): _disks,
    ("mediaFileFind.cgi", "factory.create"): _create,
    ("mediaFileFind.cgi", "findFile"): _find,
    ("mediaFileFind.cgi", "findNextFile"): _next,
    ("mediaFileFind.cgi", "close"): _close,
    ("mediaFileFind.cgi", "destroy"): _destroy,
}


def _lines(table: Mapping[str, str]) -> Reply:
    return Reply(200, "".join(f"{key}={value}\r\n" for key, value in table.items()))
