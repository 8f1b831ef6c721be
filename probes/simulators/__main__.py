"""Run a simulated site until SIGTERM or SIGINT: `python -m probes.simulators --state-port 9900`.

With `--recording FOLDER` one recorded device is served instead, at the site's ports of `--base`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import resource
import signal
import sys
from contextlib import AsyncExitStack
from dataclasses import fields
from pathlib import Path

import uvloop
from aiohttp import web

from probes.recording.folder import read_folder
from probes.simulators.blueprint import Shape
from probes.simulators.control import make_application
from probes.simulators.recorded import COMMUNITY, Place, RecordedDevice
from probes.simulators.site import SimulatedSite

_LOOPBACK = "127.0.0.1"
_PARENT_SECONDS = 1.0  # how often is looked whether the parent lives


def main(arguments: list[str] | None = None) -> int:
    """Run; returns 1 with a line on standard error if the site cannot be opened."""
    options = vars(_parser().parse_args(arguments))
    state_port, cache = options.pop("state_port"), options.pop("cache")
    parent = os.getppid() if options.pop("end_with_parent") else None
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # 500 cameras are a thousand sockets, and more when dark
    recording = options.pop("recording")
    try:
        if recording is not None:
            return uvloop.run(_replay(recording, Shape(**options), parent))
        if state_port is None:
            raise ValueError("--state-port is needed")
        return uvloop.run(_run(Shape(**options), cache, state_port, parent))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"simulated site: {error}\n")
        return 1


async def _run(shape: Shape, cache: Path, state_port: int, parent: int | None) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as open_until_end:
        site = await open_until_end.enter_async_context(SimulatedSite(shape, cache))
        runner = web.AppRunner(make_application(site), access_log=None)
        await runner.setup()
        open_until_end.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, _LOOPBACK, state_port).start()
        sys.stdout.write(f"simulated site of {len(site.devices)} devices: http://{_LOOPBACK}:{state_port}/state\n")
        sys.stdout.flush()
        while not stop.is_set() and parent in (None, os.getppid()):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _PARENT_SECONDS)
    return 0


async def _replay(folder: Path, shape: Shape, parent: int | None) -> int:
    """Serve one recording."""
    recording = await asyncio.to_thread(read_folder, folder)
    place = Place(shape.base, shape.http_port, shape.rtsp_port, shape.snmp_port, shape.receiver_port)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with RecordedDevice(recording, place):
        ports = f"http {place.http_port}, rtsp {place.rtsp_port}, snmp {place.snmp_port} (community {COMMUNITY})"
        sys.stdout.write(f"recorded {recording.facts.get('model', 'device')} at {place.address}: {ports}\n")
        sys.stdout.flush()
        while not stop.is_set() and parent in (None, os.getppid()):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _PARENT_SECONDS)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m probes.simulators", description=__doc__)
    parser.add_argument("--state-port", type=int, help="port of the control pages on 127.0.0.1")
    parser.add_argument("--recording", type=Path, help="folder of a recording that is served instead of a site")
    parser.add_argument("--end-with-parent", action="store_true", help="end when the process that started it has ended")
    parser.add_argument("--cache", type=Path, default=_default_cache(), help="folder that keeps the films")
    for field in fields(Shape):
        assert isinstance(field.default, str | int | float)
        option = "--" + field.name.replace("_", "-")
        parser.add_argument(option, type=type(field.default), default=field.default, help="%(default)s")
    return parser


def _default_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "sitewarden" / "films"


if __name__ == "__main__":
    sys.exit(main())
