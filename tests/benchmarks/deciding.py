"""How many looks does one core decide and commit in a second?"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import uvloop

from monitor.core import decide
from monitor.core.plan import Plan
from monitor.core.world import Saved, World
from monitor.engine.engine import Engine
from monitor.settings.load import load
from monitor.settings.planning import plan as plan_of
from monitor.storage.store import Store
from probes.observation import Observation, Outcome, Values
from tests.benchmarks.daemon import device
from tests.benchmarks.figure import Figure, Rival

DEVICES = 2_000
ROUND_SECONDS = 60.0  # virtual: each device is looked at once a minute
EPISODE = 6  # looks in a row that find a device silent
SPREAD = 797  # every so manieth look begins an episode, about eight looks of which change something; a prime number
LIKE_AN_ANSWER: Values = {
    "uptime_seconds": 86_400.0, "memory_percent": 41.5, "system_name": "server", "vendor": "net-snmp", "profile": "x",
}  # fmt: skip


def commits(folder: Path, seconds: float) -> Sequence[Figure]:
    """The pipeline on SQLite; a hundredth of the looks changes something, some open tickets or close them."""
    plan = _plan(folder)
    rate, share = uvloop.run(_ours(plan, folder / "ours", seconds))
    rival = uvloop.run(_one_by_one(plan, folder / "rival", seconds / 2))
    note = f"{share:.3f} changes a look"
    rivals = (Rival("one transaction a look", rival),)
    return [Figure("looks decided and committed", rate, "/s of CPU", 10_000, rivals, note, more_is_better=True)]


def _plan(folder: Path) -> Plan:
    """The shipped rules, and a route for everything."""
    access = {"agent": {"snmp": {"version": "2c", "community": "public"}}}
    site = {
        "site": {"id": "bench", "name": "Benchmark"},
        "credentials": access,
        "devices": [device(number, "server", {"reach": "off"}, credentials="agent") for number in range(DEVICES)],
        "channels": {"hook": {"kind": "webhook", "url": "http://127.0.0.1:9/"}},
        "routes": [{"name": "all", "channel": "hook"}],
    }
    file = folder / "site.yaml"
    file.write_text(json.dumps(site))
    return plan_of(load(file))


def _looks(plan: Plan) -> Iterator[Observation]:
    """For ever: one look by SNMP at each device, round after round."""
    silent: dict[str, int] = {}
    for turn, device_id in enumerate(_again(tuple(each for each in plan.devices if (each, "snmp") in plan.checks))):
        at = 1e9 + turn / DEVICES * ROUND_SECONDS
        if turn % SPREAD == 0:
            silent[device_id] = EPISODE
        left = silent.pop(device_id, 0)
        if left > 1:
            silent[device_id] = left - 1
        if left:
            yield Observation(device_id, "snmp", at, 5.0, Outcome.NO_ANSWER, detail="no answer to SNMP within 5 s")
        else:
            yield Observation(device_id, "snmp", at, 0.01, Outcome.OK, LIKE_AN_ANSWER)


def _again(devices: Sequence[str]) -> Iterator[str]:
    while True:
        yield from devices


async def _ours(plan: Plan, folder: Path, seconds: float) -> tuple[float, float]:
    """Looks a second of CPU, and changes a look."""
    store = Store.open("", folder, sole=True)
    engine = Engine(plan, Saved(), store)
    pipeline, stats = engine.pipeline, engine.stats
    running = asyncio.create_task(pipeline.run())
    await asyncio.sleep(0.1)
    looks, taken = _looks(plan), 0
    began, used = time.monotonic(), time.process_time()
    while time.monotonic() - began < seconds:
        for look in islice(looks, 100):
            pipeline.submit(look)
        taken += 100
        await asyncio.sleep(0)
    while stats.decisions < taken or stats.uncommitted:  # noqa: ASYNC110 - counters
        await asyncio.sleep(0.01)
    used = time.process_time() - used
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await store.close()
    return taken / used, stats.changes / taken


async def _one_by_one(plan: Plan, folder: Path, seconds: float) -> float:
    """The same where every look is written at once: its changes, or the mere time of it."""
    store, world = Store.open("", folder, sole=True), World()
    looks, taken = _looks(plan), 0
    began, used = time.monotonic(), time.process_time()
    while time.monotonic() - began < seconds:
        look = next(looks)
        decision = decide.observe(plan, world, look)
        if decision.changes:
            await store.commit(decision.changes)
        else:
            await store.writable(look.at)
        taken += 1
    used = time.process_time() - used
    await store.close()
    return taken / used
