"""Where does everything that must survive go, and how is it read again?"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from time import monotonic
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from monitor.core.change import Change, EvidenceRole, Message, PictureRole
from monitor.core.world import Saved
from monitor.locale import msg
from monitor.storage import outbox, reading, retention
from monitor.storage.database import BUSY_SECONDS, STATEMENT_SECONDS, Database, locate, unwritable
from monitor.storage.errors import StoreError, StoreUnavailable
from monitor.storage.migrate import migrate
from monitor.storage.outbox import GROUPING, Backlog, DeadLetter, Grouping, Parcel
from monitor.storage.reading import EVERYTHING, Evidence, Kept, Told, Wanted
from monitor.storage.retention import Retention
from monitor.storage.threads import Threads
from monitor.storage.writing import Writing
from ticketing.ticket import Severity, Ticket, TicketEvent, TicketState

T = TypeVar("T")

READING_THREADS = 3
PATIENCE_SECONDS = 2 * BUSY_SECONDS + STATEMENT_SECONDS  # longer than the database itself takes to give up
CLOSING_SECONDS = 2 * BUSY_SECONDS
BACKUP_SECONDS = 3_600.0
BACKUP_PAGES = 512  # copied at a time; between them others may write


class Store:
    """One writer thread and a few that read. Every method but `open` and `close` may raise StoreUnavailable."""

    def __init__(self, database: Database, patience_seconds: float) -> None:
        self._database = database
        self._patience = patience_seconds
        self._writing = Writing(database.writer.dialect)
        self._writer = Threads("store-writer", 1)
        self._readers = Threads("store-reader", READING_THREADS)

    @classmethod
    def open(
        cls,
        url: str,
        folder: Path,
        *,
        sole: bool = False,
        busy_seconds: float = BUSY_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> Store:
        """Open the database and bring its tables up to date; blocks. StoreError with a remedy if that cannot be.

        `url`: "" for sitewarden.db in `folder`, else sqlite:///FILE or postgresql://…. `sole`: as the only daemon that
        writes to it. A call fails after `busy_seconds` behind a lock, and after `patience_seconds` whatever happens.
        """
        place = locate(url, folder)
        _prepare(place.database if place.get_backend_name() == "sqlite" else None)
        database = Database(place, busy_seconds, sole)
        try:
            migrate(database)
            if sole:
                database.claim()
        except SQLAlchemyError as error:  # such as an option that the driver does not know; its text may quote the URL
            database.close()
            raise StoreError(
                msg("the database cannot be opened ({why})"),
                msg("correct its address in the configuration"),
                why=type(getattr(error, "orig", None) or error).__name__,
            ) from None
        except BaseException:
            database.close()
            raise
        return cls(database, patience_seconds)

    async def close(self) -> None:
        """Finish what was asked, then let go. A call that hangs is left behind."""
        deadline = monotonic() + CLOSING_SECONDS
        ended = [threads.close(max(0.0, deadline - monotonic())) for threads in (self._writer, self._readers)]
        if all(ended):
            self._database.close()

    async def _write(self, work: Callable[[Connection], T]) -> T:
        def transaction() -> T:
            with self._database.write() as connection:
                return work(connection)

        return await self._patiently(self._writer, transaction)

    async def _read(self, work: Callable[[Connection], T]) -> T:
        def transaction() -> T:
            with self._database.read() as connection:
                return work(connection)

        return await self._patiently(self._readers, transaction)

    async def _patiently(self, threads: Threads, work: Callable[[], T]) -> T:
        try:
            return await threads.call(work, self._patience)
        except TimeoutError:
            raise StoreUnavailable(msg("the database hangs"), msg("look at its disk and at the server's log")) from None

    async def commit(self, changes: Iterable[Change]) -> None:
        """Write the changes in one transaction, as if one after the other.

        After StoreUnavailable: keep them and try again; if they were written all the same, that changes nothing.
        """
        batch = tuple(changes)
        if batch:
            await self._write(lambda connection: self._writing.commit(connection, batch))

    async def writable(self, now: float) -> None:
        """Really write something; StoreUnavailable says why it cannot."""
        row = {"id": 1, "at": now}
        await self._write(lambda connection: connection.execute(self._writing.pulse, row) and None)

    async def load(self) -> Saved:
        """Everything that the daemon knew when it last committed."""
        return await self._read(reading.load)

    async def ticket(self, number: int) -> Ticket | None:
        """That ticket; None if there is none."""
        return await self._read(lambda connection: reading.ticket(connection, number))

    async def tickets(self, wanted: Wanted = EVERYTHING) -> tuple[Ticket, ...]:
        """The tickets that match, newest first; the next page is `below` the last id."""
        return await self._read(lambda connection: reading.tickets(connection, wanted))

    async def count(self, wanted: Wanted = EVERYTHING) -> int:
        """How many tickets match, on all pages."""
        return await self._read(lambda connection: reading.count(connection, wanted))

    async def counts(self) -> dict[tuple[TicketState, Severity], int]:
        """How many tickets there are in each state and of each severity."""
        return await self._read(reading.counts)

    async def tickets_touching(self, begin: float, end: float, limit: int = 100_000) -> tuple[Ticket, ...]:
        """For reports: tickets that were open at some time from `begin` until before `end`, oldest first."""
        return await self._read(lambda connection: reading.tickets_touching(connection, begin, end, limit))

    async def events(self, number: int) -> tuple[TicketEvent, ...]:
        """The history of a ticket, oldest first."""
        return await self._read(lambda connection: reading.events(connection, number))

    async def told(self, messages: Sequence[Message]) -> tuple[Told, ...]:
        """What these messages speak of, in their order."""
        return await self._read(lambda connection: reading.told(connection, messages))

    async def events_between(self, begin: float, end: float, limit: int = 10_000) -> tuple[TicketEvent, ...]:
        """What happened to any ticket from `begin` until before `end`, oldest first."""
        return await self._read(lambda connection: reading.events_between(connection, begin, end, limit))

    async def evidence(self, number: int) -> tuple[Evidence, ...]:
        """Which pictures a ticket has."""
        return await self._read(lambda connection: reading.evidence(connection, number))

    async def evidence_picture(self, number: int, role: EvidenceRole) -> Kept | None:
        """That picture of a ticket, and when it was taken."""
        return await self._read(lambda connection: reading.evidence_picture(connection, number, role))

    async def device_picture(self, device: str, role: PictureRole) -> Kept | None:
        """That picture of a device, and when it was taken."""
        return await self._read(lambda connection: reading.device_picture(connection, device, role))

    async def device_reference(self, device: str) -> bytes:
        """What is known of the device's pictures (see `probes.frame.reference`); empty if nothing is."""
        return await self._read(lambda connection: reading.device_reference(connection, device))

    async def claim(
        self, now: float, lease_seconds: float, resting: Collection[str] = (), grouping: Grouping = GROUPING
    ) -> tuple[Parcel, ...]:
        """The oldest parcel that is due of every channel that is not resting, marked as being sent."""
        return await self._write(lambda connection: outbox.claim(connection, now, lease_seconds, resting, grouping))

    async def sent(self, key: str, at: float) -> None:
        """The parcel was taken by the other side."""
        await self._write(lambda connection: outbox.sent(connection, key, at))

    async def failed(self, key: str, reason: str, retry_at: float, *, unsure: bool = False) -> None:
        """The parcel was not taken (`unsure`: perhaps it was) and is due again then."""
        await self._write(lambda connection: outbox.failed(connection, key, reason, retry_at, unsure=unsure))

    async def give_up(self, key: str, reason: str, at: float) -> None:
        """The parcel will not be tried again; it stays to be seen."""
        await self._write(lambda connection: outbox.give_up(connection, key, reason, at))

    async def reclaim(self, now: float) -> int:
        """At start: what was being sent when the process died is due at once. How many messages that were."""
        return await self._write(lambda connection: outbox.reclaim(connection, now))

    async def distrust_clock(self, now: float) -> None:
        """The clock was set: what the old one put off is due at once."""
        await self._write(lambda connection: outbox.distrust_clock(connection, now))

    async def hasten(self, channel: str, now: float) -> None:
        """The channel works again: what was put off is due at once."""
        await self._write(lambda connection: outbox.hasten(connection, channel, now))

    async def next_due(self, resting: Collection[str] = ()) -> float | None:
        """When the next message of a channel that is not resting is due."""
        return await self._read(lambda connection: outbox.next_due(connection, resting))

    async def backlog(self) -> dict[str, Backlog]:
        """By channel: what waits and what was given up."""
        return await self._read(outbox.backlog)

    async def dead_letters(self, limit: int = 100) -> tuple[DeadLetter, ...]:
        """What was given up, newest first."""
        return await self._read(lambda connection: outbox.dead_letters(connection, limit))

    async def purge(self, now: float, policy: Retention) -> tuple[int, int]:
        """Throw away what is past its time, a little at a time; how many pictures and messages."""
        pictures = messages = 0
        while True:
            some = await self._write(lambda connection: retention.purge_some(connection, now, policy))
            pictures, messages = pictures + some[0], messages + some[1]
            if some == (0, 0):
                return pictures, messages

    async def size_bytes(self) -> int:
        """How much room the database takes."""
        return await self._read(reading.size_bytes)

    async def backup(self, path: Path) -> None:
        """A consistent copy of the SQLite file while others write. StoreError for PostgreSQL, or if it cannot be."""
        source = self._database.file
        if source is None:
            raise StoreError(msg("PostgreSQL makes its own backups"), msg("use pg_dump"))
        copying = Threads("store-backup", 1)
        try:
            await copying.call(lambda: _copy(source, path), BACKUP_SECONDS)
        finally:
            copying.close(0)


def _prepare(file: str | None) -> None:
    if file is None:
        return
    path = Path(file)
    try:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise unwritable(path, error) from None


def _copy(source: Path, path: Path) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with contextlib.closing(sqlite3.connect(source)) as old, contextlib.closing(sqlite3.connect(part)) as new:
            old.backup(new, pages=BACKUP_PAGES, sleep=0.01)
        part.replace(path)
    except (OSError, sqlite3.Error) as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise StoreError(
            msg("no backup could be written to {path} ({why})"),
            msg("give a folder that can be written"),
            path=path,
            why=error,
        ) from None
