"""Which pictures of one camera lie in a folder or a video, as they are, so that faults can be put into them?

Files are found, dated and opened as `sitewarden frame replay` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from probes.errors import Garbled
from probes.frame.dates import time_of
from probes.frame.footage import MAX_FILE_BYTES, read, search
from probes.frame.picture import Picture, from_frame
from probes.frame.still import decode
from probes.frame.video import Video

Unread = Callable[[str, str], None]  # the name of a file, and why it could not be read


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture. `at`: seconds since the epoch. `name`: of the file, with the position for a video.

    `source`: the file as it is, or a decoded frame. `corrupt`: the decoder found damage in the frame.
    """

    at: float
    name: str
    source: bytes | av.VideoFrame
    corrupt: bool = False

    def picture(self) -> tuple[str, Picture | None, bool]:
        """Codec, the picture as production measures it (None: cannot be decoded), and whether it is damaged."""
        if not isinstance(self.source, bytes):
            return "video", from_frame(self.source), self.corrupt
        try:
            header, picture = decode(self.source)
        except Garbled:
            return "", None, True
        return header.codec, picture, picture is None or not header.complete


@dataclass(frozen=True, slots=True)
class Light:
    """How a picture is lit. `mono`: without colour. `mean`: of the luma, 0 to 255. `night`: by infrared, or dark."""

    mono: bool
    mean: float

    @property
    def night(self) -> bool:
        """Mono or dark; a black and white camera by day counts as night, as nothing in the picture tells them apart."""
        return self.mono or self.mean < NIGHT_MEAN

    @property
    def none(self) -> bool:
        """Nothing is seen, whatever is wrong with the lens."""
        return self.mean < UNLIT_MEAN


UNLIT_MEAN: Final = 10.0
NIGHT_MEAN: Final = 90.0  # footage: nights in colour lie at 38 to 90, days at 96 and more
MONO_CHROMA: Final = 5.0  # levels that the 95th percentile of the chroma lies off grey; a cast moves its median


def light_of(picture: Picture) -> Light:
    """How this picture is lit."""
    spread = max(_spread(picture.blue), _spread(picture.red))
    return Light(spread < MONO_CHROMA, float(picture.luma.mean()))


def read_footage(path: Path, interval_seconds: float, unread: Unread) -> Iterator[Shot]:
    """Every picture under a folder, of one file or of a video, by time; at least `interval_seconds` apart (0: all).

    Videos in a folder of pictures are not read. Raises NoFootage if nothing is there, Garbled if a video cannot be
    opened.
    """
    found = search([path], together=True, undated_seconds=interval_seconds)
    files = found.cameras[0].files
    for each in found.left_out:
        unread(each.name, each.why)
    if path.is_file() and files[0].is_video:
        yield from _video(path, interval_seconds, unread)
        return
    last = -float("inf")
    for file in files:
        if file.is_video:
            unread(file.name, "a video in a folder of pictures")
            continue
        if file.at - last < interval_seconds:
            continue
        try:
            data = read(file.path)
        except OSError as error:
            unread(file.name, error.strerror or "cannot be read")
            continue
        if len(data) > MAX_FILE_BYTES:
            unread(file.name, f"more than {MAX_FILE_BYTES // 1_000_000} MB")
            continue
        last = file.at
        yield Shot(file.at, file.name, data)


def _video(path: Path, interval_seconds: float, unread: Unread) -> Iterator[Shot]:
    with Video(path) as video:
        begun = time_of(path) or video.created_at or path.stat().st_mtime
        due = -float("inf")
        for frame in video.frames(lambda why: unread(path.name, why)):
            # Or the clock of the stream went back.
            if frame.seconds >= due or frame.seconds < due - 2 * interval_seconds - 1:
                due = frame.seconds + interval_seconds
                yield Shot(begun + frame.seconds, f"{path.name} {frame.seconds:.2f} s", frame.image, frame.corrupt)


def _spread(plane: NDArray[np.uint8]) -> float:
    """By how much colour strays from the picture's median colour; a tint of everything is no colour."""
    levels = plane.astype(np.float32)
    return float(np.percentile(np.abs(levels - np.median(levels)), 95))
