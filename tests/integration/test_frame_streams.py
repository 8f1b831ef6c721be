"""What does the frame probe say of real RTSP servers, and of those that fail?"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from probes.ask import ask
from probes.errors import NoAnswer, Trouble
from probes.frame import PROBE, FrameOptions
from probes.frame import grab as grabbing
from probes.frame.glance import take_glance
from probes.frame.job import Known, StreamJob
from probes.frame.picture import from_bgr
from probes.frame.pool import DecodePool
from probes.frame.reel import Reel
from probes.frame.sketch import sketch
from probes.observation import Observation, Outcome
from probes.target import Login, Secret, Target
from probes.tools import Tools, start_transcript
from tests.servers._replay import Replay, replaying
from tests.servers._scenes import encode, scene
from tests.servers.gstreamer import GstServer, StartGst, Stream


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    tools = Tools()
    yield tools
    await tools.close()


async def look(
    tools: Tools, url: str, login: Login | None = None, device: str = "camera", **options: Any
) -> Observation:
    target = Target(device, "127.0.0.1", login)
    chosen = FrameOptions(**{"url": url, "two_frames": False, "grab_seconds": 8.0, **options})
    return await ask(PROBE, target, chosen, tools, check="frame", timeout_seconds=20.0)


def _verdict(found: Observation) -> object:
    assert found.outcome is Outcome.OK, found.detail
    return found.values["verdict"]


@pytest.mark.parametrize(("path", "codec"), [("/h264", "h264"), ("/h265", "hevc")])
async def test_two_key_frames_of_one_session(gst_server: GstServer, tools: Tools, path: str, codec: str) -> None:
    found = await look(tools, gst_server.url(path), two_frames=True, gap_seconds=1.0)
    assert _verdict(found) == "unjudged"
    values = found.values
    assert (values["codec"], values["width"], values["height"], values["source"]) == (codec, 640, 360, "rtsp")
    assert float(values["change_mean"]) > 0.2  # the snow in the test picture moves
    assert float(values["grab_seconds"]) >= 0.9
    assert values["flicker"] is values["jitter"] is False  # by the pictures between the two
    assert float(values["flicker_percent"]) < 1
    assert float(values["shake_percent"]) < 0.1
    assert found.picture is not None
    assert len(found.picture.jpeg) <= 60_000
    decoded = cv2.imdecode(np.frombuffer(found.picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert decoded.shape == (found.picture.height, found.picture.width, 3) == (360, 640, 3)


async def test_colours_come_out_right(start_gst: StartGst, tools: Tools) -> None:
    streams = [
        Stream(f"/{name}", source=f"videotestsrc is-live=true pattern={name}") for name in ("black", "blue", "white")
    ]
    with start_gst(streams=streams) as server:
        found = [await look(tools, server.url(f"/{name}")) for name in ("black", "blue", "white")]
    assert [_verdict(one) for one in found] == ["black", "blue", "over_exposed"]
    assert found[0].values["luma_mean"] == pytest.approx(0, abs=1)
    assert found[2].values["luma_mean"] == pytest.approx(255, abs=1)


async def test_right_and_wrong_password(gst_server: GstServer, tools: Tools) -> None:
    transcript = start_transcript()
    right = Login(gst_server.username, Secret(gst_server.password))
    wrong = Login(gst_server.username, Secret("wr0ng-Passw0rd"))
    for url in (gst_server.auth, gst_server.basic):
        assert _verdict(await look(tools, url, right)) == "unjudged"
        for login in (wrong, None):
            refused = await look(tools, url, login)
            assert refused.outcome is Outcome.DENIED
            transcript.append(refused.detail)
    assert not any("wr0ng" in line or "pass word" in line or "pass%20word" in line for line in transcript)


async def test_rtsps(gst_server: GstServer, tools: Tools) -> None:
    assert _verdict(await look(tools, gst_server.tls)) == "unjudged"


async def test_udp(gst_server: GstServer, tools: Tools) -> None:
    assert _verdict(await look(tools, gst_server.h264, transport="udp")) == "unjudged"


async def test_no_such_stream(gst_server: GstServer, tools: Tools) -> None:
    assert (await look(tools, gst_server.url("/nothing"))).outcome is Outcome.UNSUPPORTED


async def test_nobody_listens(tools: Tools) -> None:
    assert (await look(tools, "rtsp://127.0.0.1:9/x")).outcome is Outcome.REFUSED


async def test_a_device_that_accepts_and_says_nothing(tools: Tools) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = await look(tools, f"rtsp://127.0.0.1:{listener.getsockname()[1]}/x", grab_seconds=2.0)
    assert found.outcome is Outcome.NO_ANSWER
    assert found.duration_seconds < 15
    assert tools.get(DecodePool).deaths == 0


async def test_a_device_that_speaks_something_else(tools: Tools) -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(os.urandom(4096))
                await writer.drain()
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    found = await look(tools, f"rtsp://127.0.0.1:{port}/x", grab_seconds=3.0)
    assert found.outcome in {Outcome.GARBLED, Outcome.NO_ANSWER, Outcome.REFUSED}
    listener.close()


async def test_a_server_that_is_killed_while_it_sends(start_gst: StartGst, tools: Tools) -> None:
    with start_gst(streams=[Stream("/slow", key_interval=300)]) as server:
        looking = asyncio.create_task(look(tools, server.url("/slow"), two_frames=True, gap_seconds=10.0))
        async with asyncio.timeout(20):
            while not tools.get(DecodePool).pids:  # noqa: ASYNC110 - it starts a process
                await asyncio.sleep(0.1)
        await asyncio.sleep(2)
    found = await looking
    # A first key frame may have come whole, as some encoders close their streams like that.
    assert found.outcome in {Outcome.REFUSED, Outcome.NO_ANSWER, Outcome.OK}
    assert tools.get(DecodePool).deaths == 0


LIVE = encode([scene(at=at) for at in range(27)])
STILL = encode([scene(at=0)] * 10, key_every=1)


async def test_a_live_picture_moves_and_a_standing_one_is_frozen(tools: Tools) -> None:
    async with replaying(Replay(LIVE, seconds=0.05)) as live, replaying(Replay(STILL[:1], seconds=0.1)) as still:
        moving, standing = await asyncio.gather(
            look(tools, live.url, two_frames=True), look(tools, still.url, device="other", two_frames=True)
        )
    assert _verdict(moving) == "unjudged"
    assert float(moving.values["change_mean"]) > 0.5
    assert _verdict(standing) == "frozen"
    assert standing.values["change_mean"] == 0


@pytest.mark.parametrize(("minutes", "burst", "hide", "two"), [
    (5, False, False, False), (5, True, False, True), (5, False, True, True), (0.5, False, False, True),
])  # fmt: skip
async def test_a_second_key_frame_is_awaited_only_where_it_may_tell(
    minutes: float, burst: bool, hide: bool, two: bool
) -> None:
    """Other than at the last look, five minutes ago: it does not stand still."""
    before = from_bgr(640, 360, np.asarray(cv2.resize(scene(at=3), (640, 360)), np.uint8))
    known = Known(
        glance=take_glance(sketch(before), before, 1_000.0).pack(), at=1_000.0 + 60 * minutes, burst=burst,
        hide_people=hide,
    )  # fmt: skip
    async with replaying(Replay(LIVE[10:], seconds=0.05)) as live:
        job = StreamJob(live.url, None, "tcp", 0.5, 8.0, known, burst=True)
        found = await asyncio.to_thread(grabbing.grab, job, threading.Event())
    assert found.first is not None
    assert (found.second is not None) is (found.film is not None) is two


@pytest.mark.parametrize(("codec", "name"), [("libx264", "H264"), ("libx265", "H265")])
async def test_slices_and_codecs_over_rtp(tools: Tools, codec: str, name: str) -> None:
    units = encode([scene(1280, 720, at=at) for at in range(4)], codec, slices=4)
    async with replaying(Replay(units, name)) as server:
        found = await look(tools, server.url)
    assert _verdict(found) == "unjudged"
    assert (found.values["width"], found.values["height"]) == (1280, 720)
    assert server.sessions == 1


async def test_a_damaged_key_frame_is_taken_again_and_then_garbled(tools: Tools) -> None:
    unit = bytearray(LIVE[0])
    for at in range(len(unit) // 3, len(unit) * 2 // 3, 37):
        unit[at] ^= 0x5A
    async with replaying(Replay([bytes(unit)])) as server:
        found = await look(tools, server.url)
        assert server.sessions == 2
    assert _verdict(found) == "garbled"
    assert found.values["source"] == "rtsp"


async def test_a_stream_that_stops_in_the_middle(tools: Tools) -> None:
    async with replaying(Replay(LIVE[1:5], silent_after=4)) as server:
        found = await look(tools, server.url, grab_seconds=3.0)
    assert found.outcome is Outcome.NO_ANSWER
    assert found.duration_seconds < 12
    async with replaying(Replay(LIVE[1:5], silent_after=4, closes=True)) as server:
        found = await look(tools, server.url, grab_seconds=5.0)
    assert found.outcome in {Outcome.NO_ANSWER, Outcome.REFUSED}


async def test_a_stream_without_key_frames(tools: Tools) -> None:
    async with replaying(Replay(LIVE[1:5], seconds=0.02)) as server:
        found = await look(tools, server.url, grab_seconds=2.5)
    assert found.outcome is Outcome.NO_ANSWER
    assert "key frame" in found.detail


async def test_what_follows_a_key_frame_may_be_too_little_for_flicker(tools: Tools) -> None:
    async with replaying(Replay(LIVE, seconds=0.5)) as slow, replaying(Replay(LIVE[:3], silent_after=3)) as short:
        found = await asyncio.gather(look(tools, slow.url), look(tools, short.url, device="other"))
    for one in found:
        assert _verdict(one) == "unjudged"
        assert "few_pictures" in str(one.values["unjudged"])
        assert "flicker" not in one.values


async def test_mains_that_beat_with_the_shutter_flicker(tools: Tools) -> None:
    lit = [np.clip(scene(at=at) * (1 + 0.1 * np.sin(2 * np.pi * at / 2.5)), 0, 255).astype(np.uint8) for at in range(9)]
    async with replaying(Replay(encode(lit, key_every=50), seconds=0.1)) as server:
        found = await look(tools, server.url)
    assert _verdict(found) == "flicker"
    assert found.values["flicker"] is True
    assert float(found.values["flicker_percent"]) == pytest.approx(13, abs=5)


async def test_a_size_that_changes_in_the_stream(tools: Tools) -> None:
    units = [encode([scene(640, 360)])[0], encode([scene(352, 288)])[0]]
    async with replaying(Replay(units, seconds=0.6)) as server:
        found = await look(tools, server.url, two_frames=True, gap_seconds=0.5)
    assert _verdict(found) == "unjudged"
    assert "change_mean" not in found.values


async def test_a_worker_that_dies_costs_one_look(tools: Tools) -> None:
    pool = tools.get(DecodePool)
    async with replaying(Replay(LIVE[1:5])) as slow, replaying(Replay(LIVE)) as good:
        looking = asyncio.create_task(look(tools, slow.url))
        async with asyncio.timeout(20):
            while not slow.sessions:  # noqa: ASYNC110 - another process connects
                await asyncio.sleep(0.05)
        os.kill(pool.pids[0], signal.SIGKILL)
        lost = await looking
        assert lost.outcome is Outcome.LOCAL
        assert pool.deaths == 1
        assert _verdict(await look(tools, good.url)) == "unjudged"
        assert pool.deaths == 1


async def test_damaged_streams_never_reach_the_daemon(tools: Tools) -> None:
    dice = np.random.default_rng(11)
    whole = {"H264": LIVE[0], "H265": encode([scene()], "libx265")[0]}

    async def one(number: int) -> Observation:
        codec = ("H264", "H265")[number % 2]
        unit = bytearray(whole[codec])
        if number % 3 == 0:
            unit = unit[: int(dice.integers(20, len(unit)))]
        for _ in range(int(dice.integers(1, 40))):
            unit[int(dice.integers(4, min(len(unit), (60, len(unit))[number % 2 or number % 4 > 1])))] = int(
                dice.integers(0, 256)
            )
        async with replaying(Replay([bytes(unit)], codec, seconds=0.05)) as server:
            return await look(tools, server.url, device=f"camera-{number}", grab_seconds=2.0)

    found: list[Observation] = []
    for part in range(0, 48, 16):
        found += await asyncio.gather(*(one(number) for number in range(part, part + 16)))
    assert {one.outcome for one in found} <= {Outcome.OK, Outcome.NO_ANSWER, Outcome.GARBLED, Outcome.REFUSED}
    assert any(one.values.get("verdict") == "garbled" for one in found)
    async with replaying(Replay(LIVE)) as server:
        assert _verdict(await look(tools, server.url, device="last")) == "unjudged"


def _no_ffmpeg(*_: object) -> None:
    raise AssertionError("FFmpeg's client was asked")


def _job(url: str, login: Login | None = None, gap_seconds: float = 1.0) -> StreamJob:
    return StreamJob(url, login, "tcp", gap_seconds, 8.0, burst=True)


@pytest.mark.parametrize("path", ["/h264", "/h265", "auth", "basic"])
async def test_what_nearly_all_cameras_send_comes_by_our_own_client(
    gst_server: GstServer, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(grabbing, "by_ffmpeg", _no_ffmpeg)
    url = gst_server.url(path) if path.startswith("/") else getattr(gst_server, path)
    login = Login(gst_server.username, Secret(gst_server.password))
    found = await asyncio.to_thread(grabbing.grab, _job(url, login), threading.Event())
    assert found.first is not None
    assert found.second is not None
    assert 0.9 <= found.gap_seconds <= 4
    assert isinstance(found.film, Reel)
    assert len(found.film.develop()) == 8


async def test_what_our_own_client_does_not_read_comes_by_ffmpeg() -> None:
    async with replaying(Replay([b"\0\0\0\1\x19" + b"\1" * 40])) as interleaved:  # units out of their order
        with pytest.raises(NoAnswer):
            await asyncio.to_thread(grabbing.grab, replace(_job(interleaved.url), seconds=3.0), threading.Event())
        assert interleaved.sessions >= 2


@pytest.mark.parametrize(("status", "sessions"), [("400 Bad Request", 2), ("", 2), ("404 Not Found", 1)])
async def test_what_our_own_client_is_refused_ffmpeg_may_get(status: str, sessions: int) -> None:
    came = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        came.append(request.split()[0])
        number = next(line for line in request.split(b"\r\n") if line.lower().startswith(b"cseq"))
        if status:
            writer.write(f"RTSP/1.0 {status}\r\n".encode() + number + b"\r\n\r\n")
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    job = _job(f"rtsp://127.0.0.1:{listener.sockets[0].getsockname()[1]}/x")
    with pytest.raises(Trouble):
        await asyncio.to_thread(grabbing.grab, replace(job, seconds=3.0), threading.Event())
    listener.close()
    assert came[0] == b"DESCRIBE"
    assert min(len(came), 2) == sessions
