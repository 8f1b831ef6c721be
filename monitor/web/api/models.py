"""What do the API's questions and answers look like? Times are seconds since the epoch (UTC)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.core.change import EvidenceRole, PictureRole
from monitor.core.condition import State
from monitor.core.plan import DeviceKind
from monitor.web.views.states import Glance
from probes.observation import Outcome
from ticketing.commands import MAX_TEXT
from ticketing.ticket import EventKind, Fact, Language, PendingReason, Severity, TicketState


class Model(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True)


class Site(Model):
    """The site, its devices counted by state, and the daemon."""

    id: str
    name: str
    timezone: str
    address: str
    now: float
    ready: bool
    troubles: dict[str, str]
    devices: dict[Glance, int]
    tickets: dict[TicketState, int] = Field(description="Tickets that are not over.")
    version: str


class Session(Model):
    """Who is asking. `csrf_token` goes into the header X-CSRF-Token of requests that change something."""

    user: str
    role: Literal["viewer", "technician", "manager"]
    language: Language
    csrf_token: str


class Device(Model):
    """A device as the list shows it."""

    id: str
    name: str
    kind: DeviceKind
    state: Glance
    place: str
    vendor: str
    model: str
    host: str
    parent: str | None
    port: str
    power: str | None
    tags: dict[str, str]
    last_look_at: float | None


class Look(Model):
    """The latest look of a check."""

    check: str
    at: float
    duration_seconds: float
    outcome: Outcome
    detail: str
    values: dict[str, Fact]
    rows: dict[str, dict[str, dict[str, Fact]]]


class Check(Model):
    """One question that is asked again and again; `look` is null until it was asked.

    `every_seconds` is 0 where nobody asks: the device tells by itself.
    """

    name: str
    probe: str
    every_seconds: float
    timeout_seconds: float
    look: Look | None


class Condition(Model):
    """Something that is or may be wrong."""

    rule: str
    component: str
    state: State
    since: float
    fired_at: float | None
    held_by: str | None
    ticket: int | None


class DeviceDetail(Device):
    """Everything that is known of a device."""

    checks: list[Check]
    conditions: list[Condition]
    children: list[str]
    pictures: dict[PictureRole, float] = Field(description="Role and time; fetch them below /pictures/{role}.")


class Devices(Model):
    """A page of devices; `next` is the cursor of the following one, null on the last."""

    items: list[Device]
    next: str | None


class Clock(Model):
    """One service-level clock."""

    due_at: float | None
    met_at: float | None
    breached: bool


class Ticket(Model):
    """An incident."""

    id: int
    name: str
    state: TicketState
    severity: Severity
    device: str
    component: str
    fault: str
    title: str
    opened_at: float
    since: float
    response: Clock
    arrival: Clock
    fix: Clock
    assignee: str
    pending: PendingReason | None
    resolved_at: float | None
    recovered_at: float | None
    closed_at: float | None
    occurrences: int
    reopened: int
    previous: int | None
    children: int
    changed_at: float


class TicketDetail(Ticket):
    """Everything that is known of a ticket."""

    text: str
    sentence: str = Field(description="All of it in one paragraph.")
    causes: list[str]
    remedies: list[str]
    bring: list[str]
    cabling: str = Field(description="The way of the cables from the top down to the device.")
    remote: bool = Field(description="It is put right from a desk: nothing is to be brought.")
    facts: dict[str, Fact]
    surroundings: list[dict[str, Fact]]
    held_back: list[str]
    cause: str
    work: str
    waiver: str
    pictures: dict[EvidenceRole, float] = Field(description="Role and time; fetch them below /pictures/{role}.")
    allowed: list[str] = Field(description="Commands that its state and your role allow now.")


class Tickets(Model):
    """A page of tickets; `next` is the cursor of the following one, null on the last."""

    items: list[Ticket]
    next: int | None


class Event(Model):
    """One line of a ticket's history. `by` is empty where the daemon itself acted."""

    ticket: int
    number: int
    at: float
    kind: EventKind
    by: str
    text: str
    facts: dict[str, Fact]


class Events(Model):
    """A page of events, oldest first; `next` is the cursor to go on from, also when nothing is there yet."""

    items: list[Event]
    next: str


Said = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


class Order(BaseModel):
    """Base of the commands: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Acknowledge(Order):
    """Seen; stops the response clock."""

    command: Literal["acknowledge"]


class Start(Order):
    """Work starts; on site it stops the arrival clock."""

    command: Literal["start"]
    on_site: bool = False


class Note(Order):
    """A line in the history."""

    command: Literal["note"]
    text: Said


class Pend(Order):
    """Work waits."""

    command: Literal["pend"]
    reason: PendingReason
    text: Annotated[str, Field(max_length=MAX_TEXT)] = ""


class Resume(Order):
    """Work goes on."""

    command: Literal["resume"]


class Restore(Order):
    """Works again by a loaner or a bypass."""

    command: Literal["restore"]
    text: Said


class Resolve(Order):
    """Repaired; the daemon asks again before it believes it."""

    command: Literal["resolve"]
    cause: Said
    work: Said


class Waive(Order):
    """Close without proof (managers)."""

    command: Literal["waive"]
    reason: Said


class Cancel(Order):
    """Duplicate, false alarm or out of scope (managers)."""

    command: Literal["cancel"]
    reason: Said
    lesson: Literal["", "false_alarm", "new_view"] = ""


class Assign(Order):
    """Hand it to a user (managers)."""

    command: Literal["assign"]
    assignee: Said


Command = Annotated[
    Acknowledge | Start | Note | Pend | Resume | Restore | Resolve | Waive | Cancel | Assign,
    Field(discriminator="command"),
]


class Problem(Model):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
