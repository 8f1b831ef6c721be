"""Is a snapshot's header read rightly, and can no file harm us before it is decoded?"""

from __future__ import annotations

import contextlib
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from probes.errors import Garbled
from probes.frame.still import Header, decode, read_header
from tests.servers._scenes import jpeg, scene

PICTURE = jpeg(scene())
PNG = np.asarray(cv2.imencode(".png", scene(64, 48))[1]).tobytes()


def test_header_of_a_jpeg_and_a_png() -> None:
    assert read_header(PICTURE) == Header("mjpeg", 640, 360, complete=True)
    assert read_header(PNG) == Header("png", 64, 48, complete=True)


@pytest.mark.parametrize("end", [b"\0\0\0\0", b"\r\n", b"\n"])
def test_padding_after_the_end_is_no_damage(end: bytes) -> None:
    assert read_header(PICTURE + end).complete


def test_a_picture_that_breaks_off_is_told_from_a_whole_one() -> None:
    header, _ = decode(PICTURE[: len(PICTURE) * 2 // 3])
    assert not header.complete
    assert not read_header(PNG[:-20]).complete


def test_a_large_picture_is_scaled_while_it_is_decoded() -> None:
    header, picture = decode(jpeg(scene(2600, 1500)))
    assert picture is not None
    assert (header.width, header.height) == (picture.width, picture.height) == (2600, 1500)
    assert picture.detail.shape[1] <= 640
    assert picture.fine.shape[1] <= 2600 // 4 + 1


@pytest.mark.parametrize(("width", "height"), [(65_535, 65_535), (16_385, 10), (0, 100), (100, 0), (9_000, 9_000)])
def test_a_header_that_promises_too_much_is_refused(width: int, height: int) -> None:
    at = PICTURE.index(b"\xff\xc0") + 5
    with pytest.raises(Garbled, match="pixels"):
        decode(PICTURE[:at] + struct.pack(">HH", height, width) + PICTURE[at + 4 :])


def test_a_png_bomb_is_refused_by_its_header() -> None:
    with pytest.raises(Garbled, match="pixels"):
        decode(PNG[:16] + struct.pack(">II", 8_000, 8_000) + PNG[24:])


@pytest.mark.parametrize(
    "image",
    [b"", b"<html>", b"GIF89a", b"\xff\xd8", b"\xff\xd8\xff\xda\0\x08", b"\xff\xd8" + b"\xff\xfe\0\x02" * 2_000],
)
def test_what_is_no_picture_is_garbled(image: bytes) -> None:
    with pytest.raises(Garbled):
        decode(image)


@settings(max_examples=2_000, derandomize=True, deadline=None)
@given(some.binary(max_size=400), some.sampled_from([b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"]))
def test_any_header_is_read_or_refused(tail: bytes, magic: bytes) -> None:
    try:
        header = read_header(magic + tail)
    except Garbled:
        return
    assert header.width > 0
    assert header.height > 0


@settings(max_examples=300, derandomize=True, deadline=None)
@given(some.lists(some.tuples(some.integers(0, 1 << 20), some.integers(0, 255)), min_size=1, max_size=30))
def test_a_damaged_header_never_raises_anything_else(changes: list[tuple[int, int]]) -> None:
    image = bytearray(PICTURE[:700])
    for at, byte in changes:
        image[at % len(image)] = byte
    with contextlib.suppress(Garbled):
        read_header(bytes(image))
