"""What is systemd told when the daemon starts, reloads, lives, hangs and stops?"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.core.plan import Plan, Site
from monitor.core.world import Saved
from monitor.engine import systemd
from monitor.engine.engine import Engine
from tests.servers.daemon import Daemon, prepared_daemon, running_daemon, watching
from tests.servers.processes import wait_until
from tests.servers.simsite import SimSite

WATCHDOG_SECONDS = 0.9


@dataclass
class Manager:
    """Hears what services say, as systemd does; what one datagram says stays together."""

    path: Path
    said: list[str] = field(default_factory=list)

    def listen(self, heard: socket.socket) -> None:
        """Until an empty datagram comes."""
        while one := heard.recv(4_096):
            self.said.append(one.decode())

    def wait_for(self, start: str, seconds: float = 20.0) -> str:
        """The next datagram that begins so."""
        begin = len(self.said)
        wait_until(lambda: any(one.startswith(start) for one in self.said[begin:]), start, seconds)
        return next(one for one in self.said[begin:] if one.startswith(start))


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    one = Manager(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(one.path))
        listening = threading.Thread(target=one.listen, args=(heard,))
        listening.start()
        yield one
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", str(one.path))
        listening.join()


@pytest.fixture
def daemon(tmp_path: Path, manager: Manager, simsite: SimSite) -> Iterator[Daemon]:
    env = {"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1e6))}
    prepared = prepared_daemon(tmp_path / "daemon", quick(simsite))
    with running_daemon(prepared, env=env) as running:
        yield running


def quick(site: SimSite) -> dict[str, Any]:
    """Pings and SNMP are enough here."""
    config = watching(site.shape)
    off = dict.fromkeys(("rtsp", "onvif", "frame"), "off")
    config["defaults"]["camera"]["checks"] = {"reach": config["defaults"]["camera"]["checks"]["reach"], **off}
    return config


def tickets(daemon: Daemon) -> dict[int, tuple[str, str]]:
    return {one["id"]: (one["device"], one["state"]) for one in daemon.api("/tickets")["items"]}


def test_from_start_to_stop(daemon: Daemon, manager: Manager) -> None:
    wait_until(lambda: bool(manager.said), "the first word")
    assert re.fullmatch(r"READY=1\nSTATUS=watching \d+ devices by \d+ checks", manager.said[0])
    manager.wait_for("WATCHDOG=1")
    manager.wait_for("WATCHDOG=1")
    daemon.signal(signal.SIGTERM)
    manager.wait_for("STOPPING=1")
    assert daemon.process.wait(20) == 0


def test_a_reload_keeps_tickets_and_states(daemon: Daemon, manager: Manager, simsite: SimSite) -> None:
    with simsite.failing("camera-05", "unplugged"):
        wait_until(lambda: "camera-05" in {device for device, _ in tickets(daemon).values()}, "the ticket", 40)
        before = tickets(daemon)
        config = quick(simsite)
        config["devices"] = [one for one in config["devices"] if one["id"] != "camera-08"]
        daemon.write(config)
        asked = time.monotonic_ns() // 1_000
        daemon.signal(signal.SIGHUP)
        _, stamp = manager.wait_for("RELOADING=1").splitlines()
        assert int(stamp.removeprefix("MONOTONIC_USEC=")) >= asked
        wait_until(lambda: any(f"{len(config['devices'])} devices" in one for one in manager.said), "READY=1")
        assert daemon.get("/readyz")[0] == 200
        assert set(before.items()) <= set(tickets(daemon).items())
        assert "camera-08" not in {one["id"] for one in daemon.api("/devices")["items"]}


@pytest.mark.parametrize("fault", ["devices: [", "unknown_key: 1"])
def test_a_bad_configuration_is_refused_whole(daemon: Daemon, manager: Manager, simsite: SimSite, fault: str) -> None:
    good = daemon.file.read_text("utf-8")
    devices = {one["id"] for one in daemon.api("/devices")["items"]}
    changed = yaml.safe_load(good)
    changed["devices"].pop()
    daemon.file.write_text(yaml.safe_dump(changed) + fault, "utf-8")
    daemon.signal(signal.SIGHUP)
    manager.wait_for("RELOADING=1")
    wait_until(lambda: daemon.get("/readyz")[0] == 503, "the refusal")
    told = json.loads(daemon.get("/readyz")[1])
    assert set(told["troubles"]) == {"config"}
    assert devices == {one["id"] for one in daemon.api("/devices")["items"]}
    assert "refused" in daemon.log.read_text("utf-8")
    manager.wait_for("WATCHDOG=1")
    daemon.file.write_text(good, "utf-8")
    daemon.signal(signal.SIGHUP)
    wait_until(lambda: daemon.get("/readyz")[0] == 200, "the good one to be taken")
    metrics = daemon.get("/metrics")[1]
    assert 'sitewarden_reloads_total{result="refused"} 1\n' in metrics
    assert 'sitewarden_reloads_total{result="ok"} 1\n' in metrics


def test_a_manager_that_does_not_listen_is_not_waited_for(tmp_path: Path, simsite: SimSite) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "notify"))
        env = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "60000"}
        with running_daemon(prepared_daemon(tmp_path / "daemon", quick(simsite)), env=env) as daemon:
            wait_until(lambda: "was not told" in daemon.log.read_text("utf-8"), "a full queue", 30)
            assert daemon.get("/livez")[0] == 200


class NoStore:
    """Takes everything."""

    async def commit(self, changes: object) -> None:
        pass


async def test_a_pipeline_that_hangs_gets_no_more_food(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(manager.path))
    monkeypatch.setenv("WATCHDOG_USEC", "150000")
    monkeypatch.setattr(systemd, "STUCK_SECONDS", 1.0)
    engine = Engine(Plan(Site("s", "S"), {}, {}, {}, {}), Saved(), NoStore())
    async with engine.running():
        feeding = asyncio.create_task(systemd.feed_watchdog(engine.progress))
        await asyncio.sleep(0.5)
        assert "WATCHDOG=1" in manager.said
        next(task for task in asyncio.all_tasks() if task.get_name() == "pipeline").cancel()
        await asyncio.sleep(1.5)
        heard = len(manager.said)
        await asyncio.sleep(0.5)
        assert manager.said[heard:] == []
        feeding.cancel()
