"""Is a camera that turns judged by the place where it stands, and never while it moves?"""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from probes.errors import NoAnswer, Trouble, Unsupported
from probes.frame.faults import Verdict, blind
from probes.frame.job import Attached, Judged, Known, Seen
from probes.frame.options import FrameOptions
from probes.frame.picture import from_bgr
from probes.frame.places import MAX_PLACES, Place, Places, is_places, unpack
from probes.frame.reference import MAX_BYTES, BadReference, Reference, pack
from probes.frame.reference import unpack as unpack_reference
from probes.frame.room import pack_within
from probes.frame.sketch import sketch
from probes.frame.slot import begin
from probes.frame.turning import Turning
from probes.onvif.ptz import Position, Preset, Status
from probes.target import Target
from probes.tools import Tools

GATE, YARD, ODD = Position(-0.8, 0.1, 0.0), Position(0.4, -0.2, 0.5), Position(0.1, 0.0, 0.0)
PRESETS = (Preset("1", "Gate", GATE), Preset("2", "", YARD), Preset("3", "nowhere", None))
OK = Judged(Verdict.OK, {Verdict.MOVED: False}, {Verdict.MOVED: 0.1})
TARGET = Target("dome", "127.0.0.1")


class Dome:
    """A camera without sockets: what it says before and after a picture, and the daemon beside it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **options: object) -> None:
        self.now = 1_790_000_000.0
        self.stored = b""
        self.presets: tuple[Preset, ...] | Trouble = PRESETS
        self.says: list[Status | Trouble] = []
        self.turns: bool | None = True
        self.options = FrameOptions.model_validate(options)
        self.turning = Turning(Tools(lambda: self.now))
        self.asked = 0
        for name in ("says_where", "read_status", "read_presets"):
            monkeypatch.setattr(f"probes.frame.turning.{name}", getattr(self, f"_{name}"))

    def _says_where(self, *_: object) -> bool | None:
        return self.turns

    async def _read_status(self, *_: object) -> Status:
        self.asked += 1
        return self._said(self.says.pop(0))

    async def _read_presets(self, *_: object) -> tuple[Preset, ...]:
        return self._said(self.presets)

    def _said(self, what):
        if isinstance(what, Trouble):
            raise what
        return what

    async def look(self, *says, judged: Judged = OK, learned: bytes = b"new"):
        """One look: what it says before and after, what a worker says between."""
        self.now += 300.0
        self.says = list(says)
        known = Known(self.stored, at=self.now, presets=self.options.presets)
        stand = await self.turning.begin(TARGET, self.options, known)
        seen = Seen("h264", 640, 360, False, None, None, judged, None, "", 0.0, 0.0, 0)
        attached = Attached(reference=learned if stand.known.at else b"", marked=b"\xff\xd8")
        seen, attached, values = await self.turning.end(TARGET, self.options, stand, seen, attached)
        self.stored = attached.reference or self.stored
        return stand.known, seen.judged, values

    async def stay(self, where: Position, **more):
        return await self.look(Status(where, moving=False), Status(where, moving=False), **more)


@pytest.fixture
def dome(monkeypatch: pytest.MonkeyPatch) -> Dome:
    return Dome(monkeypatch, ptz={"home": "Gate", "away_after_seconds": 700})


async def test_each_preset_has_a_reference_of_its_own(dome: Dome) -> None:
    known, judged, values = await dome.stay(GATE, learned=b"gate")
    assert (known.reference, judged, values["preset"], values["away"]) == (b"", OK, "Gate", False)
    await dome.stay(YARD, learned=b"yard")
    known, judged, values = await dome.stay(GATE, learned=b"gate 2")
    assert (known.reference, known.presets, judged.verdict) == (b"gate", False, Verdict.OK)
    assert (values["preset"], values["places"]) == ("Gate", 2)
    kept = {place.name: (place.reference, place.looks) for place in unpack(dome.stored).places}
    assert kept == {"Gate": (b"gate 2", 2), "2": (b"yard", 1)}


@pytest.mark.parametrize(
    "says",
    [
        (Status(GATE, moving=True), Status(GATE, moving=False)),
        (Status(None, moving=True), Status(None, moving=False)),
        (Status(GATE, moving=False), Status(GATE, moving=True)),
        (Status(GATE, moving=False), Status(YARD, moving=False)),
        (Status(GATE, moving=False), Status(None, moving=False)),
    ],
)
async def test_what_moves_is_not_judged_and_teaches_nothing(dome: Dome, says: tuple[Status, ...]) -> None:
    await dome.stay(GATE, learned=b"gate")
    before = dome.stored
    for verdict in (Verdict.OK, Verdict.MOVED, Verdict.COVERED, Verdict.FROZEN):
        _, judged, values = await dome.look(*says, judged=Judged(verdict, {verdict: True}, {}))
        assert (judged.verdict, judged.unjudged, judged.faults) == (
            Verdict.UNJUDGED,
            ("turning",),
            blind(Verdict.UNJUDGED),
        )
        assert "away" not in values
    _, judged, _ = await dome.look(*says, judged=Judged(Verdict.BLACK, {}, {}))
    assert judged.verdict is Verdict.BLACK  # no scene at all is black, wherever it looks
    assert dome.stored == before


async def test_an_unknown_place_is_learned_when_it_was_met_often(dome: Dome) -> None:
    for _ in range(2):
        known, judged, _ = await dome.stay(ODD)
        assert (judged.verdict, judged.unjudged) == (Verdict.UNJUDGED, ("unknown_place",))
        assert (known.reference, known.at) == (b"", 0.0)
    _, judged, _ = await dome.stay(ODD, judged=Judged(Verdict.COVERED, {Verdict.COVERED: True}, {}))
    assert judged.verdict is Verdict.COVERED  # by fixed thresholds; it is a place by now
    assert (await dome.stay(ODD, learned=b"odd"))[1] == OK
    assert [place.reference for place in unpack(dome.stored).places][-1] == b"odd"


async def test_presets_without_positions_leave_clustered_places(dome: Dome) -> None:
    dome.presets = (Preset("1", "Gate", None),)
    verdicts = [(await dome.stay(GATE))[1].verdict for _ in range(4)]
    assert verdicts == [Verdict.UNJUDGED, Verdict.UNJUDGED, Verdict.OK, Verdict.OK]
    assert (await dome.stay(replace(GATE, pan=-0.803)))[1].verdict is Verdict.OK
    assert (await dome.stay(replace(GATE, pan=-0.81)))[1].unjudged == ("unknown_place",)


async def test_away_is_standing_still_elsewhere(dome: Dome) -> None:
    assert "away" not in (await dome.stay(YARD))[2]  # who knows since when
    await dome.stay(GATE)
    said = [(await dome.stay(YARD))[2]["away"] for _ in range(4)]
    assert said == [False, False, False, True]
    tour = [(await dome.stay(where))[2]["away"] for where in (ODD, YARD, ODD, YARD, GATE)]
    assert not any(tour)


async def test_away_since_before_the_daemon_began(dome: Dome) -> None:
    said = [(await dome.stay(YARD))[2].get("away") for _ in range(4)]
    assert said == [None, None, None, True]


async def test_who_refuses_is_judged_as_ever(dome: Dome) -> None:
    known, judged, values = await dome.look(Unsupported("no"), learned=b"plain")
    assert (known.reference, judged, values, dome.stored) == (b"", OK, {}, b"plain")
    dome.turns = False
    known, judged, _ = await dome.look(learned=b"plain 2")
    assert (known.reference, judged, dome.stored, dome.asked) == (b"plain", OK, b"plain 2", 1)


async def test_who_does_not_answer_is_not_called_healthy(dome: Dome) -> None:
    assert (await dome.look(NoAnswer("late"), learned=b"plain"))[1] == OK  # no place is known: perhaps it never says
    await dome.stay(GATE, learned=b"gate")
    for says in ((NoAnswer("late"),), (Status(GATE, moving=False), NoAnswer("late"))):
        assert (await dome.look(*says))[1].unjudged == ("unknown_place",)
    dome.turns = None  # the daemon has just begun, and was not told what the camera can do
    assert (await dome.look())[1].unjudged == ("unknown_place",)
    assert [place.reference for place in unpack(dome.stored).places] == [b"gate"]


async def test_a_reference_of_before_serves_the_place_that_it_knows(dome: Dome) -> None:
    dome.stored = b"before"
    known, judged, _ = await dome.stay(YARD, judged=Judged(Verdict.UNJUDGED, {}, {}, ("turning",)))
    assert (known.reference, known.presets) == (b"before", True)
    assert judged.unjudged == ("learning",)
    assert (await dome.stay(YARD, learned=b"yard"))[0].reference == b""  # it was of no use there
    known, judged, _ = await dome.stay(GATE, learned=b"before and gate")
    assert (known.reference, judged) == (b"before", OK)
    assert (await dome.stay(GATE))[0].reference == b"before and gate"
    assert unpack(dome.stored).anywhere == b"before"


async def test_it_is_not_asked_where_that_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    dome = Dome(monkeypatch, ptz={"ask": False})
    dome.stored = Places((Place(GATE, "Gate", 1, 1.0, b"gate"),), b"plain").pack()
    known, judged, _ = await dome.look(learned=b"plain 2")
    assert (known.reference, judged, dome.asked) == (b"plain", OK, 0)
    assert (unpack(dome.stored).anywhere, unpack(dome.stored).places[0].reference) == (b"plain 2", b"gate")


def test_places_fit_and_the_least_used_goes() -> None:
    dice, known = random.Random(3), Places(anywhere=b"a" * 60_000)
    for look in range(200):
        number = min(dice.randrange(9), dice.randrange(9))  # the first ones more often
        place = known.find(Position(number / 10, 0, 0)) or Place(Position(number / 10, 0, 0))
        room = known.room_bytes(more=not place.reference)
        known = known.learned(place, bytes([number]) * min(room, 45_000), 1_000.0 + look)
        assert len(known.places) <= MAX_PLACES
        assert len(known.pack()) <= MAX_BYTES
        assert unpack(known.pack()) == known
    assert known.anywhere == b""
    assert 0 in {place.reference[0] for place in known.places}  # where it stands most often
    later = known.learned(Place(Position(0.95, 0, 0)), b"later", 1_000.0 + 31 * 86_400)
    later = later.learned(Place(Position(0.96, 0, 0)), b"x" * 45_000, 1_000.0 + 31 * 86_400)
    assert b"later" in {place.reference for place in later.places}  # rather than those of a month ago


def slots_of(count: int) -> Reference:
    """So many states that have nothing in common, the first the most used, the last the latest."""
    dice, found = np.random.default_rng(1), []
    for number in range(count):
        picture = from_bgr(320, 180, dice.integers(0, 255, (180, 320, 3), np.uint8))
        found.append(replace(begin(sketch(picture), 0, float(number)), looks=9 - number))
    return Reference(slots=tuple(found), looks=count)


def test_a_plain_reference_is_read_as_it_is() -> None:
    plain = pack(slots_of(1))
    assert unpack(plain).anywhere == plain
    assert unpack(b"") == Places()
    assert not is_places(plain)
    assert Places(anywhere=b"x").pack() == b"x"


def test_little_room_keeps_what_was_seen_last() -> None:
    many = slots_of(6)
    one = len(pack(replace(many, slots=many.slots[:1])))
    kept = unpack_reference(pack_within(many, int(one * 3.2)))
    assert [each.last_at for each in kept.slots] == [0.0, 1.0, 5.0]
    assert [each.last_at for each in unpack_reference(pack_within(many, 10)).slots] == [5.0]
    assert pack_within(many, MAX_BYTES) == pack(many)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(some.integers(0, 300), some.integers(0, 255), some.integers(8, 400))
def test_damaged_places_are_refused_or_read(at: int, byte: int, length: int) -> None:
    whole = Places((Place(GATE, "Gate", 3, 5.0, b"g" * 90), Place(YARD, "停车场", 2, 6.0, b"y" * 90)), b"a" * 30).pack()
    data = bytearray(whole)
    data[at % len(data)] = byte
    try:
        found = unpack(bytes(data[:length]))
    except BadReference:
        return
    assert len(found.places) <= MAX_PLACES


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        (Position(-1.0, 0, 0), Position(1.0, 0, 0), True),  # the same direction
        (Position(0.5, 0, 0), Position(0.51, 0, 0), False),
        (Position(0.5, 0, 0.3), Position(0.5, 0, 0.32), False),
        (Position(3_000, 0, 0), Position(3_010, 0, 0), True),  # tenths of degrees
        (Position(3_000, 0, 0), Position(3_100, 0, 0), False),
    ],
)
def test_near(one: Position, other: Position, near: bool) -> None:
    assert one.near(other) is near
    assert other.near(one) is near


def test_an_empty_reference_has_room() -> None:
    assert unpack_reference(pack_within(Reference(), 1_000)).slots == ()
