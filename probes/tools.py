"""What do probes share within one process? Sockets, sessions, decoder workers, and the transcript of one look."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Protocol, TypeVar

T = TypeVar("T", bound="Shared")

_transcript: ContextVar[list[str] | None] = ContextVar("transcript", default=None)


def trace(line: str, *args: object) -> None:
    """Add a line to the transcript of this look, if one is being written. `args` are put in by `%` only then."""
    lines = _transcript.get()
    if lines is not None and len(lines) < 2_000:
        lines.append(line % args if args else line)


def start_transcript() -> list[str]:
    """Begin a transcript in this context; the list fills as the probe runs. Never give it a secret."""
    lines: list[str] = []
    _transcript.set(lines)
    return lines


class Shared(Protocol):
    """Something that lives as long as the process: built by `Kind(tools)`, closed at the end."""

    def __init__(self, tools: Tools) -> None: ...

    async def close(self) -> None:
        """Give back what it holds."""


class Tools:
    """Holds what probes share; each kind is built at its first use and closed by `close()`, last built first.

    `now` gives seconds since the epoch and is the daemon's steady clock.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self._shared: dict[type, Shared] = {}

    def get(self, kind: type[T]) -> T:
        """The one instance of `kind` in this process."""
        found = self._shared.get(kind)
        if found is None:
            found = self._shared[kind] = kind(self)
        assert isinstance(found, kind)
        return found

    async def close(self) -> None:
        """Close everything that was built."""
        while self._shared:
            _, shared = self._shared.popitem()
            closing: Awaitable[None] = shared.close()
            await closing
