"""Is a simulated dome, asked by real ONVIF, judged by the place where it stands?"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from probes.ask import ask
from probes.frame import PROBE, FrameOptions
from probes.frame.memory import Learned, Memory
from probes.frame.places import unpack
from probes.observation import Observation, Outcome
from probes.onvif.client import Client
from probes.onvif.memory import Memory as Known
from probes.onvif.ptz import read_presets, read_status
from probes.onvif.soap import PTZ, Call
from probes.simulators import Shape, SimulatedSite
from probes.simulators.blueprint import PASSWORD, USERNAME
from probes.simulators.camera import Camera
from probes.simulators.turret import PRESETS, Aim
from probes.target import Login, Secret, Target
from probes.tools import Tools
from tests.servers.simsite import free_base


@dataclass
class Watch:
    """A daemon's frame check of one dome, on a clock of their own."""

    camera: Camera
    options: FrameOptions
    now: float = 1_790_000_000.0
    stored: bytes = b""
    tools: Tools = field(init=False)

    def __post_init__(self) -> None:
        self.tools = Tools(lambda: self.now)
        self.tools.get(Memory).load = self._load
        self.target = Target("dome", self.camera.blueprint.address, Login(USERNAME, Secret(PASSWORD)))

    async def _load(self, device: str) -> Learned:
        return Learned(self.stored)

    async def look(self, after: float = 301.0) -> Observation:
        self.now += after
        found = await ask(PROBE, self.target, self.options, self.tools, check="frame", timeout_seconds=20.0)
        assert found.outcome is Outcome.OK, found.detail
        self.stored = found.learned or self.stored
        return found


@pytest.fixture
async def watch(films: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watch]:
    shape = Shape(base=free_base(), cameras=1, domes=1, recorders=0, panels=0, switches=0, upses=0, films=1)
    async with SimulatedSite(shape, films) as site:
        camera = site.devices["camera-01"]
        assert isinstance(camera, Camera)
        options = {
            "source": "snapshot",
            "onvif": {"port": shape.http_port},
            "ptz": {"home": "Gate", "away_after_seconds": 600},
        }
        one = Watch(camera, FrameOptions.model_validate(options))
        monkeypatch.setattr(camera.turret, "_clock", lambda: one.now)
        monkeypatch.setattr(camera, "second", lambda: int(one.now))
        yield one
        await one.tools.close()


async def test_a_dome_at_its_presets_on_its_way_and_left_alone(watch: Watch) -> None:
    turret = watch.camera.turret
    assert turret is not None
    for _ in range(8):
        found = await watch.look()
    assert (found.values["verdict"], found.values["preset"], found.values["away"]) == ("ok", "Gate", False)

    turret.go(PRESETS["2"][1])
    found = await watch.look(1.0)  # on its way
    assert (found.values["verdict"], found.values["unjudged"]) == ("unjudged", "turning")
    said = [await watch.look() for _ in range(4)]
    assert [one.values["preset"] for one in said] == ["停车场"] * 4
    assert [one.values["away"] for one in said] == [False, False, True, True]
    assert not any(one.values.get("moved") for one in said)

    turret.go(Aim(0.4, 0.1, 0.0))
    said = [await watch.look() for _ in range(3)]
    assert [one.values["unjudged"].partition(",")[0] for one in said] == ["unknown_place", "unknown_place", "learning"]

    turret.go(PRESETS["1"][1])
    assert (await watch.look()).values["verdict"] == "ok"
    turret.knock(0.12)  # the mount, not the motors
    found = await watch.look()
    assert (found.values["verdict"], found.values["preset"]) == ("moved", "Gate")
    assert found.values["moved_right_share"] == pytest.approx(-0.12, abs=0.01)
    turret.knock(0.0)

    turret.tour(10.0)
    places = {place.name for place in unpack(watch.stored).places}
    assert {"Gate", "停车场"} <= places
    seen = [(await watch.look(7.0)).values for _ in range(4)]
    assert not any(values.get("away") or values.get("moved") for values in seen)

    turret.tour(None)
    watch.camera.set_fault("ptz_refused", None)
    found = await watch.look()
    assert "preset" not in found.values
    assert found.values["verdict"] == "unjudged"


async def test_what_it_says_by_onvif(watch: Watch) -> None:
    await watch.look()
    onvif = watch.options.onvif
    presets = await read_presets(watch.tools, watch.target, onvif)
    assert [(one.token, one.name) for one in presets] == [("1", "Gate"), ("2", "停车场"), ("3", "Fence")]
    known = watch.tools.get(Known).find(watch.target, 80)  # as another check knows it
    assert known is not None
    goto = Call(PTZ, "GotoPreset", "<ProfileToken>main</ProfileToken><PresetToken>3</PresetToken>")
    await Client(watch.tools, watch.target, known).call(known.ptz, goto)
    watch.now += 0.5
    status = await read_status(watch.tools, watch.target, onvif)
    assert status.moving
    watch.now += 10.0
    status = await read_status(watch.tools, watch.target, onvif)
    assert (status.position, status.moving) == (presets[2].position, False)
    watch.camera.set_fault("ptz_vague", None)
    assert [one.position for one in await read_presets(watch.tools, watch.target, onvif)] == [None] * 3
    assert re.fullmatch(r"http://[\d.]+:\d+/onvif/ptz_service", known.ptz)
