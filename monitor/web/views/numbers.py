"""How is a number or word that a probe delivered called, and with which unit is it written?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monitor.locale import Formats, Translate, msg
from monitor.locale.formats import UNITS
from monitor.locale.probe_lines import say_line
from monitor.locale.state_words import WORDS
from probes.observation import Value

NAMES: Final[Mapping[str, str]] = {
    "rtt_seconds": msg("Round trip"),
    "loss_ratio": msg("Packet loss"),
    "connect_seconds": msg("Time to connect"),
    "days_left": msg("Certificate valid for"),
    "ends_at": msg("Certificate ends"),
    "version": msg("Version"),
    "issuer": msg("Issuer"),
    "subject": msg("Subject"),
    "fingerprint_sha256": msg("Fingerprint (SHA-256)"),
    "trusted": msg("Trusted"),
    "status": msg("Status"),
    "body_bytes": msg("Size of the answer"),
    "codec": msg("Codec"),
    "first_packet_seconds": msg("Time to the first packet"),
    "transport": msg("Transport"),
    "server": msg("Server"),
    "clock_offset_seconds": msg("Clock is off by"),
    "clock_source": msg("Clock set by"),
    "vendor": msg("Vendor"),
    "model": msg("Model"),
    "firmware": msg("Firmware"),
    "serial": msg("Serial number"),
    "hardware": msg("Hardware"),
    "storage_state": msg("State of the memory card"),
    "power_state": msg("Power supply"),
    "fan_state": msg("Fans"),
    "battery_replace": msg("Battery to be replaced"),
    "self_test": msg("Last self-test"),
    "load_average": msg("Load in five minutes"),
    "swap_percent": msg("Swap in use, per cent"),
    "name": msg("Name"),
    "encoding": msg("Encoding"),
    "width": msg("Width"),
    "height": msg("Height"),
    "fps": msg("Pictures a second"),
    "stream_uri": msg("Stream address"),
    "snapshot_uri": msg("Snapshot address"),
    "verdict": msg("Verdict"),
    "source": msg("Source"),
    "luma_mean": msg("Mean brightness"),
    "luma_p01": msg("Darkest per cent"),
    "luma_p99": msg("Brightest per cent"),
    "luma_std": msg("Contrast"),
    "texture": msg("Texture"),
    "dominant_share": msg("Share of one colour"),
    "clipped_share": msg("Share over-exposed"),
    "dark_share": msg("Share dark"),
    "change_mean": msg("Change between pictures"),
    "grab_seconds": msg("Time to grab"),
    "score": msg("Beyond the threshold by a factor of"),
    "unjudged": msg("Not judged because of"),
    "learned_looks": msg("Learned from so many pictures"),
    "states": msg("States of its light"),
    "covered_share": msg("Share covered"),
    "moved_right_share": msg("Moved to the right"),
    "moved_down_share": msg("Moved down"),
    "moved_degrees": msg("Turned by degrees"),
    "moved": msg("Moved"),
    "partly_covered": msg("Partly covered"),
    "obscured": msg("Dirt or droplets"),
    "blurred": msg("Blurred"),
    "noisy": msg("Noisy"),
    "snow": msg("Snow"),
    "stripes": msg("Stripes"),
    "fog": msg("Little contrast"),
    "colour_cast": msg("Colour cast"),
    "ir_cut": msg("IR-cut filter stuck"),
    "text_missing": msg("Text missing"),
    "flicker": msg("Flickering"),
    "jitter": msg("Shaking"),
    "flicker_percent": msg("Flicker, per cent of the brightness"),
    "preset": msg("Stands at the preset"),
    "place": msg("Stands at (pan, tilt, zoom)"),
    "places": msg("Places that are known"),
    "state_number": msg("State of the light that it was compared with"),
    "away": msg("Turned away from home"),
    "away_seconds": msg("Stands there for"),
    "shake_percent": msg("Shake, per cent of the width"),
    "dark": msg("Dark"),
    "over_exposed": msg("Over-exposed"),
    "frozen": msg("Frozen"),
    "covered": msg("Covered"),
    "no_signal": msg("No signal"),
    "black": msg("Black"),
    "blue": msg("Blue"),
    "garbled": msg("Garbled"),
    "uptime_seconds": msg("Running for"),
    "cpu_percent": msg("CPU load"),
    "memory_percent": msg("Memory used"),
    "temperature_celsius": msg("Temperature"),
    "profile": msg("Profile"),
    "battery_state": msg("Battery"),
    "on_battery_seconds": msg("On battery for"),
    "minutes_left": msg("Battery lasts for"),
    "charge_percent": msg("Charge"),
    "battery_celsius": msg("Battery temperature"),
    "output_source": msg("Output from"),
    "load_percent": msg("Load"),
    "input_volts": msg("Input voltage"),
    "output_volts": msg("Output voltage"),
    "state": msg("State"),
    "size_bytes": msg("Size"),
    "free_bytes": msg("Free"),
    "used_percent": msg("Used"),
    "recording": msg("Recording"),
    "admin": msg("Switched on"),
    "detect": msg("Detection"),
    "watts": msg("Power"),
    "budget_watts": msg("Power budget"),
    "used_watts": msg("Power used"),
    "supply": msg("Power supply"),
    "alias": msg("Label"),
    "oper": msg("Link"),
    "speed_bps": msg("Speed"),
    "in_errors": msg("Errors in"),
    "out_errors": msg("Errors out"),
    "in_discards": msg("Dropped in"),
    "out_discards": msg("Dropped out"),
    "alarm": msg("Alarm"),
    "kind": msg("Kind"),
    "value": msg("Value"),
    "low": msg("At least"),
    "high": msg("At most"),
    "key": msg("Row"),
    "port": msg("Port"),
    "outcome": msg("Outcome"),
    "duration_seconds": msg("Took"),
    "detail": msg("Detail"),
    "names": msg("Pattern of names"),
    "full_percent": msg("Counts as full from"),
    "image_bytes": msg("Firmware image up to"),
    "rule": msg("Rule"),
    "count": msg("Added"),
    "total": msg("Altogether"),
    "neighbours": msg("Neighbours"),
    "neighbours_failing": msg("Neighbours that fail"),
    "clock_uncertainty_seconds": msg("Clock known to within"),
    "clock_set": msg("Clock is set"),
    "system_name": msg("Name of the system"),
    "device_state": msg("State of the device"),
    "disks": msg("Number of disks"),
    "disk_bytes": msg("Size of the memory card"),
    "disk_used_percent": msg("Memory card used"),
    "mac": msg("MAC address"),
    "power_watts": msg("Power drawn"),
    "check": msg("Check"),
    "database_writable": msg("Database takes changes"),
    "database_trouble_seconds": msg("Database does not take changes for"),
    "outbox_oldest_seconds": msg("Oldest message waits for"),
    "outbox_failing": msg("Delivery fails"),
    "probe_bugs": msg("Faults of the program in an hour"),
    "local_trouble_ratio": msg("Looks that the monitor could not make"),
    "unresolved_ratio": msg("Names that do not resolve"),
    "clock_jump_seconds": msg("Clock of the monitor jumped by"),
    "lateness_p99_seconds": msg("Lateness (p99)"),
    "decode_deaths": msg("Decoders that died in an hour"),
    "config_refused": msg("New configuration refused"),
    "item": msg("Which"),
    "text": msg("In its words"),
    "times": msg("Times"),
    "received": msg("Messages taken"),
    "dropped": msg("Messages dropped"),
    "flooding": msg("Too many messages"),
    "heard_at": msg("Last heard"),
    "language": msg("Asked by"),
    "address": msg("Address"),
    "channels": msg("Channels"),
    "channels_online": msg("Channels online"),
    "channels_recording": msg("Channels recorded now"),
    "overwrite": msg("Overwrites the oldest"),
    "oldest_footage_seconds": msg("Oldest footage"),
    "oldest_seconds": msg("Oldest footage"),
    "untold": msg("Not told by this device"),
    "lost": msg("Told before, but not now"),
    "recorder/told/channel_states": msg("Tells how its channels are"),
    "recorder/told/disk_states": msg("Tells how its disks are"),
    "recorder/told/footage": msg("Tells what footage it keeps"),
    "retention": msg("Retention"),
    "retention_days": msg("Days that the contract asks"),
    "retention_basis": msg("Retention is judged by"),
    "channels_judged": msg("Channels whose footage is judged"),
    "channels_short": msg("Channels kept too short"),
    "worst_channel": msg("Channel that is kept least"),
    "worst_seconds": msg("Oldest footage of that channel"),
    "days": msg("Days of the calendar"),
    "missing_days": msg("Days missing"),
    "longest_gap_days": msg("Longest gap in days"),
    "missing_hours": msg("Hours missing"),
    "longest_gap_hours": msg("Longest gap in hours"),
    "first_day": msg("From"),
    "listener_failing": msg("A listener does not listen"),
    "identity_change": msg("Another device"),
    "reset_change": msg("Reset"),
    "firmware_change": msg("Firmware changed"),
    "model_change": msg("Model changed"),
    "stream_change": msg("Streams changed"),
    "clock_cause": msg("Why the clock is off"),
    "disabled_by": msg("Why ONVIF is off"),
    "clock_drift_seconds": msg("Clock runs away a day"),
    "hostname": msg("Host name"),
    "dhcp": msg("Address by DHCP"),
    "scopes": msg("Name and location"),
    "users": msg("Users"),
    "username": msg("User name"),
    "locked": msg("Account is locked"),
    "default_login/tried": msg("Default passwords tried"),
    "default_login/refused": msg("Default passwords refused"),
    "default_login/locked": msg("Warnings that the account is locked"),
    "administrators": msg("Administrators"),
    "administrator_change": msg("Administrators changed"),
    "user_change": msg("Users changed"),
    "size": msg("Resolution"),
    "kbps": msg("Bit rate (kbit/s)"),
    "subscribed": msg("Subscribed to events"),
    "left_alone": msg("Left alone: it does not bear events"),
    "number": msg("Figure"),
}

_LISTS: Final = frozenset({"unjudged", "untold", "lost"})  # of several words
_BOUNDS: Final[Mapping[str, str]] = {"limit": msg("Limit"), "clear": msg("Well again from")}  # limit_celsius and so on
MAX_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class Figure:
    """One number or word, ready to be read."""

    label: str
    text: str
    name: str  # as the probe calls it
    long: bool = False  # a text that wants a line of its own


def figure(name: str, value: Value, _: Translate, formats: Formats) -> Figure:
    """A value of a probe in the reader's language."""
    label = label_of(name, _)
    text = written(name, value, _, formats)
    return Figure(label, text, name, name == "detail" or len(text) > 28)


def label_of(name: str, _: Translate) -> str:
    """What a person calls it: a value of a probe, or a parameter of a rule."""
    if name in NAMES:
        return _(NAMES[name])
    if name in WORDS:
        return _(WORDS[name]).capitalize()
    kind = name.partition("_")[0]
    return _(_BOUNDS[kind]) if kind in _BOUNDS else name.replace("_", " ").capitalize()


def written(name: str, value: Value, _: Translate, formats: Formats) -> str:
    """The value alone; its unit follows from the end of its name."""
    if isinstance(value, bool):
        return _(msg("yes")) if value else _(msg("no"))
    if isinstance(value, str):
        if name == "detail":
            return say_line(value, formats.language)[:MAX_TEXT]
        words = value.split(", ") if name in _LISTS else [value]
        return _(", ").join(_(WORDS[word]) if word in WORDS else word for word in words)[:MAX_TEXT]
    if not math.isfinite(value):
        return "–"
    return _measure(name, value, _, formats)


def _measure(name: str, value: float, _: Translate, formats: Formats) -> str:
    unit = name.rpartition("_")[2]
    match unit:
        case "seconds" if name == "clock_offset_seconds":
            return ("−" if value < 0 else "+") + formats.brief(abs(value))
        case "seconds":
            return formats.brief(value)
        case "ratio" | "share":
            return formats.percent(value)
        case "percent":
            return formats.percent(value / 100)
        case "bytes":
            return formats.size(value)
        case "bps":
            return f"{formats.number(value / 1_000_000)} Mbit/s"
        case "port":
            return str(value)
        case "at":
            return formats.moment(value)
        case _ if name == "days_left" and value < 0:
            return _(msg("expired %(duration)s ago")) % {"duration": formats.duration(value * 86_400)}
        case _ if name == "days_left":
            return formats.duration(value * 86_400)
        case _ if name in ("minutes_left", "limit_minutes"):
            return formats.duration(value * 60)
        case _ if unit in UNITS:
            return f"{formats.number(value)} {UNITS[unit]}"
        case _:
            return formats.number(value, 0 if isinstance(value, int) else 2)
