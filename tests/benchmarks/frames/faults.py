"""Which faults are injected, how strong, and what may a judge call them?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tests.benchmarks.frames import electric, optical
from tests.benchmarks.frames.image import Chance, Image

PARTLY: Final = ("obscured", "partly_covered")
STRENGTHS: Final = ("mild", "medium", "strong")
Change = Callable[[Image, Chance, float], Image]
Series = Callable[[Sequence[Image], Chance, float], list[Image]]


class Layer(StrEnum):
    """Where a fault acts; text is drawn after the sensor."""

    BEFORE = "before the text"
    AFTER = "after the text"
    TEXT = "on the text"
    SERIES = "on eight pictures in a row"
    VIEW = "on the view"
    BYTES = "on the encoded bytes"
    TIME = "in time"


class When(StrEnum):
    """In which light it can happen."""

    ALWAYS = "always"
    COLOUR = "colour"  # by day and in lit nights
    DAY = "day"  # in colour
    MONO = "mono"


@dataclass(frozen=True, slots=True)
class Fault:
    """`amounts`: of the three strengths, in `unit`. `names`: what it is rightly called, the best first."""

    name: str
    names: tuple[str, ...]
    layer: Layer
    amounts: tuple[float, float, float]
    unit: str
    change: Change | None = None
    series: Series | None = None
    when: When = When.ALWAYS


def _table() -> tuple[Fault, ...]:
    before, after = Layer.BEFORE, Layer.AFTER
    return (
        Fault("no signal", ("no_signal",), after, (2, 1, 0), "design of the screen", electric.no_signal),
        Fault("black", ("black", "no_signal"), before, (2.0, 1.0, 0.0), "levels of noise", electric.black),
        Fault("blue", ("blue", "no_signal"), after, (4.0, 1.0, 0.0), "levels of noise", electric.blue),
        Fault("dark", ("dark", "black"), before, (0.04, 0.015, 0.004), "of the light", optical.expose),
        Fault("over-exposed", ("over_exposed",), before, (4.0, 8.0, 20.0), "× the light", optical.expose),
        Fault("defocus", ("blurred",), before, (0.0035, 0.007, 0.014), "of the width, radius", optical.blur),
        Fault("motion blur", ("blurred",), before, (0.012, 0.025, 0.05), "of the width", optical.smear),
        Fault("covered", ("covered",), before, (0.88, 1.0, 1.1), "opacity; 1.1: plain paint", optical.cover),
        Fault(
            "partly covered", ("partly_covered", "covered"), before, (0.30, 0.45, 0.65), "of the picture",
            optical.cover_part,
        ),
        Fault("moved", ("moved",), Layer.VIEW, (0.06, 0.11, 0.17), "of the width, or 4/7/12°, or ×1.12/1.22/1.38"),
        Fault("frozen, sent again", ("frozen",), Layer.TIME, (2, 1, 0), "2: with noise, 1: encoded anew, 0: same"),
        Fault("noise", ("noisy", "snow"), before, (8.0, 14.0, 25.0), "levels", electric.noise),
        Fault("snow", ("snow", "noisy"), after, (0.08, 0.2, 0.45), "of the pixels", electric.snow),
        Fault("stripes", ("stripes",), before, (6.0, 12.0, 25.0), "levels, amplitude", electric.stripes),
        Fault(
            "colour cast", ("colour_cast",), before, (12.0, 20.0, 35.0), "levels of chroma", optical.tint,
            when=When.COLOUR,
        ),
        Fault(
            "IR-cut pink by day", ("ir_cut",), before, (0.3, 0.5, 0.8), "of infrared", optical.leak_infrared,
            when=When.DAY,
        ),
        Fault(
            "IR-cut mono by day", ("ir_cut",), before, (0.0, 0.3, 0.6), "of infrared", optical.without_colour,
            when=When.DAY,
        ),
        Fault(
            "IR-cut colour by night", ("ir_cut",), before, (0.8, 0.6, 0.45), "of the light", optical.colour_by_night,
            when=When.MONO,
        ),
        Fault("fog", ("fog",), before, (0.45, 0.3, 0.15), "of the contrast left", optical.fog),
        Fault("garbled JPEG", ("garbled",), Layer.BYTES, (1, 4, 12), "runs of 24 bytes, or cut to 0.9/0.6/0.3"),
        Fault("garbled H.264", ("garbled",), Layer.BYTES, (1, 3, 8), "runs of 16 bytes"),
        Fault("flicker", ("flicker",), Layer.SERIES, (0.06, 0.12, 0.25), "of the brightness", series=electric.flicker),
        Fault(
            "rolling bands", ("flicker",), Layer.SERIES, (0.03, 0.06, 0.12), "of the brightness", series=electric.roll
        ),
        Fault("jitter", ("jitter",), Layer.SERIES, (0.008, 0.016, 0.03), "of the width", series=electric.jitter),
        Fault("text missing", ("text_missing",), Layer.TEXT, (0.6, 0.8, 1.0), "of each line"),
        Fault("droplets", PARTLY, before, (0.12, 0.22, 0.35), "of the picture", optical.droplets),
        Fault("dirt", PARTLY, before, (0.12, 0.22, 0.35), "of the picture", optical.dirt),
        Fault("cobweb", PARTLY, before, (0.3, 0.5, 0.75), "opacity", optical.cobweb),
    )  # fmt: skip


FAULTS: Final = _table()
BY_NAME: Final[Mapping[str, Fault]] = {fault.name: fault for fault in FAULTS}
