"""Which trap means what? The files of `config/traps`, and what the site says of a device's own traps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import yaml
from pydantic import ValidationError

from probes.errors import Garbled
from probes.snmp.ber import oid, to_oid
from probes.snmp.conversion import to_text
from probes.snmp.message import Bind
from probes.snmp.shelf import shipped_folder
from probes.standing import State, Told
from probes.traps.notice import Notice
from probes.traps.schema import Meaning, TrapFile

MAX_ITEM = 60  # characters of a row's item
MAX_TEXT = 200  # characters of what is quoted
OTHER = "other"  # event of a trap that no file knows
OTHER_SECONDS = 900.0


class TrapFileError(Exception):
    """A file of traps cannot be used; the text names it."""


@dataclass(frozen=True)
class Book:
    """Meanings by the trap's OID (content octets), and words for traps without one."""

    meanings: Mapping[bytes, Meaning] = field(default_factory=dict)
    words: tuple[tuple[str, re.Pattern[str]], ...] = ()
    cleared_words: re.Pattern[str] | None = None

    @cached_property
    def passing(self) -> Mapping[str, float]:
        """Events that are over by themselves, and after how many seconds."""
        found = {OTHER: OTHER_SECONDS}
        for meaning in self.meanings.values():
            if meaning.event is not None and meaning.ends_after_seconds is not None:
                found[meaning.event] = meaning.ends_after_seconds
        return found

    def read(self, notice: Notice, own: Mapping[bytes, Meaning], *, by_words: bool) -> Told:
        """What the trap tells; `own` are the device's own meanings."""
        meaning = own.get(notice.trap) or self.meanings.get(notice.trap)
        if meaning is not None:
            return _told(meaning, notice)
        text = f"{to_oid(notice.trap)[:MAX_ITEM]}: {_texts(notice.binds)}".rstrip(": ")[:MAX_TEXT]
        if by_words:
            for event, pattern in self.words:
                if pattern.search(text):
                    cleared = self.cleared_words is not None and self.cleared_words.search(text)
                    return Told(event, "", "cleared" if cleared else "raised", text)
        return Told(OTHER, to_oid(notice.trap)[:MAX_ITEM], "raised", text, OTHER_SECONDS)


def index(meanings: Iterable[Meaning]) -> dict[bytes, Meaning]:
    """By the trap's OID, as version 1 and as version 2 write it (RFC 3584 section 3.1: a 0 before the last number)."""
    found: dict[bytes, Meaning] = {}
    for meaning in meanings:
        head, _, last = meaning.trap.rpartition(".")
        other = f"{head[:-2]}.{last}" if head.endswith(".0") else f"{head}.0.{last}"
        found.setdefault(oid(other), meaning)
        found[oid(meaning.trap)] = meaning
    return found


@cache
def shipped_book() -> Book:
    """The book of the shipped files, read at first use. Raises TrapFileError."""
    return read_book(sorted((shipped_folder().parent / "traps").glob("*.yaml")))


def read_book(paths: Iterable[Path]) -> Book:
    """The book of these files; the later one counts. Raises TrapFileError."""
    meanings: list[Meaning] = []
    words: list[tuple[str, re.Pattern[str]]] = []
    cleared: re.Pattern[str] | None = None
    for path in paths:
        try:
            file = TrapFile.model_validate(yaml.safe_load(path.read_text("utf-8")))
        except (OSError, ValueError, yaml.YAMLError, ValidationError) as error:
            raise TrapFileError(f"{path}: {error}") from None
        meanings += file.traps
        words += [(one.event, re.compile(one.words, re.IGNORECASE)) for one in file.words]
        cleared = re.compile(file.cleared_words, re.IGNORECASE) if file.cleared_words else cleared
    return Book(index(meanings), tuple(words), cleared)


def _told(meaning: Meaning, notice: Notice) -> Told:
    if meaning.event_of is not None:
        value = _value(notice.binds, meaning.event_of.OID)
        event = meaning.event_of.events.get(value, meaning.event_of.otherwise)
    else:
        assert meaning.event is not None
        event = meaning.event
    if meaning.state_of is not None:
        state: State = "cleared" if _value(notice.binds, meaning.state_of.OID) in meaning.state_of.cleared else "raised"
    else:
        assert meaning.state is not None
        state = meaning.state
    item = _value(notice.binds, meaning.item)[:MAX_ITEM] if meaning.item is not None else ""
    quoted = ((name, _value(notice.binds, under)) for name, under in meaning.quote.items())
    text = "; ".join(f"{name}: {value}" for name, value in quoted if value)[:MAX_TEXT]
    return Told(event, item, state, text or meaning.name, meaning.ends_after_seconds)


def _value(binds: Iterable[Bind], under: str) -> str:
    """The value of the first variable at or below that OID, as text; "" if there is none."""
    prefix = oid(under)
    for name, tag, raw in binds:
        if name.startswith(prefix):
            return _text(tag, raw)
    return ""


def _texts(binds: Iterable[Bind]) -> str:
    return "; ".join(text for _, tag, raw in list(binds)[:8] if (text := _text(tag, raw)))


def _text(tag: int, raw: bytes) -> str:
    try:
        return to_text(tag, raw) or ""
    except Garbled:
        return ""
