"""A site's day on virtual time: devices that can be told to fail, the real plan, the real decisions, no sockets.

score = Score(plan)
score.at(60, score.fail, "cam-1", "unplugged")
score.run(600)
assert score.told() == [...]
"""

from __future__ import annotations

import heapq
import itertools
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.core import decide
from monitor.core.change import Change, Enqueue, PutTicket
from monitor.core.plan import MONITOR, Check, Plan
from monitor.core.world import World
from probes.frame.faults import BLIND, ORDER
from probes.observation import Answer, Observation, Outcome, Picture
from ticketing import desk
from ticketing.commands import Command
from ticketing.ticket import Ticket

START = 1_795_000_000.0  # some Wednesday in 2026
PICTURE = Picture(b"\xff\xd8\xff\xd9", 2, 2)

WELL: Mapping[str, Answer] = {
    "icmp": Answer({"rtt_seconds": 0.002, "loss_ratio": 0.0}),
    "tcp": Answer({"connect_seconds": 0.002, "port": 554}),
    "tls": Answer({"days_left": 300.0, "trusted": False, "version": "TLSv1.3"}),
    "http": Answer({"status": 200, "body_bytes": 100}),
    "rtsp": Answer({"codec": "h264", "transport": "tcp"}),
    "onvif": Answer(
        {
            "clock_offset_seconds": 0.0,
            "clock_uncertainty_seconds": 0.5,
            "clock_source": "ntp",
            "vendor": "Example",
            "model": "C2",
            "serial": "A1",
            "mac": "02:00:00:00:00:01",
            "firmware": "5.7.1",
            "hostname": "cam",
            "users": "admin, monitor",
            "administrators": "admin",
        },
        {"profile": {"main": {"encoding": "H265", "width": 2560, "height": 1440, "fps": 25.0, "kbps": 4096}}},
    ),
    "frame": Answer(
        {
            "verdict": "ok",
            "luma_mean": 110.0,
            "source": "rtsp",
            **dict.fromkeys((fault.value for fault in {*ORDER, *BLIND}), False),
            "away": False,
        },
        picture=PICTURE,
    ),
    "recorder": Answer({"language": "isapi", "retention": "not_asked"}),
    "snmp": Answer({"uptime_seconds": 1e6, "profile": "generic"}),
}
SILENT = Answer(outcome=Outcome.NO_ANSWER, detail="no answer within 5 s")


@dataclass(slots=True)
class Score:
    """The stage: `plan` decides what is asked; `broken` what the devices answer."""

    plan: Plan
    world: World = field(default_factory=World)
    now: float = START
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)  # (device, check) -> instead of being well
    changes: list[tuple[float, Change]] = field(default_factory=list)
    looks: int = 0
    _queue: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = field(default_factory=list)
    _wanted: dict[tuple[str, str], float] = field(default_factory=dict)
    _count: Any = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        for (device, name), check in self.plan.checks.items():
            if check.heard:
                continue
            phase = zlib.crc32(f"{device}/{name}".encode()) / 2**32 * check.every_seconds
            self._push(START + phase, self._turn, device, name)

    def at(self, seconds: float, what: Callable[..., None], *args: Any) -> None:
        """Do that so many seconds after the start."""
        self._push(START + seconds, what, *args)

    def answer(self, device: str, check: str, answer: Answer | None) -> None:
        """From now on the check answers so; None: well again."""
        if answer is None:
            self.answers.pop((device, check), None)
        else:
            self.answers[device, check] = answer

    def dark(self, *devices: str) -> None:
        """These answer nothing any more."""
        for device, name in self.plan.checks:
            if device in devices:
                self.answer(device, name, SILENT)

    def well(self, *devices: str) -> None:
        """These are well again."""
        for device, name in list(self.answers):
            if device in devices:
                self.answer(device, name, None)

    def reply(self, check: Check) -> Answer:
        """What the device answers to this check now."""
        return self.answers.get((check.device, check.name), WELL[check.probe])

    def see(self, device: str, check: str, answer: Answer) -> None:
        """An observation that no check made: login, self."""
        self._observe(device, check, answer, 0.0)

    def command(self, ticket: int, what: Command, by: str = "li") -> None:
        """A person acts."""
        self._take(decide.command(self.plan, self.world, ticket, what, by=by, now=self.now))

    def reload(self, plan: Plan) -> None:
        """Another configuration."""
        self.plan = plan
        self._take(decide.reload(plan, self.world, self.now))

    def run(self, seconds: float) -> None:
        """Play until so many seconds after the start."""
        while self._queue and self._queue[0][0] <= START + seconds:
            self.now, _, what, args = heapq.heappop(self._queue)
            what(*args)
        self.now = START + seconds

    def tickets(self) -> list[Ticket]:
        """Every ticket as it stands, by id."""
        latest: dict[int, Ticket] = {}
        for _, change in self.changes:
            match change:
                case PutTicket(ticket):
                    latest[ticket.id] = ticket
        return [latest[number] for number in sorted(latest)]

    def told(self) -> list[tuple[str, str, str]]:
        """(device, fault, state) of every ticket, by id."""
        return [(one.fingerprint.device, one.fingerprint.fault, one.state.value) for one in self.tickets()]

    def messages(self) -> list[str]:
        """The keys of every message, in order."""
        return [change.message.key for _, change in self.changes if isinstance(change, Enqueue)]

    def _push(self, when: float, what: Callable[..., None], *args: Any) -> None:
        heapq.heappush(self._queue, (when, next(self._count), what, args))

    def _turn(self, device: str, name: str) -> None:
        check = self.plan.checks.get((device, name))
        if check is None:
            return
        self._push(self.now + check.every_seconds, self._turn, device, name)
        self._ask(device, name)

    def _again(self, device: str, name: str, when: float) -> None:
        if self._wanted.get((device, name)) == when:
            del self._wanted[device, name]
            self._ask(device, name)

    def _ask(self, device: str, name: str) -> None:
        check = self.plan.checks.get((device, name))
        if check is None or check.heard:
            return
        self.looks += 1
        answer = self.reply(check)
        duration = check.timeout_seconds if answer.outcome is Outcome.NO_ANSWER else 0.05
        self._push(self.now + duration, self._observe, device, name, answer, duration)

    def _observe(self, device: str, name: str, answer: Answer, duration: float) -> None:
        look = Observation(
            device, name, self.now - duration, duration, answer.outcome, answer.values, answer.rows, answer.picture,
            answer.detail,
        )  # fmt: skip
        self._take(decide.observe(self.plan, self.world, look))

    def _deadline(self, ticket: int, due: float) -> None:
        current = self.world.tickets.get(ticket)
        if current is not None and desk.next_due(current, self.plan.reopen_within_seconds) == due:
            self._take(decide.deadline(self.plan, self.world, ticket, self.now))

    def _take(self, decision: decide.Decision) -> None:
        for ask in decision.asks:
            key, when = (ask.device, ask.check), max(ask.at, self.now + 0.5)
            if ask.device != MONITOR and not (key in self._wanted and self._wanted[key] <= when):
                self._wanted[key] = when
                self._push(when, self._again, *key, when)
        for change in decision.changes:
            self.changes.append((self.now - START, change))
            if isinstance(change, PutTicket):
                due = desk.next_due(change.ticket, self.plan.reopen_within_seconds)
                if due is not None:
                    self._push(max(due, self.now) + 0.001, self._deadline, change.ticket.id, due)
