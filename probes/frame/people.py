"""Which parts of a picture may show people, and how are they made unrecognisable?

No detector is asked, for those that come with OpenCV miss most people: whatever is not what the camera usually shows is
hidden, and where nobody can say what is usual, all of it.
"""

from __future__ import annotations

import math
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from probes.frame.faults import Verdict
from probes.frame.job import Judged
from probes.frame.judge import SLOT_LOOKS, Judgement
from probes.frame.picture import Picture, read_cells
from probes.frame.reference import Reference
from probes.frame.registration import Move
from probes.frame.sketch import BAND, HEIGHT, WIDTH

Hidden = NDArray[np.bool_]  # bool[90, 160], of the whole picture
Structure = NDArray[np.float32]  # float32[90, 160], see `sketch.Sketch`

SQUARE: Final = 40  # pixels of 640: what is hidden shows one colour for each, no face and no number plate is larger
AROUND: Final = 2.0  # pixels of 160, over which structures are compared
ALIKE: Final = 0.5  # correlation; around what stands still it is 0.9
LEAST: Final = 0.35  # mean square of a structure; less is no edge of anything
STEP: Final = 10.0  # levels by which a pixel of 160×90 changes between two key frames where something moves
LEAST_AREA: Final = 14  # pixels of 160×90, a margin of one included: smaller things are leaves and noise
MOST: Final = 0.6  # of the picture; then the view is not recognised

_CHARTS: Final = frozenset({Verdict.BLACK, Verdict.BLUE, Verdict.NO_SIGNAL})  # no scene is seen
_COVERS: Final = frozenset({Verdict.COVERED, Verdict.PARTLY_COVERED})


def find_strange(structure: Structure, reference: Reference, judgement: Judgement) -> Hidden | None:
    """What is not as usual, save the clock on the picture; None where that cannot be said. A millisecond."""
    if judgement.slot is None or reference.slots[judgement.slot].looks < SLOT_LOOKS:
        return None
    usual = reference.slots[judgement.slot].structure
    if judgement.move is not None:
        usual = _moved(usual, judgement.move)
    strange = differs(structure, usual)
    written = None if reference.text is None else reference.text.written
    if reference.text is not None and written is not None:
        clock = reference.text.clock(written).repeat(WIDTH // 20, axis=1)
        strange[: BAND // 2] &= ~clock[0]
        strange[-BAND // 2 :] &= ~clock[1]
    return None if strange.mean() > MOST else _boxes(strange)


def find_moving(first: Picture, second: Picture) -> Hidden:
    """Where two pictures of one session differ."""
    small = [cv2.resize(each.luma, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for each in (first, second)]
    step = cv2.absdiff(small[0], small[1])
    return _boxes(step > STEP + 2 * np.median(step))


def hidden(judged: Judged, strange: Hidden | None, moving: Hidden | None) -> Hidden | None:
    """What of a picture must not be recognised; None: all of it may be.

    What is marked as covered is shown where it does not move; whether it does, a single picture cannot tell.
    """
    if judged.verdict in _CHARTS:
        return None
    if strange is None:
        return np.ones((HEIGHT, WIDTH), bool)
    if moving is None:
        return strange
    if judged.covered and judged.verdict in _COVERS:
        covered = read_cells(judged.covered)
        within = covered.astype(bool).repeat(HEIGHT // len(covered), axis=0).repeat(WIDTH // covered.shape[1], axis=1)
        strange = strange & ~within
    return strange | moving


def differs(structure: Structure, usual: Structure) -> Hidden:
    """Where there is structure that is not the usual one, or the usual one is missing."""
    both, own, known = (
        np.asarray(cv2.GaussianBlur(plane, (0, 0), AROUND), np.float32)
        for plane in (structure * usual, structure * structure, usual * usual)
    )
    alike = both / np.sqrt(np.maximum(own * known, 1e-6))
    found: Hidden = (np.maximum(own, known) > LEAST) & (alike < ALIKE)
    return found


def conceal(image: Any, parts: Hidden) -> None:
    """Make squares of one colour of those parts of uint8[h, w, 3], in place."""
    height, width = image.shape[:2]
    square = max(2, math.ceil(SQUARE * max(width, height) / 640))
    mask = cv2.resize(parts.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    for top in range(0, height, square):
        for left in range(0, width, square):
            at = np.s_[top : top + square, left : left + square]
            if mask[at].any():
                image[at] = cv2.mean(image[at])[:3]


def coarse(structure: Structure) -> Structure:
    """The structure in the same squares, for people's eyes."""
    side = SQUARE * WIDTH // 640
    small = cv2.resize(structure, (WIDTH // side, HEIGHT // side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST), np.float32)


def _moved(usual: Structure, move: Move) -> Structure:
    """What is usual, where the view went; beyond it nothing is."""
    turned = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), move.turn, move.zoom)
    turned[:, 2] += np.array([move.right * WIDTH, move.down * HEIGHT])
    return np.asarray(cv2.warpAffine(usual, turned, (WIDTH, HEIGHT)), np.float32)


def _boxes(found: Hidden) -> Hidden:
    """The rectangle around each connected thing and a little more, as the inside of a coat has no edges."""
    wide = cv2.dilate(found.astype(np.uint8), np.ones((3, 3), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(wide, connectivity=8)
    boxes = np.zeros((HEIGHT, WIDTH), bool)
    for left, top, width, height, area in stats[1:count]:
        if area >= LEAST_AREA:
            boxes[max(0, top - 1) : top + height + 1, max(0, left - 1) : left + width + 1] = True
    return boxes
