"""How are the metrics served at an address of their own, for everybody who reaches it?"""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from aiohttp import web

from monitor.engine.live import Live
from monitor.export.prometheus import CONTENT_TYPE, Exporter

THREAD_FROM_BYTES: Final = 65_536  # a larger page is compressed in a thread
MAX_HEADER_BYTES: Final = 8_190


async def serve_metrics(live: Live, bound: socket.socket) -> None:
    """Serve /metrics, /livez and /readyz on a listening socket until cancelled; then it is closed."""
    exporter = Exporter(live)

    async def metrics(_: web.Request) -> web.Response:
        answer = web.Response(
            body=await exporter.text(),
            headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"},
            zlib_executor_size=THREAD_FROM_BYTES,
        )
        answer.enable_compression()
        return answer

    async def livez(_: web.Request) -> web.Response:
        return web.Response(text="live\n")

    async def readyz(_: web.Request) -> web.Response:
        health = live.health
        return web.json_response(
            {"ready": health.ready, "troubles": health.troubles}, status=200 if health.ready else 503
        )

    application = web.Application(client_max_size=MAX_HEADER_BYTES)
    application.router.add_get("/metrics", metrics)
    application.router.add_get("/livez", livez)
    application.router.add_get("/readyz", readyz)
    runner = web.AppRunner(
        application, access_log=None, handle_signals=False, max_field_size=MAX_HEADER_BYTES, keepalive_timeout=75.0
    )
    await runner.setup()
    try:
        await web.SockSite(runner, bound, backlog=64).start()
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
