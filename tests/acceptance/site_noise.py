"""What happens at a site where nothing is wrong? Things that no technician would get up for."""

from __future__ import annotations

import random

from monitor.core.plan import MONITOR
from tests.acceptance.site_default import Site

SECONDS_OF_FLAPPING = 180.0
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


def live_through(site: Site, days: int, chance: random.Random) -> None:
    """Have so many days happen, beside the looks that are lost by themselves."""
    for day in range(days):
        _a_day(site, day * DAY, chance)


def flap(site: Site, camera: str, begins: float, chance: random.Random) -> None:
    """The camera's link is up and down for three minutes, some seconds each."""
    at = begins
    while at < begins + SECONDS_OF_FLAPPING:
        site.at(at, site.dark, camera)
        at += chance.uniform(3, 25)
        site.at(at, site.well, camera)
        at += chance.uniform(3, 25)


def try_battery(site: Site, begins: float) -> None:
    """The UPS tries its battery for twenty seconds."""
    site.at(begins, _say, site, "ups-1", "snmp", {"output_source": "battery", "input_volts": 0.0})
    site.at(begins + 20, site.answer, "ups-1", "snmp", None)


def _a_day(site: Site, midnight: float, chance: random.Random) -> None:
    cameras = [device.id for device in site.plan.devices.values() if device.kind == "camera"]

    def some() -> list[str]:
        return chance.sample(cameras, max(1, len(cameras) // 6))

    def some_time() -> float:
        return midnight + chance.uniform(10 * MINUTE, DAY - HOUR)

    for camera in cameras:
        for hour in (5.5, 18.0):  # dawn and dusk
            _sees(site, camera, "dark", midnight + chance.uniform(hour, hour + 0.5) * HOUR, HOUR)
        for hour in range(24):  # its clock loses ten seconds a day; then NTP puts it right at a stroke
            site.at(midnight + hour * HOUR, _say, site, camera, "onvif", {"clock_offset_seconds": -10.0 * hour / 24})
    for hour in (8.0, 16.0):  # the low sun
        for camera in some():
            _sees(site, camera, "over_exposed", midnight + hour * HOUR, 30 * MINUTE)
    for camera in some():  # a lorry
        _sees(site, camera, "covered", some_time(), MINUTE)
    for device in (*some(), "nvr-1"):
        begins = some_time()
        site.at(begins, site.cut, device)
        site.at(begins + 40, site.restore, device)  # it has restarted
    for camera in some():
        flap(site, camera, some_time(), chance)
    try_battery(site, some_time())
    begins = some_time()  # the monitor's own clock is stepped
    site.at(begins, _say, site, MONITOR, "self", {"clock_jump_seconds": 2.5})
    site.at(begins + 10 * MINUTE, site.well, MONITOR)


def _sees(site: Site, camera: str, verdict: str, begins: float, seconds: float) -> None:
    site.at(begins, _say, site, camera, "frame", {"verdict": verdict, verdict: True})
    site.at(begins + seconds, site.answer, camera, "frame", None)


def _say(site: Site, device: str, check: str, values: dict[str, bool | float | str]) -> None:
    site.say(device, check, **values)
