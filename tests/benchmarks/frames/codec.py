"""What is left of a picture after a camera has encoded it and our decoder has read it, sound or damaged?"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import av
import cv2
import numpy as np

from probes.errors import Garbled
from probes.frame.still import decode
from tests.benchmarks.frames.image import Chance, Image

JPEG_QUALITIES: Final = (60, 90)  # from … to: cameras ship with 60 to 90
H264_QUALITIES: Final = (20, 29)  # constant rate factor


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as it reaches a judge. `image` None: nothing could be decoded. `frame`: of a stream, as decoded."""

    image: Image | None
    frame: Any = None
    corrupt: bool = False

    @property
    def codec(self) -> str:
        return "mjpeg" if self.frame is None else "h264"


def through(codec: str, images: Sequence[Image], random: Chance) -> tuple[Shown, ...]:
    """Encode the pictures of one session and decode them again: "jpeg" (each alone) or "h264" (one stream)."""
    if codec == "jpeg":
        quality = int(random.integers(*JPEG_QUALITIES))
        return tuple(from_jpeg(jpeg(image, quality)) for image in images)
    return from_h264(h264(images, int(random.integers(*H264_QUALITIES))), images[0].shape)


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """What libjpeg prints of damaged data goes nowhere."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def jpeg(image: Image, quality: int) -> bytes:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return bytes(data)


def from_jpeg(data: bytes) -> Shown:
    """By the decoder of production."""
    try:
        header, picture = decode(data)
    except Garbled:
        return Shown(None, corrupt=True)
    if picture is None:
        return Shown(None, corrupt=True)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    return Shown(None if image is None else np.asarray(image, np.uint8), corrupt=not header.complete)


def h264(images: Sequence[Image], quality: int, *, only_keys: bool = True) -> list[bytes]:
    """The packets of these pictures, each a key frame or only the first; sides are even."""
    height, width = (side // 2 * 2 for side in images[0].shape[:2])
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.thread_count = Fraction(1, 25), Fraction(25), 1
    encoder.gop_size = 1 if only_keys else 250
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": str(quality)}
    packets: list[bytes] = []
    for number, image in enumerate(images):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image[:height, :width]), format="bgr24")
        frame = frame.reformat(format="yuv420p")
        frame.pts = number
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    packets += [bytes(packet) for packet in encoder.encode(None)]
    return packets


def from_h264(packets: Sequence[bytes], shape: tuple[int, ...]) -> tuple[Shown, ...]:
    """As `probes.frame.grab` decodes key frames: an error or the decoder's flag means corrupt. One for each packet."""
    decoder: Any = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    shown: list[Shown] = []
    for data in packets:
        try:
            frames = decoder.decode(av.Packet(data))
        except (av.error.FFmpegError, ValueError):
            shown.append(Shown(None, corrupt=True))
            continue
        shown += [_shown(frame, shape) for frame in frames]
    try:
        shown += [_shown(frame, shape) for frame in decoder.decode(None)]
    except (av.error.FFmpegError, ValueError):
        shown.append(Shown(None, corrupt=True))
    return tuple(shown[: len(packets)]) or (Shown(None, corrupt=True),)


def _shown(frame: Any, shape: tuple[int, ...]) -> Shown:
    image = frame.to_ndarray(format="bgr24")
    if image.shape[0] > shape[0] or image.shape[1] > shape[1] or image.shape[0] < 16:
        return Shown(None, corrupt=True)  # a damaged header lies about the size
    return Shown(np.asarray(image, np.uint8), frame, bool(frame.is_corrupt))


def damage(data: bytes, random: Chance, *, runs: int, length: int, cut: float = 1.0) -> bytes:
    """Overwrite so many runs of so many bytes with chance, in the last nine tenths; keep `cut` of the file."""
    broken = bytearray(data[: int(len(data) * cut)])
    for _ in range(runs):
        at = int(random.integers(len(broken) // 10, max(len(broken) - length, len(broken) // 10 + 1)))
        broken[at : at + length] = random.bytes(min(length, len(broken) - at))
    return bytes(broken)
