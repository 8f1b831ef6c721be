"""Which small JPEG shows a person what was seen?"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from probes.frame.job import Evidence
from probes.frame.picture import Picture, shape_of

MAX_BYTES: Final = 60_000
_QUALITIES: Final = (80, 65, 50, 35, 20)


def draw(picture: Picture) -> tuple[Evidence, bytes]:
    """The picture with at most 640 pixels at its longer side, as JPEG of at most 60 kB."""
    width, height = shape_of(picture.width, picture.height)
    planes = [
        cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)
        for plane in (picture.detail, picture.red, picture.blue)
    ]
    image = cv2.cvtColor(cv2.merge(planes), cv2.COLOR_YCrCb2BGR)
    jpeg = b""
    for quality in _QUALITIES:
        _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        jpeg = np.asarray(encoded).tobytes()
        if len(jpeg) <= MAX_BYTES:
            return Evidence(width, height), jpeg
    image = cv2.resize(image, (max(2, width // 2), max(2, height // 2)), interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITIES[-1]])
    return Evidence(image.shape[1], image.shape[0]), np.asarray(encoded).tobytes()
