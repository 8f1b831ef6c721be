"""What do ten thousand traps a second cost, and does an important one get through meanwhile?"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from probes.snmp.ber import INTEGER, OID, SEQUENCE, element, oid
from probes.snmp.message import V2C, Kind, binding_of, encode_community, encode_pdu
from tests.benchmarks.cpu import cpu_seconds
from tests.benchmarks.daemon import Daemon, watching
from tests.benchmarks.figure import Figure, Rival
from tests.servers.processes import free_port

PER_SECOND = 10_000
SOURCES = 100
BUSY = "127.77.0.{}"  # devices of the storm
TOLD_SECONDS = 1.0
_HEARD = re.compile(r'^sitewarden_heard_total\{listener="traps",result="(\w+)"\} (\S+)$', re.M)
_RIVAL = """
import asyncio, sys
from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config, engine
from pysnmp.entity.rfc3413 import ntfrcv
seen = 0
def took(*_):
    global seen
    seen += 1
async def main():
    one = engine.SnmpEngine()
    config.add_transport(one, udp.DOMAIN_NAME, udp.UdpTransport().open_server_mode(("127.0.0.1", int(sys.argv[1]))))
    config.add_v1_system(one, "area", "public")
    ntfrcv.NotificationReceiver(one, took)
    while True:
        print(seen, flush=True)
        await asyncio.sleep(0.2)
asyncio.run(main())
"""


def storm(folder: Path, seconds: float) -> Sequence[Figure]:
    """One device, then a hundred together, send 10,000 traps a second; another one reports a link that matters."""
    found = []
    for name, sources in (("one device", 1), (f"{SOURCES} devices", SOURCES)):
        port = free_port(kind=socket.SOCK_DGRAM)
        with _watching(folder / name.split()[0], port) as daemon:
            share, told, slowest, heard, rate = _storm(daemon, port, sources, seconds)
        share_of_taken = ", ".join(f"{result} {number:,}" for result, number in sorted(heard.items()))
        note = f"{rate:,.0f} traps/s for {seconds:g} s: {share_of_taken}"
        found += [
            Figure(f"storm of {name}: share of a core", share, "", 0.6, (), note),
            Figure("… longest wait for /livez", slowest, "s", 0.2),
            Figure("… a trap of another device becomes its ticket in", told, "s", TOLD_SECONDS),
        ]
    ours, rival = _each(folder / "each", seconds)
    return [*found, Figure("a trap that is taken in", ours, "ms of CPU", None, (Rival("pysnmp, decoded only", rival),))]


@contextmanager
def _watching(folder: Path, port: int) -> Iterator[Daemon]:
    quiet = {"reach": "off", "snmp": "off", "traps": "on"}
    hosts = [BUSY.format(number + 1) for number in range(SOURCES)]
    devices: list[dict[str, Any]] = [
        {"id": f"sw-{number}", "kind": "switch", "host": host, "checks": quiet, "credentials": "all"}
        for number, host in enumerate(hosts)
    ]
    devices.append({"id": "core", "kind": "switch", "host": "127.78.0.1", "checks": quiet, "credentials": "all"})
    more: dict[str, Any] = {
        "credentials": {"all": {"snmp": {"version": "2c", "community": "public"}}},
        "listeners": {"traps": {"address": "127.0.0.1", "port": port}},
        "rules": {"trap-link-down": {"params": {"names": "^4242$"}, "for": "0s", "looks": 1}},
    }
    with watching(folder, devices, **more) as daemon:
        yield daemon


def _storm(daemon: Daemon, port: int, sources: int, seconds: float) -> tuple[float, float, float, Counter[str], float]:
    """Share of a core, seconds to the ticket, longest wait for a page, what became of the traps, traps a second."""
    stop = threading.Event()
    sent = [0]
    storm = threading.Thread(target=_send, args=(port, sources, PER_SECOND, stop, sent), daemon=True)
    began, used = time.monotonic(), cpu_seconds(daemon.pid)
    storm.start()
    waits: list[float] = []
    told = 0.0
    reported = 0.0
    while (now := time.monotonic()) - began < seconds or not told:
        if not reported and now - began > seconds / 2:
            reported = time.monotonic()
            with _from("127.78.0.1") as sock:
                sock.sendto(_trap(1, 4242, up=False), ("127.0.0.1", port))
        asked = time.monotonic()
        daemon.get("/livez")
        waits.append(time.monotonic() - asked)
        if reported and not told and json.loads(daemon.get("/api/v1/tickets?device=core"))["items"]:
            told = time.monotonic() - reported
        if now - began > seconds + 30:
            raise RuntimeError("the trap that matters got lost")
        time.sleep(0.01)
    lasted = time.monotonic() - began
    share = (cpu_seconds(daemon.pid) - used) / lasted
    stop.set()
    storm.join()
    heard = Counter({name: int(float(number)) for name, number in _HEARD.findall(daemon.get("/metrics").decode())})
    return share, told, max(waits), heard, sent[0] / lasted


def _each(folder: Path, seconds: float) -> tuple[float, float]:
    """Milliseconds of CPU for one trap within the budgets: ours (of the whole daemon), and pysnmp's."""
    port, other = free_port(kind=socket.SOCK_DGRAM), free_port(kind=socket.SOCK_DGRAM)
    with _watching(folder, port) as daemon:
        idle = cpu_seconds(daemon.pid)
        time.sleep(2.0)
        idle = (cpu_seconds(daemon.pid) - idle) / 2.0
        stop, sent = threading.Event(), [0]
        sender = threading.Thread(target=_send, args=(port, SOURCES, 1_000, stop, sent), daemon=True)
        began, used = time.monotonic(), cpu_seconds(daemon.pid)
        sender.start()
        time.sleep(seconds)
        ours = (cpu_seconds(daemon.pid) - used - idle * (time.monotonic() - began)) / max(1, sent[0])
        stop.set()
        sender.join()
    process = subprocess.Popen([sys.executable, "-c", _RIVAL, str(other)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        stop, sent = threading.Event(), [0]
        sender = threading.Thread(target=_send, args=(other, 1, 100, stop, sent), daemon=True)
        used = cpu_seconds(process.pid)
        sender.start()
        time.sleep(min(seconds, 3.0))
        rival = (cpu_seconds(process.pid) - used) / max(1, sent[0])
        stop.set()
        sender.join()
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
    return ours * 1_000.0, rival * 1_000.0


def _send(port: int, sources: int, per_second: float, stop: threading.Event, sent: list[int]) -> None:
    socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(sources)]
    for number, sock in enumerate(socks):
        sock.bind((BUSY.format(number + 1), 0))
        sock.connect(("127.0.0.1", port))
    traps = [_trap(number, number % 48 + 1, up=number // 48 % 2 == 1) for number in range(960)]
    began = time.monotonic()
    while not stop.is_set():
        due = int((time.monotonic() - began) * per_second)
        for number in range(sent[0], due):
            with contextlib.suppress(ConnectionError):
                socks[number % sources].send(traps[number % 960])
        sent[0] = max(sent[0], due)
        time.sleep(0.002)
    for sock in socks:
        sock.close()


@contextmanager
def _from(host: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        yield sock


def _trap(number: int, port: int, *, up: bool) -> bytes:
    """A linkDown or linkUp."""
    name = binding_of(oid("1.3.6.1.6.3.1.1.4.1.0"), OID, oid(f"1.3.6.1.6.3.1.1.5.{4 if up else 3}"))
    which = binding_of(oid(f"1.3.6.1.2.1.2.2.1.1.{port}"), INTEGER, port.to_bytes(2, "big"))
    return encode_community(V2C, b"public", encode_pdu(Kind.TRAP, number, element(SEQUENCE, name + which)))
