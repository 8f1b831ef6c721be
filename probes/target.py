"""Whom does a probe ask, and with which credentials?"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Auth = Literal["none", "md5", "sha", "sha224", "sha256", "sha384", "sha512"]  # how SNMPv3 signs
Priv = Literal["none", "des", "aes128", "aes192", "aes256"]  # how it encrypts

_PASSWORD_IN_URL = re.compile(r"(?i)(passw(?:or)?d|passwd|pwd|pass)=[^&;/?_]*")


class Secret:
    """A text that cannot print: `str`, `repr` and format give `***`. `reveal()` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself; call it only where the bytes go to the device."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:  # decoder workers get their target pickled over a pipe
        return (Secret, (self._text,))


@dataclass(frozen=True, slots=True)
class Login:
    """User name and password for HTTP, RTSP and ONVIF."""

    username: str
    password: Secret


@dataclass(frozen=True, slots=True)
class SnmpAccess:
    """How to speak SNMP: a community (v1, v2c), or a USM user (v3; RFC 3414, RFC 3826, RFC 7860)."""

    version: Literal["1", "2c", "3"] = "2c"
    port: int = 161
    community: Secret = field(default_factory=lambda: Secret("public"))
    username: str = ""
    auth: Auth = "none"
    auth_key: Secret | None = None
    priv: Priv = "none"
    priv_key: Secret | None = None
    context: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """One device as a probe sees it: its address and its credentials. `host` is an IP address or a name."""

    device: str
    host: str
    login: Login | None = None
    snmp: SnmpAccess | None = None
    alarm_key: Secret | None = None  # by which an alarm panel hides what it reports


def redact(url: str) -> str:
    """The address without a password in its path or query (XMeye: `/user=a_password=b_channel=1`)."""
    return _PASSWORD_IN_URL.sub(r"\1=***", url) if "=" in url else url
