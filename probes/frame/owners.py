"""Of which camera is a file, by its folders and its name?

gate/2023-06-13/03/11_46.jpg is of `gate`; of river_20221006T182834.jpg and site_20221006T182911.jpg in one folder the
first is of `river` and the second of `site`. Counters, events and kinds in names are no cameras.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import PurePath
from typing import Final

from probes.frame.dates import beside_date, without_date
from probes.frame.faults import Verdict

LEAST_FILES: Final = 3  # whose names begin alike, before that is a camera
MOSTLY: Final = 0.8  # of a folder's files are of such names; otherwise the names tell something else
MIXED: Final = 2.0  # changes for each name, in the order of time: events and series come one after the other

# What recorders and people call folders by kind and not by camera.
_KINDS: Final = frozenset(
    {
        "jpg", "jpeg", "png", "pic", "pics", "picture", "pictures", "image", "images", "img", "snapshot", "snapshots",
        "snap", "frames", "photo", "photos", "dcim", "data", "dav", "mp4", "video", "videos", "rec", "record",
        "recordings", "motion", "timing", "alarm", "event", "events", "schedule", "day", "night", "am", "pm",
    }
)  # fmt: skip
# The same of files, which are also named by what was done with them.
_SORTS: Final = _KINDS | frozenset(
    {
        "frame", "dsc", "dscn", "dscf", "mvi", "vid", "mov", "clip", "shot", "still", "capture", "screenshot", "no",
        "copy", "of", "kopie", "new", "old", "tmp", "out", "mdalarm", "hmdalarm", "sched", "detection", "manual",
        "clean", "good", "bad", "healthy", "normal", "fault", "faults", "faulty", "broken", "test", "train", "val",
        "learn", "learning", "reference", "ref", "before", "after", "now", "mild", "medium", "strong", "blur",
        "defocus", "cast", "rain", "snowing", "original", "orig", "infrared", "ir", "mono", "color", "colour", "main",
        "sub", "hd", "sd",
        *(word for verdict in Verdict for word in verdict.value.split("_")),
    }
)  # fmt: skip
_WORDS: Final = re.compile(r"[-_ ]+")
_LAST_NUMBER: Final = re.compile(r"[-_ .#(]*\d+\)?$")
_DIGITS: Final = re.compile(r"\d+")
_CHANNEL: Final = re.compile(
    r"(?:^|(?<=[-_. ]))(?:cam(?:era)?|ch(?:an(?:nel)?)?|kamera|摄像[机头]|通道)[-_ ]?\d{1,3}(?![\da-z])", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Item:
    """A file. `folders`: those below what was given. `at`: when it was taken, None if nothing says.

    `alone`: an undated video, of which nothing says that it goes on from another.
    """

    path: PurePath
    folders: tuple[str, ...]
    at: float | None
    alone: bool = False


def owners(items: Sequence[Item], *, by_folder: bool) -> list[tuple[str, ...]]:
    """For each file what its camera is called, in parts; empty where nothing says. `by_folder`: not by files' names."""
    numbers = _numbers(items)
    found = [_by_folders(item, numbers) for item in items]
    if not by_folder:
        groups: dict[tuple[str, ...], list[int]] = {}
        for index, parts in enumerate(found):
            if not items[index].alone:
                groups.setdefault(parts, []).append(index)
        for members in groups.values():
            for index, name in zip(members, _by_names([items[index] for index in members]), strict=True):
                found[index] = (*found[index], *([name] if name else []))
    if len(items) > 1:
        stems = Counter((parts, item.path.stem) for parts, item in zip(found, items, strict=True) if item.alone)
        for index, (parts, item) in enumerate(zip(found, items, strict=True)):
            if item.alone:
                found[index] = (*parts, item.path.stem if stems[parts, item.path.stem] == 1 else item.path.name)
    return found


def label(stem: str) -> str:
    """What a file's name says besides its date and its number; empty if nothing.

    That is what stands before the date, or a channel (`cam2`, `CH03`) behind it.
    """
    before, after = beside_date(stem) or (_LAST_NUMBER.sub("", stem), "")
    channel = _CHANNEL.search(after)
    words = [word for word in _WORDS.split(before.strip(" -_.@()[]")) if word and word.lower() not in _SORTS]
    return "_".join([*words, *([channel[0]] if channel else [])])


def _by_names(items: Sequence[Item]) -> list[str]:
    """What tells the cameras of one folder apart: empty for all where the names do not."""
    labels = [label(item.path.stem) for item in items]
    counts = Counter(labels)
    many = {name for name, count in counts.items() if count >= LEAST_FILES}
    nothing = [""] * len(items)
    if len(many) < 2 or sum(counts[name] for name in many) < MOSTLY * len(items):
        return nothing
    if len({_DIGITS.sub("#", name) for name in many}) < len(many) and not all(map(_CHANNEL.search, many)):
        dated = sorted((item.at, name) for item, name in zip(items, labels, strict=True) if item.at is not None)
        changes = sum(one[1] != other[1] for one, other in pairwise(dated))
        if changes < MIXED * len(counts):  # 01-…, 02-…: one event after the other
            return nothing
    return labels


def _numbers(items: Iterable[Item]) -> frozenset[tuple[str, ...]]:
    """Folders whose name is a bare number, and always one of the date of what lies there: months, days, hours."""
    fits: dict[tuple[str, ...], bool] = {}
    for item in items:
        for depth, part in enumerate(item.folders, 1):
            if part.isdecimal() and len(part) <= 2:
                where = item.folders[:depth]
                fits[where] = fits.get(where, True) and item.at is not None and int(part) in _parts_of(item.at)
    return frozenset(where for where, fit in fits.items() if fit)


def _parts_of(at: float) -> tuple[int, ...]:
    moment = datetime.fromtimestamp(at, UTC)
    return moment.year % 100, moment.month, moment.day, moment.hour, moment.minute, moment.second


def _by_folders(item: Item, numbers: frozenset[tuple[str, ...]]) -> tuple[str, ...]:
    """What its folders say besides its date."""
    said = []
    for depth, part in enumerate(item.folders, 1):
        word = "" if item.folders[:depth] in numbers or part.lower() in _KINDS else without_date(part)
        if word:
            said.append(word)
    return tuple(said)
