"""What does a judge get to see of a moment at which a fault is there?"""

from __future__ import annotations

from typing import Final

from probes.frame.reel import PICTURES, Reel
from tests.benchmarks.frames.cameras import Camera, Moment
from tests.benchmarks.frames.codec import Shown, damage, from_h264, from_jpeg, h264, jpeg, through, unheard
from tests.benchmarks.frames.electric import lose_text, standing
from tests.benchmarks.frames.faults import Fault, Layer, When
from tests.benchmarks.frames.footage import Light
from tests.benchmarks.frames.image import Chance, Image, chance, grain, levels
from tests.benchmarks.frames.judge import Look
from tests.benchmarks.frames.osd import paste
from tests.benchmarks.frames.rows import as_images, stream
from tests.benchmarks.frames.view import look_through, random_turn, write_text

CUTS: Final = (0.9, 0.6, 0.3)
GAP_SECONDS: Final = 2.0
CODECS: Final = ("jpeg", "h264")
_SEEN: Final = frozenset({Layer.BEFORE, Layer.VIEW, Layer.SERIES})  # these change what is seen of the scene


def applies(fault: Fault, camera: Camera, light: Light) -> bool:
    """Can it happen now, and be seen?"""
    if fault.layer in _SEEN and light.none:
        return False
    if fault.layer is Layer.TEXT and not camera.text.lines:
        return False
    return {
        When.ALWAYS: True,
        When.COLOUR: not light.mono,
        When.DAY: not light.mono and not light.night,
        When.MONO: light.mono and camera.gap_seconds == 0.0,
    }[fault.when]


def inject(  # noqa: PLR0917  all of one moment
    fault: Fault,
    strength: int,
    camera: Camera,
    moment: Moment,
    image: Image,
    before: tuple[float, Image] | None,
    seed: int,
) -> Look | None:
    """The look with the fault in it, encoded and decoded again; None where it cannot be shown.

    `image`: the sound picture of this moment; `before`: that of the look before it.
    """
    random = chance(seed, camera.name, moment.name, fault.name, strength)
    codec = CODECS[int(chance(seed, camera.name, moment.name).integers(2)) ^ strength % 2]
    amount = fault.amounts[strength]
    match fault.layer:
        case Layer.BEFORE | Layer.AFTER:
            assert fault.change is not None
            changed = fault.change(image, random, amount)
            if fault.layer is Layer.BEFORE:
                changed = paste(changed, camera.text, image)
            return Look(moment.at, through(codec, [changed], random), before=before)
        case Layer.TEXT:
            return Look(moment.at, through(codec, [lose_text(image, camera.text, amount)], random), before=before)
        case Layer.SERIES:
            assert fault.series is not None
            return _streamed(moment, fault.series(_row(moment, image, random), random, amount), random, before)
        case Layer.BYTES:
            return Look(moment.at, _damaged(fault, image, random, int(amount), strength), before=before)
        case Layer.TIME:
            return None if before is None else _frozen(moment.at, before, random, int(amount), codec)
        case Layer.VIEW:
            seen = write_text(look_through(image, random_turn(random, strength)), moment.at)
            return Look(moment.at, through(codec, [seen], random))


def sound(
    camera: Camera, moment: Moment, image: Image, before: tuple[float, Image] | None, seed: int
) -> dict[str, Look]:
    """The same ways without a fault: whatever is alarmed here is the way's doing."""
    random = chance(seed, camera.name, moment.name, "sound")
    return {
        "nothing (JPEG)": Look(moment.at, through("jpeg", [image], random), before=before),
        "nothing (H.264)": Look(moment.at, through("h264", [image], random), before=before),
        "nothing (8 pictures)": _streamed(moment, _row(moment, image, random), random, before),
    }  # fmt: skip


def view(moment: Moment, image: Image) -> Look:
    """The sound look of the camera whose view is a part of the picture."""
    return Look(moment.at, (Shown(write_text(look_through(image), moment.at)),))


def standing_row(moment: Moment, image: Image, seed: int) -> Reel:
    """A stream of a camera of which only stills are known: the still with the sensor's noise."""
    random = chance(seed, moment.name, "row")
    return stream(standing(image, random, PICTURES), random)[1]


def _row(moment: Moment, image: Image, random: Chance) -> list[Image]:
    """The eight pictures from this moment on: of the clip, or of the still with the sensor's noise."""
    real = as_images(moment.follow()) if moment.follow is not None else []
    return real if len(real) == PICTURES else standing(image, random, PICTURES)


def _streamed(moment: Moment, row: list[Image], random: Chance, before: tuple[float, Image] | None) -> Look:
    first, reel = stream(row, random)
    return Look(moment.at, (first,), before=before, burst=reel)


def _damaged(fault: Fault, image: Image, random: Chance, runs: int, strength: int) -> tuple[Shown, ...]:
    if fault.name == "garbled JPEG":
        data = jpeg(image, int(random.integers(60, 90)))
        if random.random() < 0.5:
            data = damage(data, random, runs=0, length=1, cut=CUTS[strength])
        else:
            data = damage(data, random, runs=runs, length=24)
        with unheard():
            return (from_jpeg(data),)
    packets = h264([image], int(random.integers(20, 29)))
    return from_h264([damage(packets[0], random, runs=runs, length=16)], image.shape)[:1]


def _frozen(at: float, before: tuple[float, Image], random: Chance, mess: int, codec: str) -> Look:
    """The picture of the look before, twice."""
    image = before[1]
    if mess == 0:
        once = through(codec, [image], random)[0]
        return Look(at, (once, once), GAP_SECONDS, before)
    pair = [levels(image + grain(random, 0.6, image.shape)) if mess == 2 else image for _ in range(2)]
    shown = tuple(through(codec, [each], random)[0] for each in pair)
    return Look(at, shown, GAP_SECONDS, before)
