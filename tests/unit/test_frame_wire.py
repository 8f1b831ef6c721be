"""Does everything come through the pipe whole, and nothing else pass?"""

from __future__ import annotations

import contextlib
import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from probes.errors import Denied, Garbled, LocalTrouble, NoAnswer, Trouble
from probes.frame.faults import Verdict
from probes.frame.job import (
    Attached,
    Change,
    Evidence,
    Judged,
    Known,
    Measured,
    Measures,
    Seen,
    Shift,
    StillJob,
    StreamJob,
)
from probes.frame.wire import (
    HEAD,
    MAX_JSON,
    VERSION,
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

MEASURES = Measures(100.0, 3.0, 240.0, 40.0, 0.01, 0.02, 0.3, 99.0, 128.0, 128.0, 120.0, 0.4, 230.0, 12.5)
JUDGED = Judged(
    Verdict.PARTLY_COVERED,
    {Verdict.PARTLY_COVERED: True, Verdict.MOVED: False},
    {Verdict.PARTLY_COVERED: 1.7, Verdict.MOVED: 0.2},
    ("light",),
    (Measured("area", 0.3, -0.1, 0.1),),
    "01" * 72,
    "10" * 72,
    Shift(0.1, -0.05, 2.0, 1.0, 0.8),
    slot=2,
    slots=4,
    looks=300,
)
SEEN = Seen(
    "h264", 1920, 1080, False, MEASURES, Change(2.0, 1.5, 9.0, False), JUDGED, Evidence(640, 360), "", 2.5, 0.02,
    90_000_000, 8,
)  # fmt: skip
JPEG = b"\xff\xd8jpeg"
KNOWN = Known(
    b"SWREF-bytes",
    b"glance",
    1_700_000_000.5,
    {"moved": 1.5},
    1_690_000_000.0,
    1_680_000_000.0,
    True,
    ((0.1, 0.2, 0.3, 0.4),),
    True,
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
        StreamJob("rtsp://127.0.0.1/x", None, "udp", 0.0, 5.0, KNOWN, True),
        StillJob(b"\xff\xd8picture", 5.0, KNOWN),
    ],
)
def test_a_job_comes_through(job: StreamJob | StillJob) -> None:
    assert read_job(_through(job_message(7, job))) == job


def test_an_answer_comes_through() -> None:
    for attached in (Attached(JPEG), Attached(JPEG, JPEG + b"marked", b"SWREF-bytes", b"glance")):
        assert read_seen(_through(seen_message(9, SEEN, attached))) == (SEEN, attached)
    blind = dataclasses.replace(SEEN, measures=None, change=None, evidence=None)
    assert read_seen(_through(seen_message(9, blind, Attached()))) == (blind, Attached())


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
    json = seen_message(1, SEEN, Attached(JPEG)).json.decode()
    start = json.index(f'"{field}":') + len(field) + 3
    end = min(json.index(mark, start) for mark in ",}" if mark in json[start:])
    with pytest.raises(Broken):
        read_seen(Message(Kind.SEEN, 1, f"{json[:start]}{value}{json[end:]}".encode(), JPEG))


def test_evidence_must_be_a_jpeg() -> None:
    for attached in (Attached(b"<svg onload=alert(1)>"), Attached(JPEG, b"<svg onload=alert(1)>"), Attached()):
        with pytest.raises(Broken):
            read_seen(_through(seen_message(1, SEEN, attached)))


def test_an_answer_is_as_long_as_it_says() -> None:
    whole = seen_message(1, SEEN, Attached(JPEG, b"", b"reference"))
    for data in (whole.data[:-1], whole.data + b"x"):
        with pytest.raises(Broken):
            read_seen(dataclasses.replace(whole, data=data))


@pytest.mark.parametrize(
    "head",
    [
        HEAD.pack(b"SW", VERSION, Kind.SEEN, 1, MAX_JSON + 1, 0),
        HEAD.pack(b"SW", VERSION, Kind.SEEN, 1, 0, 2**32 - 1),
        HEAD.pack(b"SW", VERSION + 1, Kind.SEEN, 1, 0, 0),
        HEAD.pack(b"XX", 1, Kind.SEEN, 1, 0, 0),
        HEAD.pack(b"SW", VERSION, 99, 1, 0, 0),
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
    json = bytearray(seen_message(1, SEEN, Attached(JPEG)).json)
    json[at % len(json)] = byte
    try:
        seen, _ = read_seen(Message(Kind.SEEN, 1, bytes(json), JPEG))
    except Broken:
        return
    assert isinstance(seen, Seen)
