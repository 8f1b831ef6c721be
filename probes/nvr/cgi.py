"""What is written in an answer of Dahua's CGI? Lines of `key=value`, whose keys are paths with indices."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from probes.errors import Garbled, Unsupported
from probes.nvr.door import tidy
from probes.nvr.facts import MAX_CHANNELS, MAX_DISKS, MAX_NAME, Channel, Disk
from probes.nvr.times import read_time

MAX_LINES: Final = 50_000
MAX_LINE: Final = 1_024  # characters

_DISK_STATES: Final[Mapping[str, str]] = {
    "success": "normal", "running": "normal", "normal": "normal", "active": "normal", "ok": "normal", "good": "normal",
    "sleeping": "idle", "idle": "idle", "failure": "abnormal", "error": "abnormal", "fault": "abnormal",
    "offline": "offline", "notexist": "empty", "initializing": "formatting", "formatting": "formatting",
    "rebuilding": "repairing", "recovering": "repairing",
}  # fmt: skip
_INDEX = re.compile(r"\[(\d{1,4})\]")
_REMOTE = re.compile(r"NETCAMERA_INFO_(\d{1,4})\.(\w{1,40})$", re.IGNORECASE)

Table = Mapping[str, str]


def read_table(body: bytes) -> dict[str, str]:
    """The lines by key, `table.` taken away. Raises Unsupported where it answers Error, Garbled beyond the bounds.

    Blanks around keys and inside (`items[0]. StartTime`) are some firmware's.
    """
    text = body.decode("utf-8", "replace") if _is_utf8(body) else body.decode("gb18030", "replace")
    found: dict[str, str] = {}
    for number, one in enumerate(text.splitlines()):
        if number >= MAX_LINES:
            raise Garbled(f"an answer of more than {MAX_LINES} lines")
        key, equals, value = one[:MAX_LINE].partition("=")
        if equals:
            found[key.replace(" ", "").removeprefix("table.")] = value.strip()
    if not found:
        first = text.lstrip()[:60]
        if first.lower().startswith("error"):
            raise Unsupported(tidy(first))
        if first.startswith(("<", "{")):
            raise Unsupported("answers a page, not the CGI")
    return found


def read_titles(table: Table) -> dict[int, str]:
    """ChannelTitle[0].Name: names by channel, counted from 0."""
    return {index: tidy(value) for index, field, value in _rows(table, "ChannelTitle") if field == "name"}


def read_modes(table: Table) -> dict[int, str]:
    """RecordMode[0].Mode: 0 by plan, 1 always (by hand), 2 off."""
    return {index: value for index, field, value in _rows(table, "RecordMode") if field == "mode"}


def read_remotes(table: Table) -> dict[int, dict[str, str]]:
    """RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_0.Address: what each channel is connected to."""
    found: dict[int, dict[str, str]] = {}
    for key, value in table.items():
        said = _REMOTE.search(key[:MAX_LINE])
        if said and int(said[1]) < MAX_CHANNELS:
            found.setdefault(int(said[1]), {})[said[2].lower()] = tidy(value)
    return found


def read_states(table: Table) -> dict[int, str]:
    """states[0].channel and .connectionState: the connection of each channel, by number from 0."""
    rows: dict[int, dict[str, str]] = {}
    for index, field, value in _rows(table, "states"):
        rows.setdefault(index, {})[field] = value
    found: dict[int, str] = {}
    for row in rows.values():
        channel, state = row.get("channel", ""), row.get("connectionstate", "").lower()
        if channel.isascii() and channel.isdigit() and int(channel) < MAX_CHANNELS and state:
            if state in {"connected", "conneted"}:
                found[int(channel)] = "online"
            else:
                found[int(channel)] = "disabled" if state in {"empty", "disable", "disabled"} else "offline"
    return found


def read_indexes(table: Table) -> set[int]:
    """channels[0]=3: the channels, counted from 0, for which an event holds."""
    values = (value for key, value in table.items() if key.lower().startswith("channels["))
    return {int(value) for value in values if value.isascii() and value.isdigit() and int(value) < MAX_CHANNELS}


def merge(
    titles: Mapping[int, str],
    remotes: Mapping[int, Mapping[str, str]],
    states: Mapping[int, str] | None,
    lost: set[int] | None,
    modes: Mapping[int, str],
) -> dict[str, Channel]:
    """The channels, counted from 1 as on the recorder's screen. A recorder of IP cameras has those connected only.

    `states` None: the connection is not told; `lost` None: nor is the loss of video.
    """
    numbers = remotes or states or titles
    found: dict[str, Channel] = {}
    for index in sorted(numbers)[:MAX_CHANNELS]:
        remote = remotes.get(index, {})
        state = "unknown"
        if states is not None and index in states:
            state = states[index]
        elif lost is not None:
            state = "offline" if index in lost else "online"
        if remote.get("enable", "true").lower() == "false":
            state = "disabled"
        mode = modes.get(index)
        address = remote.get("address", "")
        found[str(index + 1)] = Channel(
            titles.get(index, "") or remote.get("name", ""),
            "" if address == "0.0.0.0" else address,  # noqa: S104 - what is written where no camera is set
            state,
            False if mode == "2" and state != "disabled" else None,
            always=mode == "1" and state == "online",
        )
    return found


def read_disks(table: Table) -> dict[str, Disk]:
    """list.info[0].Name, .State and its partitions .Detail[0].TotalBytes, .UsedBytes, .IsError; sizes as fractions."""
    disks: dict[int, dict[str, str]] = {}
    sizes: dict[int, list[tuple[float, float]]] = {}
    broken: set[int] = set()
    parts: dict[tuple[int, int], dict[str, str]] = {}
    for key, value in table.items():
        path = key.lower().removeprefix("list.")
        numbers = _INDEX.findall(path)
        if not path.startswith("info[") or not numbers or int(numbers[0]) >= MAX_DISKS:
            continue
        field = path.rpartition(".")[2]
        if "detail[" in path and len(numbers) > 1:
            parts.setdefault((int(numbers[0]), int(numbers[1])), {})[field] = value
        else:
            disks.setdefault(int(numbers[0]), {})[field] = value
    for (disk, _), part in list(parts.items())[: MAX_DISKS * 16]:
        disks.setdefault(disk, {})
        total, used = _number(part.get("totalbytes", "")), _number(part.get("usedbytes", ""))
        if total is not None and used is not None:
            sizes.setdefault(disk, []).append((total, used))
        if part.get("iserror", "").lower() == "true":
            broken.add(disk)
    found: dict[str, Disk] = {}
    for index, disk_said in sorted(disks.items()):
        name = tidy(disk_said.get("name", "")) or str(index)
        state = _DISK_STATES.get(disk_said.get("state", "").lower(), "unknown")
        if index in broken and state in {"normal", "unknown", "idle"}:
            state = "abnormal"
        total, used = (sum(column) for column in zip(*sizes.get(index, [(0.0, 0.0)]), strict=True))
        known = index in sizes
        key = name.removeprefix("/dev/")[:MAX_NAME]
        found[key] = Disk(name, state, int(total) if known else None, max(0, int(total - used)) if known else None)
    return found


def read_files(table: Table) -> list[tuple[datetime, datetime]]:
    """items[0].StartTime and .EndTime of one page of files."""
    rows: dict[int, dict[str, datetime]] = {}
    for index, field, value in _rows(table, "items", most=1_024):
        moment = read_time(value) if field in {"starttime", "endtime"} else None
        if moment is not None:
            rows.setdefault(index, {})[field] = moment
    return [
        (row["starttime"], max(row["starttime"], row.get("endtime", row["starttime"])))
        for row in rows.values()
        if "starttime" in row
    ]


def _rows(table: Table, name: str, most: int = MAX_CHANNELS) -> Iterator[tuple[int, str, str]]:
    """Index, field in lower case, and value of each `name[index].field`."""
    start = f"{name.lower()}["
    for key, value in table.items():
        if key.lower().startswith(start):
            index, closed, field = key[len(start) :].partition("].")
            if closed and index.isascii() and index.isdigit() and int(index[:6]) < most:
                yield int(index[:6]), field.lower(), value


def _number(text: str) -> float | None:
    try:
        number = float(text[:32])
    except ValueError:
        return None
    return number if 0 <= number < 1e18 else None


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
