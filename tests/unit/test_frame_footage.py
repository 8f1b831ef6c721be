"""Are pictures and videos found, told apart by camera, dated, and taken in their order?"""

from __future__ import annotations

import os
from pathlib import Path

import av
import numpy as np
import orjson
import pytest
from click.testing import CliRunner, Result

from monitor.cli import main
from probes.frame.footage import Camera, DatedBy, NoFootage, search
from probes.frame.shots import LeftOut, Span, count, shots
from tests.servers.console_site import paint
from tests.unit.test_frame_dates import AT, exif

WHOLE = paint(1).jpeg
CHANGED = 1_600_000_000


def put(file: Path, data: bytes = WHOLE, changed_at: float = CHANGED) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    os.utime(file, (changed_at, changed_at))


def only(folder: Path, **how: bool) -> Camera:
    (camera,) = search([folder], **how).cameras
    return camera


def clip(file: Path, frames: int = 60, rate: int = 5) -> Path:
    """A video that becomes brighter by a level a frame."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(file), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(frames):
            image = np.full((180, 320, 3), 60 + number % 180, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
    return file


def test_dated_pictures_in_their_order_and_thinned(tmp_path: Path) -> None:
    for second in (50, 10, 30, 20):
        put(tmp_path / f"20240101T1200{second}.JPG")
    camera = only(tmp_path)
    assert camera.name == tmp_path.name
    assert [shot.at % 60 for shot in shots(camera)] == [10, 20, 30, 50]
    assert [shot.at % 60 for shot in shots(camera, Span(20))] == [10, 30, 50]
    assert count(camera, Span(20)) == 3
    since = next(iter(shots(camera))).at
    assert [shot.at - since for shot in shots(camera, Span(0, since + 10, since + 40))] == [10, 20]


def test_folders_by_day_are_of_one_camera_and_others_are_cameras(tmp_path: Path) -> None:
    put(tmp_path / "gate" / "2023-06-13" / "03" / "11_46.jpg")
    put(tmp_path / "gate" / "2023-06-14" / "04" / "11_46.jpg")
    put(tmp_path / "yard" / "2023" / "06" / "20230613_031146.jpg")
    put(tmp_path / "02" / "20230613_031146.jpg")  # no month, day or hour of that
    put(tmp_path / "20230613_031146.jpg")
    clip(tmp_path / "undated.avi", 5)
    cameras = search([tmp_path]).cameras
    assert {camera.name: len(camera.files) for camera in cameras} == {
        tmp_path.name: 1, "02": 1, "gate": 2, "undated": 1, "yard": 1,
    }  # fmt: skip
    assert len(only(tmp_path, together=True).files) == 6


def test_what_dates_a_picture(tmp_path: Path) -> None:
    put(tmp_path / "a" / "x.jpg", exif(WHOLE, "2023:06:13 03:11:46"))
    put(tmp_path / "a" / "20230613_031246.jpg")
    put(tmp_path / "a" / "y.jpg")
    for number, at in ((2, 0), (1, 600), (10, 1200)):
        put(tmp_path / "b" / f"frame_{number:06d}.jpg", changed_at=CHANGED + at)
        put(tmp_path / "c" / f"frame{number}.jpg")
    found = search([tmp_path], undated_seconds=300)
    a, b, c = ([(file.path.name, file.at, file.dated_by) for file in camera.files] for camera in found.cameras)
    assert a == [("x.jpg", AT, DatedBy.EXIF), ("20230613_031246.jpg", AT + 60, DatedBy.NAME)]
    assert [each.name for each in found.left_out] == ["a/y.jpg"]
    assert "name it 2024-06-13T03_11_46.jpg" in found.left_out[0].why
    assert [(name, at - CHANGED) for name, at, _ in b] == [
        ("frame_000002.jpg", 0), ("frame_000001.jpg", 600), ("frame_000010.jpg", 1200),
    ]  # fmt: skip
    assert {by for *_, by in b} == {DatedBy.FILE}
    assert [(name, at - c[0][1], by) for name, at, by in c] == [
        ("frame1.jpg", 0, DatedBy.ORDER), ("frame2.jpg", 300, DatedBy.ORDER), ("frame10.jpg", 600, DatedBy.ORDER),
    ]  # fmt: skip


def test_what_cannot_be_read_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    put(tmp_path / "20240101T120001.jpg", WHOLE[: len(WHOLE) // 2])
    put(tmp_path / "20240101T120002.jpg", b"no picture at all")
    put(tmp_path / "20240101T120003.jpg", b"")
    put(tmp_path / "20240101T120004.jpg")
    put(tmp_path / "copy of 20240101T120004.jpg")
    put(tmp_path / ".hidden.jpg")
    put(tmp_path / "@eaDir" / "20240101T120004.jpg")
    put(tmp_path / "notes.txt", b"not footage")
    put(tmp_path / "20240101T120005.webp")
    put(tmp_path / "broken.mp4", b"\0" * 100)
    (tmp_path / "latest.jpg").symlink_to(tmp_path / "20240101T120004.jpg")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "20240101T120006.jpg").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "20240101T120007.jpg")
    found = search([tmp_path], together=True)
    told: list[LeftOut] = []
    seen = list(shots(found.cameras[0], tell=told.append))
    assert [(shot.damaged, bool(shot.picture), shot.error.partition(",")[0]) for shot in seen] == [
        (True, False, "damaged: it cannot be decoded"),
        (False, False, "not a JPEG or PNG picture"),
        (False, False, "an empty file"),
        (False, True, ""),
        (False, False, seen[4].error),
    ]
    assert "cannot be read" in seen[4].error
    assert [each.name for each in told] == ["copy of 20240101T120004.jpg"]
    assert {each.name: each.why.partition(";")[0] for each in found.left_out} == {
        "notes.txt": "not a JPEG or PNG picture, nor a video",
        "20240101T120005.webp": "not a JPEG or PNG picture, nor a video",
        "20240101T120006.jpg": "not a file",
        "20240101T120007.jpg": "not a file",
    }


def test_a_video_gives_a_picture_an_interval_and_the_one_before(tmp_path: Path) -> None:
    clip(tmp_path / "clip.mp4")
    found = list(shots(only(tmp_path), Span(4)))
    assert [round(shot.at - found[0].at) for shot in found] == [0, 4, 8]
    assert found[0].before is None
    assert all(shot.before is not None and 1.4 <= shot.gap_seconds <= 4 for shot in found[1:])
    assert found[0].burst is None
    row = found[1].burst
    assert row is not None
    assert [one.seconds for one in row] == pytest.approx([2.6, 2.8, 3.0, 3.2, 3.4, 3.6, 3.8, 4.0])
    assert float(row[-1].luma.mean()) > float(row[0].luma.mean()) + 4


def test_where_looks_are_far_apart_only_what_is_near_them_is_decoded(tmp_path: Path) -> None:
    clip(tmp_path / "gate_2023-06-13T03_11_46.mp4", 5 * 100)
    found = list(shots(only(tmp_path), Span(40)))
    assert [round(shot.at - AT, 1) for shot in found] == [0, 40, 80]
    for shot in found[1:]:
        assert shot.before is not None
        assert shot.burst is not None
        assert len(shot.burst) == 8
        assert shot.picture is not None
        assert shot.picture.detail.mean() == pytest.approx(60 + (5 * (shot.at - AT)) % 180, abs=4)


def test_videos_of_one_camera_go_on_from_each_other(tmp_path: Path) -> None:
    for name in ("20230613_031146.avi", "20230613_031150.avi", "a.avi"):
        clip(tmp_path / name, 30)  # six seconds
    put(tmp_path / "20230613_031148.jpg")
    found = list(shots(only(tmp_path, together=True), Span(1)))
    assert [round(shot.at - AT) for shot in found] == [*range(10), *range(10, 16)]
    assert [shot.name for shot in found if shot.codec == "mjpeg"] in ([], ["20230613_031148.jpg"])


@pytest.mark.parametrize("made", ["nothing", "empty"])
def test_nothing_there(tmp_path: Path, made: str) -> None:
    place = tmp_path / made
    if made == "empty":
        place.mkdir()
    with pytest.raises(NoFootage):
        search([place])


def replay(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["frame", "replay", *map(str, arguments)])


def test_the_report_has_every_look_of_every_camera(tmp_path: Path) -> None:
    for minute in range(3):
        put(tmp_path / "footage" / "gate" / f"20230613_03{minute:02d}00.jpg")
    put(tmp_path / "footage" / "gate" / "20230613_030300.jpg", b"<html>")
    clip(tmp_path / "footage" / "dark.avi", 10)
    out = tmp_path / "report.json"
    done = replay(tmp_path / "footage", "-o", out)
    assert done.exit_code == 0, done.output
    assert "--one-camera" in done.output
    report = orjson.loads(out.read_bytes())
    assert [one["camera"] for one in report["frames"]] == ["dark"] * 2 + ["gate"] * 4
    assert report["summary"]["cameras"].keys() == {"dark", "gate"}
    first, last = report["frames"][2], report["frames"][-1]
    assert (first["file"], first["at"], first["dated_by"]) == (
        "gate/20230613_030000.jpg", "2023-06-13T03:00:00.000+00:00", "name",
    )  # fmt: skip
    assert (first["verdict"], first["state"], first["fault"]) == ("unjudged", "learning", None)
    assert "learning" in first["unjudged"]
    assert (last["state"], last["verdict"]) == ("unreadable", "unreadable")
    assert "convert or delete it" in last["error"]
    one = orjson.loads(replay(tmp_path / "footage", "--camera", "gate", "--until", "2023-06-13T03:01:00").stdout)
    assert [each["name"] for each in one["frames"]] == ["gate/20230613_030000.jpg"]
    assert "cameras" not in one["summary"]


def test_what_cannot_be_replayed_ends_with_1_and_says_what_would_do(tmp_path: Path) -> None:
    put(tmp_path / "a" / "20230613_031146.jpg", b"<html>")
    put(tmp_path / "b" / "20230613_031146.jpg")
    for arguments, said in (
        ([tmp_path / "c"], "there is no"),
        ([tmp_path, "--save", tmp_path / "x.swref"], "name one by --camera"),
        ([tmp_path, "--camera", "z"], "a, b"),
        ([tmp_path / "a", "-o", tmp_path / "report.json"], "no picture could be read"),
        ([tmp_path / "b", "--from", "2024-01-01"], "in that time"),
    ):
        done = replay(*arguments)
        assert done.exit_code == 1, done.output
        assert said in done.output
    assert orjson.loads((tmp_path / "report.json").read_bytes())["frames"][0]["state"] == "unreadable"
