from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.errors import Garbled
from probes.rtsp.framing import Frame, Splitter
from probes.rtsp.messages import Response, Transport, build_request, parse_head, parse_transport
from probes.rtsp.rtp import is_rtp

ANSWER = (
    b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nServer: Hipcam RealServer/V1.0\r\nContent-Type: application/sdp\r\n"
    b"Content-Length: 5\r\n\r\nv=0\r\n"
)
FRAME = b"$\x00\x00\x0e\x80\x60" + bytes(12)


def split(data: bytes, step: int) -> list[Response | Frame]:
    splitter = Splitter()
    found = []
    for at in range(0, len(data), step):
        splitter.feed(data[at : at + step])
        while (one := splitter.take()) is not None:
            found.append(one)
    return found


@pytest.mark.parametrize("step", [1, 2, 3, 7, 10_000])
def test_messages_and_frames_come_out_however_they_are_cut(step: int) -> None:
    first, second, third, fourth = split(FRAME + ANSWER + b"\r\n" + FRAME + FRAME + ANSWER[:-1], step)
    assert isinstance(first, Frame)
    assert isinstance(second, Response)
    assert (first.channel, len(first.packet)) == (0, 14)
    assert (second.head.status, second.head.cseq, second.body) == (200, 2, b"v=0\r\n")
    assert second.head.server == "Hipcam RealServer/V1.0"
    assert third == fourth == first


def test_headers_as_cameras_write_them() -> None:
    head = parse_head(
        b"RTSP/1.0  401   Unauthorized\ncseq : 3\nWWW-Authenticate: Digest realm=a,\n\tnonce=b\n"
        b"www-authenticate: Basic realm=a\nrubbish\nSession:  1234 ; timeout=60\nX-Name: \xff\xe4"
    )
    assert (head.status, head.reason, head.cseq) == (401, "Unauthorized", 3)
    assert head.headers["www-authenticate"] == ["Digest realm=a, nonce=b", "Basic realm=a"]
    assert head.session == "1234"
    assert parse_head(b"RTSP/1.0 200").reason == ""
    assert parse_head(b"ANNOUNCE rtsp://127.0.0.1/1 RTSP/1.0\r\nCSeq: 1").status == 0


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"\x16\x03\x01\x02\r\n\r\n",
        b"RTSP/1.0 OK\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n" + b"A: 1\r\n" * 65 + b"\r\n",
        b"RTSP/1.0 200 OK\r\nA: " + b"a" * 17_000,
        b"RTSP/1.0 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: 70000\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: \xb2\r\n\r\n",
    ],
)
def test_malformed_or_too_large_is_garbled(data: bytes) -> None:
    with pytest.raises(Garbled):
        split(data, 100)


def test_a_session_cannot_smuggle_headers() -> None:
    with pytest.raises(Garbled):
        _ = parse_head(b"RTSP/1.0 200 OK\r\nSession: a\rX-Evil: 1").session
    with pytest.raises(Garbled):
        _ = parse_head(b"RTSP/1.0 200 OK\r\nSession: " + b"a" * 600).session


def test_a_request() -> None:
    assert build_request("DESCRIBE", "rtsp://127.0.0.1/1", 7, {"Accept": "application/sdp"}) == (
        b"DESCRIBE rtsp://127.0.0.1/1 RTSP/1.0\r\nCSeq: 7\r\nUser-Agent: Sitewarden\r\nAccept: application/sdp\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("header", "agreed"),
    [
        ("RTP/AVP/TCP;unicast;interleaved=2-3;ssrc=1", Transport(True, 2)),
        ("rtp/avp/tcp; unicast; Interleaved = 4", Transport(True, 4)),
        ("RTP/AVP/TCP;unicast", Transport(True, None)),
        ("RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001", Transport(False, None)),
        ("", Transport(False, None)),
    ],
)
def test_transport(header: str, agreed: Transport) -> None:
    assert parse_transport(header) == agreed


@pytest.mark.parametrize("header", ["RTP/AVP/TCP;interleaved=256-257", "RTP/AVP/TCP;interleaved=x", "a;interleaved"])
def test_malformed_transport(header: str) -> None:
    with pytest.raises(Garbled):
        parse_transport(header)


def test_what_is_rtp() -> None:
    packet = bytes([0x80, 0xE0]) + bytes(20)
    assert is_rtp(packet, (96,))
    assert is_rtp(packet, ())
    assert not is_rtp(packet, (97,))
    assert not is_rtp(packet[:12], (96,))
    assert not is_rtp(b"\x40" + packet[1:], (96,))
    assert not is_rtp(bytes([0x80, 200]) + bytes(30), ())  # an RTCP sender report


@settings(max_examples=2000, derandomize=True)
@given(
    st.lists(st.one_of(st.binary(max_size=200), st.sampled_from([ANSWER, FRAME, b"\r\n\r\n", b"RTSP/1.0 200 OK\r\n"]))),
    st.integers(1, 64),
)
def test_any_bytes_end_in_messages_or_in_garbled(parts: list[bytes], step: int) -> None:
    data = b"".join(parts)
    try:
        found = split(data, step)
        for one in found:
            if isinstance(one, Response):
                assert (one.head.session, one.head.server, one.head.cseq) is not None
    except Garbled:
        return
    assert sum(len(one.body if isinstance(one, Response) else one.packet) for one in found) <= len(data)


@settings(max_examples=500, derandomize=True)
@given(st.text(max_size=100))
def test_any_transport_is_read_or_garbled(header: str) -> None:
    try:
        agreed = parse_transport(header)
    except Garbled:
        return
    assert agreed.channel is None or 0 <= agreed.channel <= 255
