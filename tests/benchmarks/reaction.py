"""How soon after a device dies is there a ticket?"""

from __future__ import annotations

import json
import random
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.benchmarks.daemon import Daemon, device, watching
from tests.benchmarks.figure import Figure

DEVICES = 12
EVERY_SECONDS, HOLD_SECONDS, MARGIN_SECONDS = 5.0, 10.0, 1.0


def reaction(folder: Path, seconds: float) -> Sequence[Figure]:
    """Devices die at random instants; the hold-down, one interval and a second are the bound."""
    chance = random.Random(4)
    doors = [_door() for _ in range(DEVICES)]
    reach = {"probe": "tcp", "every": f"{EVERY_SECONDS:g}s"}
    devices = [
        device(number, "server", {"reach": reach | {"port": door.getsockname()[1]}}, "127.0.0.1")
        for number, door in enumerate(doors)
    ]
    rules = {"device-silent": {"for": f"{HOLD_SECONDS:g}s", "looks": 3}}
    with watching(folder, devices, rules=rules) as daemon:
        time.sleep(2.0 + EVERY_SECONDS)
        died: dict[str, float] = {}
        for door, described in zip(doors, devices, strict=True):
            time.sleep(chance.uniform(0.0, EVERY_SECONDS / 6))
            door.close()
            died[str(described["id"])] = time.monotonic()
        took = _await_tickets(daemon, died)
    note = f"{DEVICES} devices; hold-down {HOLD_SECONDS:g} s, asked every {EVERY_SECONDS:g} s"
    bound = HOLD_SECONDS + EVERY_SECONDS + MARGIN_SECONDS
    return [
        Figure("from a device's death to its ticket, worst", max(took), "s", bound, (), note),
        Figure("from a device's death to its ticket, median", median(took), "s", None, (), "the same"),
    ]


def _door() -> socket.socket:
    door = socket.create_server(("127.0.0.1", 0), backlog=128)
    door.setblocking(False)
    return door


def _await_tickets(daemon: Daemon, died: dict[str, float]) -> list[float]:
    """Seconds until the API shows each ticket, which it does after the commit."""
    took: dict[str, float] = {}
    deadline = time.monotonic() + 60.0
    while took.keys() != died.keys():
        if time.monotonic() > deadline:
            raise RuntimeError(f"no tickets for {died.keys() - took.keys()}")
        for ticket in json.loads(daemon.get("/api/v1/tickets?limit=100"))["items"]:
            took.setdefault(ticket["device"], time.monotonic() - died[ticket["device"]])
        time.sleep(0.05)
    return [*took.values()]
