"""Recordings of devices: each one is a test, and nothing private stands in a new one."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli.record import record as record_command
from probes.ask import ask
from probes.discovery import Access, Found, Ports, Scope, parse_ranges, sweep
from probes.observation import Outcome
from probes.onvif import PROBE as ONVIF
from probes.onvif import OnvifOptions
from probes.recording import Recording, read_folder
from probes.simulators import site_yaml
from probes.simulators.blueprint import COMMUNITY, PASSWORD, USERNAME
from probes.simulators.recorded import COMMUNITY as RECORDED
from probes.simulators.recorded import Place, RecordedDevice
from probes.snmp import PROBE as SNMP
from probes.snmp import SnmpOptions
from probes.target import Login, Secret, SnmpAccess, Target
from probes.tools import Tools
from tests.servers.processes import free_port
from tests.servers.simsite import SimSite

FOLDER = Path(__file__).parents[1] / "recordings"
RECORDINGS = sorted(one.parent.name for one in FOLDER.glob("*/manifest.txt"))
LOGIN = Login("anybody", Secret("any password"))


async def play(recording: Recording, address: str) -> tuple[Found, dict[str, Outcome]]:
    """What discovery and the probes see of a recording that is served again."""
    place = Place(address, free_port(), free_port(), free_port())
    agent = SnmpAccess(port=place.snmp_port, community=Secret(RECORDED))
    ports = Ports(http=(place.http_port,), https=(), rtsp=(place.rtsp_port,), sia=(), sdk=())
    tools = Tools()
    outcomes: dict[str, Outcome] = {}
    try:
        async with RecordedDevice(recording, place):
            scope = Scope(parse_ranges([address]), ports, Access("a", LOGIN), (Access("b", snmp=agent),))
            report = await sweep(scope, tools)
            target = Target("recorded", address, LOGIN, agent)
            if recording.snmp:
                look = await ask(SNMP, target, SnmpOptions(), tools, check="snmp", timeout_seconds=5)
                outcomes["snmp"] = look.outcome
            if report.found and report.found[0].onvif_port:
                options = OnvifOptions(port=place.http_port, path=report.found[0].onvif_path)
                look = await ask(ONVIF, target, options, tools, check="onvif", timeout_seconds=8)
                outcomes["onvif"] = look.outcome
    finally:
        await tools.close()
    assert len(report.found) == 1
    return report.found[0], outcomes


@pytest.mark.parametrize("name", RECORDINGS)
async def test_a_recorded_device_is_known_again(name: str) -> None:
    recording = await asyncio.to_thread(read_folder, FOLDER / name)
    facts = recording.facts
    found, outcomes = await play(recording, f"127.89.0.{RECORDINGS.index(name) + 1}")
    seen = {
        "make": found.vendor,
        "model": found.model,
        "firmware": found.firmware,
        "kind": found.kind,
        "profile": found.profile,
        "onvif": "yes" if found.onvif_port else "",
        "streams": str(len(found.streams)) if found.streams else "",
        "codecs": ", ".join(sorted({one.codec for one in found.streams if one.confirmed})),
    }
    assert seen == {what: facts.get(what, "") for what in seen}
    assert set(outcomes.values()) == {Outcome.OK}


def test_there_are_recordings() -> None:
    assert {"ipycam", "net-snmp-host"} <= set(RECORDINGS)


def record(*words: str, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "monitor", "record", *words],
        env={**os.environ, "LANG": "C", "LC_ALL": "C", "SITEWARDEN_PASSWORD": password},
        capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_nothing_private_is_recorded(simsite: SimSite, tmp_path: Path) -> None:
    shape, camera = simsite.shape, simsite.address("camera-03")
    done = record(f"onvif://{camera}:{shape.http_port}", "--user", USERNAME, "--to", str(tmp_path / "cam"), "--picture")
    assert done.returncode == 0, done.stderr
    everything = b"".join(one.read_bytes() for one in (tmp_path / "cam").rglob("*") if one.is_file())
    for private in ("SWC2M000003", "02:00:00:01:00:03", camera, PASSWORD, "北门3号枪机", "camera-03", USERNAME):
        assert private.encode() not in everything, private
    assert (tmp_path / "cam" / "picture.jpg").read_bytes().startswith(b"\xff\xd8")
    assert read_folder(tmp_path / "cam").facts["model"] == "SW-C2M"
    again = CliRunner().invoke(record_command, ["onvif://127.0.0.1", "--to", str(tmp_path / "cam")])
    assert again.exit_code == 2
    assert "not empty" in again.output


async def test_one_thing_is_replaced_alike_in_every_protocol(simsite: SimSite, tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    await asyncio.to_thread(site.write_text, site_yaml(simsite.shape), "utf-8")
    done = await asyncio.to_thread(record, "recorder-01", "-c", str(site), "--to", str(tmp_path / "nvr"))
    assert done.returncode == 0, done.stderr
    recording = await asyncio.to_thread(read_folder, tmp_path / "nvr")
    inside = {answer.path: answer.body.decode() for answer in recording.http}
    variables = {one.oid: one.value for one in recording.snmp}
    serial = variables["1.3.6.1.4.1.50001.1.3.0"]
    assert f"<serialNumber>{serial}</serialNumber>" in inside["/ISAPI/System/deviceInfo"]
    everything = "".join((*inside.values(), *variables.values()))
    cameras = [simsite.address(f"camera-{number:02d}") for number in range(1, 9)]
    for private in (*cameras, "SWN32000001", COMMUNITY, PASSWORD, "recorder-01"):
        assert private not in everything
    assert "192.0.2." in inside["/ISAPI/ContentMgmt/InputProxy/channels/status"]
    found, _ = await play(recording, "127.89.1.1")
    assert (found.kind, found.serial, found.profile) == ("recorder", serial, "hikvision-nvr")


def test_a_refused_login_records_nothing(simsite: SimSite, tmp_path: Path) -> None:
    address = simsite.address("camera-04")
    before = sum(simsite.device("camera-04")["refused_logins"].values())
    words = (f"onvif://{address}:{simsite.shape.http_port}", "--user", USERNAME, "--to", str(tmp_path / "cam"))
    done = record(*words, password="wrong-one")
    assert done.returncode == 1
    assert "refused the login" in done.stderr
    assert not (tmp_path / "cam").exists()
    assert sum(simsite.device("camera-04")["refused_logins"].values()) == before + 1
