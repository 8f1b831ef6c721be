"""Which address does a host name have, when the name service is slow, hangs or lies?

An address is taken as it is. A name is looked up in one of a few daemon threads, since `getaddrinfo` cannot be
cancelled: names that hang use up those threads, while addresses and names known already go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from probes.errors import Unresolved
from probes.tools import Tools, trace

PATIENCE_SECONDS = 2.0  # what one look waits; below the timeout of any sensible check, so that a name is not the device
FRESH_SECONDS = 60.0  # getaddrinfo does not tell how long an answer may be kept
FAILED_SECONDS = 10.0  # before a name that failed is looked up again
LAST_RESORT_SECONDS = 3600.0  # how long the last address serves while the name service is away
MAX_NAMES = 4096  # kept, and looked up at once
MAX_THREADS = 16


@dataclass(frozen=True, slots=True)
class Address:
    """An IP address: `family` is AF_INET or AF_INET6, `scope` the interface of a link-local one."""

    family: socket.AddressFamily
    ip: str
    scope: int = 0

    def at(self, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
        """The socket address of that port."""
        return (self.ip, port) if self.family == socket.AF_INET else (self.ip, port, 0, self.scope)


@dataclass(slots=True)
class _Name:
    """What is known of one name: its last address, when it was learnt (monotonic seconds), what failed since."""

    address: Address | None = None
    learnt_at: float = 0.0
    failure: str = ""
    failed_at: float = 0.0
    lasting: bool = False  # the failure is the name's (it does not exist), not the name service's
    since: float = 0.0  # start of the lookup that runs, 0 if none does
    waiting: asyncio.Future[None] | None = None


async def resolve(host: str, tools: Tools) -> Address:
    """The address of `host`, an IPv4 one if there are both. Raises Unresolved, within PATIENCE_SECONDS."""
    return literal(host) or await tools.get(Names).look_up(host)


@lru_cache(maxsize=65_536)
def literal(host: str) -> Address | None:
    """The address that is written there, or None if it is a name."""
    with contextlib.suppress(OSError, ValueError):
        socket.inet_pton(socket.AF_INET, host)
        return Address(socket.AF_INET, host)
    ip, _, scope = host.strip("[]").partition("%")
    with contextlib.suppress(OSError, ValueError):
        socket.inet_pton(socket.AF_INET6, ip)
        return Address(socket.AF_INET6, ip, _interface(scope) if scope else 0)
    return None


def _interface(scope: str) -> int:
    if scope.isascii() and scope.isdecimal() and len(scope) < 10:
        return int(scope)
    return socket.if_nametoindex(scope)


def get_address(host: str) -> Address:
    """Ask the system's resolver, which may take very long. Raises OSError or ValueError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    family, _, _, _, where = min(found, key=lambda one: one[0] != socket.AF_INET)
    scope = where[3] if len(where) == 4 else 0
    return Address(family, str(where[0]), int(scope))


class Names:
    """The names in use within this process, with their addresses."""

    def __init__(self, tools: Tools, ask: Callable[[str], Address] | None = None) -> None:
        self._ask = ask or get_address
        self._names: dict[str, _Name] = {}  # the one used last stands last
        self._work: queue.SimpleQueue[tuple[str, asyncio.AbstractEventLoop] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._running = 0

    async def look_up(self, host: str) -> Address:
        """The name's address. Raises Unresolved: no such name, nobody answered in time, too many names at once."""
        name = self._names.pop(host, None) or _Name()
        self._names[host] = name
        now = time.monotonic()
        if name.address and now - name.learnt_at < FRESH_SECONDS:
            return name.address
        if not name.since and (not name.failure or now - name.failed_at >= FAILED_SECONDS):
            self._start(host, name, now)
        if name.waiting and now - name.since < PATIENCE_SECONDS:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(name.since + PATIENCE_SECONDS - now):
                    await asyncio.shield(name.waiting)
        if name.address and not name.lasting and time.monotonic() - name.learnt_at < LAST_RESORT_SECONDS:
            return name.address
        raise Unresolved(f"name {host} does not resolve ({name.failure or 'the name service does not answer'})")

    async def close(self) -> None:
        """Let the threads end when their lookup does; those that hang are daemons and keep nothing alive."""
        for _ in self._threads:
            self._work.put(None)

    def _start(self, host: str, name: _Name, now: float) -> None:
        if self._running >= MAX_NAMES:
            raise Unresolved(f"name {host} does not resolve (too many names wait for the name service)")
        self._forget()
        loop = asyncio.get_running_loop()
        name.since, name.waiting = now, loop.create_future()
        self._running += 1
        self._work.put((host, loop))
        if len(self._threads) < min(self._running, MAX_THREADS):
            thread = threading.Thread(target=self._serve, name=f"resolve-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _forget(self) -> None:
        for host in list(self._names)[: max(0, len(self._names) - MAX_NAMES)]:
            if not self._names[host].since:
                del self._names[host]

    def _serve(self) -> None:
        while job := self._work.get():
            host, loop = job
            found: Address | None = None
            failure, lasting = "", False
            try:
                found = self._ask(host)
            except socket.gaierror as error:
                failure, lasting = error.strerror or "failed", error.errno in {socket.EAI_NONAME, socket.EAI_NODATA}
            except (OSError, ValueError) as error:  # ValueError: no possible name
                failure, lasting = type(error).__name__, isinstance(error, ValueError)
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(self._learn, host, found, failure, lasting)

    def _learn(self, host: str, found: Address | None, failure: str, lasting: bool) -> None:
        self._running -= 1
        name = self._names[host]
        now = time.monotonic()
        if found:
            name.address, name.learnt_at = found, now
        name.failure, name.failed_at, name.lasting = failure, now, lasting
        trace("name %s: %s", host, found.ip if found else failure)
        name.since = 0.0
        if name.waiting and not name.waiting.done():
            name.waiting.set_result(None)
        name.waiting = None
