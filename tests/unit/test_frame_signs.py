"""Are damage, screens, waves and standing pictures told from what merely looks like them?"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from probes.frame.assess import BARRED_FLAT, DRAWN_FLAT, assess
from probes.frame.complaints import listen
from probes.frame.faults import Verdict
from probes.frame.glance import has_moved, take_glance
from probes.frame.job import Known
from probes.frame.measure import flat_share
from probes.frame.reference import unpack
from probes.frame.sketch import sketch
from probes.frame.slot import NUMBERS
from probes.frame.spectrum import find_waves
from probes.frame.still import decode
from probes.frame.tolerance import tolerance
from tests.unit.test_frame_learned import BEGIN, EVERY, LOOKS, Image, judged, learned, scene, seen


def _jpeg(image: Image) -> bytes:
    return bytes(cv2.imencode(".jpg", np.clip(image, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 80])[1])


def test_a_damaged_jpeg_is_heard_and_a_sound_one_is_not() -> None:
    sound = _jpeg(scene(3))
    dice, heard = np.random.default_rng(1), 0
    for _ in range(12):
        broken = bytearray(sound)
        for _ in range(8):
            at = int(dice.integers(len(broken) // 3, len(broken) - 40))
            broken[at : at + 24] = dice.bytes(24)
        header, picture = decode(bytes(broken))
        heard += not header.complete
        assert picture is not None
    assert heard >= 11  # what still is valid Huffman code nobody can hear
    assert decode(sound)[0].complete


def test_what_others_say_meanwhile_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    assert listen(lambda: os.write(2, b"another thread\n")) == (15, False)
    assert listen(lambda: os.write(2, b"Corrupt JPEG data: 3 extraneous bytes\n"))[1]
    assert capfd.readouterr().err == "another thread\n"


def _luma(number: int) -> Image:
    return np.asarray(cv2.resize(cv2.cvtColor(scene(number), cv2.COLOR_BGR2GRAY), (320, 180)), np.float32)


def test_a_wave_through_the_whole_picture_stands_out_and_a_fence_does_not() -> None:
    plain = _luma(3)
    wave = 4 * np.sin(2 * np.pi * (np.arange(320) * 0.9 + np.arange(180)[:, None] * 0.3) / 7)
    fence = np.zeros_like(plain)
    fence[100:150, 200:300] = wave[100:150, 200:300] * 4
    usual, striped, fenced = (
        find_waves(np.clip(each, 0, 255).astype(np.uint8)) for each in (plain, plain + wave, plain + fence)
    )
    assert striped.peaks.max() > usual.peaks.max() + 2
    assert fenced.peaks.max() < usual.peaks.max() + 1
    assert usual.peaks.shape == usual.heights.shape == (9, 16)


@cache
def _life(*, busy: bool) -> tuple[bytes, bytes]:
    """Reference and glance after some hours; `busy`: light and cars always change, otherwise nothing does."""
    reference = glance = b""
    dice = np.random.default_rng(4)
    for look in range(86):
        image = scene(8).copy()
        if busy:
            image = np.clip(image * (0.85 + 0.3 * dice.random()), 0, 255).astype(np.uint8)
            x, y = int(dice.integers(0, 800)), int(dice.integers(200, 420))
            cv2.rectangle(image, (x, y), (x + 120, y + 70), (30, 40, 160), -1)
        found = assess(seen(image, dice), Verdict.OK, Known(reference, glance, at=BEGIN + look * EVERY))
        reference, glance = found.reference or reference, found.glance
    return reference, glance


@pytest.mark.parametrize("busy", [True, False])
def test_what_always_changed_and_stands_is_frozen_and_an_empty_corridor_is_not(busy: bool) -> None:
    reference, _ = _life(busy=busy)
    dice = np.random.default_rng(9)
    image, at = scene(8), BEGIN + 87 * EVERY
    first = assess(seen(image, dice), Verdict.OK, Known(reference, b"", at=at))
    again = assess(seen(image, dice, quality=70), Verdict.OK, Known(reference, first.glance, at=at + EVERY))
    assert (again.judged.verdict is Verdict.FROZEN) is busy
    soon = assess(seen(image, dice), Verdict.OK, Known(reference, first.glance, at=at + 20))
    assert soon.judged.verdict is not Verdict.FROZEN  # within seconds nothing need change
    assert soon.glance == first.glance  # but it is still seen whether anything moved since the first look


def test_what_has_moved_since_the_last_look_is_seen_at_once() -> None:
    dice = np.random.default_rng(4)
    first, again = seen(scene(8), dice), seen(scene(8), dice, quality=60)
    passing = scene(8).copy()
    cv2.rectangle(passing, (300, 200), (420, 270), (30, 40, 160), -1)
    glance = take_glance(sketch(first), first, BEGIN).pack()
    later = BEGIN + EVERY
    assert has_moved(glance, seen(passing, dice), later)
    assert not has_moved(glance, again, later)  # only encoded anew
    assert not has_moved(glance, seen(np.clip(scene(8) * 1.05, 0, 255), dice), later)  # it may still stand
    assert not has_moved(glance, seen(passing, dice), BEGIN + 30)  # it may have stood still since
    assert not has_moved(b"", seen(passing, dice), later)


def test_a_lens_that_is_covered_for_hours_is_covered_and_not_frozen() -> None:
    reference, glance = _life(busy=True)
    bag = np.full_like(scene(8), (70, 74, 78))
    for look in range(1, 4):
        found = assess(
            seen(bag, np.random.default_rng(look)),
            Verdict.OK,
            Known(reference, glance, at=BEGIN + 87 * EVERY + look * EVERY / 3),
        )
        assert found.judged.verdict is Verdict.COVERED, found.judged.scores
        glance = found.glance


def test_screens_that_a_recorder_draws() -> None:
    black = np.zeros((540, 960, 3), np.uint8)
    cv2.putText(black, "CAM 07", (40, 500), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (255, 255, 255), 4)
    bars = np.zeros_like(black)
    for number, colour in enumerate([(191, 191, 191), (0, 191, 191), (191, 191, 0), (0, 191, 0), (191, 0, 191)]):
        bars[:, number * 192 : (number + 1) * 192] = colour
    assert judged(3, black.astype(np.float32)).judged.verdict is Verdict.BLACK
    drawn = assess(_drawn(bars), Verdict.OK, _known(3)).judged
    assert drawn.verdict is Verdict.NO_SIGNAL
    shaded = np.full_like(black, 70)
    shaded += (np.arange(960) // 24 % 2 * 60).astype(np.uint8)[None, :, None]
    barred = seen(shaded, np.random.default_rng(1), grain=0.22)
    assert BARRED_FLAT < flat_share(barred) < DRAWN_FLAT
    assert assess(barred, Verdict.OK, _known(3)).judged.verdict is Verdict.NO_SIGNAL


def test_a_camera_that_looks_elsewhere_is_moved_and_not_covered() -> None:
    found = judged(3, scene(8)).judged
    assert found.verdict is Verdict.MOVED, found.scores
    near = cv2.GaussianBlur(scene(8), (0, 0), 20)
    assert judged(3, near).judged.verdict is Verdict.COVERED


def test_at_an_hour_never_seen_what_covers_is_found_and_other_light_is_no_fault() -> None:
    image = scene(3).astype(np.float32)
    covered = image.copy()
    covered[:, : image.shape[1] * 45 // 100] = (52, 60, 66)
    known, dice = Known(learned(3), at=BEGIN + 12 * 3600), np.random.default_rng(7)
    found = assess(seen(covered, dice), Verdict.OK, known).judged
    assert found.verdict is Verdict.PARTLY_COVERED, found.scores
    assert "learning" in found.unjudged
    assert assess(seen(image * 0.45, dice), Verdict.OK, known).judged.verdict is Verdict.UNJUDGED


def _drawn(image: Image) -> Image:
    """Without a sensor's noise."""
    return decode(_jpeg(image))[1]


def _known(number: int) -> Known:
    return Known(learned(number), at=BEGIN + (LOOKS + 1) * EVERY)


def _web(image: Image, opacity: float) -> Image:
    """Threads close before the lens."""
    height, width = image.shape[:2]
    threads = np.zeros((height, width), np.float32)
    centre = (width // 5, height // 4)
    for angle in np.linspace(0, 2 * np.pi, 17):
        end = (int(centre[0] + np.cos(angle) * width), int(centre[1] + np.sin(angle) * width))
        cv2.line(threads, centre, end, 1.0, 5)
    for radius in range(40, width, 70):
        cv2.circle(threads, centre, radius, 1.0, 5)
    veil = opacity * cv2.GaussianBlur(threads, (0, 0), 2)[..., None]
    return np.clip(image * (1 - veil) + 205 * veil, 0, 255).astype(np.uint8)


def test_threads_before_the_whole_view_are_obscured_and_no_stripes() -> None:
    found = judged(3, _web(scene(3), 0.75)).judged
    assert found.verdict is Verdict.OBSCURED, found.scores
    assert found.scores[Verdict.STRIPES] < 1 <= found.scores[Verdict.OBSCURED]


def test_bubble_wrap_before_the_lens_covers_it_and_a_strong_hum_is_stripes() -> None:
    height, width = scene(3).shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = np.sin(2 * np.pi * columns / 48), np.sin(2 * np.pi * rows / 48)
    bent = cv2.remap(scene(3), columns + 30 * waves[0], rows + 30 * waves[1], cv2.INTER_LINEAR)
    wrap = 0.4 * cv2.GaussianBlur(bent, (0, 0), 4) + 120 + 5 * (waves[0] * waves[1])[..., None]
    found = judged(3, wrap).judged
    assert found.verdict in (Verdict.COVERED, Verdict.PARTLY_COVERED), found.scores
    hum = scene(3) + 40 * np.sin(2 * np.pi * rows / 21)[..., None]
    assert judged(3, np.clip(hum, 0, 255)).judged.verdict is Verdict.STRIPES


@pytest.mark.parametrize(("share", "named"), [(0.4, Verdict.OBSCURED), (1.0, Verdict.BLURRED)])
def test_a_part_that_is_out_of_focus_has_something_on_it_and_the_whole_is_blurred(share: float, named: Verdict) -> None:
    image = scene(3)
    soft = cv2.GaussianBlur(image, (0, 0), 14)
    height, width = image.shape[:2]
    mask = np.zeros((height, width), bool)
    for left in range(0, width, 80):
        mask[:, left : left + round(80 * share)] = True
    found = judged(3, np.where(mask[..., None], soft, image).astype(np.uint8)).judged
    assert found.verdict is named, found.scores


@pytest.mark.parametrize(("deviation", "expected"), [(0.0, 3.0), (0.75, 4.5), (1.5, 6.4), (4.0, 16.0)])
def test_a_quiet_camera_may_differ_by_less_and_a_restless_one_by_more(deviation: float, expected: float) -> None:
    slot = unpack(learned(3)).slots[0]
    variances = slot.number_variances.copy()
    variances[NUMBERS.index("hue_blue")] = (deviation / (1 + 6 / slot.looks)) ** 2
    assert tolerance(replace(slot, number_variances=variances), "hue_blue") == pytest.approx(expected, rel=1e-3)


def test_black_behind_a_large_caption_is_black_and_a_dim_scene_is_not() -> None:
    caption = np.full_like(scene(3), 2)
    for line in range(4):
        cv2.putText(caption, "CAMERA 3 OFFLINE", (40, 80 + 90 * line), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (250,) * 3, 6)
    picture = seen(caption, np.random.default_rng(1))
    assert assess(picture, Verdict.DARK, _known(3)).judged.verdict is Verdict.BLACK
    dim = seen((scene(3) * 0.08).astype(np.uint8), np.random.default_rng(1))
    assert assess(dim, Verdict.DARK, _known(3)).judged.verdict is Verdict.DARK
