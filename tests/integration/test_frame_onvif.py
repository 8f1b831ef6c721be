"""Does the frame probe find the picture by ONVIF, and does it try a password once?"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from probes.ask import ask
from probes.frame import PROBE, FrameOptions
from probes.frame.options import OnvifOptions
from probes.observation import Observation, Outcome
from probes.target import Login, Secret, Target
from probes.tools import Tools
from tests.servers.ipycam import Ipycam
from tests.servers.simsite import SimSite


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    tools = Tools()
    yield tools
    await tools.close()


async def look(tools: Tools, target: Target, options: FrameOptions) -> Observation:
    return await ask(PROBE, target, options, tools, check="frame", timeout_seconds=20.0)


@pytest.mark.parametrize(("source", "codec"), [("auto", "h264"), ("snapshot", "mjpeg")])
async def test_onvif_names_the_picture(ipycam_server: Ipycam, tools: Tools, source: str, codec: str) -> None:
    target = Target("camera", ipycam_server.host, Login(ipycam_server.username, Secret(ipycam_server.password)))
    options = FrameOptions.model_validate(
        {"source": source, "onvif": {"port": ipycam_server.port}, "two_frames": False, "profile": "largest"}
    )
    found = await look(tools, target, options)
    assert found.outcome is Outcome.OK, found.detail
    assert found.values["codec"] == codec
    assert (found.values["width"], found.values["height"]) == (320, 240)


async def test_without_onvif_it_is_the_devices_fault(tools: Tools) -> None:
    found = await look(tools, Target("camera", "127.0.0.1"), FrameOptions(onvif=OnvifOptions(port=9)))
    assert found.outcome is Outcome.REFUSED


async def test_a_wrong_password_is_sent_once(simsite: SimSite, tools: Tools) -> None:
    camera = "camera-04"
    target = Target(camera, simsite.address(camera), Login(simsite.username, Secret("wrong")))
    before = simsite.device(camera)["refused_logins"].get("rtsp", 0)
    found = await look(tools, target, FrameOptions(url=simsite.rtsp_url(camera, login=False)))
    assert found.outcome is Outcome.DENIED
    assert simsite.device(camera)["refused_logins"]["rtsp"] - before == 1
