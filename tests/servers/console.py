"""The console on a loopback port, served by uvicorn in the test's own loop, over the site of `console_site`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import aiohttp
import pytest_asyncio

from monitor.core.plan import Plan
from monitor.core.world import World
from monitor.engine.live import Live
from monitor.storage.store import Store
from monitor.web import Options, User, create_app, serve
from monitor.web.serving import Listen, bind
from monitor.web.users import Role, digest, hash_password
from tests.servers.console_site import ConsoleSite, copy_world, live_through, site_plan

PASSWORD = "correct horse battery"
TOKEN = "sw_token-of-the-tests"
_HASH = hash_password(PASSWORD)
USERS: Mapping[str, User] = {
    user.name: user
    for user in (
        User("wang", Role.TECHNICIAN, _HASH, title="Wang Lei", tokens=(digest(TOKEN),)),
        User("li", Role.MANAGER, _HASH, title="Li Na", tokens=(digest(TOKEN + "-manager"),)),
        User("guest", Role.VIEWER, _HASH, tokens=(digest(TOKEN + "-viewer"),)),
        User("zhao", Role.TECHNICIAN, _HASH, "zh_CN", "赵工"),
    )
}


@dataclass
class RunningConsole:
    """The served console. `url` has no slash at its end."""

    url: str
    site: ConsoleSite
    live: Live
    app: Any
    task: asyncio.Task[None]
    users: dict[str, User] = field(default_factory=lambda: dict(USERS))

    def browser(self, **headers: str) -> Browser:
        """A client with cookies of its own."""
        return Browser(self.url, headers)


class Browser:
    """Follows no redirects, keeps cookies, finds the form's token in the page."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.url = url
        self.http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"accept-language": "en", **headers}
        )
        self.page = ""
        self._token = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.close()

    async def get(self, path: str, **more: Any) -> aiohttp.ClientResponse:
        return await self._send("GET", path, **more)

    async def post(self, path: str, fields: Mapping[str, str] | None = None, **more: Any) -> aiohttp.ClientResponse:
        return await self._send("POST", path, data={"form_token": self.token(), **(fields or {})}, **more)

    async def _send(self, method: str, path: str, **more: Any) -> aiohttp.ClientResponse:
        answer = await self.http.request(method, self.url + path, allow_redirects=False, **more)
        raw = await answer.read()
        self.page = raw.decode("utf-8", "replace")
        found = re.search(r'name="form_token" value="([0-9a-f]+)"', self.page)
        self._token = found[1] if found else self._token
        return answer

    def token(self) -> str:
        return self._token

    async def log_in(self, name: str = "wang", password: str = PASSWORD, target: str = "/") -> aiohttp.ClientResponse:
        await self.get("/login")
        return await self.post("/login", {"name": name, "password": password, "next": target})


@dataclass(frozen=True)
class _Past:
    """What the site has lived through, made up once for all tests."""

    plan: Plan
    world: World
    answers: Mapping[Any, Any]
    database: bytes


_past: list[_Past] = []


async def _copy_past(folder: Path) -> _Past:
    if not _past:
        with TemporaryDirectory() as name:
            store = await asyncio.to_thread(Store.open, "", Path(name))
            site = ConsoleSite(site_plan(Path(name)), store)
            await live_through(site)
            await store.close()
            _past.append(_Past(site.plan, site.world, site.answers, (Path(name) / "sitewarden.db").read_bytes()))
    (folder / "sitewarden.db").write_bytes(_past[0].database)
    return _past[0]


@asynccontextmanager
async def run_console(
    folder: Path, *, plan: Plan | None = None, past: bool = True, options: Options | None = None, **more: Any
) -> AsyncIterator[RunningConsole]:
    """Serve the console until the context ends."""
    known = await _copy_past(folder) if past else None
    store = await asyncio.to_thread(Store.open, "", folder)
    if known:
        site = ConsoleSite(known.plan, store, copy_world(known.world), answers=dict(known.answers))
    else:
        site = ConsoleSite(plan or site_plan(folder), store)
    live = site.live()
    users = dict(USERS)
    app = create_app(live, store, lambda: users, b"a secret of the tests", options=options or Options(), **more)
    sock = bind(Listen("127.0.0.1", 0))
    port = sock.getsockname()[1]
    task = asyncio.create_task(serve(app, Listen(), sock))
    try:
        yield RunningConsole(f"http://127.0.0.1:{port}", site, live, app, task, users)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await store.close()


@pytest_asyncio.fixture
async def console(tmp_path: Path) -> AsyncIterator[RunningConsole]:
    """The console over the site with its past."""
    async with run_console(tmp_path) as running:
        yield running
