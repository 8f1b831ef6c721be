"""Why was a picture judged so, and what is known of its camera?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monitor.core.change import Tuning
from monitor.core.lessons import FRAME, TAKEN_BACK, is_view, place_of
from monitor.core.plan import Device, Plan
from monitor.core.suspects import NEAR, Occasion
from monitor.core.world import World
from monitor.locale import Formats, Translate, msg, translate
from monitor.locale.probe_lines import say_line
from monitor.web.views.numbers import figure, written
from probes.frame.faults import BLIND, ORDER
from probes.frame.places import Place
from probes.frame.reference import Reference
from probes.observation import Observation, Outcome, Value
from probes.onvif.ptz import Position

MOST: Final = 2.5  # thresholds that a bar is long
MAX_CAMERAS: Final = 300
TEACHABLE: Final = frozenset(fault.value for fault in ORDER if fault not in BLIND)

MEASURES: Final = {
    "quality": msg("The view is recognised"),
    "layout": msg("Where it is bright and dark"),
    "area": msg("Share that shows something else"),
    "obscured": msg("Parts out of focus"),
    "contrast": msg("Contrast of structures"),
    "focus": msg("Fine detail"),
    "definition": msg("Middle detail"),
    "sharpness": msg("Sharpness of its parts"),
    "noise": msg("Noise"),
    "impulses": msg("Specks"),
    "peak": msg("Stripes in the picture"),
    "mean": msg("Brightness"),
    "spread": msg("Range of brightness"),
    "black": msg("Darkest level"),
    "clipped": msg("Over-exposed share"),
    "hue_blue": msg("Shift towards blue"),
    "hue_red": msg("Shift towards red"),
    "sound": msg("Second opinion: nothing is wrong"),
    "flicker": msg("Flicker, per cent of the brightness"),
    "rolling": msg("Rolling bands, per cent of the brightness"),
    "shake": msg("Shake, per cent of the width"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A measure: `at` is where it stands, `begin` and `length` where it usually does, in per cent of the bar."""

    label: str
    text: str
    at: float
    begin: float
    length: float
    usual: bool


@dataclass(frozen=True, slots=True)
class Score:
    """A fault: how far beyond its threshold, and the length of its bar in per cent."""

    fault: str
    label: str
    score: float
    length: float


@dataclass(frozen=True, slots=True)
class StateView:
    """A state of the camera's light; `current`: the latest look was compared with it."""

    number: int
    mono: bool
    looks: int
    brightness: float
    last_at: float
    current: bool
    valid: bool


@dataclass(frozen=True, slots=True)
class Taught:
    """What a person taught; `place`: of a view, where the camera stood."""

    tuning: Tuning
    label: str
    is_view: bool
    place: str


@dataclass(frozen=True, slots=True)
class PictureView:
    """Everything on the page of one camera's picture."""

    look: Observation | None
    verdict: str
    unjudged: str
    scores: tuple[Score, ...]
    bars: tuple[Bar, ...]
    states: tuple[StateView, ...]
    looks: int
    taught: tuple[Taught, ...]
    place: str  # where it stands, if it is a camera that turns and says so
    picture_at: float | None
    choices: tuple[tuple[str, str], ...]  # fault, label


@dataclass(frozen=True, slots=True)
class Suspect:
    """A camera of the review."""

    device: Device
    verdict: str
    top: Score | None
    unjudged: str
    at: float
    picture_at: float | None


@dataclass(frozen=True, slots=True)
class Past:
    """Something suspicious of the last day; `picture`: the number under which its picture is found."""

    device: Device
    top: Score
    alarmed: bool
    began_at: float
    last_at: float
    picture: int


@dataclass(frozen=True, slots=True)
class Review:
    """Cameras by what their latest picture asks for; `left_out`: how many more there are."""

    alarmed: tuple[Suspect, ...]
    near: tuple[Suspect, ...]
    unjudged: tuple[Suspect, ...]
    well: int
    left_out: int
    past: tuple[Past, ...]


def view(
    device: Device, world: World, reference: Reference, formats: Formats, places: Sequence[Place] = ()
) -> PictureView:
    """The page; `reference`: of the place that is shown, of those `places`."""
    say = translate(formats.language)
    look = world.looks.get((device.id, FRAME))
    tunings = world.tunings.get(device.id, {})
    return PictureView(
        look=look,
        verdict=_verdict(look, say, formats),
        unjudged=_reasons(look, say, formats),
        scores=_scores(look, say, formats),
        bars=_bars(look, say, formats),
        states=tuple(
            StateView(
                number,
                slot.mono,
                slot.looks,
                slot.number("mean"),
                slot.last_at,
                look is not None and look.values.get("state_number") == number + 1,
                slot.view == reference.view,
            )
            for number, slot in enumerate(reference.slots)
        ),
        looks=reference.looks,
        taught=tuple(
            Taught(tuning, _name(fault, say, formats), is_view(fault), _preset(place_of(fault), places))
            for fault, tuning in sorted(tunings.items())
            if not is_view(fault) or tuning.factor != TAKEN_BACK
        ),
        place=_preset(str(look.values.get("place", "")) if look else "", places),
        picture_at=world.pictures.get((device.id, "latest")),
        choices=tuple((fault.value, _name(fault.value, say, formats)) for fault in ORDER),
    )


def review(plan: Plan, world: World, formats: Formats, now: float) -> Review:
    """All cameras, the worst first; and what was suspicious in the last day, the latest first."""
    say = translate(formats.language)
    groups: dict[str, list[Suspect]] = {"alarmed": [], "near": [], "unjudged": [], "well": []}
    for device in plan.devices.values():
        look = world.looks.get((device.id, FRAME))
        if look is None or look.outcome is not Outcome.OK:
            continue
        scores = _scores(look, say, formats)
        top = scores[0] if scores else None
        verdict = str(look.values.get("verdict", ""))
        found = Suspect(
            device,
            _verdict(look, say, formats),
            top,
            _reasons(look, say, formats),
            look.at,
            world.pictures.get((device.id, "latest")),
        )
        if verdict not in ("ok", "unjudged"):
            groups["alarmed"].append(found)
        elif top is not None and top.score >= NEAR:
            groups["near"].append(found)
        else:
            groups["unjudged" if verdict == "unjudged" else "well"].append(found)
    for group in groups.values():
        group.sort(key=lambda each: -(each.top.score if each.top else 0.0))
    kept = {name: tuple(group[:MAX_CAMERAS]) for name, group in groups.items()}
    left = sum(max(0, len(groups[name]) - MAX_CAMERAS) for name in ("alarmed", "near", "unjudged"))
    past = tuple(_past(one, plan, say, formats) for one in world.suspects.lately(now) if one.device in plan.devices)
    return Review(kept["alarmed"], kept["near"], kept["unjudged"], len(groups["well"]), left, past)


def _past(occasion: Occasion, plan: Plan, say: Translate, formats: Formats) -> Past:
    return Past(
        plan.devices[occasion.device],
        _score(occasion.fault, occasion.score, say, formats),
        occasion.alarmed,
        occasion.began_at,
        occasion.last_at,
        int(occasion.began_at),
    )


def _score(fault: str, score: float, say: Translate, formats: Formats) -> Score:
    return Score(fault, _name(fault, say, formats), score, 100 * min(max(score, 0.0), MOST) / MOST)


def _name(fault: str, say: Translate, formats: Formats) -> str:
    return say(msg("This view")) if is_view(fault) else figure(fault, True, say, formats).label


def _preset(position: str, places: Sequence[Place]) -> str:
    """What people call a place: its preset, or where it is."""
    where = Position.read(position)
    known = next((one for one in places if where is not None and one.position.near(where)), None)
    return known.name if known is not None and known.name else position.replace(" ", " / ")


def _verdict(look: Observation | None, say: Translate, formats: Formats) -> str:
    if look is None:
        return ""
    if look.outcome is not Outcome.OK:
        return say_line(look.detail, formats.language) or written("outcome", look.outcome.value, say, formats)
    return written("verdict", look.values.get("verdict", ""), say, formats)


def _reasons(look: Observation | None, say: Translate, formats: Formats) -> str:
    reasons = "" if look is None else str(look.values.get("unjudged", ""))
    return written("unjudged", reasons, say, formats)


def _scores(look: Observation | None, say: Translate, formats: Formats) -> tuple[Score, ...]:
    rows = {} if look is None else look.rows.get("fault", {})
    found = [
        _score(fault, score, say, formats)
        for fault, row in rows.items()
        if (score := _number(row.get("score"))) is not None
    ]
    return tuple(sorted(found, key=lambda each: -each.score))


def _bars(look: Observation | None, say: Translate, formats: Formats) -> tuple[Bar, ...]:
    rows = {} if look is None else look.rows.get("measure", {})
    found = []
    for name, row in rows.items():
        value, low, high = (_number(row.get(part)) for part in ("value", "low", "high"))
        if value is None or low is None or high is None:
            continue
        room = max(high - low, 1e-6)
        begin = min(low - room, value)
        whole = max(high + room, value) - begin
        found.append(
            Bar(
                say(MEASURES[name]) if name in MEASURES else name,
                formats.number(value),
                100 * (value - begin) / whole,
                100 * (low - begin) / whole,
                100 * room / whole,
                low <= value <= high,
            )
        )
    return tuple(found)


def _number(value: Value | None) -> float | None:
    return float(value) if isinstance(value, int | float) else None
