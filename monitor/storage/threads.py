"""Where do blocking calls run, so that one that hangs stops neither the loop nor the end of the process?"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from time import monotonic
from typing import Any, TypeVar

T = TypeVar("T")

_Job = tuple[Future[Any], Callable[[], Any]]


class Threads:
    """A fixed number of daemon threads that take calls in order. With one thread: strictly one after the other."""

    def __init__(self, name: str, count: int) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    async def call(self, function: Callable[[], T], seconds: float) -> T:
        """What the function gives. TimeoutError after that many seconds, waiting for a thread included.

        A call that has not begun by then never will; one that has begun goes on, and keeps its thread until it ends.
        """
        future: Future[T] = Future()
        self._jobs.put((future, function))
        async with asyncio.timeout(seconds):
            return await asyncio.wrap_future(future)

    def close(self, seconds: float) -> bool:
        """End the threads when they have done what they were given; False if one still hangs after that time."""
        for _ in self._threads:
            self._jobs.put(None)
        deadline = monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, function = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = function()
            except BaseException as error:
                future.set_exception(error)
                del error
            else:
                future.set_result(result)
            del job, future, function
