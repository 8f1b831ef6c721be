"""Can a simulated site run inside a test, end without a trace, and be as large as wanted?"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from probes.simulators import Shape, SimulatedSite
from tests.servers.processes import accepts, free_port, wait_until
from tests.servers.simsite import StartSimSite, free_base

SMALL = {"cameras": 2, "recorders": 0, "panels": 0, "switches": 1, "upses": 1, "films": 1}


async def connects(site: SimulatedSite, device: str, seconds: float = 0.5) -> bool:
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(site.devices[device].blueprint.address, site.shape.rtsp_port)
    except TimeoutError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def test_inside_a_test(films: Path) -> None:
    before = asyncio.all_tasks()
    async with SimulatedSite(Shape(base=free_base(), boot_seconds=0.1, **SMALL), films) as site:
        assert await connects(site, "camera-01")
        site.fail("camera-01", "unplugged")
        assert not await connects(site, "camera-01")
        site.repair("camera-01", "unplugged")
        assert not await connects(site, "camera-01", 0.02)  # it starts
        await asyncio.to_thread(wait_until, lambda: not site.devices["camera-01"].dark, "camera-01 to start")
        assert await connects(site, "camera-01")
        site.fail("ups-01", "lost")  # and it closes in the dark
        assert all(device.dark for device in site.devices.values())
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_a_repair_that_is_taken_back_while_it_starts(films: Path) -> None:
    async with SimulatedSite(Shape(base=free_base(), boot_seconds=0.2, **SMALL), films) as site:
        site.fail("switch-01", "lost")
        site.repair("switch-01", "lost")
        site.fail("switch-01", "lost")
        await asyncio.sleep(0.5)
        assert site.devices["switch-01"].dark
        assert site.devices["camera-02"].dark


async def test_an_address_that_is_taken(films: Path) -> None:
    shape = Shape(base=free_base(), **SMALL)
    async with SimulatedSite(shape, films):
        with pytest.raises(OSError, match="in use"):
            await SimulatedSite(shape, films).__aenter__()


async def test_nothing_is_up_before_what_feeds_it(films: Path) -> None:
    async with SimulatedSite(Shape(base=free_base(), boot_seconds=0.1, **SMALL), films) as site:
        site.fail("ups-01", "lost")
        site.repair("ups-01", "lost")
        await asyncio.to_thread(wait_until, lambda: not site.devices["camera-01"].dark, "camera-01 to start")
        assert not site.devices["switch-01"].dark
        assert not site.devices["ups-01"].dark


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once(start_simsite: StartSimSite, number: signal.Signals) -> None:
    with start_simsite(**SMALL) as site:
        site.fail("camera-01", "unplugged")
        os.kill(site.pid, number)
        wait_until(lambda: not accepts("127.0.0.1", site.state_port), "the site to end", seconds=10)
        assert not accepts(site.address("camera-02"), site.shape.rtsp_port)


def test_it_ends_with_its_parent(films: Path) -> None:
    port = free_port()
    site = f"[{sys.executable!r}, '-m', 'probes.simulators', '--end-with-parent', '--state-port={port}', "
    options = ", ".join(f"'--{key}={value}'" for key, value in SMALL.items())
    script = f"import subprocess, time; subprocess.Popen({site}'--base={free_base()}', '--cache={films}', {options}])"
    parent = subprocess.Popen([sys.executable, "-c", f"{script}; time.sleep(600)"])
    try:
        wait_until(lambda: accepts("127.0.0.1", port), "the site", seconds=60)
    finally:
        parent.kill()
        parent.wait()
    wait_until(lambda: not accepts("127.0.0.1", port), "the site to end", seconds=15)


def test_mistakes_are_told_in_one_line(films: Path) -> None:
    command = [sys.executable, "-m", "probes.simulators", f"--state-port={free_port()}", f"--cache={films}"]
    told = subprocess.run([*command, "--base=10.0.0.0"], capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 1
    assert told.stderr == "simulated site: 10.0.0.0 is no address of 127.0.0.0/8 with room behind it\n"


def test_five_hundred_cameras(start_simsite: StartSimSite) -> None:
    started = time.monotonic()
    with start_simsite(cameras=500, switches=1, films=1) as site:
        assert time.monotonic() - started < 30
        assert accepts(site.address("camera-500"), site.shape.rtsp_port)
        site.fail("switch-01", "lost")
        dark = [name for name, device in site.state()["devices"].items() if device["dark"]]
        assert len(dark) == 501
        assert not accepts(site.address("camera-500"), site.shape.rtsp_port)
        site.repair("switch-01", "lost")
        wait_until(lambda: accepts(site.address("camera-500"), site.shape.rtsp_port), "the cameras to start")
