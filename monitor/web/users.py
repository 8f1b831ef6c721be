"""Who may come in, and what may they do?"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ticketing.commands import Assign, Cancel, Command, Waive
from ticketing.ticket import Language

MAX_PASSWORD: Final = 1_024  # bytes; argon2 itself would take 4 GB

_hasher: Final = PasswordHasher()
_COST: Final = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
# Verified for unknown names, so that they take as long; no password has it.
_NOBODY: Final = f"$argon2id$v=19${_COST}${'A' * 22}${'A' * 43}"
_MANAGERS_ONLY: Final = frozenset[type]({Assign, Cancel, Waive})


class Role(StrEnum):
    """What a user may do; each includes the one before."""

    VIEWER = "viewer"  # reads
    TECHNICIAN = "technician"  # works on tickets, asks devices
    MANAGER = "manager"  # cancels, waives, assigns

    @property
    def rank(self) -> int:
        """0 for the viewer … 2 for the manager."""
        return list(Role).index(self)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody of the configuration. `password` is an argon2 hash; `tokens` are SHA-256 hex digests of API tokens."""

    name: str
    role: Role
    password: str = field(repr=False)
    language: Language | None = None  # None: as the browser asks
    title: str = ""  # how people call them; the name if empty
    tokens: tuple[str, ...] = field(default=(), repr=False)

    @property
    def label(self) -> str:
        """As people read it."""
        return self.title or self.name

    def may(self, command: type[Command]) -> bool:
        """Does the role allow that kind of command?"""
        wanted = Role.MANAGER if command in _MANAGERS_ONLY else Role.TECHNICIAN
        return self.role.rank >= wanted.rank


def hash_password(password: str) -> str:
    """An argon2id hash for the configuration."""
    return _hasher.hash(password)


def new_token() -> tuple[str, str]:
    """A fresh API token (shown once) and its digest for the configuration."""
    token = "sw_" + secrets.token_urlsafe(32)
    return token, digest(token)


def digest(token: str) -> str:
    """SHA-256 of a token; a token has 256 bits of chance, so that no slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def bearer(users: Mapping[str, User], token: str) -> User | None:
    """Whose API token is it? Every known digest is compared, in constant time."""
    given, found = digest(token), None
    for user in users.values():
        for known in user.tokens:
            if hmac.compare_digest(given, known.lower()):
                found = user
    return found


class Doorkeeper:
    """Verifies passwords in threads, two at a time: argon2 is slow on purpose and must not hold up the loop."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(2)

    async def admit(self, users: Mapping[str, User], name: str, password: str) -> User | None:
        """The user if name and password fit; an unknown name takes as long as a wrong password."""
        user = users.get(name)
        stored = user.password if user else _NOBODY
        async with self._places:
            fits = await asyncio.to_thread(_verify, stored, password)
        return user if fits else None


def _verify(stored: str, password: str) -> bool:
    raw = password.encode("utf-8", "replace")
    try:
        return len(raw) <= MAX_PASSWORD and _hasher.verify(stored, raw)
    except (VerificationError, InvalidHashError):
        return False
