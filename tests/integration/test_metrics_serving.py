"""How are the metrics served, and does the daemon go on meanwhile?"""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from monitor.engine.live import Live
from monitor.export.prometheus import CONTENT_TYPE, Exporter
from monitor.export.serving import serve_metrics
from monitor.web.serving import Listen, bind
from tests.large_site import large_site
from tests.servers.console import run_console

HELD_UP_SECONDS = 0.1  # generous: other work shares the machine


@pytest.fixture
def live() -> Live:
    return large_site(480)


@pytest_asyncio.fixture
async def url(live: Live) -> AsyncIterator[str]:
    bound = bind(Listen("127.0.0.1", 0))
    serving = asyncio.create_task(serve_metrics(live, bound))
    yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def get(url: str, **headers: str) -> tuple[int, aiohttp.typedefs.LooseHeaders, bytes]:
    async with (
        aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=["Accept-Encoding"]) as session,
        session.get(url, headers=headers) as answer,
    ):
        return answer.status, answer.headers, await answer.read()


async def test_at_an_address_of_their_own(url: str) -> None:
    status, headers, plain = await get(f"{url}/metrics")
    assert (status, headers["Content-Type"]) == (200, CONTENT_TYPE)  # type: ignore[index]
    assert "Content-Encoding" not in headers
    assert plain.count(b"# TYPE sitewarden_device_up gauge\n") == 1
    _, headers, packed = await get(f"{url}/metrics", **{"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"  # type: ignore[index]
    assert gzip.decompress(packed).startswith(b"# HELP ")
    assert len(packed) < len(plain) / 5


async def test_life_and_readiness(url: str, live: Live) -> None:
    assert (await get(f"{url}/livez"))[0] == 200
    assert (await get(f"{url}/readyz"))[0] == 200
    live.health.troubles["database"] = "the disk is full"
    status, _, body = await get(f"{url}/readyz")
    assert (status, body) == (503, b'{"ready": false, "troubles": {"database": "the disk is full"}}')
    assert (await get(f"{url}/"))[0] == 404


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [("gzip", True), ("deflate, gzip;q=0.5", True), ("", False), ("gzip;q=0", False), ("br", False)],
)
async def test_on_the_console(tmp_path: Path, live: Live, accepted: str, packed: bool) -> None:
    async with run_console(tmp_path, past=False, metrics=Exporter(live).pieces) as console:
        status, headers, body = await get(f"{console.url}/metrics", **{"Accept-Encoding": accepted})
    assert status == 200
    assert (headers.get("Content-Encoding") == "gzip") == packed  # type: ignore[union-attr]
    text = gzip.decompress(body) if packed else body
    assert text.count(b"# TYPE sitewarden_check_up gauge\n") == 1
    assert text.endswith(b"\n")


async def test_the_daemon_goes_on_while_a_large_site_is_scraped(tmp_path: Path) -> None:
    """The loop's own work, in processor time: what others on this machine do is not counted."""
    live, stalls, going = large_site(3_000), [], True

    async def beat() -> None:
        before = time.thread_time()
        while going:
            await asyncio.sleep(0)
            now = time.thread_time()
            stalls.append(now - before)
            before = now

    async with run_console(tmp_path, past=False, metrics=Exporter(live).pieces) as console:
        await get(f"{console.url}/metrics", **{"Accept-Encoding": "gzip"})
        beating = asyncio.create_task(beat())
        _, _, body = await get(f"{console.url}/metrics", **{"Accept-Encoding": "gzip"})
        going = False
        await beating
    assert len(gzip.decompress(body)) > 10_000_000
    assert max(stalls) < HELD_UP_SECONDS
