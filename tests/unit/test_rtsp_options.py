from __future__ import annotations

import pytest
from pydantic import ValidationError

from probes.rtsp import RtspOptions
from probes.rtsp.options import Location


@pytest.mark.parametrize(
    ("options", "host", "location"),
    [
        ({}, "127.0.0.1", Location("127.0.0.1", 554, False, "rtsp://127.0.0.1:554/")),
        ({"path": "live", "port": 8554}, "cam.test", Location("cam.test", 8554, False, "rtsp://cam.test:8554/live")),
        ({"tls": True}, "::1", Location("::1", 322, True, "rtsps://[::1]:322/")),
        (
            {"url": "rtsp://{host}/cam/realmonitor?channel=1&subtype=0"},
            "127.0.0.1",
            Location("127.0.0.1", 554, False, "rtsp://127.0.0.1/cam/realmonitor?channel=1&subtype=0"),
        ),
        ({"url": "rtsp://{host}:8554/a"}, "::1", Location("::1", 8554, False, "rtsp://[::1]:8554/a")),
        ({"url": "rtsps://nvr.test/1"}, "127.0.0.1", Location("nvr.test", 322, True, "rtsps://nvr.test/1")),
    ],
)
def test_where_a_stream_is(options: dict[str, object], host: str, location: Location) -> None:
    assert RtspOptions.model_validate(options).locate(host) == location


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": "rtsp://admin:secret@{host}/1"}, "name them under `credentials`"),
        ({"url": "rtsp://admin@{host}/1"}, "name them under `credentials`"),
        ({"url": "http://{host}/1"}, "must begin with rtsp"),
        ({"url": "rtsp:///1"}, "names no host"),
        ({"url": "rtsp://{host}:99999/1"}, "not a URL"),
        ({"url": "rtsp://[::1/1"}, "not a URL"),
        ({"url": "rtsp://{host}/a b"}, "%20"),
        ({"url": "rtsp://{host}/a\r\nX: 1"}, "%20"),
        ({"path": "/a b"}, "%20"),
        ({"url": "rtsp://{host}/1", "port": 554}, "leave out"),
        ({"url": "rtsp://{host}/1", "tls": True}, "leave out"),
        ({"url": "rtsp://{host}/" + "a" * 3000}, "2048"),
        ({"depth": "record"}, "describe"),
        ({"port": 0}, "greater than or equal to 1"),
        ({"chanel": 1}, "Extra inputs"),
    ],
)
def test_mistakes_are_named(options: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RtspOptions.model_validate(options)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)
