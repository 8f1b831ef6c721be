"""How does a test get a whole simulated site in a process of its own, and make it fail?"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from probes.simulators import Shape
from probes.simulators.blueprint import (
    COMMUNITY,
    PASSWORD,
    SNMP_AUTH,
    SNMP_PRIV,
    SNMP_USER,
    USERNAME,
    Blueprint,
    lay_out,
)
from probes.simulators.onvif import DEVICE_PATH, SNAPSHOT_PATH
from probes.simulators.rtsp import PATHS
from tests.servers.processes import accepts, free_port, running, wait_until

_TRIES = 5


@dataclass(frozen=True, slots=True)
class SimSite:
    """A running site; its control pages are at `state_port` of 127.0.0.1."""

    shape: Shape
    state_port: int
    pid: int
    username: str = USERNAME
    password: str = PASSWORD
    community: str = COMMUNITY
    snmp_user: str = SNMP_USER
    snmp_auth: str = SNMP_AUTH  # SHA
    snmp_priv: str = SNMP_PRIV  # AES-128

    @property
    def blueprints(self) -> dict[str, Blueprint]:
        return {one.name: one for one in lay_out(self.shape)}

    def address(self, name: str) -> str:
        return self.blueprints[name].address

    def rtsp_url(self, name: str, *, login: bool = True) -> str:
        who = f"{self.username}:{self.password}@" if login else ""
        return f"rtsp://{who}{self.address(name)}:{self.shape.rtsp_port}{PATHS[0]}"

    def onvif_url(self, name: str) -> str:
        return f"http://{self.address(name)}:{self.shape.http_port}{DEVICE_PATH}"

    def snapshot_url(self, name: str) -> str:
        return f"http://{self.address(name)}:{self.shape.http_port}{SNAPSHOT_PATH}"

    def snmp_at(self, name: str) -> str:
        return f"udp:{self.address(name)}:{self.shape.snmp_port}"

    def state(self) -> dict[str, Any]:
        with urlopen(f"http://127.0.0.1:{self.state_port}/state", timeout=10) as answer:
            state: dict[str, Any] = json.load(answer)
        return state

    def device(self, name: str) -> dict[str, Any]:
        device: dict[str, Any] = self.state()["devices"][name]
        return device

    def fail(self, device: str, fault: str, value: float | None = None) -> None:
        self.order({"device": device, "fault": fault, "on": True, "value": value})

    def repair(self, device: str, fault: str) -> None:
        self.order({"device": device, "fault": fault, "on": False})

    @contextlib.contextmanager
    def failing(self, device: str, fault: str, value: float | None = None) -> Iterator[None]:
        """The fault is on within the block, and the device is up again behind it."""
        self.fail(device, fault, value)
        try:
            yield
        finally:
            self.repair(device, fault)
            wait_until(lambda: not self.device(device)["dark"], f"{device} to be back")

    def order(self, order: object) -> dict[str, Any]:
        body = json.dumps(order).encode()
        with urlopen(Request(f"http://127.0.0.1:{self.state_port}/fault", body), timeout=10) as answer:
            told: dict[str, Any] = json.load(answer)
        return told

    def refusal(self, order: object) -> str:
        """Why an order is refused."""
        with pytest.raises(HTTPError) as refused:
            self.order(order)
        with refused.value as answer:
            assert answer.code == 400
            return str(json.load(answer)["error"])


@contextlib.contextmanager
def simulated_site(folder: Path, cache: Path, **wanted: Any) -> Iterator[SimSite]:
    """A site of its own on free addresses. `wanted` are fields of Shape, `folder` takes its log."""
    shape = Shape(**{"base": free_base(), "films": 4, "boot_seconds": 0.2, **wanted})
    state_port = free_port()
    options = [f"--{key.replace('_', '-')}={value}" for key, value in asdict(shape).items()]
    command = [
        sys.executable,
        "-m",
        "probes.simulators",
        "--end-with-parent",
        f"--state-port={state_port}",
        f"--cache={cache}",
        *options,
    ]
    log = folder / "simsite.log"
    with running(command, log) as process:

        def ready() -> bool:
            assert process.poll() is None, f"the simulated site ended: {log.read_text()[-2000:]}"
            return accepts("127.0.0.1", state_port)

        wait_until(ready, "the simulated site", seconds=60)
        yield SimSite(shape, state_port, process.pid)


def free_base(shape: Shape | None = None) -> str:
    """A base address at which nobody listens on a site's ports."""
    shape = shape or Shape()
    for _ in range(_TRIES):
        base = f"127.{random.randrange(32, 250)}.{random.randrange(0, 15) * 16}.0"  # a camera's row fits behind each
        last = lay_out(Shape(base=base))[-1].address
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            for port in (shape.rtsp_port, shape.http_port):
                one = held.enter_context(socket.socket())
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                one.bind((last, port))
            return base
    raise AssertionError("no free loopback addresses")


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the cameras' films: kept between runs, for they never change."""
    return tmp_path_factory.getbasetemp().parent / "sitewarden-films"


@pytest.fixture(scope="session")
def simsite(tmp_path_factory: pytest.TempPathFactory, films: Path) -> Iterator[SimSite]:
    """One site for the whole run: 8 cameras, 1 recorder, 1 panel, 2 switches, 1 UPS. Repair what you break."""
    with simulated_site(tmp_path_factory.mktemp("simsite"), films, cameras=8, recorders=1) as site:
        yield site


StartSimSite = Callable[..., contextlib.AbstractContextManager[SimSite]]


@pytest.fixture
def start_simsite(tmp_path: Path, films: Path) -> StartSimSite:
    """`with start_simsite(cameras=500, switches=1, films=1) as site:` starts one, which ends with the block."""

    def start(**wanted: Any) -> contextlib.AbstractContextManager[SimSite]:
        return simulated_site(tmp_path, films, **wanted)

    return start
