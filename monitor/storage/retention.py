"""What may be thrown away, and when? Tickets and their history never; pictures and delivered messages after a while."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, delete, select

from monitor.storage.schema import EVIDENCE, OUTBOX, TICKET
from ticketing.ticket import OVER

CHUNK = 500  # rows a transaction, so that deleting never keeps the decisions waiting
FREED_PAGES = 2_000  # given back to the disk a transaction

DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Retention:
    """How long is kept what may go."""

    picture_days: float = 90.0  # of tickets that are closed or cancelled
    message_days: float = 30.0  # delivered or given up


def purge_some(connection: Connection, now: float, policy: Retention) -> tuple[int, int]:
    """Delete at most a chunk of pictures and of messages; how many of each. (0, 0): there is nothing left to delete."""
    states = sorted(state.value for state in OVER)
    old = now - policy.picture_days * DAY_SECONDS
    over = select(TICKET.c.id).where(TICKET.c.state.in_(states), TICKET.c.closed_at < old)
    pictures = _delete(connection, EVIDENCE, EVIDENCE.c.ticket, EVIDENCE.c.ticket.in_(over))
    settled = OUTBOX.c.settled_at < now - policy.message_days * DAY_SECONDS
    messages = _delete(connection, OUTBOX, OUTBOX.c.number, OUTBOX.c.state.in_(("sent", "dead")) & settled)
    if connection.dialect.name == "sqlite" and (pictures or messages):
        _shrink(connection)
    return pictures, messages


def _shrink(connection: Connection) -> None:
    """A page at a time: Python's driver takes only the first step of a statement that gives rows without columns."""
    free = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
    for _ in range(min(free, FREED_PAGES)):
        connection.exec_driver_sql("PRAGMA incremental_vacuum(1)")


def _delete(connection: Connection, table: Table, key: ColumnElement[int], where: ColumnElement[bool]) -> int:
    chosen = select(key).where(where).distinct().limit(CHUNK).scalar_subquery()
    return connection.execute(delete(table).where(key.in_(chosen))).rowcount
