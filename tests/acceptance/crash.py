"""Does the daemon keep its word when it is killed at random instants? `python -m tests.acceptance.crash --rounds 200`

Every round the daemon watches the demo's simulated site for a few seconds, while devices fail and are repaired and a
technician works; then it gets SIGKILL and is started again. In the end everything that was ever shown, acknowledged
or delivered is compared with the database.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import aiohttp

from monitor.cli.demo.stage import StageError
from monitor.storage.store import Store
from tests.acceptance.crash_ledger import Kept, Ledger, judge
from tests.acceptance.crash_people import AWAY, break_and_repair, every_ticket, watch, work
from tests.acceptance.crash_stage import CrashStage

START_TIMES = 5.0  # a start, until it answers and has asked a device, by what importing the libraries alone takes
LIBRARIES = "import aiohttp, alembic, cel, cv2, fastapi, numpy, psycopg, pydantic, sqlalchemy.orm, uvicorn"
LONGEST_UP_SECONDS = 4.0
SETTLE_SECONDS = 120.0
ORPHAN_SECONDS = 5.0

Instant = Literal["any", "delivery", "start"]
INSTANTS: tuple[Instant, ...] = ("any", "any", "any", "delivery", "delivery", "start")


@dataclass(frozen=True, slots=True)
class Start:
    """How long one start took: until /livez answers, and until the first look has ended.

    `waited` is how long the process was ready to run and had no processor, which is not its own fault.
    """

    live_seconds: float
    look_seconds: float
    waited_seconds: float

    @property
    def own_seconds(self) -> float:
        return max(self.live_seconds, self.look_seconds) - self.waited_seconds


@dataclass(slots=True)
class Run:
    """What happened so far."""

    rounds: int
    stage: CrashStage
    chance: random.Random
    ledger: Ledger
    starts: list[Start] = field(default_factory=list)
    killed: list[int] = field(default_factory=list)  # process groups
    violations: list[str] = field(default_factory=list)

    async def play(self) -> None:
        """All rounds, and the quiet time after them."""
        await self._note_start(time.monotonic())
        people = [
            asyncio.create_task(break_and_repair(self.stage, random.Random(self.chance.random()))),
            asyncio.create_task(watch(self.stage, self.ledger)),
            asyncio.create_task(work(self.stage, self.ledger, random.Random(self.chance.random()))),
        ]
        try:
            for number in range(1, self.rounds + 1):
                await self._round(number)
                for person in people:
                    if person.done():
                        person.result()
        finally:
            for person in people:
                person.cancel()
            await asyncio.gather(*people, return_exceptions=True)
        self.stage.calm = True
        await self._settle()
        await self._end()

    async def _round(self, number: int) -> None:
        instant = self.chance.choice(INSTANTS)
        after = self.chance.uniform(0.0, LONGEST_UP_SECONDS)
        if instant == "delivery":
            self.stage.arrived.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stage.arrived.wait(), LONGEST_UP_SECONDS)
            after = self.chance.uniform(0.0, 0.05)
        elif instant == "start":
            after = 0.0
        await asyncio.sleep(after)
        await self._kill()
        began = time.monotonic()
        if instant == "start":
            await self._kill_while_starting(self.chance.uniform(0.0, 3.0))
            began = time.monotonic()
        await self.stage.start_daemon()
        start = await self._note_start(began)
        say(
            f"round {number:3}/{self.rounds}  killed {instant:8}  up in {start.live_seconds:4.1f} s, first look "
            f"{start.look_seconds:4.1f} s, of that {start.waited_seconds:3.1f} s waiting for a processor  ·  "
            f"{len(self.ledger.tickets)} tickets, {len(self.ledger.events)} events, {len(self.ledger.promises)} "
            f"commands, {len(self.ledger.arrivals)} deliveries ({self.ledger.repeats} again)"
        )

    async def _kill(self) -> None:
        daemon = self.stage.daemon
        assert daemon is not None
        if daemon.returncode is not None:
            self.violations.append(f"the daemon ended by itself with {daemon.returncode}")
        else:
            daemon.kill()
        await daemon.wait()
        self.killed.append(daemon.pid)

    async def _kill_while_starting(self, after: float) -> None:
        before = self.stage.daemon
        starting = asyncio.create_task(self.stage.start_daemon())
        await asyncio.sleep(after)
        while self.stage.daemon is before:  # noqa: ASYNC110 - the stage has no event for it
            await asyncio.sleep(0.01)
        await self._kill()
        with contextlib.suppress(StageError):
            await starting

    async def _note_start(self, began: float) -> Start:
        live = time.monotonic() - began
        assert self.stage.daemon is not None
        while not await self._has_looked():  # noqa: ASYNC110 - asked over HTTP
            await asyncio.sleep(0.05)
        start = Start(live, time.monotonic() - began, waited_seconds(self.stage.daemon.pid))
        self.starts.append(start)
        return start

    async def _has_looked(self) -> bool:
        page = await self.stage.api("GET", "/devices?limit=500")
        return any(device["last_look_at"] is not None for device in page["items"])

    async def _settle(self) -> None:
        """Everything is repaired: wait until every device is well, every ticket knows it and all is delivered."""
        deadline = time.monotonic() + SETTLE_SECONDS
        rest: dict[str, Any] = {}
        while time.monotonic() < deadline:
            with contextlib.suppress(*AWAY):
                rest = await self._unsettled()
                if not rest:
                    return
            await asyncio.sleep(0.5)
        self.violations.append(f"after {SETTLE_SECONDS:.0f} s of quiet there are still {rest}")

    async def _unsettled(self) -> dict[str, Any]:
        """What still moves. A condition that only waits until it has flapped out is well."""
        page = await self.stage.api("GET", "/devices?limit=500")
        bad, clearing = [], set()
        for device in page["items"]:
            if device["state"] != "ok":
                detail = await self.stage.api("GET", f"/devices/{device['id']}")
                clearing.add(device["id"])
                bad += [f"{device['id']} {one['rule']} {one['state']}" for one in detail["conditions"] if _moves(one)]
        untold = [
            f"{ticket['name']} {ticket['state']}"
            for ticket in await every_ticket(self.stage)
            if ticket["state"] in ("new", "acknowledged") and ticket["device"] not in clearing
        ]
        lines = (await self._metrics()).splitlines()
        waiting = next(float(line.split()[1]) for line in lines if line.startswith("sitewarden_outbox_waiting "))
        found = {"devices": bad, "tickets": untold, "notifications": waiting}
        return {what: rest for what, rest in found.items() if rest}

    async def _metrics(self) -> str:
        address = f"{self.stage.address}/metrics"
        async with aiohttp.ClientSession() as session, session.get(address, raise_for_status=True) as answer:
            return await answer.text()

    async def _end(self) -> None:
        """Stop the daemon as systemd would, and judge."""
        daemon = self.stage.daemon
        assert daemon is not None
        daemon.terminate()
        code = await daemon.wait()
        if code:
            self.violations.append(f"the daemon ended with {code} after SIGTERM")
        await asyncio.sleep(ORPHAN_SECONDS)
        left = {pid for group in (*self.killed, daemon.pid) for pid in members(group)}
        self.violations += [f"process {pid} was left behind" for pid in sorted(left)]
        self.violations += judge(self.ledger, await read(self.stage.folder))
        yardstick, start = import_seconds(), self.start_seconds
        if start > START_TIMES * yardstick:
            self.violations.append(f"a start took {start:.1f} s, its libraries alone {yardstick:.1f} s")

    @property
    def start_seconds(self) -> float:
        """The median start."""
        return statistics.median(start.own_seconds for start in self.starts)

    def summary(self) -> dict[str, Any]:
        """One line of JSON."""
        return {
            "rounds": self.rounds,
            "tickets": len(self.ledger.tickets),
            "events": len(self.ledger.events),
            "commands": len(self.ledger.promises),
            "notifications": len({arrival.key for arrival in self.ledger.arrivals}),
            "possible_repeats": self.ledger.repeats,
            "start_seconds_median": round(self.start_seconds, 2),
            "start_seconds_worst": round(max(start.own_seconds for start in self.starts), 2),
            "violations": len(self.violations),
        }


def _moves(condition: dict[str, Any]) -> bool:
    return condition["state"] not in ("ok", "clearing")


async def read(folder: Path) -> Kept:
    """What the database holds, opened as the daemon would."""
    store = Store.open("", folder)
    try:
        tickets = await store.tickets_touching(0.0, 1e11)
        events = [event for ticket in tickets for event in await store.events(ticket.id)]
        return Kept(tickets, events, await store.backlog())
    finally:
        await store.close()


def import_seconds() -> float:
    """What a new interpreter takes for the libraries that the daemon stands on: how fast this machine is now."""
    taken = []
    for _ in range(3):
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", LIBRARIES], check=True)
        taken.append(time.monotonic() - began)
    return statistics.median(taken)


def waited_seconds(pid: int) -> float:
    """How long the process's first thread was ready to run and did not get a processor (proc(5), schedstat)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def members(group: int) -> Iterator[int]:
    """Processes of a process group, without those that only wait for their parent to look at them."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, pgrp = stat.read_text().rpartition(")")[2].split()[:3]
            if int(pgrp) == group and state != "Z":
                yield int(stat.parent.name)


def say(line: str) -> None:
    """Print it at once."""
    print(line, flush=True)  # noqa: T201


async def crash(rounds: int, seed: int, folder: Path) -> Run:
    """Play the rounds in that folder; the films of the simulated cameras are kept between runs."""
    chance, ledger = random.Random(seed), Ledger()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sitewarden" / "films"
    async with CrashStage(folder, cache, ledger, random.Random(chance.random())) as stage:
        run = Run(rounds, stage, chance, ledger)
        await run.play()
        return run


def main() -> int:
    """0: the daemon kept its word."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.crash", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    say(f"seed {options.seed}")
    folder = Path(tempfile.mkdtemp(prefix="sitewarden-crash-"))
    run = asyncio.run(crash(options.rounds, options.seed, folder))
    for violation in run.violations:
        say(f"VIOLATION  {violation}")
    say(json.dumps(run.summary()))
    if run.violations:
        say(f"everything is kept in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
