"""Do cameras tell what happens to them, keep their places free, and stay unharmed by being listened to?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from probes.listener import Heard
from probes.observation import Answer, Outcome
from probes.onvif.events import ear as module
from probes.onvif.events.listener import Events, EventsOptions, EventsSettings
from probes.target import Login, Secret, Target
from probes.tools import Tools
from tests.servers.ipycam import ipycam
from tests.servers.simsite import SimSite

SECONDS = 20


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_WAIT_SECONDS", 1.0)
    monkeypatch.setattr(module, "SHORTEST_PULL_SECONDS", 0.2)
    monkeypatch.setattr(module, "CALL_SECONDS", 2.0)


class Ears:
    """Events in a test's hands."""

    def __init__(self, give_up_after: int = 5) -> None:
        self.said: dict[str, list[Answer]] = {}
        self.counted: dict[str, int] = {}
        self.allowed = True
        self.news = asyncio.Event()
        self.tools = Tools()
        self.events = Events(EventsSettings(start_within=0, give_up_after=give_up_after), self, self.tools)

    def say(self, device: str, answer: Answer) -> None:
        self.said.setdefault(device, []).append(answer)
        self.news.set()

    async def kept(self) -> bool:
        return True

    def count(self, result: str, number: int = 1) -> None:
        self.counted[result] = self.counted.get(result, 0) + number

    def may_log_in(self, device: str) -> bool:
        return self.allowed

    def raised(self, device: str) -> set[str]:
        rows = self.said[device][-1].rows.get("alarm", {})
        return {key for key, row in rows.items() if row["state"] == "raised"}

    async def until(self, device: str, wanted: object) -> Answer:
        async with asyncio.timeout(SECONDS):
            while not (device in self.said and callable(wanted) and wanted(self.said[device][-1])):
                self.news.clear()
                await self.news.wait()
        return self.said[device][-1]

    async def until_raised(self, device: str, *keys: str) -> None:
        await self.until(device, lambda answer: "alarm" in answer.rows and answer.rows["alarm"] and
                         self.raised(device) == set(keys))  # fmt: skip


@asynccontextmanager
async def listening(*heard: Heard, give_up_after: int = 5) -> AsyncIterator[Ears]:
    ears = Ears(give_up_after)
    ears.events.attend({one.target.device: one for one in heard})
    task = asyncio.create_task(ears.events.run())
    try:
        yield ears
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await ears.tools.close()


def camera(site: SimSite, name: str, standing: tuple[str, ...] = (), password: str | None = None) -> Heard:
    login = Login(site.username, Secret(password or site.password))
    return Heard(
        Target(name, site.address(name), login),
        EventsOptions(port=site.shape.http_port),
        dict.fromkeys(standing, "raised"),
    )


@pytest.mark.parametrize("name", ["camera-01", "camera-04", "camera-06"])  # each writes and logs in otherwise
async def test_an_event_comes_and_goes_and_the_place_is_given_back(simsite: SimSite, name: str) -> None:
    before = simsite.device(name)["refused_logins"]
    async with listening(camera(simsite, name, ("alarm/fan_failed vs", "alarm/relay gone"))) as ears:
        await ears.until_raised(name)  # what stood before and is not told again is over
        assert ears.said[name][-1].values["subscribed"] is True
        for fault, key in (("tamper_hint", "tamper vs"), ("fan_failed", "fan_failed vs")):
            with simsite.failing(name, fault):
                await ears.until_raised(name, key)
            await ears.until_raised(name)
        assert simsite.device(name)["subscriptions"] == 1
    assert simsite.device(name)["subscriptions"] == 0
    assert simsite.device(name)["refused_logins"] == before


async def test_a_reload_gives_back_what_is_not_wanted_and_keeps_the_rest(simsite: SimSite) -> None:
    one, two = camera(simsite, "camera-01"), camera(simsite, "camera-02")
    async with listening(one, two) as ears:
        await ears.until_raised("camera-01")
        await ears.until_raised("camera-02")
        made = simsite.device("camera-01")["subscribed"]
        ears.events.attend({"camera-01": camera(simsite, "camera-01")})
        await asyncio.gather(*ears.events._ending, return_exceptions=True)
        assert simsite.device("camera-02")["subscriptions"] == 0
        assert simsite.device("camera-01")["subscriptions"] == 1
        assert simsite.device("camera-01")["subscribed"] == made


async def test_a_subscription_is_prolonged_before_it_ends(simsite: SimSite, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "camera-02"
    monkeypatch.setattr(module, "RENEW_SHARE", 1 / 600)  # after a second, so that a test need not wait for minutes
    made = simsite.device(name)["subscribed"]
    async with listening(camera(simsite, name)) as ears:
        await ears.until_raised(name)
        await asyncio.sleep(2.2)
        with simsite.failing(name, "input_closed"):
            await ears.until_raised(name, "digital_input vs")
    assert simsite.device(name)["subscribed"] == made + 1
    assert "failed" not in ears.counted


async def test_a_refused_password_is_tried_once(simsite: SimSite) -> None:
    name = "camera-03"
    before = sum(simsite.device(name)["refused_logins"].values())
    async with listening(camera(simsite, name, password="guess")) as ears:
        said = await ears.until(name, lambda answer: answer.outcome is Outcome.DENIED)
        ears.allowed = False  # as the daemon's gate does
        assert "refused" in said.detail
        assert "guess" not in said.detail
    assert sum(simsite.device(name)["refused_logins"].values()) == before + 1


async def test_a_device_that_hangs_is_left_alone_and_that_is_said(
    simsite: SimSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "camera-05"
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.1)
    monkeypatch.setattr(module, "FIRST_WAIT_SECONDS", 0.3)
    monkeypatch.setattr(module, "SHORTEST_PULL_SECONDS", 0.1)
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.05)
    with simsite.failing(name, "events_hang"):
        async with listening(camera(simsite, name), give_up_after=3) as ears:
            said = await ears.until(name, lambda answer: answer.values["left_alone"])
            assert said.outcome is Outcome.UNSUPPORTED
            assert "3 failures" in said.detail
            assert [answer.detail[:24] for answer in ears.said[name] if answer.detail][:2] == [
                "events failed, 1 of 3: n", "events failed, 2 of 3: n",
            ]  # fmt: skip
            assert simsite.device(name)["subscriptions"] == 0  # given back each time


async def test_without_events_nothing_is_wrong_and_without_power_it_is_away(simsite: SimSite) -> None:
    name = "camera-06"
    with simsite.failing(name, "events_off"):
        async with listening(camera(simsite, name)) as ears:
            said = await ears.until(name, lambda answer: True)
            assert (said.outcome, dict(said.values)) == (Outcome.OK, {"subscribed": False, "left_alone": False})
            assert not said.rows
    with simsite.failing(name, "unplugged"):
        async with listening(camera(simsite, name)) as ears:
            said = await ears.until(name, lambda answer: True)
            assert said.outcome is Outcome.NO_ANSWER
            assert "failed" not in ears.counted


async def test_channels_of_one_recorder_are_one_subscription(simsite: SimSite) -> None:
    name = "camera-01"
    first = camera(simsite, name)
    other = Heard(Target("another", first.target.host, first.target.login), first.options)
    async with listening(first, other) as ears:
        await ears.until("another", lambda answer: answer.values["subscribed"])
        assert ears.said[name][-1].values["subscribed"] is False
        assert simsite.device(name)["subscriptions"] == 1


async def test_a_camera_of_others_without_events(tmp_path: Path) -> None:
    with ipycam(tmp_path) as other:
        target = Target("cam", other.host, Login(other.username, Secret(other.password)))
        async with listening(Heard(target, EventsOptions(port=other.port))) as ears:
            said = await ears.until("cam", lambda answer: True)
            assert (said.outcome, said.values["subscribed"]) == (Outcome.OK, False)
            assert said.detail.startswith("no events")
