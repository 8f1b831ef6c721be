"""Which messages go out next, under which key, and what became of them?

    waiting ──claim──▶ sending ──▶ sent
       ▲                  │ failed, or nobody said how it ended (crash: its lease runs out)
       └──────────────────┴──▶ dead (given up; kept and counted)

What goes out together is decided once and written before it is sent: after a crash the same parcel goes out again
under the same key, so a receiver that remembers keys sees nothing twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Row, func, select, update

from monitor.core.change import Message
from monitor.storage import records
from monitor.storage.schema import OUTBOX
from ticketing.ticket import Language

_OPEN = ("waiting", "sending")
_LOOKED_AT = 1_000  # messages of one channel that one claim looks at
_T = OUTBOX.c


@dataclass(frozen=True, slots=True)
class Grouping:
    """When does one digest take the place of many messages on one route?"""

    over: int = 5  # more than these waiting become one; after as many parcels within the window the route gathers
    window_seconds: float = 60.0
    most: int = 500  # messages in one digest


GROUPING = Grouping()


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is delivered at once: one message, or a digest of several of one route. `key` is its idempotency key."""

    key: str
    channel: str
    route: str
    language: Language
    messages: tuple[Message, ...]  # oldest first
    attempt: int  # 1 for the first
    possible_repeat: bool  # an earlier attempt may have arrived


@dataclass(frozen=True, slots=True)
class Backlog:
    """What has not been delivered."""

    waiting: int = 0
    oldest_at: float | None = None  # when the oldest of those was said
    dead: int = 0


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was given up."""

    message: Message
    at: float
    attempts: int
    reason: str


def claim(
    connection: Connection, now: float, lease_seconds: float, resting: Collection[str], grouping: Grouping
) -> tuple[Parcel, ...]:
    """The oldest parcel that is due of every channel that is not resting, marked as being sent until its lease ends."""
    rank = func.row_number().over(partition_by=_T.channel, order_by=_T.number).label("rank")
    due = (
        select(_T.number, _T.key, _T.channel, _T.route, _T.parcel, rank)
        .where(_T.state.in_(_OPEN), _T.due_at <= now, _T.channel.not_in(sorted(resting)))
        .subquery()
    )
    rows = connection.execute(select(due).where(due.c.rank <= _LOOKED_AT).order_by(due.c.channel, due.c.number)).all()
    claimed = []
    for _, of_channel in groupby(rows, key=lambda row: str(row.channel)):
        chosen = _first(connection, list(of_channel), now, grouping)
        if chosen is not None:
            claimed.append(_take(connection, *chosen, now, lease_seconds))
    return tuple(claimed)


def _first(
    connection: Connection, rows: Sequence[Row[Any]], now: float, grouping: Grouping
) -> tuple[str, ColumnElement[bool]] | None:
    """The key of the oldest parcel of one channel, and what it holds; messages of routes that gather are put off."""
    gathering: set[str] = set()
    for row in rows:
        if row.parcel is not None:
            return row.parcel, (_T.parcel == row.parcel) & _T.state.in_(_OPEN)
        if row.route in gathering:
            continue
        fresh = [other.number for other in rows if other.route == row.route and other.parcel is None]
        until = _gathers_until(connection, row.route, now, grouping)
        if until is None:
            if len(fresh) > grouping.over:
                return f"digest/{row.key}", _T.number.in_(fresh[: grouping.most])
            return row.key, _T.number == row.number
        gathering.add(row.route)
        connection.execute(update(OUTBOX).where(_T.number.in_(fresh)).values(due_at=until))
    return None


def _gathers_until(connection: Connection, route: str, now: float, grouping: Grouping) -> float | None:
    """A route that has had its share of parcels within the window gathers until the oldest of them is out of it."""
    recent = (
        select(func.max(_T.settled_at).label("at"))
        .where(_T.state == "sent", _T.settled_at.between(now - grouping.window_seconds, now), _T.route == route)
        .group_by(_T.parcel)
        .order_by(func.max(_T.settled_at).desc())
        .limit(grouping.over)
    )
    times = connection.execute(recent).scalars().all()
    return times[-1] + grouping.window_seconds if len(times) >= grouping.over else None


def _take(connection: Connection, key: str, chosen: ColumnElement[bool], now: float, lease_seconds: float) -> Parcel:
    rows = connection.execute(select(OUTBOX).where(chosen).order_by(_T.number)).all()
    repeat = any(row.possible_repeat or row.state == "sending" for row in rows)
    connection.execute(
        update(OUTBOX)
        .where(chosen)
        .values(
            state="sending",
            parcel=key,
            attempts=_T.attempts + 1,
            sending_since=now,
            due_at=now + lease_seconds,
            possible_repeat=repeat,
        )
    )
    first = rows[0]
    return Parcel(
        key=key,
        channel=first.channel,
        route=first.route,
        language=first.language,
        messages=tuple(records.message_from(row._mapping) for row in rows),
        attempt=1 + max(row.attempts for row in rows),
        possible_repeat=repeat,
    )


def sent(connection: Connection, key: str, at: float) -> None:
    """It was taken by the other side."""
    _settle(connection, key, state="sent", settled_at=at, reason="")


def failed(connection: Connection, key: str, reason: str, retry_at: float, *, unsure: bool) -> None:
    """It was not taken, or `unsure`, it may have been; it is due again then."""
    values = {"possible_repeat": True} if unsure else {}
    _settle(connection, key, state="waiting", due_at=retry_at, reason=reason, **values)


def give_up(connection: Connection, key: str, reason: str, at: float) -> None:
    """It will not be tried again; it stays to be seen."""
    _settle(connection, key, state="dead", settled_at=at, reason=reason)


def _settle(connection: Connection, key: str, **values: Any) -> None:
    connection.execute(
        update(OUTBOX).where(_T.parcel == key, _T.state == "sending").values(sending_since=None, **values)
    )


def reclaim(connection: Connection, now: float) -> int:
    """At start, when nobody else delivers: what was being sent when the process died is due at once. How many.

    So is what was put off: the clock may have been set while nobody looked.
    """
    distrust_clock(connection, now)
    dying = update(OUTBOX).where(_T.state == "sending").values(state="waiting", due_at=now, possible_repeat=True)
    return connection.execute(dying).rowcount


def distrust_clock(connection: Connection, now: float) -> None:
    """The clock was set: what failed, was gathered or was said by the old one is due at once."""
    put_off = (_T.attempts > 0) | (_T.not_before <= now) | (_T.created_at > now)
    connection.execute(update(OUTBOX).where(_T.state == "waiting", _T.due_at > now, put_off).values(due_at=now))


def hasten(connection: Connection, channel: str, now: float) -> None:
    """The channel works again: what was put off because it did not is due at once."""
    late = (_T.channel == channel) & (_T.state == "waiting") & (_T.attempts > 0) & (_T.due_at > now)
    connection.execute(update(OUTBOX).where(late).values(due_at=now))


def next_due(connection: Connection, resting: Collection[str]) -> float | None:
    """When the next message of a channel that is not resting is due; None: nothing waits."""
    due = select(func.min(_T.due_at)).where(_T.state.in_(_OPEN), _T.channel.not_in(sorted(resting)))
    return cast("float | None", connection.execute(due).scalar_one())


def backlog(connection: Connection) -> dict[str, Backlog]:
    """By channel: what waits and what was given up."""
    grouped = select(_T.channel, _T.state, func.count(), func.min(_T.created_at)).group_by(_T.channel, _T.state)
    rows = connection.execute(grouped.where(_T.state.in_((*_OPEN, "dead"))).order_by(_T.channel)).all()
    return {channel: _backlog(of_channel) for channel, of_channel in groupby(rows, key=lambda row: str(row[0]))}


def _backlog(rows: Iterable[Any]) -> Backlog:
    found: list[tuple[str, int, float]] = [(state, number, oldest) for _, state, number, oldest in rows]
    waiting = [(number, oldest) for state, number, oldest in found if state in _OPEN]
    return Backlog(
        waiting=sum(number for number, _ in waiting),
        oldest_at=min((oldest for _, oldest in waiting), default=None),
        dead=sum(number for state, number, _ in found if state == "dead"),
    )


def dead_letters(connection: Connection, limit: int) -> tuple[DeadLetter, ...]:
    """What was given up, newest first."""
    rows = select(OUTBOX).where(_T.state == "dead").order_by(_T.settled_at.desc()).limit(limit)
    return tuple(_letters(connection.execute(rows)))


def _letters(rows: Iterable[Row[Any]]) -> Iterator[DeadLetter]:
    for row in rows:
        yield DeadLetter(records.message_from(row._mapping), row.settled_at, row.attempts, row.reason)
