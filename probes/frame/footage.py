"""Which pictures are in this folder or video, and when were they taken?"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import av
import av.error

from probes.errors import Garbled
from probes.frame.burst import Instant
from probes.frame.picture import MAX_PIXELS, MAX_SIDE, Picture, from_frame
from probes.frame.reel import PICTURES as PICTURES_IN_A_ROW
from probes.frame.reel import SECONDS as ROW_SECONDS
from probes.frame.reel import small_luma
from probes.frame.still import decode

PICTURES: Final = frozenset({".jpg", ".jpeg", ".png"})
VIDEOS: Final = frozenset(
    {".mp4", ".avi", ".mkv", ".mov", ".ts", ".m4v", ".webm", ".mpg", ".mpeg", ".flv", ".h264", ".h265"}
)
_OPTIONS: Final = {  # a playlist that calls itself a video would have FFmpeg open whatever it names
    "protocol_whitelist": "file",
    "format_whitelist": "avi,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,mpegvideo,flv,h264,hevc,m4v",
}
MAX_FILE_BYTES: Final = 64_000_000  # of a picture
GAP_SECONDS: Final = 2.0  # between the two pictures that show whether a video stands still

_DATE: Final = re.compile(
    r"(?<!\d)(19[7-9]\d|20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])"
    r"(?:[T _.-]*([01]\d|2[0-3])[-_:.h]?([0-5]\d)(?:[-_:.m]?([0-5]\d))?)?(?!\d)"
)
_TIME: Final = re.compile(r"(?<!\d)([01]\d|2[0-3])[-_:.h]?([0-5]\d)(?:[-_:.m]?([0-5]\d))?(?!\d)")
_EPOCH: Final = re.compile(r"(?<!\d)(1\d{9})(\d{3})?(?!\d)")


class NoFootage(Exception):
    """There is nothing to look at; the text says why, and what would do."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture.

    `at`: seconds since the epoch (the zone of the names is taken as UTC). `picture` None: `error` says
    why it could not be decoded. `damaged`: it breaks off. `before`: the picture of a video `gap_seconds` earlier.
    `burst`: the pictures of a video that lead up to this one, None for others.
    """

    name: str
    at: float
    codec: str
    picture: Picture | None
    damaged: bool = False
    error: str = ""
    before: Picture | None = None
    gap_seconds: float = 0.0
    burst: tuple[Instant, ...] | None = None


def time_of(path: Path) -> float | None:
    """When a file says that it was taken: by its name, with the date perhaps in its folder's; None if it does not."""
    found = _EPOCH.search(path.stem)
    if found:
        return int(found[1]) + int(found[2] or 0) / 1_000
    dated = _DATE.search(path.stem)
    if dated and dated[4] is not None:
        return _seconds(dated.group(1, 2, 3), dated.group(4, 5, 6))
    folder = next((match for part in reversed(path.parent.parts[-3:]) if (match := _DATE.search(part))), None)
    time = _TIME.search(path.stem)
    if folder and time and dated is None:
        return _seconds(folder.group(1, 2, 3), time.group(1, 2, 3))
    return None if dated is None else _seconds(dated.group(1, 2, 3), ("0", "0", "0"))


def find(paths: Iterable[Path]) -> list[Path]:
    """The pictures and videos there, folders searched through. Raises NoFootage."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += [
                one for one in sorted(path.rglob("*")) if one.suffix.lower() in PICTURES | VIDEOS and one.is_file()
            ]
        elif path.is_file():
            found.append(path)
        else:
            raise NoFootage(f"there is no {path}")
    if not found:
        raise NoFootage("no pictures (JPEG, PNG) and no videos are there")
    return found


def count(files: list[Path], interval_seconds: float) -> int:
    """About how many shots will come, for a progress bar; videos are counted by what they say of themselves."""
    total = 0
    for file in files:
        if file.suffix.lower() in PICTURES:
            total += 1
            continue
        try:
            with av.open(str(file), options=_OPTIONS) as container:
                total += int((container.duration or 0) / 1e6 / max(interval_seconds, 0.2)) + 1
        except av.error.FFmpegError:
            total += 1
    return total


def shots(files: list[Path], interval_seconds: float, begin: float = 1_700_000_000.0) -> Iterator[Shot]:
    """Every picture in the order of its time.

    Of a video, and of pictures that are dated more closely, one in every `interval_seconds`. Pictures that say no time
    follow each other at that interval, from `begin` on.
    """
    pictures = [file for file in files if file.suffix.lower() in PICTURES]
    times = {file: time_of(file) for file in pictures}
    if any(time is None for time in times.values()):
        step = interval_seconds or 60.0
        times = {file: begin + number * step for number, file in enumerate(pictures)}
    last = float("-inf")
    for file in sorted(pictures, key=lambda each: (times[each] or 0.0, each)):
        at = times[file] or 0.0
        if at - last >= interval_seconds:
            last = at
            yield _still(file, at)
    for file in files:
        if file.suffix.lower() not in PICTURES:
            yield from _video(file, interval_seconds or 1.0, time_of(file) or begin)


def _still(file: Path, at: float) -> Shot:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            return Shot(file.name, at, "", None, error=f"larger than {MAX_FILE_BYTES // 1_000_000} MB")
        header, picture = decode(file.read_bytes())
    except (Garbled, OSError) as error:
        return Shot(file.name, at, "", None, damaged=True, error=str(error))
    return Shot(file.name, at, header.codec, picture, damaged=picture is None or not header.complete)


def _video(file: Path, interval_seconds: float, begin: float) -> Iterator[Shot]:
    """One picture an interval, with the one before it that is two seconds older, as a look at a stream has."""
    try:
        with av.open(str(file), options=_OPTIONS) as container:
            if not container.streams.video:
                raise NoFootage(f"{file}: no video in it")
            stream = container.streams.video[0]
            stream.thread_count = 1
            codec = stream.codec_context.name
            following, recent = 0.0, list[tuple[float, Picture]]()
            row = deque[Instant](maxlen=PICTURES_IN_A_ROW)
            first: float | None = None
            for frame in container.decode(stream):
                if (
                    frame.time is None
                    or frame.width * frame.height > MAX_PIXELS
                    or max(frame.width, frame.height) > MAX_SIDE
                ):
                    continue
                first = frame.time if first is None else first
                seconds = frame.time - first
                wanted = seconds >= following
                if frame.is_corrupt:
                    row.clear()
                elif seconds >= following - ROW_SECONDS:
                    row.append(Instant(seconds, small_luma(frame)))
                soon = seconds >= following - GAP_SECONDS and (not recent or seconds - recent[-1][0] >= 0.5)
                if not wanted and not soon:
                    continue
                picture = from_frame(frame)
                if wanted:
                    older = next(((at, one) for at, one in reversed(recent) if seconds - at >= GAP_SECONDS - 0.6), None)
                    following = seconds + interval_seconds
                    yield Shot(
                        f"{file.name}#{seconds:.2f}",
                        begin + seconds,
                        codec,
                        picture,
                        damaged=bool(frame.is_corrupt),
                        before=older[1] if older else None,
                        gap_seconds=seconds - older[0] if older else 0.0,
                        burst=tuple(one for one in row if seconds - one.seconds <= ROW_SECONDS) if seconds else None,
                    )
                recent = [*recent[-5:], (seconds, picture)]
    except av.error.FFmpegError as error:
        yield Shot(file.name, begin, "", None, damaged=True, error=f"cannot be read ({error.strerror})")


def _seconds(date: tuple[str | None, ...], time: tuple[str | None, ...]) -> float | None:
    try:
        year, month, day = (int(part or 0) for part in date)
        hour, minute, second = (int(part or 0) for part in time)
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:  # the 31st of February
        return None
