"""Is a picture judged rightly, by day and by night, and never called faulty for being unusual?"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from probes.frame.evidence import MAX_BYTES, draw
from probes.frame.faults import Verdict
from probes.frame.job import Change, Measures
from probes.frame.measure import compare, measure
from probes.frame.picture import Picture, from_bgr
from probes.frame.verdict import judge
from tests.servers._scenes import Image, scene, with_text


def _see(image: Image) -> Picture:
    return from_bgr(image.shape[1], image.shape[0], image)


def _verdict(image: Image) -> str:
    return judge(measure(_see(image)), None, corrupt=False)


def _noise(image: Image, sigma: float) -> Image:
    return np.clip(image + np.random.default_rng(3).normal(0, sigma, image.shape), 0, 255).astype(np.uint8)


def _night_with_lamps() -> Image:
    image = _noise(scene() * 0.08, 3)
    for x in (100, 300, 500):
        cv2.circle(image, (x, 150), 9, (250, 250, 250), -1)
    return image


HEALTHY: dict[str, Callable[[], Image]] = {
    "day": scene,
    "day, large": lambda: scene(2560, 1440),
    "standing upright": lambda: scene(480, 854),
    "infrared": lambda: _noise(cv2.cvtColor(cv2.cvtColor(scene(), cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR) * 0.6, 4),
    "night with lamps": _night_with_lamps,
    "fog": lambda: _noise(scene(noise=0) * 0.25 + 140, 2),
    "in blue light": lambda: _noise(scene(noise=0) * np.array([1.3, 0.3, 0.3]) + (40, 0, 0), 2),
    "sky and snow": lambda: _noise(np.clip(scene().astype(float) + 60, 0, 245), 2),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy(name: str) -> None:
    assert _verdict(with_text(HEALTHY[name]())) == Verdict.OK


def _full(level: tuple[int, int, int]) -> Image:
    return np.full((360, 640, 3), level, np.uint8)


def _lamp_in_the_dark(level: int) -> Image:
    """Of what else is there the camera leaves nothing, not even noise; its text and a lamp stand out."""
    image = with_text(_full((level, level, level)))
    return np.asarray(cv2.rectangle(image, (180, 210), (188, 226), (250, 250, 250), -1), np.uint8)


def _no_signal(level: tuple[int, int, int]) -> Image:
    return np.asarray(
        cv2.putText(_full(level), "NO SIGNAL", (200, 190), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (255, 255, 255), 3), np.uint8
    )


FAULTY: dict[str, tuple[Verdict, Callable[[], Image]]] = {
    "black": (Verdict.BLACK, lambda: _full((0, 0, 0))),
    "black, with noise": (Verdict.BLACK, lambda: _noise(_full((4, 4, 4)), 2)),
    "blue": (Verdict.BLUE, lambda: _full((200, 40, 20))),
    "blue, no signal": (Verdict.BLUE, lambda: _no_signal((255, 0, 0))),
    "grey, no signal": (Verdict.NO_SIGNAL, lambda: _no_signal((90, 90, 90))),
    "black, no signal": (Verdict.NO_SIGNAL, lambda: _no_signal((0, 0, 0))),
    "green, nothing decoded": (Verdict.NO_SIGNAL, lambda: _full((0, 135, 0))),
    "dark, a lamp": (Verdict.DARK, lambda: _lamp_in_the_dark(0)),
    "dark, a lamp, lifted": (Verdict.DARK, lambda: _lamp_in_the_dark(39)),
    "dark grey, no signal": (Verdict.NO_SIGNAL, lambda: _no_signal((39, 39, 39))),
    "dark grey": (Verdict.NO_SIGNAL, lambda: _full((39, 39, 39))),
    "white-out": (Verdict.OVER_EXPOSED, lambda: with_text(_full((227, 227, 227)))),
    "dark": (Verdict.DARK, lambda: _noise(scene(noise=0) * 0.12, 3)),
    "over-exposed": (Verdict.OVER_EXPOSED, lambda: np.clip(scene() * 3.0 + 90, 0, 255).astype(np.uint8)),
    "white": (Verdict.OVER_EXPOSED, lambda: _full((255, 255, 255))),
    "covered by a hand": (Verdict.COVERED, lambda: _noise(cv2.GaussianBlur(scene(), (0, 0), 80) * 0.5, 2)),
    "covered by a bag": (Verdict.COVERED, lambda: _noise(_full((190, 195, 200)), 3)),
}


@pytest.mark.parametrize("name", FAULTY)
@pytest.mark.parametrize("text", [False, True], ids=["bare", "with text"])
def test_faulty(name: str, text: bool) -> None:
    verdict, image = FAULTY[name]
    assert _verdict(with_text(image()) if text else image()) == verdict


def test_what_cannot_be_decoded_is_garbled() -> None:
    assert judge(None, None, corrupt=True) == Verdict.GARBLED
    assert judge(measure(_see(scene())), None, corrupt=True) == Verdict.GARBLED


def _judge_two(first: Image, second: Image, seconds: float = 2.0) -> str:
    one, two = _see(first), _see(second)
    return judge(measure(two), compare(one, two, seconds), corrupt=False)


def test_a_standing_picture_is_frozen_and_a_live_one_is_not() -> None:
    assert _judge_two(scene(), scene()) == Verdict.FROZEN
    assert _judge_two(scene(at=1, noise=0.6), scene(at=1, noise=0.6)[:, ::-1]) == Verdict.OK
    quiet = scene(noise=0)
    assert _judge_two(_noise(quiet, 1), np.roll(_noise(quiet, 1), 1, axis=2)) == Verdict.OK


def test_a_clock_that_runs_is_not_frozen() -> None:
    still = scene(1920, 1080)
    assert _judge_two(with_text(still, "12:00:01"), with_text(still, "12:00:03")) == Verdict.OK


def test_two_pictures_too_close_are_not_called_frozen() -> None:
    assert _judge_two(scene(), scene(), 0.5) == Verdict.OK


def test_a_change_of_size_is_no_comparison() -> None:
    assert compare(_see(scene(640, 360)), _see(scene(352, 288)), 2.0) is None


def test_measures_of_a_known_picture() -> None:
    image = np.zeros((360, 640, 3), np.uint8)
    image[:, 320:] = 255
    found = measure(_see(image))
    assert found.luma_mean == pytest.approx(127.5, abs=0.5)
    assert found.luma_std == pytest.approx(127.5, abs=0.5)
    assert (found.luma_p01, found.luma_p99) == (0, 255)
    assert found.clipped_share == pytest.approx(0.5)
    assert found.dark_share == pytest.approx(0.5)
    assert found.dominant_share == pytest.approx(0.5)
    assert (found.dominant_blue, found.dominant_red) == (128, 128)


def test_change_is_in_grey_levels() -> None:
    change = compare(_see(np.full((360, 640, 3), 100, np.uint8)), _see(np.full((360, 640, 3), 103, np.uint8)), 2.0)
    assert change == Change(2.0, 3.0, 3.0, identical=False)


@pytest.mark.parametrize("shape", [(2160, 3840), (360, 640), (8, 4096), (4096, 8), (2, 2), (288, 352)])
def test_evidence_is_small_whatever_the_picture(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    evidence, jpeg = draw(_see(noise))
    assert len(jpeg) <= MAX_BYTES
    assert max(evidence.width, evidence.height) <= 640
    decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert decoded.shape == (evidence.height, evidence.width, 3)


def test_measures_hold_for_any_noise() -> None:
    for seed in range(50):
        draw_shape = np.random.default_rng(seed)
        height, width = (int(side) for side in draw_shape.integers(2, 300, 2))
        found = measure(_see(draw_shape.integers(0, 256, (height, width, 3), np.uint8)))
        assert isinstance(found, Measures)
        assert 0 <= found.luma_p01 <= found.luma_mean <= 255
