"""Does what a recorder tells become the right tickets, and is a camera's own fault not told twice?"""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.core import decide
from monitor.core.change import AddEvent
from monitor.core.plan import Plan
from monitor.core.world import Saved, World
from monitor.locale import Formats
from monitor.notify.quoting import Quotes
from monitor.settings.load import load
from monitor.settings.planning import plan
from probes.observation import Answer, Outcome, Values
from tests.acceptance.score import SILENT, Score

MINUTE = 60.0
SITE = """
site: {id: s, name: S}
credentials: {c: {username: u, password: {env: P}}}
defaults: {camera: {credentials: c, checks: {onvif: off, frame: off, rtsp: {path: /live}}}, recorder: {credentials: c}}
devices:
  - {id: nvr, name: Recorder, kind: recorder, host: 192.0.2.20, checks: {recorder: {retention_days: 90}}}
  - {id: cam, name: Gate, kind: camera, host: 192.0.2.7}
"""
DAY = 86_400


def said(values: Values | None = None, **tables: dict[str, Values]) -> Answer:
    """A recorder that is well, but for these values and rows."""
    rows: dict[str, dict[str, Values]] = {
        "channel": {"1": {"name": "anything", "address": "192.0.2.7", "state": "online", "recording": True},
                    "2": {"name": "Hall", "state": "online", "recording": True}},
        "disk": {"1": {"name": "hdd1", "state": "normal", "used_percent": 100.0}},
        "footage": {"1": {"days": "1" * 90, "missing_days": 0, "longest_gap_days": 0}},
    }  # fmt: skip
    for name, table in tables.items():
        rows[name] = {key: {**rows[name].get(key, {}), **table.get(key, {})} for key in {**rows[name], **table}}
    well: Values = {"retention": "enough", "retention_days": 90, "oldest_footage_seconds": 95 * DAY, "overwrite": True}
    return Answer({**well, **(values or {})}, rows)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    file = tmp_path_factory.mktemp("recorder") / Path("site.yaml")
    file.write_text(SITE)
    return plan(load(file, env={"P": "secret"}))


@pytest.fixture
def score(made: Plan) -> Score:
    score = Score(made)
    score.answer("nvr", "recorder", said())
    return score


@pytest.mark.parametrize(
    ("answer", "where", "english", "chinese"),
    [
        (said(channel={"2": {"state": "offline"}}), "channel.offline channel/2", "Channel 2 of Recorder", "通道 2"),
        (said(channel={"2": {"recording": False}}), "channel.not-recording channel/2", "is not being", "没有录像"),
        (said(disk={"1": {"state": "smart_failed"}}), "disk.failed disk/1", "Disk 1 of Recorder", "硬盘 1"),
        (said({"overwrite": False}), "disk.full disk/1", "overwriting is switched off", "未开启循环覆盖"),
        (said({"retention": "short", "retention_basis": "channels", "channels_judged": 16, "channels_short": 3,
               "worst_channel": "2 (Hall)", "worst_seconds": 29 * DAY}), "recording.retention-short ",
         "3 of 16 channels of Recorder keep footage for less than the 90 days of the contract. The worst is channel "
         "2 (Hall): 29 d.", "有 3/16 个通道的录像保存不足合同要求的 90 天，最短的是通道 2 (Hall)：29 天"),
        (said({"retention": "short", "retention_basis": "total", "oldest_footage_seconds": 29 * DAY}),
         "recording.total-short ", "is 29 d old; the contract asks 90 days", "距今 29 天，合同要求 90 天"),
        (said(footage={"1": {"missing_days": 3, "longest_gap_days": 2}}), "recording.gap footage/1",
         "3 days without any footage, up to 2 in a row", "有 3 天没有录像，最长连续 2 天"),
        (Answer(outcome=Outcome.GARBLED, detail="malformed XML"), "recorder.mute ", "(malformed XML)", "无法获取"),
    ],
)  # fmt: skip
def test_a_fault_is_one_ticket_that_recovers(
    score: Score, answer: Answer, where: str, english: str, chinese: str
) -> None:
    fault, _, component = where.partition(" ")
    made = score.plan
    score.at(10 * MINUTE, score.answer, "nvr", "recorder", answer)
    score.run(60 * MINUTE)
    assert score.told() == [("nvr", fault, "new")]
    (ticket,) = score.tickets()
    assert ticket.fingerprint.component == component
    for language, words in (("en", english), ("zh_CN", chinese)):
        assert words in Quotes(ticket, made, Formats(language, "UTC"), score.now).fill(made.faults[fault].text)  # type: ignore[arg-type]
    score.answer("nvr", "recorder", said())
    score.run(120 * MINUTE)
    assert score.told() == [("nvr", fault, "recovered")]


@pytest.mark.parametrize("why", ["dark", "password"])
def test_a_camera_that_is_down_is_told_once(score: Score, why: str) -> None:
    """The channel is linked to the camera by its address; the names differ."""
    if why == "dark":
        score.at(10 * MINUTE, score.answer, "cam", "reach", SILENT)
        score.at(10 * MINUTE, score.answer, "cam", "rtsp", SILENT)
    else:
        score.at(10 * MINUTE, score.answer, "cam", "rtsp", Answer(outcome=Outcome.WITHHELD))
        score.at(10 * MINUTE, score.see, "cam", "login", Answer({"state": "refused"}))
    score.at(10 * MINUTE, score.answer, "nvr", "recorder", said(channel={"1": {"state": "offline"}}))
    score.run(60 * MINUTE)
    assert [fault for _, fault, _ in score.told()] == ["camera.silent" if why == "dark" else "login.refused"]
    score.well("cam")
    score.at(60 * MINUTE, score.see, "cam", "login", Answer({"state": "ok"}))
    score.run(120 * MINUTE)
    assert ("nvr", "channel.offline", "new") in score.told(), "the camera is back, the recorder still has no stream"


CLOSED = Answer(outcome=Outcome.UNSUPPORTED, detail="channels not told: /ISAPI/System: HTTP status 403")


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize(
    ("now", "fault", "english", "chinese"),
    [
        (CLOSED, "recorder.mute", "(channels not told: /ISAPI/System: HTTP status 403)",
         "（未提供通道信息：/ISAPI/System：HTTP 状态 403）"),
        (said({"untold": "disk_states"}), "recorder.tells-less", "no longer tells how its disks are, as", "：硬盘状态"),
        (said({"untold": "channel_states, footage"}), "recorder.tells-less",
         "how its channels are, what footage it keeps, as", "通道状态、录像保存情况"),
    ],
)  # fmt: skip
def test_what_was_told_once_and_is_told_no_more(  # noqa: PLR0917
    score: Score, restarted: bool, now: Answer, fault: str, english: str, chinese: str
) -> None:
    score.run(10 * MINUTE)
    if restarted:  # of the looks nothing is left, of the inventory everything
        items = tuple(item for of_device in score.world.inventory.values() for item in of_device.values())
        score.world = World.restore(Saved(items=items))
    score.answer("nvr", "recorder", now)
    score.run(60 * MINUTE)
    assert score.told() == [("nvr", fault, "new")]
    (ticket,) = score.tickets()
    for language, words in (("en", english), ("zh_CN", chinese)):
        text = score.plan.faults[fault].text
        assert words in Quotes(ticket, score.plan, Formats(language, "UTC"), score.now).fill(text)  # type: ignore[arg-type]
    score.answer("nvr", "recorder", said())
    score.run(120 * MINUTE)
    assert score.told() == [("nvr", fault, "recovered")]


def test_what_never_was_told_is_no_fault(made: Plan) -> None:
    """A recorder without an interface; one without disks, whose interface is then closed, loses only the rest."""
    score = Score(made)
    score.answer("nvr", "recorder", CLOSED)
    score.at(60 * MINUTE, score.answer, "nvr", "recorder", said({"untold": "disk_states"}))
    score.run(120 * MINUTE)
    assert not score.told()
    score.answer("nvr", "recorder", CLOSED)
    score.run(180 * MINUTE)
    (ticket,) = score.tickets()
    assert (ticket.fingerprint.fault, ticket.facts["lost"]) == ("recorder.mute", "channel_states, footage")


def test_a_person_says_that_it_is_meant_to_be_so(score: Score) -> None:
    score.run(10 * MINUTE)
    score.answer("nvr", "recorder", said({"untold": "disk_states"}))
    score.run(60 * MINUTE)
    decision = decide.accept(
        score.plan, score.world, "nvr", by="wang", note="rights were taken on purpose", now=score.now
    )
    assert any(
        isinstance(one, AddEvent) and one.event.text == "rights were taken on purpose" for one in decision.changes
    )
    score.run(120 * MINUTE)
    assert score.told() == [("nvr", "recorder.tells-less", "recovered")]
    score.answer("nvr", "recorder", said())
    score.run(180 * MINUTE)
    score.answer("nvr", "recorder", said({"untold": "disk_states"}))
    score.run(240 * MINUTE)
    assert score.told()[-1] == ("nvr", "recorder.tells-less", "new"), "it told again, and no longer does"
