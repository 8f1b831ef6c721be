"""What does a decoded frame look like, small enough to measure and whatever format it came in?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # the daemon itself holds no FFmpeg; its decoders do
    import av

Plane = NDArray[np.uint8]

MAX_PIXELS: Final = 8192 * 8192
MAX_SIDE: Final = 16_384
FINE_PIXELS: Final = 1_050_000  # larger pictures are thinned to at most this for what needs the sensor's own noise
DETAIL: Final = 640  # pixels of the longer side of what evidence and texture are taken from
LUMA_SIZE: Final = (320, 180)  # width, height of the luma that is measured, whatever the shape of the picture
CHROMA_SIZE: Final = (160, 90)
COLUMNS: Final = 16  # blocks of a picture, whatever its shape
ROWS: Final = 9
CELL_COLUMNS: Final = 2 * COLUMNS  # cells: a quarter of a block each
CELL_ROWS: Final = 2 * ROWS
MOST_SUMMED: Final = 16  # pixels; a square of larger sides can have more than 16 bits
PATCH: Final = 24  # pixels; the side of the square that is taken from the middle of each block

_PLANAR: Final = frozenset(
    {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv440p", "yuvj440p", "yuv444p", "yuvj444p", "nv12", "gray"}
)
_FULL_RANGE: Final = 2  # AVCOL_RANGE_JPEG
_EXPAND_LUMA: Final = np.clip((np.arange(256) - 16) * (255 / 219), 0, 255).round().astype(np.uint8)
_EXPAND_CHROMA: Final = np.clip((np.arange(256) - 128) * (255 / 224) + 128, 0, 255).round().astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture as it is measured. Levels are full range (0 to 255, BT.601), except in `whole` and `patches`.

    `width`, `height`: pixels as sent. `whole`: uint8[h, w], luma as it was decoded, of a stream the decoder's own
    memory. `patches`: uint8[9·p, 16·p], the middle of each block at the sensor's own sampling, p at most 24; levels
    as in `whole`. `detail`: uint8[h, w], luma averaged to 640 pixels at the longer side. `luma`: uint8[180, 320].
    `blue`, `red`: uint8[90, 160], Cb and Cr.
    """

    width: int
    height: int
    whole: Plane
    patches: Plane
    detail: Plane
    luma: Plane
    blue: Plane
    red: Plane

    @property
    def fine(self) -> Plane:
        """uint8[h, w], luma at the sensor's own sampling, perhaps thinned, never averaged. Made anew each time."""
        step = 1
        while self.whole.size // (step * step) > FINE_PIXELS:
            step += 1
        return np.ascontiguousarray(self.whole[::step, ::step])


def from_frame(frame: av.VideoFrame) -> Picture:
    """The picture of a decoded frame, any pixel format; as long as it lives, so do the frame's samples."""
    width, height = frame.width, frame.height
    if frame.format.name not in _PLANAR:  # 10 bit, RGB, hardware layouts
        target = "yuvj420p" if frame.format.name.startswith(("rgb", "bgr", "gbr")) else "yuv420p"
        frame = frame.reformat(format=target)
    luma = _plane(frame.planes[0])
    match len(frame.planes):
        case 1:
            blue = red = np.full((1, 1), 128, np.uint8)
        case 2:  # NV12: both chroma planes interleaved, two bytes a sample
            pairs = _plane(frame.planes[1], samples=2)
            blue, red = pairs[:, 0::2], pairs[:, 1::2]
        case _:
            blue, red = _plane(frame.planes[1]), _plane(frame.planes[2])
    full = frame.color_range == _FULL_RANGE or frame.format.name.startswith(("yuvj", "gray"))
    return _picture(width, height, luma, blue, red, full=full)


def from_bgr(width: int, height: int, image: NDArray[np.uint8]) -> Picture:
    """The picture of a decoded still, `image` uint8[h, w, 3] BGR, perhaps smaller than its `width` and `height`."""
    luma, red, blue = (_levels(plane) for plane in cv2.split(cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb)))
    return _picture(width, height, luma, blue, red, full=True)


def shape_of(width: int, height: int) -> tuple[int, int]:
    """Width and height, both even, of the same shape with at most `DETAIL` pixels at the longer side."""
    scale = min(1.0, DETAIL / max(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _picture(width: int, height: int, luma: Plane, blue: Plane, red: Plane, *, full: bool) -> Picture:
    detail = _shrink(luma, shape_of(luma.shape[1], luma.shape[0]))
    if not full:
        detail = _levels(cv2.LUT(detail, _EXPAND_LUMA))
    small_blue, small_red = _shrink(blue, CHROMA_SIZE), _shrink(red, CHROMA_SIZE)
    if not full:
        small_blue, small_red = (_levels(cv2.LUT(plane, _EXPAND_CHROMA)) for plane in (small_blue, small_red))
    return Picture(width, height, luma, _patches(luma), detail, _shrink(detail, LUMA_SIZE), small_blue, small_red)


def _patches(luma: Plane) -> Plane:
    """The middle of each block, side by side."""
    height, width = luma.shape[0] // ROWS, luma.shape[1] // COLUMNS
    side = min(PATCH, height, width)
    if side == 0:
        return np.zeros((0, 0), np.uint8)
    blocks = luma[: height * ROWS, : width * COLUMNS].reshape(ROWS, height, COLUMNS, width)
    top, left = (height - side) // 2, (width - side) // 2
    middle = blocks[:, top : top + side, :, left : left + side]
    return np.ascontiguousarray(middle).reshape(ROWS * side, COLUMNS * side)


def _shrink(plane: Plane, size: tuple[int, int]) -> Plane:
    """With as many pixels, width and height, each the mean of what lies behind it.

    OpenCV has vector instructions for a half alone; for other whole shares there are faster ways to the same pixels.
    """
    factor = plane.shape[1] // size[0]
    if plane.shape == (size[1] * factor, size[0] * factor) and 2 < factor <= MOST_SUMMED:
        if factor % 2 == 0:
            return _means(plane, factor)
        middle, means = factor // 2, _levels(cv2.blur(plane, (factor, factor)))
        return np.ascontiguousarray(means[middle::factor, middle::factor])
    return _levels(cv2.resize(plane, size, interpolation=cv2.INTER_AREA))


def _means(plane: Plane, factor: int) -> Plane:
    """The means of squares of so many pixels."""
    lines = np.add.reduce(plane.reshape(-1, factor, plane.shape[1]), axis=1, dtype=np.uint16)
    total = lines[:, ::factor].copy()
    for column in range(1, factor):
        total += lines[:, column::factor]
    return _levels(np.rint(total * np.float32(1 / factor**2)))


def _levels(plane: Any) -> Plane:
    """OpenCV's result as what it is."""
    return np.asarray(plane, np.uint8)


def _plane(plane: Any, samples: int = 1) -> Plane:
    """The samples of one plane as uint8[h, w], without the padding at the end of each line; a view, not a copy."""
    lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return lines[: plane.height, : plane.width * samples]


def read_cells(written: str) -> Plane:
    """uint8[CELL_ROWS, CELL_COLUMNS] of what `write_cells` wrote: 1 where it is so."""
    return np.array([each == "1" for each in written], np.uint8).reshape(CELL_ROWS, CELL_COLUMNS)


def write_cells(cells: NDArray[np.bool_]) -> str:
    """A character for each cell, row by row."""
    return "".join("01"[int(each)] for each in cells.ravel())
