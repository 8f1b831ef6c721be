"""Is a picture that stands told from a place where nothing moves now?"""

from __future__ import annotations

import numpy as np
import pytest

from probes.frame.glance import CHANGE_LOOKS, Glance, change_of, stands_still
from probes.frame.reference import Reference
from probes.frame.sketch import HEIGHT, WIDTH
from probes.frame.text import BANDS

DICE = np.random.default_rng(1)
SCENE = DICE.uniform(0.2, 1.8, (HEIGHT, WIDTH))


def glance(light: float, at: float, *, moved: float = 0.0) -> Glance:
    """The scene in so much light; `moved`: how much of it something that walks there covers, in levels."""
    luma = light * SCENE
    luma[40:50, 60:70] += moved
    return Glance(np.zeros(BANDS, np.uint8), np.clip(luma, 0, 255).astype(np.uint8), at)


def lively(light: float, *, looks: int = 200) -> Reference:
    """A place where some block always changed by about 16 levels, in so much light at all hours."""
    reference = Reference(looks=looks)
    reference.changes[0] = looks, 4.0, 0.25
    reference.hours[:] = looks / 24, 0, light, 100.0
    return reference


def standing(light: float, reference: Reference, *, moved: float = 0.0) -> float | None:
    before, now = glance(light, 0.0), glance(light, 300.0, moved=moved)
    return stands_still(before, now, change_of(before, now), reference, mono=False)


def test_nothing_changes_where_something_always_did() -> None:
    score = standing(100.0, lively(100.0))
    assert score is not None
    assert score >= 1


def test_something_changes() -> None:
    score = standing(100.0, lively(100.0), moved=80.0)
    assert score is not None
    assert score < 1


@pytest.mark.parametrize("light", [3.0, 10.0, 20.0])
def test_in_little_light_nobody_can_tell(light: float) -> None:
    """The lamps are out, and nobody is there: that is no frozen picture."""
    assert standing(light, lively(100.0)) is None


def test_in_as_little_light_as_ever_it_can_be_told() -> None:
    assert standing(20.0, lively(20.0)) is not None


def test_while_little_is_known_nobody_can_tell() -> None:
    assert standing(100.0, lively(100.0, looks=CHANGE_LOOKS - 1)) is None


def test_soon_after_nobody_can_tell() -> None:
    before, now = glance(100.0, 0.0), glance(100.0, 30.0)
    assert stands_still(before, now, change_of(before, now), lively(100.0), mono=False) is None
