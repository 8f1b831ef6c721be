"""Does what is known of a camera come back from its bytes, and nothing else from any others?"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from probes.frame import layout
from probes.frame.compare import compare
from probes.frame.picture import from_bgr
from probes.frame.reference import MAX_BYTES, NOT_KNOWN, BadReference, Reference, pack, unpack
from probes.frame.room import TEXT_ROOM, pack_within
from probes.frame.sketch import Sketch, sketch
from probes.frame.slot import NUMBERS, Slot, begin, learn
from probes.frame.text import watch_text
from tests.references import again, closed, earlier, opened

BEGIN = 1_790_000_000.0
MOST = 7  # slots, with the text


def drawn(light: float, grain: np.random.Generator) -> Sketch:
    """A scene with structure everywhere, as a sensor with noise sees it."""
    dice = np.random.default_rng(3)
    small = cv2.resize(dice.integers(20, 160, (72, 128, 3), np.uint8), (1280, 720), interpolation=cv2.INTER_LINEAR)
    noisy = small * light + grain.normal(0, 3, small.shape)
    return sketch(from_bgr(1280, 720, np.clip(noisy, 0, 255).astype(np.uint8)))


@cache
def known(slots: int) -> Reference:
    """A camera with so many states, each of which was learned of four pictures, and with its text."""
    dice = np.random.default_rng(slots)
    reference = Reference(looks=4 * slots, first_at=BEGIN, last_at=BEGIN + slots, view=1)
    for number in range(slots):
        slot: Slot | None = None
        for look in range(4):
            seen = drawn(0.4 + 0.15 * number + 0.03 * look, dice)
            if slot is None:
                slot = begin(seen, 1, BEGIN + number)
            else:
                one = compare(seen, slot)
                slot = learn(slot, seen, one.match, one.numbers, BEGIN + number)
            reference = replace(reference, text=watch_text(reference.text, seen, BEGIN + look))
        assert slot is not None
        reference = replace(reference, slots=(*reference.slots, slot))
    hours = dice.uniform(0, 100, (24, 4)).astype(np.float32)
    return replace(reference, hours=hours, changes=hours[:2, :3], nights=np.arange(24, dtype=np.float32))


def kept(slots: int = 3) -> bytes:
    return pack(known(slots))


def same(one: Reference, other: Reference, *, but: tuple[str, ...] = ()) -> None:
    """Equal in every field of every part, to the last bit."""
    for a, b in zip((one, one.text, *one.slots), (other, other.text, *other.slots), strict=True):
        for name in a.__slots__ if a is not None else ():
            if name not in ("slots", "text", *but):
                assert np.array_equal(getattr(a, name), getattr(b, name)), name


def test_a_reference_comes_back_as_it_was_rounded() -> None:
    once = unpack(kept())
    assert pack(once) == kept()
    same(once, unpack(pack(once)))
    for before, after in zip(known(3).slots, once.slots, strict=True):
        assert np.array_equal(before.numbers, after.numbers)
        assert np.abs(after.structure - before.structure).max() <= 0.5 / 40 + 1e-6
        assert np.array_equal(after.grids, before.grids.astype(np.float16))
        assert np.array_equal(after.cells, before.cells.astype(np.float16))
        assert np.allclose(np.sqrt(after.grid_variances), np.sqrt(before.grid_variances), rtol=1e-3, atol=1e-7)
        assert np.allclose(np.sqrt(after.cell_variances), np.sqrt(before.cell_variances), rtol=1e-3, atol=1e-7)
        assert (after.looks, after.mono, after.view) == (before.looks, before.mono, before.view)
    before, after = known(3).text, once.text
    assert before is not None
    assert after is not None
    assert np.array_equal(after.latest, before.latest)
    assert np.abs(after.mean - before.mean).max() <= 0.5


def test_what_knows_nothing_comes_back_too() -> None:
    nothing = unpack(pack(Reference()))
    same(nothing, Reference())
    assert nothing.slots == ()
    assert nothing.text is None
    assert len(pack(Reference())) < 1_000


def test_seven_states_and_the_text_have_room_and_eight_leave_one_out() -> None:
    assert len(kept(MOST)) <= MAX_BYTES
    more = known(MOST + 1)
    assert len(pack(more)) > MAX_BYTES
    least = replace(more.slots[2], looks=1)
    full = replace(more, slots=(*more.slots[:2], least, *more.slots[3:]))
    data = pack_within(full, MAX_BYTES)
    assert len(data) <= MAX_BYTES
    left = unpack(data)
    assert left.text is not None
    assert [slot.last_at for slot in left.slots] == [slot.last_at for slot in more.slots if slot is not more.slots[2]]


def test_two_states_have_room_at_each_of_four_places() -> None:
    data = pack_within(known(2), (MAX_BYTES - 4_000) // 4)
    assert len(data) < TEXT_ROOM
    assert len(unpack(data).slots) == 2
    assert unpack(data).text is None


@settings(max_examples=150, deadline=None, derandomize=True)
@given(some.integers(0, 100_000), some.integers(0, 255), some.integers(0, 200_000))
def test_a_damaged_reference_is_refused_or_read(at: int, byte: int, length: int) -> None:
    data = bytearray(kept())
    data[at % len(data)] = byte
    try:
        unpack(bytes(data[: max(7, length)]))
    except BadReference:
        return


@pytest.mark.parametrize("data", [b"", b"SWREF", b"SWREF\x09abc", b"SWREF\x01" + b"x" * 50, b"P" * 500])
def test_what_is_no_reference(data: bytes) -> None:
    with pytest.raises(BadReference):
        unpack(data)


def test_whatever_its_lengths_say_no_more_is_read_than_there_is() -> None:
    data = kept()
    for lengths in (b"\xff" * 8, b"\0" * 8, data[6:10] + b"\xff" * 4, b"\0\0\0\2" + data[10:14]):
        with pytest.raises(BadReference):
            unpack(data[:6] + lengths + data[14:])
    for other in (data[:-1], data + b"\0", data[:20], data + data[6:]):
        with pytest.raises(BadReference):
            unpack(other)
    head, squeezed, plain = opened(data)
    for more in (squeezed[:-1], squeezed + b"\0", squeezed + bytes(40_000_000)):  # a bomb, too
        with pytest.raises(BadReference):
            unpack(closed(head, more, plain))


@pytest.mark.parametrize(
    "change",
    [
        {"slots": []}, {"slots": [[False, 1, 0.0, 0.0, 0]] * 13}, {"slots": None}, {"numbers": ["x"] * 201},
        {"numbers": [1] * len(NUMBERS)}, {"numbers": None}, {"text": None}, {"text": []}, {"text": [1, 2, 3]},
        {"nights": [0.0] * 23}, {"nights": [1e300] * 24}, {"habits": 7}, {"looks": -1}, {"looks": 1e300},
        {"first_at": 1e300},
    ],
)  # fmt: skip
def test_a_head_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    head, *parts = opened(kept())
    with pytest.raises(BadReference):
        unpack(closed(head | change, *parts))


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan, 60_000.0])
@pytest.mark.parametrize("name", ["hours", "changes", "numbers", "floats"])
def test_what_is_no_number_is_refused_wherever_it_stands(name: str, bad: float) -> None:
    """The first of such an array is a mean, the last a deviation, whose square may be beyond all bounds."""
    head, arrays = layout.read(layout.VERSION, kept()[6:])
    for place in (0, -1):
        if np.isfinite(bad) and (place == 0 or name in ("hours", "changes")):
            continue
        spoiled = np.array(getattr(arrays, name))
        spoiled.flat[place] = bad
        with pytest.raises(BadReference, match="bounds"):
            unpack(kept()[:6] + layout.write(head, replace(arrays, **{name: spoiled})))


def test_what_earlier_versions_kept_is_read_by_the_names_of_its_measures() -> None:
    now = unpack(kept())
    same(now, unpack(earlier(kept(), 3, NUMBERS)))
    assert again(earlier(kept(), 3, NUMBERS)) == kept()
    before = unpack(earlier(kept(), 2, None))
    same(now, before, but=("numbers", "number_variances"))
    names = [name for name in layout._NUMBERS_2 if name in NUMBERS]
    for one, other in zip(now.slots, before.slots, strict=True):
        assert [one.number(name) for name in names] == [other.number(name) for name in names]
        assert (other.number_variances >= NOT_KNOWN).sum() == len(NUMBERS) - len(names)
    fewer = unpack(earlier(kept(), 3, (*(name for name in NUMBERS if name != "noise"), "of_later")))
    assert fewer.slots[0].number_deviation("noise") == pytest.approx(np.sqrt(NOT_KNOWN))
    assert fewer.slots[0].number("peak") == now.slots[0].number("peak")
    for version in (1, layout.VERSION + 1):
        with pytest.raises(BadReference, match=f"of version {version}"):
            unpack(earlier(kept(), version, NUMBERS))
    for bad in (earlier(kept(), 3, ("x",) * 201), earlier(kept(), 3, NUMBERS)[:-40]):
        with pytest.raises(BadReference):
            unpack(bad)


def test_what_a_later_version_keeps_under_other_names_is_read_as_far_as_it_goes() -> None:
    head, squeezed, plain = opened(kept())
    later = ["of_later" if name == "noise" else name for name in head["numbers"]]
    slot = unpack(closed(head | {"numbers": later}, squeezed, plain)).slots[1]
    assert slot.number_deviation("noise") == pytest.approx(np.sqrt(NOT_KNOWN))
    assert slot.number("gain") == known(3).slots[1].number("gain")
