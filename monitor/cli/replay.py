"""What would the daemon have said of these pictures? The production line on footage, on the footage's own time.

shot ─▶ examine (measures, judgement, learning) ─▶ decide (hold-down, ticket) ─▶ report
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from monitor.core import decide
from monitor.core.change import AddEvent, KeepReference
from monitor.core.plan import Plan
from monitor.core.world import World
from monitor.settings.load import load
from monitor.settings.planning import plan as plan_of
from probes.bounds import bounded
from probes.frame.ask import answer_of
from probes.frame.grab import Grab
from probes.frame.job import Known, Seen
from probes.frame.look import examine
from probes.frame.polls import Polls
from probes.frame.shots import Shot
from probes.observation import Observation, Outcome
from probes.tools import Tools
from ticketing.ticket import QUIET, EventKind

CAMERA: Final = "camera"
_SITE: Final = """
site: {id: replay, name: Replay}
devices:
  - {id: camera, name: Camera, kind: camera, host: 127.0.0.1, checks: {onvif: off}}
"""


@dataclass(frozen=True, slots=True)
class Look:
    """What was said of one shot. `marked`: JPEG with what is wrong marked on it, empty where nothing is.

    `seen` None: the shot is no picture. `tickets`: the faults of those that are open after it. `events`: what became of
    tickets by this look.
    """

    shot: Shot
    seen: Seen | None
    jpeg: bytes
    marked: bytes
    tickets: tuple[str, ...] = ()
    events: tuple[dict[str, Any], ...] = ()


def _plan() -> Plan:
    """A site of one camera with the rules that are shipped."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "site.yaml"
        file.write_text(_SITE)
        return plan_of(load(file, env={}, lenient=True))


@dataclass(slots=True)
class Replay:
    """One camera on virtual time; `reference` goes in and comes out. `learning` False: nothing more is learned.

    `presets`, `hide_people`: as `job.Known`. `soon`: when the daemon would look again, before its interval is over.
    """

    reference: bytes = b""
    learning: bool = True
    presets: bool = False
    hide_people: bool = False
    soon: float = float("inf")
    plan: Plan = field(default_factory=_plan)
    world: World = field(default_factory=World)
    events: list[dict[str, Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    _now: float = 0.0
    _glance: bytes = b""
    _polls: Polls = field(init=False)

    def __post_init__(self) -> None:
        self._polls = Polls(Tools(lambda: self._now))

    def run(self, shots: Iterable[Shot]) -> Iterator[Look]:
        """Look at each in turn."""
        for shot in shots:
            look = self._look(shot)
            self.counts["unreadable" if look.seen is None else look.seen.judged.verdict.value] += 1
            yield look

    def _look(self, shot: Shot) -> Look:
        self._now, self.soon = shot.at, float("inf")
        before = len(self.events)
        if shot.picture is None and not shot.damaged:
            return Look(shot, None, b"", b"", self._open())
        grabbed = Grab(
            shot.codec,
            shot.before or shot.picture,
            shot.picture if shot.before else None,
            shot.gap_seconds,
            shot.damaged,
            shot.burst,
        )
        known = self.known()
        still = shot.before is None
        seen, attached = examine(grabbed, known, still=still, started=time.monotonic(), cpu=time.thread_time())
        if still and seen.signature:
            seen, attached = self._polls.judged(CAMERA, seen, attached, known.tuning)
        self._glance = attached.glance
        self._decide(shot.at, seen, attached)
        return Look(shot, seen, attached.jpeg, attached.marked, self._open(), tuple(self.events[before:]))

    def known(self) -> Known:
        """What the next picture is judged by."""
        return Known(
            self.reference,
            self._glance,
            self._now,
            presets=self.presets,
            burst=True,
            hide_people=self.hide_people,
        )

    def _open(self) -> tuple[str, ...]:
        """The faults of the tickets that are open now."""
        faults = {
            one.fingerprint.fault
            for one in self.world.tickets.values()
            if one.fingerprint.device == CAMERA and one.state not in QUIET
        }
        return tuple(sorted(faults))

    def _decide(self, at: float, seen: Seen, attached: Any) -> None:
        """Hand it to the daemon's decision; whatever it asks of other checks is well."""
        answer = answer_of(seen, attached, "snapshot")
        values, rows = bounded(answer)
        look = Observation(
            CAMERA, "frame", at, 0.0, answer.outcome, values, rows, answer.picture, "", answer.marked, answer.learned
        )
        decision = decide.observe(self.plan, self.world, look)
        changes = list(decision.changes)
        self.soon = min((ask.at for ask in decision.asks if ask.check == "frame"), default=float("inf"))
        for check in sorted({ask.check for ask in decision.asks} - {"frame"}):
            changes += decide.observe(self.plan, self.world, Observation(CAMERA, check, at, 0.0, Outcome.OK)).changes
        for change in changes:
            match change:
                case KeepReference(_, _, data) if self.learning:
                    self.reference = data
                case AddEvent(event):
                    self._note(event.ticket, event.kind, event.at)

    def _note(self, ticket: int, kind: EventKind, at: float) -> None:
        if kind in (EventKind.OPENED, EventKind.REOPENED, EventKind.RECOVERED, EventKind.RECURRED):
            known = self.world.tickets.get(ticket)
            fault = known.fingerprint.fault if known else ""
            since = known.since if known else at
            self.events.append({"ticket": ticket, "fault": fault, "event": kind.value, "time": at, "since": since})
