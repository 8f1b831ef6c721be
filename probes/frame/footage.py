"""Which pictures and videos are there, of which camera is each, and when was it taken?

Folders are of somebody else: every size, depth and count has a bound, and what cannot be used is named, not raised.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from pathlib import Path, PurePath
from typing import Final

from probes.frame.dates import time_of, without_date
from probes.frame.exif import taken_at
from probes.frame.owners import Item, owners

PICTURES: Final = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png"})
VIDEOS: Final = frozenset(
    {
        ".mp4", ".m4v", ".mov", ".3gp", ".avi", ".mkv", ".webm", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".flv",
        ".asf", ".wmv", ".dav", ".mjpeg", ".mjpg", ".h264", ".264", ".h265", ".265", ".hevc",
    }
)  # fmt: skip
OTHER_PICTURES: Final = frozenset({".webp", ".bmp", ".tif", ".tiff", ".gif", ".heic", ".avif", ".jp2"})
MAX_FILE_BYTES: Final = 64_000_000  # of a picture
MAX_FILES: Final = 500_000
MAX_DEPTH: Final = 12
HEAD_BYTES: Final = 128 * 1024  # of a picture, in which its EXIF must lie (APP1 is at most 64 kB)
UNDATED_SECONDS: Final = 60.0  # between pictures of which nothing says when they were taken
COPIED_SECONDS: Final = 2.0  # files that were changed closer together were copied or unpacked then
BEGIN: Final = 1_700_000_000.0  # then the first one was taken here

_NUMBER: Final = re.compile(r"(\d{1,18})")


class NoFootage(Exception):
    """There is nothing to look at; the text says why, and what would do."""


class DatedBy(StrEnum):
    """What says when a file was taken. `ORDER`: nothing; files follow each other as they are numbered."""

    NAME = "name"
    EXIF = "exif"
    FILE = "file"  # when it was last changed
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class File:
    """A picture or a video. `name`: below the folder that was given. `at`: when it begins, seconds since the epoch."""

    path: Path
    name: str
    at: float
    dated_by: DatedBy

    @property
    def is_video(self) -> bool:
        """By its suffix; a file without one counts as a picture."""
        return _is_video(self.path)


@dataclass(frozen=True, slots=True)
class Camera:
    """The files of one camera by time. `name`: what its folders are called."""

    name: str
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is not looked at, why, and what would do."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Footage:
    """What was found."""

    cameras: tuple[Camera, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    path: Path
    name: str
    folders: tuple[str, ...]  # that tell its camera: those below what was given
    at: float | None
    dated_by: DatedBy

    @property
    def is_video(self) -> bool:
        return _is_video(self.path)


def search(
    paths: Sequence[Path],
    *,
    together: bool = False,
    by_folder: bool = False,
    undated_seconds: float = 0.0,
    keep_undated: bool = False,
) -> Footage:
    """Pictures and videos, folders searched through. Raises NoFootage.

    Each folder is a camera, save folders by date or kind, which belong to the camera above them; within one, what
    stands before the date in the files' names may tell several apart (see `owners`), unless `by_folder`. So is each
    video that nothing dates, as nothing says that it goes on from another. `together`: all are of one camera.

    A picture is dated by its name and folders, else by its EXIF, else by the file's last change, else by its number,
    `undated_seconds` after the one before (0: a minute). Beside dated pictures of a camera, others are left out unless
    `keep_undated`.
    """
    left_out: list[LeftOut] = []
    found = [_dated(each) for each in _files(paths, left_out)]
    if not found and left_out:
        raise NoFootage(
            f"no pictures (JPEG, PNG) and no videos are there, but {len(left_out)} other files, the first of them "
            f"{left_out[0].name}"
        )
    if not found:
        raise NoFootage("no pictures (JPEG, PNG) and no videos are there")
    cameras: dict[str, list[_Found]] = {}
    items = [Item(each.path, each.folders, each.at, each.is_video and each.at is None) for each in found]
    names = [()] * len(found) if together else owners(items, by_folder=by_folder)
    for each, parts in zip(found, names, strict=True):
        cameras.setdefault("/".join(parts), []).append(each)
    made = [
        Camera(name or _name(paths), _ordered(files, undated_seconds or UNDATED_SECONDS, keep_undated, left_out))
        for name, files in sorted(cameras.items(), key=lambda item: natural(item[0]))
    ]
    return Footage(tuple(made), tuple(left_out))


def read(path: Path, most: int = MAX_FILE_BYTES + 1) -> bytes:
    """The beginning of a regular file; raises OSError for anything else, and never waits for a pipe."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(None, "not a file")
        return file.read(most)


def natural(name: str) -> list[tuple[int, str]]:
    """By which `2` comes before `10`."""
    return [(int(part), "") if part.isdecimal() else (0, part.lower()) for part in _NUMBER.split(name)]


def _files(paths: Sequence[Path], left_out: list[LeftOut]) -> Iterator[_Found]:
    """Every picture and video, once, links followed; what else lies there is told."""
    folders: set[tuple[int, int]] = set()
    files: set[str] = set()
    many = sum(path.is_dir() for path in paths) > 1
    for top in paths:
        if not top.exists():
            raise NoFootage(f"there is no {top}")
        below = top.absolute().name if many and top.is_dir() else ""
        for path in [top] if not top.is_dir() else _walk(top, folders):
            name = str(PurePath(below, path.relative_to(top))) if top.is_dir() else path.name
            suffix = path.suffix.lower()
            if top.is_dir() and suffix not in PICTURES | VIDEOS:
                why = (
                    "not a JPEG or PNG picture, nor a video; convert it to JPEG or PNG"
                    if suffix in OTHER_PICTURES
                    else "not a JPEG or PNG picture, nor a video"
                )
                left_out.append(LeftOut(name, why))
                continue
            try:
                if not stat.S_ISREG(path.stat().st_mode):
                    left_out.append(LeftOut(name, "not a file"))
                    continue
            except OSError as error:
                left_out.append(LeftOut(name, f"cannot be read: {error.strerror}"))
                continue
            real = os.path.realpath(path)
            if real in files:  # as `latest.jpg` that leads to another
                continue
            files.add(real)
            if len(files) > MAX_FILES:
                left_out.append(LeftOut(name, f"more than {MAX_FILES} files; give a part of the folder"))
                return
            yield _Found(path, name, PurePath(name).parent.parts, None, DatedBy.ORDER)


def _walk(top: Path, seen: set[tuple[int, int]]) -> Iterator[Path]:
    """Every file below a folder in the order of names. Hidden files, and what storages keep for themselves, are not."""
    for folder, folders, names in os.walk(top, followlinks=True):
        here = Path(folder)
        place = here.stat()
        if (place.st_dev, place.st_ino) in seen or len(here.relative_to(top).parts) >= MAX_DEPTH:
            folders.clear()
        if (place.st_dev, place.st_ino) in seen:  # a link led back
            continue
        seen.add((place.st_dev, place.st_ino))
        folders[:] = sorted((each for each in folders if not _is_hidden(each)), key=natural)
        for name in sorted(names, key=natural):
            if not _is_hidden(name):
                yield here / name


def _is_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEOS


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "@", "#")) or name in ("__MACOSX", "Thumbs.db", "desktop.ini", "lost+found")


def _dated(found: _Found) -> _Found:
    """With the time of its name or its EXIF."""
    at = time_of(found.path.absolute())
    if at is not None:
        return replace(found, at=at, dated_by=DatedBy.NAME)
    if not found.is_video:
        try:
            at = taken_at(read(found.path, HEAD_BYTES))
        except OSError:
            at = None
        if at is not None:
            return replace(found, at=at, dated_by=DatedBy.EXIF)
    return found


def _name(paths: Sequence[Path]) -> str:
    """How the only camera is called, or that whose files lie beside the folders of others."""
    top = paths[0].absolute()
    return (
        (top.name or "camera") if top.is_dir() else (without_date(top.stem) if len(paths) > 1 else top.stem) or "camera"
    )


def _ordered(found: list[_Found], step: float, keep_undated: bool, left_out: list[LeftOut]) -> tuple[File, ...]:
    """The files of one camera, dated, in their order."""
    dated = [File(each.path, each.name, each.at, each.dated_by) for each in found if each.at is not None]
    undated = sorted((each for each in found if each.at is None), key=lambda each: natural(each.name))
    pictures = [each for each in undated if not each.is_video]
    if dated and not keep_undated:
        left_out += [
            LeftOut(each.name, "neither its name nor its EXIF says when it was taken; name it 2024-06-13T03_11_46.jpg")
            for each in pictures
        ]
        pictures = []
    changed = sorted(((each.path.stat().st_mtime, each) for each in pictures), key=lambda each: each[0])
    by_file = all(at - before >= COPIED_SECONDS for (before, _), (at, _) in pairwise(changed))
    after = max((each.at for each in dated), default=BEGIN - step)
    for number, (changed_at, each) in enumerate(changed if by_file else [(0.0, each) for each in pictures], 1):
        at, dated_by = (changed_at, DatedBy.FILE) if by_file else (after + number * step, DatedBy.ORDER)
        dated.append(File(each.path, each.name, at, dated_by))
    after = max((each.at for each in dated), default=BEGIN)
    dated += [File(each.path, each.name, after, DatedBy.ORDER) for each in undated if each.is_video]
    return tuple(sorted(dated, key=lambda each: (each.at, natural(each.name))))
