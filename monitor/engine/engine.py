"""How do the parts of the running daemon hang together? Scheduler → pipeline → store, and back for a second look."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType

from monitor.core import condition as conditions
from monitor.core.decide import AskAgain
from monitor.core.plan import MONITOR, Plan
from monitor.core.world import Saved, World
from monitor.engine.clock import SteadyClock
from monitor.engine.deadlines import Deadlines
from monitor.engine.default_logins import DefaultLogins
from monitor.engine.gate import FIRST_BACKOFF_SECONDS, SECRETS, Gate, Secret
from monitor.engine.inputs import ClockJumped, DeadlinePassed, Reloaded
from monitor.engine.listeners import Listeners
from monitor.engine.live import Feed, Health, Live, Stats
from monitor.engine.pipeline import Commits, Pipeline
from monitor.engine.scheduler import SLOW, Scheduler
from monitor.engine.selfwatch import SelfWatch
from probes.observation import Observation
from probes.probe import Lane, Options
from probes.standing import State
from probes.target import Login
from probes.tools import Tools
from ticketing.ticket import Fingerprint

log = logging.getLogger(__name__)

DEFAULT_LIMITS: Mapping[str, int] = {Lane.WIRE.value: 500, SLOW: 200, Lane.DECODE.value: 16}


class Engine:
    """Watches a plan. `listeners` are their settings, by kind.

    `on_commit` is called after every commit (the courier looks into the outbox).
    """

    def __init__(
        self,
        plan: Plan,
        saved: Saved,
        store: Commits,
        *,
        clock: SteadyClock | None = None,
        limits: Mapping[str, int] = DEFAULT_LIMITS,
        credentials_backoff_seconds: float = FIRST_BACKOFF_SECONDS,
        listeners: Mapping[str, Options] = MappingProxyType({}),
        default_logins: tuple[Login, ...] = (),
        on_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self.clock = clock or SteadyClock()
        self.stats = Stats(started_at=self.clock())
        self.health = Health()
        self.feed = Feed()
        self.tools = Tools(self.clock)
        self.gate = Gate(self.clock, credentials_backoff_seconds)
        world = World.restore(saved)
        self.scheduler = Scheduler(self.tools, self.gate, self._took, self.stats, limits)
        self.listeners = Listeners(
            self.tools,
            self.gate,
            self._took,
            kept=self._kept,
            stats=self.stats,
            health=self.health,
            settings=listeners,
        )
        self.deadlines = Deadlines(
            self.clock,
            lambda ticket: self.pipeline.submit(DeadlinePassed(ticket)),
            lambda: self.pipeline.plan.reopen_within_seconds,
        )
        self.pipeline = Pipeline(
            plan,
            world,
            store,
            now=self.clock,
            stats=self.stats,
            health=self.health,
            feed=self.feed,
            ask=self._ask,
            insist=self._insist,
            on_ticket=self.deadlines.note,
            on_commit=on_commit,
        )
        self.default_logins = DefaultLogins(self.tools, self.gate, world, self.pipeline.guess, sink=self._took)
        self.default_logins.logins = default_logins
        self.selfwatch = SelfWatch(
            self.stats,
            self.health,
            now=self.clock,
            jumped=self.clock.jumped,
            database_trouble_since=lambda: self.pipeline.trouble_since,
            sink=self._took,
            on_jump=lambda seconds: self.pipeline.submit(ClockJumped(seconds)),
        )
        self.live = Live(
            plan=plan,
            world=world,
            feed=self.feed,
            stats=self.stats,
            health=self.health,
            now=self.clock,
            command=self.pipeline.command,
            teach=self.pipeline.teach,
            look=self._look,
            accept=self.pipeline.accept,
        )
        self._restore(plan, world)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs while the context is open. It stops in the order of the line: scheduler, pipeline; then the tools."""
        pipeline = asyncio.create_task(self.pipeline.run(), name="pipeline")
        feeders = [
            asyncio.create_task(self.scheduler.run(), name="scheduler"),
            asyncio.create_task(self.listeners.run(), name="listeners"),
            asyncio.create_task(self.deadlines.run(), name="deadlines"),
            asyncio.create_task(self.selfwatch.run(), name="selfwatch"),
            asyncio.create_task(self.default_logins.run(), name="default logins"),
        ]
        owner = asyncio.current_task()
        assert owner is not None
        for task in (pipeline, *feeders):
            task.add_done_callback(lambda done: self._died(done, owner))
        try:
            yield
        finally:
            for task in feeders:
                task.cancel()
            await asyncio.gather(*feeders, return_exceptions=True)
            pipeline.cancel()
            await asyncio.gather(pipeline, return_exceptions=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5.0):
                    await self.tools.close()

    def progress(self) -> float:
        """Monotonic seconds of the last step forward of the slowest part: the watchdog feeds on it."""
        return min(self.pipeline.progress, self.scheduler.progress)

    def reload(self, plan: Plan, default_logins: tuple[Login, ...] = ()) -> None:
        """Take a new plan over; states are kept."""
        self.default_logins.logins = default_logins
        self.default_logins.plan(plan)
        self.live.plan = plan
        self.pipeline.submit(Reloaded(plan))
        self.scheduler.plan(plan)
        self.listeners.plan(plan)

    def _restore(self, plan: Plan, world: World) -> None:
        self.deadlines.note_all(world.tickets.values())
        self.pipeline.submit(Reloaded(plan))  # the configuration may have changed while the daemon was down
        self.scheduler.plan(plan)
        self.default_logins.plan(plan)
        self.listeners.plan(plan, _standing(plan, world))
        for device in world.conditions:
            for condition in world.standing(device):
                rule = plan.rule(device, condition.key.rule)
                for secret in SECRETS:
                    if rule is not None and rule.check == secret:
                        self._remember(plan, world, Fingerprint(plan.site.id, device, "", rule.fault), secret)

    def _remember(self, plan: Plan, world: World, fault: Fingerprint, secret: Secret) -> None:
        """A refused password stays refused over a restart; its ticket knows which check was refused."""
        ticket = world.ticket_for(fault)
        check = str(ticket.facts.get("check", "")) if ticket else ""
        self.gate.remember(fault.device, secret, check if (fault.device, check) in plan.checks else "")

    def _took(self, look: Observation) -> None:
        self.pipeline.submit(look)

    async def _kept(self) -> bool:
        return await self.pipeline.kept()

    def _ask(self, ask: AskAgain) -> None:
        if ask.device != MONITOR:
            self.scheduler.again(ask.device, ask.check, ask.at)
            self.listeners.again(ask.device, ask.check, ask.at)

    def _insist(self, ask: AskAgain) -> None:
        for secret in SECRETS:
            if ask.check == secret:
                self.scheduler.retry(ask.device, secret)

    async def _look(self, device: str) -> Sequence[Observation]:
        heard = self.listeners.look(device)
        if heard and not self.scheduler.asks(device):
            return heard
        return [*await self.scheduler.look(device), *heard]

    def _died(self, task: asyncio.Task[None], owner: asyncio.Task[object]) -> None:
        """A part that ends by itself ends the daemon; systemd starts it again."""
        if not task.cancelled() and task.exception() is not None:
            log.critical("%s ended: %r", task.get_name(), task.exception(), exc_info=task.exception())
            owner.cancel(f"{task.get_name()} ended")


def _standing(plan: Plan, world: World) -> dict[tuple[str, str], dict[str, State]]:
    """The rows of heard checks that are not at rest, and how each was last heard of; "" is the device itself."""
    found: dict[tuple[str, str], dict[str, State]] = {}
    for device in world.conditions:
        for condition in world.standing(device):
            rule = plan.rule(device, condition.key.rule)
            check = plan.checks.get((device, rule.check)) if rule is not None else None
            if check is not None and check.heard:
                rows, row = found.setdefault((device, check.name), {}), condition.key.component
                clearing = condition.state is conditions.State.CLEARING and rows.get(row, "cleared") == "cleared"
                rows[row] = "cleared" if clearing else "raised"
    return found
