"""Which UPS feeds what: learned from a real agent's watts while devices lose power, kept, and proposed to a person."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner, Result

from monitor.cli.topology import topology
from monitor.core import decide
from monitor.core.change import Change
from monitor.core.world import World
from monitor.settings.load import load
from monitor.settings.planning import plan
from monitor.storage.store import Store
from probes.ask import ask
from probes.observation import Observation, Outcome
from probes.registry import probe
from probes.simulators import site_yaml
from probes.tools import Tools
from tests.servers.simsite import SimSite

START = 1_795_000_000.0
WATCHED = ("switch-01", "recorder-01", "panel-01")


async def live(simsite: SimSite, file: Path, state: Path) -> None:
    """Five hours of a daemon's life, with the UPS's own answers: each device fails three times."""
    settings = load(file)
    watching, world, tools, changes = plan(settings), World(), Tools(), list[Change]()
    check, target = settings.checks["ups-01", "snmp"], settings.devices["ups-01"].target
    now = START

    async def run(minutes: int) -> None:
        nonlocal now
        told = await ask(probe("snmp"), target, check.options, tools, check="snmp", timeout_seconds=5.0)
        assert told.outcome is Outcome.OK, told
        dark = {name for name in WATCHED if simsite.device(name)["faults"]}
        for _ in range(minutes * 2):
            now += 30.0
            looks = [replace(told, device="ups-01", at=now)]
            for name in WATCHED:
                outcome = Outcome.NO_ANSWER if name in dark else Outcome.OK
                looks.append(Observation(name, "reach", now + 5.0, 0.1, outcome))
            for one in looks:
                changes.extend(decide.observe(watching, world, one).changes)

    await run(40)
    for _ in range(3):
        for name in WATCHED:
            with simsite.failing(name, "lost"):
                await run(12)
            await run(20)
    await tools.close()
    store = Store.open("", state)
    await store.commit(changes)
    assert {one.device for one in (await store.load()).outages} == {"switch-01", "recorder-01"}
    await store.close()


def run(file: Path, state: Path, *words: str) -> Result:
    return CliRunner().invoke(topology, ["-c", str(file), "--state", str(state), *words], catch_exceptions=False)


def test_a_site_learns_which_ups_feeds_what(simsite: SimSite, tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    text = site_yaml(simsite.shape)
    file.write_text(text.replace("  power: ups-01\n", ""), "utf-8")
    asyncio.run(live(simsite, file, tmp_path))
    done = run(file, tmp_path)
    assert done.exit_code == 0, done.output
    assert "switch-01 seems to be fed by ups-01: its load moved 3 times with it, and never against it" in done.output
    assert done.output.count("switch-01 dark from") == 3
    assert "the load of ups-01 fell by 44 W and rose by 44 W" in done.output  # itself, and the cameras that it feeds
    assert "the load of ups-01 fell by 60 W and rose by 60 W" in done.output
    assert "panel-01 seems" not in done.output  # the mains feed it
    assert done.output.count("+  power: ups-01") == 2
    file.write_text(text, "utf-8")
    answer = json.loads(run(file, tmp_path, "--json").stdout)
    powers = {one["device"]: one["standing"] for one in answer["proposals"] if one["link"] == "power"}
    assert powers == {"switch-01": "agrees", "recorder-01": "agrees"}
    assert answer["coarse"] == []
