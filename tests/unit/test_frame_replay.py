"""Does the command line look, explain and report as the daemon would, and say what it did?"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import orjson
import pytest
from click.testing import CliRunner, Result

from monitor.cli import explaining, frame, main
from monitor.cli import replay as production
from monitor.cli.report import about
from probes.frame.footage import search
from probes.frame.shots import Span, shots
from tests.servers.console_site import paint
from tests.unit.test_frame_footage import clip, put

BLACK = cv2.imencode(".jpg", np.zeros((180, 320, 3), np.uint8))[1].tobytes()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["frame", *map(str, arguments)])


def view(seed: int) -> bytes:
    """The same scene with other noise."""
    scene = cv2.imdecode(np.frombuffer(paint(1).jpeg, np.uint8), cv2.IMREAD_COLOR).astype(np.float32)
    noise = np.random.default_rng(seed).normal(0, 3, scene.shape)
    return cv2.imencode(".jpg", np.clip(scene + noise, 0, 255).astype(np.uint8))[1].tobytes()


def minutes(folder: Path, black_from: int, until: int) -> None:
    for minute in range(until):
        picture = BLACK if minute >= black_from else view(minute)
        put(folder / f"20240613_{minute // 60:02d}{minute % 60:02d}00.jpg", picture)


def test_where_something_seems_wrong_it_looks_again_sooner(tmp_path: Path) -> None:
    minutes(tmp_path / "footage", black_from=8, until=30)
    report = orjson.loads(run("replay", tmp_path / "footage", "--interval", 600).stdout)
    looks = [(one["at"][11:16], one["verdict"], one["sooner"]) for one in report["frames"]]
    assert looks[:6] == [
        ("00:00", "unjudged", False), ("00:10", "black", False), ("00:11", "black", True), ("00:12", "black", True),
        ("00:13", "black", True), ("00:23", "black", False),
    ]  # fmt: skip
    opened = [event for one in report["frames"] for event in one["events"]]
    assert [(event["event"], event["fault"]) for event in opened] == [("opened", "camera.black")]
    assert report["frames"][4]["events"] == opened
    assert report["frames"][4]["tickets"] == ["camera.black"]


def test_of_a_video_it_looks_again_sooner_too(tmp_path: Path) -> None:
    clip(tmp_path / "clip.mp4", 300)
    camera = search([tmp_path]).cameras[0]
    wanted = [float("inf")]
    found = []
    for shot in shots(camera, Span(30), soon=lambda: wanted[0]):
        found.append((round(shot.at - camera.files[0].at, 1), shot.sooner))
        wanted[0] = shot.at + 2.5 if len(found) < 4 else float("inf")
    assert found == [(0.0, False), (2.6, True), (5.2, True), (7.8, True), (37.8, False)]


def test_every_part_of_a_report_is_explained_in_it(tmp_path: Path) -> None:
    minutes(tmp_path / "footage", black_from=8, until=9)
    put(tmp_path / "footage" / "20240613_000900.jpg", b"<html>")
    report = orjson.loads(run("replay", tmp_path / "footage").stdout)
    explained = {word for key in about() for word in key.split(", ")} | {"codec", "width", "height", "error"}
    assert {key for one in report["frames"] for key in one} <= explained
    assert report["complete"] is True
    assert report["options"] == {"interval": 0.0, "learning": True, "presets": False, "reference": False}
    first, black, broken = report["frames"][0], report["frames"][-2], report["frames"][-1]
    assert first["picture"]["luma_mean"] > 20
    assert (black["verdicts"], black["confidences"]) == (["black"], {"black": 1.0})
    assert (broken["confidence"], broken["measures"], broken["scores"]) == (0.0, {}, {})
    measures = [value for one in report["frames"] for value in one["measures"].values()]
    assert measures
    assert all(set(value) == {"value", "low", "high"} for value in measures)


def test_an_interrupted_replay_writes_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    minutes(tmp_path / "footage", black_from=8, until=8)
    looks = production.Replay._look
    seen = []

    def interrupted(self: production.Replay, shot: object) -> object:
        seen.append(shot)
        if len(seen) == 5:
            raise KeyboardInterrupt
        return looks(self, shot)  # type: ignore[arg-type]

    monkeypatch.setattr(production.Replay, "_look", interrupted)
    done = run("replay", tmp_path / "footage", "-o", tmp_path / "report.json")
    assert done.exit_code == frame.INTERRUPTED
    report = orjson.loads((tmp_path / "report.json").read_bytes())
    assert (len(report["frames"]), report["complete"]) == (4, False)


def test_several_cameras_in_one_folder_are_learned_apart(tmp_path: Path) -> None:
    for minute in range(4):
        put(tmp_path / f"gate_20240613_00{minute:02d}00.jpg", view(minute))
        put(tmp_path / f"yard_20240613_00{minute:02d}00.jpg", view(minute + 9))
    done = run("replay", tmp_path, "-o", tmp_path / "report.json")
    assert "gate (4), yard (4)" in done.output
    assert "--by-folder" in done.output
    assert orjson.loads((tmp_path / "report.json").read_bytes())["summary"]["cameras"].keys() == {"gate", "yard"}
    done = run("replay", tmp_path, "--by-folder", "-o", tmp_path / "report.json")
    assert "cameras" not in orjson.loads((tmp_path / "report.json").read_bytes())["summary"]


def test_explain_says_by_what_it_was_judged_and_every_measure_in_words(tmp_path: Path) -> None:
    minutes(tmp_path / "handover", black_from=30, until=30)
    put(tmp_path / "now.jpg", view(99))
    put(tmp_path / "broken.jpg", b"<html>")
    alone = run("explain", tmp_path / "now.jpg")
    assert "by fixed thresholds alone" in alone.output
    assert "Brightness" in alone.output
    assert run("replay", tmp_path / "handover", "--save", tmp_path / "a.swref").exit_code == 0
    told = run("explain", tmp_path / "now.jpg", tmp_path / "broken.jpg", "--reference", tmp_path / "a.swref")
    assert told.exit_code == 0
    assert "compared with state 1 of 1" in told.output
    assert "The view is recognised" in told.output
    assert "not a JPEG or PNG picture" in told.output
    assert run("explain", tmp_path / "broken.jpg").exit_code == 1


def test_chinese_labels_stand_in_columns() -> None:
    assert len(explaining._padded("亮度")) == explaining.WIDTH - 2
