"""How does a test get a camera that others wrote: ipycam, with ONVIF, RTSP and snapshots?"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.servers.processes import accepts, free_port, running, wait_until

HOST = "127.0.0.1"
USERNAME, PASSWORD = "operator", "s3cret & <odd>"

# ipycam as it is, but on loopback only, silent on multicast, and with a clock that can be wrong.
_LAUNCH = """
import datetime, functools, sys, time
ahead = float(sys.argv.pop(1))
now, gmtime = time.time, time.gmtime
time.time = lambda: now() + ahead
time.gmtime = lambda at=None: gmtime(now() + ahead if at is None else at)
import ipycam.__main__, ipycam.camera, ipycam.onvif
class Clock(datetime.datetime):
    @classmethod
    def now(cls, zone=None):
        return cls.fromtimestamp(time.time(), zone)
ipycam.onvif.datetime = Clock
class Silent:
    def __init__(self, *_): pass
    def start(self): pass
    def stop(self): pass
ipycam.camera.WSDiscoveryServer = Silent
class Loopback(ipycam.camera.ReusableThreadingTCPServer):
    def __init__(self, address, handler):
        super().__init__(("127.0.0.1", address[1]), handler)
ipycam.camera.ReusableThreadingTCPServer = Loopback
ipycam.camera.NativeRTSPServer = functools.partial(ipycam.camera.NativeRTSPServer, host="127.0.0.1")
ipycam.__main__.main()
"""


@dataclass(frozen=True, slots=True)
class Ipycam:
    """A running camera; `advertised` is the host that it believes to be."""

    port: int
    rtsp_port: int
    advertised: str = HOST
    username: str = USERNAME
    password: str = field(default=PASSWORD, repr=False)
    host: str = HOST


@contextlib.contextmanager
def ipycam(folder: Path, *, login: bool = True, advertised: str = HOST, ahead_seconds: float = 0.0) -> Iterator[Ipycam]:
    """A camera of its own; `folder` takes its configuration, its film and its log. Ends with the context."""
    camera = Ipycam(free_port(), free_port(), advertised)
    film = folder / "film.mp4"
    if not film.exists():
        subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=5:duration=4", str(film)],
            check=True,
            stdin=subprocess.DEVNULL,
        )
    configuration = folder / "ipycam.json"
    configuration.write_text(
        json.dumps(
            {
                "name": "Gate", "manufacturer": "PythonCam & Söhne", "model": "VC-1", "serial_number": "PY-42",
                "firmware_version": "1.3.0", "local_ip": advertised, "onvif_port": camera.port,
                "rtsp_port": camera.rtsp_port, "rtmp_port": free_port(), "web_port": free_port(),
                "go2rtc_api_port": free_port(), "username": USERNAME if login else "",
                "password": PASSWORD if login else "", "main_width": 320, "main_height": 240, "main_fps": 5,
                "sub_width": 160, "sub_height": 120, "sub_fps": 5, "main_bitrate": "512K", "sub_bitrate": "128K",
                "hw_accel": "cpu",
            }
        )
    )  # fmt: skip
    log = folder / "ipycam.log"
    command = [sys.executable, "-c", _LAUNCH, str(ahead_seconds), "--config", configuration, "--source", film]
    with running(command, log) as process:

        def ready() -> bool:
            assert process.poll() is None, f"ipycam ended: {log.read_text()[-2000:]}"
            return accepts(HOST, camera.port)

        wait_until(ready, "ipycam", seconds=40)
        yield camera


@pytest.fixture(scope="session")
def ipycam_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ipycam]:
    """One camera for the whole run, with a login."""
    with ipycam(tmp_path_factory.mktemp("ipycam")) as camera:
        yield camera


StartIpycam = Callable[..., contextlib.AbstractContextManager[Ipycam]]


@pytest.fixture
def start_ipycam(tmp_path: Path) -> StartIpycam:
    """`with start_ipycam(login=…, advertised=…, ahead_seconds=…) as camera:` starts one, which ends with the block."""

    def start(**wanted: bool | str | float) -> contextlib.AbstractContextManager[Ipycam]:
        return ipycam(tmp_path, **wanted)  # type: ignore[arg-type]

    return start
