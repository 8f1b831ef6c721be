"""Are pictures and videos found, dated by their names, and taken in their order?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest

from probes.frame.footage import NoFootage, count, find, shots, time_of
from tests.servers.console_site import paint


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("2023-06-13T03_11_46.jpg", (2023, 6, 13, 3, 11, 46)),
        ("20221006T182834.jpg", (2022, 10, 6, 18, 28, 34)),
        ("cam7_2024-02-29_23-59-58.png", (2024, 2, 29, 23, 59, 58)),
        ("20240229235958.jpg", (2024, 2, 29, 23, 59, 58)),
        ("2024.02.29 23.59.jpeg", (2024, 2, 29, 23, 59, 0)),
        ("2024-02-29/23h59m58.jpg", (2024, 2, 29, 23, 59, 58)),
        ("snap-1700000000.jpg", (2023, 11, 14, 22, 13, 20)),
        ("snap-1700000000500.jpg", (2023, 11, 14, 22, 13, 20)),
        ("2024-02-29.jpg", (2024, 2, 29, 0, 0, 0)),
        ("2023-02-30T10_00_00.jpg", None),
        ("frame_000123.jpg", None),
        ("DSC04711.jpg", None),
    ],
)
def test_names_say_when(name: str, moment: tuple[int, ...] | None) -> None:
    found = time_of(Path("/footage") / name)
    expected = None if moment is None else datetime(*moment, tzinfo=UTC).timestamp()  # type: ignore[arg-type,misc]
    assert (None if found is None else int(found)) == (None if expected is None else int(expected))


def test_dated_pictures_in_their_order_and_thinned(tmp_path: Path) -> None:
    for second in (50, 10, 30, 20):
        (tmp_path / f"20240101T1200{second}.jpg").write_bytes(paint(1).jpeg)
    files = find([tmp_path])
    assert [shot.at % 60 for shot in shots(files, 0)] == [10, 20, 30, 50]
    assert [shot.at % 60 for shot in shots(files, 20)] == [10, 30, 50]
    assert count(files, 0) == 4


def test_pictures_without_a_time_follow_each_other(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"frame_{number:06d}.jpg").write_bytes(paint(1).jpeg)
    assert np.diff([shot.at for shot in shots(find([tmp_path]), 5)]).tolist() == [5, 5]


def test_what_cannot_be_read_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    whole = paint(1).jpeg
    (tmp_path / "20240101T120001.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "20240101T120002.jpg").write_bytes(b"no picture at all")
    (tmp_path / "20240101T120003.jpg").write_bytes(whole)
    (tmp_path / "notes.txt").write_text("not footage")
    (tmp_path / "broken.mp4").write_bytes(b"\0" * 100)
    found = list(shots(find([tmp_path]), 0))
    assert [(shot.damaged, bool(shot.picture)) for shot in found[:3]] == [
        (True, False),
        (True, False),
        (False, True),
    ]
    assert "not a JPEG" in found[1].error
    assert "cannot be read" in found[3].error


def test_a_video_gives_a_picture_an_interval_and_the_one_before(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "clip.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(60):
            image = np.full((180, 320, 3), 60 + number, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    found = list(shots(find([tmp_path]), 4))
    assert [round(shot.at - found[0].at) for shot in found] == [0, 4, 8]
    assert found[0].before is None
    assert all(shot.before is not None and 1.4 <= shot.gap_seconds <= 4 for shot in found[1:])
    assert found[0].burst is None
    row = found[1].burst
    assert row is not None
    assert [one.seconds for one in row] == pytest.approx([2.6, 2.8, 3.0, 3.2, 3.4, 3.6, 3.8, 4.0])
    assert float(row[-1].luma.mean()) > float(row[0].luma.mean()) + 4


@pytest.mark.parametrize("made", ["nothing", "empty"])
def test_nothing_there(tmp_path: Path, made: str) -> None:
    place = tmp_path / made
    if made == "empty":
        place.mkdir()
    with pytest.raises(NoFootage):
        find([place])
