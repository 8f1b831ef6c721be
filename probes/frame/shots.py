"""Which pictures does a camera's footage give, in the order of their time?"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from probes.errors import Garbled
from probes.frame.burst import Instant
from probes.frame.footage import MAX_FILE_BYTES, Camera, DatedBy, File, LeftOut, read
from probes.frame.picture import Picture
from probes.frame.still import decode
from probes.frame.video import Video, views

VIDEO_SECONDS: Final = 1.0  # between looks at a video, where nobody says otherwise
_BEGINNINGS: Final = (b"\xff\xd8", b"\x89PNG")

Tell = Callable[[LeftOut], None]
Soon = Callable[[], float]


def _never() -> float:
    return float("inf")


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture.

    `name`: of its file, with the seconds into a video. `at`: seconds since the epoch (without a zone the names are
    taken as UTC). `picture` None: `error` says why it could not be decoded, and what would do. `damaged`: it is a
    picture that breaks off. `before`: the picture of a video `gap_seconds` earlier. `burst`: the pictures of a video
    that lead up to this one, None for others.
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
    file: str = ""
    dated_by: DatedBy = DatedBy.NAME
    sooner: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """From when on (seconds since the epoch) until before when; one picture in every `interval_seconds`, 0: all."""

    interval_seconds: float = 0.0
    since: float = float("-inf")
    until: float = float("inf")


ALL: Final = Span()


def count(camera: Camera, span: Span = ALL) -> int:
    """About how many shots will come, for a progress bar; videos are counted by what they say of themselves."""
    total, last = 0, float("-inf")
    for file in camera.files:
        if file.is_video:
            try:
                with Video(file.path) as video:
                    total += int(video.length_seconds / max(span.interval_seconds or VIDEO_SECONDS, 0.2)) + 1
            except Garbled:
                total += 1
        elif span.since <= file.at < span.until and file.at - last >= span.interval_seconds:
            total, last = total + 1, file.at
    return total


def shots(camera: Camera, span: Span = ALL, tell: Tell = lambda _: None, soon: Soon = _never) -> Iterator[Shot]:
    """Every picture of it in the order of its time; of a video one a second where no interval is given.

    A picture of the same time and the same bytes as the one before is passed over, and told. `soon`: from when on
    (seconds since the epoch) another one is wanted although the interval is not over yet; it is asked after each.
    """
    last, latest = float("-inf"), b""
    stills = ((file.at, 0, file) for file in camera.files if not file.is_video)
    merged: Iterable[tuple[float, int, File | Shot]] = heapq.merge(
        stills, _videos(camera, span, tell, soon), key=lambda each: each[:2]
    )
    for at, _, one in merged:
        if not span.since <= at < span.until:
            continue
        sooner = at - last < span.interval_seconds
        if sooner and (at <= last or at < soon()):
            continue
        if isinstance(one, Shot):
            last = at
            yield replace(one, sooner=sooner)
            continue
        shot, data = _still(one)
        if at == last and data and data == latest:
            tell(LeftOut(one.name, "the same picture at the same time is there under another name"))
            continue
        last, latest = at, data
        yield replace(shot, sooner=sooner)


def _still(file: File) -> tuple[Shot, bytes]:
    """The picture of a file, and its bytes."""
    shot = Shot(file.name, file.at, "", None, file=file.name, dated_by=file.dated_by)
    try:
        data = read(file.path)
    except OSError as error:
        return replace(shot, error=f"cannot be read ({error.strerror})"), b""
    if len(data) > MAX_FILE_BYTES:
        return replace(shot, error=f"larger than {MAX_FILE_BYTES // 1_000_000} MB; is it a picture?"), b""
    if not data.startswith(_BEGINNINGS):
        why = "not a JPEG or PNG picture, whatever its name; open it, then convert or delete it"
        return replace(shot, error=why if data else "an empty file"), data
    try:
        header, picture = decode(data)
    except Garbled as error:
        return replace(shot, damaged=True, error=str(error)), data
    damaged = picture is None or not header.complete
    why = "damaged: it cannot be decoded" if picture is None else ""
    return replace(shot, codec=header.codec, picture=picture, damaged=damaged, error=why), data


def _videos(camera: Camera, span: Span, tell: Tell, soon: Soon) -> Iterator[tuple[float, int, Shot]]:
    """The pictures of all videos, one video after the other; what one shows of the time of the one before is left."""
    after = float("-inf")
    step = span.interval_seconds or VIDEO_SECONDS
    for file in camera.files:
        if not file.is_video:
            continue
        begin = max(file.at, after + step) if file.dated_by is DatedBy.ORDER else file.at
        if begin >= span.until:
            return

        def told(why: str, name: str = file.name) -> None:
            tell(LeftOut(name, why))

        def sooner(begin: float = begin) -> float:
            return soon() - begin

        try:
            with Video(file.path) as video:
                if begin + video.length_seconds < span.since and video.length_seconds:
                    continue
                for view in views(video, step, told, sooner):
                    at = begin + view.seconds
                    if at <= after:
                        continue
                    after = at
                    yield (
                        at,
                        1,
                        Shot(
                            f"{file.name}#{view.seconds:.2f}",
                            at,
                            view.codec,
                            view.picture,
                            damaged=view.corrupt,
                            before=view.before,
                            gap_seconds=view.gap_seconds,
                            burst=view.burst,
                            file=file.name,
                            dated_by=file.dated_by,
                        ),
                    )
        except Garbled as error:
            yield max(begin, after), 1, Shot(file.name, begin, "", None, error=str(error), file=file.name)
