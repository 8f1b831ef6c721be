"""Do others' RTSP clients get moving pictures from the simulated cameras, and what do they get when one fails?"""

from __future__ import annotations

import asyncio
import subprocess
import time

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.servers.processes import wait_until
from tests.servers.simsite import SimSite

Grey = NDArray[np.int16]


def grab(url: str, frames: int = 1, *, transport: str = "tcp", seconds: float = 8.0) -> list[Grey]:
    """That many key frames, with FFmpeg's RTSP client."""
    options = {"rtsp_transport": transport, "probesize": "32", "analyzeduration": "0"}
    found: list[Grey] = []
    with av.open(url, options=options, timeout=(seconds, seconds)) as container:
        stream = container.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        for frame in container.decode(stream):
            assert (frame.width, frame.height) == (640, 360)
            found.append(frame.to_ndarray(format="gray8").astype(np.int16))
            if len(found) == frames:
                break
    return found


def change(first: Grey, second: Grey) -> float:
    return float(np.abs(first - second).mean())


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_key_frames_move_and_have_texture(simsite: SimSite, transport: str) -> None:
    first, _, third = grab(simsite.rtsp_url("camera-01"), 3, transport=transport)
    assert change(first, third) > 0.5
    assert first.std() > 25
    assert 40 < first.mean() < 200


def test_a_key_frame_comes_at_once(simsite: SimSite) -> None:
    started = time.monotonic()
    grab(simsite.rtsp_url("camera-02"))
    assert time.monotonic() - started < 0.9  # a group of pictures lasts a second


def test_all_pictures_of_a_second_decode(simsite: SimSite) -> None:
    url = simsite.rtsp_url("camera-01")
    with av.open(url, options={"rtsp_transport": "tcp"}, timeout=(8, 8)) as container:
        pictures = [frame for frame, _ in zip(container.decode(video=0), range(15), strict=False)]
    assert not any(frame.is_corrupt for frame in pictures)


def test_cameras_differ(simsite: SimSite) -> None:
    assert change(grab(simsite.rtsp_url("camera-01"))[0], grab(simsite.rtsp_url("camera-02"))[0]) > 10


def test_sha_256_where_the_camera_asks_for_it(simsite: SimSite) -> None:
    """Every fourth camera offers SHA-256 first, then MD5."""
    assert grab(simsite.rtsp_url("camera-04"))


def test_a_wrong_password_is_counted_once(simsite: SimSite) -> None:
    before = simsite.device("camera-05")["refused_logins"].get("rtsp", 0)
    with pytest.raises(av.error.HTTPUnauthorizedError):
        grab(simsite.rtsp_url("camera-05").replace(simsite.password, "wrong"))
    assert simsite.device("camera-05")["refused_logins"]["rtsp"] == before + 1


@pytest.mark.parametrize(
    ("fault", "low", "high", "deviation"),
    [
        ("covered", 50, 110, 24),
        ("dark", 3, 40, 12),
        ("black", 0, 17, 1),
        ("over_exposed", 230, 255, 25),
        ("blue", 10, 90, 2),
        ("no_signal", 60, 130, 30),
    ],
)
def test_views_that_are_lost(simsite: SimSite, fault: str, low: int, high: int, deviation: int) -> None:
    with simsite.failing("camera-03", fault):
        (picture,) = grab(simsite.rtsp_url("camera-03"))
    assert low <= picture.mean() <= high
    assert picture.std() <= deviation
    assert grab(simsite.rtsp_url("camera-03"))[0].std() > 25


def test_a_frozen_picture_does_not_change(simsite: SimSite) -> None:
    with simsite.failing("camera-03", "frozen"):
        first, _, third = grab(simsite.rtsp_url("camera-03"), 3)
    assert change(first, third) == 0
    assert first.std() > 25


def test_garbled_slices_spoil_the_picture(simsite: SimSite) -> None:
    (good,) = grab(simsite.rtsp_url("camera-03"))
    with simsite.failing("camera-03", "garbled"):
        (wrong,) = grab(simsite.rtsp_url("camera-03"))
    assert change(good, wrong) > 10


def test_a_fault_shows_in_a_stream_that_runs(simsite: SimSite) -> None:
    options = {"rtsp_transport": "tcp", "probesize": "32", "analyzeduration": "0"}
    with av.open(simsite.rtsp_url("camera-06"), options=options, timeout=(8, 8)) as container:
        frames = container.decode(video=0)
        assert next(frames).to_ndarray(format="gray8").std() > 25
        with simsite.failing("camera-06", "black"):
            means = [next(frames).to_ndarray(format="gray8").mean() for _ in range(25)]
    assert means[-1] < 18


def test_rtsp_down_answers_503(simsite: SimSite) -> None:
    with simsite.failing("camera-03", "rtsp_down"), pytest.raises(av.error.HTTPServerError):
        grab(simsite.rtsp_url("camera-03"))


def test_a_slow_camera_answers_in_the_end(simsite: SimSite) -> None:
    with simsite.failing("camera-03", "slow", 0.3):
        started = time.monotonic()
        assert grab(simsite.rtsp_url("camera-03"))
    assert time.monotonic() - started > 0.9  # at least three answers


def test_ffprobe_reads_the_description(simsite: SimSite) -> None:
    """Debian's FFmpeg, older than the one inside PyAV."""
    command = [
        "ffprobe",
        "-v",
        "error",
        "-rtsp_transport",
        "tcp",
        "-show_entries",
        "stream=codec_name,width,avg_frame_rate",
    ]
    told = subprocess.check_output([*command, "-of", "csv=p=0", simsite.rtsp_url("camera-01")], timeout=30)
    assert told.decode().split() == ["h264,640,10/1"]


async def test_nonsense_ends_the_connection_and_nothing_else(simsite: SimSite) -> None:
    address = (simsite.address("camera-07"), simsite.shape.rtsp_port)
    for nonsense in (
        b"\x16\x03\x01" * 4_000,
        b"GET / HTTP/1.1\r\n\r\n",
        b"X" * 20_000,
        b"A b RTSP/1.0\r\n" + b"c: d\r\n" * 99,
    ):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(nonsense)
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()
    assert grab(simsite.rtsp_url("camera-07"))


async def test_an_unplugged_camera_times_out_and_comes_back(simsite: SimSite) -> None:
    address = (simsite.address("camera-08"), simsite.shape.rtsp_port)
    reader, writer = await asyncio.open_connection(*address)
    with simsite.failing("camera-08", "unplugged"):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await asyncio.open_connection(*address)
        writer.write(b"OPTIONS rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await reader.read(1)
        assert simsite.device("camera-08")["dark"]
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    writer.close()
    assert grab(simsite.rtsp_url("camera-08"))


def test_a_stream_stops_when_the_power_does(simsite: SimSite) -> None:
    with av.open(simsite.rtsp_url("camera-08"), options={"rtsp_transport": "tcp"}, timeout=(8, 2)) as container:
        frames = container.demux(video=0)
        next(frames)
        simsite.fail("camera-08", "unplugged")
        try:
            with pytest.raises(av.error.FFmpegError):
                list(zip(frames, range(100), strict=False))
        finally:
            simsite.repair("camera-08", "unplugged")
    wait_until(lambda: not simsite.device("camera-08")["dark"], "camera-08 to be back")
