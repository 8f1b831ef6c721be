"""How does a test draw a scene, and encode it as cameras do?"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def scene(width: int = 640, height: int = 360, *, seed: int = 1, noise: float = 2.0, at: int = 0) -> Image:
    """uint8[h, w, 3] BGR: a yard with buildings and a sky; `at` moves a car, noise is that of a sensor."""
    draw = np.random.default_rng(seed)
    image = np.full((height, width, 3), (190, 160, 130), np.uint8)
    image[height // 3 :] = (95, 105, 100)
    for _ in range(40):
        x, y = int(draw.integers(0, width)), int(draw.integers(height // 5, height))
        shape = (x + int(draw.integers(4, max(6, width // 8))), y + int(draw.integers(4, max(6, height // 6))))
        cv2.rectangle(image, (x, y), shape, [int(level) for level in draw.integers(20, 235, 3)], -1)
    car = (at * 9) % width
    cv2.rectangle(image, (car, height * 3 // 4), (car + width // 10, height * 3 // 4 + height // 14), (40, 40, 200), -1)
    live = np.random.default_rng(seed * 1_000 + at).normal(0, noise, image.shape)
    return np.clip(image + live, 0, 255).astype(np.uint8)


def with_text(image: Image, text: str = "2026-03-01 12:00:00  Camera 07") -> Image:
    """The image with a clock and a name, where cameras print them."""
    image = image.copy()
    height, width = image.shape[:2]
    for place, line in (((width // 40, height // 14), text), ((width * 3 // 5, height * 19 // 20), "Gate north")):
        for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.putText(image, line, place, cv2.FONT_HERSHEY_SIMPLEX, height / 600, colour, thickness)
    return image


def jpeg(image: Image, quality: int = 85) -> bytes:
    """The image as a camera's snapshot."""
    return np.asarray(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]).tobytes()


def encode(images: Sequence[Image], codec: str = "libx264", *, slices: int = 1, key_every: int = 5) -> list[bytes]:
    """One Annex B unit an image; parameter sets stand before each key frame. Codec: libx264 or libx265."""
    height, width = images[0].shape[:2]
    context = av.CodecContext.create(codec, "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 10), Fraction(10)
    context.thread_count = 1
    keys = f"keyint={key_every}:min-keyint={key_every}:scenecut=0:bframes=0:repeat-headers=1"
    more = f":slices={slices}:sliced-threads=0" if codec == "libx264" else ":log-level=none"
    context.options = {"preset": "ultrafast", "tune": "zerolatency", codec.replace("lib", "") + "-params": keys + more}
    found: list[bytes] = []
    for number, image in enumerate(images):
        frame = av.VideoFrame.from_ndarray(image, "bgr24").reformat(format="yuv420p")
        frame.pts = number
        found += [bytes(packet) for packet in context.encode(frame)]
    return found + [bytes(packet) for packet in context.encode(None)]
