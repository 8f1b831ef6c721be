"""What does a simulated camera report by itself, and to whom? Its event service (ONVIF Core, WS-BaseNotification).

Like real ones it has few places, keeps a lost subscription until its time is over, writes booleans and topics in its
own way, and hands a subscription out by an address of its own or by reference parameters.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from probes.simulators.camera import Camera

PLACES: Final = 4  # subscriptions at once; then it refuses until one ends
LONGEST_LIFE_SECONDS: Final = 3_600.0
LONGEST_WAIT_SECONDS: Final = 60.0
MAX_QUEUE: Final = 100

_TOPICS: Final[Mapping[str, tuple[str, str, str]]] = {  # fault -> topic, source item, data item
    "covered": ("tns1:VideoSource/GlobalSceneChange/ImagingService", "Source", "State"),
    "tamper_hint": ("tns1:RuleEngine/TamperDetector/Tamper", "VideoSourceConfigurationToken", "IsTamper"),
    "dark": ("tns1:VideoSource/ImageTooDark/ImagingService", "Source", "State"),
    "over_exposed": ("tns1:VideoSource/ImageTooBright/ImagingService", "Source", "State"),
    "no_signal": ("tns1:VideoSource/SignalLoss", "Source", "State"),
    "fan_failed": ("tns1:Device/HardwareFailure/FanFailure", "Token", "Failed"),
    "card_failed": ("tns1:Device/HardwareFailure/StorageFailure", "Token", "Failed"),
    "input_closed": ("tns1:Device/Trigger/DigitalInput", "InputToken", "LogicalState"),
}
_MOTION: Final = ("tns1:RuleEngine/CellMotionDetector/Motion", "VideoSourceConfigurationToken", "IsMotion")
_ABSOLUTE: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z")
_SECONDS: Final = re.compile(r"PT(\d{1,4})S")


class Full(Exception):
    """No place is left for a further subscription."""


@dataclass(slots=True)
class Point:
    """One subscription; `ends_at` on the camera's clock."""

    key: str
    ends_at: float
    queue: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)


class PullPoints:
    """The subscriptions of one camera. `created` counts all that there ever were."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._points: dict[str, Point] = {}
        self._keys = itertools.count(1)
        self._last: dict[str, bool] = {}
        self.created = 0

    @property
    def by_parameter(self) -> bool:
        """Is a subscription told by a reference parameter, as some makers do, or by its address?"""
        return self._camera.blueprint.number % 2 == 1

    def clear(self) -> None:
        """It has started anew."""
        for point in self._points.values():
            point.news.set()
        self._points.clear()

    def alive(self) -> list[Point]:
        """Those whose time is not over."""
        now = self._camera.clock()
        self._points = {key: point for key, point in self._points.items() if point.ends_at > now}
        return list(self._points.values())

    def create(self, end: str) -> Point:
        """A new one that begins with how everything stands. Raises Full."""
        if len(self.alive()) >= PLACES:
            raise Full
        point = Point(str(next(self._keys)), self._end(end))
        self._points[point.key] = point
        self.created += 1
        self._last = self._states()
        point.queue += [self._message(fault, "Initialized", on) for fault, on in self._last.items()]
        point.queue.append(self._say(_MOTION, "Initialized", on=False))
        return point

    def find(self, key: str) -> Point:
        """That one; KeyError if it is over."""
        return {point.key: point for point in self.alive()}[key]

    def prolong(self, point: Point, end: str) -> None:
        """Another end."""
        point.ends_at = self._end(end)

    def drop(self, point: Point) -> None:
        """It is given back."""
        self._points.pop(point.key, None)

    def changed(self) -> None:
        """A fault came or went: every subscription is told."""
        now = self._states()
        news = [self._message(fault, "Changed", on) for fault, on in now.items() if self._last.get(fault, False) != on]
        self._last = now
        for point in self._points.values() if news else ():
            point.queue = (point.queue + news)[-MAX_QUEUE:]
            point.news.set()

    async def pull(self, point: Point, wait: str, limit: str) -> str:
        """The messages (XML) that there are within the time."""
        found = _SECONDS.fullmatch(wait)
        seconds = min(float(found[1]), LONGEST_WAIT_SECONDS) if found else LONGEST_WAIT_SECONDS
        if not point.queue:
            point.news.clear()
            try:
                async with asyncio.timeout(seconds):
                    await point.news.wait()
            except TimeoutError:
                pass
        count = int(limit) if limit.isascii() and limit.isdigit() and len(limit) < 6 else 10
        taken, point.queue = point.queue[:count], point.queue[count:]
        return "".join(taken)

    def times(self, point: Point) -> str:
        """Its clock and the end of the subscription, as the answers carry them."""
        now, end = (_time(at) for at in (self._camera.clock(), point.ends_at))
        return f"<wsnt:CurrentTime>{now}</wsnt:CurrentTime><wsnt:TerminationTime>{end}</wsnt:TerminationTime>"

    def _end(self, text: str) -> float:
        """Absolute times are understood; relative ones end the subscription at once, as on much firmware."""
        now, found = self._camera.clock(), _ABSOLUTE.fullmatch(text)
        if not found:
            return now + (60.0 if not text else 1.0)
        year, month, day, hour, minute, second = map(int, found.groups())
        try:
            end = datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
        except ValueError:
            return now + 1.0
        return min(end, now + LONGEST_LIFE_SECONDS)

    def _states(self) -> dict[str, bool]:
        return {fault: fault in self._camera.faults for fault in _TOPICS}

    def _message(self, fault: str, operation: str, on: bool) -> str:
        return self._say(_TOPICS[fault], operation, on=on)

    def _say(self, about: tuple[str, str, str], operation: str, *, on: bool) -> str:
        topic, source, item = about
        number = self._camera.blueprint.number
        truth = str(int(on)) if number % 3 == 0 else str(on).lower()
        at = _time(self._camera.clock())
        if number % 4 == 0:
            at = at.replace("T", "T-")
        return (
            '<wsnt:NotificationMessage><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">'
            f"{topic}{'//.' if number % 2 == 0 else ''}</wsnt:Topic><wsnt:Message>"
            f'<tt:Message UtcTime="{at}" PropertyOperation="{operation}"><tt:Source>'
            f'<tt:SimpleItem Name="{source}" Value="vs"/></tt:Source><tt:Data>'
            f'<tt:SimpleItem Name="{escape(item)}" Value="{truth}"/></tt:Data></tt:Message></wsnt:Message>'
            "</wsnt:NotificationMessage>"
        )


def _time(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
