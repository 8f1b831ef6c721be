"""What does a person's word on a picture change? The threshold of one fault at one camera, visibly and reversibly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from monitor.core import topology
from monitor.core.change import DropCondition, DropTuning, KeepReference, PutTuning, Tuning
from monitor.core.condition import Condition, State
from monitor.core.plan import Rule
from monitor.core.turn import Turn
from probes.observation import Observation
from ticketing import desk
from ticketing.commands import Cancel
from ticketing.ticket import OVER, Ticket

FRAME: Final = "frame"
VIEW: Final = "view"  # not a fault: since when the view is another one, and right; of a place: "view@" and where
RIGHT, TAKEN_BACK = 1.0, 0.0  # the factors of a view
LASTING_SECONDS: Final = 86_400.0  # what looks otherwise for so long may be meant to
ASKED: Final = "view_asked"  # a ticket's fact: somebody was asked whether it is

# What is judged by what the camera usually shows, and is no fault if it is meant to show something else …
VIEWED: Final = frozenset(
    {
        "covered", "partly_covered", "obscured", "moved", "blurred", "noisy", "snow", "stripes", "fog", "over_exposed",
        "dark", "colour_cast", "ir_cut", "text_missing",
    }
)  # fmt: skip
# … and what else a person may say is none. That nothing of any scene is seen is certain.
TEACHABLE: Final = VIEWED | {"frozen", "flicker", "jitter", "black"}
# Of all that: what somebody may really have changed for good.
MEANT: Final = frozenset(
    {"covered", "partly_covered", "obscured", "moved", "dark", "over_exposed", "colour_cast", "text_missing"}
)
MARGIN: Final = 1.15  # beyond what was wrongly alarmed, or below what was missed
MISSED: Final = 0.8  # where it is not known how near it was
LEAST, MOST = 0.4, 10.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a person says.

    `missed`: that fault was there and nobody was told; `undo`: what was taught of it no longer counts; `new_view`:
    what the camera sees now, at the place where it stands, is right; `reference`: begin with what was learned of it
    elsewhere, `data`.
    """

    device: str
    kind: Literal["missed", "undo", "new_view", "reference"]
    fault: str = VIEW
    data: bytes = b""


def take(turn: Turn, ticket: Ticket, what: Cancel, by: str) -> None:
    """A ticket was cancelled: what does that teach of the device's pictures?"""
    device, fault = ticket.fingerprint.device, fault_of(ticket)
    if fault is None:
        return
    match what.lesson:
        case "false_alarm" if fault in TEACHABLE:
            score = _number(ticket.facts.get("score"), 1.0)
            factor = min(MOST, max(_factor(turn, device, fault), score * MARGIN))
            turn.put(PutTuning(Tuning(device, fault, factor, turn.now, by, ticket.id)))
            _forget(turn, device, frozenset({fault}))
        case "new_view":
            _confirm_view(turn, device, ticket.facts.get("place"), by, ticket.id)
        case _:
            return
    turn.ask(device, FRAME)


def learn(turn: Turn, lesson: Lesson, by: str) -> None:
    """What was said on the device's own page."""
    device, fault = lesson.device, lesson.fault
    match lesson.kind:
        case "missed":
            look = turn.world.looks.get((device, FRAME))
            score = _number(look.rows.get("fault", {}).get(fault, {}).get("score"), MISSED) if look else MISSED
            factor = max(
                LEAST, min(_factor(turn, device, fault), max(score, 0.0) * _factor(turn, device, fault) / MARGIN)
            )
            turn.put(PutTuning(Tuning(device, fault, factor, turn.now, by)))
        case "undo" if is_view(fault):
            turn.put(PutTuning(Tuning(device, fault, TAKEN_BACK, turn.now, by)))
        case "undo":
            turn.put(DropTuning(device, fault))
        case "new_view":
            look = turn.world.looks.get((device, FRAME))
            _confirm_view(turn, device, look.values.get("place") if look else None, by)
        case "reference":
            turn.put(KeepReference(device, turn.now, lesson.data))
            _forget(turn, device)
    turn.ask(device, FRAME)


def wonder(turn: Turn, condition: Condition, rule: Rule, look: Observation) -> None:
    """A picture has been otherwise for a day: ask a person, once a ticket, whether it is meant to be so."""
    lasts = condition.state is State.FIRING and look.at - condition.since >= LASTING_SECONDS
    if rule.check != FRAME or not lasts:
        return
    ticket = turn.world.ticket_for(turn.fingerprint(condition, rule))
    if ticket is not None and ticket.state not in OVER and fault_of(ticket) in MEANT and ASKED not in ticket.facts:
        turn.take(desk.wonder(ticket, ASKED, turn.now))


def is_view(fault: str) -> bool:
    """Does a tuning of that name speak of a view?"""
    return fault.partition("@")[0] == VIEW


def place_of(fault: str) -> str:
    """The place whose view it speaks of, as `onvif.ptz.Position` writes it; empty for a camera that stands still."""
    return fault.partition("@")[2]


def _confirm_view(turn: Turn, device: str, place: object, by: str, ticket: int = 0) -> None:
    """What is seen there is right."""
    view = f"{VIEW}@{place}" if place else VIEW
    turn.put(PutTuning(Tuning(device, view, RIGHT, turn.now, by, ticket)))
    _forget(turn, device)


def _forget(turn: Turn, device: str, faults: frozenset[str] = VIEWED) -> None:
    """None of these that was seen speaks against the device's picture any more; it must show itself anew.

    Nothing is learned as long as anything does.
    """
    against = [
        (condition, rule)
        for condition, rule in topology.conditions_of(turn.plan, turn.world, device, FRAME)
        if _viewed(rule.fault) in faults
    ]
    turn.put(*(DropCondition(condition.key) for condition, _ in against))
    for condition, rule in against:
        other = turn.world.ticket_for(turn.fingerprint(condition, rule)) if condition.told else None
        if other is not None and other.state not in OVER:
            turn.take(desk.clear(other, turn.now))


def fault_of(ticket: Ticket) -> str | None:
    """The picture's fault that a ticket speaks of: `camera.partly-covered` is `partly_covered`; None for others."""
    return _viewed(ticket.fingerprint.fault) if "verdict" in ticket.facts else None


def _viewed(fault: str) -> str | None:
    kind, _, name = fault.partition(".")
    return name.replace("-", "_") if kind == "camera" else None


def _factor(turn: Turn, device: str, fault: str) -> float:
    known = turn.world.tunings.get(device, {}).get(fault)
    return 1.0 if known is None else known.factor


def _number(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) else otherwise
