"""Which check is due, and where may it run? One heap; a check is a task only while it runs."""

from __future__ import annotations

import asyncio
import heapq
import zlib
from collections import deque
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from time import monotonic

from monitor.core.plan import Check, Plan
from monitor.engine.gate import Gate, Secret, sends
from monitor.engine.live import Stats
from probes.ask import ask
from probes.observation import Observation, Outcome
from probes.probe import Lane, Probe
from probes.registry import probe
from probes.tools import Tools

WIRE, DECODE = Lane.WIRE.value, Lane.DECODE.value
SLOW = "slow"  # the lane of devices that do not answer, but for those on which others hang
DARK_AFTER = 2  # looks in a row without an answer
DARK_STRIDE = 5  # of a dark device's checks other than reach, only every fifth turn is taken
NOT_SOONER_SECONDS = 0.5  # than this after its last start is a check asked again
BURST_PER_SECOND = 500.0  # first looks after a start
LONG_SECONDS = 1.0  # a look that takes longer gives its place on the wire to others
TOGETHER_SECONDS = 0.01  # what is due within this time starts together: waking for each costs a tenth of its look

Sink = Callable[[Observation], None]


@dataclass(slots=True)
class _Turn:
    """Where one check stands. Times are on the monotonic clock."""

    check: Check
    probe: Probe
    due: float  # next regular turn
    again: float | None = None  # an earlier look that somebody wants
    started: float = 0.0
    skipped: int = 0
    running: bool = False
    entry: float = 0.0  # the heap entry that counts; others are stale
    task: asyncio.Task[None] | None = None  # while it runs
    lane: str = WIRE  # in which it runs
    line: Hashable = None  # in which it waits, or which it holds up, because it sends a login
    waiters: list[asyncio.Future[Observation]] = field(default_factory=list)

    @property
    def next(self) -> float:
        return self.due if self.again is None else min(self.due, self.again)


@dataclass(slots=True)
class _Place:
    """A lane: so many at once, the others wait in line."""

    limit: int
    running: int = 0
    line: deque[tuple[_Turn, float]] = field(default_factory=deque)


class Scheduler:
    """Runs the checks of a plan and hands every observation to `sink`."""

    def __init__(self, tools: Tools, gate: Gate, sink: Sink, stats: Stats, limits: Mapping[str, int]) -> None:
        self._tools, self._gate, self._sink, self._stats = tools, gate, sink, stats
        self._plan: Plan | None = None
        self._turns: dict[tuple[str, str], _Turn] = {}
        self._names: set[str] = set()  # of checks
        self._heap: list[tuple[float, int, _Turn]] = []
        self._count = 0
        self._places = {name: _Place(limits[name]) for name in (WIRE, SLOW, DECODE)}
        self._on_wire: deque[tuple[float, _Turn]] = deque()  # lately started there, oldest first
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: dict[Hashable, deque[_Turn]] = {}  # who waits while a login is being sent there
        self._silent: dict[str, int] = {}  # device -> looks in a row without an answer
        self._wake = asyncio.Event()
        self.progress = monotonic()

    def plan(self, plan: Plan) -> None:
        """Take a plan: new and changed checks start soon, the others keep their turn, gone ones end with their look."""
        old, self._plan = self._turns, plan
        self._turns = {}
        asked = {key: check for key, check in plan.checks.items() if not check.heard}
        self._names = {name for _, name in asked}
        now = monotonic()
        fresh = sum(key not in old for key in asked)
        for key, check in asked.items():
            known = old.get(key)
            if known is not None and known.check == check:
                self._turns[key] = known
                continue
            phase = zlib.crc32(f"{key[0]}/{key[1]}".encode()) / 2**32
            turn = _Turn(check, probe(check.probe), due=now + phase * check.every_seconds)
            turn.again = now + phase * min(check.every_seconds, max(1.0, fresh / BURST_PER_SECOND))
            if known is not None and known.waiters and known.task is None:
                turn.waiters, known.waiters, turn.again = known.waiters, [], now
            self._turns[key] = turn
            self._push(turn)
        for key in old.keys() - self._turns.keys():
            if old[key].task is None:
                _give_up(old[key])
        for device in {device for device, _ in old} - plan.devices.keys():
            self._silent.pop(device, None)
        for device, secret in self._gate.plan(plan):
            self.retry(device, secret)

    def again(self, device: str, name: str, at: float) -> None:
        """Ask this check at that time (seconds since the epoch) if its regular turn comes later.

        The pseudo checks of passwords follow their real ones: asking them more often would send a wrong one more often.
        """
        turn = self._turns.get((device, name))
        if turn is None:
            return
        when = max(monotonic() + at - self._tools.now(), turn.started + NOT_SOONER_SECONDS)
        if turn.again is None or when < turn.again:
            turn.again = when
            if not turn.running:
                self._push(turn)

    def retry(self, device: str, secret: Secret) -> None:
        """A person says that the password is right: what was refused is tried once, now."""
        check = self._gate.open(device, secret)
        if check is None:
            return
        for turn in self._turns_of(device):
            if sends(turn.check, secret) and check in ("", turn.check.name):
                self.again(device, turn.check.name, self._tools.now())

    async def look(self, device: str) -> list[Observation]:
        """Ask everything of that device now. LookupError if there is none."""
        turns = self._turns_of(device)
        if not turns:
            raise LookupError(device)
        loop = asyncio.get_running_loop()
        futures = []
        for turn in turns:
            future: asyncio.Future[Observation] = loop.create_future()
            turn.waiters.append(future)
            futures.append(future)
            self.again(device, turn.check.name, self._tools.now())
        return list(await asyncio.gather(*futures))

    def asks(self, device: str) -> bool:
        """Is that device asked anything?"""
        return bool(self._turns_of(device))

    def _turns_of(self, device: str) -> list[_Turn]:
        return [turn for name in self._names if (turn := self._turns.get((device, name))) is not None]

    async def run(self) -> None:
        """Start what is due, for ever. On cancellation the running looks are cancelled too."""
        try:
            while True:
                now = self.progress = monotonic()
                while self._heap and self._heap[0][0] <= now:
                    when, _, turn = heapq.heappop(self._heap)
                    if when == turn.entry and not turn.running:
                        self._due(turn, when, now)
                self._make_room(now)
                self._wake.clear()
                pause = min(self._heap[0][0] - monotonic(), 1.0) if self._heap else 1.0
                try:
                    async with asyncio.timeout(max(pause, TOGETHER_SECONDS)):
                        await self._wake.wait()
                except TimeoutError:
                    pass
        finally:
            for place in self._places.values():
                place.line.clear()
            self._busy.clear()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _push(self, turn: _Turn) -> None:
        turn.entry = turn.next
        self._count += 1
        heapq.heappush(self._heap, (turn.entry, self._count, turn))
        if self._heap[0][2] is turn:
            self._wake.set()

    def _due(self, turn: _Turn, when: float, now: float) -> None:
        key = (turn.check.device, turn.check.name)
        if self._turns.get(key) is not turn:
            return  # a new plan has another one, or none
        wanted = turn.again is not None and turn.again <= now
        turn.again = None if wanted else turn.again
        while turn.due <= now:
            turn.due += turn.check.every_seconds
        dark = self._silent.get(turn.check.device, 0) >= DARK_AFTER
        if dark and not wanted and turn.check.name != "reach":
            turn.skipped += 1
            if turn.skipped % DARK_STRIDE:
                self._push(turn)
                return
        turn.running = True
        if turn.check.uses_login:
            self._line_up(turn, when)
        else:
            self._enter(turn, when)

    def _line_up(self, turn: _Turn, when: float) -> None:
        """What sends a login waits until the one before it is back: that may have been refused."""
        turn.line = self._gate.line(turn.check.device)
        line = self._busy.get(turn.line)
        if line is not None:
            line.append(turn)
            return
        self._busy[turn.line] = deque()
        self._enter(turn, when)

    def _enter(self, turn: _Turn, when: float) -> None:
        lane = self._lane(turn)
        place = self._places[lane]
        if place.running >= place.limit:
            place.line.append((turn, when))
            self._stats.waiting[lane] = len(place.line)
            return
        self._start(turn, when, lane)

    def _lane(self, turn: _Turn) -> str:
        if turn.check.lane is Lane.DECODE:
            return DECODE
        dark = self._silent.get(turn.check.device, 0) >= DARK_AFTER
        assert self._plan is not None
        parent = turn.check.device in self._plan.children  # many may wait for what it says, and these are few
        return SLOW if dark and not parent else WIRE

    def _start(self, turn: _Turn, when: float, lane: str) -> None:
        self._occupy(turn, lane)
        turn.started = monotonic()
        if lane != SLOW:
            self._late(turn.started - when)
        if lane == WIRE:
            self._on_wire.append((turn.started, turn))
        turn.task = asyncio.get_running_loop().create_task(self._ask(turn))
        self._tasks.add(turn.task)

    def _occupy(self, turn: _Turn, lane: str) -> None:
        turn.lane = lane
        self._places[lane].running += 1
        self._stats.running[lane] = self._places[lane].running

    def _vacate(self, lane: str) -> None:
        place = self._places[lane]
        place.running -= 1
        if place.line and place.running < place.limit:
            self._start(*place.line.popleft(), lane)
        self._stats.running[lane] = place.running
        self._stats.waiting[lane] = len(place.line)

    def _make_room(self, now: float) -> None:
        """A thousand devices may fall silent at once: looks that take long go on in the slow lane, beyond its limit.

        So nobody waits for the timeouts of others, and what is under way stays bounded all the same.
        """
        wire, slow = self._places[WIRE], self._places[SLOW]
        while self._on_wire and now - self._on_wire[0][0] >= LONG_SECONDS:
            started, turn = self._on_wire[0]
            if turn.task is not None and turn.started == started:
                if slow.running >= slow.limit + wire.limit:
                    return
                self._occupy(turn, SLOW)
                self._vacate(WIRE)
            self._on_wire.popleft()

    async def _ask(self, turn: _Turn) -> None:
        check = turn.check
        secret: Secret | None = "login" if check.uses_login else "snmp_login" if check.uses_snmp else None
        try:
            assert self._plan is not None
            device = self._plan.devices.get(check.device)
            if device is None or self._turns.get((check.device, check.name)) is not turn:
                _give_up(turn)  # it waited for its place while a new plan came
                return
            if secret is not None and not self._gate.admits(check.device, secret, check.name):
                look = Observation(
                    check.device, check.name, self._tools.now(), 0.0, Outcome.WITHHELD,
                    detail="the password was refused; waiting before the next try",
                )  # fmt: skip
            else:
                look = await ask(
                    turn.probe,
                    device.target,
                    check.options,
                    self._tools,
                    check=check.name,
                    timeout_seconds=check.timeout_seconds,
                )
                self._count_look(turn, look)
            news = self._gate.learn(look, secret) if secret is not None else None
            if news is not None:
                self._sink(news)
            self._sink(look)
            for waiter in turn.waiters:
                if not waiter.done():
                    waiter.set_result(look)
            turn.waiters.clear()
        except asyncio.CancelledError:
            _give_up(turn)
            raise
        finally:
            self._leave(turn)

    def _count_look(self, turn: _Turn, look: Observation) -> None:
        self._stats.looks[turn.check.probe, look.outcome.value] += 1
        self._stats.look_seconds[turn.check.probe] += look.duration_seconds
        if look.outcome is Outcome.NO_ANSWER:
            self._silent[look.device] = self._silent.get(look.device, 0) + 1
        else:
            self._silent.pop(look.device, None)

    def _leave(self, turn: _Turn) -> None:
        assert turn.task is not None
        self._tasks.discard(turn.task)
        turn.task = None
        turn.running = False
        now = monotonic()
        while turn.due <= now:
            turn.due += turn.check.every_seconds
            self._stats.skipped_ticks[turn.lane] += 1
        if self._turns.get((turn.check.device, turn.check.name)) is turn:
            self._push(turn)
        if turn.check.uses_login:
            for waiting in self._busy.pop(turn.line, ()):
                self._line_up(waiting, now)  # it waited for its own device: that is not lateness
        self._vacate(turn.lane)

    def _late(self, seconds: float) -> None:
        ring = self._stats.lateness_seconds
        ring[self._stats.lateness_count % len(ring)] = seconds
        self._stats.lateness_count += 1
        self._stats.lateness_sum_seconds += seconds


def _give_up(turn: _Turn) -> None:
    for waiter in turn.waiters:
        if not waiter.done():
            waiter.set_exception(LookupError(turn.check.device))
    turn.waiters.clear()
