"""Does the daemon's own way of asking see each fault of a simulated site as what it is?"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from monitor.settings.load import load
from probes.ask import ask
from probes.observation import Observation, Outcome
from probes.registry import probe
from probes.simulators import site_yaml
from probes.tools import Tools
from tests.servers.simsite import SimSite

Look = Callable[[str, str], Awaitable[Observation]]


@pytest_asyncio.fixture
async def look(simsite: SimSite, tmp_path: Path) -> AsyncIterator[Look]:
    """`await look("camera-01", "rtsp")`: one look as the site's own configuration has it."""
    file = tmp_path / "site.yaml"
    file.write_text(site_yaml(simsite.shape), encoding="utf-8")
    settings = load(file)
    tools = Tools()

    async def once(device: str, name: str) -> Observation:
        check, target = settings.checks[device, name], settings.devices[device].target
        return await ask(
            probe(check.probe), target, check.options, tools, check=name, timeout_seconds=check.timeout_seconds
        )

    yield once
    await tools.close()


async def test_all_is_well(simsite: SimSite, look: Look) -> None:
    for device in ("camera-01", "recorder-01", "switch-01", "panel-01", "ups-01"):
        for name in ("reach", "rtsp", "onvif") if device.startswith("camera") else ("reach", "snmp"):
            seen = await look(device, name)
            assert seen.outcome is Outcome.OK, seen


async def test_what_pictures_are_judged(simsite: SimSite, look: Look) -> None:
    faults = ("covered", "dark", "over_exposed", "black", "blue", "no_signal", "frozen", "garbled")
    cameras = {f"camera-{number:02d}": fault for number, fault in enumerate(faults, 1)}
    well = await asyncio.gather(*(look(camera, "frame") for camera in cameras))
    assert {seen.values.get("verdict") for seen in well} == {"unjudged"}  # the first look: nothing is learned yet
    with contextlib.ExitStack() as failing:
        for camera, fault in cameras.items():
            failing.enter_context(simsite.failing(camera, fault))
        looks = await asyncio.gather(*(look(camera, "frame") for camera in cameras))
    assert {seen.device: seen.values.get("verdict") for seen in looks} == cameras


async def test_a_picture_that_flickers_and_one_that_shakes(simsite: SimSite, look: Look) -> None:
    cameras = {"camera-02": "flicker", "camera-05": "jitter"}
    for seen in await asyncio.gather(*(look(camera, "frame") for camera in cameras)):
        assert seen.values["flicker"] is seen.values["jitter"] is False
        assert float(seen.values["flicker_percent"]) < 0.5
        assert float(seen.values["shake_percent"]) < 0.1
    with contextlib.ExitStack() as failing:
        for camera, fault in cameras.items():
            failing.enter_context(simsite.failing(camera, fault))
        looks = await asyncio.gather(*(look(camera, "frame") for camera in cameras))
    assert {seen.device: seen.values.get("verdict") for seen in looks} == cameras
    assert float(looks[0].values["flicker_percent"]) == pytest.approx(11, abs=4)
    assert 0.5 < float(looks[1].values["shake_percent"]) < 3  # a busy machine may miss pictures in between


async def test_a_drifted_clock(simsite: SimSite, look: Look) -> None:
    with simsite.failing("camera-03", "clock_drift", -900):
        seen = await look("camera-03", "onvif")
    offset = seen.values["clock_offset_seconds"]
    assert isinstance(offset, float)
    assert offset == pytest.approx(-900, abs=2)
    assert (
        seen.values["serial"] == "SWC2M000003"
    )  # WS-Security, signed with the camera's clock, else this would be refused


async def test_a_wrong_password_is_sent_once_by_each_check(simsite: SimSite, look: Look) -> None:
    before = simsite.device("camera-03")["refused_logins"]
    with simsite.failing("camera-03", "wrong_password"):
        for name in ("rtsp", "onvif"):
            assert (await look("camera-03", name)).outcome is Outcome.DENIED
    after = simsite.device("camera-03")["refused_logins"]
    assert after["rtsp"] - before.get("rtsp", 0) == 1
    assert after["onvif"] - before.get("onvif", 0) == 1


@pytest.mark.parametrize(
    ("fault", "check", "outcome"),
    [
        ("unplugged", "reach", Outcome.NO_ANSWER),
        ("rtsp_down", "rtsp", Outcome.REFUSED),
        ("onvif_off", "onvif", Outcome.UNSUPPORTED),
    ],
)
async def test_outcomes(simsite: SimSite, look: Look, fault: str, check: str, outcome: Outcome) -> None:
    with simsite.failing("camera-04", fault):
        assert (await look("camera-04", check)).outcome is outcome


@pytest.mark.parametrize(
    ("failing", "place", "wanted"),
    [
        (("recorder-01", "disk_failed"), ("disk", "1", "state"), "smart_failed"),
        (("switch-01", "poe_fault"), ("poe_port", "1.1", "detect"), "fault"),
        (("ups-01", "mains_lost"), ("ups_alarm", "1", "alarm"), "on_battery"),
    ],
)
async def test_rows(
    simsite: SimSite, look: Look, failing: tuple[str, str], place: tuple[str, str, str], wanted: str
) -> None:
    device, fault = failing
    table, key, value = place
    with simsite.failing(device, fault):
        rows = (await look(device, "snmp")).rows
    assert rows[table][key][value] == wanted
    assert (await look(device, "snmp")).rows[table].get(key, {}).get(value) != wanted


async def test_a_ups_on_battery(simsite: SimSite, look: Look) -> None:
    with simsite.failing("ups-01", "mains_lost"):
        seen = (await look("ups-01", "snmp")).values
    assert (seen["output_source"], seen["battery_state"]) == ("battery", "normal")
    with simsite.failing("ups-01", "battery_low"):
        assert (await look("ups-01", "snmp")).values["battery_state"] == "low"
