"""How is the database opened, SQLite or PostgreSQL, so that nothing waits for ever and nothing committed is lost?"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from monitor.locale import msg
from monitor.storage.errors import StoreError, StoreInUse, unavailable

READERS = 3
BUSY_SECONDS = 5.0
STATEMENT_SECONDS = 15.0
SOLE_LOCK = 0x5173_3A2D  # one daemon a database
MIGRATION_LOCK = 0x5173_3A2E


def locate(url: str, folder: Path) -> URL:
    """The address that is meant: "" is sitewarden.db in the folder; a relative file of SQLite lies there too."""
    if not url:
        return URL.create("sqlite", database=str(folder / "sitewarden.db"))
    try:
        found = make_url(url)
    except (ArgumentError, ValueError):  # the second: a port that is no number
        raise StoreError(
            msg("the address of the database is not a URL"),
            msg("write postgresql://USER:PASSWORD@HOST/DATABASE or sqlite:///FILE, or leave it out"),
        ) from None
    match found.get_backend_name():
        case "sqlite" if found.database and found.database != ":memory:":
            return found.set(drivername="sqlite", database=str(folder / found.database))
        case "postgresql" | "postgres":
            return found.set(drivername="postgresql+psycopg")
    raise StoreError(
        msg("this kind of database is not known ({driver})"),
        msg("write postgresql://… or sqlite:///FILE"),
        driver=found.drivername,
    )


@dataclass(slots=True)
class Database:
    """Two engines: one connection that writes, and a few that can only read."""

    url: URL
    busy_seconds: float = BUSY_SECONDS
    sole: bool = False
    writer: Engine = field(init=False)
    reader: Engine = field(init=False)
    _lock: IO[bytes] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.writer = create_engine(self.url, **self._options(writes=True))
        self.reader = create_engine(self.url, **self._options(writes=False))
        if self.file is None:
            if self.sole:
                event.listen(self.writer, "connect", _take_sole_lock)
            return
        if self.sole:
            self._lock = _lock_beside(self.file)
        for engine, begin in ((self.writer, "BEGIN IMMEDIATE"), (self.reader, "BEGIN")):
            event.listen(engine, "connect", _sqlite_opener(self.busy_seconds, writes=engine is self.writer))
            event.listen(engine, "begin", _beginner(begin))

    @property
    def file(self) -> Path | None:
        """The file of SQLite; None for PostgreSQL."""
        return Path(self.url.database or "") if self.url.get_backend_name() == "sqlite" else None

    def _options(self, *, writes: bool) -> dict[str, Any]:
        size = 1 if writes else READERS
        options: dict[str, Any] = {"pool_size": size, "max_overflow": 0, "pool_timeout": self.busy_seconds}
        if self.file is not None:
            return options | {"connect_args": {"timeout": self.busy_seconds, "check_same_thread": False}}
        session = {
            "statement_timeout": STATEMENT_SECONDS,
            "lock_timeout": self.busy_seconds,
            "idle_in_transaction_session_timeout": 2 * STATEMENT_SECONDS,
        }
        flags = " ".join(f"-c {name}={seconds * 1000:.0f}" for name, seconds in session.items())
        return options | {
            "pool_pre_ping": not writes,
            "connect_args": {
                "connect_timeout": 5,
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": 15_000,
                "application_name": "sitewarden",
                "options": flags if writes else f"{flags} -c default_transaction_read_only=on",
            },
        }

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may write, committed at the end. StoreUnavailable if the database is not able to."""
        with _told(), self.writer.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view. StoreUnavailable if the database is not able to."""
        with _told(), self.reader.begin() as connection:
            yield connection

    def claim(self) -> None:
        """Be the only daemon from now on; StoreUnavailable if another is."""
        with self.write():
            pass  # the writer's connection takes the lock when it opens, and again whenever it must open anew

    def close(self) -> None:
        """Let go of every connection and of the lock."""
        self.reader.dispose()
        self.writer.dispose()
        if self._lock is not None:
            self._lock.close()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        told = unavailable(error)
        if told is None:
            raise
        raise told from None  # the original would print the address and what was to be written


def _sqlite_opener(busy_seconds: float, *, writes: bool) -> Any:
    def opened(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # transactions begin when we say so, not when the driver guesses
        settings = ["temp_store = MEMORY", "cache_size = -8000"]
        if writes:
            settings = [
                "auto_vacuum = INCREMENTAL",  # counts only before the first table
                "journal_mode = WAL",
                "synchronous = FULL",  # a mains failure must not take back a ticket number that was already told
                "journal_size_limit = 67108864",
                *settings,
            ]
        else:
            settings.append("query_only = ON")
        for setting in (f"busy_timeout = {busy_seconds * 1000:.0f}", *settings):
            connection.execute(f"PRAGMA {setting}")

    return opened


def _beginner(begin: str) -> Any:
    def began(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return began


_IN_USE = msg("another sitewarden works with this database")


def _lock_beside(file: Path) -> IO[bytes]:
    """Hold the lock of that database; who holds it writes its process into it, for others to name."""
    try:
        lock = open(f"{file}.lock", "a+b", opener=lambda name, flags: os.open(name, flags, 0o600))  # noqa: SIM115 - held
    except OSError as error:
        raise unwritable(file, error) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        written = lock.read(20).strip()
        lock.close()
        if not written.isdigit():
            raise StoreInUse(_IN_USE, msg("stop it, or give another folder with --state")) from None
        raise StoreInUse(
            msg("another sitewarden (process {number}) works with this database"),
            msg("stop it (systemctl stop sitewarden, or kill {number}), or give another folder with --state"),
            number=written.decode(),
        ) from None
    with contextlib.suppress(OSError):  # on a full disk nobody is named
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n".encode())
        lock.flush()
    return lock


_HOLDER = """
SELECT activity.pid, coalesce(host(activity.client_addr), 'localhost')
FROM pg_locks JOIN pg_stat_activity activity USING (pid)
WHERE locktype = 'advisory' AND classid = 0 AND objid = %s AND granted
AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def _take_sole_lock(connection: Any, _: ConnectionPoolEntry) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", (SOLE_LOCK,))
        taken = cursor.fetchone()[0]
        holder = None if taken else cursor.execute(_HOLDER, (SOLE_LOCK,)).fetchone()
    connection.commit()
    if not taken:
        connection.close()
        if holder is None:
            raise StoreInUse(_IN_USE, msg("stop it first, or give another database"))
        raise StoreInUse(
            msg("another sitewarden (connection {number} of the server, from {host}) works with this database"),
            msg("stop it first, or give another database"),
            number=holder[0],
            host=holder[1],
        )


def unwritable(file: Path, error: OSError) -> StoreError:
    """The folder of the database cannot be used."""
    return StoreError(
        msg("{file} cannot be written ({why})"),
        msg("make {folder} and what is in it the daemon's user's own"),
        file=file,
        folder=file.parent,
        why=os.strerror(error.errno or 0),
    )
