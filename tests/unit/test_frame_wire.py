"""Does everything come through the pipe whole, and nothing else pass?"""

from __future__ import annotations

import contextlib
import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from probes.errors import Denied, Garbled, LocalTrouble, NoAnswer, Trouble
from probes.frame.job import Change, Evidence, Measures, Seen, StillJob, StreamJob
from probes.frame.wire import (
    HEAD,
    MAX_JSON,
    Broken,
    Kind,
    Message,
    job_message,
    lengths,
    pack,
    read_job,
    read_seen,
    read_trouble,
    seen_message,
    trouble_message,
)
from probes.target import Login, Secret

MEASURES = Measures(100.0, 3.0, 240.0, 40.0, 0.01, 0.02, 0.3, 99.0, 128.0, 128.0, 0.4, 230.0, 12.5)
SEEN = Seen(
    "h264", 1920, 1080, False, MEASURES, Change(2.0, 1.5, 9.0, False), Evidence(640, 360), "", 2.5, 0.02, 90_000_000
)


def _through(message: Message) -> Message:
    packed = pack(message)
    kind, number, json_length, data_length = lengths(packed[: HEAD.size])
    body = packed[HEAD.size :]
    assert len(body) == json_length + data_length
    return Message(kind, number, body[:json_length], body[json_length:])


@pytest.mark.parametrize(
    "job",
    [
        StreamJob("rtsp://127.0.0.1/x", Login("admin", Secret("p@ss:wörd/1")), "tcp", 2.0, 14.0),
        StreamJob("rtsp://127.0.0.1/x", None, "udp", 0.0, 5.0),
        StillJob(b"\xff\xd8picture", 5.0),
    ],
)
def test_a_job_comes_through(job: StreamJob | StillJob) -> None:
    assert read_job(_through(job_message(7, job))) == job


def test_an_answer_comes_through() -> None:
    assert read_seen(_through(seen_message(9, SEEN, b"\xff\xd8jpeg"))) == (SEEN, b"\xff\xd8jpeg")
    blind = dataclasses.replace(SEEN, measures=None, change=None, evidence=None)
    assert read_seen(_through(seen_message(9, blind, b""))) == (blind, b"")


@pytest.mark.parametrize("trouble", [Denied("no"), NoAnswer("late"), Garbled("x" * 900), LocalTrouble("")])
def test_trouble_comes_through(trouble: Trouble) -> None:
    found = read_trouble(_through(trouble_message(1, trouble)))
    assert type(found) is type(trouble)
    assert str(found) == str(trouble)[:200]


@pytest.mark.parametrize(
    "json",
    [
        b"",
        b"[]",
        b"{}",
        b'{"outcome":"bug","text":"x"}',
        b'{"outcome":"ok","text":"x"}',
        b'{"outcome":3,"text":"x"}',
        b'{"outcome":["denied"],"text":"x"}',
        b'"denied"',
    ],
)
def test_nonsense_is_no_trouble(json: bytes) -> None:
    with pytest.raises(Broken):
        read_trouble(Message(Kind.TROUBLE, 1, json))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("luma_mean", "NaN"),
        ("luma_mean", "Infinity"),
        ("luma_mean", "1e300"),
        ("luma_mean", "-1"),
        ("clipped_share", "1.5"),
        ("texture", '"much"'),
        ("texture", "null"),
    ],
)
def test_absurd_numbers_do_not_pass(field: str, value: str) -> None:
    json = seen_message(1, SEEN, b"").json.decode()
    start = json.index(f'"{field}":') + len(field) + 3
    end = min(json.index(mark, start) for mark in ",}" if mark in json[start:])
    with pytest.raises(Broken):
        read_seen(Message(Kind.SEEN, 1, f"{json[:start]}{value}{json[end:]}".encode(), b"\xff\xd8"))


def test_evidence_must_be_a_jpeg() -> None:
    with pytest.raises(Broken):
        read_seen(Message(Kind.SEEN, 1, seen_message(1, SEEN, b"").json, b"<svg onload=alert(1)>"))


@pytest.mark.parametrize(
    "head",
    [
        HEAD.pack(b"SW", 1, Kind.SEEN, 1, MAX_JSON + 1, 0),
        HEAD.pack(b"SW", 1, Kind.SEEN, 1, 0, 2**32 - 1),
        HEAD.pack(b"SW", 2, Kind.SEEN, 1, 0, 0),
        HEAD.pack(b"XX", 1, Kind.SEEN, 1, 0, 0),
        HEAD.pack(b"SW", 1, 99, 1, 0, 0),
    ],
)
def test_a_bad_head_is_refused(head: bytes) -> None:
    with pytest.raises(Broken):
        lengths(head)


@settings(max_examples=1_000, derandomize=True, deadline=None)
@given(some.binary(min_size=HEAD.size, max_size=HEAD.size), some.binary(max_size=300))
def test_any_bytes_are_refused_or_read(head: bytes, body: bytes) -> None:
    for read in (lambda: lengths(head), lambda: read_seen(Message(Kind.SEEN, 1, body, body))):
        with contextlib.suppress(Broken):
            read()
    with contextlib.suppress(Broken):
        read_trouble(Message(Kind.TROUBLE, 1, body))


@settings(max_examples=500, derandomize=True, deadline=None)
@given(some.integers(0, 10_000), some.integers(0, 255))
def test_one_wrong_byte_in_an_answer(at: int, byte: int) -> None:
    json = bytearray(seen_message(1, SEEN, b"").json)
    json[at % len(json)] = byte
    try:
        seen, _ = read_seen(Message(Kind.SEEN, 1, bytes(json), b"\xff\xd8"))
    except Broken:
        return
    assert isinstance(seen, Seen)
