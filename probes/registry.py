"""Which probes are there? To add one: write its file with a `PROBE`, and add its line here."""

from __future__ import annotations

from functools import cache
from importlib import import_module

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
}

KINDS = tuple(_WHERE)


@cache
def probe(kind: str) -> Probe:
    """The probe of that kind, imported at first use; KeyError if there is none."""
    found = import_module(_WHERE[kind]).PROBE
    assert isinstance(found, Probe)
    assert found.kind == kind
    return found
