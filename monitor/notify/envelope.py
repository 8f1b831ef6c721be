"""What is handed to a transport, and what does it say when it could not deliver?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from monitor.core.change import EvidenceRole
from ticketing.ticket import Severity


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture that goes along. `caption` is in the reader's language."""

    role: EvidenceRole
    at: float
    jpeg: bytes
    caption: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """One delivery in every form that some transport needs. It says the same at every attempt.

    `key` is the idempotency key: a receiver that has seen it may drop this one.
    """

    key: str
    attempt: int
    possible_repeat: bool  # an earlier attempt may have arrived
    site: str
    said_at: float  # when it happened
    severity: Severity  # the worst of a digest
    ended: bool  # nobody has to do anything any more
    ticket: str  # T-000123; "" for a digest
    subject: str  # one line
    text: str  # plain, some lines
    html: str
    data: Mapping[str, Any]  # for machines: only what JSON can hold
    pictures: tuple[Attachment, ...] = ()


class Undelivered(Exception):
    """It was not delivered. The text is one line for people, without addresses and secrets.

    `temporary`: worth trying again. `unsure`: it may have arrived all the same. `denied`: the login was refused, and
    trying again soon would lock the account, or have this machine banned.
    """

    def __init__(self, reason: str, *, temporary: bool = True, unsure: bool = False, denied: bool = False) -> None:
        super().__init__(reason)
        self.temporary = temporary
        self.unsure = unsure
        self.denied = denied


class Transport(Protocol):
    """One channel of the configuration."""

    timeout_seconds: float

    async def deliver(self, envelope: Envelope) -> None:
        """Return when the other side has taken it; raise Undelivered otherwise. The caller owns the time."""

    async def close(self) -> None:
        """Let go of connections."""
