"""How are reasons, changes and kinds of a sweep told to people?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from monitor.discovery.comparison import Change
from monitor.locale import Translate, msg
from probes.discovery import MAX_ADDRESSES, BadPorts, BadRange, Found
from probes.discovery.found import Reason, ReasonCode
from probes.discovery.ranges import Wrong

CHANGES: Final[Mapping[Change, str]] = {
    Change.NEW: msg("new"),
    Change.MOVED: msg("moved"),
    Change.SWAPPED: msg("swapped"),
    Change.GONE: msg("gone"),
    Change.SAME: msg("as configured"),
}
KINDS: Final[Mapping[str, str]] = {
    "camera": msg("camera"),
    "recorder": msg("recorder"),
    "panel": msg("alarm panel"),
    "switch": msg("switch"),
    "ups": msg("UPS"),
    "gateway": msg("gateway"),
    "server": msg("server"),
    "sensor": msg("sensor"),
    "": msg("unknown"),
}
REASONS: Final[Mapping[ReasonCode, str]] = {
    "isapi": msg("ISAPI says deviceType {what}"),
    "snmp_profile": msg("SNMP profile {profile}"),
    "model": msg("model “{what}” of profile {profile}"),
    "onvif": msg("speaks ONVIF"),
    "onvif_says": msg("ONVIF says “{what}”"),
    "onvif_sources": msg("ONVIF names {what} video sources"),
    "sysdescr": msg("sysDescr “{what}”"),
    "page": msg("web page “{what}”"),
    "rtsp": msg("speaks RTSP on port {what}"),
    "sia": msg("port {what} is open, where alarm panels listen"),
    "maker": msg("web server or ports of {what}"),
    "maker_profile": msg("profile {profile} by make and model “{what}”"),
    "unfinished": msg("did not come to an end within {what} s"),
}
_WRONG: Final[Mapping[Wrong, str]] = {
    Wrong.UNREADABLE: msg(
        "{text} is no range of IPv4 addresses: write it as 10.1.0.0/22, 10.1.0.10-10.1.0.40, 10.1.0.10-40 or 10.1.0.5."
    ),
    Wrong.IPV6: msg("{text} is IPv6, whose networks have too many addresses to go through: give ranges of IPv4."),
    Wrong.TOO_LARGE: msg(
        "{text} has {count} addresses, at most {most} (a /16) are swept at once: mind the prefix, and give the "
        "networks that the site really uses, such as 10.1.0.0/22."
    ),
    Wrong.NOT_HOSTS: msg(
        "{text} holds addresses that no device can have (0.x, multicast or reserved): give the networks of the site, "
        "such as 10.1.0.0/22."
    ),
    Wrong.BACKWARDS: msg("{text} ends before it begins: write the lower address first, such as 10.1.0.10-40."),
    Wrong.NONE: msg("No range is given: write one, such as 10.1.0.0/22."),
}
_BAD_PORTS: Final = msg("{text}: write ports as http=80,8080; protocols are http, https, rtsp, snmp, sia, sdk, wsd.")


def say_refused(error: BadRange | BadPorts, say: Translate) -> str:
    """One line for who gave the range or the ports."""
    if isinstance(error, BadPorts):
        return say(_BAD_PORTS).format(text=error.text)
    return say(_WRONG[error.wrong]).format(text=error.text, count=f"{error.count:,}", most=f"{MAX_ADDRESSES:,}")


def say_reason(reason: Reason, say: Translate) -> str:
    """What a guess stands on, for people."""
    return say(REASONS[reason.code]).format(what=reason.what, profile=reason.profile)


def say_login(found: Found, say: Translate) -> str:
    """How the login went at this host; empty if there is nothing to say."""
    if found.refusals:
        first = found.refusals[0]
        return say(msg("{credentials} REFUSED by {protocol}")).format(
            credentials=first.credentials, protocol=first.protocol.upper()
        )
    if found.login:
        return say(msg("{credentials} taken")).format(credentials=found.login)
    return say(msg("wants a login")) if found.wants_login else ""
