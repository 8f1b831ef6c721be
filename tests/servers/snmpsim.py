"""Recorded devices: PyPI's snmpsim with snmpsim-data; the community is the recording's path."""

from __future__ import annotations

import bz2
import grp
import os
import pwd
import shutil
import socket
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from probes.target import Secret, SnmpAccess, Target
from tests.servers.processes import free_port, running, wait_until
from tests.servers.snmpd import Agent, _answers

RECORDINGS = (
    "UPS/apc-7902b",
    "UPS/apc-8641",
    "UPS/apc-8932",
    "UPS/eastpower-istars-swv053",
    "UPS/eaton-93e-80",
    "UPS/eaton-9px-partial",
    "UPS/emerson-network-power",
    "UPS/huawei-gse200m",
    "UPS/ingrasys-power-switch",
    "UPS/phoenixtec-power",
    "UPS/vertiv-power",
    "camera/hikvision",
    "camera/hikvision-network-video-recorder",
    "camera/samsung-ipolis",
    "camera/semac-ipcam-500",
    "camera/wds-ips-1022",
    "network/appliance/tripplite-poweralert",
    "network/switch/cisco-c3560",
    "network/switch/cisco-c3750",
    "network/switch/cts-media-converter",
    "network/switch/h3c-e528-2",
    "network/switch/metel-poe-box",
    "os/linux/slackware",
    "os/windows/XP",
)


def recorded(agent: Agent, recording: str, version: str = "2c") -> Target:
    """The target that answers as the recorded device did."""
    access = SnmpAccess(version=version, port=agent.port, community=Secret(recording))  # type: ignore[arg-type]
    return Target(recording, agent.host, snmp=access)


@pytest.fixture(scope="session")
def snmpsim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """An agent that plays RECORDINGS, and this folder's `public` to know when it is ready."""
    found = find_spec("snmpsim_data")
    assert found is not None
    assert found.origin is not None
    source = Path(found.origin).parent / "data"
    folder = tmp_path_factory.mktemp("snmpsim")
    data, cache = folder / "data", folder / "cache"
    cache.mkdir()
    for recording in RECORDINGS:
        _unpack(source / f"{recording}.snmprec", data / f"{recording}.snmprec")
    (data / "public.snmprec").write_text("1.3.6.1.2.1.1.3.0|67|1\n")
    port = free_port(kind=socket.SOCK_DGRAM)
    command = [
        Path(sys.executable).parent / "snmpsim-command-responder",
        f"--data-dir={data}",
        f"--cache-dir={cache}",
        f"--agent-udpv4-endpoint=127.0.0.1:{port}",
        f"--process-user={pwd.getpwuid(os.getuid()).pw_name}",
        f"--process-group={grp.getgrgid(os.getgid()).gr_name}",
    ]
    with running(command, folder / "snmpsim.log"):
        agent = Agent(port)
        wait_until(lambda: _answers(agent), "snmpsim to have read its recordings", 60)
        yield agent


def _unpack(source: Path, target: Path) -> None:
    """Plain text: the simulator seeks to and fro in it, which takes seconds in a compressed file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.exists():
        shutil.copy(source, target)
    else:
        target.write_bytes(bz2.decompress(source.with_suffix(".snmprec.bz2").read_bytes()))
