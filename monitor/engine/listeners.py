"""Who hears what devices say by themselves, and what did each say last? Listeners run, and start again, in place."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from time import monotonic

from monitor.core.plan import Check, Plan
from monitor.engine.gate import SECRETS, Gate, Secret, sends
from monitor.engine.live import Health, Stats
from probes.bounds import bounded, line
from probes.listener import Heard, Listener, Listening
from probes.observation import MAX_DETAIL, Answer, Observation
from probes.probe import Options
from probes.registry import listener
from probes.standing import State
from probes.tools import Tools

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 1.0  # before a listener that ended is run again; then twice as long, …
LONGEST_PAUSE_SECONDS = 60.0
CALM_SECONDS = 10.0  # one that has run for so long is well again
NOT_SOONER_SECONDS = 0.5  # than this after it was last said is an answer repeated

Key = tuple[str, str]  # device, check


@dataclass(frozen=True, slots=True)
class _Ears:
    """One listener at work."""

    listening: Listening
    task: asyncio.Task[None] | None


class Listeners:
    """Runs the listeners that a plan needs and hands every observation to `sink`; `kept` waits until all is written.

    What each check said last is kept: when a rule wants to look again, it is said again.
    """

    def __init__(
        self,
        tools: Tools,
        gate: Gate,
        sink: Callable[[Observation], None],
        *,
        kept: Callable[[], Awaitable[bool]],
        stats: Stats,
        health: Health,
        settings: Mapping[str, Options],
    ) -> None:
        self._tools, self._gate, self._sink = tools, gate, sink
        self._kept, self._stats, self._health, self._settings = kept, stats, health, settings
        self._checks: dict[Key, Check] = {}
        self._senders: Counter[tuple[str, Secret]] = Counter()  # how many asked checks send it
        self._ears: dict[str, _Ears] = {}
        self._failing: dict[str, str] = {}  # kind -> why it ended
        self._said: dict[Key, tuple[float, Observation]] = {}  # when (monotonic), what
        self._again: dict[Key, float] = {}  # monotonic
        self._heap: list[tuple[float, Key]] = []
        self._wake = asyncio.Event()
        self._running = False

    def plan(self, plan: Plan, standing: Mapping[Key, Mapping[str, State]] | None = None) -> None:
        """Hear what this plan wants heard; nothing that is known of what stays is lost.

        `standing`: how the rows stood that were not at rest when the daemon last ended, by device and check.
        """
        self._senders = Counter(
            (device, secret)
            for (device, _), check in plan.checks.items()
            for secret in SECRETS
            if not check.heard and sends(check, secret)
        )
        self._checks = {key: check for key, check in plan.checks.items() if check.heard}
        for key in self._said.keys() - self._checks.keys():
            del self._said[key]
        self._again = {key: at for key, at in self._again.items() if key in self._checks}
        wanted: dict[str, dict[str, Heard]] = {}
        for (device, name), check in self._checks.items():
            rows = (standing or {}).get((device, name), {})
            heard = Heard(plan.devices[device].target, check.options, rows, in_doubt="" in rows)
            wanted.setdefault(check.probe, {})[device] = heard
        for kind in self._ears.keys() - wanted.keys():
            self._stop(kind)
        for kind, devices in wanted.items():
            self._open(kind).attend(devices)
            self._start(kind)

    def again(self, device: str, name: str, at: float) -> None:
        """Say again what this check said last, at that time (seconds since the epoch)."""
        said = self._said.get((device, name))
        if said is None:
            return
        when = max(monotonic() + at - self._tools.now(), said[0] + NOT_SOONER_SECONDS)
        if when < self._again.get((device, name), float("inf")):
            self._again[device, name] = when
            heapq.heappush(self._heap, (when, (device, name)))
            self._wake.set()

    def listening(self, kind: str) -> Listening:
        """The listener of that kind, for those who know it; KeyError if none runs."""
        return self._ears[kind].listening

    def look(self, device: str) -> list[Observation]:
        """What is known of that device, as of now."""
        return [self._repeat(key) for key in list(self._said) if key[0] == device]

    async def run(self) -> None:
        """Keep the listeners running and repeat what is wanted, for ever."""
        self._running = True
        for kind in self._ears:
            self._start(kind)
        try:
            while True:
                now = monotonic()
                while self._heap and self._heap[0][0] <= now:
                    when, key = heapq.heappop(self._heap)
                    if self._again.get(key) == when:
                        self._repeat(key)
                self._wake.clear()
                pause = self._heap[0][0] - monotonic() if self._heap else None
                try:
                    async with asyncio.timeout(pause):
                        await self._wake.wait()
                except TimeoutError:
                    pass
        finally:
            self._running = False
            tasks = [ears.task for ears in self._ears.values() if ears.task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _repeat(self, key: Key) -> Observation:
        look = replace(self._said[key][1], at=self._tools.now())
        self._take(look)
        return look

    def _take(self, look: Observation) -> None:
        key = look.device, look.check
        self._said[key] = monotonic(), look
        self._again.pop(key, None)
        self._sink(look)

    def _open(self, kind: str) -> Listening:
        ears = self._ears.get(kind)
        if ears is None:
            one = listener(kind)
            settings = self._settings.get(kind) or one.settings()
            ears = self._ears[kind] = _Ears(one.start(settings, _Voice(self, one), self._tools), None)
        return ears.listening

    def _start(self, kind: str) -> None:
        ears = self._ears[kind]
        if self._running and ears.task is None:
            task = asyncio.create_task(self._keep_listening(kind, ears.listening), name=f"listener {kind}")
            self._ears[kind] = _Ears(ears.listening, task)

    def _stop(self, kind: str) -> None:
        """Nobody needs it any more."""
        task = self._ears.pop(kind).task
        if task is not None:
            task.cancel()
        self._note(kind, "")

    async def _keep_listening(self, kind: str, listening: Listening) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            calm = asyncio.get_running_loop().call_later(CALM_SECONDS, self._note, kind, "")
            started = monotonic()
            try:
                await listening.run()
                why = "it ended by itself"
            except OSError as error:
                why = error.strerror or str(error)
            except Exception as error:
                log.exception("listener %s has a bug", kind)
                why = type(error).__name__
            finally:
                calm.cancel()
            self._stats.listener_failures[kind] += 1
            log.error("listener %s ended: %s", kind, why)
            self._note(kind, why)
            if monotonic() - started > CALM_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _note(self, kind: str, why: str) -> None:
        """Say on /readyz which listeners do not listen."""
        if why:
            self._failing[kind] = why
        else:
            self._failing.pop(kind, None)
        if self._failing:
            said = (f"{kind}: {reason}" for kind, reason in sorted(self._failing.items()))
            self._health.troubles["listeners"] = "; ".join(said)
        else:
            self._health.troubles.pop("listeners", None)


class _Voice:
    """What one listener says."""

    def __init__(self, listeners: Listeners, one: Listener) -> None:
        self._listeners, self._kind = listeners, one.kind
        self._secret: Secret | None = "login" if one.uses_login else "snmp_login" if one.uses_snmp else None

    def say(self, device: str, answer: Answer) -> None:
        hub = self._listeners
        if (device, self._kind) not in hub._checks:
            return
        values, rows = bounded(answer)
        look = Observation(
            device, self._kind, hub._tools.now(), 0.0, answer.outcome, values, rows, answer.picture,
            line(answer.detail, MAX_DETAIL),
        )  # fmt: skip
        news = hub._gate.learn(look, self._secret) if self._secret is not None else None
        if news is not None:
            hub._sink(news)
        hub._take(look)

    async def kept(self) -> bool:
        return await self._listeners._kept()

    def count(self, result: str, number: int = 1) -> None:
        self._listeners._stats.heard[self._kind, result] += number

    def may_log_in(self, device: str) -> bool:
        hub, secret = self._listeners, self._secret or "login"
        proven = not hub._senders[device, secret] or hub._gate.works(device, secret)
        return proven and hub._gate.admits(device, secret, self._kind)
