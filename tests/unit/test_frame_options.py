"""Are mistakes in the options named, and is the right address used?"""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from probes import registry
from probes.frame import PROBE, FrameOptions
from probes.frame.polls import Polls
from probes.frame.source import Source, find_source, with_address
from probes.frame.streams import _with_login
from probes.probe import Lane
from probes.target import Login, Secret, Target
from probes.tools import Tools


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"url": "rtsp://admin:secret@{host}/x"}, "credentials"),
        ({"url": "ftp://{host}/x"}, "must begin with"),
        ({"url": "rtsp:///x"}, "name a host"),
        ({"url": "rtsp://{host}:0/x"}, "must begin with"),
        ({"url": "rtsp://{host}:99999/x"}, "not a URL"),
        ({"url": "rtsp://[::1/x"}, "not a URL"),
        ({"url": "http://{host}/x", "source": "rtsp"}, "cannot be read"),
        ({"url": "rtsp://{host}/x", "source": "snapshot"}, "cannot be read"),
        ({"url": "rtsp://{host}/x", "path": "/y"}, "leave out"),
        ({"port": 554}, "go with `path`"),
        ({"path": "no-slash"}, "pattern"),
        ({"url": "file:///etc/passwd"}, "must begin with"),
        ({"gap_seconds": 0.1}, "greater"),
        ({"colour": "blue"}, "Extra"),
    ],
)
def test_mistakes_are_named(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        FrameOptions(**options)


@pytest.mark.parametrize(
    ("options", "host", "url"),
    [
        ({"url": "rtsp://{host}/cam?a=1"}, "127.0.0.7", "rtsp://127.0.0.7:554/cam?a=1"),
        ({"url": "rtsp://{host}:8554/cam"}, "::1", "rtsp://[::1]:8554/cam"),
        ({"path": "/live"}, "127.0.0.7", "rtsp://127.0.0.7:554/live"),
        ({"path": "/live", "tls": True}, "127.0.0.7", "rtsps://127.0.0.7:322/live"),
        ({"path": "/snap.jpg", "source": "snapshot"}, "127.0.0.7", "http://127.0.0.7:80/snap.jpg"),
        ({"path": "/snap.jpg", "source": "snapshot", "tls": True, "port": 8443}, "::1", "https://[::1]:8443/snap.jpg"),
    ],
)
async def test_addresses(options: dict[str, Any], host: str, url: str) -> None:
    tools = Tools()
    source = await find_source(Target("camera", host), FrameOptions(**options), tools)
    assert await with_address(source, tools) == url
    assert source.is_stream == url.startswith("rtsp")
    await tools.close()


def test_the_login_is_written_so_that_ffmpeg_reads_it_back() -> None:
    login = Login("ad@min", Secret("p:a/s#s?w%rd é"))
    assert _with_login("rtsp://127.0.0.1:554/x", login) == (
        "rtsp://ad%40min:p%3Aa%2Fs%23s%3Fw%25rd%20%C3%A9@127.0.0.1:554/x"
    )
    assert _with_login("rtsp://old:one@127.0.0.1/x", login).count("@") == 1
    assert _with_login("rtsp://127.0.0.1/x", None) == "rtsp://127.0.0.1/x"


def test_the_probe_is_registered() -> None:
    assert registry.probe("frame") is PROBE
    assert PROBE.lane is Lane.DECODE
    assert PROBE.uses_login
    assert FrameOptions().grab_seconds + 4 <= PROBE.timeout_seconds
    assert Source("rtsps://127.0.0.1/", "127.0.0.1").is_stream


def test_a_snapshot_is_frozen_after_three_equal_polls_over_a_minute() -> None:
    now = 1_000.0
    polls = Polls(Tools(lambda: now))
    assert not polls.frozen("camera", "a")
    for seconds, frozen in ((10, False), (10, False), (10, False), (30, True), (300, True)):
        now += seconds
        assert polls.frozen("camera", "a") is frozen
    assert not polls.frozen("other", "a")
    assert not polls.frozen("camera", "b")
    now += 300
    assert not polls.frozen("camera", "b")
    now -= 10_000  # the clock was set back
    assert not polls.frozen("camera", "b")
