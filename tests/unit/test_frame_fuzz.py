"""Does every look end as one answer, whatever the reference, the glance, the picture and the file are?

Everything is drawn from seeds, so that a failure can be run again; the budget is processor time, not the clock's.
"""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import orjson
import pytest

from monitor.cli.replay import Replay
from monitor.cli.report import row
from probes.errors import Trouble
from probes.frame.footage import search
from probes.frame.grab import Grab
from probes.frame.job import Attached, Known, Seen, StillJob
from probes.frame.look import examine, look
from probes.frame.picture import Picture, from_bgr
from probes.frame.places import Place, Places, unpack
from probes.frame.reference import MAX_BYTES, BadReference
from probes.frame.reference import unpack as unpack_reference
from probes.frame.shots import shots
from probes.frame.wire import HEAD, Kind, Message, job_message, lengths, pack, read_seen, read_trouble, seen_message
from probes.frame.worker import Desk
from probes.observation import Outcome
from probes.onvif.ptz import Position
from tests.references import closed, opened

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # numpy's, which a worker does not mind either

BEGIN = 1_790_000_000.0
SIZES = ((640, 360), (360, 640), (16, 16), (17, 33), (1, 1), (2, 300), (641, 479), (3840, 2160), (960, 960))
NASTY: tuple[Any, ...] = (
    0, -1, 1, 2**31, 2**62, -(2**62), 1e300, -1e300, 1e-300, 0.5, None, True, "", "x" * 99, [], {}, [[]], 65_504,
)  # fmt: skip
PATTERNS = (b"\0", b"\xff", b"\x7f", b"\xff\xfb\x7f\x7f", b"\x00\x7c", b"\xff\x7b", b"\x00\x00\x80\x7f", b"\x01\x80")


def image(width: int, height: int, seed: int) -> Any:
    """A scene with structure everywhere; a square one as a fisheye sees it."""
    dice = np.random.default_rng(seed)
    small = dice.integers(20, 230, (max(1, height // 9), max(1, width // 9), 3), np.uint8)
    found = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    if width == height > 100:
        circle = np.zeros((height, width), np.uint8)
        cv2.circle(circle, (width // 2, height // 2), width // 2 - 8, 1, -1)
        found *= circle[..., None]
    return found


@cache
def jpegs() -> tuple[bytes, ...]:
    """One picture of each size."""
    return tuple(cv2.imencode(".jpg", image(*size, seed=1))[1].tobytes() for size in SIZES)


@cache
def pictures() -> tuple[Picture, ...]:
    return tuple(
        from_bgr(*size, image(*size, seed=seed)) for size in SIZES for seed in ((1, 2) if size[0] < 2_000 else (1,))
    )


def see(known: Known, first: Picture, second: Picture | None, *, corrupt: bool = False) -> tuple[Seen, Attached]:
    """One look at a stream."""
    grabbed = Grab("h264", first, second, 2.0 if second else 0.0, corrupt)
    return examine(grabbed, known, still=second is None, started=time.monotonic(), cpu=time.thread_time())


@cache
def learned() -> tuple[bytes, bytes]:
    """The reference and the glance of some looks, by day and by infrared."""
    reference, glance = b"", b""
    for number in range(16):
        colours = image(640, 360, seed=1)
        if number % 2:
            colours = np.repeat(colours[..., :1] // 2, 3, axis=2)
        grain = np.random.default_rng(number).integers(0, 4, colours.shape, np.uint8)
        picture = from_bgr(640, 360, np.minimum(colours, 250) + grain)
        _, attached = see(Known(reference, glance, BEGIN + 900.0 * number), picture, None)
        reference, glance = attached.reference or reference, attached.glance
    assert unpack_reference(reference).looks > 8
    return reference, glance


def flipped(data: bytes, dice: random.Random) -> bytes:
    some = bytearray(data)
    for _ in range(dice.randrange(1, 6)):
        some[dice.randrange(len(some))] ^= 1 << dice.randrange(8)
    return bytes(some)


def cut(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data))]


def spoiled(value: Any, dice: random.Random) -> Any:
    """The same JSON with one thing in it that cannot be."""
    match value:
        case dict() if value and dice.random() < 0.9:
            name = dice.choice(sorted(value))
            return {**value, name: spoiled(value[name], dice)}
        case list() if value and dice.random() < 0.9:
            at = dice.randrange(len(value))
            return [*value[:at], spoiled(value[at], dice), *value[at + 1 :]]
        case _:
            return dice.choice(NASTY)


def lying(data: bytes, dice: random.Random) -> bytes:
    """A reference that is packed as it should be, and says what cannot be."""
    head, *parts = opened(data)
    if dice.random() < 0.6:
        head = spoiled(head, dice)
    arrays = [bytearray(part) for part in parts]
    for _ in range(dice.randrange(0, 4)):
        part, pattern = dice.choice(arrays), dice.choice(PATTERNS)
        at, size = dice.randrange(len(part)), dice.choice((2, 4, 64, 9_000))
        part[at : at + size] = (pattern * size)[: len(part[at : at + size])]
    told = closed(head, *map(bytes, arrays))
    return told if dice.random() < 0.95 else b"SWREF\x07" + told[6:]


CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    lying, lying, lying, flipped, cut, lambda data, dice: data, lambda data, dice: b"",
)  # fmt: skip


def knowns(seed: int) -> Iterator[Known]:
    """What may be known, without end."""
    dice = random.Random(seed)
    reference, glance = learned()
    while True:
        yield Known(
            dice.choice(CHANGES)(reference, dice),
            dice.choice((glance, b"", cut(glance, dice), flipped(glance, dice))),
            dice.choice((0.0, BEGIN + 20_000.0, -BEGIN, 1e14)),
            dice.choice(({}, {"blurred": 0.4, "moved": 10.0})),
            dice.choice((0.0, BEGIN, 1e14)),
            presets=dice.random() < 0.3,
            masks=dice.choice(((), ((0.0, 0.0, 1.0, 1.0), (0.99, 0.99, 1.0, 1.0)))),
            hide_people=dice.random() < 0.5,
            room_bytes=dice.choice((MAX_BYTES, 30_000, 1)),
        )


def ended(seen: Seen, attached: Attached) -> None:
    """The daemon takes this answer, and the next look reads what was learned, or begins anew."""
    told, parts = read_seen(seen_message(1, seen, attached))
    assert told.judged.verdict is seen.judged.verdict
    assert parts == attached
    assert bool(attached.jpeg) == (seen.evidence is not None)
    if attached.reference:
        with suppress(BadReference):
            unpack_reference(attached.reference)


def test_a_look_at_a_stream_ends_whatever_is_known_and_however_pictures_change() -> None:
    pictures(), learned()  # made once, and slowly
    dice, budget, looks = random.Random(5), time.thread_time() + 0.7, 0
    for known in knowns(7):
        first, second = dice.choice(pictures()), dice.choice((None, dice.choice(pictures())))
        seen, attached = see(known, first, second, corrupt=dice.random() < 0.05)
        ended(seen, attached)
        looks += 1
        if time.thread_time() > budget:
            break
    assert looks >= 8


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("looks",), 1e300), (("looks",), -1), (("last_at",), 1e300), (("view",), 1e300), (("slots", 0, 1), 0),
        (("slots", 0, 1), -1), (("slots", 0, 3), 1e200), (("text", 0), 0), (("text", 0), -1), (("text", 2), 1e300),
    ],
)  # fmt: skip
def test_numbers_that_nobody_can_learn_from_are_refused(path: tuple[str | int, ...], value: float) -> None:
    head, *parts = opened(learned()[0])
    inside = head
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    with pytest.raises(BadReference):
        unpack_reference(closed(head, *parts))


def test_one_camera_whose_picture_changes_shape_goes_on() -> None:
    reference, glance = learned()
    dice = random.Random(11)
    for number in range(14):
        seen, attached = see(Known(reference, glance, BEGIN + 20_000 + 300 * number), dice.choice(pictures()), None)
        ended(seen, attached)
        reference, glance = attached.reference or reference, attached.glance or glance
        assert len(reference) <= MAX_BYTES


def test_a_worker_gives_one_answer_to_each_job() -> None:
    dice = random.Random(17)
    jobs = []
    for number, known in zip(range(30), knowns(19), strict=False):
        still = dice.choice(jpegs()[:6])
        still = dice.choice((still, still, cut(still, dice), flipped(still, dice), b"", b"\xff\xd8"))
        jobs.append(pack(job_message(number, StillJob(still, 5.0, known))))
    answers = io.BytesIO()
    desk = Desk(answers, look)
    for job in jobs:  # as `serve` does it, one after the other
        kind, number, json_length, _ = lengths(job[: HEAD.size])
        rest = job[HEAD.size :]
        desk._answer(Message(kind, number, rest[:json_length], rest[json_length:]), None)
    answers.seek(0)
    answered = []
    while head := answers.read(HEAD.size):
        kind, number, json_length, data_length = lengths(head)
        message = Message(kind, number, answers.read(json_length), answers.read(data_length))
        if kind is Kind.SEEN:
            read_seen(message)
        else:
            assert read_trouble(message).outcome is Outcome.GARBLED  # the device's doing, never the worker's
        answered.append(number)
    assert answered == list(range(len(jobs)))


@pytest.mark.parametrize("seed", range(3))
def test_places_hold_whatever_they_are_given(seed: int) -> None:
    dice, reference = random.Random(seed), learned()[0]
    known = Places((Place(Position(0.1, 0.2, 0.3), "Gate", 4, BEGIN, reference),), reference[:9_000])
    for _ in range(60):
        try:
            found = unpack(dice.choice(CHANGES[3:])(known.pack(), dice))
        except BadReference:
            continue
        for place in found.places:
            seen, attached = see(Known(place.reference, at=BEGIN), pictures()[4], None)
            ended(seen, attached)


def test_replay_counts_every_damaged_file_once(tmp_path: Path) -> None:
    dice = random.Random(23)
    for number in range(24):
        whole = jpegs()[number % 7]
        spoil = dice.choice((flipped, flipped, cut, lambda data, dice: data, lambda data, dice: dice.randbytes(200)))
        (tmp_path / f"2024-01-01T{number:02d}_00_00.jpg").write_bytes(spoil(whole, dice))
    clip = tmp_path / "whole.mkv"
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(20):
            frame = av.VideoFrame.from_ndarray(image(320, 180, seed=1) // 2 + number, format="bgr24")
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    for number in range(8):
        (tmp_path / f"clip{number}.mkv").write_bytes(dice.choice((flipped, cut))(clip.read_bytes(), dice))
    try:
        line = Replay(lying(learned()[0], dice))
        looks = list(line.run(shots(search([tmp_path], together=True).cameras[0])))
    except Trouble as trouble:
        pytest.fail(f"{trouble}")
    assert sum(line.counts.values()) == len(looks) >= 24
    for one in looks:
        orjson.dumps(row(one))
