"""What can go wrong with the database, and what can be done about it?

StoreError            it cannot be used at all: wrong address, no rights, newer schema; needs a person
└── StoreUnavailable  it cannot be used right now: locked, full, away; keep the changes and try again
    └── StoreInUse    another daemon works with it
"""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from monitor.locale import Translate, msg


class StoreError(Exception):
    """The database cannot be used. `remedy` says what a person can do; both may quote the facts."""

    def __init__(self, reason: str, remedy: str, **facts: object) -> None:
        self.reason, self.remedy = reason.format_map(facts), remedy.format_map(facts)
        super().__init__(f"{self.reason}: {self.remedy}")
        self._said = reason, remedy, facts

    def say(self, _: Translate) -> str:
        """In one line, in the reader's language."""
        reason, remedy, facts = self._said
        return _(msg("{reason}: {remedy}")).format(
            reason=_(reason).format_map(facts), remedy=_(remedy).format_map(facts)
        )


class StoreUnavailable(StoreError):
    """It cannot be used right now. Nothing is known to be written; writing the same changes again is harmless."""


class StoreInUse(StoreUnavailable):
    """Another daemon writes to it."""


_SQLITE = {
    sqlite3.SQLITE_BUSY: (msg("the database is locked"), msg("end the other program that writes to it")),
    sqlite3.SQLITE_LOCKED: (msg("the database is locked"), msg("end the other program that writes to it")),
    sqlite3.SQLITE_FULL: (msg("the disk is full"), msg("free some space where the database lies")),
    sqlite3.SQLITE_IOERR: (msg("the disk does not read or write"), msg("look at the system's log and at the disk")),
    sqlite3.SQLITE_READONLY: (msg("the database is read-only"), msg("give the daemon's user the right to write it")),
    sqlite3.SQLITE_CANTOPEN: (msg("the database cannot be opened"), msg("look at its folder and the rights of it")),
    sqlite3.SQLITE_CORRUPT: (msg("the database is damaged"), msg("stop the daemon and restore the last backup")),
    sqlite3.SQLITE_NOTADB: (msg("the file is not a database"), msg("give another file, or restore the last backup")),
    sqlite3.SQLITE_NOMEM: (msg("the database has no memory"), msg("look at what fills the memory of this machine")),
}

_POSTGRESQL = {
    "53100": (msg("the database server's disk is full"), msg("free some space there")),
    "53300": (msg("the database server has no connection left"), msg("raise its max_connections")),
    "25006": (msg("the database server is read-only"), msg("give the address of the primary")),
    "28P01": (msg("the database server refused the password"), msg("correct the address in the configuration")),
    "28000": (msg("the database server refused the user"), msg("correct the address in the configuration")),
    "3D000": (msg("the database does not exist"), msg("create it, owned by the daemon's user")),
    "42501": (msg("the user has no right to it"), msg("make the daemon's user the owner of the database")),
    "55P03": (msg("the database is locked"), msg("end the other program that locks its tables")),
    "57014": (msg("the database took too long"), msg("look at what else keeps the server busy")),
}

_AWAY = (msg("the database server does not answer"), msg("start it, or correct the address in the configuration"))


def unavailable(error: SQLAlchemyError) -> StoreUnavailable | None:
    """That error as trouble that may pass, without addresses and secrets; None if it is a bug in what we asked."""
    if isinstance(error, PoolTimeout):
        return StoreUnavailable(msg("the database is busy"), msg("look at what else uses it"))
    cause = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(cause, sqlite3.Error):
        known = _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
        return StoreUnavailable(*known) if known else None
    if isinstance(cause, psycopg.Error):
        known = _POSTGRESQL.get(cause.sqlstate or "")
        if known:
            return StoreUnavailable(*known)
        if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
            return StoreUnavailable(*_AWAY)
    return None
