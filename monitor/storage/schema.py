"""Which tables are there? Times are seconds since the epoch (UTC); what is never searched is JSON text.

No foreign keys: one decider puts every record in one transaction with what it belongs to.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)

_UNSTORABLE = re.compile("[\\\\\x00\ud800-\udfff]")
_ESCAPE = re.compile(r"\\(\\|[0-9a-f]{4})")


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    return "\\\\" if char == "\\" else f"\\{ord(char):04x}"


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    return "\\" if code == "\\" else chr(int(code, 16))


class Words(TypeDecorator[str]):
    """Text from outside, kept exactly: what PostgreSQL or UTF-8 cannot hold (NUL, lone surrogates) is escaped."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text as it is stored."""
        return value if value is None else _UNSTORABLE.sub(_escape, value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """The text as it was given."""
        return value if value is None or "\\" not in value else _ESCAPE.sub(_unescape, value)


Number = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only what is called INTEGER

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def _words(name: str, *, key: bool = False) -> Column[Any]:
    return Column(name, Words, nullable=False, primary_key=key)


def _code(name: str, *, key: bool = False) -> Column[Any]:
    return Column(name, Text, nullable=False, primary_key=key)


def _time(name: str, *, maybe: bool = False) -> Column[Any]:
    return Column(name, Double, nullable=maybe)


def _clock(name: str) -> tuple[Column[Any], ...]:
    return (
        _time(f"{name}_due_at", maybe=True),
        _time(f"{name}_met_at", maybe=True),
        Column(f"{name}_breached", Boolean, nullable=False),
    )


def _picture() -> tuple[Column[Any], ...]:
    return (
        _time("at"),
        Column("width", Integer, nullable=False),
        Column("height", Integer, nullable=False),
        Column("jpeg", LargeBinary, nullable=False),
    )


CONDITION = Table(
    "condition",
    METADATA,
    _words("device", key=True),
    _words("rule", key=True),
    _words("component", key=True),
    _code("state"),
    _time("since"),
    Column("hits", Integer, nullable=False),
    _time("fired_at", maybe=True),
    Column("told", Boolean, nullable=False),
    Column("held_by", Words, nullable=True),
    _time("good_since", maybe=True),
    Column("goods", Integer, nullable=False),
    _code("firings"),
)

TICKET = Table(
    "ticket",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    _words("site"),
    _words("device"),
    _words("component"),
    _words("fault"),
    _code("severity"),
    _code("state"),
    _time("opened_at"),
    _time("since"),
    _code("facts"),
    _code("surroundings"),
    _code("children"),
    *_clock("response"),
    *_clock("arrival"),
    *_clock("fix"),
    _words("assignee"),
    Column("pending", Text, nullable=True),
    _time("pending_since", maybe=True),
    _time("resolved_at", maybe=True),
    _time("recovered_at", maybe=True),
    _time("verify_after", maybe=True),
    _time("closed_at", maybe=True),
    Column("occurrences", Integer, nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("previous", BigInteger, nullable=True),
    _words("waiver"),
    _words("cause"),
    _words("work"),
    Column("events", Integer, nullable=False),
    _time("changed_at"),
    Index(None, "state", "id"),
    Index(None, "device", "id"),
    Index(None, "opened_at"),
    Index(None, "closed_at"),
)

TICKET_EVENT = Table(
    "ticket_event",
    METADATA,
    Column("ticket", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    _time("at"),
    _code("kind"),
    _words("by"),
    _words("text"),
    _code("facts"),
    Index(None, "at"),
)

DEVICE_PICTURE = Table("device_picture", METADATA, _words("device", key=True), _code("role", key=True), *_picture())

DEVICE_REFERENCE = Table(
    "device_reference",
    METADATA,
    _words("device", key=True),
    _time("at"),
    Column("data", LargeBinary, nullable=False),
)

FRAME_TUNING = Table(
    "frame_tuning",
    METADATA,
    _words("device", key=True),
    _code("fault", key=True),
    Column("factor", Double, nullable=False),
    _time("at"),
    _words("by"),
    Column("ticket", BigInteger, nullable=False),
)

EVIDENCE = Table(
    "evidence",
    METADATA,
    Column("ticket", BigInteger, primary_key=True, autoincrement=False),
    _code("role", key=True),
    *_picture(),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("number", Number, primary_key=True, autoincrement=True),  # the order in which they were said
    Column("key", Words, nullable=False, unique=True),
    _words("route"),
    _words("channel"),
    _code("language"),
    Column("ticket", BigInteger, nullable=False),
    Column("event", Integer, nullable=False),
    _code("severity"),
    _time("created_at"),
    _time("not_before"),
    _code("state"),  # waiting → sending → sent; dead when it was given up
    _time("due_at"),  # waiting: not before this; sending: its lease ends then
    Column("parcel", Words, nullable=True),  # the key under which it goes out, written before it is sent
    Column("attempts", Integer, nullable=False),
    Column("possible_repeat", Boolean, nullable=False),  # an attempt ended without our knowing how
    _time("sending_since", maybe=True),
    _time("settled_at", maybe=True),  # sent or given up
    _words("reason"),  # why the last attempt failed
    Index(None, "parcel"),
    Index(None, "state", "settled_at"),
)

INVENTORY = Table(
    "inventory",
    METADATA,
    _words("device", key=True),
    _words("name", key=True),
    _words("value"),
    _time("first_seen"),
    _time("last_seen"),
    Column("found", Words, nullable=True),  # seen instead of `value`
    _time("found_since", maybe=True),
    Column("previous", Words, nullable=True),  # what `value` was before a person accepted it
    _words("accepted_by"),
    _time("accepted_at", maybe=True),
)

OUTAGE = Table("outage", METADATA, _words("device", key=True), _code("outages"))

PULSE = Table("pulse", METADATA, Column("id", Integer, primary_key=True, autoincrement=False), _time("at"))
