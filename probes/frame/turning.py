"""Where does a camera that turns look, and by which reference is its picture judged there?

ask (before the grab) ─▶ reference of that place ─▶ look ─▶ ask (after it) ─▶ withhold, or learn at that place
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from probes.errors import Trouble, Unsupported
from probes.frame.faults import BLIND, HEALTHY, Verdict, blind
from probes.frame.job import Attached, Judged, Known, Seen
from probes.frame.memory import Word
from probes.frame.options import FrameOptions
from probes.frame.places import Place, Places, unpack
from probes.frame.reference import BadReference
from probes.observation import Value
from probes.onvif.ptz import Position, Preset, Status, read_presets, read_status, says_where
from probes.target import Target
from probes.tools import Tools, trace

TURNING: Final = "turning"
UNKNOWN_PLACE: Final = "unknown_place"
MET_LEAST: Final = 3  # looks at an unknown place before it becomes one
MAX_MET: Final = 24
PRESETS_SECONDS: Final = 3_600.0
MAX_DEVICES: Final = 20_000
NO_WORDS: Final[Mapping[str, Word]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Stand:
    """How a camera stood before the grab. `known`: what its picture is judged by.

    `status` None: it does not say, and is judged as a camera that stands still. `place` None: an unknown one, or none.
    `reason`: why its picture cannot be judged, whatever it shows; empty if it can. `stranger`: it is judged by what was
    learned before places were known.
    """

    known: Known
    places: Places
    status: Status | None = None
    place: Place | None = None
    reason: str = ""
    stranger: bool = False


@dataclass(slots=True)
class _Tower:
    """One camera: its presets, and the places that it was met at (how often), as long as the daemon runs."""

    presets: tuple[Preset, ...] = ()
    presets_at: float = 0.0  # when they are asked for again
    met: list[tuple[Position, int]] = field(default_factory=list)
    strange: list[Position] = field(default_factory=list)  # where what was learned before is of no use
    stay: Position | None = None  # where it stands …
    since: float = 0.0  # … since when …
    moved: bool = False  # … and it was seen somewhere else before


class Turning:
    """What is known of cameras that turn; the longest unused is forgotten. `tools.get(Turning)`."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._towers: OrderedDict[str, _Tower] = OrderedDict()

    async def begin(
        self, target: Target, options: FrameOptions, known: Known, views: Mapping[str, Word] = NO_WORDS
    ) -> Stand:
        """Ask where it looks, if it is a camera that can say so. `views`: what people said of those at places."""
        places = _read(known.reference)
        plain = Stand(replace(known, reference=places.anywhere), places)
        turns = says_where(self._tools, target, options.onvif) if options.ptz.ask else False
        if not turns:
            return _nowhere(plain) if turns is None and places.places else plain
        try:
            status = await read_status(self._tools, target, options.onvif)
        except Unsupported:
            return plain
        except (Trouble, OSError) as trouble:
            trace("where it looks is not known: %s", trouble)
            return _nowhere(plain) if places.places else plain
        tower = self._tower(target.device)
        if status.moving:
            return replace(_nowhere(plain), status=status, reason=TURNING)
        if status.position is None:
            return replace(plain, status=status)
        await self._refresh(tower, target, options)
        for place, word in views.items():
            where = Position.read(place)
            if where is not None and where.near(status.position):
                plain = replace(plain, known=word.on(plain.known))
        return _stand(tower, plain, status, status.position)

    async def end(
        self, target: Target, options: FrameOptions, stand: Stand, seen: Seen, attached: Attached
    ) -> tuple[Seen, Attached, dict[str, Value]]:
        """Ask again, take back what was judged or learned of a camera that turned meanwhile, and keep the rest.

        Values: preset (its name, if it stands at one), place (its position), places (how many are known), away and
        away_seconds (since when it stands at one place that is not its home preset).
        """
        if stand.status is None:
            if stand.reason:
                return *withhold(seen, attached, stand.reason), {}
            return seen, _anywhere(stand, attached), {}
        tower = self._tower(target.device)
        reason = stand.reason or await self._compare(target, options, stand.status)
        if reason:
            if reason == TURNING:
                tower.stay, tower.moved = None, True
            return *withhold(seen, attached, reason), {"places": len(stand.places.places)}
        position = stand.status.position
        if position is None:
            return seen, _anywhere(stand, attached), {}
        values = _values(tower, options, stand, position, self._tools.now())
        if stand.place is None:
            seen, attached = _unjudged(seen, attached, UNKNOWN_PLACE)
        elif stand.stranger and TURNING in seen.judged.unjudged:
            tower.strange = [*tower.strange[-MAX_MET:], position]
            seen, attached = _unjudged(seen, attached, "learning")
        elif attached.reference:
            learned = stand.places.learned(stand.place, attached.reference, stand.known.at)
            attached = replace(attached, reference=learned.pack())
        return seen, attached, values

    async def close(self) -> None:
        """Nothing to close."""

    async def _compare(self, target: Target, options: FrameOptions, before: Status) -> str:
        """Why the picture may show another place than the one where it stood before; empty if it does not."""
        try:
            after = await read_status(self._tools, target, options.onvif)
        except (Trouble, OSError) as trouble:
            trace("whether it turned is not known: %s", trouble)
            return UNKNOWN_PLACE
        if after.moving or (after.position is None) != (before.position is None):
            return TURNING
        still = before.position is None or after.position is None or before.position.near(after.position)
        return "" if still else TURNING

    async def _refresh(self, tower: _Tower, target: Target, options: FrameOptions) -> None:
        """Ask for its presets now and then."""
        now = self._tools.now()
        if now < tower.presets_at:
            return
        tower.presets_at = now + PRESETS_SECONDS
        try:
            tower.presets = await read_presets(self._tools, target, options.onvif)
        except (Trouble, OSError) as trouble:
            trace("its presets are not known: %s", trouble)

    def _tower(self, device: str) -> _Tower:
        tower = self._towers.setdefault(device, _Tower())
        self._towers.move_to_end(device)
        if len(self._towers) > MAX_DEVICES:
            self._towers.popitem(last=False)
        return tower


def withhold(seen: Seen, attached: Attached, reason: str) -> tuple[Seen, Attached]:
    """The same, unjudged; only that nothing of any scene is seen holds wherever a camera looks."""
    attached = replace(attached, marked=b"", reference=b"")
    if seen.judged.verdict in BLIND:
        return seen, attached
    return replace(seen, judged=Judged(Verdict.UNJUDGED, blind(Verdict.UNJUDGED), {}, (reason,)), burst=0), attached


def _unjudged(seen: Seen, attached: Attached, reason: str) -> tuple[Seen, Attached]:
    """The same, with that reason in place of others; what is certain by fixed thresholds stays."""
    judged = seen.judged
    if judged.verdict in HEALTHY:
        judged = replace(judged, verdict=Verdict.UNJUDGED, unjudged=(reason,))
    return replace(seen, judged=judged), replace(attached, reference=b"")


def _nowhere(plain: Stand) -> Stand:
    """Nothing is judged by a reference, and nothing learned."""
    return replace(plain, known=replace(plain.known, reference=b"", at=0.0), reason=UNKNOWN_PLACE)


def _anywhere(stand: Stand, attached: Attached) -> Attached:
    """What was learned of a camera that does not say where it looks."""
    if not attached.reference or not stand.places.places:
        return attached
    return replace(attached, reference=replace(stand.places, anywhere=attached.reference).pack())


def _stand(tower: _Tower, plain: Stand, status: Status, position: Position) -> Stand:
    """By what is the picture judged of a camera that stands there?"""
    preset = next((one for one in tower.presets if one.position and one.position.near(position)), None)
    place = plain.places.find(position)
    if place is None and (preset is not None or _meet(tower, position) >= MET_LEAST):
        place = Place(position)
    known = plain.known
    if tower.stay is None or not tower.stay.near(position):
        known = replace(known, glance=b"")  # of another place: it tells nothing of whether this one stands still
    if place is None:
        return replace(plain, status=status, known=replace(known, reference=b"", at=0.0, presets=False))
    if preset is not None:
        place = replace(place, name=preset.name or preset.token)
    room = plain.places.room_bytes(more=not place.reference)
    known = replace(known, reference=place.reference, presets=False, room_bytes=room)
    stranger = not place.reference and bool(plain.known.reference)
    if stranger and not any(one.near(position) for one in tower.strange):
        known = replace(known, reference=plain.known.reference, presets=True)
    return replace(plain, status=status, place=place, known=known, stranger=known.presets)


def _meet(tower: _Tower, position: Position) -> int:
    """How often it stood there by now."""
    times = next((times for where, times in tower.met if where.near(position)), 0) + 1
    others = [(where, many) for where, many in tower.met if not where.near(position)]
    tower.met = [*others[-MAX_MET + 1 :], (position, times)]
    return times


def _values(tower: _Tower, options: FrameOptions, stand: Stand, position: Position, now: float) -> dict[str, Value]:
    values: dict[str, Value] = {"places": len(stand.places.places), "place": str(position)}
    if stand.place is not None and stand.place.name:
        values["preset"] = stand.place.name
    if tower.stay is None or not tower.stay.near(position) or now < tower.since:
        tower.moved = tower.moved or tower.stay is not None
        tower.stay, tower.since = position, now
    home = next((one for one in tower.presets if options.ptz.home in (one.name, one.token)), None)
    if options.ptz.home is None or home is None or home.position is None:
        return values
    stood = now - tower.since
    if home.position.near(position):
        values |= {"away": False, "away_seconds": 0.0}
    elif tower.moved or stood >= options.ptz.away_after_seconds:  # else it may have stood there long before we came
        values |= {"away": stood >= options.ptz.away_after_seconds, "away_seconds": round(stood, 1)}
    return values


def _read(reference: bytes) -> Places:
    try:
        return unpack(reference)
    except BadReference:
        return Places()
