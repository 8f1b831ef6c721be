"""What may be put to the pipeline? Looks, deadlines, new plans, what people do, and the wish to know what is kept."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from monitor.core.lessons import Lesson
from monitor.core.plan import Plan
from probes.observation import Observation
from ticketing.commands import Command
from ticketing.ticket import Ticket


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """A ticket's clock has run out."""

    ticket: int


@dataclass(frozen=True, slots=True)
class Reloaded:
    """A new plan holds from here on."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class ClockJumped:
    """The wall clock jumped by that much."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Commanded:
    """A person acts; `reply` gets the ticket after its commit."""

    ticket: int
    command: Command
    by: str
    reply: asyncio.Future[Ticket]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A person says that what was found at a device is right; `reply` is answered after the commit."""

    device: str
    by: str
    note: str
    reply: asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class Guessed:
    """A login of the owner's list will be tried at a device; `reply` is done once that is written down."""

    device: str
    reply: asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class Taught:
    """A person says what was wrong with a verdict on a picture; `reply` is done after its commit."""

    lesson: Lesson
    by: str
    reply: asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class Awaited:
    """Somebody must know when everything before it is committed; then `reply` is done."""

    reply: asyncio.Future[None]


Input = Observation | DeadlinePassed | Reloaded | ClockJumped | Commanded | Accepted | Guessed | Taught | Awaited
