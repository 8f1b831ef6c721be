"""How does a test send real traps and informs? Debian's snmptrap and snmpinform, and an engine that hears them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from monitor.core.change import Change
from monitor.core.world import Saved
from monitor.engine.engine import Engine
from monitor.settings.load import load
from monitor.settings.planning import plan as plan_of
from monitor.storage.errors import StoreUnavailable
from ticketing.ticket import Ticket

USER = ("-v3", "-u", "warden", "-l", "authPriv", "-a", "SHA", "-A", "a long auth password", "-x", "AES", "-X",
        "a long priv password")  # fmt: skip
CREDENTIALS: Mapping[str, Any] = {
    "v1": {"snmp": {"version": "1", "community": "public"}},
    "v2c": {"snmp": {"version": "2c", "community": "public"}},
    "signed": {"snmp": {"version": "3", "username": "warden", "auth": "sha", "auth_key": "a long auth password"}},
    "hidden": {"snmp": {"version": "3", "username": "warden", "auth": "sha", "auth_key": "a long auth password",
                        "priv": "aes128", "priv_key": "a long priv password"}},
    "stretched": {"snmp": {"version": "3", "username": "warden", "auth": "sha", "auth_key": "a long auth password",
                           "priv": "aes256", "priv_key": "a long priv password"}},
    "sia": {"alarm_key": "hex:00112233445566778899AABBCCDDEEFF"},
}  # fmt: skip


class Store:
    """Takes every commit, unless it is away."""

    away = False

    async def commit(self, changes: Iterable[Change]) -> None:
        """Taken, or not."""
        if self.away:
            raise StoreUnavailable("away", "wait")


def device(name: str, kind: str, host: str, check: str, options: Any = "on", **more: Any) -> dict[str, Any]:
    """A device that is only heard."""
    return {"id": name, "kind": kind, "host": host, "checks": {"reach": "off", "snmp": "off", check: options}, **more}


def site(folder: Path, devices: list[dict[str, Any]], **more: Any) -> Any:
    """The settings of a site of these devices; listeners take any free port."""
    file = folder / "site.yaml"
    whole = {
        "site": {"id": "s", "name": "S"},
        "credentials": {name: CREDENTIALS[name] for name in _named(devices)},
        "listeners": {"traps": {"address": "127.0.0.1", "port": 0}},
        "devices": devices,
        "rules": {"*": {"for": "0s", "looks": 1, "clear_for": "0s", "clear_looks": 1}},
        **more,
    }
    file.write_text(yaml.safe_dump({key: value for key, value in whole.items() if value}), "utf-8")
    return load(file)


def _named(devices: list[dict[str, Any]]) -> set[str]:
    return {one["credentials"] for one in devices if "credentials" in one}


@asynccontextmanager
async def hearing(
    settings: Any, kind: str = "traps", store: Store | None = None, saved: Saved | None = None
) -> AsyncIterator[tuple[Engine, int]]:
    """The engine, and the port on which it hears."""
    engine = Engine(plan_of(settings), saved or Saved(), store or Store(), listeners=settings.listeners)  # type: ignore[arg-type]
    async with engine.running():
        async with asyncio.timeout(5):
            port = await asyncio.shield(engine.listeners.listening(kind).bound)  # type: ignore[attr-defined]
        yield engine, port


async def send(port: int, *args: str, inform: bool = False, source: str = "127.0.0.1") -> int:
    """Run snmptrap or snmpinform; its exit status. `args` begin with the version and stand around the address."""
    split = args.index("--")
    command = ["snmpinform" if inform else "snmptrap", "-m", "", "-M", "", *args[:split], f"--clientaddr={source}",
               "-r", "1", "-t", "1", f"127.0.0.1:{port}", *args[split + 1 :]]  # fmt: skip
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    return await process.wait()


async def ticket_of(engine: Engine, fault: str, state: str = "new") -> Ticket:
    """The ticket of that fault, once it is in that state."""
    async with asyncio.timeout(5):
        while True:
            for ticket in engine.live.world.tickets.values():
                if ticket.fingerprint.fault == fault and ticket.state.value == state:
                    return ticket
            await asyncio.sleep(0.005)


async def counted(engine: Engine, kind: str, result: str, number: int = 1) -> None:
    """Wait until so many messages have come to that."""
    async with asyncio.timeout(5):
        while engine.stats.heard[kind, result] < number:  # noqa: ASYNC110 - the engine's own count
            await asyncio.sleep(0.005)
