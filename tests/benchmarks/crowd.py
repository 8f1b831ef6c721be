"""How does the daemon bear 10,000 devices, a fifth of them dark?"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from monitor.core.change import AddEvent, PutTicket
from monitor.storage.store import Store
from tests.benchmarks.checks import viewer
from tests.benchmarks.cpu import cpu_seconds, resident_bytes
from tests.benchmarks.daemon import ROOT, Daemon, device, watching
from tests.benchmarks.figure import Figure, Rival
from tests.benchmarks.servers import SNMP_ACCESS, Listeners, listeners, snmp_agent
from tests.servers.gstreamer import GstServer, Stream, gstreamer
from tests.servers.processes import wait_until
from ticketing.desk import open_ticket
from ticketing.ticket import Fingerprint, Severity

DEVICES = 10_000
DARK = 5  # one in so many
ALL_LOOKED_SECONDS = 65.0
RIVAL_SECONDS = 45.0
TICKETS = 500
WANTED = f'"new":{TICKETS}'.encode()
_LATENESS = re.compile(r'^sitewarden_lateness_seconds\{quantile="([0-9.]+)"\} (\S+)$', re.M)


def crowd(folder: Path, seconds: float) -> Sequence[Figure]:
    """Five checks a device and five looks a minute; lateness of the healthy, memory, /metrics and the loop."""
    stream = Stream("/live", width=320, height=180, fps=2, shared=True)
    with (
        snmp_agent(folder) as snmp_port,
        listeners(folder) as doors,
        gstreamer(folder, streams=[stream]) as server,
        viewer(server.url("/live")),
    ):
        site = _site(snmp_port, doors, server)
        with watching(folder / "none", [device(0, "server", {"reach": "off"})]) as daemon:
            time.sleep(3.0)
            daemon.get("/metrics")
            fixed = resident_bytes(daemon.pid)
        with watching(folder / "ours", **site) as daemon:
            found = _measure(daemon, seconds)
        rival = _naive(folder / "ours" / "site.yaml")
    load = f"{DEVICES:,} devices, 5 looks a minute each, 20 % dark"
    bytes_each = (found.resident_bytes - fixed) / DEVICES
    return [
        Figure("lateness of healthy checks, p50", found.late_p50 * 1e3, "ms", None, rival["p50"], load),
        Figure("lateness of healthy checks, p99", found.late_p99 * 1e3, "ms", 50.0, rival["p99"], "the same"),
        Figure("CPU of the daemon a look, all kinds", found.ms_each, "ms", None, rival["ms_each"], "the same"),
        Figure("memory a device", bytes_each / 1024, "KB", 20.0, rival["memory"], "the same"),
        Figure("memory without devices", fixed / 2**20, "MB", 150.0),
        Figure("/metrics", found.metrics_seconds, "s", 1.0, (), f"{found.metrics_bytes / 2**20:.1f} MB"),
        Figure(
            "longest wait for /livez while /metrics is written", found.stall_scraped * 1e3, "ms", 100.0, (),
            f"{found.stall_calm * 1e3:.0f} ms while nobody scrapes",
        ),
    ]  # fmt: skip


def _site(snmp_port: int, doors: Listeners, server: GstServer) -> dict[str, Any]:
    """Parts of the site's file."""
    healthy: dict[str, Any] = {
        "reach": {"probe": "tcp", "port": doors.accepting, "every": "30s"},
        "rtsp": {"url": server.url("/live"), "depth": "describe", "every": "60s"},
        "http": {"port": doors.http, "every": "60s"},
        "snmp": {"profile": "host-resources", "tables": False, "every": "60s"},
        "tls": {"port": doors.tls},
    }
    dark = healthy | {
        "reach": {"probe": "tcp", "port": doors.dark, "every": "30s"},
        "rtsp": {"path": "/live", "port": doors.dark, "every": "60s"},
        "http": {"port": doors.dark, "every": "60s"},
        "tls": {"port": doors.dark},
    }
    access = SNMP_ACCESS["2c"]
    return {
        "credentials": {
            "there": {"snmp": access | {"port": snmp_port}},
            "dark": {"snmp": access | {"port": doors.dark}},
        },
        "groups": {
            "there": {"kind": "server", "credentials": "there", "checks": healthy},
            "dark": {"kind": "server", "credentials": "dark", "checks": dark},
        },
        "devices": [_member(number) for number in range(DEVICES)],
    }


def _member(number: int) -> dict[str, Any]:
    described = device(number, "server", {})
    del described["checks"]
    return described | {"group": "there" if number % DARK else "dark", "name": f"Server {number}", "place": "Hall 3"}


@dataclass(frozen=True, slots=True)
class _Found:
    late_p50: float
    late_p99: float
    ms_each: float
    resident_bytes: int
    metrics_seconds: float
    metrics_bytes: int
    stall_scraped: float
    stall_calm: float


def _measure(daemon: Daemon, seconds: float) -> _Found:
    """After every device was looked at: CPU while nobody asks, then what scraping finds and costs."""
    time.sleep(ALL_LOOKED_SECONDS)
    before, used = daemon.looks().total(), cpu_seconds(daemon.pid)
    with _pinging(daemon) as calm:
        time.sleep(seconds)
    used = cpu_seconds(daemon.pid) - used
    looks = daemon.looks().total() - before
    took, quantiles, size = [], [], 0
    with _pinging(daemon) as scraped:
        for _ in range(3):
            time.sleep(3.0)
            asked = time.monotonic()
            page = daemon.get("/metrics")
            took.append(time.monotonic() - asked)
            size = len(page)
            quantiles.append({name: float(value) for name, value in _LATENESS.findall(page.decode())})
    return _Found(
        late_p50=median(one["0.5"] for one in quantiles),
        late_p99=median(one["0.99"] for one in quantiles),
        ms_each=used / looks * 1e3,
        resident_bytes=resident_bytes(daemon.pid),
        metrics_seconds=median(took),
        metrics_bytes=size,
        stall_scraped=max(scraped),
        stall_calm=max(calm),
    )


@contextlib.contextmanager
def _pinging(daemon: Daemon) -> Iterator[list[float]]:
    """How long /livez took, again and again while the block runs: as long as the loop was held up."""
    waits: list[float] = []
    stop = threading.Event()

    def ping() -> None:
        while not stop.wait(0.02):
            asked = time.monotonic()
            daemon.get("/livez")
            waits.append(time.monotonic() - asked)

    thread = threading.Thread(target=ping)
    thread.start()
    try:
        yield waits
    finally:
        stop.set()
        thread.join()


def _naive(file: Path) -> dict[str, tuple[Rival, ...]]:
    """A task for each check and one semaphore for all, on the same site."""
    command = [sys.executable, "-m", "tests.benchmarks.naive", str(file), str(RIVAL_SECONDS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=RIVAL_SECONDS + 60)
    name = "a task a check, one semaphore"
    return {what: (Rival(name, value),) for what, value in json.loads(done.stdout).items()}


def start(folder: Path, seconds: float) -> Sequence[Figure]:
    """From nothing to watching, with 10,000 devices and 500 open tickets."""
    devices = [
        device(number, "server", {"reach": {"probe": "tcp", "port": 9, "every": "60s"}}) for number in range(DEVICES)
    ]
    with watching(folder / "site", devices):
        pass
    asyncio.run(_open_tickets(folder / "site"))
    took = []
    for _ in range(2):
        began = time.monotonic()
        with watching(folder / "site", devices) as daemon:
            wait_until(lambda daemon=daemon: WANTED in daemon.get("/api/v1/site"), "the tickets")  # type: ignore[misc]
            took.append(time.monotonic() - began)
            used = cpu_seconds(daemon.pid)
    note = f"{used:.1f} s of CPU"
    return [Figure("start with 10,000 devices and 500 open tickets", min(took), "s", 10.0, (), note)]


async def _open_tickets(folder: Path) -> None:
    """As the daemon left them."""
    store, now = Store.open("", folder), time.time()
    try:
        for number in range(1, TICKETS + 1):
            mark = Fingerprint("bench", f"d{number:05d}", "", "device.silent")
            step = open_ticket(number, mark, Severity.HIGH, None, now, since=now, facts={"detail": "no answer"})
            await store.commit([PutTicket(step.ticket), *map(AddEvent, step.events)])
    finally:
        await store.close()
