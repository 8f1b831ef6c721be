"""What is kept? Every question that the daemon, the console and the reports put to the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Table, false, func, or_, select, text

from monitor.core.change import EvidenceRole, Message, PictureRole
from monitor.core.inventory import Item
from monitor.core.outage import Outage
from monitor.core.world import Saved
from monitor.storage import records
from monitor.storage.schema import (
    CONDITION,
    DEVICE_PICTURE,
    DEVICE_REFERENCE,
    EVIDENCE,
    FRAME_TUNING,
    INVENTORY,
    OUTAGE,
    TICKET,
    TICKET_EVENT,
)
from probes.observation import Picture
from ticketing.ticket import OVER, Severity, Ticket, TicketEvent, TicketState

MAX_PAGE = 500

_OVER = sorted(state.value for state in OVER)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tickets? An empty set or text matches everything."""

    states: frozenset[TicketState] = frozenset()
    severities: frozenset[Severity] = frozenset()
    devices: frozenset[str] = frozenset()
    words: str = ""  # each word is found in T-000123, device, component, fault, assignee, cause or work …
    named: Mapping[str, frozenset[str]] = field(default_factory=dict)  # … or the device is one of these of that word
    opened_from: float | None = None
    opened_before: float | None = None
    below: int | None = None  # only ids below this: the next page
    limit: int = 50


EVERYTHING = Wanted()


@dataclass(frozen=True, slots=True)
class Evidence:
    """That there is a picture, without it."""

    role: EvidenceRole
    at: float
    width: int
    height: int


Told = tuple[Message, Ticket, TicketEvent]  # a message and what it speaks of


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture, and when it was taken."""

    at: float
    picture: Picture


def load(connection: Connection) -> Saved:
    """Everything that the daemon knew when it last committed."""
    rows = connection.execute(select(TICKET).where(TICKET.c.state.not_in(_OVER)).order_by(TICKET.c.id)).mappings()
    mark = (TICKET.c.site, TICKET.c.device, TICKET.c.component, TICKET.c.fault)
    closed = select(*mark, func.max(TICKET.c.id).label("id")).where(TICKET.c.state.in_(_OVER)).group_by(*mark)
    pictures = select(DEVICE_PICTURE.c.device, DEVICE_PICTURE.c.role, DEVICE_PICTURE.c.at)
    return Saved(
        conditions=tuple(map(records.condition_from, connection.execute(select(CONDITION)).mappings())),
        tickets=tuple(map(records.ticket_from, rows)),
        last_ticket=connection.execute(select(func.coalesce(func.max(TICKET.c.id), 0))).scalar_one(),
        closed=tuple((records.fingerprint_from(row), row["id"]) for row in connection.execute(closed).mappings()),
        items=inventory(connection),
        outages=outages(connection),
        pictures=tuple((device, role, at) for device, role, at in connection.execute(pictures)),
        tunings=tuple(map(records.tuning_from, connection.execute(select(FRAME_TUNING)).mappings())),
    )


def inventory(connection: Connection) -> tuple[Item, ...]:
    """What is known of every device."""
    return tuple(map(records.item_from, connection.execute(select(INVENTORY)).mappings()))


def outages(connection: Connection) -> tuple[Outage, ...]:
    """When which device was without power, and what the loads of UPSs did."""
    rows = connection.execute(select(OUTAGE)).mappings()
    return tuple(outage for row in rows for outage in records.outages_from(row))


def ticket(connection: Connection, number: int) -> Ticket | None:
    """That ticket."""
    row = connection.execute(select(TICKET).where(TICKET.c.id == number)).mappings().first()
    return None if row is None else records.ticket_from(row)


def tickets(connection: Connection, wanted: Wanted) -> tuple[Ticket, ...]:
    """The tickets that match, newest first, at most a page."""
    chosen = select(TICKET).where(*_conditions(wanted)).order_by(TICKET.c.id.desc()).limit(min(wanted.limit, MAX_PAGE))
    return tuple(map(records.ticket_from, connection.execute(chosen).mappings()))


def count(connection: Connection, wanted: Wanted) -> int:
    """How many match, on all pages."""
    return connection.execute(select(func.count()).select_from(TICKET).where(*_conditions(wanted))).scalar_one()


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    table = TICKET.c
    found: list[ColumnElement[bool]] = []
    if wanted.states:
        found.append(table.state.in_(sorted(state.value for state in wanted.states)))
    if wanted.severities:
        found.append(table.severity.in_(sorted(severity.value for severity in wanted.severities)))
    if wanted.devices:
        found.append(table.device.in_(sorted(wanted.devices)))
    if wanted.opened_from is not None:
        found.append(table.opened_at >= wanted.opened_from)
    if wanted.opened_before is not None:
        found.append(table.opened_at < wanted.opened_before)
    if wanted.below is not None:
        found.append(table.id < wanted.below)
    found.extend(_has(word, wanted.named.get(word, frozenset())) for word in wanted.words.split()[:8])
    return found


def _has(word: str, named: frozenset[str]) -> ColumnElement[bool]:
    table = TICKET.c
    searched = (table.device, table.component, table.fault, table.assignee, table.cause, table.work)
    number = word.upper().removeprefix("T-")
    return or_(
        table.id == int(number) if number.isascii() and number.isdigit() and len(number) < 18 else false(),
        table.device.in_(sorted(named)) if named else false(),
        *(func.lower(column).contains(word.lower(), autoescape=True) for column in searched),
    )


def counts(connection: Connection) -> dict[tuple[TicketState, Severity], int]:
    """How many tickets there are in each state and of each severity."""
    grouped = select(TICKET.c.state, TICKET.c.severity, func.count()).group_by(TICKET.c.state, TICKET.c.severity)
    return {(TicketState(state), Severity(severity)): number for state, severity, number in connection.execute(grouped)}


def events(connection: Connection, number: int) -> tuple[TicketEvent, ...]:
    """The history of a ticket, oldest first."""
    rows = select(TICKET_EVENT).where(TICKET_EVENT.c.ticket == number).order_by(TICKET_EVENT.c.number)
    return tuple(map(records.event_from, connection.execute(rows).mappings()))


def told(connection: Connection, messages: Sequence[Message]) -> tuple[Told, ...]:
    """What these messages speak of, in their order; those whose ticket or event is gone are left out."""
    numbers = sorted({message.ticket for message in messages})
    rows = connection.execute(select(TICKET).where(TICKET.c.id.in_(numbers))).mappings()
    of_ticket = {row["id"]: records.ticket_from(row) for row in rows}
    lines = select(TICKET_EVENT).where(
        TICKET_EVENT.c.ticket.in_(numbers), TICKET_EVENT.c.number.in_(sorted({message.event for message in messages}))
    )
    found = map(records.event_from, connection.execute(lines).mappings())
    of_event = {(event.ticket, event.number): event for event in found}
    return tuple(
        (message, of_ticket[message.ticket], event)
        for message in messages
        if (event := of_event.get((message.ticket, message.event))) and message.ticket in of_ticket
    )


def events_between(connection: Connection, begin: float, end: float, limit: int) -> tuple[TicketEvent, ...]:
    """What happened to any ticket from `begin` until before `end`, oldest first."""
    at = TICKET_EVENT.c.at
    rows = select(TICKET_EVENT).where(at >= begin, at < end).order_by(at, TICKET_EVENT.c.ticket, TICKET_EVENT.c.number)
    return tuple(map(records.event_from, connection.execute(rows.limit(limit)).mappings()))


def evidence(connection: Connection, number: int) -> tuple[Evidence, ...]:
    """Which pictures a ticket has, in the order of their taking."""
    table = EVIDENCE.c
    rows = select(table.role, table.at, table.width, table.height).where(table.ticket == number).order_by(table.at)
    return tuple(
        Evidence(cast("EvidenceRole", role), at, width, height) for role, at, width, height in connection.execute(rows)
    )


def evidence_picture(connection: Connection, number: int, role: EvidenceRole) -> Kept | None:
    """That picture of a ticket."""
    return _picture(connection, EVIDENCE, EVIDENCE.c.ticket == number, EVIDENCE.c.role == role)


def device_picture(connection: Connection, device: str, role: PictureRole) -> Kept | None:
    """That picture of a device."""
    return _picture(connection, DEVICE_PICTURE, DEVICE_PICTURE.c.device == device, DEVICE_PICTURE.c.role == role)


def device_reference(connection: Connection, device: str) -> bytes:
    """What is known of the device's pictures; empty if nothing is."""
    wanted = select(DEVICE_REFERENCE.c.data).where(DEVICE_REFERENCE.c.device == device)
    found = connection.execute(wanted).scalar_one_or_none()
    return b"" if found is None else bytes(found)


def _picture(connection: Connection, table: Table, *where: ColumnElement[bool]) -> Kept | None:
    row: Any = connection.execute(select(table).where(*where)).mappings().first()
    return None if row is None else Kept(row["at"], records.picture_from(row))


def tickets_touching(connection: Connection, begin: float, end: float, limit: int) -> tuple[Ticket, ...]:
    """For reports: tickets that were open at some time from `begin` until before `end`, oldest first."""
    table = TICKET.c
    touching = select(TICKET).where(
        table.opened_at < end,
        func.coalesce(table.closed_at, table.recovered_at, end) >= begin,
    )
    rows = connection.execute(touching.order_by(table.opened_at, table.id).limit(limit)).mappings()
    return tuple(map(records.ticket_from, rows))


def size_bytes(connection: Connection) -> int:
    """How much room the database takes; of SQLite without its log."""
    if connection.dialect.name == "sqlite":
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        return int(pages * connection.execute(text("PRAGMA page_size")).scalar_one())
    return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
