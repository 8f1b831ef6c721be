"""Which values does a look of each check give? Rules and fault texts may use these names, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

ALWAYS = frozenset({"outcome", "duration_seconds"})  # of every look
OF_ROW = frozenset({"key"})  # of every row of a table

QUOTABLE = frozenset({
    "device", "place", "model", "vendor", "host", "port", "parent", "since", "detail", "rule", "outcome",
    "duration_seconds", "key", "valid_for", "expired_for",
})  # fmt: skip
"""What a fault's text may quote whatever the check is; `ends_at` gives either `valid_for` or `expired_for`."""

FUNCTIONS = frozenset({
    "size", "contains", "startsWith", "endsWith", "matches", "int", "double", "string",
})  # fmt: skip
"""CEL functions that a rule may call; operators stand beside them."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names of one check: of the look itself, and of the rows of each table; the rest are numbers."""

    scalars: frozenset[str]
    tables: Mapping[str, frozenset[str]] = field(default_factory=dict)
    texts: frozenset[str] = frozenset()
    truths: frozenset[str] = frozenset()

    def kind_of(self, name: str, table: str | None = None) -> Literal["string", "bool", "number"]:
        """Of a value of this check, or of a column of the table."""
        if name in self.truths or f"{table}.{name}" in self.truths:
            return "bool"
        return "string" if name in self.texts or name in ("outcome", "key") else "number"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VOCABULARY: Mapping[str, Vocabulary] = MappingProxyType({
    "reach": Vocabulary(_words("rtt_seconds loss_ratio connect_seconds port")),
    "rtsp": Vocabulary(_words("codec first_packet_seconds transport server"), texts=_words("codec transport server")),
    "onvif": Vocabulary(
        _words(
            "clock_offset_seconds clock_source clock_cause clock_drift_seconds vendor model firmware serial hardware "
            "mac hostname dhcp scopes users administrators profile disabled_by firmware_change"
        ),
        {"profile": _words("name encoding width height fps kbps stream_uri snapshot_uri")},
        texts=_words(
            "clock_source clock_cause vendor model firmware serial hardware mac hostname dhcp scopes users "
            "administrators profile disabled_by firmware_change name encoding stream_uri snapshot_uri"
        ),
    ),
    "events": Vocabulary(_words("subscribed left_alone"), {"alarm": _words("alarm item state number")},
        texts=_words("alarm item state"),
        truths=_words("subscribed left_alone"),
    ),
    "frame": Vocabulary(
        _words(
            "verdict width height codec source luma_mean luma_p01 luma_p99 luma_std texture dominant_share "
            "clipped_share dark_share change_mean grab_seconds score unjudged learned_looks states state_number "
            "covered_share moved_right_share moved_down_share moved_degrees moved covered partly_covered obscured "
            "blurred noisy snow stripes fog colour_cast ir_cut dark over_exposed frozen text_missing flicker jitter "
            "no_signal black blue garbled flicker_percent shake_percent preset place places away away_seconds"
        ),
        {"measure": _words("value low high"), "fault": _words("score")},
        texts=_words("verdict codec source unjudged preset place"),
        truths=_words(
            "moved covered partly_covered obscured blurred noisy snow stripes fog colour_cast ir_cut dark "
            "over_exposed frozen text_missing flicker jitter no_signal black blue garbled away"
        ),
    ),
    "snmp": Vocabulary(
        _words(
            "uptime_seconds cpu_percent memory_percent temperature_celsius model serial firmware vendor profile "
            "battery_state on_battery_seconds minutes_left charge_percent battery_celsius output_source load_percent "
            "input_volts output_volts device_state disks disk_bytes disk_used_percent power_watts system_name mac "
            "hardware storage_state power_state fan_state battery_replace self_test fps load_average swap_percent"
        ),
        {
            "disk": _words("name state size_bytes free_bytes used_percent"),
            "storage": _words("name size_bytes used_percent"),
            "channel": _words("name state recording"),
            "poe_port": _words("admin detect watts"),
            "poe": _words("budget_watts used_watts supply"),
            "interface": _words(
                "name alias admin oper speed_bps in_errors out_errors in_discards out_discards"
            ),
            "ups_alarm": _words("alarm"),
            "sensor": _words("name kind value status"),
        },
        texts=_words(
            "model serial firmware vendor profile battery_state output_source device_state system_name mac hardware "
            "storage_state power_state fan_state battery_replace self_test name state detect supply alias admin oper "
            "alarm kind status"
        ),
        truths=_words("recording poe_port.admin"),
    ),
    "recorder": Vocabulary(
        _words(
            "language vendor model firmware serial channels channels_online channels_recording disks size_bytes "
            "free_bytes overwrite oldest_footage_seconds retention retention_days "
            "retention_basis channels_judged channels_short worst_channel worst_seconds untold lost"
        ),
        {
            "channel": _words("name address state recording"),
            "disk": _words("name state size_bytes free_bytes used_percent"),
            "footage": _words(
                "name days first_day missing_days longest_gap_days missing_hours longest_gap_hours oldest_seconds"
            ),
        },
        texts=_words(
            "language vendor model firmware serial retention retention_basis worst_channel name address state "
            "first_day days untold lost"
        ),
        truths=_words("overwrite recording"),
    ),
    "http": Vocabulary(_words("status body_bytes")),
    "tls": Vocabulary(_words("days_left ends_at version issuer subject fingerprint_sha256 trusted"),
        texts=_words("version issuer subject fingerprint_sha256"),
        truths=_words("trusted"),
    ),
    "traps": Vocabulary(
        _words("received dropped flooding heard_at"), {"alarm": _words("alarm item state text times")},
        texts=_words("alarm item state text"),
        truths=_words("flooding"),
    ),
    "panel": Vocabulary(
        _words("received dropped flooding heard_at"), {"alarm": _words("alarm item state text times")},
        texts=_words("alarm item state text"),
        truths=_words("flooding"),
    ),
    "inventory": Vocabulary(
        _words(
            "identity_change firmware_change stream_change model_change reset_change administrator_change user_change"
        ),
        texts=_words(
            "identity_change firmware_change stream_change model_change reset_change administrator_change user_change"
        ),
    ),
    "default_login": Vocabulary(_words("state username locked"),
        texts=_words("state username"),
        truths=_words("locked"),
    ),
    "login": Vocabulary(_words("state check"), texts=_words("state check")),
    "snmp_login": Vocabulary(_words("state check"), texts=_words("state check")),
    "self": Vocabulary(
        _words(
            "database_writable database_trouble_seconds outbox_oldest_seconds outbox_failing probe_bugs "
            "local_trouble_ratio unresolved_ratio clock_jump_seconds lateness_p99_seconds decode_deaths config_refused "
            "listener_failing"
        ), truths=_words("database_writable outbox_failing config_refused listener_failing")),
})  # fmt: skip
"""Check -> its names. `inventory`, `default_login`, `login`, `snmp_login` and `self` are the daemon's own."""
