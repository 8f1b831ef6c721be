"""What is known of each place that a turning camera looks at? One reference a place, as bytes.

Kept where a fixed camera's reference is kept, and no larger; a reference of before is read as one without a place.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from probes.frame.reference import MAX_BYTES, BadReference, pack
from probes.frame.reference import unpack as read
from probes.onvif.ptz import MAX_NAME, Position

VERSION: Final = 1
MAX_PLACES: Final = 4  # with fewer bytes, none would know both its day and its night
HEAD_BYTES: Final = 4_000
STALE_SECONDS: Final = 30 * 86_400.0  # a place where it was not seen for so long goes first, however well it is known

_MAGIC: Final = b"SWPLACES"


@dataclass(frozen=True, slots=True)
class Place:
    """One place: where, how the device calls it (empty: it has no preset there), and what was learned of its pictures.

    `looks`: how many pictures it learned from. `last_at`: when the last one came, seconds since the epoch.
    """

    position: Position
    name: str = ""
    looks: int = 0
    last_at: float = 0.0
    reference: bytes = b""


@dataclass(frozen=True, slots=True)
class Places:
    """All places of a camera; `anywhere`: the reference that was learned while nobody knew where it looked."""

    places: tuple[Place, ...] = ()
    anywhere: bytes = b""

    def find(self, position: Position) -> Place | None:
        """The place where it stands."""
        return next((place for place in self.places if place.position.near(position)), None)

    def room_bytes(self, *, more: int = 0) -> int:
        """How large the reference of each place may be, where there are so many more: of one alone, all."""
        return (MAX_BYTES - HEAD_BYTES) // (1 if len(self.places) + more <= 1 else MAX_PLACES)

    def learned(self, place: Place, reference: bytes, at: float) -> Places:
        """With what was learned there; the least used of the others goes where there is no room."""
        after = replace(place, reference=reference, looks=place.looks + 1, last_at=at)
        others = sorted(
            (one for one in self.places if not one.position.near(place.position)),
            key=lambda one: (one.last_at > at - STALE_SECONDS, one.looks, one.last_at),
        )
        anywhere = self.anywhere
        while len(others) >= MAX_PLACES or _size(others, after, anywhere) > MAX_BYTES:
            if anywhere:
                anywhere = b""
            elif others:
                del others[0]
            else:
                break
        return Places((*others, after), anywhere)

    def pack(self) -> bytes:
        """As bytes, for the database or a file; where no place is known, the reference itself."""
        if not self.places:
            return self.anywhere
        head: dict[str, Any] = {
            "anywhere": len(self.anywhere),
            "places": [
                [one.position.pan, one.position.tilt, one.position.zoom, one.name, one.looks, one.last_at,
                 len(one.reference)]
                for one in self.places
            ],
        }  # fmt: skip
        body = orjson.dumps(head)
        parts = (self.anywhere, *(one.reference for one in self.places))
        return b"".join([_MAGIC, bytes([VERSION]), len(body).to_bytes(4, "big"), body, *parts])


def confirmed(data: bytes, at: float) -> bytes:
    """The same, as right since then, whatever people say of views before; raises BadReference for anything else."""
    known = unpack(data)

    def said(reference: bytes) -> bytes:
        return pack(replace(read(reference), confirmed_at=at)) if reference else b""

    kept = tuple(replace(place, reference=said(place.reference)) for place in known.places)
    made = Places(kept, said(known.anywhere)).pack()
    if not made:
        raise BadReference("not a reference of a camera's picture")
    return made


def is_places(data: bytes) -> bool:
    """Does it hold places?"""
    return data.startswith(_MAGIC)


def unpack(data: bytes) -> Places:
    """The places again; a plain reference is one without a place. Raises BadReference; bounded, whatever is given.

    The references themselves are not looked into: workers read them.
    """
    if not is_places(data):
        return Places(anywhere=data)
    at = len(_MAGIC) + 1
    if len(data) > 2 * MAX_BYTES or len(data) < at + 4 or data[at - 1] != VERSION:
        raise BadReference("places of another version, or damaged")
    length = int.from_bytes(data[at : at + 4], "big")
    if length > HEAD_BYTES:
        raise BadReference("damaged places")
    try:
        head = orjson.loads(data[at + 4 : at + 4 + length])
        places, sizes = _read(head["places"]), [head["anywhere"], *(entry[6] for entry in head["places"])]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise BadReference(f"damaged places ({type(error).__name__})") from None
    at += 4 + length
    if any(type(size) is not int or size < 0 for size in sizes) or sum(sizes) != len(data) - at:
        raise BadReference("places that break off")
    parts = []
    for size in sizes:
        parts.append(data[at : at + size])
        at += size
    kept = (replace(place, reference=part) for place, part in zip(places, parts[1:], strict=True))
    return Places(tuple(kept), parts[0])


def _read(entries: Any) -> list[Place]:
    if not isinstance(entries, list) or len(entries) > MAX_PLACES:
        raise BadReference(f"more than {MAX_PLACES} places")
    found = []
    for pan, tilt, zoom, name, looks, last_at, _ in entries:
        figures = [float(figure) for figure in (pan, tilt, zoom, last_at)]
        if not all(map(math.isfinite, figures)) or not isinstance(name, str):
            raise BadReference("damaged places")
        found.append(Place(Position(*figures[:3]), name[:MAX_NAME], max(0, int(looks)), figures[3]))
    return found


def _size(others: Iterable[Place], place: Place, anywhere: bytes) -> int:
    return HEAD_BYTES + len(anywhere) + len(place.reference) + sum(len(one.reference) for one in others)
