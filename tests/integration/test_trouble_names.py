"""The name service hangs: are devices with an address watched as before, and is nobody blamed for it but itself?"""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from monitor.engine import selfwatch
from tests.integration.trouble import LONG_SECONDS, watched

pytestmark = pytest.mark.timeout(180)
NAMES = [f"camera-{number}.test" for number in range(40)]  # more than there are threads that ask for names


class NameService:
    """Hangs until it is healed; then the names lead to 127.0.0.1. Addresses need none."""

    def __init__(self) -> None:
        self.well = threading.Event()
        self._ask = socket.getaddrinfo

    def __call__(self, host: Any, *more: Any, **named: Any) -> Any:
        if str(host) not in NAMES:
            return self._ask(host, *more, **named)
        if not self.well.wait(LONG_SECONDS):
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return self._ask("127.0.0.1", *more, **named)


async def test_hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = NameService()
    monkeypatch.setattr(socket, "getaddrinfo", service)
    monkeypatch.setattr(selfwatch, "RECENT_SECONDS", 8.0)
    devices = [{"id": name, "kind": "server", "host": name} for name in NAMES]
    async with watched(tmp_path / "site", monkeypatch, devices=devices) as site:
        try:
            said = await site.until_trouble("names")
            assert "name does not resolve" in said
            assert await site.metric("sitewarden_ready") == 0
            await site.until(lambda: site.speaks_of_itself("monitor-names"), "a ticket about itself")
            for _ in range(5):
                await site.goes_on(within_seconds=3.0)
            tickets = await site.tickets()
            assert {fault: len(of_fault) for fault, of_fault in tickets.items()} == {"monitor.names": 1}
        finally:
            service.well.set()
        await site.until_trouble("names", gone=True)
        await site.until(lambda: site.told_of("monitor.names", "recovered"), "its recovery to be told")

        async def all_seen() -> bool:
            page = await site.api("/devices?limit=500")
            return all(device["state"] == "ok" for device in page["items"])

        await site.until(all_seen, "every named device to be looked at")
        assert await site.ready()
        assert site.told_of("monitor.names", "opened") == 1
        assert set(await site.tickets()) == {"monitor.names"}, "no device was blamed"
