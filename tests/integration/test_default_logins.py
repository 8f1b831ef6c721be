"""Is a default password found by one try a day at a real socket, and is nobody locked out by looking for it?"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from monitor.core import decide, guesses
from monitor.core.plan import Plan
from monitor.core.world import World
from monitor.engine.default_logins import DefaultLogins
from monitor.engine.engine import Engine
from monitor.engine.gate import Gate
from monitor.engine.live import NotCommitted
from monitor.notify.wording import describe
from monitor.settings.load import load
from monitor.settings.model import Settings
from monitor.settings.planning import plan as plan_of
from monitor.storage.store import Store
from probes.ask import ask
from probes.observation import Observation, Outcome
from probes.onvif import PROBE as ONVIF
from probes.simulators import Shape, SimulatedSite, site_yaml
from probes.simulators.blueprint import DEFAULT_PASSWORD, DEFAULT_USERNAME, PASSWORD, USERNAME
from probes.simulators.camera import Camera
from probes.tools import Tools
from tests.servers.simsite import free_base

DAY = 86_400.0
WRONG = [f"user{number}:not-it-{number}" for number in range(9)]


@pytest_asyncio.fixture
async def site(films: Path) -> AsyncIterator[SimulatedSite]:
    shape = Shape(base=free_base(), cameras=3, recorders=0, panels=0, switches=0, upses=0, films=1)
    async with SimulatedSite(shape, films) as running:
        yield running


@pytest.fixture
def configured(site: SimulatedSite, tmp_path: Path) -> Callable[..., Settings]:
    def configure(*lines: str) -> Settings:
        passwords = tmp_path / "default-passwords"
        passwords.write_text("\n".join(["# of the makers", "", *lines]), "utf-8")
        passwords.chmod(0o600)
        file = tmp_path / "site.yaml"
        section = "default_passwords: {list: default-passwords, consent: true}\n"
        file.write_text(section + site_yaml(site.shape), "utf-8")
        return load(file)

    return configure


class Days:
    """The tries of many days; each begins with a look at ONVIF by the camera's own login."""

    def __init__(self, settings: Settings) -> None:
        self.plan: Plan = plan_of(settings)
        self.world, self.now = World(), 1_800_000_000.0
        self.tools = Tools(lambda: self.now)
        self.gate = Gate(lambda: self.now)
        self.gate.plan(self.plan)
        self.looks: list[Observation] = []
        self.committing = True
        self.trier = self.start(settings)

    def start(self, settings: Settings) -> DefaultLogins:
        trier = DefaultLogins(self.tools, self.gate, self.world, self.begin, sink=self.take)
        trier.plan(self.plan)
        trier.logins = settings.default_logins
        return trier

    async def begin(self, device: str) -> None:
        if not self.committing:
            raise NotCommitted("the database is away")
        decide.guess(self.plan, self.world, device, self.now)

    def take(self, look: Observation) -> None:
        self.looks.append(look)
        decide.observe(self.plan, self.world, look)

    async def look(self, *devices: str) -> None:
        for device in devices or [one for one in self.plan.devices if one.startswith("camera")]:
            check, target = self.plan.checks[device, "onvif"], self.plan.devices[device].target
            seen = await ask(ONVIF, target, check.options, self.tools, check="onvif", timeout_seconds=8)
            self.gate.learn(seen, "login")
            decide.observe(self.plan, self.world, seen)

    async def day(self, rounds: int = 3) -> None:
        await self.look()
        for _ in range(rounds):
            await self.trier.go_round(0.0)
            self.now += 3_600
        self.now += DAY - rounds * 3_600

    def tried(self, device: str) -> int:
        return guesses.count_of(self.world.inventory.get(device, {}), guesses.TRIED)

    @property
    def tickets(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for ticket in self.world.tickets.values():
            if ticket.fingerprint.fault == "clock.drift":
                continue  # the cameras' clocks are those of this machine, and not of the days made up here
            found.setdefault(ticket.fingerprint.device, []).append(f"{ticket.fingerprint.fault} {ticket.state.value}")
        return found


def camera(site: SimulatedSite, name: str) -> Camera:
    found = site.devices[name]
    assert isinstance(found, Camera)
    return found


async def test_a_default_password_is_one_ticket_and_nobody_is_locked_out(
    site: SimulatedSite, configured: Callable[..., Settings], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = configured(*WRONG, f"{DEFAULT_USERNAME}:{DEFAULT_PASSWORD}")
    site.fail("camera-02", "default_login")
    days = Days(settings)
    for number in range(12):
        await days.day()
        for name in ("camera-01", "camera-02", "camera-03"):
            assert days.tried(name) == number + 1  # one a day, however often the round is made
            assert sum(camera(site, name).gate.refused.values()) <= number + 1
            assert not camera(site, name).gate.locked
    assert days.tickets == {"camera-02": ["login.default new"]}
    (ticket,) = (one for one in days.world.tickets.values() if one.fingerprint.fault == "login.default")
    assert ticket.facts["username"] == DEFAULT_USERNAME
    for language in ("en", "zh_CN"):
        said = describe(ticket, days.plan, language, days.now)  # type: ignore[arg-type]
        assert DEFAULT_USERNAME in said.what
        assert DEFAULT_PASSWORD not in repr(said)
    first = {look.device: look.values["username"] for look in reversed(days.looks)}
    assert len(set(first.values())) > 1  # not all begin with the same
    everything = caplog.text + repr(days.looks) + repr(days.world) + repr(settings)
    assert DEFAULT_PASSWORD not in everything
    assert "not-it" not in everything
    assert "default logins: try 1 at camera-01: refused" in caplog.text

    site.repair("camera-02", "default_login")  # somebody has changed it
    await days.day()
    assert days.tickets == {"camera-02": ["login.default recovered"]}
    await days.tools.close()


async def test_no_try_where_a_login_was_refused_lately(
    site: SimulatedSite, configured: Callable[..., Settings]
) -> None:
    days = Days(configured(*WRONG))
    site.fail("camera-01", "wrong_password")
    await days.day()
    assert (days.tried("camera-01"), days.tried("camera-02")) == (0, 1)
    site.repair("camera-01", "wrong_password")
    days.now -= 3_600  # the refusal is less than a day old
    await days.look()
    await days.trier.go_round(0.0)
    assert days.gate.works("camera-01", "login")
    assert days.tried("camera-01") == 0
    days.now += 2 * 3_600
    await days.day()
    assert days.tried("camera-01") == 1
    await days.tools.close()


async def test_no_try_that_is_not_written_down_and_none_after_a_restart(
    site: SimulatedSite, configured: Callable[..., Settings]
) -> None:
    settings = configured(*WRONG)
    days = Days(settings)
    await days.look()
    days.committing = False
    await days.trier.go_round(0.0)
    assert not days.looks
    assert not any(camera(site, name).gate.refused for name in site.devices)
    days.committing = True
    await days.trier.go_round(0.0)
    assert len(days.looks) == 3
    days.trier = days.start(settings)
    days.now += DAY - 60
    await days.look()
    await days.trier.go_round(0.0)
    assert len(days.looks) == 3
    days.now += 120
    await days.trier.go_round(0.0)
    assert len(days.looks) == 6
    await days.tools.close()


async def test_no_try_at_what_does_not_answer_and_one_for_all_behind_an_address(
    site: SimulatedSite, configured: Callable[..., Settings]
) -> None:
    days = Days(configured(*WRONG))
    site.fail("camera-01", "onvif_off")
    await days.day()
    assert (days.tried("camera-01"), days.tried("camera-02")) == (0, 1)
    site.repair("camera-01", "onvif_off")
    decide.guess(days.plan, days.world, "camera-03", days.now)
    host = days.plan.devices["camera-03"].target.host
    devices = dict(days.plan.devices)  # channels of one encoder
    for name in ("camera-01", "camera-02"):
        devices[name] = replace(devices[name], target=replace(devices[name].target, host=host))
    days.plan = replace(days.plan, devices=devices)
    days.trier.plan(days.plan)
    await days.look()
    before = len(days.looks)
    await days.trier.go_round(0.0)
    assert len(days.looks) == before
    await days.tools.close()


async def test_a_device_that_speaks_of_locking_is_left_alone_for_a_week(
    site: SimulatedSite, configured: Callable[..., Settings]
) -> None:
    days = Days(configured(*WRONG))
    await days.day()
    values = {"state": "refused", "username": "x", "locked": True}
    days.take(Observation("camera-01", guesses.CHECK, days.now, 0.1, Outcome.OK, values))
    for _ in range(6):
        await days.day()
    assert (days.tried("camera-01"), days.tried("camera-02")) == (1, 7)
    await days.day()
    await days.day()
    assert days.tried("camera-01") == 2
    await days.tools.close()


async def test_the_login_in_use_may_be_a_default_one_itself(
    site: SimulatedSite, configured: Callable[..., Settings]
) -> None:
    days = Days(configured(f"{USERNAME}:{PASSWORD}", *WRONG))
    await days.day()
    assert set(days.tickets) == {"camera-01", "camera-02", "camera-03"}
    assert days.tried("camera-01") == 0  # nothing had to be tried
    assert not any(camera(site, name).gate.refused for name in site.devices)
    await days.tools.close()


async def test_the_engine_writes_a_try_down_before_it_is_made(
    configured: Callable[..., Settings], tmp_path: Path, site: SimulatedSite
) -> None:
    settings = configured(*WRONG)
    store = Store.open("", tmp_path)
    plan = plan_of(settings)
    plan = replace(plan, checks={key: check for key, check in plan.checks.items() if check.name == "onvif"})
    engine = Engine(plan, await store.load(), store, default_logins=settings.default_logins)
    try:
        async with engine.running():
            for name in ("camera-01", "camera-02", "camera-03"):
                await engine.live.look(name)
            await engine.default_logins.go_round(0.0)
            saved = {(item.device, item.name): item.value for item in (await store.load()).items}
            assert saved["camera-02", guesses.TRIED] == "1"
            refused = [sum(camera(site, name).gate.refused.values()) for name in site.devices]
            assert refused == [1, 1, 1]
            await engine.default_logins.go_round(0.0)
            assert refused == [sum(camera(site, name).gate.refused.values()) for name in site.devices]
    finally:
        await store.close()
