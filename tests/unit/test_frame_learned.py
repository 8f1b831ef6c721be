"""Is what is wrong with a picture named, against what its camera usually shows, and nothing else?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest

from probes.frame.assess import Assessment, assess
from probes.frame.compare import compare
from probes.frame.evidence import draw
from probes.frame.faults import Verdict
from probes.frame.job import Known, Shift
from probes.frame.learn import find_place, learn
from probes.frame.mark import mark
from probes.frame.picture import Picture, from_bgr, read_cells
from probes.frame.reference import pack, unpack
from probes.frame.sketch import sketch
from tests.servers.console_site import paint

Image = Any
BEGIN = 1_790_000_000.0
EVERY = 300.0
LOOKS = 80
CAMERAS = (3, 8, 15)


def scene(number: int, *, wide: bool = False) -> Image:
    """One camera's view; `wide`: a third more of it all around."""
    image = cv2.imdecode(np.frombuffer(paint(number, 1280, 720).jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image if wide else image[90:-90, 160:-160]


def seen(image: Image, dice: np.random.Generator, quality: int = 85, grain: float = 1.5) -> Picture:
    """As the camera sends it: with the sensor's noise of so many levels, encoded."""
    noisy = np.clip(image + dice.normal(0, grain, image.shape), 0, 255).astype(np.uint8)
    _, encoded = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, quality])
    sent = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    assert sent is not None
    return from_bgr(sent.shape[1], sent.shape[0], np.asarray(sent, np.uint8))


@cache
def learned(number: int) -> bytes:
    """What some hours of that camera teach: the light changes, people cross."""
    reference, dice = b"", np.random.default_rng(number)
    image = scene(number).astype(np.float32)
    for look in range(LOOKS):
        light = np.clip(image * (0.9 + 0.2 * np.sin(look / 9)), 0, 255).astype(np.uint8)
        x, y = int(dice.integers(0, 900)), int(dice.integers(250, 450))
        cv2.rectangle(light, (x, y), (x + 20, y + 60), (40, 60, 90), -1)
        found = assess(seen(light, dice), Verdict.OK, Known(reference, at=BEGIN + look * EVERY))
        assert found.judged.verdict in (Verdict.OK, Verdict.UNJUDGED), (look, found.judged)
        reference = found.reference or reference
    return reference


def judged(number: int, image: Image, **more: Any) -> Assessment:
    known = Known(learned(number), at=BEGIN + (LOOKS + 1) * EVERY, **more)
    return assess(seen(image, np.random.default_rng(7)), Verdict.OK, known)


def _stripes(image: Image) -> Image:
    wave = 14 * np.sin(2 * np.pi * np.arange(image.shape[0]) / 9)
    return np.clip(image + wave[:, None, None], 0, 255)


def _half_covered(image: Image) -> Image:
    covered = image.copy()
    covered[:, : image.shape[1] * 45 // 100] = (52, 60, 66)
    return covered


def _droplets(image: Image) -> Image:
    soft, dice = cv2.GaussianBlur(image, (0, 0), 9), np.random.default_rng(1)
    drops = np.zeros(image.shape[:2], np.uint8)
    for _ in range(34):
        cv2.circle(drops, (int(dice.integers(0, 960)), int(dice.integers(0, 540))), int(dice.integers(35, 60)), 1, -1)
    return np.where(drops[..., None] > 0, soft, image)


FAULTS: dict[str, tuple[Verdict, Callable[[Image], Image]]] = {
    "blurred": (Verdict.BLURRED, lambda image: cv2.GaussianBlur(image, (0, 0), 3)),
    "badly blurred": (Verdict.BLURRED, lambda image: cv2.GaussianBlur(image, (0, 0), 8)),
    "covered": (Verdict.COVERED, lambda image: np.full_like(image, (60, 66, 70))),
    "half covered": (Verdict.PARTLY_COVERED, _half_covered),
    "noisy": (Verdict.NOISY, lambda image: image + np.random.default_rng(2).normal(0, 14, image.shape[:2])[..., None]),
    "striped": (Verdict.STRIPES, _stripes),
    "hazy": (Verdict.FOG, lambda image: image * 0.45 + 110.0),
    "dark": (Verdict.DARK, lambda image: image * 0.2),
    "yellow": (Verdict.COLOUR_CAST, lambda image: image + np.array([-30.0, 8.0, 12.0])),
    "pink": (Verdict.IR_CUT, lambda image: image + np.array([20.0, -22.0, 26.0])),
    "dirty": (Verdict.OBSCURED, _droplets),
}


@pytest.mark.parametrize("number", CAMERAS)
def test_a_healthy_picture_is_healthy(number: int) -> None:
    found = judged(number, scene(number)).judged
    assert found.verdict is Verdict.OK
    assert not any(found.faults.values())
    assert all(each.low <= each.value <= each.high for each in found.measures)


@pytest.mark.parametrize("number", CAMERAS)
@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong_is_named(number: int, name: str) -> None:
    expected, change = FAULTS[name]
    found = judged(number, np.clip(change(scene(number).astype(np.float32)), 0, 255)).judged
    assert found.verdict is expected, found.scores
    assert [fault for fault, there in found.faults.items() if there] == [expected]
    assert found.scores[expected] >= 1


@pytest.mark.parametrize("number", CAMERAS)
@pytest.mark.parametrize(("right", "down"), [(0.06, 0.0), (-0.03, 0.05), (0.0, -0.08)])
def test_a_moved_camera_and_which_way(number: int, right: float, down: float) -> None:
    image = scene(number, wide=True)
    x, y = 160 - round(right * 960), 90 - round(down * 540)
    found = judged(number, image[y : y + 540, x : x + 960]).judged
    assert found.verdict is Verdict.MOVED, found.scores
    assert found.shift is not None
    assert (found.shift.right, found.shift.down) == pytest.approx((right, down), abs=0.012)
    assert mark(paint(number).jpeg, found).startswith(b"\xff\xd8")


def test_what_is_covered_is_marked_where_it_is() -> None:
    found = judged(3, _half_covered(scene(3))).judged
    cells = np.array([int(each) for each in found.covered]).reshape(18, 32)
    assert cells[:, :13].mean() > 0.9
    assert cells[:, 16:].mean() < 0.05


@pytest.mark.parametrize("number", [3, 15])
def test_dirt_is_marked_where_it_is(number: int) -> None:
    image, dice = scene(number), np.random.default_rng(1)
    dirty = np.zeros(image.shape[:2], np.float32)
    for _ in range(22):
        where = int(dice.integers(60, 900)), int(dice.integers(60, 480))
        cv2.circle(dirty, where, int(dice.integers(30, 60)), 1, -1)
    veil = cv2.GaussianBlur(dirty, (0, 0), 5)[..., None]
    found = judged(number, (image * (1 - veil) + cv2.GaussianBlur(image, (0, 0), 14) * veil).astype(np.uint8)).judged
    assert found.verdict is Verdict.OBSCURED, found.scores
    spots = read_cells(found.spots).astype(bool)
    before = cv2.resize(dirty, spots.shape[::-1], interpolation=cv2.INTER_AREA)
    assert spots.sum() >= 30
    assert before[spots].mean() > 0.6
    assert mark(paint(number).jpeg, found).startswith(b"\xff\xd8")
    assert judged(number, image).judged.spots == ""


def test_what_shows_everywhere_has_no_mark() -> None:
    covered = judged(3, _half_covered(scene(3))).judged
    assert mark(paint(3).jpeg, covered)
    for verdict in (Verdict.JITTER, Verdict.OVER_EXPOSED, Verdict.BLURRED, Verdict.FROZEN):
        assert mark(paint(3).jpeg, replace(covered, verdict=verdict, shift=Shift(0.1, 0.0, 0.0, 1.0, 0.9))) == b""


def test_an_unknown_camera_is_not_called_healthy() -> None:
    found = assess(seen(scene(3), np.random.default_rng(1)), Verdict.OK, Known(at=BEGIN))
    assert (found.judged.verdict, found.judged.unjudged) == (Verdict.UNJUDGED, ("learning",))
    assert unpack(found.reference).looks == 1


def test_on_the_first_day_an_hour_never_seen_may_show_the_view_otherwise() -> None:
    """The first low sun of a camera that was mounted in the evening; afterwards another view is another view."""
    other = seen(scene(8), np.random.default_rng(2))
    soon, dawn = BEGIN + LOOKS * EVERY, BEGIN + LOOKS * EVERY + 4 * 3600
    assert assess(other, Verdict.OK, Known(learned(3), at=soon)).judged.verdict is Verdict.MOVED
    first = assess(other, Verdict.OK, Known(learned(3), at=dawn)).judged
    assert first.verdict not in {Verdict.MOVED, Verdict.COVERED}
    assert "learning" in first.unjudged
    known = unpack(learned(3))
    days = replace(known, slots=tuple(replace(slot, first_at=slot.first_at - 86_400.0) for slot in known.slots))
    assert assess(other, Verdict.OK, Known(pack(days), at=dawn)).judged.verdict is Verdict.MOVED


def test_nothing_is_learned_of_a_faulty_picture() -> None:
    assert judged(3, cv2.GaussianBlur(scene(3), (0, 0), 4)).reference == b""
    assert (
        assess(seen(scene(3), np.random.default_rng(1)), Verdict.FROZEN, Known(learned(3), at=BEGIN + 1e5)).reference
        == b""
    )


def test_drops_that_nobody_can_judge_yet_are_a_state_of_their_own() -> None:
    known = unpack(learned(3))
    soft = sketch(seen(_droplets(scene(3).astype(np.float32)), np.random.default_rng(5)))
    assert find_place(known, sketch(seen(scene(3), np.random.default_rng(5)))).index is not None
    assert find_place(known, soft).index is None
    taught = learn(known, soft, None, BEGIN + 12 * 3600)
    assert taught is not None
    assert len(taught.slots) == len(known.slots) + 1
    for before, after in zip(known.slots, taught.slots, strict=False):
        assert np.array_equal(before.number_variances, after.number_variances)


def test_without_the_database_nothing_is_learned() -> None:
    assert assess(seen(scene(3), np.random.default_rng(1)), Verdict.OK, Known()).reference == b""


def test_what_people_teach_moves_the_threshold() -> None:
    soft = cv2.GaussianBlur(scene(3), (0, 0), 2)
    score = judged(3, soft).judged.scores[Verdict.BLURRED]
    assert score > 1
    assert judged(3, soft, tuning={"blurred": score * 1.15}).judged.verdict is Verdict.OK
    slightly = np.clip(scene(3) + np.random.default_rng(2).normal(0, 2.5, (540, 960, 1)), 0, 255)
    assert judged(3, slightly).judged.verdict is Verdict.OK
    assert judged(3, slightly, tuning={"noisy": 0.2}).judged.verdict is Verdict.NOISY


def test_a_confirmed_view_is_learned_anew() -> None:
    other = scene(8)
    assert judged(3, other).judged.verdict in (Verdict.MOVED, Verdict.COVERED, Verdict.PARTLY_COVERED)
    reference, dice = learned(3), np.random.default_rng(5)
    confirmed = BEGIN + (LOOKS + 1) * EVERY
    for look in range(40):
        at = confirmed + (look + 1) * EVERY
        found = assess(seen(other, dice), Verdict.OK, Known(reference, at=at, confirmed_at=confirmed))
        assert found.judged.verdict in (Verdict.OK, Verdict.UNJUDGED)
        reference = found.reference or reference
    assert found.judged.verdict is Verdict.OK
    kept = unpack(reference)
    assert {slot.view for slot in kept.slots} == {0, 1}  # the old view stays, and is not compared with


def test_a_touring_camera_is_judged_only_where_it_is_known() -> None:
    assert judged(3, scene(8), presets=True).judged.unjudged == ("turning",)
    assert judged(3, scene(3), presets=True).judged.verdict is Verdict.OK


def test_a_dark_or_plain_scene_that_is_usual_is_vouched_for() -> None:
    found = assess(
        seen(scene(3), np.random.default_rng(1)), Verdict.COVERED, Known(learned(3), at=BEGIN + (LOOKS + 1) * EVERY)
    )
    assert found.judged.verdict is Verdict.OK
    unknown = assess(seen(scene(3), np.random.default_rng(1)), Verdict.COVERED, Known(at=BEGIN))
    assert unknown.judged.verdict is Verdict.COVERED


def test_masked_parts_cannot_be_recognised_in_evidence() -> None:
    picture = from_bgr(960, 540, scene(3))
    _, plain = draw(picture)
    _, masked = draw(picture, [(0.25, 0.5, 0.5, 0.5), (0.9, 0.9, 1.0, 1.0)])
    before, after = (cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE) for jpeg in (plain, masked))
    assert before is not None
    assert after is not None
    sharpness = [cv2.Laplacian(image[185:355, 165:475], cv2.CV_32F).std() for image in (before, after)]
    assert sharpness[1] < 0.4 * sharpness[0]
    assert np.abs(before[:170].astype(int) - after[:170]).mean() < 1.5


def test_what_was_compared_already_is_learned_alike() -> None:
    reference, at = unpack(learned(3)), BEGIN + (LOOKS + 1) * EVERY
    drawn = sketch(seen(scene(3), np.random.default_rng(7)))
    compared = {index: compare(drawn, slot) for index, slot in enumerate(reference.slots)}
    once, again = learn(reference, drawn, None, at), learn(reference, drawn, None, at, compared)
    assert once is not None
    assert again is not None
    assert pack(once) == pack(again)
