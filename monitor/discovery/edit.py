"""How does a change get into the text of a site's file, with comments and layout as they were?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from monitor.discovery.outline import Entry, Outline, Span, by_id, outline

Fields = Mapping[str, object]  # texts, numbers, truths, and mappings of them

_PLAIN = re.compile(r"[^\W\d_][\w./-]*(?: [\w./-]+)*|\d{1,3}(?:\.\d{1,3}){3}")
_MAX_KEY = 200  # characters in front of a value, in which its key is looked for
_NOT_TEXT = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


def change(text: str, changed: Mapping[str, Mapping[str, str | None]], added: Sequence[Fields]) -> str:
    """The text with keys of known devices set (`changed`: id -> key -> value), and devices `added` behind the last.

    None takes a key out, with the comment on its line. Raises NoList.
    """
    found = outline(text)
    entries = by_id(found)
    edits = [edit for name, keys in changed.items() if name in entries for edit in _set_keys(text, entries[name], keys)]
    if added:
        edits.append(_add(text, found, added))
    line_end = "\r\n" if "\r\n" in text else "\n"
    for start, end, written in sorted(edits, reverse=True):
        text = text[:start] + written.replace("\n", line_end) + text[end:]
    return text


def _set_keys(text: str, entry: Entry, keys: Mapping[str, str | None]) -> list[tuple[int, int, str]]:
    """Values that are there are replaced or taken out, others follow the host, each written as its neighbours are."""
    edits: list[tuple[int, int, str]] = []
    host = entry.values.get("host")
    missing = ""
    for key, value in keys.items():
        place = entry.values.get(key)
        if value is None:
            if place is not None and place.end > place.start:
                edits.append(_take_out(text, entry, key, place))
        elif place is not None and place.end > place.start:
            edits.append((place.start, place.end, write_scalar(value)))
        elif key not in entry.values:
            line = f"{key}: {write_scalar(value)}"
            missing += f", {line}" if entry.flow else f"\n{' ' * entry.columns.get('host', 0)}{line}"
    if missing and host is not None:
        at = host.end if entry.flow else _end_of_line(text, host.end)
        edits.append((at, at, missing))
    return edits


def _take_out(text: str, entry: Entry, key: str, place: Span) -> tuple[int, int, str]:
    """Its whole line, or its piece of a mapping on one line; where it stands otherwise, it becomes an empty text."""
    before = text[max(entry.span.start, place.start - _MAX_KEY) : place.start]
    named = rf"[\"']?{re.escape(key)}[\"']?\s*:\s*$"
    if entry.flow:
        if found := re.search(rf",\s*{named}", before):
            return place.start - len(before) + found.start(), place.end, ""
        follows = re.match(r"\s*,\s*", text[place.end : entry.span.end])
        if follows and (found := re.search(named, before)):
            return place.start - len(before) + found.start(), place.end + follows.end(), ""
    elif "\n" not in text[place.start : place.end] and (found := re.search(rf"\n *{named}", before)):
        return place.start - len(before) + found.start(), _end_of_line(text, place.end), ""
    return place.start, place.end, '""'


def _add(text: str, found: Outline, added: Sequence[Fields]) -> tuple[int, int, str]:
    if found.flow and found.entries:
        return found.end, found.end, "".join(f",\n  {write_flow(one)}" for one in added)
    if found.flow:  # `devices: []`
        return found.span.start, found.span.end, "\n" + "\n".join(_item(one, 2, flow=False) for one in added)
    at = _end_of_line(text, found.end)
    at = _behind_comments(text, at, found.column)
    flow = bool(found.entries) and found.entries[-1].flow
    return at, at, "".join("\n" + _item(one, found.column, flow=flow) for one in added)


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end - (end > at and text[end - 1] == "\r")


def _behind_comments(text: str, at: int, column: int) -> int:
    """Comments below the last device that stand as far in as the devices belong to them."""
    while True:
        start = text.find("\n", at) + 1
        line = text[start : _end_of_line(text, start)] if start else ""
        indent = len(line) - len(line.lstrip(" "))
        if not line.lstrip(" ").startswith("#") or indent < max(column, 1):
            return at
        at = _end_of_line(text, start)


def _item(fields: Fields, column: int, *, flow: bool) -> str:
    margin = " " * column
    if flow:
        return f"{margin}- {write_flow(fields)}"
    lines = list(_block(fields, 0))
    return "\n".join(f"{margin}{'- ' if at == 0 else '  '}{line}" for at, line in enumerate(lines))


def _block(fields: Fields, depth: int) -> list[str]:
    """Lines of a mapping; what hangs deeper than one level is written on one line."""
    lines: list[str] = []
    for key, value in fields.items():
        if isinstance(value, Mapping) and depth == 0:
            lines.append(f"{key}:")
            lines += [f"  {line}" for line in _block(value, 1)]
        else:
            lines.append(f"{key}: {write_value(value)}")
    return lines


def write_flow(fields: Fields) -> str:
    """A mapping on one line."""
    return "{" + ", ".join(f"{key}: {write_value(value)}" for key, value in fields.items()) + "}"


def write_value(value: object) -> str:
    """A value on one line; truths as `on` and `off`, which the file's checks read."""
    if isinstance(value, Mapping):
        return write_flow(value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return write_scalar(value) if isinstance(value, str) else str(value)


def write_scalar(text: str) -> str:
    """A text: plain where nobody can read it as something else, in quotes otherwise (JSON's are YAML's)."""
    if _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT and len(text) < 200:
        return text
    return json.dumps(text, ensure_ascii=False)
