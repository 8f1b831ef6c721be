"""How is the demo's stage built and struck: simulated site, configuration, daemon, a webhook that counts?"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import secrets
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import yaml
from aiohttp import web

from monitor.cli.demo.script import AT_ONCE, PATIENT, Pace
from monitor.web.users import hash_password, new_token
from probes.simulators import Shape, describe_site

START_SECONDS = 120.0
STOP_SECONDS = 15.0
Say = Callable[..., None]


class StageError(Exception):
    """The stage could not be built; the text says what to do."""


class Stage:
    """A running demo site. `fail` and `repair` reach the simulators, `api` the daemon; `received`: the webhook."""

    def __init__(self, folder: Path, cache: Path, pace: Pace, port: int, say: Say, *, language: str = "en") -> None:
        self.folder, self.cache, self.pace, self.say = folder, cache, pace, say
        self.user, self.password = "demo", secrets.token_urlsafe(6)
        self.received: list[tuple[str, dict[str, Any]]] = []  # idempotency key, body
        self.daemon: asyncio.subprocess.Process | None = None
        self._token, self._digest = new_token()
        self._port = port
        self._language = language
        self._simulators: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None
        self._hook: web.AppRunner | None = None
        self._control = ""

    async def __aenter__(self) -> Self:
        try:
            await self._build()
        except BaseException:
            await self._strike()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._strike()

    @property
    def address(self) -> str:
        """The console's."""
        return f"http://127.0.0.1:{self._port}"

    async def fail(self, device: str, fault: str, value: float | None) -> None:
        """Let it fail."""
        await self._order({"device": device, "fault": fault, "on": True, "value": value})

    async def repair(self, device: str, fault: str) -> None:
        """Let it be well again."""
        await self._order({"device": device, "fault": fault, "on": False})

    async def state(self) -> dict[str, Any]:
        """What the simulators say of themselves."""
        assert self._session is not None
        async with self._session.get(f"{self._control}/state") as response:
            found: dict[str, Any] = await response.json()
            return found

    async def api(self, method: str, path: str, body: dict[str, Any] | None = None, key: str = "") -> Any:
        """The daemon's answer. aiohttp.ClientError when it is away or refuses."""
        assert self._session is not None
        headers = {"Authorization": f"Bearer {self._token}", **({"Idempotency-Key": key} if key else {})}
        async with self._session.request(
            method, f"{self.address}/api/v1{path}", json=body, headers=headers, raise_for_status=True
        ) as response:
            return await response.json()

    async def start_daemon(self) -> None:
        """Start it and wait until it answers."""
        log = (self.folder / "daemon.log").open("ab")
        with log:
            self.daemon = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "monitor", "run", "-c", self.folder / "site.yaml", "--state", self.folder,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        await self._until_answers(f"{self.address}/livez", self.daemon, "daemon.log")

    async def _build(self) -> None:
        logging.getLogger("aiohttp.access").setLevel(logging.ERROR)
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=20.0),
            trust_env=False,
            headers={"Accept-Language": self._language.replace("_", "-")},
        )
        self._port = self._port if self._port and _is_free(self._port) else _free_port()
        for old in self.folder.glob("*.db*"):
            old.unlink()
        self.say("simulating")
        shape = replace(_free_shape(), receiver_port=_free_port())
        control = _free_port()
        self._control = f"http://127.0.0.1:{control}"
        with (self.folder / "simulators.log").open("ab") as log:
            self._simulators = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "probes.simulators", "--state-port", str(control), "--base", shape.base,
                "--receiver-port", str(shape.receiver_port), "--cache", self.cache, stdin=asyncio.subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        await self._until_answers(f"{self._control}/state", self._simulators, "simulators.log")
        hook = await self._listen()
        (self.folder / "site.yaml").write_text(self._configuration(shape, hook), "utf-8")
        (self.folder / "site.yaml").chmod(0o600)
        self.say("starting")
        await self.start_daemon()

    def _configuration(self, shape: Shape, hook: str) -> str:
        described = describe_site(shape)
        for common in described["defaults"].values():
            for name, more in self.pace.checks.items():
                if name in common["checks"]:
                    common["checks"][name] = {**common["checks"][name], **more}
        for kind in ("recorder", "switch", "ups"):
            described["defaults"][kind]["checks"]["snmp"] = dict(self.pace.checks["snmp"])
        described |= {
            "web": {"listen": f"127.0.0.1:{self._port}"},
            "users": [
                {
                    "name": self.user,
                    "password_hash": hash_password(self.password),
                    "role": "manager",
                    "tokens": [self._digest],
                }
            ],
            "rules": {
                "*": {"kinds": [*described["defaults"]], **self.pace.holds},
                **PATIENT,
                "*login-refused": dict(AT_ONCE),
            },
            "picture_every": self.pace.picture_every,
            "digest": {"within": self.pace.digest_within},
            "channels": {"hook": {"kind": "webhook", "url": hook}},
            "routes": [{"name": "everything", "channel": "hook", "language": self._language}],
        }
        return yaml.safe_dump(described, allow_unicode=True, sort_keys=False)

    async def _listen(self) -> str:
        async def take(request: web.Request) -> web.Response:
            self.received.append((request.headers.get("Idempotency-Key", ""), await request.json()))
            return web.Response(status=204)

        application = web.Application(client_max_size=8_000_000)
        application.router.add_post("/", take)
        self._hook = web.AppRunner(application, access_log=None)
        await self._hook.setup()
        port = _free_port()
        await web.TCPSite(self._hook, "127.0.0.1", port).start()
        return f"http://127.0.0.1:{port}/"

    async def _order(self, order: dict[str, Any]) -> None:
        assert self._session is not None
        async with self._session.post(f"{self._control}/fault", json=order, raise_for_status=True) as response:
            await response.read()

    async def _until_answers(self, url: str, process: asyncio.subprocess.Process, log: str) -> None:
        assert self._session is not None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                while process.returncode is None:
                    try:
                        async with self._session.get(url) as response:
                            await response.read()
                            return
                    except aiohttp.ClientError:
                        await asyncio.sleep(0.1)
        last = (self.folder / log).read_text("utf-8", "replace").strip().splitlines()[-8:]
        raise StageError(f"{url} does not answer; the last lines of {log}:\n" + "\n".join(last))

    async def _strike(self) -> None:
        for process in (self.daemon, self._simulators):
            if process is not None and process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
                try:
                    async with asyncio.timeout(STOP_SECONDS):
                        await process.wait()
                except TimeoutError:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    await process.wait()
        if self._hook is not None:
            await self._hook.cleanup()
        if self._session is not None:
            await self._session.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _free_shape() -> Shape:
    """The usual site, on addresses that nobody uses: other demos may run on this machine."""
    for second in random.sample(range(20, 120), 100):  # two demos that start together must not choose alike
        shape = Shape(base=f"127.{second}.0.0")
        if all(_is_free(shape.http_port, f"127.{second}.{third}") for third in ("0.16", "0.48", "0.96", "1.1")):
            return shape
    raise StageError("no free loopback addresses for the simulated site; end the other demos")
