"""How are all addresses asked in little time and memory, when most of them are dark?"""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from probes.discovery.found import Found, Reason, Report
from probes.discovery.interview import Interviewer
from probes.discovery.knock import Knocker
from probes.discovery.matches import Match, Matcher
from probes.discovery.neighbours import read_neighbours
from probes.discovery.scope import Scope
from probes.errors import LocalTrouble
from probes.snmp.session import Sessions
from probes.snmp.shelf import ProfileShelf
from probes.tools import Tools

HOSTS_AT_ONCE: Final = 256
SOCKETS_AT_ONCE: Final = 768  # connections that wait for an answer
VISIT_SECONDS: Final = 60.0  # of one host, whatever it does
MULTICAST_SECONDS: Final = 3.0
MAX_FOUND: Final = 8_192
MAX_STRANGERS: Final = 256


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is: addresses `done` of `total`, and what was found so far."""

    done: int
    total: int
    answered: int
    found: int


@dataclass(slots=True)
class _Tally:
    total: int
    done: int = 0
    answered: int = 0
    cut: int = 0


def _silent(progress: Progress) -> None:
    """Nobody watches."""


async def sweep(
    scope: Scope,
    tools: Tools,
    *,
    tell: Callable[[Progress], None] = _silent,
    take: Callable[[Found], None] = lambda _: None,
    hosts_at_once: int = HOSTS_AT_ONCE,
) -> Report:
    """Ask every address. `tell` hears of each one that is done, `take` of each host that offers something.

    Raises LocalTrouble where this machine has no sockets left. A host costs at most VISIT_SECONDS.
    """
    began = time.perf_counter()
    await asyncio.to_thread(_prepare, scope, tools)
    heard = await tools.get(Matcher).ask_all(MULTICAST_SECONDS) if scope.multicast else {}
    knocker = Knocker(tools, _sockets())
    interviewer = Interviewer(scope, tools, knocker, read_neighbours(), _inside(heard, scope))
    tally, found = _Tally(len(scope.ranges)), dict[str, Found]()
    addresses = iter(scope.ranges)

    async def work() -> None:
        for host in addresses:  # one iterator for all workers: each address goes to one
            answered, one = await _visit(interviewer, host)
            tally.done += 1
            tally.answered += answered
            if one is not None:
                if len(found) < MAX_FOUND:
                    found[host] = one
                    take(one)
                else:
                    tally.cut += 1
            tell(Progress(tally.done, tally.total, tally.answered, len(found)))

    short: LocalTrouble | None = None
    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(min(hosts_at_once, tally.total)):
                workers.create_task(work())
    except* LocalTrouble as troubles:
        short = next(trouble for trouble in troubles.exceptions if isinstance(trouble, LocalTrouble))
    if short is not None:
        raise short
    return Report(
        tally.done,
        tally.answered,
        tuple(sorted(found.values(), key=_number)),
        time.perf_counter() - began,
        knocker.unpinged,
        tuple(sorted(host for host in heard if host not in scope.ranges))[:MAX_STRANGERS],
        tally.cut,
    )


def _prepare(scope: Scope, tools: Tools) -> None:
    """What takes long and would stop every clock in the middle of a sweep: reading profiles, stretching SNMPv3 keys."""
    _ = tools.get(ProfileShelf).profiles
    own = (one.snmp for one in scope.own.values())
    for access in dict.fromkeys(one.snmp for one in (*scope.snmp, *own) if one and one.snmp):
        if access.version == "3":
            tools.get(Sessions).masters(access)


async def _visit(interviewer: Interviewer, host: str) -> tuple[bool, Found | None]:
    try:
        async with asyncio.timeout(VISIT_SECONDS):
            return await interviewer.visit(host)
    except TimeoutError:  # it answers, a little of everything, for ever
        return True, Found(host, evidence=(Reason("unfinished", f"{VISIT_SECONDS:g}"),))


def _inside(heard: dict[str, Match], scope: Scope) -> dict[str, Match]:
    return {host: match for host, match in heard.items() if host in scope.ranges}


def _number(found: Found) -> tuple[int, ...]:
    return tuple(map(int, found.host.split(".")))


def _sockets() -> int:
    """Half of the files that this process may have open, at most SOCKETS_AT_ONCE."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(16, min(SOCKETS_AT_ONCE, soft // 2))
