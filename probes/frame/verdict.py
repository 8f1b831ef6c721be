"""Is this picture of use, by thresholds that hold for every camera?

Fixed thresholds can name what is wrong beyond doubt, no more: what is dark for one camera is a usual night for another.
They were set on footage of fixed cameras by day and by infrared night so that hardly any clean picture crosses them.
"""

from __future__ import annotations

from typing import Final

from probes.frame.faults import Verdict
from probes.frame.job import Change, Measures

UNIFORM_SHARE: Final = 0.85  # of one colour …
GENERATED_FLAT: Final = 0.90  # … and without noise: drawn by an encoder, not seen by a sensor (footage: at most 0.88)
BLUE_LEAST: Final = 160.0  # Cb of nine tenths; blue screens lie at 180 to 255
BLUE_RED_MOST: Final = 140.0  # Cr
BLUE_SHARE: Final = 0.5  # of one colour: a scene in blue light has many (footage: 0.07; blue screens: at least 0.97)
BLACK_LUMA: Final = 24.0
BLACK_SHARE: Final = 0.85  # the rest is on-screen text; a lamp at the edge of a black night lights up more
NIGHT_LUMA: Final = 30.0
CAPTION_LUMA: Final = 100.0  # an encoder that says "no signal" does so in white …
CAPTION_TEXTURE: Final = 20.0  # … in letters (screens: at least 26); a lamp in a dark room is less steep (footage: 13)
LIFTED_LUMA: Final = 50.0  # black, as a camera may show it that turns up its gain
WHITE_LUMA: Final = 205.0  # snow, fog or the sun (footage: 227); no recorder's screen is as bright
DARK_MIDDLE: Final = 50.0  # no sky and not the smallest lamp: not one pixel in a thousand is brighter
CLIPPED_MOST: Final = 0.5  # footage: at most 0.05
CLIPPED_BRIGHT: Final = 0.25  # together with …
BRIGHT_MEAN: Final = 200.0  # … this mean (footage: at most 164)
TEXTURE_LEAST: Final = 1.9  # nothing in the picture is in focus (footage: at least 2.7, an empty road)
FROZEN_MEAN: Final = 0.2
FROZEN_BLOCK: Final = 0.5
FROZEN_SECONDS: Final = 1.5


def judge(measures: Measures | None, change: Change | None, *, corrupt: bool) -> Verdict:
    """The verdict on one look; the gravest that is certain. `measures` None: nothing could be decoded."""
    if measures is None or corrupt:
        return Verdict.GARBLED
    m = measures
    if m.blue_p10 >= BLUE_LEAST and m.dominant_red <= BLUE_RED_MOST and m.dominant_share >= BLUE_SHARE:
        return Verdict.BLUE
    uniform = m.dominant_share >= UNIFORM_SHARE and m.flat_share >= GENERATED_FLAT
    if m.middle_p999 <= BLACK_LUMA and m.texture <= TEXTURE_LEAST and m.dark_share >= BLACK_SHARE:
        return Verdict.BLACK
    if m.clipped_share >= CLIPPED_MOST or (m.clipped_share >= CLIPPED_BRIGHT and m.luma_mean >= BRIGHT_MEAN):
        return Verdict.OVER_EXPOSED
    if uniform and m.dominant_luma >= WHITE_LUMA:
        return Verdict.OVER_EXPOSED
    if uniform and _is_night(m):
        return Verdict.DARK
    if uniform:
        return Verdict.NO_SIGNAL
    if m.middle_p999 < DARK_MIDDLE:
        return Verdict.DARK
    if m.texture <= TEXTURE_LEAST:
        return Verdict.COVERED
    if change is not None and frozen(change):
        return Verdict.FROZEN
    return Verdict.OK


def _is_night(m: Measures) -> bool:
    """Is this the dark rather than a screen, with no light in it or a lamp?"""
    lamp = m.middle_p999 >= CAPTION_LUMA and m.texture < CAPTION_TEXTURE
    return (m.dominant_luma <= NIGHT_LUMA and m.middle_p999 < CAPTION_LUMA) or (m.dominant_luma <= LIFTED_LUMA and lamp)


def frozen(change: Change) -> bool:
    """Is it certain that the picture stands still?

    Noise alone moves a live picture by more than this, except where a strong codec has removed it; a standing picture
    that the device encodes again differs by 0.4 to 2.0 and is not certain. `change_mean` lets rules do more.
    """
    if change.seconds < FROZEN_SECONDS:
        return False
    return change.identical or (change.mean < FROZEN_MEAN and change.block_max < FROZEN_BLOCK)
