"""What is decided next, and when is it told? One queue, one consumer; only what is committed is published.

Deciding never waits for the database: changes gather, coalesced, until a commit takes them all (group commit). While
the database is away they wait, and whatever was promised to a person waits with them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol, assert_never

from monitor.core import decide
from monitor.core.change import Change, PutTicket
from monitor.core.decide import AskAgain, Decision
from monitor.core.lessons import Lesson
from monitor.core.plan import Plan
from monitor.core.world import World
from monitor.engine.inputs import (
    Accepted,
    Awaited,
    ClockJumped,
    Commanded,
    DeadlinePassed,
    Guessed,
    Input,
    Reloaded,
    Taught,
)
from monitor.engine.live import Fact, Feed, Health, NotCommitted, Stats
from monitor.storage.errors import StoreUnavailable
from monitor.storage.pending import Pending
from probes.observation import Observation
from ticketing.commands import Command, NotAllowed
from ticketing.ticket import Ticket

log = logging.getLogger(__name__)

BATCH = 256  # inputs decided before the loop gets its turn
COMMAND_SECONDS = 10.0  # a person waits no longer for the database
KEPT_SECONDS = 5.0  # nor does a device that wants to know that it was heard
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
LAST_COMMIT_SECONDS = 10.0
REMEMBERED_REQUESTS = 10_000


class Commits(Protocol):
    """What the pipeline wants of a store."""

    async def commit(self, changes: Iterable[Change]) -> None:
        """All of it, or StoreUnavailable."""


@dataclass(slots=True)
class _Batch:
    """What waits for the next commit."""

    pending: Pending = field(default_factory=Pending)
    changes: list[Change] = field(default_factory=list)  # as decided, for the feed; empty when too many
    replies: list[tuple[asyncio.Future[Ticket], Ticket]] = field(default_factory=list)
    done: list[asyncio.Future[None]] = field(default_factory=list)  # replies to those who only wait for it


class Pipeline:
    """Consumes inputs in their order.

    `ask` takes what must be asked again, `insist` what a person wants asked; `on_ticket` every ticket that changed.
    """

    def __init__(
        self,
        plan: Plan,
        world: World,
        store: Commits,
        *,
        now: Callable[[], float],
        stats: Stats,
        health: Health,
        feed: Feed,
        ask: Callable[[AskAgain], None],
        insist: Callable[[AskAgain], None],
        on_ticket: Callable[[Ticket], None],
        on_commit: Callable[[], None],
    ) -> None:
        self.plan, self.world = plan, world
        self._store, self._now, self._stats, self._health, self._feed = store, now, stats, health, feed
        self._ask, self._insist, self._on_ticket, self._on_commit = ask, insist, on_ticket, on_commit
        self._inputs: deque[Input] = deque()
        self._arrived = asyncio.Event()
        self._batch = _Batch()
        self._dirty = asyncio.Event()
        self._requests: OrderedDict[tuple[str, int, str], asyncio.Future[Ticket]] = OrderedDict()
        self.trouble_since: float | None = None  # since when the database takes nothing
        self.progress = monotonic()

    def submit(self, given: Input) -> None:
        """Queue an input; never waits."""
        self._inputs.append(given)
        self._arrived.set()

    async def command(self, ticket: int, what: Command, by: str, request_id: str) -> Ticket:
        """The ticket after the commit of this command. Raises as `Live.command` says."""
        request = by, ticket, request_id
        reply = self._requests.get(request)
        if reply is None:
            reply = asyncio.get_running_loop().create_future()
            self._requests[request] = reply
            while len(self._requests) > REMEMBERED_REQUESTS:
                self._requests.popitem(last=False)
            self.submit(Commanded(ticket, what, by, reply))
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                return await asyncio.shield(reply)
        except TimeoutError:
            raise NotCommitted("the database does not answer; try again later") from None
        except (NotAllowed, LookupError):
            self._requests.pop(request, None)
            raise

    async def accept(self, device: str, by: str, note: str) -> None:
        """What was found at the device is right; ends after the commit. LookupError: nothing was; NotCommitted."""
        await self._patiently(lambda reply: Accepted(device, by, note, reply), COMMAND_SECONDS)

    async def guess(self, device: str) -> None:
        """A login will be tried at that device; ends once that is written down. LookupError; NotCommitted."""
        await self._patiently(lambda reply: Guessed(device, reply), COMMAND_SECONDS)

    async def teach(self, lesson: Lesson, by: str) -> None:
        """Returns after the commit. Raises as `Live.teach` says."""
        await self._patiently(lambda reply: Taught(lesson, by, reply), COMMAND_SECONDS)

    async def kept(self) -> bool:
        """Is everything that was submitted until now committed? False if the database does not take it in time."""
        try:
            await self._patiently(Awaited, KEPT_SECONDS)
        except NotCommitted:
            return False
        return True

    async def _patiently(self, given: Callable[[asyncio.Future[None]], Input], seconds: float) -> None:
        """Queue it and wait for its commit, for so long."""
        reply: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.submit(given(reply))
        try:
            async with asyncio.timeout(seconds):
                await asyncio.shield(reply)
        except TimeoutError:
            raise NotCommitted("the database does not answer; try again later") from None

    async def run(self) -> None:
        """Decide and commit, for ever. On cancellation what was decided is committed before it ends."""
        committer = asyncio.create_task(self._commit_forever(), name="committer")
        committer.add_done_callback(lambda _: self._arrived.set())
        try:
            while True:
                self.progress = monotonic()
                for _ in range(min(BATCH, len(self._inputs))):
                    self._decide(self._inputs.popleft())
                if committer.done():
                    committer.result()
                if self._inputs:
                    await asyncio.sleep(0)
                    continue
                self._arrived.clear()
                await self._arrived.wait()
        finally:
            while self._inputs:
                self._decide(self._inputs.popleft())
            committer.cancel()
            await asyncio.gather(committer, return_exceptions=True)
            if self._batch.pending or self._batch.done:
                await self._commit_last()

    async def _commit_last(self) -> None:
        """What is not committed in time is not lost for good: after the start the devices are asked anew."""
        batch, done = self._take(), False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_COMMIT_SECONDS):
                done = await self._commit_once(batch)
        if not done:
            log.error("ended with %d changes that the database did not take", len(batch.pending))

    def _decide(self, given: Input) -> None:
        self._stats.queue_depth = len(self._inputs)
        match given:
            case Observation():
                if (given.device, given.check) in self.plan.checks or (given.device, given.check) in self.plan.rules:
                    self._took(decide.observe(self.plan, self.world, given))
            case DeadlinePassed(ticket):
                self._took(decide.deadline(self.plan, self.world, ticket, self._now()))
            case Reloaded(plan):
                self.plan = plan
                self._took(decide.reload(plan, self.world, self._now()))
            case ClockJumped(seconds):
                self._took(decide.clock_jumped(self.world, seconds))
            case Commanded(ticket, command, by, reply):
                self._obey(ticket, command, by, reply)
            case Accepted():
                self._accept(given)
            case Guessed():
                self._guess(given)
            case Taught(lesson, by, reply):
                self._learn(lesson, by, reply)
            case Awaited(reply):
                self._batch.done.append(reply)
                self._dirty.set()
            case _:
                assert_never(given)

    def _learn(self, lesson: Lesson, by: str, reply: asyncio.Future[None]) -> None:
        try:
            decision = decide.teach(self.plan, self.world, lesson, by=by, now=self._now())
        except LookupError as error:
            reply.set_exception(error)
            reply.exception()  # seen: the person who asked may be gone
            return
        self._batch.done.append(reply)
        self._took(decision)

    def _obey(self, ticket: int, command: Command, by: str, reply: asyncio.Future[Ticket]) -> None:
        try:
            decision = decide.command(self.plan, self.world, ticket, command, by=by, now=self._now())
        except (NotAllowed, LookupError) as error:
            reply.set_exception(error)
            reply.exception()  # seen: the person who asked may be gone
            return
        after = [change.ticket for change in decision.changes if isinstance(change, PutTicket)][-1]
        self._batch.replies.append((reply, after))
        for ask in decision.asks:
            self._insist(ask)
        self._took(decision)

    def _accept(self, given: Accepted) -> None:
        by, note, now = given.by, given.note, self._now()
        self._answer(given.reply, lambda: decide.accept(self.plan, self.world, given.device, by=by, note=note, now=now))

    def _guess(self, given: Guessed) -> None:
        self._answer(given.reply, lambda: decide.guess(self.plan, self.world, given.device, self._now()))

    def _answer(self, reply: asyncio.Future[None], decided: Callable[[], Decision]) -> None:
        """What is decided is answered after its commit; that the device is gone, at once."""
        try:
            decision = decided()
        except LookupError as error:
            reply.set_exception(error)
            reply.exception()
            return
        self._batch.done.append(reply)
        self._took(decision)

    def _took(self, decision: Decision) -> None:
        self._stats.decisions += 1
        for ask in decision.asks:
            self._ask(ask)
        if not decision.changes:
            return
        self._stats.changes += len(decision.changes)
        self._batch.pending.add(decision.changes)
        self._batch.changes += decision.changes
        self._stats.uncommitted = len(self._batch.pending)
        for change in decision.changes:
            if isinstance(change, PutTicket):
                self._on_ticket(change.ticket)
        self._dirty.set()

    def _take(self) -> _Batch:
        batch, self._batch = self._batch, _Batch()
        return batch

    async def _commit_forever(self) -> None:
        attempt = 0
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            batch = self._take()
            try:
                ok = await self._commit_once(batch)
            except asyncio.CancelledError:
                self._put_back(batch)
                raise
            if ok:
                attempt = 0
                continue
            self._put_back(batch)
            self._dirty.set()
            await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
            attempt += 1

    async def _commit_once(self, batch: _Batch) -> bool:
        if batch.pending and not await self._write(batch.pending):
            return False
        self._stats.uncommitted = len(self._batch.pending)
        for asked, ticket in batch.replies:
            if not asked.done():
                asked.set_result(ticket)
        for reply in batch.done:
            if not reply.done():
                reply.set_result(None)
        if batch.pending:
            self._feed.publish(Fact(self._now(), tuple(batch.changes)))
            self._on_commit()
        return True

    async def _write(self, pending: Pending) -> bool:
        started = monotonic()
        try:
            await self._store.commit(pending)
        except StoreUnavailable as error:
            self._stats.commit_failures += 1
            self.note_database(error)
            return False
        self._stats.commits += 1
        self._stats.commit_seconds += monotonic() - started
        self.note_database(None)
        return True

    def note_database(self, trouble: StoreUnavailable | None) -> None:
        """Somebody wrote to the database, or tried to."""
        if trouble is not None:
            if self.trouble_since is None:
                self.trouble_since = self._now()
                log.error("the database takes nothing: %s", trouble)
            self._health.troubles["database"] = str(trouble)
        elif self.trouble_since is not None:
            log.warning("the database takes changes again")
            self.trouble_since = None
            self._health.troubles.pop("database", None)

    def _put_back(self, batch: _Batch) -> None:
        """The commit failed: what came meanwhile goes behind what it had."""
        batch.pending.add(self._batch.pending)
        batch.changes = list(batch.pending)
        batch.replies += self._batch.replies
        batch.done += self._batch.done
        self._batch = batch
        self._stats.uncommitted = len(batch.pending)
