"""Does what devices say by themselves walk the line, whatever happens to the one who listens?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from monitor.core.condition import Condition, Key, State
from monitor.core.expression import Expression
from monitor.core.plan import MONITOR, Check, Device, Fault, Plan, Rule, Site, Text
from monitor.core.world import Saved
from monitor.engine import listeners as module
from monitor.engine.engine import Engine
from probes.listener import Heard, Listener, Voice
from probes.observation import Answer, Outcome
from probes.probe import Lane, Options
from probes.target import Target
from probes.tools import Tools
from ticketing.ticket import Severity


class Ear:
    """A listener in a test's hands."""

    def __init__(self, settings: Any, voice: Voice, tools: Tools) -> None:
        self.settings, self.voice = settings, voice
        self.heard: list[Mapping[str, Heard]] = []
        self.runs = 0
        self.running = asyncio.Event()
        self.end: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def attend(self, devices: Mapping[str, Heard]) -> None:
        self.heard.append(devices)

    async def run(self) -> None:
        self.runs += 1
        self.end = asyncio.get_running_loop().create_future()
        self.running.set()
        await self.end


class Nothing:
    async def commit(self, changes: Iterable[object]) -> None:
        """Taken."""


class Port(Options):
    port: int = 162


@pytest.fixture
def ears(monkeypatch: pytest.MonkeyPatch) -> list[Ear]:
    started: list[Ear] = []

    def start(settings: Any, voice: Voice, tools: Tools) -> Ear:
        started.append(Ear(settings, voice, tools))
        return started[-1]

    one = Listener("traps", start, Options, Port, uses_login=True)
    monkeypatch.setattr(module, "listener", lambda kind: one)
    monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.01)
    return started


def rule(**changes: Any) -> Rule:
    base = Rule(
        "zone-open", "zone.open", "traps", frozenset(), Expression("state == 'raised'"), Severity.HIGH, each="alarm",
        for_seconds=0.0, looks=1, clear_for_seconds=0.0, clear_looks=1,
    )  # fmt: skip
    return replace(base, **changes)


def plan(*devices: str, of: Rule | None = None) -> Plan:
    found = {one: Device(one, one, "panel", Target(one, "127.0.0.1")) for one in (*devices, MONITOR)}
    checks = {
        (one, "traps"): Check(one, "traps", "traps", Options(), 0.0, 0.0, Lane.WIRE, uses_login=True, heard=True)
        for one in devices
    }
    fault = Fault("zone.open", Text("open", "开"), Text("open", "开"))
    rules = {(one, "traps"): (of or rule(),) for one in devices}
    return Plan(Site("s", "S"), found, checks, rules, {"zone.open": fault})


@asynccontextmanager
async def watching(made: Plan, saved: Saved | None = None) -> AsyncIterator[Engine]:
    engine = Engine(made, saved or Saved(), Nothing(), listeners={"traps": Port(port=1162)})
    async with engine.running():
        yield engine


def zone(state: str, key: str = "zone-3") -> Answer:
    return Answer({}, {"alarm": {key: {"state": state}}})


async def until(engine: Engine, *states: str) -> None:
    async with asyncio.timeout(5):
        while [one.state.value for one in engine.live.world.tickets.values()] != list(states):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_what_is_heard_opens_and_ends_a_ticket(ears: list[Ear]) -> None:
    async with watching(plan("panel-1")) as engine:
        (ear,) = ears
        assert ear.settings.port == 1162
        assert ear.heard[0].keys() == {"panel-1"}
        ear.voice.say("panel-1", zone("raised"))
        ear.voice.say("nobody", zone("raised"))
        await until(engine, "new")
        assert next(iter(engine.live.world.tickets.values())).fingerprint.component == "alarm/zone-3"
        assert [one.check for one in await engine.live.look("panel-1")] == ["traps"]
        ear.voice.say("panel-1", zone("cleared"))
        await until(engine, "recovered")
        assert ("nobody", "traps") not in engine.live.world.looks


async def test_a_rule_that_holds_down_hears_again_what_was_said_once(ears: list[Ear]) -> None:
    held = rule(for_seconds=1.2, looks=3, clear_for_seconds=0.6, clear_looks=2)
    async with watching(plan("panel-1", of=held)) as engine:
        ears[0].voice.say("panel-1", zone("raised"))
        await asyncio.sleep(0.2)
        assert not engine.live.world.tickets
        await until(engine, "new")
        ears[0].voice.say("panel-1", zone("cleared"))
        await until(engine, "recovered")


async def test_one_that_ends_runs_again_and_its_devices_are_not_forgotten(ears: list[Ear]) -> None:
    async with watching(plan("panel-1")) as engine:
        (ear,) = ears
        for number, trouble in enumerate((OSError(98, "Address already in use"), ValueError("a bug"))):
            await ear.running.wait()
            ear.running.clear()
            ear.end.set_exception(trouble)
            async with asyncio.timeout(5):
                await ear.running.wait()
            assert engine.stats.listener_failures["traps"] == number + 1
            assert "traps: " in engine.health.troubles["listeners"]
        assert engine.selfwatch.look().values["listener_failing"] is True
        assert ears == [ear]
        assert ear.runs == 3
        ear.voice.say("panel-1", zone("raised"))
        await until(engine, "new")


async def test_one_that_runs_on_is_well_again(ears: list[Ear], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CALM_SECONDS", 0.05)
    async with watching(plan("panel-1")) as engine:
        await ears[0].running.wait()
        ears[0].running.clear()
        ears[0].end.set_exception(OSError(13, "Permission denied"))
        await ears[0].running.wait()
        async with asyncio.timeout(5):
            while engine.health.troubles:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_a_reload_keeps_the_listener_and_stops_one_that_nobody_needs(ears: list[Ear]) -> None:
    async with watching(plan("panel-1")) as engine:
        (ear,) = ears
        await ear.running.wait()
        ear.voice.say("panel-1", zone("raised"))
        engine.reload(plan("panel-1", "panel-2"))
        assert ear.heard[-1].keys() == {"panel-1", "panel-2"}
        await until(engine, "new")
        assert ear.runs == 1
        engine.reload(plan())
        await asyncio.sleep(0.05)
        assert ear.end.cancelled()
        engine.reload(plan("panel-1"))
        assert len(ears) == 2
        await ears[1].running.wait()


@pytest.mark.parametrize(
    ("states", "standing"),
    [
        ((State.FIRING,), "raised"),
        ((State.PENDING,), "raised"),
        ((State.FLAPPING,), "raised"),
        ((State.CLEARING,), "cleared"),
        ((State.CLEARING, State.FIRING), "raised"),
        ((State.FIRING, State.CLEARING), "raised"),
        ((State.CLEARING, State.CLEARING), "cleared"),
    ],
)
async def test_after_a_restart_it_is_told_how_it_stood(
    ears: list[Ear], states: tuple[State, ...], standing: str
) -> None:
    made = plan("panel-1")
    (first,) = made.rules["panel-1", "traps"]
    rules = tuple(replace(first, id=f"zone-{number}") for number, _ in enumerate(states))
    made = replace(made, rules={("panel-1", "traps"): rules})
    bad = tuple(
        Condition(Key("panel-1", one.id, "alarm/zone-3"), state, 1.0, 1, 1.0, told=True, good_since=2.0)
        for one, state in zip(rules, states, strict=True)
    )
    async with watching(made, Saved(bad)):
        assert ears[0].heard[0]["panel-1"].standing == {"alarm/zone-3": standing}
        assert not ears[0].heard[0]["panel-1"].in_doubt


async def test_after_a_restart_it_is_told_that_it_was_perhaps_not_heard(ears: list[Ear]) -> None:
    bad = Condition(Key("panel-1", "zone-open"), State.CLEARING, 1.0, 1, 1.0, told=True, good_since=2.0)
    async with watching(plan("panel-1", of=rule(each=None)), Saved((bad,))):
        assert ears[0].heard[0]["panel-1"].in_doubt


async def test_what_is_kept_is_what_is_committed(ears: list[Ear], monkeypatch: pytest.MonkeyPatch) -> None:
    async with watching(plan("panel-1")) as engine:
        gate = asyncio.Event()

        async def commit(changes: Iterable[object]) -> None:
            await gate.wait()

        monkeypatch.setattr(engine.pipeline._store, "commit", commit)
        ears[0].voice.say("panel-1", zone("raised"))
        asked = asyncio.create_task(ears[0].voice.kept())
        await until(engine, "new")
        await asyncio.sleep(0.02)
        assert not asked.done()
        gate.set()
        assert await asked


async def test_a_refused_password_is_not_sent_again(ears: list[Ear]) -> None:
    async with watching(plan("panel-1")) as engine:
        voice = ears[0].voice
        assert voice.may_log_in("panel-1")
        voice.say("panel-1", Answer(outcome=Outcome.DENIED))
        assert not voice.may_log_in("panel-1")
        voice.count("denied")
        assert engine.stats.heard["traps", "denied"] == 1


async def test_credentials_wait_until_another_check_has_proved_them(ears: list[Ear]) -> None:
    made = plan("panel-1")
    asked = Check("panel-1", "http", "http", Options(), 3_600.0, 1.0, Lane.WIRE, uses_login=True)
    async with watching(replace(made, checks={**made.checks, ("panel-1", "http"): asked})) as engine:
        assert not ears[0].voice.may_log_in("panel-1")
        engine.gate.learn(replace(_look(), check="http"), "login")
        assert ears[0].voice.may_log_in("panel-1")


def _look() -> Any:
    from probes.observation import Observation

    return Observation("panel-1", "traps", 0.0, 0.0, Outcome.OK)
