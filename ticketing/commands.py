"""What can a person do to a ticket?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ticketing.ticket import PendingReason

MAX_TEXT = 4_000  # characters of anything that a person writes


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Somebody has seen it: stops the response clock; the actor becomes the assignee if there is none."""


@dataclass(frozen=True, slots=True)
class Start:
    """Work starts; `on_site` stops the arrival clock."""

    on_site: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A line in the history."""

    text: str


@dataclass(frozen=True, slots=True)
class Pend:
    """Work waits, with a reason; stops the fix clock (and arrival for access and customer)."""

    reason: PendingReason
    text: str = ""


@dataclass(frozen=True, slots=True)
class Resume:
    """Work goes on."""


@dataclass(frozen=True, slots=True)
class Restore:
    """It works again by a loaner or a bypass."""

    text: str


@dataclass(frozen=True, slots=True)
class Resolve:
    """Repaired, says a person; both texts are required. The daemon asks again before it believes it."""

    cause: str
    work: str


@dataclass(frozen=True, slots=True)
class Waive:
    """Close without proof, with a reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Duplicate, false alarm or out of scope, with a reason.

    `lesson`: what the daemon is to learn from it. "false_alarm": the picture was fine, ask for more before telling of
    this fault again; "new_view": the camera was meant to look there.
    """

    reason: str
    lesson: Literal["", "false_alarm", "new_view"] = ""


@dataclass(frozen=True, slots=True)
class Assign:
    """Hand it to a user."""

    assignee: str


Command = Acknowledge | Start | Note | Pend | Resume | Restore | Resolve | Waive | Cancel | Assign


class NotAllowed(Exception):
    """The ticket's state does not allow the command; the text says what would be."""
