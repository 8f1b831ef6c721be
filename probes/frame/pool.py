"""Which decoder process takes the next look, and whose stream killed the last one?"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from probes.errors import Garbled, LocalTrouble
from probes.frame.decoder import PLACES, Decoder
from probes.frame.job import Attached, Job, Seen
from probes.tools import Tools, trace

QUEUE_SECONDS: Final = 8.0
DEATHS_TO_BLAME: Final = 2
ALONE_AT_ONCE: Final = 2
MAX_SUSPECTS: Final = 10_000


class DecodePool:
    """The decoder processes of this daemon; `tools.get(DecodePool)`.

    A look that hangs or kills its process costs that one look. Where several looks shared a process that died, all are
    suspects: each looks alone, in a process of its own, until it has come back once. A stream that kills two processes
    on its own is garbled, and goes on looking alone.

    `size` may be set before the first look; `deaths` counts processes that hung or died, `cpu_seconds` what decoding
    cost, `looks` how many ended.
    """

    def __init__(self, tools: Tools) -> None:
        self.size = max(1, (os.cpu_count() or 1) // 2)
        self.deaths = 0
        self.looks = 0
        self.cpu_seconds = 0.0
        self._decoders: list[Decoder] = []
        self._growing: asyncio.Task[None] | None = None
        self._free = asyncio.Event()
        self._alone = asyncio.Semaphore(ALONE_AT_ONCE)
        self._apart: list[Decoder] = []  # those that look at suspects
        self._suspects: dict[str, int] = {}  # device -> processes that it has killed while it was alone in them

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that run now."""
        return tuple(decoder.pid for decoder in (*self._decoders, *self._apart) if decoder.alive)

    async def look(self, device: str, job: Job) -> tuple[Seen, Attached]:
        """Do the job for that device. Raises its Trouble; LocalTrouble if no worker could do it or one died."""
        try:
            look = self._look_alone if device in self._suspects else self._look_beside_others
            seen, attached = await look(device, job)
        finally:
            self.looks += 1
        self.cpu_seconds += seen.cpu_seconds
        return seen, attached

    async def close(self) -> None:
        """End every process."""
        if self._growing is not None:
            self._growing.cancel()
            await asyncio.gather(self._growing, return_exceptions=True)
        for decoder in (*self._decoders, *self._apart):
            await decoder.close()
        self._decoders.clear()

    async def _look_beside_others(self, device: str, job: Job) -> tuple[Seen, Attached]:
        began = time.monotonic()
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                decoder = await self._place()
        except TimeoutError:
            raise LocalTrouble(f"all decoder workers were busy for {QUEUE_SECONDS:g} s") from None
        trace("decoder %d, %d looks at once", decoder.pid, decoder.running + 1)
        return await decoder.ask(device, _shortened(job, began))

    async def _look_alone(self, device: str, job: Job) -> tuple[Seen, Attached]:
        """Look in a new process that nobody else uses."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                await self._alone.acquire()
        except TimeoutError:
            raise LocalTrouble("decoder workers for suspect streams were busy") from None
        try:
            trace("a decoder of its own: its stream was there when one died")
            decoder = await Decoder.start(lambda: None, self._lose)
            self._apart.append(decoder)
            kills = self._suspects.get(device, 0)
            try:
                seen = await decoder.ask(device, _shortened(job, began))
            except LocalTrouble:
                if kills < self._suspects.get(device, 0) >= DEATHS_TO_BLAME:
                    raise Garbled("its stream kills the decoder") from None
                raise
            finally:
                self._apart.remove(decoder)
                await asyncio.shield(decoder.close())
        finally:
            self._alone.release()
        self._suspects.pop(device, None)
        return seen

    async def _place(self) -> Decoder:
        """A decoder with a free place; starts one where none is, or where the others are half full."""
        while True:
            self._decoders = [decoder for decoder in self._decoders if decoder.alive]
            usable = [decoder for decoder in self._decoders if decoder.open]
            best = min(usable, key=lambda decoder: decoder.running, default=None)
            if best is not None and best.running < PLACES // 2:
                return best
            if len(usable) < self.size:
                if self._growing is None or self._growing.done():
                    self._growing = asyncio.create_task(self._grow(), name="start a decoder")
                await asyncio.shield(self._growing)  # a slow machine may take longer than one look waits
            elif best is not None and best.running < PLACES:
                return best
            else:
                self._free.clear()
                await self._free.wait()

    async def _grow(self) -> None:
        """Start one more process. Raises LocalTrouble."""
        decoder = await Decoder.start(self._free.set, self._lose)
        self._decoders.append(decoder)

    def _lose(self, devices: Sequence[str]) -> None:
        """A process died or a look hung while it looked at these devices; where there is one, it is to blame."""
        self.deaths += 1
        for device in devices:
            if device in self._suspects or len(self._suspects) < MAX_SUSPECTS:
                self._suspects[device] = self._suspects.get(device, 0) + (len(devices) == 1)


def _shortened(job: Job, began: float) -> Job:
    """The job with the time that is left after waiting for a worker: the whole look keeps its bound."""
    return replace(job, seconds=max(1.0, job.seconds - (time.monotonic() - began)))
