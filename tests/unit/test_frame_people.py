"""Is nobody recognised in evidence, and everything else?"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest

from probes.frame.faults import Verdict
from probes.frame.grab import Grab
from probes.frame.job import Attached, Judged, Known, Seen
from probes.frame.look import examine
from probes.frame.options import FrameOptions, hides_people
from probes.frame.people import SQUARE, coarse, find_moving, hidden
from probes.frame.picture import Picture, from_bgr
from probes.frame.reference import unpack

BEGIN = 1_790_000_000.0
PERSON = np.s_[150:270, 300:345]  # of 360×640: rows, columns


@cache
def _scene() -> Any:
    """A yard with structure everywhere."""
    dice = np.random.default_rng(4)
    image = cv2.resize(dice.integers(60, 190, (36, 64, 3), np.uint8), (640, 360), interpolation=cv2.INTER_CUBIC)
    for left in range(20, 640, 60):
        cv2.rectangle(image, (left, 40 + left % 90), (left + 30, 330), (int(left) % 200, 90, 140), 2)
    return image


def scene(*, person: tuple[int, int] | None = None, grain: int = 1) -> Picture:
    """The yard, perhaps with somebody whose coat is a fine pattern; `person`: how far from `PERSON`, right and down."""
    image = _scene().astype(np.float32)
    if person is not None:
        rows, columns = PERSON
        pattern = np.kron(np.indices((40, 15)).sum(axis=0) % 2, np.ones((3, 3))) * 220 + 15
        right, down = person
        image[rows.start + down : rows.stop + down, columns.start + right : columns.stop + right] = pattern[..., None]
    noise = np.random.default_rng(grain).normal(0, 1.5, image.shape)
    return from_bgr(640, 360, np.clip(image + noise, 0, 255).astype(np.uint8))


def look(known: Known, *pictures: Picture, corrupt: bool = False) -> tuple[Seen, Attached]:
    first, second = pictures[0], pictures[1] if len(pictures) > 1 else None
    grabbed = Grab("h264", first, second, 2.0 if second else 0.0, corrupt)
    return examine(grabbed, known, still=second is None, started=time.monotonic(), cpu=time.thread_time())


def grained(image: Any, grain: int) -> Any:
    """With a sensor's noise."""
    noise = np.random.default_rng(grain).normal(0, 1.5, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


@cache
def learned() -> bytes:
    """What a dozen looks at the yard teach."""
    reference = b""
    for number in range(12):
        _, attached = look(Known(reference, at=BEGIN + 300 * number), scene(grain=10 + number))
        reference = attached.reference or reference
    return reference


def known(**more: Any) -> Known:
    return Known(learned(), at=BEGIN + 4_000, hide_people=True, **more)


def image_of(jpeg: bytes) -> Any:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    return image.astype(np.int16)


def pattern(image: Any, where: Any = PERSON) -> float:
    """How much of the coat's pattern is left: the mean step from pixel to pixel."""
    return float(np.abs(np.diff(image[where], axis=1)).mean())


@pytest.mark.parametrize("moves", [(0, 0), (6, 0)])
def test_somebody_is_unrecognisable_and_the_rest_stays(moves: tuple[int, int]) -> None:
    pictures = scene(person=(0, 0), grain=2), scene(person=moves, grain=3)
    shown = image_of(look(replace(known(), hide_people=False), *pictures)[1].jpeg)
    blurred = image_of(look(known(), *pictures)[1].jpeg)
    assert pattern(shown) > 40
    assert pattern(blurred) < 0.1 * pattern(shown)
    rest = np.ones(shown.shape, bool)
    rest[150 - 2 * SQUARE : 270 + 2 * SQUARE, 300 - 2 * SQUARE : 345 + 2 * SQUARE] = False
    assert np.abs(shown - blurred)[rest].mean() < 2
    assert (np.abs(shown - blurred) > 25)[rest].mean() < 0.002


def test_an_empty_scene_stays_as_it_is() -> None:
    shown, blurred = (
        image_of(look(replace(known(), hide_people=hide), scene(grain=5), scene(grain=6))[1].jpeg)
        for hide in (False, True)
    )
    assert (np.abs(shown - blurred) > 25).mean() < 0.01


def test_where_nothing_is_usual_yet_all_is_coarse() -> None:
    before = image_of(look(Known(at=BEGIN), scene(person=(0, 0)))[1].jpeg)
    for some in (Known(at=BEGIN, hide_people=True), Known(b"SWREF damaged", at=BEGIN, hide_people=True)):
        after = image_of(look(some, scene(person=(0, 0)))[1].jpeg)
        assert pattern(after, np.s_[:, :]) < 0.2 * pattern(before, np.s_[:, :])


def test_a_damaged_picture_and_another_view_are_coarse() -> None:
    upside_down = from_bgr(640, 360, np.ascontiguousarray(_scene()[::-1, ::-1]))
    for pictures, corrupt in (((scene(person=(0, 0)),), True), ((upside_down, upside_down), False)):
        seen, attached = look(known(), *pictures, corrupt=corrupt)
        before = image_of(look(replace(known(), hide_people=False), *pictures, corrupt=corrupt)[1].jpeg)
        assert pattern(image_of(attached.jpeg), np.s_[:, :]) < 0.35 * pattern(before, np.s_[:, :]), seen.judged.verdict


def test_a_screen_without_a_scene_is_shown() -> None:
    blue = from_bgr(640, 360, np.full((360, 640, 3), (200, 20, 20), np.uint8))
    seen, _ = look(known(), blue)
    assert seen.judged.verdict is Verdict.BLUE
    assert hidden(seen.judged, None, None) is None


def test_what_covers_the_lens_is_shown_unless_it_moves() -> None:
    strange = np.zeros((90, 160), bool)
    strange[20:60, 30:90] = True
    covered = "".join("1" if 6 <= column < 18 and 4 <= row < 12 else "0" for row in range(18) for column in range(32))
    judged = Judged(Verdict.PARTLY_COVERED, {}, {}, covered=covered)
    moving = np.zeros((90, 160), bool)
    moving[30:40, 40:50] = True
    assert (hidden(judged, strange, moving) == moving).all()
    assert (hidden(judged, strange, None) == strange).all()  # of one picture nobody knows
    walls = scene(), scene(person=(0, 0))
    assert find_moving(*walls)[38:67, 75:86].all()


def test_the_marked_picture_and_masks_are_hidden_too() -> None:
    image = _scene().copy()
    image[:, :300] = (52, 60, 66)
    half, later = (from_bgr(640, 360, grained(image, grain)) for grain in (1, 2))  # the same twice were frozen
    rows, columns = PERSON
    seen, attached = look(known(masks=((0.8, 0.0, 0.2, 1.0),)), half, later)
    assert seen.judged.covered
    marked = image_of(attached.marked)
    assert marked.shape == (360, 640)
    shown = image_of(look(replace(known(), hide_people=False), half, later)[1].jpeg)
    assert pattern(image_of(attached.jpeg), np.s_[:, 520:]) < 0.4 * pattern(shown, np.s_[:, 520:])
    walks = image.copy()
    walks[rows, columns] = np.kron(np.indices((40, 15)).sum(axis=0) % 2, np.ones((3, 3)))[..., None] * 220
    seen, attached = look(known(), half, from_bgr(640, 360, grained(walks, 3)))
    assert pattern(image_of(attached.marked)) < 20


def test_a_state_is_shown_in_squares() -> None:
    structure = unpack(learned()).slots[0].structure
    shown = coarse(structure)
    assert shown.shape == structure.shape
    assert len(np.unique(shown)) <= 144
    assert shown.std() < 0.5 * structure.std()


def test_the_option() -> None:
    assert not hides_people(FrameOptions())
    assert hides_people(FrameOptions.model_validate({"evidence": {"people": "blur"}}))
    with pytest.raises(ValueError, match="blur"):
        FrameOptions.model_validate({"evidence": {"people": "maybe"}})
