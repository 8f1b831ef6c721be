"""Which address do we use where the device names one?

A device names its addresses as it sees itself: behind NAT, after a change of network or with two interfaces they lead
nowhere, or to another device. So the host is always ours.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

MAX_CHARACTERS = 512

_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
_NOT_IN_URI = re.compile(r"[\x00-\x20\x7f\"<>\\^`{|}]")


def parse_address(text: str, schemes: frozenset[str]) -> SplitResult | None:
    """The address taken apart; None if it is not a usable one of those schemes."""
    if not text or len(text) > MAX_CHARACTERS or _NOT_IN_URI.search(text):
        return None
    try:
        parts = urlsplit(text)
        usable = parts.scheme in schemes and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def rehost(parts: SplitResult, host: str, *, ours: SplitResult, theirs: int | None) -> str:
    """The address on `host`, without the user and password that some firmware writes into it.

    `ours` is the address that we know the device by, `theirs` the port on which it believes to serve the same. Where
    it names another host, that port stands for ours: a gateway forwards it. Any other port is kept.
    """
    scheme, port = parts.scheme, parts.port or _PORTS[parts.scheme]
    elsewhere = (parts.hostname or "").lower() != host.lower()
    if elsewhere and port == theirs and scheme in {"http", "https"}:
        assert ours.port
        scheme, port = ours.scheme, ours.port
    return join(scheme, host, port, parts)


def join(scheme: str, host: str, port: int, rest: SplitResult) -> str:
    """Scheme, host and port with the path and query of `rest`; the port is left out where it is the scheme's own."""
    netloc = f"[{host}]" if ":" in host else host
    if port != _PORTS[scheme]:
        netloc = f"{netloc}:{port}"
    return urlunsplit((scheme, netloc, rest.path, rest.query, ""))


def port_of(parts: SplitResult) -> int:
    """The port, named or implied by the scheme."""
    return parts.port or _PORTS[parts.scheme]
