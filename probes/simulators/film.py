"""Where do the clips of the simulated cameras come from? Drawn and encoded once, then kept in a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np

from probes.simulators import scenes
from probes.simulators.clip import FRAMES_A_SECOND, Clip, annex_b, cut
from probes.simulators.scenes import HEIGHT, LOOP_SECONDS, WIDTH, Picture

_EDITION = 5  # part of the files' names: raise it when what is drawn or encoded changes
_LOST_SECONDS = 3  # of the clips that hardly change: not the 2 s that looks compare over
_GLOBAL_HEADER = 1 << 22  # AV_CODEC_FLAG_GLOBAL_HEADER: the parameter sets come apart, once
_X264 = {
    "preset": "ultrafast",
    "tune": "zerolatency",
    "qp": "28",
    "x264-params": f"keyint={FRAMES_A_SECOND}:min-keyint={FRAMES_A_SECOND}:scenecut=0:threads=1",
}


@dataclass(frozen=True, slots=True)
class Films:
    """All clips: those of the cameras in order, and by its name each view that is lost (covered, dark, …)."""

    cameras: tuple[Clip, ...]
    lost: Mapping[str, Clip]


def load_films(folder: Path, cameras: int) -> Films:
    """The clips of that many cameras and of the lost views, encoded in parallel where `folder` does not hold them."""
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # drawing and encoding leave the interpreter's lock alone
        placed = [pool.submit(_load, folder, f"camera-{n:02d}", _camera(n)) for n in range(1, cameras + 1)]
        lost: dict[str, Future[Clip]] = {
            name: pool.submit(_load, folder, name, partial(_moments, draw, _LOST_SECONDS))
            for name, draw in scenes.LOST_VIEWS.items()
        }
        return Films(tuple(one.result() for one in placed), {name: one.result() for name, one in lost.items()})


def freeze(clip: Clip, second: int) -> Clip:
    """A clip that shows the key frame of that second for ever, as an encoder does whose sensor hangs."""
    still = _decode(clip, second)
    return cut(_encode([still] * FRAMES_A_SECOND))


def unsettle(clip: Clip, second: int, *, flicker: float = 0.0, jitter: float = 0.0) -> Clip:
    """Three seconds of a clip whose brightness goes up and down, or whose mast shakes, by these shares.

    Of the brightness, and of the width: a beat of 4 Hz with the mains, and steps at random.
    """
    dice = np.random.default_rng(1)
    pictures: list[Picture] = []
    for number, picture in enumerate(_decode_all(clip, second, _LOST_SECONDS)):
        right, down = dice.uniform(-jitter, jitter, 2) * WIDTH
        shift = np.array([[1, 0, right], [0, 1, down]], np.float32)
        moved = cv2.warpAffine(picture, shift, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT) if jitter else picture
        gain = 1 + flicker * np.sin(2 * np.pi * 4 * number / FRAMES_A_SECOND)
        pictures.append(np.clip(moved * gain, 0, 255).astype(np.uint8))
    return cut(_encode(pictures))


def shoot(pictures: Iterable[Picture]) -> Clip:
    """The clip of these pictures, drawn and encoded now."""
    return cut(_encode(pictures))


def snapshot(clip: Clip, second: int) -> bytes:
    """The key frame of that second as JPEG."""
    encoded, jpeg = cv2.imencode(".jpg", _decode(clip, second), (cv2.IMWRITE_JPEG_QUALITY, 85))
    assert encoded
    return jpeg.tobytes()


def _load(folder: Path, name: str, draw: Callable[[], Iterable[Picture]]) -> Clip:
    path = folder / f"{name}.{_EDITION}.h264"
    if not path.exists():
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(_encode(draw()))
        part.replace(path)  # whole or not at all: another simulator may start at the same time
    return cut(path.read_bytes())


def _camera(number: int) -> Callable[[], Iterable[Picture]]:
    def draw() -> Iterable[Picture]:
        place = scenes.draw_place(number)
        return _moments(lambda seconds: scenes.draw_moment(place, number, seconds), LOOP_SECONDS)

    return draw


def _moments(draw: Callable[[float], Picture], seconds: int) -> Iterable[Picture]:
    return (draw(frame / FRAMES_A_SECOND) for frame in range(seconds * FRAMES_A_SECOND))


def _encode(pictures: Iterable[Picture]) -> bytes:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(FRAMES_A_SECOND), Fraction(1, FRAMES_A_SECOND)
    encoder.flags |= _GLOBAL_HEADER
    encoder.options = _X264
    encoder.open()
    stream = bytearray(encoder.extradata or b"")
    for at, picture in enumerate(pictures):
        planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = at
        for packet in encoder.encode(frame):
            stream += bytes(packet)
    for packet in encoder.encode(None):
        stream += bytes(packet)
    return bytes(stream)


def _decode_all(clip: Clip, second: int, seconds: int) -> Iterable[Picture]:
    decoder = av.CodecContext.create("h264", "r")
    for at in range(second, second + seconds):
        for number, frame in enumerate(clip.group(at)):
            nals = (clip.sps, clip.pps, *frame) if number == 0 else frame
            for decoded in decoder.decode(av.Packet(annex_b(nals))):
                yield np.asarray(decoded.to_ndarray(format="bgr24"), np.uint8)


def _decode(clip: Clip, second: int) -> Picture:
    decoder = av.CodecContext.create("h264", "r")
    frames = decoder.decode(av.Packet(clip.key_picture(second))) + decoder.decode(None)
    return np.asarray(frames[0].to_ndarray(format="bgr24"), np.uint8)
