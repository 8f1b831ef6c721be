"""What does the daemon tell Prometheus? Text format 0.0.4, written in slices so that the loop never waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import islice
from typing import Final, TypeVar

from monitor import __version__
from monitor.core.plan import MONITOR
from monitor.engine.live import Live
from monitor.export.daemon import write_daemon
from monitor.export.devices import write_check, write_device, write_look, write_tickets
from monitor.export.page import Page
from monitor.export.process import write_process
from monitor.export.runtime import runtime_lines

T = TypeVar("T")
Pieces = Sequence[bytes | bytearray]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SLICE: Final = 100  # looks or devices that are written before the loop gets its turn


class Exporter:
    """Writes the metrics of a running site."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._writing: asyncio.Task[Pieces] | None = None

    async def pieces(self) -> Pieces:
        """All metrics, in pieces that belong together. While they are written the daemon goes on.

        Each line is as of its own moment. Who asks while another's page is being written gets the same one, so that
        many askers cost what one costs.
        """
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), name="metrics")
        return await asyncio.shield(self._writing)

    async def text(self) -> bytes:
        """All metrics as one text."""
        return b"".join(await self.pieces())

    async def _write(self) -> Pieces:
        live, page = self._live, Page()
        async for look in _in_slices(live.world.looks.values(), page):
            if look.device != MONITOR:
                write_look(look, page)
        async for check in _in_slices(live.plan.checks.values(), page):
            write_check(check, page)
        async for device in _in_slices(live.plan.devices.values(), page):
            write_device(device, live.plan, live.world, page)
        write_tickets(live.world.tickets.values(), page)
        write_daemon(live, __version__, page)
        write_process(live.stats.started_at, page)
        return (*page.pieces(), runtime_lines())


async def _in_slices(things: Iterable[T], page: Page) -> AsyncIterator[T]:
    """Each of them as of now; between slices others run."""
    left = iter(tuple(things))
    while part := tuple(islice(left, SLICE)):
        for thing in part:
            yield thing
        page.pack()
        await asyncio.sleep(0)
