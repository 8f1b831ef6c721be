"""What does the console read from the store? Every call reads what is committed; `monitor.storage` provides it."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Final, Protocol, TypeVar

from monitor.core.change import EvidenceRole, PictureRole
from monitor.storage.errors import StoreUnavailable
from monitor.storage.reading import Evidence, Kept, Wanted
from ticketing.ticket import Ticket, TicketEvent

T = TypeVar("T")

MAX_ID: Final = 2**62  # of a ticket


class Reads(Protocol):
    """The store, as far as the console may look."""

    async def ticket(self, number: int) -> Ticket | None:
        """That ticket, also when it is over."""
        ...

    async def tickets(self, wanted: Wanted) -> Sequence[Ticket]:
        """The tickets that match, newest first, at most a page."""
        ...

    async def count(self, wanted: Wanted) -> int:
        """How many match, on all pages."""
        ...

    async def events(self, number: int) -> Sequence[TicketEvent]:
        """The history of a ticket, oldest first."""
        ...

    async def events_between(self, begin: float, end: float, limit: int) -> Sequence[TicketEvent]:
        """What happened to any ticket from `begin` until before `end`, oldest first."""
        ...

    async def evidence(self, number: int) -> Sequence[Evidence]:
        """Which pictures a ticket has, in the order of their taking."""
        ...

    async def evidence_picture(self, number: int, role: EvidenceRole) -> Kept | None:
        """That picture of a ticket."""
        ...

    async def device_picture(self, device: str, role: PictureRole) -> Kept | None:
        """That picture of a device."""
        ...

    async def device_reference(self, device: str) -> bytes:
        """What is known of the device's pictures; empty if nothing is."""
        ...


async def or_else(read: Awaitable[T], otherwise: T) -> T:
    """What was read; `otherwise` while the database does not answer, so that the page still shows the rest."""
    try:
        return await read
    except StoreUnavailable:
        return otherwise
