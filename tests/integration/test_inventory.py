"""Does the daemon's line notice what has changed of a real device, and believe a person?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.core import decide
from monitor.core.plan import Check, Plan
from monitor.core.world import World
from monitor.settings.load import load
from monitor.settings.planning import plan
from monitor.storage.store import Store
from probes.ask import ask
from probes.onvif import OnvifOptions
from probes.probe import Lane
from probes.registry import probe
from probes.target import Login, Secret, Target
from probes.tools import Tools
from tests.servers.simsite import SimSite

EXAMPLE = Path(__file__).parents[2] / "config" / "example.site.yaml"
CAMERA = "cam-hall-01"


class Line:
    """Looks at a simulated camera every five minutes of a made-up time, and commits what follows."""

    def __init__(self, made: Plan, store: Store, site: SimSite, name: str) -> None:
        self.plan, self.world, self.store, self.now = made, World(), store, 1_800_000_000.0
        self.target = Target(CAMERA, site.address(name), Login(site.username, Secret(site.password)))
        self.options = OnvifOptions(port=site.shape.http_port)

    async def look(self, times: int = 3) -> dict[str, str]:
        tools = Tools()  # so that the inventory is taken anew
        seen = await ask(probe("onvif"), self.target, self.options, tools, check="onvif", timeout_seconds=10)
        await tools.close()
        for _ in range(times):
            self.now += 300
            decision = decide.observe(self.plan, self.world, replace(seen, at=self.now))
            await self.store.commit(decision.changes)
        return {one.fingerprint.fault: one.state.value for one in self.world.tickets.values()}

    async def accept(self) -> None:
        decision = decide.accept(self.plan, self.world, CAMERA, by="wang", note="right", now=self.now)
        await self.store.commit(decision.changes)


@pytest.fixture
async def line(tmp_path: Path, simsite: SimSite) -> AsyncIterator[Line]:
    store = Store.open("", tmp_path)
    made = plan(load(EXAMPLE, env={}, lenient=True))
    assert isinstance(made.checks[CAMERA, "onvif"], Check)
    assert made.checks[CAMERA, "onvif"].lane is Lane.WIRE
    yield Line(made, store, simsite, "camera-07")
    await store.close()


@pytest.mark.parametrize(
    ("fault", "ticket"),
    [
        ("swapped", "device.swapped"),
        ("upgraded", "firmware.changed"),
        ("weaker", "stream.changed"),
        ("factory_reset", "device.reset"),
        ("intruder", "users.administrator-added"),
    ],
)
async def test_a_change_of_a_camera(line: Line, simsite: SimSite, fault: str, ticket: str) -> None:
    assert await line.look() == {}
    known = line.world.inventory[CAMERA]
    assert known["onvif/mac"].value.startswith("02:00:00:01")
    assert known["onvif/main/kbps"].value == "512"
    assert known["onvif/scopes"].value == "name/camera-07"
    assert (known["onvif/users"].value, known["onvif/administrators"].value) == ("admin, viewer", "admin")
    with simsite.failing("camera-07", fault):
        assert await line.look() == {ticket: "new"}
        if fault == "factory_reset":
            found = {name: item.found for name, item in line.world.inventory[CAMERA].items()}
            assert (found["onvif/scopes"], found["onvif/users"], found["onvif/dhcp"]) == ("name/SW-C2M", "admin", "on")
        saved = await line.store.load()
        assert {item.name: item for item in saved.items} == line.world.inventory[CAMERA]
        assert any(item.found for item in saved.items)
        await line.accept()
        assert await line.look() == {ticket: "recovered"}
    saved = await line.store.load()
    assert not any(item.found for item in saved.items)
    assert {item.accepted_by for item in saved.items} == {"", "wang"}
    assert [event.text for event in await line.store.events(1) if event.by == "wang"] == ["right"]
