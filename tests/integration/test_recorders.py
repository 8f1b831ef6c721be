"""Does the probe learn from recorders of three makers what is wrong, and is a wrong password sent once?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from probes.ask import ask
from probes.nvr import PROBE, RecorderOptions
from probes.nvr.memory import Memory
from probes.observation import Observation, Outcome
from probes.simulators import Shape, isapi
from probes.simulators.blueprint import PASSWORD, USERNAME
from probes.simulators.recorder import Dialect, Recorder
from probes.simulators.site import SimulatedSite
from probes.target import Login, Secret, Target
from probes.tools import Tools, start_transcript
from tests.servers.processes import free_port
from tests.servers.simsite import free_base

HOUR = 3_600.0
LOGIN = Login(USERNAME, Secret(PASSWORD))


@dataclass
class Stand:
    """A simulated site and a daemon's tools, whose clock can be set forward."""

    site: SimulatedSite
    tools: Tools
    ahead: float = 0.0

    def recorder(self, dialect: Dialect) -> Recorder:
        recorder = self.site.devices["recorder-01"]
        assert isinstance(recorder, Recorder)
        recorder.dialect = dialect
        return recorder

    async def look(self, login: Login | None = LOGIN, **options: object) -> Observation:
        port = self.site.shape.http_port
        host = self.site.devices["recorder-01"].blueprint.address
        wanted = RecorderOptions.model_validate({"port": port, "retention_days": 30, **options})
        target = Target("recorder-01", host, login)
        known = self.tools.get(Memory).recall(target, port, wanted.language)
        for _ in range(50):  # a loaded machine takes several looks for the footage
            seen = await ask(PROBE, target, wanted, self.tools, check="recorder", timeout_seconds=20)
            if known.seldom.todo is None and known.often.todo is None:
                break
        return seen


@pytest_asyncio.fixture
async def stand(films: Path) -> AsyncIterator[Stand]:
    shape = Shape(base=free_base(), cameras=7, recorders=1, panels=0, switches=0, upses=0, films=1, boot_seconds=0.05)
    async with SimulatedSite(shape, films) as site:
        stand = Stand(site, Tools())
        clock = stand.tools.now
        stand.tools.now = lambda: clock() + stand.ahead
        yield stand
        await stand.tools.close()


def states(seen: Observation, table: str) -> dict[str, object]:
    return {key: row.get("state") for key, row in seen.rows[table].items()}


@pytest.mark.parametrize(
    ("dialect", "first", "told"), [("isapi", "1", True), ("dahua", "1", True), ("onvif", "rec-1", False)]
)
async def test_a_recorder_that_is_well(stand: Stand, dialect: Dialect, first: str, told: bool) -> None:
    recorder = stand.recorder(dialect)
    seen = await stand.look()
    assert seen.outcome is Outcome.OK, seen.detail
    values = seen.values
    assert (values["language"], values["channels"], values["channels_recording"]) == (dialect, 7, 7)
    assert values["serial"] == recorder.serial
    assert values["retention"] == "enough"
    assert values["oldest_footage_seconds"] == pytest.approx(59.5 * 24 * HOUR, abs=13 * HOUR)
    channel = seen.rows["channel"][first]
    assert channel["name"] == "Gate 1"
    assert channel["address"] == stand.site.devices["camera-01"].blueprint.address
    days = str(seen.rows["footage"][first]["days"])
    assert len(days) == 30
    if told:
        assert days == "1" * 30
        assert values["channels_online"] == 7
        assert set(states(seen, "disk").values()) <= {"normal", "empty"}
    else:
        assert days == "?" * 30
        assert "missing_days" not in seen.rows["footage"][first]
        assert "channels_online" not in values
        assert "disks not told" in seen.detail
    assert values["untold"] == ("" if told else "disk_states")
    assert not recorder.gate.refused
    assert not recorder.searches, "every search is given back"


@pytest.mark.parametrize("dialect", ["isapi", "dahua", "onvif"])
async def test_faults_of_a_recorder(stand: Stand, dialect: Dialect) -> None:
    recorder = stand.recorder(dialect)
    prefix = "rec-" if dialect == "onvif" else ""
    for fault, value in (("disk_failed", 2), ("channel_lost", 3), ("channel_idle", 7), ("footage_short", 20),
                         ("footage_gap", 3)):  # fmt: skip
        stand.site.fail("recorder-01", fault, value)
    seen = await stand.look()
    assert seen.outcome is Outcome.OK, seen.detail
    assert seen.values["retention"] == "short"
    channels = seen.rows["channel"]
    assert channels[f"{prefix}7"].get("recording") is False
    assert channels[f"{prefix}1"].get("recording") is True
    if dialect == "onvif":
        assert channels["rec-3"].get("recording") is False, "its job is in error"
        return
    assert channels["3"]["state"] == "offline"
    assert "recording" not in channels["3"], "nothing is proven while it is offline"
    assert states(seen, "disk")["2" if dialect == "isapi" else "sdb"] == (
        "smart_failed" if dialect == "isapi" else "abnormal"
    )
    footage = seen.rows["footage"]
    assert (footage["1"]["missing_days"], footage["1"]["longest_gap_days"]) == (3, 3)
    assert footage["2"]["missing_days"] == 0
    gap = recorder.now().date() - timedelta(days=12)
    assert gap not in recorder.footage(1)
    for fault in list(recorder.faults):
        stand.site.repair("recorder-01", fault)
    stand.ahead = 5 * HOUR
    seen = await stand.look()
    assert seen.values["retention"] == "enough"
    assert seen.values["channels_online"] == seen.values["channels_recording"] == 7


async def test_a_continuous_plan_without_footage_is_proof(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recorder believes to record, but there is nothing of the last half hour."""
    recorder = stand.recorder("isapi")
    files = recorder.files
    ago = recorder.now() - timedelta(hours=2)
    monkeypatch.setattr(
        recorder, "files", lambda channel: [span for span in files(channel) if channel != 4 or span[1] < ago]
    )
    seen = await stand.look()
    just_after_midnight = recorder.now().hour == 0 and recorder.now().minute < 31  # no block holds the half hour
    assert seen.rows["channel"]["4"].get("recording") is (None if just_after_midnight else False)
    assert seen.rows["channel"]["5"].get("recording") is True


@pytest.mark.parametrize("dialect", ["isapi", "dahua", "onvif"])
async def test_a_wrong_password_is_tried_once(stand: Stand, dialect: Dialect) -> None:
    recorder = stand.recorder(dialect)
    seen = await stand.look(replace(LOGIN, password=Secret("wrong")))
    assert seen.outcome is Outcome.DENIED
    assert sum(recorder.gate.refused.values()) == 1
    assert "wrong" not in seen.detail


async def test_a_password_that_is_changed_later_is_tried_once_more(stand: Stand) -> None:
    recorder = stand.recorder("isapi")
    assert (await stand.look()).outcome is Outcome.OK
    recorder.gate.password = "another"
    stand.ahead = 5 * HOUR
    assert (await stand.look()).outcome is Outcome.DENIED
    assert sum(recorder.gate.refused.values()) == 1


@pytest.mark.parametrize("dialect", ["isapi", "dahua", "onvif"])
async def test_what_is_closed_is_unsupported_and_not_a_wrong_password(stand: Stand, dialect: Dialect) -> None:
    recorder = stand.recorder(dialect)
    stand.site.fail("recorder-01", "api_off")
    for _ in range(2):  # one that never told anything; one of which names and footage are remembered
        seen = await stand.look()
        assert seen.outcome is Outcome.UNSUPPORTED, seen.detail
        assert not recorder.gate.refused
        stand.site.repair("recorder-01", "api_off")
        assert (await stand.look()).outcome is Outcome.OK
        stand.site.fail("recorder-01", "api_off")


@pytest.mark.parametrize(
    ("closed", "untold"),
    [(("Storage",), "disk_states"), (("InputProxy", "inputs"), "channel_states"),
     (("dailyDistribution", "search"), "footage")],
)  # fmt: skip
async def test_what_a_user_has_no_right_to_see_is_named(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, closed: tuple[str, ...], untold: str
) -> None:
    """Before and after the rights were taken, and when they are given back."""
    stand.recorder("isapi")
    assert (await stand.look()).values["untold"] == ""
    open_to_all = isapi.answer

    def answer(recorder: Recorder, method: str, path: str, body: bytes) -> isapi.Reply:
        shut = any(part in path for part in closed)
        return isapi.Reply(403, b"") if shut else open_to_all(recorder, method, path, body)

    monkeypatch.setattr(isapi, "answer", answer)
    stand.ahead = 5 * HOUR
    seen = await stand.look()
    assert (seen.outcome, seen.values["untold"]) == (Outcome.OK, untold)
    monkeypatch.undo()
    stand.ahead += 0.3 * HOUR
    assert (await stand.look()).values["untold"] == ""


async def test_without_a_login(stand: Stand) -> None:
    stand.recorder("isapi")
    seen = await stand.look(None)
    assert (seen.outcome, "login" in seen.detail) == (Outcome.UNSUPPORTED, True)


async def test_footage_is_asked_for_seldom(stand: Stand) -> None:
    stand.recorder("dahua")
    transcript = start_transcript()
    await stand.look()
    first = len(transcript)
    await stand.look()
    assert len(transcript) - first < first / 8
    stand.ahead = 5 * HOUR
    before = len(transcript)
    await stand.look()
    again = sum("mediaFileFind" in line for line in transcript[before:])
    assert 0 < again < sum("mediaFileFind" in line for line in transcript[:first]), "days that are over are known"
    assert PASSWORD not in "\n".join(transcript)


async def test_a_lost_disk_is_no_empty_bay(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = stand.recorder("isapi")
    assert states(await stand.look(), "disk")["5"] == "empty"
    disks = recorder.disks()
    gone = [replace(one, capacity_mb=0, free_mb=0) if one.number == 2 else one for one in disks]
    monkeypatch.setattr(recorder, "disks", lambda: gone)
    assert states(await stand.look(), "disk")["2"] == "offline"


HOSTILE = (
    b"", b"<", b"\x00" * 4_096, b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    b"<DeviceInfo>" * 50_000,
    b"<DeviceInfo><model>" + b"x" * 2_000_000, b"a=b\n" * 200_000, b"serialNumber=" + b"9" * 900_000, b"Error",
)  # fmt: skip


@pytest.mark.parametrize("language", ["auto", "isapi", "dahua", "onvif"])
async def test_hostile_answers(language: str) -> None:
    answers = iter(HOSTILE * 40)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=next(answers))

    server, port, tools = web.Server(answer, access_log=None), free_port(), Tools()
    listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", port)
    try:
        for _ in HOSTILE:
            options = RecorderOptions.model_validate({"port": port, "language": language})
            seen = await ask(
                PROBE, Target("r", "127.0.0.1", LOGIN), options, tools, check="recorder", timeout_seconds=10
            )
            assert seen.outcome in {Outcome.UNSUPPORTED, Outcome.GARBLED, Outcome.OK}, seen
            assert seen.duration_seconds < 5
    finally:
        listening.close()
        await tools.close()
        await server.shutdown(0)
