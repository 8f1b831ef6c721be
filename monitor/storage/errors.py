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


class StoreError(Exception):
    """The database cannot be used. `remedy` says what a person can do."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}: {remedy}")
        self.reason = reason
        self.remedy = remedy


class StoreUnavailable(StoreError):
    """It cannot be used right now. Nothing is known to be written; writing the same changes again is harmless."""


class StoreInUse(StoreUnavailable):
    """Another daemon writes to it; `holder` names that one, as well as it is known."""

    def __init__(self, holder: str, remedy: str) -> None:
        super().__init__(f"another sitewarden{f' ({holder})' if holder else ''} works with this database", remedy)
        self.holder = holder


_SQLITE = {
    sqlite3.SQLITE_BUSY: ("the database is locked", "end the other program that writes to it"),
    sqlite3.SQLITE_LOCKED: ("the database is locked", "end the other program that writes to it"),
    sqlite3.SQLITE_FULL: ("the disk is full", "free some space where the database lies"),
    sqlite3.SQLITE_IOERR: ("the disk does not read or write", "look at the system's log and at the disk"),
    sqlite3.SQLITE_READONLY: ("the database is read-only", "give the daemon's user the right to write it"),
    sqlite3.SQLITE_CANTOPEN: ("the database cannot be opened", "look at its folder and the rights of it"),
    sqlite3.SQLITE_CORRUPT: ("the database is damaged", "stop the daemon and restore the last backup"),
    sqlite3.SQLITE_NOTADB: ("the file is not a database", "give another file, or restore the last backup"),
    sqlite3.SQLITE_NOMEM: ("the database has no memory", "look at what fills the memory of this machine"),
}

_POSTGRESQL = {
    "53100": ("the database server's disk is full", "free some space there"),
    "53300": ("the database server has no connection left", "raise its max_connections"),
    "25006": ("the database server is read-only", "give the address of the primary"),
    "28P01": ("the database server refused the password", "correct the address in the configuration"),
    "28000": ("the database server refused the user", "correct the address in the configuration"),
    "3D000": ("the database does not exist", "create it, owned by the daemon's user"),
    "42501": ("the user has no right to it", "make the daemon's user the owner of the database"),
    "55P03": ("the database is locked", "end the other program that locks its tables"),
    "57014": ("the database took too long", "look at what else keeps the server busy"),
}

_AWAY = ("the database server does not answer", "start it, or correct the address in the configuration")


def unavailable(error: SQLAlchemyError) -> StoreUnavailable | None:
    """That error as trouble that may pass, without addresses and secrets; None if it is a bug in what we asked."""
    if isinstance(error, PoolTimeout):
        return StoreUnavailable("the database is busy", "look at what else uses it")
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
