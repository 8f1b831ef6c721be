"""What is written in a device's notifications? Messages as firmware sends them, within bounds of count and length.

ONVIF Core Specification, section 9.4 (notification structure); WS-Topics 1.3 (topic expressions).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from probes.onvif.events.times import read_time
from probes.onvif.xml import Node

MAX_MESSAGES: Final = 256  # of one answer; more is left out
MAX_ITEMS: Final = 16  # of one part of a message
MAX_TEXT: Final = 64  # characters of a name or value
MAX_LEVELS: Final = 8  # of a topic

Operation = Literal["initialized", "changed", "deleted", ""]
_OPERATIONS: Final[Mapping[str, Operation]] = {
    "initialized": "initialized", "changed": "changed", "deleted": "deleted",
}  # fmt: skip
_TRUE: Final = frozenset({"true", "1"})
_FALSE: Final = frozenset({"false", "0"})
_PLACES: Final = ("videosourcetoken", "videosourceconfigurationtoken", "source", "videosource")


@dataclass(frozen=True, slots=True)
class Event:
    """One notification: its topic without prefixes, what happened to the property ("": no property), items by name.

    `source` names where at the device it happened, "" for the device as a whole; `at` is the device's time of it in
    seconds since the epoch, None where that is none. Names of `data` are in lower case.
    """

    topic: str
    operation: Operation
    source: str
    data: Mapping[str, str]
    at: float | None


def read_messages(response: Node) -> list[Event]:
    """The notifications of a PullMessagesResponse; those without a topic are left out."""
    events = []
    for notification in response.all("NotificationMessage")[:MAX_MESSAGES]:
        topic = read_topic(notification.read("Topic"))
        if topic:
            events.append(_read(topic, notification))
    return events


def read_topic(text: str) -> str:
    """`tns1:VideoSource/tns1:ImageTooDark//.` is VideoSource/ImageTooDark."""
    levels = (level.rpartition(":")[2].strip() for level in text.split("/")[: 4 * MAX_LEVELS])
    return "/".join([level[:MAX_TEXT] for level in levels if level not in {"", "."}][:MAX_LEVELS])


def read_truth(text: str) -> bool | None:
    """Booleans come as 1, 0, true, false, in any case; None for anything else."""
    word = text.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _read(topic: str, notification: Node) -> Event:
    outer = notification.find("Message")
    message = notification if outer is None else outer.find("Message") or outer
    operation = _OPERATIONS.get(message.attributes.get("PropertyOperation", "").strip().lower(), "")
    data = {name.lower(): value for name, value in _items(message, "Data")}
    return Event(topic, operation, _place(message), data, read_time(message.attributes.get("UtcTime", "")))


def _items(message: Node, part: str) -> list[tuple[str, str]]:
    found = message.find(part)
    if found is None:
        return []
    items = [one.attributes for one in found.all("SimpleItem")[:MAX_ITEMS]]
    return [(_line(one.get("Name", "")), _line(one.get("Value", ""))) for one in items]


def _place(message: Node) -> str:
    """The input that it speaks of, else whatever else tells the sources of a device apart."""
    items = [(name.lower(), value) for name, value in (*_items(message, "Source"), *_items(message, "Key")) if value]
    known = dict(items)
    for name in _PLACES:
        if name in known:
            return known[name]
    return " ".join(value for name, value in items if name not in {"rule", "videoanalyticsconfigurationtoken"})[
        :MAX_TEXT
    ]


def _line(text: str) -> str:
    return " ".join(text[: 4 * MAX_TEXT].split())[:MAX_TEXT]
