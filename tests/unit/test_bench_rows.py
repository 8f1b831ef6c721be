"""Are the pictures that follow each other read from any video, and does one bad file cost only itself?"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from probes.frame.reel import PICTURES
from tests.benchmarks.frames import cameras, protocol, rows
from tests.benchmarks.frames.cameras import Camera
from tests.benchmarks.frames.protocol import Plan
from tests.benchmarks.frames.rows import read_row
from tests.servers._scenes import scene


@pytest.fixture(params=[0, 40])
def video(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Four seconds, ten pictures in each; cut out of a longer one, it begins late, and what was before is not there."""
    file = tmp_path / "cut.mp4"
    with av.open(str(file), "w", options={"use_editlist": "0"}) as container:
        stream = container.add_stream("libx264", rate=10, options={"g": "40", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for number in range(40):
            frame = av.VideoFrame.from_ndarray(scene(160, 96, at=number), "bgr24")
            frame.pts, frame.time_base = request.param + number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file


def test_pictures_are_read_wherever_a_video_begins(video: Path) -> None:
    begin, later = read_row(video, 0.0), read_row(video, 2.5)
    assert len(begin) == len(later) == PICTURES
    assert later[0].time - begin[0].time == pytest.approx(2.5)


def test_what_cannot_be_sought_is_read_from_its_beginning(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = [frame.time for frame in read_row(video, 2.5)]
    monkeypatch.setattr(rows, "_sought", lambda *_: False)
    assert [frame.time for frame in read_row(video, 2.5)] == usual


def test_a_file_that_turns_out_to_be_damaged_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Damaged:
        def __init__(self, *_: object) -> None: ...

        def run(self) -> None:
            raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(protocol, "Bench", Damaged)
    monkeypatch.setattr(cameras, "load", lambda *_: Camera)
    assert protocol.measure(tmp_path / "a.mp4", Plan(judges={})) == "a.mp4: [Errno 1] Operation not permitted"
