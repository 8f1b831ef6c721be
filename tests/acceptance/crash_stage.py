"""The demo's stage with a webhook that is slow, fails now and then, and tells when something has just arrived."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from monitor.cli.demo.script import Pace
from monitor.cli.demo.stage import Stage
from probes.simulators import Shape
from tests.acceptance.crash_ledger import Ledger
from tests.servers.processes import free_port

PACE = Pace(
    {
        "reach": {"every": "1s", "timeout": "1s"},
        "rtsp": {"every": "3s"},
        "onvif": {"every": "3s"},
        "frame": {"every": "15s", "timeout": "10s", "grab_seconds": 5, "gap_seconds": 1},
        "snmp": {"every": "1s"},
    },
    {"for": "1s", "looks": 2, "clear_for": "1s", "clear_looks": 2},
    together=True,
    pause_seconds=0.0,
    patience_seconds=60.0,
    picture_every="5s",
)
MORE: dict[str, Any] = {
    "digest": {"messages": 3, "within": "2s"},
    "reopen_within": "15s",
    "service": {
        "urgent": {"response": "5s", "arrival": "15s", "fix": "30s"},
        "high": {"response": "10s", "arrival": "none", "fix": "40s"},
    },
}


class CrashStage(Stage):
    """What arrives at its webhook goes into the ledger; `arrived` is set at each arrival, before it is answered."""

    def __init__(self, folder: Path, cache: Path, ledger: Ledger, chance: random.Random) -> None:
        super().__init__(folder, cache, PACE, 0, lambda *_, **__: None)
        self.arrived = asyncio.Event()
        self.calm = False  # no more delays and refusals
        self._ledger, self._chance = ledger, chance

    def _configuration(self, shape: Shape, hook: str) -> str:
        described = yaml.safe_load(super()._configuration(shape, hook)) | MORE
        return yaml.safe_dump(described, allow_unicode=True, sort_keys=False)

    async def _listen(self) -> str:
        application = web.Application(client_max_size=8_000_000)
        application.router.add_post("/", self._take)
        self._hook = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._hook.setup()
        port = free_port()
        await web.TCPSite(self._hook, "127.0.0.1", port).start()
        return f"http://127.0.0.1:{port}/"

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.json()
        self._ledger.deliver(request.headers["Idempotency-Key"], int(request.headers["X-Sitewarden-Attempt"]), body)
        self.arrived.set()
        if not self.calm:
            await asyncio.sleep(self._chance.choice([0.0, 0.01, 0.1]))
            if self._chance.random() < 0.1:
                return web.Response(status=503)
        return web.Response(status=204)
