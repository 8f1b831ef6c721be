"""Do the numbers of a picture come out as by the plain way, where a faster one is taken?"""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from probes.frame import spectrum
from probes.frame.compare import _covariance
from probes.frame.picture import _shrink, from_bgr
from probes.frame.ranks import median, percentile

DICE = np.random.default_rng(7)


@pytest.mark.parametrize("shape", [(1,), (2,), (9, 16), (5, 16), (101,)])
@pytest.mark.parametrize("kind", [np.float32, np.uint8])
def test_percentiles_are_numpys(shape: tuple[int, ...], kind: type) -> None:
    values = (DICE.random(shape) * 200).astype(kind)
    for percent in (0, 1, 25, 50, 70, 98, 100):
        assert percentile(values, percent) == pytest.approx(float(np.percentile(values, percent)), rel=1e-6)
    assert median(values) == pytest.approx(float(np.median(values)), rel=1e-6)


@pytest.mark.parametrize("size", [(1920, 1080), (3200, 1800), (1280, 720), (4480, 2520), (640, 360), (1913, 1071)])
def test_the_detail_is_the_mean_of_what_lies_behind_it(size: tuple[int, int]) -> None:
    small = DICE.integers(0, 256, (120, 160, 3), np.uint8)
    image = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    image ^= DICE.integers(0, 32, (size[1], 1, 1), np.uint8)
    picture = from_bgr(*size, image)
    wanted = (picture.detail.shape[1], picture.detail.shape[0])
    assert np.array_equal(picture.detail, cv2.resize(picture.whole, wanted, interpolation=cv2.INTER_AREA))
    assert picture.fine.size <= 1_050_000


@pytest.mark.parametrize("factor", [2, 3, 4, 5, 6, 7, 8, 12, 15, 16, 17, 24])
def test_whole_shares_are_rounded_as_opencv_does(factor: int) -> None:
    """Of even sides, a mean may lie halfway between two levels."""
    padded = DICE.integers(0, 256, (36 * factor, 64 * factor + 10), np.uint8)
    padded[: 9 * factor] = 255 * DICE.integers(0, 2, (9 * factor, 1), np.uint8)
    plane = padded[:, :-10]
    assert np.array_equal(_shrink(plane, (64, 36)), cv2.resize(plane, (64, 36), interpolation=cv2.INTER_AREA))


def test_a_spectrum_is_numpys() -> None:
    detail = DICE.normal(0, 9, (180, 320)).astype(np.float32)
    powers = []
    for top in spectrum.TOPS:
        for left in spectrum.LEFTS:
            tile = detail[top : top + spectrum.HEIGHT, left : left + spectrum.WIDTH] * spectrum._WINDOW
            powers.append(np.abs(np.fft.rfft2(tile.astype(np.float64))) ** 2)
    heights = np.fft.fftshift(np.log2(np.stack(powers)[:, :, :-1] + spectrum.FAINT).mean(axis=0), axes=0)
    assert np.allclose(spectrum._heights(detail), heights, atol=1e-4)


def test_a_covariance_is_numpys() -> None:
    one, other = DICE.normal(100, 30, (2, 7, 16)).astype(np.float32)
    known = np.cov(one.ravel(), other.ravel(), bias=True)
    assert _covariance(one, other) == pytest.approx((known[0, 0], known[0, 1], known[1, 1]), rel=1e-5)
