"""Does one bad look cost one look, whatever happens to a decoder process?"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from probes.errors import Garbled, LocalTrouble, Trouble
from probes.frame import decoder as decoders
from probes.frame import pool as pools
from probes.frame.job import StillJob, StreamJob
from probes.frame.pool import DecodePool
from probes.target import Login, Secret
from probes.tools import Tools
from tests.servers._scenes import jpeg, scene

PICTURE = jpeg(scene())
STILL = StillJob(PICTURE, 5.0)


@pytest.fixture
async def pool() -> AsyncIterator[DecodePool]:
    pool = DecodePool(Tools())
    pool.size = 1
    yield pool
    await pool.close()


@pytest.fixture
def silent() -> Iterator[Callable[[float], StreamJob]]:
    """Makes a job that waits for a device which takes the connection and says nothing."""
    login = Login("admin", Secret("hidden-secret"))
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        port = listener.getsockname()[1]
        yield lambda seconds: StreamJob(f"rtsp://127.0.0.1:{port}/", login, "tcp", 0.0, seconds)


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.02)


def _read(path: str) -> bytes:
    return Path(path).read_bytes()


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_still_is_seen(pool: DecodePool) -> None:
    seen, attached = await pool.look("camera", STILL)
    assert (seen.codec, seen.width, seen.height, seen.corrupt) == ("mjpeg", 640, 360, False)
    assert seen.measures is not None
    assert seen.measures.texture > 5
    assert attached.jpeg.startswith(b"\xff\xd8")
    again, _ = await pool.look("other", STILL)
    assert again.signature == seen.signature
    assert (pool.looks, pool.deaths) == (2, 0)
    assert pool.cpu_seconds > 0


async def test_many_at_once_share_one_process(pool: DecodePool) -> None:
    seen = await asyncio.gather(*(pool.look(f"camera-{number}", STILL) for number in range(60)))
    assert len({one.signature for one, _ in seen}) == 1
    assert len(pool.pids) == 1


async def test_it_grows_to_its_size(pool: DecodePool, silent: Callable[[float], StreamJob]) -> None:
    pool.size = 2
    looks = [asyncio.create_task(pool.look(f"camera-{number}", silent(3.0))) for number in range(10)]
    await _until(lambda: len(pool.pids) == 2)
    found = await asyncio.gather(*looks, return_exceptions=True)
    assert all(isinstance(one, Trouble) for one in found)
    assert len(pool.pids) == 2


async def test_passwords_are_not_among_the_arguments(pool: DecodePool, silent: Callable[[float], StreamJob]) -> None:
    looking = asyncio.create_task(pool.look("camera", silent(3.0)))
    await _until(lambda: bool(pool.pids))
    for name in ("cmdline", "environ"):
        with contextlib.suppress(PermissionError):
            assert b"hidden" not in _read(f"/proc/{pool.pids[0]}/{name}")
    with pytest.raises(Trouble) as caught:
        await looking
    assert "hidden" not in str(caught.value)


async def test_all_that_shared_a_process_that_died_look_alone_once(
    pool: DecodePool, silent: Callable[[float], StreamJob]
) -> None:
    looks = [asyncio.create_task(pool.look(f"camera-{number}", silent(8.0))) for number in range(3)]
    await _until(lambda: bool(pool.pids))
    await asyncio.sleep(0.3)
    first = pool.pids[0]
    os.kill(first, signal.SIGKILL)
    found = await asyncio.gather(*looks, return_exceptions=True)
    assert [type(one) for one in found] == [LocalTrouble] * 3
    assert pool.deaths == 1
    await pool.look("camera-0", STILL)
    assert pool.pids == ()  # it looked in a process of its own
    await pool.look("camera-0", STILL)
    assert len(pool.pids) == 1
    assert pool.deaths == 1


async def test_a_stream_that_kills_its_process_twice_is_garbled(
    pool: DecodePool, silent: Callable[[float], StreamJob]
) -> None:
    killed: set[int] = set()
    for deaths, trouble in ((1, LocalTrouble), (2, Garbled), (3, Garbled)):
        looking = asyncio.create_task(pool.look("camera", silent(10.0)))
        await _until(lambda: bool(set(pool.pids) - killed))  # one that was killed may still be listed for a moment
        await asyncio.sleep(0.2)
        (alive,) = set(pool.pids) - killed
        killed.add(alive)
        os.kill(alive, signal.SIGKILL)
        with pytest.raises(trouble):
            await looking
        assert pool.deaths == deaths
    await pool.look("other", STILL)


async def test_a_process_that_hangs_is_replaced(pool: DecodePool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "GRACE_SECONDS", 0.2)
    await pool.look("camera", STILL)
    hanging = pool.pids[0]
    os.kill(hanging, signal.SIGSTOP)
    with pytest.raises(LocalTrouble, match="hung"):
        await pool.look("camera", StillJob(PICTURE, 1.0))
    assert pool.deaths == 1
    await pool.look("other", STILL)
    assert hanging not in pool.pids
    await _until(lambda: not _alive(hanging))


async def test_a_cancelled_look_frees_its_place(
    pool: DecodePool, silent: Callable[[float], StreamJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoders, "CANCEL_SECONDS", 0.3)
    looking = asyncio.create_task(pool.look("camera", silent(30.0)))
    await _until(lambda: bool(pool.pids))
    await asyncio.sleep(0.2)
    first = pool.pids[0]
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    await _until(lambda: not _alive(first))  # it still waited for the device
    await pool.look("other", STILL)
    assert pool.pids != (first,)


async def test_when_all_places_are_taken_it_is_not_the_device(
    pool: DecodePool, silent: Callable[[float], StreamJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    await pool.look("first", STILL)
    monkeypatch.setattr(pools, "QUEUE_SECONDS", 0.3)
    looks = [asyncio.create_task(pool.look(f"camera-{number}", silent(3.0))) for number in range(decoders.PLACES)]
    await asyncio.sleep(0.1)
    with pytest.raises(LocalTrouble, match="busy"):
        await pool.look("late", STILL)
    await asyncio.gather(*looks, return_exceptions=True)
    monkeypatch.undo()
    await pool.look("late", STILL)


async def test_a_worn_process_is_replaced(pool: DecodePool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "LOOKS", 3)
    pids = set()
    for _ in range(7):
        await pool.look("camera", STILL)
        pids.update(pool.pids)
    assert len(pids) == 3
    assert pool.deaths == 0
    await _until(lambda: sum(_alive(pid) for pid in pids) == 1)


async def test_a_worker_that_cannot_start_is_the_monitors_trouble(
    pool: DecodePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(LocalTrouble, match="did not start"):
        await pool.look("camera", STILL)
    monkeypatch.undo()
    await pool.look("camera", STILL)


async def test_damaged_and_hostile_files_never_reach_the_daemon(pool: DecodePool) -> None:
    dice = np.random.default_rng(5)

    async def one(number: int) -> bool:
        image = bytearray(PICTURE)
        for _ in range(int(dice.integers(1, 60))):
            image[int(dice.integers(2, len(image) if number % 2 else 700))] = int(dice.integers(0, 256))
        if number % 5 == 0:
            image = image[: int(dice.integers(2, len(image)))]
        try:
            seen, _ = await pool.look(f"camera-{number}", StillJob(bytes(image), 5.0))
        except Garbled:
            return False
        return seen.measures is not None

    decoded = await asyncio.gather(*(one(number) for number in range(300)))
    assert any(decoded)
    assert not all(decoded)
    assert pool.deaths == 0
    await pool.look("last", STILL)


def test_a_worker_dies_with_its_parent(tmp_path: Path) -> None:
    program = """
        import asyncio, os, sys
        from probes.frame.job import StillJob
        from probes.frame.pool import DecodePool
        from probes.tools import Tools
        async def main():
            pool = DecodePool(Tools())
            await pool.look("camera", StillJob(open(sys.argv[1], "rb").read(), 5.0))
            print(pool.pids[0], flush=True)
            os.kill(os.getpid(), 9)
        asyncio.run(main())
    """
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(PICTURE)
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(picture)],
        capture_output=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    worker = int(ended.stdout)
    deadline = time.monotonic() + 10
    while _alive(worker):
        assert time.monotonic() < deadline
        time.sleep(0.05)
