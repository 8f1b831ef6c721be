"""What can a decision change? The store writes these in one transaction, and only then are they published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from monitor.core.condition import Condition, Key
from monitor.core.inventory import Item
from monitor.core.outage import Outage
from probes.observation import Picture
from ticketing.ticket import Language, Severity, Ticket, TicketEvent

PictureRole = Literal["latest", "good"]  # of a device
EvidenceRole = Literal["now", "marked", "before", "after"]  # of a ticket: at the fault, the same marked, the last good
# one, after the repair


@dataclass(frozen=True, slots=True)
class PutCondition:
    """Insert or replace by key."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class DropCondition:
    """The condition is ok again, or its device, check or rule is gone."""

    key: Key


@dataclass(frozen=True, slots=True)
class PutTicket:
    """Insert or replace by id."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class AddEvent:
    """Append to a ticket's history."""

    event: TicketEvent


@dataclass(frozen=True, slots=True)
class KeepPicture:
    """Insert or replace the device's picture of that role."""

    device: str
    role: PictureRole
    at: float
    picture: Picture


@dataclass(frozen=True, slots=True)
class KeepReference:
    """Insert or replace what is known of the device's pictures (see `probes.frame.reference`)."""

    device: str
    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a person taught: that fault's threshold at that device, times `factor`; for "view": this view is right."""

    device: str
    fault: str
    factor: float
    at: float
    by: str
    ticket: int = 0  # whose verdict it was; 0: none


@dataclass(frozen=True, slots=True)
class PutTuning:
    """Insert or replace by device and fault."""

    tuning: Tuning


@dataclass(frozen=True, slots=True)
class DropTuning:
    """A person took it back."""

    device: str
    fault: str


@dataclass(frozen=True, slots=True)
class AddEvidence:
    """A picture for a ticket. Insert or replace by (ticket, role)."""

    ticket: int
    role: EvidenceRole
    at: float
    picture: Picture


@dataclass(frozen=True, slots=True)
class CopyEvidence:
    """The device's kept picture, if there is one, becomes evidence of the ticket."""

    ticket: int
    role: EvidenceRole
    device: str
    kept: PictureRole


@dataclass(frozen=True, slots=True)
class PutItem:
    """What is known of a device: insert or replace by (device, name)."""

    item: Item


@dataclass(frozen=True, slots=True)
class PutOutages:
    """Insert or replace what the loads of UPSs did when this device was without power."""

    device: str
    outages: tuple[Outage, ...]


@dataclass(frozen=True, slots=True)
class DropItems:
    """Everything that is known of a device, its outages too: it was taken out of the site's file long ago."""

    device: str


@dataclass(frozen=True, slots=True)
class Message:
    """One notification to be delivered: an event of a ticket on one route. `key` is its idempotency key.

    What it says is put into words when it is delivered, in `language`.
    """

    key: str
    route: str
    channel: str
    language: Language
    ticket: int
    event: int  # number of the ticket's event
    severity: Severity
    created_at: float
    not_before: float  # later than created_at when the route's hours are over


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Into the outbox, in the same transaction. A key that is already there is ignored."""

    message: Message


Change = (
    PutCondition
    | DropCondition
    | PutTicket
    | AddEvent
    | KeepPicture
    | KeepReference
    | PutTuning
    | DropTuning
    | AddEvidence
    | CopyEvidence
    | PutItem
    | PutOutages
    | DropItems
    | Enqueue
)
