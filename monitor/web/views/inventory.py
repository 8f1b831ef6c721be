"""What is a device known to be, and what of it is another now?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monitor.core.inventory import Item
from monitor.locale import Formats, Translate, msg, translate
from monitor.locale.state_words import WORDS
from monitor.web.views.numbers import NAMES

MAX_SHOWN: Final = 120
_ACCEPTED: Final = msg("Accepted as right: %(changes)s")
_ORDER: Final = (
    "vendor",
    "model",
    "profile",
    "hardware",
    "serial",
    "mac",
    "firmware",
    "hostname",
    "scopes",
    "dhcp",
    "clock_source",
    "administrators",
    "users",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing: `found` is there instead of `value`, `previous` was there before a person accepted it."""

    label: str
    value: str
    since: float
    found: str | None
    previous: str | None
    accepted_by: str


@dataclass(frozen=True, slots=True)
class InventoryView:
    """`changed`: something waits to be accepted."""

    lines: tuple[Line, ...]
    changed: bool


def view(known: Mapping[str, Item], formats: Formats) -> InventoryView:
    """What differs comes first, then what names the device, then its streams."""
    items = sorted(known.values(), key=lambda item: (item.found is None, _rank(item), item.name))
    return InventoryView(
        tuple(_line(item, formats) for item in items[:MAX_SHOWN]), any(item.found is not None for item in items)
    )


def note(known: Mapping[str, Item], formats: Formats) -> str:
    """What a person accepts, as the tickets quote it."""
    changed = [_line(item, formats) for item in known.values() if item.found is not None]
    say = translate(formats.language)
    said = "; ".join(f"{line.label} {line.value} → {line.found}" for line in changed)
    return (say(_ACCEPTED) % {"changes": said})[:1_000]


def _rank(item: Item) -> int:
    word = item.name.rpartition("/")[2]
    return _ORDER.index(word) if word in _ORDER else len(_ORDER)


def _line(item: Item, formats: Formats) -> Line:
    say = translate(formats.language)
    check, *where, word = item.name.split("/")
    name = say(NAMES[word]) if word in NAMES else word
    if check == "recorder" and where and where[0] in WORDS:  # by which interface
        where = [say(WORDS[where[0]])]
    if item.name in NAMES:  # a count that this monitor keeps itself
        where, name = [], say(NAMES[item.name])
    alone = not where and check != "onvif" and item.name not in NAMES  # another check may tell the same
    label = say(msg("{name} ({check})")).format(name=name, check=check.upper()) if alone else " · ".join((*where, name))
    return Line(
        label, _written(item.value, say), item.first_seen, None if item.found is None else _written(item.found, say),
        None if item.previous is None else _written(item.previous, say), item.accepted_by,
    )  # fmt: skip


def _written(value: str, say: Translate) -> str:
    return say(WORDS[value]) if value in WORDS else value
