from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.errors import Garbled
from probes.rtsp.sdp import base_url, control_url, parse_sdp

CAMERA = b"""v=0\r
o=- 1109162014219182 1109162014219192 IN IP4 127.0.0.1\r
s=Media Presentation\r
t=0 0\r
a=control:rtsp://127.0.0.1:554/ISAPI/Streaming/channels/101/\r
m=audio 0 RTP/AVP 8\r
a=rtpmap:8 PCMA/8000\r
a=control:rtsp://127.0.0.1:554/ISAPI/Streaming/channels/101/trackID=2\r
m=video 0 RTP/AVP 96 97\r
a=rtpmap:96 H265/90000\r
a=rtpmap:97 H264/90000\r
a=control:rtsp://127.0.0.1:554/ISAPI/Streaming/channels/101/trackID=1\r
m=application 0 RTP/AVP 107\r
a=rtpmap:107 vnd.onvif.metadata/90000\r
a=control:trackID=3\r
"""


def test_the_first_video_of_a_camera() -> None:
    description = parse_sdp(CAMERA)
    video = description.video
    assert video
    assert (video.codec, video.payload_types) == ("h265", (96, 97))
    assert video.control == "rtsp://127.0.0.1:554/ISAPI/Streaming/channels/101/trackID=1"
    assert [medium.kind for medium in description.media] == ["audio", "video", "application"]
    assert description.control == "rtsp://127.0.0.1:554/ISAPI/Streaming/channels/101/"
    assert parse_sdp(CAMERA.replace(b"\r\n", b"\n")) == description


@pytest.mark.parametrize(
    ("sdp", "codec"),
    [
        (b"v=0\nm=video 0 RTP/AVP 26\n", "jpeg"),
        (b"v=0\nm=video 0 RTP/AVP 99\n", "unknown"),
        (b"v=0\nm=video 0 RTP/AVP\n", "unknown"),
        (b"v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 MP4V-ES/90000\n", "mp4v-es"),
        (b"\r\nv=0\nm=video 0 RTP/AVP 999 96\na=rtpmap:96 H264\n", "h264"),
    ],
)
def test_codec(sdp: bytes, codec: str) -> None:
    video = parse_sdp(sdp).video
    assert video
    assert video.codec == codec


def test_no_video() -> None:
    assert parse_sdp(b"v=0\nm=audio 0 RTP/AVP 0\n").video is None
    assert parse_sdp(b"v=0\n").video is None


@pytest.mark.parametrize(
    "sdp",
    [
        b"",
        b"<html>not found</html>",
        b"v=0\n" + b"a\n" * 2001,
        b"v=0\n" + b"m=video 0 RTP/AVP 96\n" * 33,
        b"v=0\nm=video 0 RTP/AVP 96\na=control:a b\n",
        b"v=0\nm=video 0 RTP/AVP 96\na=control:\xff\n",
        b"v=0\nm=video 0 RTP/AVP 96\na=control:" + b"a" * 3000,
    ],
)
def test_malformed_or_too_large_is_garbled(sdp: bytes) -> None:
    with pytest.raises(Garbled):
        parse_sdp(sdp)


@pytest.mark.parametrize(
    ("base", "control", "url"),
    [
        ("rtsp://h/live", "trackID=1", "rtsp://h/live/trackID=1"),
        ("rtsp://h/live/", "trackID=1", "rtsp://h/live/trackID=1"),
        ("rtsp://h/live/", "/trackID=1", "rtsp://h/live/trackID=1"),
        ("rtsp://h/live", "*", "rtsp://h/live"),
        ("rtsp://h/live", "", "rtsp://h/live"),
        ("rtsp://h/live", "RTSP://other/x", "RTSP://other/x"),
        ("rtsp://h/cam?channel=1&subtype=0", "trackID=0", "rtsp://h/cam?channel=1&subtype=0/trackID=0"),
    ],
)
def test_control_urls(base: str, control: str, url: str) -> None:
    assert control_url(base, control) == url


def test_base_of_control_urls() -> None:
    asked = "rtsp://h/live"
    assert base_url(asked, "rtsp://h/live/", "rtsp://h/other") == "rtsp://h/live/"
    assert base_url(asked, "", "rtsp://h/other") == "rtsp://h/other"
    for quirk in ("", "/live/", "http://h/live", "rtsp://h/a b", "rtsp://h/" + "a" * 3000):
        assert base_url(asked, quirk, "") == asked


@settings(max_examples=1500, derandomize=True)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from([b"v=0", b"m=video 0 RTP/AVP 96", b"a=rtpmap:96 H264/90000", b"a=control:x", b"m=", b"a="]),
        ),
        max_size=20,
    )
)
def test_any_bytes_end_in_a_description_or_in_garbled(lines: list[bytes]) -> None:
    try:
        description = parse_sdp(b"\n".join(lines))
    except Garbled:
        return
    for medium in description.media:
        assert control_url("rtsp://h/", medium.control).isprintable()
        assert all(0 <= one < 128 for one in medium.payload_types)
