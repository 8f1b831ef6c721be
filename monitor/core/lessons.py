"""What does a person's word on a picture change? The threshold of one fault at one camera, visibly and reversibly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from monitor.core.change import DropTuning, PutTuning, Tuning
from monitor.core.turn import Turn
from ticketing.commands import Cancel
from ticketing.ticket import Ticket

FRAME: Final = "frame"
VIEW: Final = "view"  # not a fault: since when the view is another one, and right
MARGIN: Final = 1.15  # beyond what was wrongly alarmed, or below what was missed
MISSED: Final = 0.8  # where it is not known how near it was
LEAST, MOST = 0.4, 10.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a person says.

    `missed`: that fault was there and nobody was told; `undo`: what was taught of it no longer counts; `new_view`:
    what the camera sees now is right.
    """

    device: str
    kind: Literal["missed", "undo", "new_view"]
    fault: str = VIEW


def take(turn: Turn, ticket: Ticket, what: Cancel, by: str) -> None:
    """A ticket was cancelled: what does that teach of the device's pictures?"""
    device, fault = ticket.fingerprint.device, fault_of(ticket)
    if fault is None:
        return
    match what.lesson:
        case "false_alarm":
            score = _number(ticket.facts.get("score"), 1.0)
            factor = min(MOST, max(_factor(turn, device, fault), score * MARGIN))
            turn.put(PutTuning(Tuning(device, fault, factor, turn.now, by, ticket.id)))
        case "new_view":
            turn.put(PutTuning(Tuning(device, VIEW, 1.0, turn.now, by, ticket.id)))
        case "":
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
        case "undo":
            turn.put(DropTuning(device, fault))
        case "new_view":
            turn.put(PutTuning(Tuning(device, VIEW, 1.0, turn.now, by)))
    turn.ask(device, FRAME)


def fault_of(ticket: Ticket) -> str | None:
    """The picture's fault that a ticket speaks of: `camera.partly-covered` is `partly_covered`; None for others."""
    kind, _, name = ticket.fingerprint.fault.partition(".")
    return name.replace("-", "_") if kind == "camera" and "verdict" in ticket.facts else None


def _factor(turn: Turn, device: str, fault: str) -> float:
    known = turn.world.tunings.get(device, {}).get(fault)
    return 1.0 if known is None else known.factor


def _number(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) else otherwise
