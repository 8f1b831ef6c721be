"""How is a device that was found written into the site's file?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any, Final

from monitor.settings.tree import MarkedMap
from probes.discovery import Found

_NOT_IN_ID: Final = re.compile(r"[^a-z0-9]+")
_HOST_ONLY: Final = {"http": 80, "https": 443, "rtsp": 554, "onvif": 80, "snmp": 161}
_ONVIF_PATH: Final = "/onvif/device_service"

Fields = dict[str, object]


def write_entry(found: Found, taken: Set[str], defaults: Mapping[str, Any], snmp_ports: Mapping[str, int]) -> Fields:
    """The keys of the device, without what the `defaults` of its kind say already.

    `taken`: ids in use. `snmp_ports`: credentials -> port of their SNMP access.
    """
    told = "" if found.snmp else found.profile  # an SNMP agent is asked for it anew each time
    wanted: Fields = {"vendor": found.vendor, "model": found.model, "profile": told}
    own: Fields = {"serial": found.serial, "mac": found.mac}
    login = found.login or found.snmp
    access: Fields = {"credentials": login, "snmp": found.snmp if found.snmp != login else ""}
    checks = {name: said for name, said in _checks(found, snmp_ports).items() if not _says(defaults, name, said)}
    shared = {name: value for name, value in (wanted | access).items() if str(defaults.get(name) or "") != value}
    fields: Fields = {
        "id": name_id(found, taken),
        "name": found.name,
        "kind": found.kind,
        "host": found.host,
        **{name: value for name, value in shared.items() if name in wanted},
        **own,
        **{name: value for name, value in shared.items() if name in access},
        "checks": checks,
    }
    return {name: value for name, value in fields.items() if value}


def name_id(found: Found, taken: Set[str]) -> str:
    """An id that nobody has: of its name if that is ASCII, else of its kind and address."""
    slug = _NOT_IN_ID.sub("-", found.name.lower()).strip("-")[:40] if found.name.isascii() else ""
    octets = found.host.split(".")
    base = slug if len(slug) >= 3 and not slug.isdigit() else f"{found.kind}-{'-'.join(octets[-2:])}"
    names = (base, f"{base}-{octets[-1]}", f"{base}-{'-'.join(octets)}")
    return next((name for name in names if name not in taken), f"{found.kind}-{'-'.join(octets)}")


def _checks(found: Found, snmp_ports: Mapping[str, int]) -> Fields:
    """Only what differs from what the kind has by itself."""
    checks: Fields = {}
    if not found.pings and found.tcp_port:
        checks["reach"] = {"probe": "tcp", "port": found.tcp_port}
    if found.kind == "camera":
        checks |= _camera_checks(found)
    elif found.kind == "recorder":
        checks |= _recorder_checks(found)
    if found.snmp_port and found.snmp_port != snmp_ports.get(found.snmp, 161):
        checks["snmp"] = {"port": found.snmp_port}
    return checks


def _camera_checks(found: Found) -> Fields:
    checks: Fields = {}
    stream = next((one for one in found.streams if not one.secret), None)
    if stream is not None:
        rtsp: Fields = {"path": stream.path}
        if stream.port != (322 if stream.tls else 554):
            rtsp["port"] = stream.port
        checks["rtsp"] = rtsp | ({"tls": True} if stream.tls else {})
    elif not found.rtsp_port:
        checks["rtsp"] = False
    elif found.rtsp_port != _HOST_ONLY["rtsp"]:
        checks["rtsp"] = {"port": found.rtsp_port}
    if not found.onvif_port:
        checks["onvif"] = False
        if stream is None:
            checks["frame"] = False
    else:
        if onvif := _onvif(found):
            checks["onvif"] = onvif
        if found.worth and "events" not in found.worth:
            checks["events"] = False  # its firmware does not bear it, or has none
    return checks


def _recorder_checks(found: Found) -> Fields:
    checks: Fields = {}
    if found.onvif_port and found.login:
        checks["onvif"] = _onvif(found) or True
    port: Fields = {"port": found.http_port} if found.http_port not in (0, _HOST_ONLY["http"]) else {}
    if found.login and port:
        checks["recorder"] = dict(port)
    if "http" in found.worth and found.http_ok:
        checks["http"] = port or True
    return checks


def _onvif(found: Found) -> Fields:
    said: Fields = {}
    if found.onvif_port != (443 if found.onvif_tls else 80):
        said["port"] = found.onvif_port
    if found.onvif_path != _ONVIF_PATH:
        said["path"] = found.onvif_path
    return said | ({"tls": True} if found.onvif_tls else {})


def _says(defaults: Mapping[str, Any], name: str, said: object) -> bool:
    """Do the defaults of the kind say of this check at least what would be written?"""
    checks = defaults.get("checks")
    known = checks.get(name) if isinstance(checks, MarkedMap) else None
    if isinstance(said, Mapping):
        return isinstance(known, MarkedMap) and all(
            str(known.get(key, "")) == _text(value) for key, value in said.items()
        )
    return isinstance(known, str) and known == _text(said)


def _text(value: object) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)
