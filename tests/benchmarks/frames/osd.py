"""Where does the camera print its own text, and which pixels are it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from tests.benchmarks.frames.image import Image, Mask, luma

EDGE: Final = 40.0  # levels a pixel; text is drawn after the lens and keeps its edges at every hour
KEPT_SHARE: Final = 0.9  # of the pictures in which an edge must stand
BAND: Final = 0.2  # of the height, at the top and at the bottom
LEAST_AREA: Final = 0.0015  # of the picture
LEAST_EDGES: Final = 0.06  # of the pixels of a line of text
BRIGHT: Final = 185
OUTLINE_PIXELS: Final = 2


@dataclass(frozen=True, slots=True)
class Text:
    """`lines`: rectangles x, y, width, height, that hold text."""

    lines: tuple[tuple[int, int, int, int], ...]

    def area(self, shape: tuple[int, ...], only: int | None = None) -> Mask:
        """bool[h, w]: the rectangles, or one of them."""
        mask = np.zeros(shape[:2], bool)
        for x, y, width, height in self.lines if only is None else self.lines[only : only + 1]:
            mask[y : y + height, x : x + width] = True
        return mask

    def letters(self, image: Image) -> Mask:
        """bool[h, w]: the letters with their outlines, in this picture."""
        grey = luma(image)
        kernel = np.ones((2 * OUTLINE_PIXELS + 1,) * 2, np.uint8)
        darkest = cv2.erode(grey, kernel)
        bright = (grey >= BRIGHT) & (darkest < grey.astype(np.int16) - 60)
        return np.asarray(cv2.dilate(bright.astype(np.uint8), kernel) > 0) & self.area(image.shape)


def find_text(images: Sequence[Image]) -> Text:
    """The lines of text of a camera, from pictures of different hours of it: edges that never go away."""
    if len(images) < 8 or len({image.shape for image in images}) != 1:
        return Text(())
    stands = np.zeros(images[0].shape[:2], np.float32)
    for image in images:
        grey = luma(image).astype(np.float32)
        steep = cv2.magnitude(
            cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=0.25), cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=0.25)
        )
        stands += steep > EDGE
    kept = (stands >= KEPT_SHARE * len(images)).astype(np.uint8)
    height, width = kept.shape
    kept[int(BAND * height) : int((1 - BAND) * height)] = 0
    joined = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((height // 60 + 3, width // 12), np.uint8))
    _, _, boxes, _ = cv2.connectedComponentsWithStats(joined)
    lines = []
    for x, y, wide, high, area in boxes[1:]:
        edges = float(kept[y : y + high, x : x + wide].mean())
        if area >= LEAST_AREA * kept.size and wide > 3 * high and edges >= LEAST_EDGES:
            lines.append((max(0, int(x) - 4), max(0, int(y) - 4), int(wide) + 8, int(high) + 8))
    return Text(tuple(sorted(lines)))


def paste(image: Image, text: Text, original: Image) -> Image:
    """The picture with the letters of the original: what stands before the lens does not touch them."""
    if not text.lines or image.shape != original.shape:
        return image
    letters = text.letters(original)
    pasted = image.copy()
    pasted[letters] = original[letters]
    return pasted


def erase(image: Image, text: Text, area: Mask) -> Image:
    """The picture without the letters that lie in this area, filled from around them."""
    letters = cv2.dilate((text.letters(image) & area).astype(np.uint8), np.ones((5, 5), np.uint8))
    return np.asarray(cv2.inpaint(image, letters, 3, cv2.INPAINT_TELEA), np.uint8)
