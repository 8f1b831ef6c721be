"""Devices without SNMP that name their maker: are they found with profile, kind and checks, and named by the daemon?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
import yaml
from aiohttp import web

from monitor.core import inventory
from monitor.discovery.comparison import compare
from monitor.discovery.proposal import propose, skeleton
from monitor.settings.load import load
from probes.ask import ask
from probes.discovery import Access, Found, Scope, parse_ports, parse_ranges, sweep
from probes.onvif import PROBE, OnvifOptions
from probes.simulators import Shape, SimulatedSite
from probes.simulators.blueprint import PASSWORD, USERNAME
from probes.target import Login, Secret, Target
from probes.tools import Tools
from tests.servers.simsite import free_base

LOGIN = Access("cameras", Login(USERNAME, Secret(PASSWORD)))
FAMILIES = {  # what it says -> what it is
    "Hikvision/DS-2CD2042WD-I": ("camera", "hikvision-camera"),
    "HIKVISION/DS-7604NI-K1": ("recorder", "hikvision-nvr"),  # four channels or less: only its model tells
    "Dahua/IPC-HFW1230S": ("camera", "dahua-camera"),
    "Dahua/Lobby cam": ("camera", "dahua-camera"),  # an unknown model, but it is a camera
    "Intelbras/VIP 1230 B G4": ("camera", "intelbras-camera"),
    "Intelbras/NVD 1432": ("recorder", "intelbras"),
    "AXIS/P3245-V": ("camera", "axis"),
    "MOBOTIX AG/M73": ("camera", "mobotix"),
    "Acme <&> Co/A-NVR16": ("recorder", "onvif-recorder"),
}


@pytest_asyncio.fixture
async def site(films: Path) -> AsyncIterator[SimulatedSite]:
    shape = Shape(
        base=free_base(), cameras=len(FAMILIES), recorders=0, panels=0, switches=0, upses=0, films=1,
        pretend=",".join(FAMILIES),
    )  # fmt: skip
    async with SimulatedSite(shape, films) as running:
        yield running


async def find(site: SimulatedSite, tools: Tools) -> tuple[Found, ...]:
    shape = site.shape
    hosts = [one.blueprint.address for one in site.devices.values()]
    ports = parse_ports([f"http={shape.http_port}", f"rtsp={shape.rtsp_port}", "sia=", "sdk="])
    return (await sweep(Scope(parse_ranges(hosts), ports, LOGIN), tools)).found


async def test_make_and_model_tell_profile_and_kind(site: SimulatedSite, tmp_path: Path) -> None:
    tools = Tools()
    found = await find(site, tools)
    seen = {f"{one.vendor}/{one.model}": (one.kind, one.profile) for one in found}
    assert seen == FAMILIES
    lines = compare(found, {}, {}, parse_ranges([one.host for one in found]))
    proposal = propose(skeleton("makers", [LOGIN]), "site.yaml", lines, {})
    assert not proposal.mistakes
    file = tmp_path / "site.yaml"
    file.write_text(proposal.after, "utf-8")
    settings = load(file, env={"SITEWARDEN_PASSWORD": PASSWORD})
    devices = {f"{one.vendor}/{one.model}": one for one in settings.devices.values()}
    assert {what: (devices[what].kind, devices[what].profile) for what in FAMILIES} == FAMILIES
    checks = {what: {name for device, name in settings.checks if device == devices[what].id} for what in FAMILIES}
    assert checks["AXIS/P3245-V"] == {"reach", "rtsp", "onvif", "frame", "events"}
    assert "events" not in checks["MOBOTIX AG/M73"]  # its profile does not name them
    assert {"reach", "onvif", "recorder"} <= checks["HIKVISION/DS-7604NI-K1"]
    recorder = settings.checks[devices["HIKVISION/DS-7604NI-K1"].id, "recorder"]
    assert recorder.options.model_dump()["port"] == site.shape.http_port
    assert "profile: hikvision-camera" in proposal.difference

    camera = next(one for one in found if one.profile == "axis")  # no key `profile`: ONVIF tells it all the same
    target = Target("camera", camera.host, LOGIN.login)
    look = await ask(PROBE, target, OnvifOptions(port=site.shape.http_port), tools, check="onvif", timeout_seconds=8)
    assert look.values["profile"] == "axis"
    assert inventory.read(look)["onvif/profile"] == "axis"
    await tools.close()


async def test_a_web_page_names_the_maker_where_onvif_is_off() -> None:
    async def page(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(
            status=401, headers={"Server": "App-webs/", "WWW-Authenticate": 'Digest realm="x", nonce="1"'}
        )

    runner = web.ServerRunner(web.Server(page, access_log=None))
    await runner.setup()
    socket = web.TCPSite(runner, "127.0.0.1", 0)
    await socket.start()
    port = runner.addresses[0][1]
    tools = Tools()
    ports = parse_ports([f"http={port}", "https=", "rtsp=", "sia=", "sdk="])
    (found,) = (await sweep(Scope(parse_ranges(["127.0.0.1"]), ports), tools)).found
    await tools.close()
    await runner.cleanup()
    assert (found.vendor, found.kind, found.profile) == ("Hikvision", "", "")  # camera or recorder: it does not say


def test_the_profile_of_a_device_is_taken_by_its_agent(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    agent = {"snmp": {"version": "2c", "community": "public-no"}}
    devices = [
        {"id": "a", "kind": "camera", "host": "192.0.2.1", "snmp": "s", "profile": "axis", "checks": {"snmp": "on"}},
        {"id": "b", "kind": "camera", "host": "192.0.2.2", "snmp": "s", "checks": {"snmp": "on"}},
    ]
    site = {"site": {"id": "s", "name": "s"}, "credentials": {"s": agent}, "devices": devices}
    file.write_text(yaml.safe_dump(site), "utf-8")
    settings = load(file)
    assert [settings.checks[one, "snmp"].options.model_dump()["profile"] for one in "ab"] == ["axis", "auto"]
    assert [settings.devices[one].profile for one in "ab"] == ["axis", ""]
