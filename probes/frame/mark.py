"""Where in the picture is what is wrong with it?"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np

from probes.frame.faults import Verdict
from probes.frame.job import Judged
from probes.frame.picture import read_cells

_COVERS: Final = frozenset({Verdict.COVERED, Verdict.PARTLY_COVERED, Verdict.OBSCURED})
_RED: Final = (40, 40, 230)
_DIMMED: Final = 0.55
_QUALITY: Final = 70


def mark(jpeg: bytes, judged: Judged) -> bytes:
    """The JPEG with what is wrong marked on it; empty where there is nothing to point at.

    What is covered, dirty or missing is framed in red and the rest is dimmed; an arrow shows where the view moved.
    """
    where = judged.spots or (judged.covered if judged.verdict in _COVERS else "")
    shift = judged.shift if judged.verdict is Verdict.MOVED else None
    if not where and shift is None:
        return b""
    image: Any = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        return b""
    height, width = image.shape[:2]
    if shift is not None:
        _draw_arrow(image, shift.right * width, shift.down * height)
    else:
        cells = read_cells(where)
        mask = cv2.resize(cells, (width, height), interpolation=cv2.INTER_NEAREST)
        image[mask == 0] = (image[mask == 0] * _DIMMED).astype(np.uint8)
        outline, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        cv2.drawContours(image, outline, -1, _RED, max(2, width // 200))
    _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return np.asarray(encoded).tobytes()


def _draw_arrow(image: Any, right: float, down: float) -> None:
    """From where the middle of the view was to where it is now, at least long enough to be seen."""
    height, width = image.shape[:2]
    length = float(np.hypot(right, down)) or 1.0
    stretch = max(1.0, width / 8 / length)
    middle = np.array([width / 2, height / 2])
    end = middle + np.array([right, down]) * stretch
    start, tip = (tuple(int(each) for each in point) for point in (middle, end))
    for colour, thickness in (((255, 255, 255), width // 60), (_RED, width // 120)):
        cv2.arrowedLine(image, start, tip, colour, max(2, thickness), cv2.LINE_AA, tipLength=0.3)
