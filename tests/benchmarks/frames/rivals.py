"""How do others judge the same pictures? Rules as found in articles, FFmpeg's filters, the Laplacian of each camera."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

import av
import cv2
import numpy as np

from tests.benchmarks.frames.image import Image, luma
from tests.benchmarks.frames.judge import Look, Opinion

SIGMAS: Final = 4.0  # of a camera's own healthy pictures
LEARNED_LEAST: Final = 20


class Rules:
    """Fixed rules: brightness, contrast, variance of the Laplacian, one colour, difference of two pictures."""

    def learn(self, look: Look) -> None:
        """Nothing."""

    def judge(self, look: Look) -> Opinion:
        image = look.last
        if image is None or look.corrupt:
            return Opinion("garbled")
        grey = luma(image)
        mean, deviation = float(grey.mean()), float(grey.std())
        if mean < 10:
            return Opinion("black")
        if deviation < 5 and float(image[..., 0].mean()) > 120 > float(image[..., 2].mean()) + 50:
            return Opinion("blue")
        if deviation < 15:
            return Opinion("covered")
        if mean < 40:
            return Opinion("dark")
        if mean > 200:
            return Opinion("over_exposed")
        first = look.shown[0].image if len(look.shown) == 2 else None
        if first is not None and float(cv2.absdiff(first, image).mean()) < 0.5:
            return Opinion("frozen")
        if float(cv2.Laplacian(grey, cv2.CV_64F).var()) < 100:
            return Opinion("blurred")
        blue, green, red = image.reshape(-1, 3).mean(axis=0)
        if max(abs(blue - green), abs(red - green)) > 40:
            return Opinion("colour_cast")
        return Opinion()


class Ranges:
    """Mean and deviation of some numbers of one camera; what lies `SIGMAS` away is an alarm."""

    def __init__(self, names: Mapping[str, tuple[str, str]]) -> None:
        self._names = names  # number → fault below its range, fault above
        self._seen: dict[str, list[float]] = {name: [] for name in names}

    def learn(self, numbers: Mapping[str, float]) -> None:
        for name, seen in self._seen.items():
            if name in numbers and math.isfinite(numbers[name]):
                seen.append(numbers[name])

    def judge(self, numbers: Mapping[str, float]) -> Opinion:
        scores: dict[str, float] = {}
        for name, (below, above) in self._names.items():
            seen = self._seen[name]
            if name not in numbers or len(seen) < LEARNED_LEAST:
                continue
            off = (numbers[name] - float(np.mean(seen))) / max(float(np.std(seen)), 1e-6) / SIGMAS
            for fault, score in ((below, -off), (above, off)):
                if fault:
                    scores[fault] = max(scores.get(fault, 0.0), score)
        worst = max(scores, key=lambda fault: scores[fault], default="")
        return Opinion(worst if worst and scores[worst] >= 1 else "", scores)


class Laplacian:
    """The variance of the Laplacian of a camera against its own, on a logarithmic scale."""

    def __init__(self) -> None:
        self._ranges = Ranges({"laplacian": ("blurred", "noisy")})

    def learn(self, look: Look) -> None:
        if look.last is not None and not self.judge(look).fault:
            self._ranges.learn(self._numbers(look.last))

    def judge(self, look: Look) -> Opinion:
        if look.last is None or look.corrupt:
            return Opinion("garbled")
        return self._ranges.judge(self._numbers(look.last))

    @staticmethod
    def _numbers(image: Image) -> Mapping[str, float]:
        return {"laplacian": math.log2(float(cv2.Laplacian(luma(image), cv2.CV_64F).var()) + 1e-3)}


class FFmpeg:
    """blackdetect and freezedetect as they come; blurdetect, blockdetect and signalstats against the camera's own."""

    FILTERS: Final = (
        ("blackdetect", "d=0"), ("blurdetect", ""), ("blockdetect", ""), ("signalstats", "stat=tout+vrep"),
    )  # fmt: skip

    def __init__(self) -> None:
        self._graphs: dict[tuple[int, int], Any] = {}
        self._number = 0
        self._ranges = Ranges({
            "lavfi.blur": ("", "blurred"), "lavfi.block": ("", "garbled"),
            "lavfi.signalstats.YAVG": ("dark", "over_exposed"), "lavfi.signalstats.SATAVG": ("ir_cut", "colour_cast"),
            "lavfi.signalstats.TOUT": ("", "noisy"), "lavfi.signalstats.VREP": ("", "stripes"),
            "spread": ("fog", ""),
        })  # fmt: skip
        self._last: tuple[Look, Mapping[str, float]] | None = None

    def learn(self, look: Look) -> None:
        if look.last is not None and not self.judge(look).fault:
            self._ranges.learn(self._numbers(look))

    def judge(self, look: Look) -> Opinion:
        if look.last is None or look.corrupt:
            return Opinion("garbled")
        numbers = self._numbers(look)
        if "lavfi.black_start" in numbers:
            return Opinion("black")
        if len(look.shown) == 2 and self._freezes(look):
            return Opinion("frozen")
        return self._ranges.judge(numbers)

    def _numbers(self, look: Look) -> Mapping[str, float]:
        """What the filters say of the last picture; remembered, as a look is judged and then learned."""
        if self._last is not None and self._last[0] is look:
            return self._last[1]
        frame = _frame(look, -1)
        graph = self._graphs.get((frame.width, frame.height))
        if graph is None:
            graph = self._graphs[frame.width, frame.height] = _graph(frame, self.FILTERS)
        self._number += 1
        frame.pts, frame.time_base = self._number, Fraction(1, 1)
        graph.push(frame)
        numbers = _metadata(graph.pull())
        numbers["spread"] = numbers.get("lavfi.signalstats.YHIGH", 0) - numbers.get("lavfi.signalstats.YLOW", 0)
        self._last = (look, numbers)
        return numbers

    @staticmethod
    def _freezes(look: Look) -> bool:
        frames = [_frame(look, at) for at in (0, 1)]
        graph = _graph(frames[0], (("freezedetect", f"n=-60dB:d={look.gap_seconds * 0.9}"),))
        found: dict[str, float] = {}
        for at, frame in enumerate(frames):
            frame.pts, frame.time_base = round(at * look.gap_seconds * 1000), Fraction(1, 1000)
            graph.push(frame)
            found |= _metadata(graph.pull())
        return "lavfi.freezedetect.freeze_start" in found and "lavfi.freezedetect.freeze_end" not in found


def _frame(look: Look, at: int) -> Any:
    shown = look.shown[at]
    if shown.frame is not None and shown.frame.format.name == "yuv420p":
        return shown.frame
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(shown.image), format="bgr24").reformat(format="yuv420p")


def _graph(frame: Any, filters: Sequence[tuple[str, str]]) -> Any:
    graph: Any = av.filter.Graph()
    graph.threads = 1
    chain = graph.add_buffer(width=frame.width, height=frame.height, format="yuv420p", time_base=Fraction(1, 1000))
    for name, options in filters:
        following = graph.add(name, options)
        chain.link_to(following)
        chain = following
    chain.link_to(graph.add("buffersink"))
    graph.configure()
    return graph


def _metadata(frame: Any) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for name, text in frame.metadata.items():
        try:
            numbers[name] = float(text)
        except ValueError:
            continue
    return numbers
