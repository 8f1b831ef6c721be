"""What does the frame probe say of snapshots over HTTP, and of what some devices send in their place?"""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import cv2
import numpy as np
import pytest
from aiohttp import web

from probes.ask import ask
from probes.frame import PROBE, FrameOptions
from probes.frame.pool import DecodePool
from probes.observation import Observation, Outcome
from probes.target import Target
from probes.tools import Tools
from tests.servers._scenes import jpeg, scene

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PICTURE = jpeg(scene(1280, 720))


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def look(clock: Clock) -> AsyncIterator[Callable[..., Awaitable[Observation]]]:
    """Serves what the handler gives, and looks at it once."""
    tools = Tools(clock)
    runners: list[web.AppRunner] = []

    async def look_at(handler: Handler, **options: Any) -> Observation:
        app = web.Application()
        app.router.add_get("/snap.jpg", handler)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        chosen = FrameOptions(path="/snap.jpg", source="snapshot", port=port, **options)
        return await ask(PROBE, Target("camera", "127.0.0.1"), chosen, tools, check="frame", timeout_seconds=15.0)

    yield look_at
    deaths = tools.get(DecodePool).deaths
    await tools.close()
    for runner in runners:
        await runner.cleanup()
    assert deaths == 0


def _sends(*bodies: bytes, status: int = 200, kind: str = "image/jpeg") -> Handler:
    left = list(bodies)

    async def handle(_: web.Request) -> web.Response:
        body = left.pop(0) if len(left) > 1 else left[0]
        return web.Response(body=body, status=status, content_type=kind)

    return handle


async def test_a_snapshot(look: Callable[..., Awaitable[Observation]]) -> None:
    found = await look(_sends(PICTURE))
    assert found.outcome is Outcome.OK
    assert found.values["verdict"] == "unjudged"
    assert (found.values["width"], found.values["height"]) == (1280, 720)
    assert (found.values["source"], found.values["codec"]) == ("snapshot", "mjpeg")
    assert found.picture is not None
    assert (found.picture.width, found.picture.height) == (640, 360)


async def test_a_snapshot_that_never_changes_is_frozen(
    look: Callable[..., Awaitable[Observation]], clock: Clock
) -> None:
    verdicts = []
    for _ in range(4):
        verdicts.append((await look(_sends(PICTURE))).values["verdict"])
        clock.now += 300
    verdicts.append((await look(_sends(jpeg(scene(1280, 720, at=2))))).values["verdict"])
    assert verdicts == ["unjudged", "unjudged", "frozen", "frozen", "unjudged"]


async def test_a_snapshot_that_breaks_off_is_fetched_again(look: Callable[..., Awaitable[Observation]]) -> None:
    assert (await look(_sends(PICTURE[:-5_000], PICTURE))).values["verdict"] == "unjudged"
    assert (await look(_sends(PICTURE[:-5_000]))).values["verdict"] == "garbled"


@pytest.mark.parametrize(
    ("body", "status", "outcome"),
    [
        (b"<html>Please log in</html>", 200, Outcome.GARBLED),
        (b"", 200, Outcome.GARBLED),
        (PICTURE, 500, Outcome.GARBLED),
        (b"", 404, Outcome.UNSUPPORTED),
        (b"", 401, Outcome.DENIED),
        (b"", 403, Outcome.DENIED),
    ],
)
async def test_what_is_no_snapshot(
    look: Callable[..., Awaitable[Observation]], body: bytes, status: int, outcome: Outcome
) -> None:
    assert (await look(_sends(body, status=status, kind="text/html"))).outcome is outcome


async def test_an_endless_jpeg(look: Callable[..., Awaitable[Observation]]) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
        await response.prepare(request)
        await response.write(PICTURE[:-2])
        for _ in range(10_000):
            await response.write(bytes(65_536))
        return response

    found = await look(handle, max_bytes=1_000_000)
    assert found.outcome is Outcome.GARBLED
    assert found.duration_seconds < 10


async def test_pictures_that_lie_about_their_size(look: Callable[..., Awaitable[Observation]]) -> None:
    at = PICTURE.index(b"\xff\xc0") + 5
    for width, height in ((65_535, 65_535), (8_192, 8_192)):
        lying = PICTURE[:at] + struct.pack(">HH", height, width) + PICTURE[at + 4 :]
        found = await look(_sends(lying))
        assert found.outcome is Outcome.GARBLED or found.values["verdict"] == "garbled" or width == 8_192


async def test_a_png_that_unpacks_a_thousandfold(look: Callable[..., Awaitable[Observation]]) -> None:
    png = np.asarray(cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1]).tobytes()
    head = png[12:16] + struct.pack(">II", 4_096, 4_096) + png[24:29]
    data = b"IDAT" + zlib.compress(bytes(4_096 * (4_096 * 3 + 1)), 9)
    bomb = png[:8]
    for chunk in (head, data, b"IEND"):
        bomb += struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    assert len(bomb) < 100_000
    found = await look(_sends(bomb))
    assert found.values["verdict"] == "black"


async def test_ten_cameras_at_once(look: Callable[..., Awaitable[Observation]]) -> None:
    found = await asyncio.gather(*(look(_sends(jpeg(scene(at=number)))) for number in range(10)))
    assert [one.values["verdict"] for one in found] == ["unjudged"] * 10
