"""Does the onvif probe log in by HTTP Digest, and see what is wrong with a simulated camera?"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from probes.ask import ask
from probes.http import HttpOptions
from probes.observation import Observation, Outcome
from probes.onvif import OnvifOptions, snapshot_uri
from probes.registry import probe
from probes.target import Login, Secret, Target
from probes.tools import Tools, start_transcript
from tests.servers.simsite import SimSite


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    shared = Tools()
    yield shared
    await shared.close()


def camera(site: SimSite, name: str, password: str | None = None) -> Target:
    return Target(name, site.address(name), Login(site.username, Secret(password or site.password)))


async def look(tools: Tools, site: SimSite, whom: Target, seconds: float = 15) -> Observation:
    options = OnvifOptions(port=site.shape.http_port)
    return await ask(probe("onvif"), whom, options, tools, check="onvif", timeout_seconds=seconds)


async def test_healthy_camera(tools: Tools, simsite: SimSite) -> None:
    name = "camera-01"
    lines = start_transcript()
    seen = await look(tools, simsite, camera(simsite, name))
    assert (seen.outcome, seen.detail) == (Outcome.OK, "")
    assert seen.values["clock_offset_seconds"] == 0
    assert seen.values["model"]
    assert len(seen.rows["profile"]) == 2
    assert not any("UsernameToken" in line for line in lines)  # it offers Digest, so that is what it gets
    uri = await snapshot_uri(tools, camera(simsite, name), OnvifOptions(port=simsite.shape.http_port))
    shot = await ask(
        probe("http"), camera(simsite, name), HttpOptions(url=uri), tools, check="http", timeout_seconds=15
    )
    assert (shot.outcome, shot.values["status"]) == (Outcome.OK, 200)
    assert shot.values["body_bytes"] > 1_000


async def test_what_goes_wrong_is_told_apart(tools: Tools, simsite: SimSite) -> None:
    name = "camera-01"
    whom = camera(simsite, name)
    await look(tools, simsite, whom)
    with simsite.failing(name, "clock_drift", 180.0):
        seen = await look(tools, simsite, whom)
        assert (seen.outcome, seen.values["clock_offset_seconds"]) == (Outcome.OK, pytest.approx(180, abs=3))
        stranger = Tools()  # logs in anew, in spite of the clock
        assert (await look(stranger, simsite, whom)).values["model"]
        await stranger.close()
    with simsite.failing(name, "onvif_off"):
        seen = await look(tools, simsite, whom)
        assert seen.outcome is Outcome.UNSUPPORTED
        assert "turned off" in seen.detail
    with simsite.failing(name, "unplugged"):
        assert (await look(tools, simsite, whom, seconds=0.5)).outcome in {Outcome.REFUSED, Outcome.NO_ANSWER}


async def test_wrong_password_is_tried_once(tools: Tools, simsite: SimSite) -> None:
    name = "camera-02"
    before = sum(simsite.device(name)["refused_logins"].values())
    seen = await look(tools, simsite, camera(simsite, name, "guess"))
    assert seen.outcome is Outcome.DENIED
    assert seen.values["clock_offset_seconds"] == 0
    assert sum(simsite.device(name)["refused_logins"].values()) == before + 1
