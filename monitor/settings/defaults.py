"""What is asked of a device when its configuration says nothing more than its kind?"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from monitor.settings.file.device import WatchedKind
from ticketing.policies import ServiceTargets
from ticketing.ticket import Severity

_MINUTE, _HOUR, _DAY = 60.0, 3_600.0, 86_400.0

PROBES: Mapping[str, str] = MappingProxyType(
    {
        "reach": "icmp",  # or tcp, where ping is blocked
        "rtsp": "rtsp",
        "onvif": "onvif",
        "frame": "frame",
        "snmp": "snmp",
        "recorder": "recorder",
        "http": "http",
        "tls": "tls",
    }
)
"""Check -> the probe that it puts."""

EVERY_SECONDS: Mapping[str, float] = MappingProxyType(
    {
        "reach": 30.0,
        "rtsp": 60.0,
        "onvif": 5 * _MINUTE,
        "frame": 5 * _MINUTE,
        "snmp": _MINUTE,
        "recorder": _MINUTE,
        "http": _MINUTE,
        "tls": 6 * _HOUR,
    }
)
"""Check -> how often it is put."""

EVERY_SECONDS_OF: Mapping[tuple[str, str], float] = MappingProxyType(
    {
        ("ups", "snmp"): 20.0,  # a battery holds for minutes
        ("panel", "snmp"): 20.0,  # tampering is short
    }
)
"""(Kind, check) -> how often, where it differs."""

_SNMP_IF_ACCESS = ("reach", "snmp")

CHECKS: Mapping[WatchedKind, tuple[str, ...]] = MappingProxyType(
    {
        "camera": ("reach", "rtsp", "onvif", "frame", "events"),
        "recorder": ("reach", "snmp", "recorder"),  # many ship with ONVIF switched off: `onvif: on` where it is wanted
        "panel": _SNMP_IF_ACCESS,
        "switch": _SNMP_IF_ACCESS,
        "ups": _SNMP_IF_ACCESS,
        "gateway": _SNMP_IF_ACCESS,
        "server": _SNMP_IF_ACCESS,
        "sensor": _SNMP_IF_ACCESS,
    }
)
"""Kind -> its checks; `snmp` and `recorder` only where the configuration gives access, `events` where ONVIF is asked
with a login."""

TARGETS: Mapping[Severity, ServiceTargets] = MappingProxyType(
    {
        Severity.URGENT: ServiceTargets(5 * _MINUTE, 2 * _HOUR, 12 * _HOUR),
        Severity.HIGH: ServiceTargets(30 * _MINUTE, 8 * _HOUR, _DAY),
        Severity.NORMAL: ServiceTargets(4 * _HOUR, 7 * _DAY, None),
        Severity.LOW: ServiceTargets(_DAY, None, None),
    }
)
"""Severity -> targets, as common contracts have them: a person within 5 min, on site within 2 h, repaired within 12 h
when it is urgent; somebody comes within a week for a general fault."""
