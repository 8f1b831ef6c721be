"""Is anything lost, or done twice, when the daemon is killed in the middle of its deliveries, again and again?

Run as a program, this file is the process that is killed: a courier on a store, with one webhook.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from monitor.notify.courier import Courier, Patience
from monitor.notify.rendering import Rendering
from monitor.notify.webhook import Webhook
from monitor.settings.channels import WebhookChannel
from monitor.storage.outbox import Grouping
from monitor.storage.store import Store
from tests.letters import PLAN, told
from tests.servers.processes import free_port

CRASHES = int(os.environ.get("CRASHES", "10"))
GROUPING = Grouping(over=3, window_seconds=0.3)


async def serve(url: str, folder: Path, hook: str) -> None:
    store = Store.open(url, folder, sole=True)
    rendering = Rendering(store, lambda: PLAN, time.time)
    hooks = {"hook": Webhook(WebhookChannel(hook, timeout_seconds=2.0))}
    courier = Courier(store, hooks, rendering, time.time, patience=Patience(0.02, 0.1), grouping=GROUPING)
    running = asyncio.create_task(courier.run())
    while not running.done():  # other processes fill the outbox here; in the daemon the pipeline wakes the courier
        courier.wake()
        await asyncio.sleep(0.02)
    await running


@dataclass(slots=True)
class Receiver:
    """Acts once on a key, and remembers every arrival. Now and then it fails, or answers too late to be heard."""

    url: str = ""
    effects: dict[str, Any] = field(default_factory=dict)
    arrivals: list[tuple[str, int, bool]] = field(default_factory=list)  # key, attempt, possible repeat
    random: random.Random = field(default_factory=lambda: random.Random(7))
    holds: bool = False  # does not answer for long enough to be killed in between
    calm: bool = False

    async def take(self, request: web.Request) -> web.Response:
        body, key = await request.json(), request.headers["Idempotency-Key"]
        self.arrivals.append((key, int(request.headers["X-Sitewarden-Attempt"]), body["possible_repeat"]))
        known = self.effects.setdefault(key, body)
        assert covered(known) == covered(body), "one key means one thing"
        if not self.calm:
            await asyncio.sleep(1.0 if self.holds else self.random.choice([0.0, 0.005, 0.05]))
            if self.random.random() < 0.1:
                return web.Response(status=503)
        return web.Response()


def covered(body: dict[str, Any]) -> list[tuple[str, int]]:
    """Which tickets' events this delivery tells."""
    if body["kind"] == "digest":
        return [(each["ticket"], each["event"]["number"]) for each in body["events"]]
    return [(body["ticket"]["id"], body["event"]["number"])]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    application = web.Application(client_max_size=4_000_000)
    application.router.add_post("/", found.take)
    runner = web.AppRunner(application)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    found.url = f"http://127.0.0.1:{port}/"
    yield found
    await runner.cleanup()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("kind", "kills"), [("sqlite", CRASHES), ("postgresql", max(4, CRASHES // 5))])
async def test_killed_in_the_middle_nothing_is_lost_and_nothing_done_twice(
    kind: str, kills: int, receiver: Receiver, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = "" if kind == "sqlite" else request.getfixturevalue("postgres").new_database()
    store = Store.open(url, tmp_path)
    try:
        await kill_and_count(kills, receiver, store, url, tmp_path)
    finally:
        await store.close()


async def kill_and_count(kills: int, receiver: Receiver, store: Store, url: str, tmp_path: Path) -> None:
    chance = random.Random(11)
    log = (tmp_path / "log").open("wb")

    def start() -> subprocess.Popen[bytes]:
        root = Path(__file__).parents[2]
        command = [sys.executable, "-W", "ignore", __file__, url, str(tmp_path), receiver.url]
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=root, env={**os.environ, "PYTHONPATH": str(root)})

    async def heard(more_than: int, process: subprocess.Popen[bytes]) -> None:
        async with asyncio.timeout(30):
            while len(receiver.arrivals) <= more_than:
                assert process.poll() is None, (tmp_path / "log").read_text()
                await asyncio.sleep(0.005)

    number = 0
    for round_number in range(kills):
        receiver.holds = round_number % 2 == 0
        process, before = start(), len(receiver.arrivals)
        try:
            for _ in range(chance.choice([1, 4, 12])):
                number += 1
                await store.commit(told(number, "hook", created_at=time.time(), not_before=time.time()))
            await heard(before, process)
            await asyncio.sleep(0.0 if receiver.holds else chance.uniform(0.0, 0.15))
        finally:
            process.kill()
            process.wait()

    receiver.calm = True
    process = start()
    try:
        async with asyncio.timeout(60):
            while (await store.backlog()).get("hook"):
                assert process.poll() is None, (tmp_path / "log").read_text()
                await asyncio.sleep(0.05)
    finally:
        process.kill()
        process.wait()
        log.close()

    times_told = Counter(event for body in receiver.effects.values() for event in covered(body))
    assert times_told == Counter({(f"T-{each:06d}", 1): 1 for each in range(1, number + 1)})
    arrivals = Counter(key for key, _, _ in receiver.arrivals)
    seen: set[str] = set()
    for key, attempt, possible_repeat in receiver.arrivals:
        assert (attempt > 1 and possible_repeat) or key not in seen, "what comes again must say so"
        seen.add(key)
    assert max(arrivals.values()) > 1, "a delivery that was cut off must come again"
    assert any(body["kind"] == "digest" for body in receiver.effects.values())
    print(json.dumps({"kills": kills, "messages": number, "arrivals": len(receiver.arrivals), "keys": len(arrivals)}))  # noqa: T201


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
