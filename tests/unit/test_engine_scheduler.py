"""Who is asked when, in which lane; dark devices, refused passwords, new plans."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from monitor.core.plan import Check, Plan
from monitor.engine import scheduler as module
from monitor.engine.gate import Gate
from monitor.engine.live import Stats
from monitor.engine.scheduler import SLOW, Scheduler
from probes.errors import Denied, NoAnswer
from probes.observation import Answer, Observation, Outcome
from probes.probe import Options, Probe
from probes.target import Login, Secret, Target
from probes.tools import Tools
from tests.acceptance.plans import plan_of

LIMITS = {"wire": 20, SLOW: 5, "decode": 2}
Behave = Callable[[Target], Awaitable[Answer]]


class Stage:
    """A scheduler whose one probe behaves as the test says."""

    def __init__(self, plan: Plan, behave: Behave, monkeypatch: pytest.MonkeyPatch) -> None:
        async def ask(target: Target, options: Options, tools: Tools) -> Answer:
            self.running += 1
            self.most = max(self.most, self.running)
            self.asked[target.device] += 1
            try:
                return await behave(target)
            finally:
                self.running -= 1

        monkeypatch.setattr(module, "probe", lambda kind: Probe(kind, ask, Options))
        self.running = self.most = 0
        self.asked: Counter[str] = Counter()
        self.seen: list[Observation] = []
        self.stats = Stats()
        self.tools = Tools()
        self.gate = Gate(self.tools.now, 900.0)
        self.scheduler = Scheduler(self.tools, self.gate, self.seen.append, self.stats, LIMITS)
        self.scheduler.plan(plan)

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.scheduler.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def fast(plan: Plan, every: float, timeout: float = 5.0, **more: bool) -> Plan:
    """The same with another interval."""
    checks: dict[tuple[str, str], Check] = {
        key: replace(check, every_seconds=every, timeout_seconds=timeout, **more)  # type: ignore[arg-type]
        for key, check in plan.checks.items()
    }
    return replace(plan, checks=checks)


def with_login(plan: Plan, password: str = "secret") -> Plan:
    """The same, where each check sends this login."""
    login = Login("viewer", Secret(password))
    return replace(
        plan,
        devices={key: replace(one, target=replace(one.target, login=login)) for key, one in plan.devices.items()},
        checks={key: replace(check, uses_login=True) for key, check in plan.checks.items()},
    )


async def well(target: Target) -> Answer:
    return Answer({"rtt_seconds": 0.001})


async def test_every_check_is_asked_at_its_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = fast(plan_of({f"cam-{n}": {} for n in range(20)}), every=0.5)
    stage = Stage(plan, well, monkeypatch)
    async with stage.playing():
        await asyncio.sleep(2.6)
    assert set(stage.asked) == set(plan.devices)
    assert all(4 <= count <= 8 for count in stage.asked.values())
    assert stage.stats.looks["icmp", "ok"] == len(stage.seen)


async def test_a_check_never_runs_twice_at_once_and_counts_what_it_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(target: Target) -> Answer:
        await asyncio.sleep(0.35)
        return Answer()

    stage = Stage(fast(plan_of({"cam": {}}), every=0.1), slow, monkeypatch)
    async with stage.playing():
        await asyncio.sleep(1.5)
    assert stage.most == 1
    assert stage.stats.skipped_ticks["wire"] >= 4


async def test_a_lane_takes_so_many_and_the_others_wait_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(target: Target) -> Answer:
        await asyncio.sleep(0.5)
        return Answer()

    stage = Stage(fast(plan_of({f"cam-{n}": {} for n in range(100)}), every=30.0), slow, monkeypatch)
    async with stage.playing():
        await asyncio.sleep(4.5)
    assert stage.most == LIMITS["wire"]
    assert len(stage.asked) == 100


async def test_a_dark_switch_is_asked_before_the_crowd_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def dark(target: Target) -> Answer:
        await asyncio.sleep(0.2)
        raise NoAnswer("nothing came")

    cameras = {f"cam-{number}": {"parent": "sw"} for number in range(200)}
    plan = fast(plan_of({"sw": {"kind": "switch"}, **cameras}), every=0.5)
    stage = Stage(plan, dark, monkeypatch)
    async with stage.playing():
        await asyncio.sleep(4.0)  # the slow lane takes 25 looks a second, the cameras want 400
        before = stage.asked["sw"]
        await asyncio.sleep(3.0)
    assert stage.asked["sw"] - before >= 4


async def test_dark_devices_move_to_the_slow_lane_and_delay_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    async def some_dark(target: Target) -> Answer:
        if target.device.startswith("dark"):
            await asyncio.sleep(0.3)
            raise NoAnswer("nothing")
        return Answer()

    devices = {f"{kind}-{n}": {} for kind in ("dark", "good") for n in range(30)}
    stage = Stage(fast(plan_of(devices), every=0.5), some_dark, monkeypatch)
    async with stage.playing():
        await asyncio.sleep(4.0)
        dark_running = stage.stats.running[SLOW]
    good = [count for device, count in stage.asked.items() if device.startswith("good")]
    assert min(good) >= 6
    assert 0 < dark_running <= LIMITS[SLOW]


async def test_a_crowd_that_falls_silent_at_once_delays_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    async def behave(target: Target) -> Answer:
        if target.device.startswith("dark"):
            await asyncio.sleep(4.0)
            raise NoAnswer("nothing came")
        return Answer({})

    monkeypatch.setattr(module, "LONG_SECONDS", 0.2)
    devices = {f"{what}-{n}": {} for what, count in (("dark", 40), ("cam", 5)) for n in range(count)}
    stage = Stage(fast(plan_of(devices), every=0.5), behave, monkeypatch)
    async with stage.playing():
        await asyncio.sleep(3.5)  # the dark ones are not known to be dark yet, and would take all 20 places of the wire
        assert min(stage.asked[f"cam-{n}"] for n in range(5)) >= 3
        assert stage.most <= 2 * LIMITS["wire"] + LIMITS[SLOW]
        assert stage.stats.running["wire"] <= LIMITS["wire"]
        await asyncio.sleep(1.5)
        assert stage.stats.running[SLOW] <= LIMITS["wire"] + LIMITS[SLOW]


async def test_a_refused_password_is_sent_once_by_one_check(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(target: Target) -> Answer:
        await asyncio.sleep(0.02)
        raise Denied("no")

    plan = plan_of({"cam": {"checks": ["rtsp", "onvif", "frame"]}})
    stage = Stage(fast(plan, every=0.2, uses_login=True), refuse, monkeypatch)
    async with stage.playing():
        await asyncio.sleep(1.5)
    assert stage.asked["cam"] == 1
    outcomes = Counter(look.outcome for look in stage.seen)
    assert outcomes[Outcome.DENIED] == 1
    assert outcomes[Outcome.WITHHELD] >= 3
    assert {look.values["state"] for look in stage.seen if look.check == "login"} == {"refused"}


async def test_a_retry_that_a_person_wants_is_one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    right = False

    async def door(target: Target) -> Answer:
        if not right:
            raise Denied("no")
        return Answer()

    plan = plan_of({"cam": {"checks": ["rtsp", "onvif"]}})
    stage = Stage(fast(plan, every=0.3, uses_login=True), door, monkeypatch)
    async with stage.playing():
        await asyncio.sleep(1.0)
        stage.scheduler.again("cam", "login", stage.tools.now())  # the daemon's own wish is none
        await asyncio.sleep(0.8)
        assert stage.asked["cam"] == 1
        stage.scheduler.retry("cam", "login")
        await asyncio.sleep(0.8)
        assert stage.asked["cam"] == 2
        right = True
        stage.scheduler.retry("cam", "login")
        await asyncio.sleep(1.2)
    states = [look.values["state"] for look in stage.seen if look.check == "login"]
    assert states == sorted(states, reverse=True)  # refused, refused, …, ok, ok, …
    assert set(states) == {"refused", "ok"}
    assert {look.check for look in stage.seen if look.outcome is Outcome.OK} >= {"rtsp", "onvif"}


async def test_one_account_for_many_devices_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty cameras that are watched through their recorder's one account."""

    async def refuse(target: Target) -> Answer:
        await asyncio.sleep(0.02)
        raise Denied("no")

    plan = with_login(fast(plan_of({f"cam-{n}": {"checks": ["rtsp", "frame"]} for n in range(30)}), 0.5))
    stage = Stage(plan, refuse, monkeypatch)
    async with stage.playing():
        await asyncio.sleep(2.5)
    assert stage.asked.total() == 1
    assert {look.device for look in stage.seen if look.check == "login"} == set(plan.devices)


async def test_an_account_that_works_is_used_at_many_devices_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(target: Target) -> Answer:
        await asyncio.sleep(0.2)
        return Answer()

    stage = Stage(
        with_login(fast(plan_of({f"cam-{n}": {"checks": ["rtsp"]} for n in range(15)}), 5.0)), slow, monkeypatch
    )
    async with stage.playing():
        await asyncio.sleep(2.0)
    assert len(stage.asked) == 15
    assert stage.most > 5


async def test_a_new_password_is_tried_once_and_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def door(target: Target) -> Answer:
        if target.login != Login("viewer", Secret("right")):
            raise Denied("no")
        return Answer()

    before = with_login(fast(plan_of({"cam": {"checks": ["rtsp", "onvif"]}}), 20.0), "wrong")
    stage = Stage(before, door, monkeypatch)
    async with stage.playing():
        await asyncio.sleep(1.3)
        assert stage.asked["cam"] == 1
        stage.scheduler.plan(before)
        stage.scheduler.plan(with_login(before, "also wrong"))
        await asyncio.sleep(0.8)
        assert stage.asked["cam"] == 2
        stage.scheduler.plan(with_login(before, "right"))
        await asyncio.sleep(0.8)
    assert stage.asked["cam"] == 3
    states = [look.values["state"] for look in stage.seen if look.check == "login"]
    assert states[-1] == "ok"
    assert set(states[:-1]) == {"refused"}


async def test_others_try_when_the_refused_check_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    right = False

    async def door(target: Target) -> Answer:
        if not right:
            raise Denied("no")
        return Answer()

    plan = with_login(fast(plan_of({"cam": {"checks": ["rtsp", "onvif"]}}), 0.3))
    stage = Stage(plan, door, monkeypatch)
    stage.gate.learn(Observation("cam", "onvif", 0.0, 0.1, Outcome.DENIED), "login")
    async with stage.playing():
        await asyncio.sleep(0.8)
        right = True
        stage.scheduler.plan(replace(plan, checks={key: one for key, one in plan.checks.items() if key[1] != "onvif"}))
        stage.scheduler.retry("cam", "login")
        await asyncio.sleep(1.0)
    assert [look.values["state"] for look in stage.seen if look.check == "login"][-1] == "ok"


async def test_who_looks_now_learns_that_the_device_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = fast(plan_of({"cam": {"checks": ["reach"]}, "other": {}}), 600.0)
    stage = Stage(plan, well, monkeypatch)  # it does not run: the look stays due
    changed, gone = (asyncio.create_task(stage.scheduler.look(device)) for device in ("cam", "other"))
    await asyncio.sleep(0)
    stage.scheduler.plan(fast(plan_of({"cam": {"checks": ["reach"]}}), 700.0))
    async with stage.playing():
        with pytest.raises(LookupError):
            await asyncio.wait_for(gone, 2.0)
        assert [look.check for look in await asyncio.wait_for(changed, 2.0)] == ["reach"]


async def test_a_check_that_waited_while_it_was_removed_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(target: Target) -> Answer:
        await asyncio.sleep(0.5)
        return Answer()

    devices = {f"cam-{n}": {"checks": ["rtsp"]} for n in range(LIMITS["wire"] + 10)}
    stage = Stage(fast(plan_of(devices), every=30.0), slow, monkeypatch)
    for device in devices:
        stage.scheduler.again(device, "rtsp", 0.0)
    async with stage.playing():
        await asyncio.sleep(0.2)
        assert stage.running == LIMITS["wire"]
        waiting = set(devices) - set(stage.asked)
        stage.scheduler.plan(plan_of({}))
        await asyncio.sleep(1.0)
    assert not waiting & set(stage.asked)


async def test_asking_again_comes_before_the_regular_turn_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(fast(plan_of({"cam": {}}), every=60.0), well, monkeypatch)
    async with stage.playing():
        await asyncio.sleep(1.3)
        assert stage.asked["cam"] == 1
        for _ in range(50):
            stage.scheduler.again("cam", "reach", stage.tools.now() + 0.2)
        stage.scheduler.again("nobody", "reach", 0.0)
        await asyncio.sleep(1.5)
    assert stage.asked["cam"] == 2


async def test_looking_now_answers_with_every_check(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(fast(plan_of({"cam": {"checks": ["reach", "rtsp"]}}), every=600.0), well, monkeypatch)
    async with stage.playing():
        looks = await stage.scheduler.look("cam")
        with pytest.raises(LookupError):
            await stage.scheduler.look("nobody")
    assert {look.check for look in looks} == {"reach", "rtsp"}


async def test_a_new_plan_adds_keeps_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(fast(plan_of({"a": {}, "b": {}}), every=0.3), well, monkeypatch)
    async with stage.playing():
        await asyncio.sleep(1.0)
        stage.scheduler.plan(fast(plan_of({"b": {}, "c": {}}), every=0.3))
        await asyncio.sleep(0.2)
        before = Counter(stage.asked)
        await asyncio.sleep(1.5)
    assert stage.asked["a"] == before["a"]
    assert stage.asked["b"] > before["b"] + 2
    assert stage.asked["c"] > 2


async def test_a_bug_in_a_probe_is_the_monitors_and_the_daemon_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(target: Target) -> Answer:
        if target.device == "a":
            raise ZeroDivisionError
        return Answer()

    stage = Stage(fast(plan_of({"a": {}, "b": {}}), every=0.2), broken, monkeypatch)
    async with stage.playing():
        await asyncio.sleep(1.3)
    assert {look.outcome for look in stage.seen if look.device == "a"} == {Outcome.BUG}
    assert stage.asked["b"] > 3


async def test_stopping_ends_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(target: Target) -> Answer:
        await asyncio.sleep(3_600)
        return Answer()

    stage = Stage(fast(plan_of({f"cam-{n}": {} for n in range(5)}), every=10.0, timeout=3_600.0), hang, monkeypatch)
    async with stage.playing():
        await asyncio.sleep(1.2)
        assert stage.running == 5
    assert stage.running == 0
