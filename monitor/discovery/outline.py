"""Where in the text of a site's file does each device stand?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the text, in characters."""

    start: int
    end: int


@dataclass(slots=True)
class Entry:
    """One device: its keys, the place of each value (None: the value is no scalar), and how it is written."""

    span: Span
    flow: bool
    values: dict[str, Span | None] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)  # of the keys


@dataclass(slots=True)
class Outline:
    """The list `devices`. `end` is behind its last device, `column` where its dashes stand."""

    entries: list[Entry]
    flow: bool
    column: int
    span: Span
    end: int


class NoList(ValueError):
    """The file has no list of devices, or is no YAML."""


def outline(text: str) -> Outline:
    """The list of devices in a text that `monitor.settings.load` accepts, without a byte order mark. Raises NoList."""
    try:
        events: Iterator[Any] = iter(yaml.parse(text, Loader=yaml.CSafeLoader))
        for event in events:
            if isinstance(event, yaml.MappingStartEvent):
                return _find(events, text)
    except yaml.YAMLError as error:
        raise NoList(str(error)) from None
    raise NoList("no mapping")


def by_id(found: Outline) -> Mapping[str, Entry]:
    """The devices by their id."""
    return {entry.texts["id"]: entry for entry in found.entries if "id" in entry.texts}


def _find(events: Iterator[Any], text: str) -> Outline:
    """Go through the keys of the file; what is not `devices` is stepped over."""
    for key in events:
        if isinstance(key, yaml.MappingEndEvent):
            break
        value: Any = next(events)
        if not (isinstance(key, yaml.ScalarEvent) and key.value == "devices"):
            _skip(value, events)
            continue
        if isinstance(value, yaml.SequenceStartEvent):
            return _list(value, events, text)
        if isinstance(value, yaml.ScalarEvent):  # `devices:` with nothing behind it
            at = Span(_starts(value), _ends(value))
            return Outline([], False, 2, at, _ends(key) + 1)
        break
    raise NoList("no list of devices")


def _list(start: Any, events: Iterator[Any], text: str) -> Outline:
    entries: list[Entry] = []
    end = _ends(start)
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            flow = bool(start.flow_style)
            closed = _ends(event) if flow else end
            column = start.start_mark.column
            return Outline(entries, flow, column, Span(_starts(start), closed), end)
        if isinstance(event, yaml.MappingStartEvent):
            entries.append(_entry(event, events, text))
            end = entries[-1].span.end
        else:
            end = _skip(event, events) or _ends(event)
    raise NoList("the list of devices does not end")


def _entry(start: Any, events: Iterator[Any], text: str) -> Entry:
    entry = Entry(Span(_starts(start), 0), bool(start.flow_style))
    end = _ends(start)
    for key in events:
        if isinstance(key, yaml.MappingEndEvent):
            closed = _ends(key) if entry.flow else end
            entry.span = Span(entry.span.start, closed)
            return entry
        value = next(events)
        name = key.value if isinstance(key, yaml.ScalarEvent) else ""
        entry.columns[name] = key.start_mark.column
        entry.values[name] = None
        if isinstance(value, yaml.ScalarEvent):
            entry.values[name] = place = _scalar(value, text)
            entry.texts[name] = value.value
            end = max(place.end, _ends(key) + 1)
        else:
            end = _skip(value, events) or _ends(value)
    raise NoList("a device does not end")


def _starts(event: Any) -> int:
    return int(event.start_mark.index)


def _ends(event: Any) -> int:
    return int(event.end_mark.index)


def _scalar(event: Any, text: str) -> Span:
    """Block scalars end with the line behind them; only what is written counts."""
    start, end = _starts(event), _ends(event)
    return Span(start, start + len(text[start:end].rstrip()))


def _skip(event: Any, events: Iterator[Any]) -> int:
    """Step over the branch that begins with `event`; where its last scalar or bracket ends, 0 if it has none."""
    if not isinstance(event, yaml.CollectionStartEvent):
        return _ends(event)
    depth, last = 1, _ends(event) if event.flow_style else 0
    flows = [bool(event.flow_style)]
    while depth:
        event = next(events)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            flows.append(bool(event.flow_style))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            if flows.pop():
                last = _ends(event)
        else:
            last = _ends(event)
    return last
