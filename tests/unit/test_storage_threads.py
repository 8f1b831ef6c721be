"""Do blocking calls stay in their order, keep their time, and never keep the process from ending?"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from monitor.storage.threads import Threads

HANGS = """
import asyncio, time
from monitor.storage.threads import Threads

async def main():
    try:
        await Threads("hanging", 1).call(lambda: time.sleep(600), 0.1)
    except TimeoutError:
        print("given up")

asyncio.run(main())
"""


async def test_one_thread_keeps_the_order() -> None:
    threads, seen = Threads("one", 1), list[int]()
    await asyncio.gather(*(threads.call(lambda n=n: seen.append(n), 10.0) for n in range(50)))  # type: ignore[misc]
    assert seen == list(range(50))
    assert threads.close(10.0)


async def test_what_a_call_raises_arrives() -> None:
    threads = Threads("one", 1)
    with pytest.raises(KeyError, match="x"):
        await threads.call(lambda: {}["x"], 10.0)
    assert await threads.call(lambda: "well", 10.0) == "well"
    assert threads.close(10.0)


async def test_what_was_given_up_before_it_began_never_begins() -> None:
    threads, gate, seen = Threads("one", 1), threading.Event(), list[str]()
    with pytest.raises(TimeoutError):
        await threads.call(gate.wait, 0.05)
    with pytest.raises(TimeoutError):
        await threads.call(lambda: seen.append("late"), 0.05)
    assert not threads.close(0.05), "it still hangs"
    gate.set()
    assert threads.close(10.0)
    assert seen == []


async def test_closing_takes_its_time_once_for_all_threads() -> None:
    threads, gate = Threads("three", 3), threading.Event()
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await threads.call(gate.wait, 0.05)
    started = time.monotonic()
    assert not threads.close(1.0)
    assert time.monotonic() - started < 2.5
    gate.set()


def test_a_call_that_hangs_does_not_keep_the_process_from_ending() -> None:
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, timeout=60, check=True, text=True)
    assert done.stdout == "given up\n"
    assert time.monotonic() - started < 60
