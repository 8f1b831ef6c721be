"""Which probes and listeners are there? To add one: write its file with a `PROBE` or `LISTENER`, and its line here."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from probes.listener import Listener
from probes.probe import Probe

_WHERE = {
    "icmp": "probes.icmp",
    "tcp": "probes.tcp",
    "tls": "probes.tls",
    "http": "probes.http",
    "rtsp": "probes.rtsp",
    "onvif": "probes.onvif",
    "snmp": "probes.snmp",
    "frame": "probes.frame",
    "recorder": "probes.nvr",
}
_LISTENERS = {
    "traps": "probes.traps",
    "events": "probes.onvif.events",
    "panel": "probes.panel",
}

KINDS = tuple(_WHERE)
HEARD = tuple(_LISTENERS)  # kinds of listeners, which are also the names of the checks that they hear


@cache
def probe(kind: str) -> Probe:
    """The probe of that kind, imported at first use; KeyError if there is none."""
    found = import_module(_WHERE[kind]).PROBE
    assert isinstance(found, Probe)
    assert found.kind == kind
    return found


@cache
def listener(kind: str) -> Listener:
    """The listener of that kind, imported at first use; KeyError if there is none."""
    found = import_module(_LISTENERS[kind]).LISTENER
    assert isinstance(found, Listener)
    assert found.kind == kind
    return found
