"""Which numbers of devices does the daemon give away, in which unit, under which name? Prometheus's base units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from probes.observation import Value


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """One metric: its name, what it says, its labels, its type. Each is one object: they compare by identity."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    kind: Literal["gauge", "counter", "summary"] = "gauge"


Number = bool | int | float
Convert = Callable[[Value], Number | None]
"""Into the base unit; None: this value says nothing here."""


def _as_it_is(value: Value) -> Number | None:
    return None if isinstance(value, str) else value


def _from_percent(value: Value) -> Number | None:
    return None if isinstance(value, str) else value / 100


def _from_minutes(value: Value) -> Number | None:
    return None if isinstance(value, str) else value * 60


def _from_days(value: Value) -> Number | None:
    return None if isinstance(value, str) else value * 86_400


def _from_bits(value: Value) -> Number | None:
    return None if isinstance(value, str) else value / 8


def _is(*wanted: str) -> Convert:
    """1 if the text is one of these, 0 if it is another."""
    return lambda value: None if not isinstance(value, str) else value in wanted


def _online(value: Value) -> Number | None:
    return {"online": 1, "offline": 0}.get(str(value))


def _retention(value: Value) -> Number | None:
    return {"enough": 1, "short": 0}.get(str(value))


def _healthy(value: Value) -> Number | None:
    return None if value in {"empty", "unknown"} else value in {"normal", "idle"}


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A value of an answer as a metric."""

    family: Family
    convert: Convert = _as_it_is


def _of_device(name: str, text: str, convert: Convert = _as_it_is) -> Measured:
    return Measured(Family(name, text, ("device",)), convert)


_DEVICE_AND_CHECK = ("device", "check")

DEVICE_INFO = Family(
    "sitewarden_device_info",
    "Always 1; what the device is and what it hangs on.",
    ("device", "name", "kind", "vendor", "model", "place", "parent"),
)
DEVICE_UP = Family(
    "sitewarden_device_up",
    "1 if the device answers, 0 if it is silent for longer than its rules allow; absent while nothing is known.",
    ("device", "kind"),
)
DEVICE_SEVERITY = Family(
    "sitewarden_device_fault_severity",
    "Worst severity of the faults that hold: 0 none, 1 low, 2 normal, 3 high, 4 urgent; absent while nothing is known.",
    ("device", "kind"),
)
DEVICE_FAULTS = Family(
    "sitewarden_device_faults", "Conditions that hold, by fault; only where one does.", ("device", "fault", "severity")
)
DEVICE_TICKETS = Family(
    "sitewarden_device_tickets",
    "Tickets of the device that are not over; only where there are any.",
    ("device", "severity"),
)
DEVICE_SILENCED = Family(
    "sitewarden_device_silenced", "Always 1; only where the configuration keeps faults from being told.", ("device",)
)
CHECK_UP = Family(
    "sitewarden_check_up",
    "1 if the device answered the latest look, 0 if not; absent while the monitor could not look.",
    _DEVICE_AND_CHECK,
)
CHECK_DURATION = Family("sitewarden_check_duration_seconds", "How long the latest look took.", _DEVICE_AND_CHECK)
CHECK_LAST_LOOK = Family(
    "sitewarden_check_last_look_timestamp_seconds", "When the latest look began.", _DEVICE_AND_CHECK
)
CHECK_EVERY = Family("sitewarden_check_interval_seconds", "How often the check is asked.", _DEVICE_AND_CHECK)
PICTURE_VERDICT = Family(
    "sitewarden_picture_verdict", "Always 1; how the picture of the latest look was judged.", ("device", "verdict")
)

OF_DEVICES = (
    DEVICE_INFO, DEVICE_UP, DEVICE_SEVERITY, DEVICE_FAULTS, DEVICE_TICKETS, DEVICE_SILENCED, CHECK_UP,
    CHECK_DURATION, CHECK_LAST_LOOK, CHECK_EVERY, PICTURE_VERDICT,
)  # fmt: skip

VALUES: Mapping[str, Mapping[str, Measured]] = {
    "reach": {
        "rtt_seconds": _of_device("sitewarden_icmp_round_trip_seconds", "Round trip of the echo."),
        "loss_ratio": _of_device(
            "sitewarden_icmp_loss_ratio", "Share of the echoes of the latest look that were lost."
        ),
        "connect_seconds": _of_device("sitewarden_tcp_connect_seconds", "Time to connect."),
    },
    "http": {
        "status": _of_device("sitewarden_http_status_code", "Status of the latest answer."),
        "body_bytes": _of_device("sitewarden_http_body_bytes", "Size of the latest answer."),
    },
    "tls": {
        "days_left": _of_device(
            "sitewarden_tls_certificate_remaining_seconds", "Time until the certificate ends.", _from_days
        ),
        "trusted": _of_device(
            "sitewarden_tls_certificate_trusted", "1 if a known authority vouches for the certificate."
        ),
    },
    "rtsp": {
        "first_packet_seconds": _of_device("sitewarden_rtsp_first_packet_seconds", "Time to the first RTP packet.")
    },
    "onvif": {
        "clock_offset_seconds": _of_device("sitewarden_clock_offset_seconds", "Device's clock minus true time."),
        "clock_uncertainty_seconds": _of_device(
            "sitewarden_clock_offset_uncertainty_seconds", "By how much that may be wrong, for the answer took time."
        ),
    },
    "frame": {
        "verdict": _of_device(
            "sitewarden_picture_ok", "1 if nothing is wrong with the latest picture, 0 if something is.", _is("ok")
        ),
        "width": _of_device("sitewarden_frame_width_pixels", "Width of the picture."),
        "height": _of_device("sitewarden_frame_height_pixels", "Height of the picture."),
        "grab_seconds": _of_device("sitewarden_frame_grab_seconds", "Time until the picture was there."),
        "luma_mean": _of_device("sitewarden_frame_luma_mean", "Mean brightness, 0 to 255."),
        "luma_p01": _of_device("sitewarden_frame_luma_p01", "Brightness that 1 % of the pixels stay below, 0 to 255."),
        "luma_p99": _of_device("sitewarden_frame_luma_p99", "Brightness that 99 % of the pixels stay below, 0 to 255."),
        "luma_std": _of_device("sitewarden_frame_luma_stddev", "Spread of the brightness, 0 to 255."),
        "texture": _of_device("sitewarden_frame_texture", "How much structure the picture has."),
        "dominant_share": _of_device("sitewarden_frame_dominant_ratio", "Share of the commonest colour."),
        "clipped_share": _of_device("sitewarden_frame_clipped_ratio", "Share of over-exposed pixels."),
        "dark_share": _of_device("sitewarden_frame_dark_ratio", "Share of dark pixels."),
        "change_mean": _of_device(
            "sitewarden_frame_change_mean", "Mean difference of two key frames of one session, 0 to 255."
        ),
    },
    "traps": {
        "heard_at": _of_device("sitewarden_traps_last_heard_timestamp_seconds", "When the device's latest trap came."),
        "received": _of_device("sitewarden_traps_received", "Traps of the device that were taken since the start."),
        "dropped": _of_device("sitewarden_traps_dropped", "Traps beyond the device's budget, since the start."),
        "flooding": _of_device("sitewarden_traps_flooding", "1 while the device sends more traps than it may."),
    },
    "panel": {
        "heard_at": _of_device("sitewarden_panel_last_heard_timestamp_seconds", "When the panel's latest report came."),
        "received": _of_device("sitewarden_panel_received", "Reports of the panel that were taken since the start."),
        "dropped": _of_device("sitewarden_panel_dropped", "Reports beyond the panel's budget, since the start."),
        "flooding": _of_device("sitewarden_panel_flooding", "1 while the panel reports more than it may."),
    },
    "snmp": {
        "uptime_seconds": _of_device("sitewarden_device_uptime_seconds", "Time since the device's agent started."),
        "cpu_percent": _of_device("sitewarden_device_cpu_ratio", "Load of the processor.", _from_percent),
        "memory_percent": _of_device(
            "sitewarden_device_memory_used_ratio", "Share of the memory that is used.", _from_percent
        ),
        "temperature_celsius": _of_device("sitewarden_device_temperature_celsius", "Temperature of the device."),
        "power_watts": _of_device("sitewarden_device_power_watts", "Power that the device draws or delivers."),
        "disk_bytes": _of_device("sitewarden_device_disk_size_bytes", "Size of all disks together."),
        "disk_used_percent": _of_device(
            "sitewarden_device_disk_used_ratio", "Share of all disks that is used.", _from_percent
        ),
        "output_source": _of_device(
            "sitewarden_ups_on_battery", "1 while the output comes from the battery.", _is("battery")
        ),
        "battery_state": _of_device(
            "sitewarden_ups_battery_low", "1 while the battery is low or depleted.", _is("low", "depleted")
        ),
        "on_battery_seconds": _of_device("sitewarden_ups_on_battery_seconds", "How long the UPS has been on battery."),
        "minutes_left": _of_device(
            "sitewarden_ups_runtime_left_seconds", "How long the battery will last.", _from_minutes
        ),
        "charge_percent": _of_device("sitewarden_ups_battery_charge_ratio", "Charge of the battery.", _from_percent),
        "battery_celsius": _of_device("sitewarden_ups_battery_temperature_celsius", "Temperature of the battery."),
        "load_percent": _of_device("sitewarden_ups_load_ratio", "Load of the output.", _from_percent),
        "input_volts": _of_device("sitewarden_ups_input_volts", "Voltage of the mains."),
        "output_volts": _of_device("sitewarden_ups_output_volts", "Voltage of the output."),
    },
    "recorder": {
        "channels": _of_device("sitewarden_recorder_channels", "Channels that are in use."),
        "channels_online": _of_device("sitewarden_recorder_channels_online", "Channels whose stream is there."),
        "channels_recording": _of_device("sitewarden_recorder_channels_recording", "Channels being recorded."),
        "disks": _of_device("sitewarden_recorder_disks", "Disks that are fitted."),
        "free_bytes": _of_device("sitewarden_recorder_free_bytes", "Free space of all disks together."),
        "oldest_footage_seconds": _of_device(
            "sitewarden_recorder_oldest_footage_seconds", "Age of the oldest footage of all channels."
        ),
        "retention": _of_device(
            "sitewarden_recorder_retention_ok",
            "1 if the footage reaches back as far as the contract asks; absent where that is not asked or not told.",
            _retention,
        ),
        "channels_short": _of_device(
            "sitewarden_recorder_channels_kept_short", "Channels whose footage is kept for less than the contract asks."
        ),
        "worst_seconds": _of_device(
            "sitewarden_recorder_least_footage_seconds", "Age of the oldest footage of the channel that is kept least."
        ),
        "retention_days": _of_device(
            "sitewarden_recorder_retention_wanted_seconds", "How long the contract asks footage to be kept.", _from_days
        ),
    },
}
"""Check -> value of its answer -> metric. A device has each check once at most, so no sample can appear twice."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table of answers: its columns as metrics, and the texts of a row that become labels beside its key."""

    columns: tuple[tuple[str, Measured], ...]
    named_by: tuple[str, ...] = ("name",)


def _rows(table: str, *columns: tuple[str, str, str, Convert], named_by: tuple[str, ...] = ("name",)) -> Table:
    labels = ("device", table, *named_by)
    measured = tuple(
        (
            column,
            Measured(Family(name, text, labels, "counter" if name.endswith("_total") else "gauge"), convert),
        )
        for column, name, text, convert in columns
    )
    return Table(measured, named_by)


RECORDER_TABLES: Mapping[str, Table] = {
    "channel": _rows(
        "channel",
        ("state", "sitewarden_recorder_channel_online", "1 if the recorder has the channel's stream.", _online),
        ("recording", "sitewarden_recorder_channel_recording", "1 if the channel is being recorded.", _as_it_is),
    ),
    "disk": _rows(
        "disk",
        ("state", "sitewarden_recorder_disk_healthy", "1 if the disk is normal or idle, 0 if not.", _healthy),
        ("size_bytes", "sitewarden_recorder_disk_size_bytes", "Size of the disk.", _as_it_is),
        ("free_bytes", "sitewarden_recorder_disk_free_bytes", "Free space of the disk.", _as_it_is),
    ),
    "footage": _rows(
        "channel",
        (
            "oldest_seconds",
            "sitewarden_recorder_channel_oldest_footage_seconds",
            "Age of the oldest footage.",
            _as_it_is,
        ),
        ("missing_days", "sitewarden_recorder_channel_missing_seconds", "Whole days without footage.", _from_days),
    ),
}
"""Table of an answer to `recorder` -> its metrics; an empty bay is no sample."""

TABLES: Mapping[str, Table] = {
    "disk": _rows(
        "disk",
        ("state", "sitewarden_disk_healthy", "1 if the disk is normal or idle, 0 if not.", _is("normal", "idle")),
        ("size_bytes", "sitewarden_disk_size_bytes", "Size of the disk.", _as_it_is),
        ("free_bytes", "sitewarden_disk_free_bytes", "Free space of the disk.", _as_it_is),
        ("used_percent", "sitewarden_disk_used_ratio", "Share of the disk that is used.", _from_percent),
    ),
    "storage": _rows(
        "storage",
        ("size_bytes", "sitewarden_storage_size_bytes", "Size of the file system.", _as_it_is),
        ("used_percent", "sitewarden_storage_used_ratio", "Share of the file system that is used.", _from_percent),
    ),
    "channel": _rows(
        "channel",
        ("state", "sitewarden_channel_online", "1 if the recorder gets the channel's stream.", _is("online")),
        ("recording", "sitewarden_channel_recording", "1 if the channel is recorded.", _as_it_is),
    ),
    "poe_port": _rows(
        "poe_port",
        ("detect", "sitewarden_poe_port_delivering", "1 if the port delivers power.", _is("delivering")),
        ("admin", "sitewarden_poe_port_enabled", "1 if the port may deliver power.", _as_it_is),
        ("watts", "sitewarden_poe_port_watts", "Power that the port delivers.", _as_it_is),
        named_by=(),
    ),
    "poe": _rows(
        "poe",
        ("supply", "sitewarden_poe_supply_on", "1 if the power supply of the group is on.", _is("on")),
        ("budget_watts", "sitewarden_poe_budget_watts", "Power that the group can deliver.", _as_it_is),
        ("used_watts", "sitewarden_poe_used_watts", "Power that the group delivers.", _as_it_is),
        named_by=(),
    ),
    "interface": _rows(
        "interface",
        ("oper", "sitewarden_interface_up", "1 if the interface is up.", _is("up")),
        ("speed_bps", "sitewarden_interface_speed_bytes_per_second", "Speed of the interface.", _from_bits),
        ("in_errors", "sitewarden_interface_receive_errors_total", "Packets that came in damaged.", _as_it_is),
        ("out_errors", "sitewarden_interface_transmit_errors_total", "Packets that could not be sent.", _as_it_is),
        (
            "in_discards",
            "sitewarden_interface_receive_discards_total",
            "Packets that came in and were dropped.",
            _as_it_is,
        ),
        (
            "out_discards",
            "sitewarden_interface_transmit_discards_total",
            "Packets that were dropped unsent.",
            _as_it_is,
        ),
    ),
    "sensor": _rows(
        "sensor",
        ("value", "sitewarden_sensor_value", "Reading of the sensor, in the unit that its kind names.", _as_it_is),
        ("status", "sitewarden_sensor_ok", "1 if the sensor works and is within bounds.", _is("ok")),
        named_by=("name", "kind"),
    ),
}
"""Table of an answer to `snmp` -> its metrics. The row's key is a label of the table's name."""


def of_devices() -> tuple[Family, ...]:
    """Every family that speaks of devices, by name."""
    values = (measured.family for of_check in VALUES.values() for measured in of_check.values())
    tables = (*TABLES.values(), *RECORDER_TABLES.values())
    rows = (measured.family for table in tables for _, measured in table.columns)
    return tuple(sorted((*OF_DEVICES, *values, *rows), key=lambda family: family.name))
