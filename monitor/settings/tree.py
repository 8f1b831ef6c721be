"""What stands in a YAML file, and at which line and column?

Read event by event, so that no depth, alias or size can take the daemon's memory or stack. Scalars stay text, as in the
file: what is a number and what is a name is decided by the one who reads them (`port: 1.10` is a port's name).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import yaml

from monitor.settings.mistake import Findings, Mark
from monitor.settings.slip import slip

MAX_BYTES = 10_000_000
MAX_DEPTH = 32  # levels, aliases followed
MAX_NODES = 2_000_000  # scalars, lists and mappings, aliases followed

_STRING_TAG = "tag:yaml.org,2002:str"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Scalar(str):
    """A scalar that knows where it stands; without quotes (`plain`) it may mean a number or a truth."""

    __slots__ = ("mark", "plain")

    def __new__(cls, text: str, mark: Mark, plain: bool) -> Scalar:
        """The text at that place."""
        scalar = super().__new__(cls, text)
        scalar.mark = mark
        scalar.plain = plain
        return scalar

    mark: Mark
    plain: bool


class MarkedMap(dict[str, Any]):
    """A mapping that knows where its keys and values stand, and where it hangs itself."""

    __slots__ = ("above", "height", "key_marks", "mark", "nodes", "origins", "value_marks")

    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self.mark = mark
        self.above: tuple[MarkedMap | MarkedList, str | int] | None = None
        self.key_marks: dict[str, Mark] = {}
        self.value_marks: dict[str, Mark] = {}
        self.origins: dict[str, MarkedMap] | None = None  # when laid together from others: where each key came from
        self.nodes = 1
        self.height = 1


class MarkedList(list[Any]):
    """A list that knows where its items stand, and where it hangs itself."""

    __slots__ = ("above", "height", "mark", "nodes", "value_marks")

    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self.mark = mark
        self.above: tuple[MarkedMap | MarkedList, str | int] | None = None
        self.value_marks: list[Mark] = []
        self.nodes = 1
        self.height = 1


@dataclass(slots=True)
class _Open:
    """A branch whose end has not come yet."""

    branch: MarkedMap | MarkedList
    anchor: str | None
    key: str | None = None  # of a mapping: the key whose value comes next
    key_mark: Mark | None = None
    skip: bool = False  # the value that comes next is thrown away: its key was refused


class _GiveUp(Exception):
    """The rest of the file cannot be read; why was noted."""


def read(path: Path, findings: Findings, *, name: str | None = None) -> Any:
    """The file's content: `MarkedMap`, `MarkedList`, `Scalar` or None.

    `name` is the file as messages call it. Mistakes go to `findings`; None comes back when nothing can be used.
    """
    file = Mark(name or str(path))
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        findings.wrong(file, "", "unreadable", why=getattr(error, "strerror", None) or error)
        return None
    return parse(raw, findings, file.file)


def parse(raw: bytes, findings: Findings, file: str) -> Any:
    """The content of these bytes; see `read`."""
    if len(raw) > MAX_BYTES:
        findings.wrong(Mark(file), "", "too_large", megabytes=MAX_BYTES // 1_000_000)
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        findings.wrong(Mark(file, line, column), "", "not_utf8")
        return None
    builder = _Builder(file, findings)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except _GiveUp:
        return None
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        if at and (found := slip(text, at.line + 1)):
            code, line, column, character = found
            findings.wrong(Mark(file, line, column), "", code, character=character)
            return None
        mark = Mark(file, at.line + 1, at.column + 1) if at else Mark(file)
        findings.wrong(mark, "", "syntax", why=error.problem or error.context or "?")
        return None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        findings.wrong(Mark(file, before.count("\n") + 1), "", "strange_character", character=f"U+{_code(error):04X}")
        return None
    return builder.root


def _code(error: yaml.reader.ReaderError) -> int:
    found = error.character
    return found if isinstance(found, int) else ord(found[0])


class _Builder:
    """Grows the tree from the parser's events."""

    def __init__(self, file: str, findings: Findings) -> None:
        self.root: Any = None
        self._file = file
        self._findings = findings
        self._open: list[_Open] = []
        self._anchors: dict[str, Any] = {}
        self._documents = 0

    def take(self, event: Any) -> None:
        """The next event; raises `_GiveUp` when the rest makes no sense."""
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._start(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                closed = self._open.pop()
                if closed.anchor is not None:
                    self._anchors[closed.anchor] = closed.branch
                self._put(closed.branch, closed.branch.mark)
            case yaml.AliasEvent():
                mark = self._mark(event)
                anchor = event.anchor or ""
                if anchor not in self._anchors:
                    self._give_up(mark, "alias_inside" if self._is_open(anchor) else "alias_unknown")
                self._put(self._anchors[anchor], mark)
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    self._give_up(self._mark(event), "second_document")

    def _mark(self, event: Any) -> Mark:
        return Mark(self._file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _give_up(self, mark: Mark, code: str, bound: int = 0) -> None:
        self._findings.wrong(mark, "", code, bound=bound)
        raise _GiveUp

    def _is_open(self, anchor: str) -> bool:
        return any(one.anchor == anchor for one in self._open)

    def _scalar(self, event: Any) -> None:
        mark = self._mark(event)
        self._check_tag(event, mark)
        plain = event.implicit[0]
        value = None if plain and event.value in _NULLS else Scalar(event.value, mark, plain)
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        self._put(value, mark)

    def _start(self, event: Any) -> None:
        mark = self._mark(event)
        self._check_tag(event, mark)
        if len(self._open) >= MAX_DEPTH:
            self._give_up(mark, "too_deep", MAX_DEPTH)
        branch = MarkedMap(mark) if isinstance(event, yaml.MappingStartEvent) else MarkedList(mark)
        self._open.append(_Open(branch, event.anchor))

    def _check_tag(self, event: Any, mark: Mark) -> None:
        if event.tag is not None and event.tag not in (_STRING_TAG, "!"):
            self._findings.wrong(mark, "", "tag", tag=event.tag)

    def _put(self, value: Any, mark: Mark) -> None:
        if not self._open:
            self.root = value
            return
        top = self._open[-1]
        if isinstance(top.branch, MarkedMap) and top.key_mark is None:
            self._put_key(top, value, mark)
            return
        if top.skip:
            top.skip, top.key_mark = False, None
            return
        self._grow(top.branch, value, mark)
        if isinstance(value, MarkedMap | MarkedList) and value.above is None:
            value.above = (top.branch, len(top.branch) if isinstance(top.branch, MarkedList) else top.key or "")
        if isinstance(top.branch, MarkedMap):
            assert top.key is not None
            assert top.key_mark is not None
            top.branch[top.key] = value
            top.branch.key_marks[top.key] = top.key_mark
            top.branch.value_marks[top.key] = mark
            top.key_mark = None
        else:
            top.branch.append(value)
            top.branch.value_marks.append(mark)

    def _put_key(self, top: _Open, value: Any, mark: Mark) -> None:
        assert isinstance(top.branch, MarkedMap)
        top.key_mark = mark
        if not isinstance(value, str):
            self._findings.wrong(mark, "", "key_not_text")
            top.skip = True
        elif value == "<<":
            self._findings.wrong(mark, "<<", "merge_key")
            top.skip = True
        elif value in top.branch:
            self._findings.wrong(mark, value, "duplicate_key", first=top.branch.key_marks[value].line)
            top.skip = True
        else:
            top.key = str(value)

    def _grow(self, branch: MarkedMap | MarkedList, value: Any, mark: Mark) -> None:
        """Count what the alias-free tree would hold, and how deep it would be. A long text counts as several values."""
        if isinstance(value, MarkedMap | MarkedList):
            nodes, height = value.nodes, value.height
        else:
            nodes, height = 1 + len(value or "") // 64, 0
        branch.nodes += nodes
        branch.height = max(branch.height, height + 1)
        if branch.nodes > MAX_NODES:
            self._give_up(mark, "too_many_nodes", MAX_NODES)
        if branch.height > MAX_DEPTH:
            self._give_up(mark, "too_deep", MAX_DEPTH)


_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]{1,18}|[0-9]{1,18}(\.[0-9]{0,18})?)([eE][-+]?[0-9]{1,3})?")


def resolve(value: Any) -> Any:
    """What a scalar means in YAML 1.2's core schema: a truth, a whole number, a decimal number, or text."""
    if not isinstance(value, Scalar) or not value.plain:
        return str(value) if isinstance(value, str) else value
    if value in ("true", "True", "TRUE"):
        return True
    if value in ("false", "False", "FALSE"):
        return False
    if _WHOLE.fullmatch(value):
        return int(value)
    if _DECIMAL.fullmatch(value) and isfinite(number := float(value)):
        return number
    return str(value)


def path_of(branch: MarkedMap | MarkedList, *further: str | int) -> str:
    """The branch (and what is below it) as people write it: devices[3].checks.frame."""
    if isinstance(branch, MarkedMap) and branch.origins and further:
        branch = branch.origins.get(str(further[0]), branch)
    steps: list[str | int] = list(reversed(further))
    while branch.above is not None:
        branch, step = branch.above
        steps.append(step)
    path = ""
    for step in reversed(steps):
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path
