"""Are the slices of one picture put together, and pictures kept apart?"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from probes.frame.units import begins_picture, units
from tests.servers._scenes import encode, scene


@dataclass
class Packet:
    data: bytes
    pts: int | None
    is_keyframe: bool = False
    is_corrupt: bool = False
    time_base: Fraction = Fraction(1, 90_000)

    def __bytes__(self) -> bytes:
        return self.data


def _slices(codec: str = "h264") -> list[bytes]:
    unit = encode([scene()], slices=4)[0].replace(b"\0\0\0\1", b"\0\0\1")
    return [b"\0\0\0\1" + nal for nal in unit.split(b"\0\0\1") if nal and nal[0] & 0x1F == 5]


def test_only_the_first_slice_begins_a_picture() -> None:
    assert [begins_picture("h264", nal) for nal in _slices()] == [True, False, False, False]


@pytest.mark.parametrize(
    ("first", "begins"), [(b"\x26\x01\x80", True), (b"\x26\x01\x40", False), (b"\x40\x01\x40", True)]
)
def test_slices_of_h265(first: bytes, begins: bool) -> None:
    assert begins_picture("hevc", b"\0\0\0\1" + first) is begins


def test_codecs_without_slices_begin_with_every_packet() -> None:
    assert begins_picture("mjpeg", b"\xff\xd8")


def test_packets_of_one_time_are_one_picture() -> None:
    packets = [
        Packet(b"a", 0, True),
        Packet(b"b", 0, True),
        Packet(b"c", 3_000),
        Packet(b"d", 3_000),
        Packet(b"e", 6_000),
    ]
    found = list(units("h264", packets))
    assert [[bytes(packet) for packet in unit.packets] for unit in found] == [[b"a", b"b"], [b"c", b"d"], [b"e"]]
    assert [unit.key for unit in found] == [True, False, False]
    assert [unit.seconds for unit in found] == [0.0, pytest.approx(1 / 30), pytest.approx(2 / 30)]


def test_the_first_packets_have_no_time_and_are_told_by_their_slices() -> None:
    first, *rest = _slices()
    packets = [Packet(first, None, True), Packet(rest[0], 0, True), Packet(rest[1], 0), Packet(first, 3_000)]
    assert [len(unit.packets) for unit in units("h264", packets)] == [3, 1]


def test_damage_to_one_slice_is_damage_to_the_picture() -> None:
    packets = [Packet(b"a", 0, True), Packet(b"b", 0, is_corrupt=True)]
    assert next(units("h264", packets)).damaged


@settings(max_examples=1_000, derandomize=True, deadline=None)
@given(some.sampled_from(["h264", "hevc", "av1"]), some.binary(max_size=200))
def test_any_bytes_are_a_packet(codec: str, data: bytes) -> None:
    assert begins_picture(codec, b"\0\0\1" + data) in {True, False}
