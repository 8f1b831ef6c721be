"""Is what flickers or shakes told from what only changes, in streams as cameras encode them?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import av
import cv2
import numpy as np
import pytest

from probes.frame.assess import assess
from probes.frame.burst import Instant, Unrest, measure, restless, to_and_fro
from probes.frame.bursts import WELL, Bursts
from probes.frame.faults import Verdict
from probes.frame.habits import CEILINGS, FLOORS, LEARNED, NO_HABITS, Habit, after, limit_of
from probes.frame.job import Judged, Known, Measured, Seen, StillJob
from probes.frame.judge import Judgement
from probes.frame.look import look
from probes.frame.picture import from_bgr
from probes.frame.reel import MAX_BYTES, PICTURES, SECONDS, Reel
from probes.frame.reference import BadReference, Reference, pack, unpack, with_habits
from probes.frame.registration import Move
from probes.frame.steady import Steadiness, explain, judge_burst
from probes.frame.units import Unit
from probes.tools import Tools
from tests.servers._scenes import encode, jpeg, scene

Image = Any
FPS = 25
CODECS = ("h264", "hevc", "mjpeg")


def shifted(image: Image, right: float, down: float = 0.0) -> Image:
    matrix = np.array([[1, 0, right], [0, 1, down]], np.float32)
    return cv2.warpAffine(image, matrix, image.shape[1::-1], borderMode=cv2.BORDER_REFLECT)


def lit(image: Image, gain: Any) -> Image:
    return np.clip(image * gain, 0, 255).astype(np.uint8)


@cache
def moments() -> tuple[Image, ...]:
    """Eight pictures of a yard through which a car drives."""
    return tuple(scene(640, 360, at=at, noise=3.0) for at in range(8))


def packets(images: Sequence[Image], codec: str) -> list[bytes]:
    if codec == "mjpeg":
        return [jpeg(image) for image in images]
    return encode(images, {"h264": "libx264", "hevc": "libx265"}[codec], key_every=50)


def reel_of(images: Sequence[Image], codec: str = "h264", fps: float = FPS) -> Reel:
    reel = Reel(codec, b"")
    for number, data in enumerate(packets(images, codec)):
        packet = av.Packet(data)
        packet.pts, packet.time_base = number, Fraction(1, round(fps * 100)) * 100
        reel.take(Unit([packet]), 100 + number / fps)
    return reel


def unrest(images: Sequence[Image], codec: str = "h264") -> Unrest:
    found = measure(reel_of(images, codec).develop())
    assert found is not None
    return found


def waves(amount: float, period: float = 3.3) -> list[Image]:
    return [lit(one, 1 + amount * np.sin(2 * np.pi * n / period)) for n, one in enumerate(moments())]


def path_of(pixels: float) -> Any:
    return np.random.default_rng(5).uniform(-pixels, pixels, (8, 2))


def shaken(pixels: float) -> list[Image]:
    return [shifted(one, *step) for one, step in zip(moments(), path_of(pixels), strict=True)]


@pytest.mark.parametrize("codec", CODECS)
def test_a_calm_stream_is_calm_in_every_codec(codec: str) -> None:
    reel = reel_of(moments(), codec)
    burst = reel.develop()
    assert len(burst) == PICTURES
    assert [one.seconds for one in burst] == pytest.approx([n / FPS for n in range(PICTURES)])
    found = measure(burst)
    assert found is not None
    assert found.shake is not None
    assert (found.flicker < 0.3, found.rolling < 0.3, found.shake < 0.1) == (True, True, True), found


@pytest.mark.parametrize("codec", CODECS)
def test_flicker_and_shake_are_measured_in_every_codec(codec: str) -> None:
    flickering, shaking = unrest(waves(0.1), codec), unrest(shaken(8), codec)
    assert flickering.flicker == pytest.approx(11, abs=5)
    assert flickering.shake is not None
    assert flickering.shake < 0.1
    assert shaking.shake is not None
    assert shaking.shake == pytest.approx(100 * np.hypot(*to_and_fro(path_of(8))) / 640, rel=0.05)
    assert shaking.flicker < 0.3


def test_bands_that_roll_are_seen_where_the_whole_stays_as_bright() -> None:
    rows = np.arange(360)[:, None, None] / 360
    rolling = unrest([lit(one, 1 + 0.05 * np.sin(2 * np.pi * (2 * rows + n / 3.3))) for n, one in enumerate(moments())])
    assert rolling.rolling > 3
    assert rolling.flicker < 1


CHANGES: dict[str, Callable[[Image, int], Image]] = {
    "exposure settles": lambda one, n: lit(one, 1 - 0.6 * np.exp(-n / 2)),
    "a lamp goes on": lambda one, n: lit(one, 1.4 if n > 3 else 1.0),
    "a flash": lambda one, n: lit(one, 1.5 if n == 3 else 1.0),
    "the camera turns": lambda one, n: shifted(one, 9.0 * n),
    "a knock": lambda one, n: shifted(one, 30.0 if n > 3 else 0.0, 9.0 if n > 3 else 0.0),
    "a mast sways by 6 pixels": lambda one, n: shifted(one, 6 * np.sin(2 * np.pi * n / 10 + 0.8)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_only_changes_is_neither(change: str) -> None:
    found = unrest([CHANGES[change](one, n) for n, one in enumerate(moments())])
    assert found.flicker < 0.5 * FLOORS["flicker"], found
    assert found.rolling < 0.5 * FLOORS["rolling"], found
    assert found.shake is not None
    assert found.shake < 0.75 * FLOORS["shake"], found


def test_who_walks_through_a_third_of_the_picture_does_not_count() -> None:
    images = []
    for n, one in enumerate(moments()):
        image = one.copy()
        left = 150 + (40, -30, 55, -45, 20, 60, -60, 10)[n]
        cv2.rectangle(image, (left, 0), (left + 190, 360), (20, 20, 20), -1)
        images.append(image)
    found = unrest(images)
    assert found.flicker < FLOORS["flicker"]
    assert found.shake is None or found.shake < FLOORS["shake"]


def test_where_nothing_stands_still_or_has_structure_shake_is_not_judged() -> None:
    dice = np.random.default_rng(2)
    noise = [np.asarray(dice.integers(0, 255, (360, 640, 3)), np.uint8) for _ in range(8)]
    plain = [np.full((360, 640, 3), 120, np.uint8)] * 8
    for images in (noise, plain):
        found = unrest(images)
        assert found.shake is None
        steady = judge_burst(found, NO_HABITS)
        assert Verdict.JITTER not in steady.scores
        assert "restless" in steady.unjudged
        assert steady.scores[Verdict.FLICKER] < 1


def test_paths() -> None:
    to_fro = np.array([0.0, 1, 0, 1, 0, 1, 0, 1])
    assert restless(to_fro) == pytest.approx(6 / 7)
    assert to_and_fro(np.arange(8.0) ** 2) == 0
    assert restless(np.array([0.0, 0, 0, 9, 0, 0, 0, 0])) == 0


def test_too_few_pictures_are_not_judged() -> None:
    assert measure(reel_of(moments()[:5]).develop()) is None
    assert judge_burst(None, NO_HABITS).unjudged == ("few_pictures",)
    assert judge_burst(None, NO_HABITS).scores == {}
    slow = reel_of(moments(), "mjpeg", fps=2)
    assert slow.full
    assert len(slow.develop()) == 2 * SECONDS + 1


def test_a_reel_is_bounded() -> None:
    reel = Reel("mjpeg", b"")
    for number in range(6):
        packet = av.Packet(bytes(MAX_BYTES // 4))
        packet.pts, packet.time_base = number, Fraction(1, FPS)
        reel.take(Unit([packet]), number / FPS)
    assert reel.full
    assert reel.develop() == ()  # no pictures at all


def test_damage_ends_a_burst() -> None:
    data = packets(moments(), "h264")
    data[3] = data[3][: len(data[3]) // 2] + bytes(40)
    reel = Reel("h264", b"")
    for number, each in enumerate(data):
        packet = av.Packet(each)
        packet.pts, packet.time_base = number, Fraction(1, FPS)
        if number == 6:
            packet.is_corrupt = True
        reel.take(Unit([packet]), number / FPS)
    assert len(reel.develop()) <= 6


def test_a_habit_lies_between_a_floor_and_a_ceiling() -> None:
    floor, ceiling = FLOORS["shake"], CEILINGS["shake"]
    between = (floor + ceiling) / 2
    assert limit_of("shake", floor / 2, NO_HABITS) == floor
    assert limit_of("shake", between, NO_HABITS) is None  # nobody knows yet
    assert limit_of("shake", ceiling * 2, NO_HABITS) == ceiling
    windy = NO_HABITS
    dice = np.random.default_rng(1)
    for _ in range(40):
        windy = after({"shake": between + float(dice.normal(0, 0.03))}, windy)
    limit = limit_of("shake", between, windy)
    assert limit is not None
    assert between < limit < ceiling
    assert limit_of("shake", between, {"shake": Habit(40, 0.01, 0.0)}) == floor
    assert limit_of("shake", between, {"shake": Habit(40, 99.0, 9.0)}) == ceiling


def test_a_young_habit_says_nothing_of_what_lies_between() -> None:
    unknown = judge_burst(Unrest(3.0, 0.1, 0.4, 0.01), NO_HABITS)
    assert unknown.scores == {}
    assert unknown.unjudged == ("learning",)
    certain = judge_burst(Unrest(0.1, 5.0, 0.01, 0.0), NO_HABITS)
    assert certain.scores[Verdict.FLICKER] > 1
    assert certain.scores[Verdict.JITTER] < 0.1


def test_a_shift_within_the_shake_is_no_new_view_and_one_beyond_it_is() -> None:
    shaking = Unrest(0.0, 0.0, 1.5, 0.03)
    steady = Steadiness({Verdict.JITTER: 2.0})
    near = Judgement({Verdict.MOVED: 1.6}, move=Move(0.02, 0.0, 0.0, 1.0, 0.7))
    far = Judgement({Verdict.MOVED: 1.6}, move=Move(0.2, 0.0, 0.0, 1.0, 0.7))
    assert explain(near, steady, shaking).scores == {Verdict.MOVED: 0.9, Verdict.JITTER: 2.0}
    assert explain(far, steady, shaking).scores == {Verdict.MOVED: 1.6, Verdict.JITTER: 2.0}
    assert explain(far, Steadiness({Verdict.JITTER: 0.2}), shaking).move is far.move


def looked(reference: bytes, film: Reel | tuple[Instant, ...], at: float, **more: Any) -> tuple[Judged, bytes, int]:
    image = moments()[0]
    found = assess(from_bgr(640, 360, image), Verdict.OK, Known(reference, at=at, **more), film)
    return found.judged, found.reference or reference, found.burst


def test_bursts_teach_and_then_name_the_fault() -> None:
    calm, reference = reel_of(moments()).develop(), b""
    for number in range(LEARNED + 1):
        judged, reference, count = looked(reference, calm, 1.7e9 + 3_600 * number, burst=True)
        assert count == PICTURES
        assert judged.faults[Verdict.FLICKER] is judged.faults[Verdict.JITTER] is False
    habits = unpack(reference).habits[0]
    assert {name: habit.looks for name, habit in habits.items()} == dict.fromkeys(FLOORS, LEARNED + 1)
    for images, verdict, name in ((waves(0.05), Verdict.FLICKER, "flicker"), (shaken(8), Verdict.JITTER, "shake")):
        judged, after_it, _ = looked(reference, reel_of(images), 1.7e9 + 86_400, burst=True)
        assert judged.verdict is verdict
        assert after_it == reference  # nothing is learned from a fault
        shown = {each.name: each for each in judged.measures}
        assert shown[name].value > shown[name].high == FLOORS[name]


def test_a_burst_is_decoded_where_it_is_due_or_something_is_suspicious() -> None:
    reel = reel_of(moments())
    assert looked(b"", reel, 1.7e9)[2] == 0
    assert looked(b"", reel, 1.7e9, burst=True)[2] == PICTURES
    image = from_bgr(640, 360, moments()[0])
    assert assess(image, Verdict.DARK, Known(at=1.7e9), reel).burst == PICTURES
    assert Verdict.FLICKER not in assess(image, Verdict.OK, Known(at=1.7e9)).judged.faults


def test_habits_are_kept_and_nonsense_is_refused() -> None:
    habits = {"flicker": Habit(7, 0.5, 0.01), "shake": Habit(3, 0.2, 0.0)}
    kept = unpack(pack(with_habits(Reference(), True, habits)))
    assert kept.habits == ({}, habits)
    for wrong in (Habit(7, -1.0, 0.0), Habit(7, float("nan"), 0.0), Habit(7, 1.0, 1e9)):
        with pytest.raises(BadReference):
            unpack(pack(with_habits(Reference(), False, {"shake": wrong})))


def _seen(score: float | None, verdict: Verdict = Verdict.OK, blurred: float = 0.0) -> Seen:
    scores = {Verdict.BLURRED: blurred} | ({} if score is None else {Verdict.JITTER: score})
    judged = Judged(verdict, {}, scores, measures=(Measured("shake", 0.1, 0.0, 0.2), Measured("mean", 1, 0, 2)))
    return Seen("h264", 1, 1, False, None, None, judged, None, "", 0.0, 0.0, 0, 0 if score is None else PICTURES)


def test_bursts_come_once_an_hour_and_always_while_something_may_be_wrong() -> None:
    now = 1_000_000.0
    bursts = Bursts(Tools(lambda: now))
    for _ in range(WELL):
        assert bursts.due("camera", 3_600)
        bursts.noted("camera", _seen(0.1))
    assert not bursts.due("camera", 3_600)
    assert bursts.due("camera", 0)
    assert bursts.due("other", 3_600)
    between = bursts.noted("camera", _seen(None))
    assert between.judged.scores == {Verdict.JITTER: 0.1, Verdict.BLURRED: 0.0}  # to be shown, not to be concluded from
    assert [each.name for each in between.judged.measures] == ["shake", "mean", "shake"]
    assert between.judged.faults == {}
    now += 3_600
    assert bursts.due("camera", 3_600)
    bursts.noted("camera", _seen(0.9))
    for _ in range(WELL):
        assert bursts.due("camera", 3_600)
        bursts.noted("camera", _seen(0.2))
    assert not bursts.due("camera", 3_600)
    for suspicious in (_seen(None, Verdict.BLURRED), _seen(None, Verdict.OK, blurred=0.8)):
        bursts.noted("camera", suspicious)  # a lens that shakes looks blurred
        assert bursts.due("camera", 3_600)
        bursts.noted("camera", _seen(0.2))
        assert not bursts.due("camera", 3_600)
    now -= 86_400  # the clock was set back
    assert bursts.due("camera", 3_600)


def test_a_snapshot_says_that_it_does_not_show_flicker_and_shake() -> None:
    _, encoded = cv2.imencode(".jpg", moments()[0])
    job = StillJob(np.asarray(encoded).tobytes(), 5.0, Known(at=1.7e9, burst=True))
    judged = look(job, threading.Event())[0].judged
    assert "one_picture" in judged.unjudged
    assert not {Verdict.FLICKER, Verdict.JITTER} & (judged.faults.keys() | judged.scores.keys())
