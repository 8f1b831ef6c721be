"""What does a topic mean for the health of the device? To add one: a line of `_TOPICS`.

ONVIF Core Specification, annex of topics; ONVIF Imaging, Recording Control and Device IO service specifications.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from probes.onvif.events.messages import Event, read_truth


@dataclass(frozen=True, slots=True)
class Meaning:
    """A kind of row, the items that tell its state, and what it says there when it is active beside a plain true.

    `number`: the item is a figure, and its row is never active by itself.
    """

    kind: str
    items: tuple[str, ...]
    active: frozenset[str] = frozenset()
    number: bool = False
    scale: float = 1.0


def _is(kind: str, items: str, active: str = "", *, number: bool = False, scale: float = 1.0) -> Meaning:
    return Meaning(kind, tuple(items.split()), frozenset(active.split()), number, scale)


_STATE: Final = "state istamper value"
_TOPICS: Final[dict[str, Meaning]] = {
    "RuleEngine/TamperDetector": _is("tamper", "istamper state value"),
    "VideoSource/Tampering": _is("tamper", "tampering active state"),  # Axis
    "VideoAnalytics/Tampering": _is("tamper", "state istamper"),
    "VideoSource/GlobalSceneChange": _is("scene_change", _STATE),
    "VideoSource/ImageTooBlurry": _is("image_blurry", _STATE),
    "VideoSource/ImageTooDark": _is("image_dark", _STATE),
    "VideoSource/ImageTooBright": _is("image_bright", _STATE),
    "VideoSource/SignalLoss": _is("video_lost", _STATE),
    "VideoSource/VideoLoss": _is("video_lost", _STATE),
    "Device/HardwareFailure/FanFailure": _is("fan_failed", "failed state"),
    "Device/HardwareFailure/PowerSupplyFailure": _is("power_supply_failed", "failed state"),
    "Device/HardwareFailure/StorageFailure": _is("storage_failed", "failed state"),
    "Device/HardwareFailure/TemperatureCritical": _is("temperature_critical", "critical state"),
    "Storage/Disruption": _is("storage_failed", "disruption state"),  # Axis
    "Device/Trigger/DigitalInput": _is("digital_input", "logicalstate state", "active closed"),
    "Device/Trigger/Relay": _is("relay", "logicalstate state", "active closed"),
    "Device/IO/VirtualInput": _is("digital_input", "active logicalstate state", "active"),
    "RecordingConfig/JobState": _is("recording_failed", "state", "error"),
    "Monitoring/ProcessorUsage": _is("processor", "value processorusage", number=True, scale=100.0),
    "Monitoring/EnvironmentalConditions/OperatingTemperature": _is("celsius", "value", number=True),
    "Monitoring/LinkStatus": _is("link_down", "link state status", "down disconnected false 0"),
}


def meaning(topic: str) -> Meaning | None:
    """By the longest beginning of the topic that is known."""
    while topic:
        found = _TOPICS.get(topic)
        if found is not None:
            return found
        topic = topic.rpartition("/")[0]
    return None


def is_active(found: Meaning, event: Event) -> bool | None:
    """Does the event say that it is so? None where it tells no state."""
    said = next((event.data[item] for item in found.items if item in event.data), None)
    if said is None:
        return None
    if found.kind == "link_down":
        return said.lower() in found.active
    truth = read_truth(said)
    return truth if truth is not None else said.lower() in found.active


def read_number(found: Meaning, event: Event) -> float | None:
    """The figure; a share of 0 to 1 as well as one of 0 to 100 comes out as the latter where `scale` is 100."""
    said = next((event.data[item] for item in found.items if item in event.data), "")
    try:
        number = float(said)
    except ValueError:
        return None
    if not -1e6 < number < 1e6:
        return None
    return round(number * found.scale, 2) if found.scale != 1.0 and 0 <= number <= 1 else number
