"""How do people look at what was alarmed? As contact sheets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from tests.benchmarks.frames.image import Image
from tests.benchmarks.frames.judge import Opinion

WIDTH: Final = 400
LINE: Final = 17
COLUMNS: Final = 4
ROWS: Final = 8  # of one sheet


@dataclass(frozen=True, slots=True)
class Tile:
    """One small picture with what was said of it, as a JPEG."""

    name: str
    jpeg: bytes


def tile(image: Image, name: str, opinion: Opinion, real: str) -> Tile:
    height = round(image.shape[0] * WIDTH / image.shape[1])
    small = cv2.resize(image, (WIDTH, height), interpolation=cv2.INTER_AREA)
    worst = sorted(opinion.scores.items(), key=lambda each: -each[1])[:4]
    scores = "  ".join(f"{fault} {score:.2f}" for fault, score in worst)
    lines = (f"{name}  {f'({real})' if real else ''}", f"{opinion.fault}:  {scores}")
    foot = np.zeros((LINE * len(lines) + 6, WIDTH, 3), np.uint8)
    for number, line in enumerate(lines):
        at = (4, LINE * (number + 1) - 2)
        cv2.putText(foot, line, at, cv2.FONT_HERSHEY_SIMPLEX, 0.38, (230, 230, 230), 1, cv2.LINE_AA)
    return Tile(name, bytes(cv2.imencode(".jpg", np.vstack([small, foot]), [cv2.IMWRITE_JPEG_QUALITY, 85])[1]))


def write(tiles: Sequence[Tile], folder: Path, name: str) -> list[Path]:
    """Contact sheets; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number in range(0, len(tiles), COLUMNS * ROWS):
        drawn = [
            np.asarray(cv2.imdecode(np.frombuffer(each.jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)
            for each in tiles[number : number + COLUMNS * ROWS]
        ]
        height = max(each.shape[0] for each in drawn)
        page = np.zeros((-(-len(drawn) // COLUMNS) * height, COLUMNS * WIDTH, 3), np.uint8)
        for place, each in enumerate(drawn):
            row, column = divmod(place, COLUMNS)
            page[row * height : row * height + each.shape[0], column * WIDTH : (column + 1) * WIDTH] = each
        file = folder / f"{name}-{number // (COLUMNS * ROWS) + 1}.jpg"
        cv2.imwrite(str(file), page, [cv2.IMWRITE_JPEG_QUALITY, 85])
        files.append(file)
    return files
