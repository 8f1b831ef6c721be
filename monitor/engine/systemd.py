"""How does systemd learn that the daemon is up, reloading, alive? sd_notify(3), without its library."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from time import monotonic, monotonic_ns

log = logging.getLogger(__name__)

STUCK_SECONDS = 20.0  # without progress the watchdog gets nothing
PATIENCE_SECONDS = 0.1  # its queue may be full; the loop stands still meanwhile


def is_supervised() -> bool:
    """Was the daemon started by a service manager, which starts it again?"""
    return bool(os.environ.get("NOTIFY_SOCKET"))


def notify(*lines: str) -> None:
    """Tell the service manager, if there is one (`READY=1`, `STATUS=…`). One that does not listen is not waited for."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
        out.settimeout(PATIENCE_SECONDS)
        try:
            out.sendto("\n".join(lines).encode(), address)
        except OSError as error:
            log.warning("the service manager was not told %s: %s", lines[0], error)


def reloading() -> None:
    """A reload has begun; `READY=1` ends it."""
    notify("RELOADING=1", f"MONOTONIC_USEC={monotonic_ns() // 1000}")


async def feed_watchdog(progress: Callable[[], float]) -> None:
    """Feed the watchdog while `progress()` (monotonic seconds of the last step forward) is recent, for ever."""
    microseconds = int(os.environ.get("WATCHDOG_USEC", "0"))
    if not microseconds:
        return
    while True:
        if monotonic() - progress() < STUCK_SECONDS:
            notify("WATCHDOG=1")
        await asyncio.sleep(microseconds / 1e6 / 3)
