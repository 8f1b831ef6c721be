"""What is a ticket, and which states can it take?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Fact = bool | int | float | str
Language = Literal["en", "zh_CN"]


class Severity(StrEnum):
    """How bad, from worst. `rank` 0 is the worst."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for urgent … 3 for low."""
        return list(Severity).index(self)


class TicketState(StrEnum):
    """ITIL states of an incident, as `docs/tickets.md` draws them."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    PENDING = "pending"
    RESTORED = "restored"  # works again by a loaner or a bypass
    RESOLVED = "resolved"  # a person says it is repaired; the daemon asks again
    VERIFIED = "verified"  # the daemon asked again and it is
    SIGNED = "signed"  # the customer signed
    CLOSED = "closed"
    RECOVERED = "recovered"  # it got well by itself before anybody worked on it
    CANCELLED = "cancelled"  # duplicate, false alarm, out of scope


OVER = frozenset({TicketState.CLOSED, TicketState.CANCELLED})  # never reopened: a new ticket points back
QUIET = OVER | {TicketState.RECOVERED, TicketState.VERIFIED, TicketState.SIGNED}  # nobody has to do anything


class PendingReason(StrEnum):
    """Why a ticket waits. ACCESS and CUSTOMER also stop the arrival clock."""

    CUSTOMER = "customer"
    PARTS = "parts"
    VENDOR = "vendor"
    ACCESS = "access"
    SCHEDULED = "scheduled"
    WEATHER = "weather"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What makes two faults the same: never severity, never values."""

    site: str
    device: str
    component: str  # "" for the whole device, else e.g. "disk/2", "poe_port/1.7"
    fault: str  # fault code, e.g. "camera.no-picture"

    def __str__(self) -> str:
        return "|".join((self.site, self.device, self.component, self.fault))


@dataclass(frozen=True, slots=True)
class Clock:
    """One service-level clock. `due_at` None: the contract sets no target. `met_at` None: still running."""

    due_at: float | None = None
    met_at: float | None = None
    breached: bool = False  # told once, at the deadline


@dataclass(frozen=True, slots=True)
class Ticket:
    """An incident. Times are seconds since the epoch (UTC)."""

    id: int  # counts up at this site; people read it as T-000123
    fingerprint: Fingerprint
    severity: Severity
    state: TicketState
    opened_at: float
    since: float  # when the fault began, as far as the daemon knows
    facts: Mapping[str, Fact] = field(default_factory=dict)  # numbers and names that the fault's text quotes
    surroundings: tuple[Mapping[str, Fact], ...] = ()  # what was seen around: {"what": "poe_port", "parent": "sw-b", …}
    children: tuple[str, ...] = ()  # devices held back behind this fault, at most 1,000
    response: Clock = Clock()
    arrival: Clock = Clock()
    fix: Clock = Clock()
    assignee: str = ""
    pending: PendingReason | None = None
    pending_since: float | None = None
    resolved_at: float | None = None
    recovered_at: float | None = None  # when the condition last cleared; None while the fault holds
    verify_after: float | None = None  # looks that began after this count as proof
    closed_at: float | None = None
    occurrences: int = 1
    reopened: int = 0
    previous: int | None = None  # the closed ticket of the same fingerprint
    waiver: str = ""  # why it was closed without proof
    cause: str = ""  # cause and work as the technician reported them
    work: str = ""
    events: int = 0  # how many events it has; the next one's number
    changed_at: float = 0.0

    @property
    def name(self) -> str:
        """As people read it: T-000123."""
        return f"T-{self.id:06d}"


class EventKind(StrEnum):
    """What happened to a ticket."""

    OPENED = "opened"
    RECURRED = "recurred"
    RAISED = "raised"  # severity raised
    CONFIRMED = "confirmed"  # what was only heard, a look finds as well; the ticket is the look's from here on
    ASKED = "asked"  # a person is asked whether what is seen is meant to be so
    CHILDREN = "children"  # more devices are held back behind it
    ACKNOWLEDGED = "acknowledged"
    STARTED = "started"  # work started (remote or on site)
    NOTED = "noted"
    PENDED = "pended"
    RESUMED = "resumed"
    RESTORED = "restored"
    CLEARED = "cleared"  # the daemon no longer sees the fault
    RECOVERED = "recovered"
    RESOLVED = "resolved"
    VERIFY_FAILED = "verify_failed"
    VERIFIED = "verified"
    WAIVED = "waived"
    REOPENED = "reopened"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    RESPONSE_BREACHED = "response_breached"
    ARRIVAL_BREACHED = "arrival_breached"
    FIX_BREACHED = "fix_breached"


@dataclass(frozen=True, slots=True)
class TicketEvent:
    """One line of a ticket's history; (`ticket`, `number`) is unique. `by` is a user name, or "" for the daemon."""

    ticket: int
    number: int
    at: float
    kind: EventKind
    by: str = ""
    text: str = ""  # what a person wrote, or a reason
    facts: Mapping[str, Fact] = field(default_factory=dict)
