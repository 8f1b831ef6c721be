"""What can be made to go wrong with a simulated device, and what does the fault's value mean?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from probes.simulators.blueprint import Kind


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail. `value` is what happens without a value given; `means` says what the value is."""

    name: str
    means: str
    value: float = 1.0


_SILENT = Fault("snmp_silent", "the agent does not answer")

_CAMERA = (
    Fault("unplugged", "no power: nothing answers, the switch's port searches"),
    Fault("covered", "something lies over the lens"),
    Fault("dark", "night without a lamp"),
    Fault("over_exposed", "the iris sticks open"),
    Fault("black", "the picture is black"),
    Fault("blue", "the encoder has no input: a blue picture"),
    Fault("no_signal", "the encoder has no input: a grey picture with words"),
    Fault("frozen", "the picture stands still"),
    Fault("flicker", "share by which the brightness goes up and down", 0.12),
    Fault("jitter", "share of the width by which the picture shakes", 0.016),
    Fault("garbled", "the slices are corrupted"),
    Fault("clock_drift", "seconds by which the clock is ahead", 180.0),
    Fault("wrong_password", "somebody has changed the camera's password"),
    Fault("rtsp_down", "RTSP answers 503"),
    Fault("onvif_off", "ONVIF answers 404"),
    Fault("slow", "seconds before each answer", 3.0),
    Fault("swapped", "another camera of the same model stands there"),
    Fault("upgraded", "it has another firmware"),
    Fault("weaker", "bit rate of its streams in kbit/s", 64.0),
    Fault("factory_reset", "name, users, time server and bit rate are as delivered"),
    Fault("default_login", "its administrator still has the password that it was delivered with"),
    Fault("intruder", "somebody has made a further administrator"),
    Fault("tamper_hint", "its tamper detector reports, though nothing is wrong"),
    Fault("fan_failed", "it reports that its fan has failed"),
    Fault("card_failed", "it reports that its memory card has failed"),
    Fault("input_closed", "its alarm input is closed"),
    Fault("ptz_tour", "a dome goes from preset to preset: seconds at each", 20.0),
    Fault("ptz_refused", "a dome does not say where it looks"),
    Fault("ptz_vague", "a dome says of its presets only their names"),
    Fault("turned_away", "somebody turned a dome to that preset and left it there", 2.0),
    Fault("knocked", "a dome's mount is turned: share of the picture's width", 0.12),
    Fault("events_off", "it knows no events"),
    Fault("events_hang", "it does not answer those who wait for events"),
)
_RECORDER = (
    Fault("lost", "no power: nothing answers"),
    Fault("disk_failed", "number of the disk that failed"),
    Fault("disk_full", "number of the disk that is full"),
    Fault("channel_lost", "number of the channel without a stream"),
    Fault("channel_idle", "number of the channel whose recording is switched off"),
    Fault("footage_short", "days that are kept", 5.0),
    Fault("footage_gap", "days without footage, of channel 1", 3.0),
    Fault("api_off", "the interface answers 403 to everything"),
    _SILENT,
)
_SWITCH = (
    Fault("lost", "no power: neither it nor its cameras answer"),
    Fault("poe_fault", "number of the port whose power has failed"),
    _SILENT,
)
_UPS = (
    Fault("lost", "the UPS itself and all that it feeds are without power"),
    Fault("mains_lost", "it runs on battery"),
    Fault("battery_low", "the battery is nearly empty"),
    _SILENT,
)
_PANEL = (
    Fault("lost", "no power: nothing answers"),
    Fault("mains_lost", "it runs on its own battery"),
    Fault("battery_low", "its own battery is bad"),
    Fault("tamper", "its housing is open"),
    _SILENT,
)


def _by_name(*faults: Fault) -> Mapping[str, Fault]:
    return {fault.name: fault for fault in faults}


FAULTS: Mapping[Kind, Mapping[str, Fault]] = {
    "camera": _by_name(*_CAMERA),
    "recorder": _by_name(*_RECORDER),
    "switch": _by_name(*_SWITCH),
    "ups": _by_name(*_UPS),
    "panel": _by_name(*_PANEL),
}

NO_POWER = frozenset({"unplugged", "lost"})
