"""A daemon on a small site, in this process or in its own, of which a test can take away what it stands on."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from inspect import isawaitable
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web

from monitor.app import upkeep
from monitor.app.daemon import Daemon, start
from monitor.engine import selfwatch
from monitor.notify.courier import Patience
from monitor.web.users import digest, new_token
from tests.servers.processes import free_port

AT_ONCE: dict[str, Any] = {"for": "0s", "looks": 1, "clear_for": "0s", "clear_looks": 1}
METRIC = re.compile(r"^(sitewarden_\w+)(\{[^}]*\})? (\S+)$", re.M)
LONG_SECONDS = 60.0


class Door:
    """A TCP port that is a device: open it is well, shut it is not."""

    def __init__(self) -> None:
        self.port = free_port()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", self.port)

    async def shut(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None


@dataclass(slots=True)
class Site:
    """What watches, what is watched, and who is told."""

    door: Door
    token: str
    port: int
    session: aiohttp.ClientSession
    daemon: Daemon | None = None  # where it runs in this process
    told: list[dict[str, Any]] = field(default_factory=list)  # what the webhook took
    refuses: bool = False  # the webhook

    async def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.session.get(f"http://127.0.0.1:{self.port}{path}", headers=headers) as answer:
            return answer.status, await answer.text()

    async def api(self, path: str) -> Any:
        """What the REST API answers."""
        status, text = await self.get(f"/api/v1{path}")
        assert status == 200, text
        return yaml.safe_load(text)

    async def ready(self) -> bool:
        """Does /readyz say that all is well?"""
        return (await self.get("/readyz"))[0] == 200

    async def troubles(self) -> dict[str, str]:
        """What /readyz complains of; its status must agree."""
        status, text = await self.get("/readyz")
        said = yaml.safe_load(text)
        assert said["ready"] is (status == 200)
        troubles: dict[str, str] = said["troubles"]
        return troubles

    async def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        found = METRIC.findall((await self.get("/metrics"))[1])
        return sum(float(value) for of, _, value in found if of == name)

    async def last_look(self) -> float:
        """When the door was last looked at; 0.0: never."""
        return float((await self.api("/devices/door"))["last_look_at"] or 0.0)

    async def goes_on(self, within_seconds: float = 5.0) -> None:
        """The daemon looks at its devices, now; the door is asked once a second."""
        before = await self.last_look()

        async def again() -> bool:
            return await self.last_look() > before

        await self.until(again, "a fresh look", within_seconds)

    async def speaks_of_itself(self, rule: str) -> bool:
        """Is there a ticket about the daemon itself by this rule, in memory at least? And only that one?

        That it is late as well does not count: a busy machine makes it so.
        """
        found = (await self.api("/devices/sitewarden"))["conditions"]
        conditions = [one for one in found if one["rule"] != "monitor-late"]
        assert len({one["ticket"] for one in conditions} - {None}) <= 1, conditions
        return any(one["rule"] == rule and one["ticket"] is not None for one in conditions)

    async def tickets(self) -> dict[str, list[dict[str, Any]]]:
        """What the database holds, by fault."""
        found: dict[str, list[dict[str, Any]]] = {}
        for ticket in (await self.api("/tickets?limit=200"))["items"]:
            found.setdefault(ticket["fault"], []).append(ticket)
        return found

    def told_of(self, fault: str, kind: str) -> int:
        """How often the webhook was told that."""
        count = 0
        for body in self.told:
            if body["kind"] == "digest":
                count += sum(each["fault"] == fault and each["event"]["kind"] == kind for each in body["events"])
            else:
                count += body["ticket"]["fault"] == fault and body["event"]["kind"] == kind
        return count

    async def until(
        self, true: Callable[[], Awaitable[object] | object], what: str, seconds: float = LONG_SECONDS
    ) -> None:
        """Wait until it holds."""
        deadline = monotonic() + seconds
        while True:
            found = true()
            if await found if isawaitable(found) else found:
                return
            assert monotonic() < deadline, f"waited {seconds:g} s for {what}"
            await asyncio.sleep(0.05)

    async def until_trouble(self, part: str, *, gone: bool = False) -> str:
        """Wait until /readyz complains of that part, or no longer does; what it says of it."""

        async def complains() -> bool:
            return (part in await self.troubles()) is not gone

        await self.until(complains, f"{'no ' * gone}trouble with {part}")
        return (await self.troubles()).get(part, "")


@contextlib.asynccontextmanager
async def watched(folder: Path, monkeypatch: pytest.MonkeyPatch, **more: Any) -> AsyncIterator[Site]:
    """The daemon in this process, on one door, told by a webhook; it looks at itself often.

    `more` are parts of the file; rules fire at once, unless they say otherwise.
    """
    monkeypatch.setattr(selfwatch, "EVERY_SECONDS", 0.3)
    monkeypatch.setattr(upkeep, "EVERY_SECONDS", 0.3)
    monkeypatch.setattr(upkeep, "PULSE_EVERY_SECONDS", 0.3)
    async with _site(folder, **more) as site:
        daemon = site.daemon = await start(folder / "site.yaml", folder)
        daemon.courier._patience = Patience(first_seconds=0.2, longest_seconds=1.0)  # the site's file has no key for it
        running = asyncio.create_task(daemon.run())
        try:
            await site.until(lambda: ("door", "reach") in daemon.engine.live.world.looks, "the first look")
            yield site
            assert not running.done(), "the daemon ended"
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@contextlib.asynccontextmanager
async def watched_apart(folder: Path, *before: str, **more: Any) -> AsyncIterator[tuple[Site, int]]:
    """The same with the daemon in its own process, and its pid. `before` stands before its command."""
    async with _site(folder, **more) as site:
        command: list[str | Path] = [
            *before,
            sys.executable,
            "-m",
            "monitor",
            "run",
            "-c",
            folder / "site.yaml",
            "--state",
            folder / "state",
        ]
        with (folder / "daemon.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:

            async def looks() -> bool:
                assert process.returncode is None, (folder / "daemon.log").read_text()
                try:
                    return await site.last_look() > 0
                except aiohttp.ClientError:
                    return False

            await site.until(looks, "the first look")
            yield site, process.pid
            process.terminate()
            assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


@contextlib.asynccontextmanager
async def _site(folder: Path, **more: Any) -> AsyncIterator[Site]:
    """Everything but the daemon."""
    door, port, hook = Door(), free_port(), free_port()
    token, _ = new_token()
    devices, channels, routes = more.pop("devices", []), more.pop("channels", {}), more.pop("routes", [])
    rules = more.pop("rules", {})
    check = {"probe": "tcp", "port": door.port, "every": "1s"}
    for device in devices:  # further names of the door
        device.setdefault("checks", {"reach": check | {"every": "3s"}})
    described = {
        "site": {"id": "troubled", "name": "Troubled"},
        "web": {"listen": f"127.0.0.1:{port}"},
        "users": [{"name": "t", "password_hash": "$argon2id$none", "role": "manager", "tokens": [digest(token)]}],
        "devices": [{"id": "door", "kind": "server", "host": "127.0.0.1", "checks": {"reach": check}}, *devices],
        "rules": {"*": AT_ONCE, **rules},
        "channels": {"hook": {"kind": "webhook", "url": f"http://127.0.0.1:{hook}/"}, **channels},
        "routes": [{"name": "all", "channel": "hook"}, *routes],
        "digest": {"messages": 50, "within": "1s"},
        **more,
    }
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 - nothing runs yet
    (folder / "site.yaml").write_text(yaml.safe_dump(described))
    await door.open()
    async with aiohttp.ClientSession() as session:
        site = Site(door, token, port, session)
        runner = await _listen(site, hook)
        try:
            yield site
        finally:
            await runner.cleanup()
            await door.shut()


async def _listen(site: Site, port: int) -> web.AppRunner:
    async def take(request: web.Request) -> web.Response:
        if site.refuses:
            return web.Response(status=503)
        site.told.append(await request.json())
        return web.Response()

    application = web.Application()
    application.router.add_post("/", take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner
