"""Only what is committed is told; nothing decided is lost while the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import pytest

from monitor.core.change import AddEvent, Change, Enqueue, PutTicket
from monitor.core.world import World
from monitor.engine import pipeline as module
from monitor.engine.inputs import DeadlinePassed, Reloaded
from monitor.engine.live import Feed, Health, NotCommitted, Stats
from monitor.engine.pipeline import Pipeline
from monitor.storage.errors import StoreUnavailable
from probes.observation import Observation, Outcome
from tests.acceptance.plans import plan_of
from ticketing.commands import Acknowledge, NotAllowed, Note
from ticketing.ticket import TicketState

NOW = 1_795_000_000.0


class Database:
    """Keeps what is committed; can be away."""

    def __init__(self) -> None:
        self.away = False
        self.slow = 0.0
        self.changes: list[Change] = []
        self.commits = 0

    async def commit(self, changes: Iterable[Change]) -> None:
        if self.slow:
            await asyncio.sleep(self.slow)
        if self.away:
            raise StoreUnavailable("away", "wait")
        self.commits += 1
        self.changes += list(changes)


class Stage:
    def __init__(self) -> None:
        self.database = Database()
        self.stats, self.health, self.feed = Stats(), Health(), Feed()
        self.plan = plan_of({"cam": {"checks": ["reach"]}})
        self.now = NOW
        self.pipeline = Pipeline(
            self.plan,
            World(),
            self.database,
            now=lambda: self.now,
            stats=self.stats,
            health=self.health,
            feed=self.feed,
            ask=lambda ask: None,
            insist=lambda ask: None,
            on_ticket=lambda ticket: None,
            on_commit=lambda: None,
        )

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.pipeline.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def fail(self) -> None:
        for at in (0.0, 30.0, 70.0):
            self.pipeline.submit(Observation("cam", "reach", NOW + at, 5.0, Outcome.NO_ANSWER))


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10.0):
        while not true():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


async def test_what_is_committed_is_told() -> None:
    stage = Stage()
    async with stage.playing(), stage.feed.subscribe() as told:
        stage.fail()
        fact = await told.get()
        while fact is not None and not any(isinstance(change, PutTicket) for change in fact.changes):
            fact = await told.get()
    assert fact is not None
    assert any(isinstance(change, PutTicket) for change in fact.changes)
    kinds = {type(change) for change in stage.database.changes}
    assert {PutTicket, AddEvent, Enqueue} <= kinds


async def test_while_the_database_is_away_nothing_is_told_and_nothing_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", (0.02,))
    stage = Stage()
    stage.database.away = True
    async with stage.playing(), stage.feed.subscribe() as told:
        stage.fail()
        await until(lambda: stage.stats.commit_failures > 2)
        assert told.empty()
        assert "database" in stage.health.troubles
        assert stage.pipeline.trouble_since == NOW
        assert stage.stats.uncommitted > 0
        stage.database.away = False
        await until(lambda: not told.empty())
    assert stage.health.ready
    assert stage.stats.uncommitted == 0
    assert sum(isinstance(change, Enqueue) for change in stage.database.changes) == 1


async def test_a_person_is_answered_after_the_commit() -> None:
    stage = Stage()
    async with stage.playing():
        stage.fail()
        await until(lambda: stage.pipeline.world.tickets and not stage.stats.uncommitted)
        stage.database.slow = 0.3
        asking = asyncio.create_task(stage.pipeline.command(1, Acknowledge(), "li", "r1"))
        await until(lambda: stage.pipeline.world.tickets[1].state is TicketState.ACKNOWLEDGED)
        assert not asking.done()
        ticket = await asking
        assert ticket.state is TicketState.ACKNOWLEDGED
        again = await stage.pipeline.command(1, Acknowledge(), "li", "r1")  # the same click twice
        assert again == ticket
        with pytest.raises(NotAllowed):
            await stage.pipeline.command(1, Acknowledge(), "li", "r2")
        with pytest.raises(LookupError):
            await stage.pipeline.command(99, Note("x"), "li", "r3")


async def test_what_is_kept_is_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_SECONDS", 0.1)
    monkeypatch.setattr(module, "RETRY_SECONDS", (0.01,))
    stage = Stage()
    async with stage.playing():
        assert await stage.pipeline.kept()
        assert stage.database.commits == stage.stats.commits == 0  # there was nothing to write
        stage.database.away = True
        stage.fail()
        assert not await stage.pipeline.kept()
        assert "database" in stage.health.troubles
        stage.database.away = False
        assert await stage.pipeline.kept()
        assert any(isinstance(change, PutTicket) for change in stage.database.changes)
        stage.database.slow = 0.05
        stage.pipeline.submit(Observation("cam", "reach", NOW + 90.0, 0.1, Outcome.OK))
        await asyncio.sleep(0.02)  # its commit is under way
        before = stage.database.commits
        assert await stage.pipeline.kept()
        assert stage.database.commits == before + 1


async def test_a_person_is_told_when_the_database_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMAND_SECONDS", 0.1)
    stage = Stage()
    async with stage.playing():
        stage.fail()
        await until(lambda: stage.pipeline.world.tickets)
        stage.database.away = True
        with pytest.raises(NotCommitted):
            await stage.pipeline.command(1, Acknowledge(), "li", "r1")


async def test_what_was_decided_is_committed_before_it_ends() -> None:
    stage = Stage()
    stage.database.slow = 0.05
    async with stage.playing():
        stage.fail()
        await asyncio.sleep(0)
    assert any(isinstance(change, PutTicket) for change in stage.database.changes)


async def test_many_inputs_make_few_commits() -> None:
    stage = Stage()
    stage.database.slow = 0.02
    async with stage.playing():
        for number in range(2_000):
            outcome = Outcome.NO_ANSWER if number % 2 else Outcome.OK
            stage.pipeline.submit(Observation("cam", "reach", NOW + number, 0.1, outcome))
        await until(lambda: stage.stats.decisions == 2_000)
    assert stage.database.commits < 200


async def test_deadlines_and_reloads_go_the_same_way() -> None:
    stage = Stage()
    async with stage.playing():
        stage.fail()
        await until(lambda: stage.pipeline.world.tickets)
        stage.now = NOW + 1_000.0
        stage.pipeline.submit(DeadlinePassed(1))
        stage.pipeline.submit(Reloaded(plan_of({"other": {}})))
        stage.pipeline.submit(DeadlinePassed(1))  # over by now
    events = [change.event.kind.value for change in stage.database.changes if isinstance(change, AddEvent)]
    assert events == ["opened", "response_breached", "cancelled"]
    assert stage.pipeline.world.conditions == {}


async def test_a_subscriber_that_sleeps_is_told_that_it_missed_something() -> None:
    feed = Feed(length=2)
    async with feed.subscribe() as told:
        for _ in range(5):
            feed.publish(module.Fact(0.0, ()))
        found = [told.get_nowait() for _ in range(told.qsize())]
    assert found[0] is None
    feed.publish(module.Fact(0.0, ()))  # nobody listens any more


async def test_a_database_that_hangs_does_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "LAST_COMMIT_SECONDS", 0.2)
    stage = Stage()
    stage.database.slow = 3_600.0
    async with asyncio.timeout(10.0):
        async with stage.playing():
            stage.fail()
            await until(lambda: stage.stats.decisions >= 3)
    assert "changes that the database did not take" in caplog.text


async def test_the_number_of_a_click_is_its_own_for_each_person() -> None:
    stage = Stage()
    async with stage.playing():
        stage.fail()
        await until(lambda: stage.pipeline.world.tickets)
        for person in ("li", "wang", "li"):
            await stage.pipeline.command(1, Note(f"by {person}"), person, "the same number")
    noted = [change.event.by for change in stage.database.changes if isinstance(change, AddEvent) and change.event.by]
    assert noted == ["li", "wang"]
