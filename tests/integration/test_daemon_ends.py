"""How does the daemon start, reload and end when something is in its way?"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.app import daemon as module
from monitor.app.daemon import Daemon, PartEnded, start
from monitor.engine.scheduler import Scheduler
from monitor.locale import translate
from monitor.notify.courier import Courier
from monitor.storage.errors import StoreInUse
from tests.servers.daemon import prepared_daemon, running_daemon
from tests.servers.processes import free_port, wait_until

ONE = {"id": "one", "kind": "server", "host": "127.0.0.1", "checks": {"reach": {"probe": "tcp", "port": 9}}}
SITE: Mapping[str, Any] = {"site": {"id": "small", "name": "Small"}, "devices": [ONE]}


async def daemon_in(folder: Path, **more: Any) -> Daemon:
    """The daemon of a small site, in this process, not yet running."""
    file = folder / "site.yaml"
    file.write_text(yaml.safe_dump({**SITE, "web": {"listen": f"127.0.0.1:{free_port()}"}, **more}))
    return await start(file, folder)


async def ends(daemon: Daemon) -> BaseException | None:
    """How it ended."""
    (outcome,) = await asyncio.wait_for(asyncio.gather(daemon.run(), return_exceptions=True), 20.0)
    return outcome


def test_the_one_before_may_take_its_time_to_end_under_systemd(tmp_path: Path) -> None:
    daemon = prepared_daemon(tmp_path / "daemon", SITE)
    state = tmp_path / "daemon" / "state"
    state.mkdir()
    with (state / "sitewarden.db.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with running_daemon(daemon, env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "nobody")}, wait=False):
            wait_until(lambda: "waiting up to 45 s" in daemon.log.read_text(), "it to wait")
            daemon.signal(signal.SIGHUP)
            time.sleep(module.ENDING_BY_HAND_SECONDS + 0.5)
            assert daemon.process.poll() is None, "neither a reload nor two seconds must end it"
            fcntl.flock(lock, fcntl.LOCK_UN)
            daemon.wait_until_it_lives()
    assert daemon.log.read_text().count("for it to end") == 1


async def test_a_second_daemon_names_the_first_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    first = await daemon_in(tmp_path)
    began = time.monotonic()
    with pytest.raises(StoreInUse, match=f"process {os.getpid()}.*kill {os.getpid()}.*--state") as caught:
        await daemon_in(tmp_path)
    assert f"进程 {os.getpid()}）正在使用该数据库：请先停止它" in caught.value.say(translate("zh_CN"))
    assert time.monotonic() - began < module.ENDING_BY_HAND_SECONDS + 3.0
    ending = asyncio.get_running_loop().call_later(
        0.5, lambda: closing.append(asyncio.create_task(first.store.close()))
    )
    closing: list[asyncio.Task[None]] = []
    second = await daemon_in(tmp_path)
    assert ending.when() < asyncio.get_running_loop().time()
    await asyncio.gather(*closing, second.store.close())


async def test_a_part_that_fails_ends_the_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(courier: Courier) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Courier, "run", fail)
    assert isinstance(await ends(await daemon_in(tmp_path)), PartEnded)
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL] == [
        "courier ended: ZeroDivisionError()"
    ]


async def test_a_part_that_only_ends_ends_the_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With success it would not be started again."""

    async def end(courier: Courier) -> None:
        return

    monkeypatch.setattr(Courier, "run", end)
    assert isinstance(await ends(await daemon_in(tmp_path)), PartEnded)


async def test_a_part_of_the_engine_that_fails_ends_the_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(scheduler: Scheduler) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Scheduler, "run", fail)
    assert isinstance(await ends(await daemon_in(tmp_path)), asyncio.CancelledError)
    assert "scheduler ended: ZeroDivisionError()" in caplog.text


async def test_reading_a_new_configuration_holds_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = await daemon_in(tmp_path)
    real = module.load

    def slow(file: Path) -> Any:
        time.sleep(1.0)
        return real(file)

    monkeypatch.setattr(module, "load", slow)
    async with daemon.engine.running():
        reloading = asyncio.create_task(daemon.reload())
        beats = 0
        while not reloading.done():
            await asyncio.sleep(0.02)
            beats += 1
        assert await reloading
    assert beats > 10
    await daemon.store.close()


async def test_a_bug_in_reading_a_new_configuration_refuses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = await daemon_in(tmp_path)

    def broken(file: Path) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(module, "load", broken)
    async with daemon.engine.running():
        assert not await daemon.reload()
        assert "config" in daemon.engine.health.troubles
        monkeypatch.undo()
        assert await daemon.reload()
        assert "config" not in daemon.engine.health.troubles
    await daemon.store.close()
