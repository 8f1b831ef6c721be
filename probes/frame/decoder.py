"""How does the daemon speak with one decoder process, and how does it get rid of it?"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import probes
from probes.errors import LocalTrouble, Trouble
from probes.frame.job import Attached, Job, Seen
from probes.frame.wire import HEAD, Broken, Kind, Message, job_message, lengths, pack, read_seen, read_trouble

PLACES: Final = 16  # looks at once in one process
LOOKS: Final = 5_000  # then it is replaced: FFmpeg and its drivers leak a little
RSS_BYTES: Final = 700 * 1024**2
START_SECONDS: Final = 30.0
GRACE_SECONDS: Final = 3.0  # beyond a job's own time; then it hangs
CANCEL_SECONDS: Final = 7.0  # a cancelled look ends at its next packet, or at FFmpeg's own timeout
Lost = Callable[[Sequence[str]], None]

_ENVIRONMENT: Final = ("PATH", "LANG", "LD_LIBRARY_PATH", "PYTHONHOME", "HOME")


@dataclass(frozen=True, slots=True)
class _Look:
    device: str
    future: asyncio.Future[tuple[Seen, Attached]]

    def fail(self, trouble: Trouble) -> None:
        if not self.future.done():
            self.future.set_exception(trouble)
            self.future.exception()  # a cancelled caller will not fetch it


class Decoder:
    """One decoder process. Build it with `await Decoder.start(…)`."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        pipe: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        freed: Callable[[], None],
        lost: Lost,
    ) -> None:
        self._process = process
        self._reader, self._writer = pipe
        self._freed = freed
        self._lost = lost
        self._number = 0
        self._asked: dict[int, _Look] = {}
        self._hung: set[int] = set()
        self._retired = False
        self._killed = False
        self._rss_bytes = 0
        self._ending: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, freed: Callable[[], None], lost: Lost) -> Decoder:
        """Start a process and wait until it is ready. Raises LocalTrouble.

        `freed` is called whenever a place may have become free, `lost` when the process died or a look hung, with the
        devices that may be to blame.
        """
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        environment["PYTHONPATH"] = str(Path(probes.__file__).parents[1])  # the code that this process runs, no other
        environment |= {"MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-P", "-m", "probes.frame.worker", str(os.getpid())]
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = subprocess.Popen(  # noqa: ASYNC220, S603  a fork and no shell: some milliseconds, seldom
                    command, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=subprocess.DEVNULL, env=environment
                )
        except OSError as error:
            ours.close()
            raise LocalTrouble(f"a decoder worker did not start ({error.strerror})") from None
        decoder = cls(process, await asyncio.open_connection(sock=ours), freed, lost)
        try:
            async with asyncio.timeout(START_SECONDS):
                hello = await decoder._read()
            if hello.kind is not Kind.HELLO:
                raise Broken("a decoder worker that does not greet")
        except BaseException as error:
            await asyncio.shield(decoder._end())
            if isinstance(error, Broken | TimeoutError | asyncio.IncompleteReadError):
                raise LocalTrouble(f"a decoder worker did not start ({type(error).__name__})") from None
            raise
        decoder._ending = asyncio.create_task(decoder._listen(), name=f"decoder {process.pid}")
        return decoder

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> int:
        """Looks that it runs now, hung and cancelled ones included."""
        return len(self._asked)

    @property
    def open(self) -> bool:
        """May it be asked more?"""
        worn = self._number >= LOOKS or self._rss_bytes > RSS_BYTES
        return not (self._retired or self._killed or worn)

    @property
    def alive(self) -> bool:
        """Is the process there, or not yet cleared away?"""
        return self._ending is not None and not self._ending.done()

    async def ask(self, device: str, job: Job) -> tuple[Seen, Attached]:
        """Do this job. Raises its Trouble, LocalTrouble if the process died or the look hung.

        When the caller is cancelled the look ends soon, or the process does.
        """
        self._number += 1
        number = self._number
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[Seen, Attached]] = loop.create_future()
        self._asked[number] = _Look(device, future)
        overdue = loop.call_later(job.seconds + GRACE_SECONDS, self._give_up, number)
        future.add_done_callback(lambda _: overdue.cancel())
        self._write(job_message(number, job))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            self._write(Message(Kind.CANCEL, number))
            loop.call_later(CANCEL_SECONDS, self._give_up, number)
            raise

    def kill(self) -> None:
        """End the process at once; looks that it still runs raise Died."""
        self._killed = True
        self._process.kill()

    async def close(self) -> None:
        """End the process and wait until it is gone."""
        self.kill()
        if self._ending is not None:
            await self._ending

    def _write(self, message: Message) -> None:
        if not self._writer.is_closing():  # never waited for: the number of places bounds what can pile up
            self._writer.write(pack(message))

    async def _read(self) -> Message:
        read = self._reader.readexactly
        kind, number, json_length, data_length = lengths(await read(HEAD.size))
        return Message(kind, number, await read(json_length), await read(data_length))

    async def _listen(self) -> None:
        """Take its answers until it ends, then fail what it left."""
        with contextlib.suppress(Broken, asyncio.IncompleteReadError, ConnectionError):
            while True:
                self._take(await self._read())
        left = [look for number, look in self._asked.items() if number not in self._hung]
        self._asked.clear()
        if not self._killed:
            self._lost([look.device for look in left])
            self.kill()
        for look in left:
            look.fail(LocalTrouble("a decoder worker died while it looked"))
        self._freed()
        await self._end()

    async def _end(self) -> None:
        """Kill the process, wait until it is gone, and close the pipe."""
        self.kill()
        if self._process.poll() is None:
            await _wait_for(self._process.pid)
            self._process.wait()
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    def _take(self, message: Message) -> None:
        """Hand one answer to whoever waits for it; raises Broken."""
        look = self._asked.get(message.number)
        if look is None:
            raise Broken("an answer that was not asked for")
        if message.kind is Kind.SEEN:
            result = read_seen(message)
            self._rss_bytes = result[0].rss_bytes
            if not look.future.done():
                look.future.set_result(result)
        elif message.kind is Kind.TROUBLE:
            look.fail(read_trouble(message))
        else:
            raise Broken("not an answer")
        del self._asked[message.number]
        self._hung.discard(message.number)
        self._freed()
        self._end_if_done()

    def _give_up(self, number: int) -> None:
        """A look is overdue: take no new ones, and end the process once the healthy ones are through."""
        look = self._asked.get(number)
        if look is None or number in self._hung:
            return
        self._hung.add(number)
        self._retired = True
        self._lost([look.device])
        look.fail(LocalTrouble("a decoder worker hung while it looked"))
        self._freed()
        self._end_if_done()

    def _end_if_done(self) -> None:
        if not self.open and len(self._hung) == len(self._asked):
            self.kill()


async def _wait_for(pid: int) -> None:
    """Until the process has ended; it must be our child and not yet reaped."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    handle = os.pidfd_open(pid)
    loop.add_reader(handle, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
