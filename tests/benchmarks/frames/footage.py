"""Which pictures of one camera lie in a folder or a video, and when was each taken?

Folders are of somebody else, so every size, depth and count has a bound, and what cannot be read is named, not raised.
A video is decoded in this process: read what is not trusted in a process that may die.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from probes.errors import Garbled
from probes.frame.picture import MAX_PIXELS, Picture, from_frame
from probes.frame.still import decode
from tests.benchmarks.frames.exif import taken_at

PICTURES: Final = frozenset({".jpg", ".jpeg", ".jpe", ".png"})
MAX_BYTES: Final = 64 * 1024**2  # of one picture
MAX_FILES: Final = 500_000
MAX_DEPTH: Final = 6  # folders are often by year, month, day, hour
MAX_FRAMES: Final = 10_000_000  # of one video
MAX_ERRORS: Final = 200  # damaged packets of one video
HEAD_BYTES: Final = 128 * 1024  # of a picture, in which its EXIF must lie (APP1 is at most 64 kB)

# Containers and bare streams only: playlists would make FFmpeg open what they name.
_FORMATS: Final = "matroska,webm,mov,mp4,m4a,3gp,avi,mpegts,mpeg,h264,hevc,mjpeg,m4v,asf,flv,ogg,dav,dhav,ivf"
_SEPARATOR: Final = r"[-_./: ]?"
_DATED: Final = re.compile(
    rf"(?<!\d)((?:19|20)\d\d){_SEPARATOR}(\d\d){_SEPARATOR}(\d\d)"
    rf"[-_.T/ @]*(\d\d)[-_.:h/ ]?(\d\d)(?:[-_.:m/ ]?(\d\d)(?:[.,](\d{{1,6}})|[-_]?(\d{{3}})(?!\d))?)?"
    rf"(Z|[+-]\d\d:?\d\d)?(?!\d)",
    re.IGNORECASE,
)
_EPOCH: Final = re.compile(r"(?<!\d)([1-3]\d{9})(\d{3})?(?:\.(\d{1,6}))?(?!\d)")
_NUMBER: Final = re.compile(r"(\d{1,18})")

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


NIGHT_MEAN: Final = 90.0  # footage: nights in colour lie at 38 to 90, days at 96 and more
MONO_CHROMA: Final = 5.0  # levels that the 95th percentile of the chroma lies off grey; a cast moves its median


def light_of(picture: Picture) -> Light:
    """How this picture is lit."""
    spread = max(_spread(picture.blue), _spread(picture.red))
    return Light(spread < MONO_CHROMA, float(picture.luma.mean()))


def read_footage(path: Path, interval_seconds: float, unread: Unread) -> Iterator[Shot]:
    """Every picture under a folder, of one file or of a video, by time; at least `interval_seconds` apart (0: all).

    Raises OSError if there is no such path, Garbled if a video cannot be opened.
    """
    if path.is_dir():
        yield from _folder(path, interval_seconds, unread)
    elif path.suffix.lower() in PICTURES:
        yield Shot(time_of(path) or path.stat().st_mtime, path.name, _read(path))
    else:
        yield from _video(path, interval_seconds, unread)


def time_in(name: str) -> float | None:
    """Seconds since the epoch that a name (with its folders) tells; None if it tells none. Without a zone it is UTC."""
    for found in _DATED.finditer(name):
        year, month, day, hour, minute, second, fraction, milli, zone = found.groups()
        try:
            at = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=_zone(zone))
        except ValueError:
            continue
        return at.timestamp() + float(f"0.{fraction or milli or 0}")
    for epoch in _EPOCH.finditer(name):
        return int(epoch[1]) + float(f"0.{epoch[2] or epoch[3] or 0}")
    return None


def time_of(path: Path, top: Path | None = None) -> float | None:
    """When a picture was taken: by its name, by its folders (below `top`) and name, by its EXIF; None if unknown."""
    named = time_in(path.stem)
    if named is None and top is not None:
        named = time_in(str(path.relative_to(top).with_suffix("")))
    return taken_at(_read(path, HEAD_BYTES)) if named is None else named


def _zone(text: str | None) -> timezone:
    if not text or text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timezone((1 if text[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes))


def _folder(top: Path, interval_seconds: float, unread: Unread) -> Iterator[Shot]:
    last = -float("inf")
    for at, path in _by_time(top, interval_seconds, unread):
        if at - last < interval_seconds:
            continue
        name = str(path.relative_to(top))
        try:
            data = _read(path)
        except OSError as error:
            unread(name, error.strerror or "cannot be read")
            continue
        if len(data) > MAX_BYTES:
            unread(name, f"more than {MAX_BYTES >> 20} MB")
            continue
        last = at
        yield Shot(at, name, data)


def _by_time(top: Path, interval_seconds: float, unread: Unread) -> list[tuple[float, Path]]:
    """The files with their times. Where nothing but the file system dates them, their order counts."""
    dated: list[tuple[float, Path]] = []
    undated: list[tuple[float, Path]] = []
    for path in _files(top, unread):
        try:
            at = time_of(path, top)
            if at is None:
                undated.append((path.stat().st_mtime, path))
            else:
                dated.append((at, path))
        except OSError as error:
            unread(str(path.relative_to(top)), error.strerror or "cannot be read")
    undated.sort(key=lambda each: (each[0], _natural(each[1].name)))
    times = [at for at, _ in undated]
    if len(set(times)) < len(times):  # copied or unpacked: these times say nothing
        undated = [(times[0] + n * (interval_seconds or 1.0), path) for n, (_, path) in enumerate(undated)]
    return sorted(dated + undated, key=lambda each: (each[0], _natural(each[1].name)))


def _natural(name: str) -> list[tuple[int, str]]:
    """By which `2` comes before `10`."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in _NUMBER.split(name)]


def _files(top: Path, unread: Unread) -> Iterator[Path]:
    """The picture files below a folder. Links are not followed."""
    found = 0
    for folder, folders, names in os.walk(top):
        here = Path(folder)
        if len(here.relative_to(top).parts) >= MAX_DEPTH:
            folders.clear()
        folders.sort()
        for name in sorted(names):
            if name.startswith(".") or Path(name).suffix.lower() not in PICTURES:
                if not name.startswith("."):
                    unread(str((here / name).relative_to(top)), "not a JPEG or PNG picture")
                continue
            if found >= MAX_FILES:
                unread(name, f"more than {MAX_FILES} pictures")
                return
            found += 1
            yield here / name


def _read(path: Path, most: int = MAX_BYTES + 1) -> bytes:
    """The beginning of a regular file; raises OSError for anything else, and never waits for a pipe."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(None, "not a file")
        return file.read(most)


def _video(path: Path, interval_seconds: float, unread: Unread) -> Iterator[Shot]:
    options = {"protocol_whitelist": "file", "format_whitelist": _FORMATS}
    try:
        container = av.open(str(path), options=options)
    except (av.error.FFmpegError, ValueError) as error:
        raise Garbled(f"a video that cannot be opened ({type(error).__name__})") from None
    with closing(container):
        if not container.streams.video:
            raise Garbled("no video in it")
        begun = time_in(path.stem) or _created(container) or path.stat().st_mtime
        due, first = -float("inf"), None
        for number, (frame, corrupt) in enumerate(_frames(container, path.name, unread)):
            seconds = frame.time if frame.time is not None else number / 25
            first = seconds if first is None else first
            if seconds >= due or seconds < due - 2 * interval_seconds - 1:  # or the clock of the stream went back
                due = seconds + interval_seconds
                yield Shot(begun + seconds - first, f"{path.name} {seconds - first:.2f} s", frame, corrupt)


def _created(container: Any) -> float | None:
    try:
        return datetime.fromisoformat(container.metadata.get("creation_time", "")).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _frames(container: Any, name: str, unread: Unread) -> Iterator[tuple[av.VideoFrame, bool]]:
    """Every frame that can be decoded; damaged packets are skipped."""
    stream = container.streams.video[0]
    if stream.codec_context is None:
        raise Garbled("a video codec that is not decoded here")
    stream.codec_context.thread_count = 1
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    count = errors = 0
    packets = container.demux(stream)
    while True:
        try:
            for frame in next(packets).decode():
                yield frame, bool(frame.is_corrupt)
                count += 1
        except (StopIteration, EOFError):
            return
        except (av.error.FFmpegError, ValueError) as error:
            errors += 1
            if errors == 1:
                unread(name, f"damaged ({type(error).__name__})")
        if count >= MAX_FRAMES or errors >= MAX_ERRORS:
            unread(name, "not read to its end")
            return


def _spread(plane: NDArray[np.uint8]) -> float:
    """By how much colour strays from the picture's median colour; a tint of everything is no colour."""
    levels = plane.astype(np.float32)
    return float(np.percentile(np.abs(levels - np.median(levels)), 95))
