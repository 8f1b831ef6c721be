import os
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probes.errors import Garbled
from probes.frame.picture import from_bgr
from tests.benchmarks.frames.footage import light_of, read_footage
from tests.unit.test_frame_dates import exif

AT = datetime(2023, 6, 13, 3, 11, 46, tzinfo=UTC).timestamp()


def jpeg(level: int = 100, size: tuple[int, int] = (64, 48)) -> bytes:
    return bytes(cv2.imencode(".jpg", np.full((size[1], size[0], 3), level, np.uint8))[1])


def test_a_folder_is_read_by_time_at_an_interval(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "2023-06-13T03_21_46.jpg").write_bytes(jpeg())
    (tmp_path / "b" / "20230613_031146.jpg").write_bytes(jpeg())
    (tmp_path / "2023-06-13T03_12_00.jpg").write_bytes(jpeg())
    (tmp_path / "x.jpg").write_bytes(exif(jpeg(), "2023:06:13 03:41:46"))
    unread: list[tuple[str, str]] = []
    shots = list(read_footage(tmp_path, 60.0, lambda name, why: unread.append((name, why))))
    assert [shot.at - AT for shot in shots] == [0, 600, 1800]
    assert [shot.name for shot in shots] == ["b/20230613_031146.jpg", "2023-06-13T03_21_46.jpg", "x.jpg"]
    assert not unread
    codec, picture, corrupt = shots[0].picture()
    assert (codec, corrupt) == ("mjpeg", False)
    assert picture is not None
    assert picture.luma.mean() == pytest.approx(100, abs=1)


def test_folders_date_what_their_files_do_not(tmp_path: Path) -> None:
    deep = tmp_path / "2023-06-13" / "03"
    deep.mkdir(parents=True)
    (deep / "11_46.jpg").write_bytes(jpeg())
    assert [shot.at for shot in read_footage(tmp_path, 0, print)] == [AT]


def test_undated_files_come_as_they_are_numbered(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        (tmp_path / f"frame{number}.png").write_bytes(bytes(cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1]))
        os.utime(tmp_path / f"frame{number}.png", (AT, AT))
    shots = list(read_footage(tmp_path, 300, print))
    assert [(shot.name, shot.at - shots[0].at) for shot in shots] == [
        ("frame1.png", 0),
        ("frame2.png", 300),
        ("frame10.png", 600),
    ]


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "2023-06-13T03_11_46.jpg").write_bytes(jpeg()[:200])
    (tmp_path / "2023-06-13T03_12_46.jpg").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("x")
    os.mkfifo(tmp_path / "20230613_031546.jpg")
    (tmp_path / "20230613_031646.jpg").symlink_to("/dev/zero")
    unread: list[str] = []
    shots = list(read_footage(tmp_path, 0, lambda name, why: unread.append(name)))
    assert sorted(unread) == ["20230613_031546.jpg", "20230613_031646.jpg", "notes.txt"]
    assert [shot.picture()[1:] for shot in shots] == [(None, True), (None, True)]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_pictures_are_corrupt_or_read(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(jpeg())
    for _ in range(data.draw(st.integers(1, 20))):
        whole[data.draw(st.integers(2, len(whole) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "20230613_031146.jpg").write_bytes(bytes(whole))
    for shot in read_footage(tmp_path, 0, print):
        _, picture, corrupt = shot.picture()
        assert picture is not None or corrupt


def video(file: Path, frames: int, kind: str = "mpeg4") -> Path:
    with av.open(str(file), "w") as container:
        stream = container.add_stream(kind, rate=Fraction(10))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(frames):
            image = np.full((48, 64, 3), 40 + number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return file


def test_a_video_is_sampled(tmp_path: Path) -> None:
    file = video(tmp_path / "gate_2023-06-13T03_11_46.avi", 50)
    shots = list(read_footage(file, 1.0, print))
    assert [round(shot.at - AT, 1) for shot in shots] == [0, 1, 2, 3, 4]
    codec, picture, corrupt = shots[2].picture()
    assert (codec, corrupt) == ("video", False)
    assert picture is not None
    assert picture.luma.mean() == pytest.approx(60, abs=4)


def test_hostile_videos_do_no_harm(tmp_path: Path) -> None:
    whole = video(tmp_path / "a.avi", 30).read_bytes()
    random = np.random.default_rng(3)
    opened = 0
    for number in range(40):
        broken = bytearray(whole[: int(len(whole) * random.uniform(0.2, 1))])
        for at in random.integers(0, len(broken), 20):
            broken[at] = int(random.integers(256))
        file = tmp_path / f"{number}.avi"
        file.write_bytes(bytes(broken))
        try:
            opened += bool(list(read_footage(file, 0, lambda name, why: None)))
        except Garbled:
            continue
    assert opened > 5  # or nothing was tested


def test_a_playlist_opens_nothing_else(tmp_path: Path) -> None:
    video(tmp_path / "a.ts", 5, "mpeg2video")
    (tmp_path / "list.ts").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{tmp_path}/a.ts\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(Garbled):
        list(read_footage(tmp_path / "list.ts", 0, print))


def test_light_is_measured() -> None:
    random = np.random.default_rng(1)
    grey = random.integers(90, 140, (90, 160, 1)).astype(np.uint8).repeat(3, axis=2)
    colour = random.integers(60, 200, (9, 16, 3)).astype(np.uint8).repeat(10, axis=0).repeat(10, axis=1)
    infrared, day, dusk = (light_of(from_bgr(160, 90, each)) for each in (grey, colour, colour // 4))
    assert (infrared.mono, infrared.night) == (True, True)
    assert (day.mono, day.night) == (False, False)
    assert (dusk.mono, dusk.night) == (False, True)
    tinted = np.clip(grey * np.array([1.2, 1, 0.8]), 0, 255).astype(np.uint8)
    assert not light_of(from_bgr(160, 90, colour)).mono
    assert light_of(from_bgr(160, 90, tinted)).mono  # a tint of everything is no colour
