"""What is in this JPEG or PNG file, which a device sent and may have made to harm us?"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from probes.errors import Garbled
from probes.frame.complaints import listen
from probes.frame.picture import DETAIL, MAX_PIXELS, MAX_SIDE, Picture, from_bgr

PNG_PIXELS: Final = 4096 * 4096  # a PNG cannot be scaled down while it is decoded, and unpacks a thousandfold

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15 (ITU-T T.81, table B.1)
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_MAX_SEGMENTS: Final = 1_000
_REDUCED: Final = (
    (8, cv2.IMREAD_REDUCED_COLOR_8),
    (4, cv2.IMREAD_REDUCED_COLOR_4),
    (2, cv2.IMREAD_REDUCED_COLOR_2),
    (1, cv2.IMREAD_COLOR),
)


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself: "mjpeg" or "png", its size in pixels; `complete`: there to its end and undamaged."""

    codec: str
    width: int
    height: int
    complete: bool


def read_header(image: bytes) -> Header:
    """The header of a JPEG or PNG file, not decoded; raises Garbled for anything else, or too large a picture."""
    if image.startswith(b"\xff\xd8"):
        width, height = _jpeg_size(image)
        # Some cameras pad a snapshot with zeros, or end it with a line feed.
        header = Header("mjpeg", width, height, image.rstrip(b"\0\r\n").endswith(b"\xff\xd9"))
    elif image.startswith(_PNG) and image[12:16] == b"IHDR" and len(image) >= 33:
        width, height = struct.unpack_from(">II", image, 16)
        header = Header("png", width, height, b"IEND" in image[-64:])
    else:
        raise Garbled("not a JPEG or PNG picture")
    most = MAX_PIXELS if header.codec == "mjpeg" else PNG_PIXELS
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= most):
        raise Garbled(f"a picture of {width}×{height} pixels")
    return header


def decode(image: bytes) -> tuple[Header, Picture | None]:
    """The picture, scaled down while it is decoded; None where its header is sound and its data is not."""
    header = read_header(image)
    kept = np.frombuffer(image, np.uint8)
    flag = next(flag for factor, flag in _REDUCED if factor == 1 or max(header.width, header.height) >= factor * DETAIL)
    try:
        decoded, complained = listen(lambda: cv2.imdecode(kept, flag | cv2.IMREAD_IGNORE_ORIENTATION))
    except cv2.error:
        return header, None
    if complained:
        header = replace(header, complete=False)
    if decoded is None:
        return header, None
    return header, from_bgr(header.width, header.height, decoded.astype(np.uint8, copy=False))


def _jpeg_size(image: bytes) -> tuple[int, int]:
    """Width and height from the frame header (ITU-T T.81, B.2.2)."""
    at = 2
    for _ in range(_MAX_SEGMENTS):
        at = image.find(b"\xff", at)
        while at >= 0 and image[at + 1 : at + 2] == b"\xff":  # fill bytes
            at += 1
        if at < 0 or at + 9 > len(image):
            break
        marker = image[at + 1]
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", image, at + 5)
            return width, height
        if marker == 0xDA:  # the scan begins, and no frame header came
            break
        at += 2 if marker in _BARE else 2 + struct.unpack_from(">H", image, at + 2)[0]
    raise Garbled("a JPEG without a frame header")
