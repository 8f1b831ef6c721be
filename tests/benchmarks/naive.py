"""The rival of our scheduler, run as a program: a task for each check, and one semaphore that all of them share."""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from monitor.core.plan import Check, Plan
from monitor.settings.load import load
from monitor.settings.planning import plan as plan_of
from probes.ask import ask
from probes.registry import probe
from probes.tools import Tools
from tests.benchmarks.cpu import resident_bytes
from tests.benchmarks.crowd import DARK

AT_ONCE = 500
SPREAD_SECONDS = 60.0


@dataclass(slots=True)
class Seen:
    """How many looks began, and when and how late those at healthy devices did."""

    looks: int = 0
    late: list[tuple[float, float]] = field(default_factory=list)


async def watch(plan: Plan, check: Check, tools: Tools, places: asyncio.Semaphore, seen: Seen) -> None:
    """Ask for ever."""
    target, asking = plan.devices[check.device].target, probe(check.probe)
    due = time.monotonic() + random.random() * min(check.every_seconds, SPREAD_SECONDS)
    while True:
        await asyncio.sleep(due - time.monotonic())
        async with places:
            seen.looks += 1
            if int(check.device[1:]) % DARK:
                seen.late.append((time.monotonic(), time.monotonic() - due))
            await ask(asking, target, check.options, tools, check=check.name, timeout_seconds=check.timeout_seconds)
        while due <= time.monotonic():
            due += check.every_seconds


async def run(file: Path, seconds: float) -> dict[str, float]:
    """Lateness of healthy checks in the last third, as milliseconds; memory and CPU."""
    empty = resident_bytes(os.getpid())
    plan = plan_of(load(file))
    tools, places = Tools(), asyncio.Semaphore(AT_ONCE)
    seen = Seen()
    tasks = [asyncio.create_task(watch(plan, check, tools, places, seen)) for check in plan.checks.values()]
    await asyncio.sleep(seconds * 2 / 3)
    began, used, before = time.monotonic(), time.process_time(), seen.looks
    await asyncio.sleep(seconds / 3)
    ms_each = (time.process_time() - used) / (seen.looks - before) * 1e3
    lateness = sorted(by for at, by in seen.late if at >= began)
    memory = resident_bytes(os.getpid()) - empty
    for task in tasks:
        task.cancel()
    return {
        "p50": lateness[len(lateness) // 2] * 1e3,
        "p99": lateness[int(len(lateness) * 0.99)] * 1e3,
        "ms_each": ms_each,
        "memory": memory / len(plan.devices) / 1024,
    }


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(json.dumps(uvloop.run(run(Path(sys.argv[1]), float(sys.argv[2])))))  # noqa: T201
