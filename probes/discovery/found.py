"""What was found at one address, and in all of a sweep?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FoundKind = Literal["camera", "recorder", "panel", "switch", "ups", "gateway", "server", "sensor", ""]

ReasonCode = Literal[
    "isapi", "snmp_profile", "model", "onvif", "onvif_says", "onvif_sources", "sysdescr", "page", "rtsp", "sia",
    "maker", "maker_profile", "unfinished",
]  # fmt: skip

MAX_TEXT = 120  # characters of any text that a device has a say in
MAX_STREAMS = 8
MAX_EVIDENCE = 12


@dataclass(frozen=True, slots=True)
class Reason:
    """What a guess stands on: a code, and the device's own word or number that goes with it."""

    code: ReasonCode
    what: str = ""
    profile: str = ""  # that it led to


@dataclass(frozen=True, slots=True)
class StreamSeen:
    """One stream: its RTSP path on `port`, codec in lower case (of RTSP, else of ONVIF; empty: not told), pixels."""

    path: str
    port: int
    tls: bool = False
    name: str = ""
    codec: str = ""
    width: int = 0
    height: int = 0
    confirmed: bool = False  # the device described it over RTSP
    secret: bool = False  # its path holds a password, which is not shown


@dataclass(frozen=True, slots=True)
class Refusal:
    """A login that the host refused; after it the host was asked nothing more that wants one."""

    protocol: str
    credentials: str  # their name
    detail: str


@dataclass(frozen=True, slots=True)
class Found:
    """One host. Empty texts and zeros: not known. `evidence` says what each guess stands on.

    `login` and `snmp` name the credentials that the device took; `wants_login`: it asks for one and none was tried.
    """

    host: str
    kind: FoundKind = ""
    vendor: str = ""
    model: str = ""
    serial: str = ""
    mac: str = ""  # 00:11:22:aa:bb:cc
    firmware: str = ""
    name: str = ""
    profile: str = ""  # of its family: by SNMP, else by make and model
    worth: tuple[str, ...] = ()  # the checks that make sense for that family, as its profile says
    pings: bool = False
    http_port: int = 0
    http_ok: bool = False  # its front page there needs no login
    https_port: int = 0
    rtsp_port: int = 0
    snmp_port: int = 0
    onvif_port: int = 0
    onvif_path: str = ""
    onvif_tls: bool = False
    sia_port: int = 0
    login: str = ""
    snmp: str = ""
    wants_login: bool = False
    streams: tuple[StreamSeen, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    evidence: tuple[Reason, ...] = ()

    @property
    def offers(self) -> tuple[str, ...]:
        """What it speaks, with ports: `http 80`, `rtsp 554` and so on."""
        known = {
            "http": self.http_port, "https": self.https_port, "rtsp": self.rtsp_port, "onvif": self.onvif_port,
            "snmp": self.snmp_port, "sia": self.sia_port,
        }  # fmt: skip
        return tuple(f"{name} {port}" for name, port in known.items() if port)

    @property
    def tcp_port(self) -> int:
        """A TCP port that is open, 0 if none is known."""
        return self.http_port or self.rtsp_port or self.https_port or self.onvif_port or self.sia_port


@dataclass(frozen=True, slots=True)
class Report:
    """One sweep: how many addresses were asked and how many answered anything; `found` are those that offer something.

    `unpinged`: why no echo requests were sent, empty if they were. `strangers` answered WS-Discovery's multicast from
    outside the ranges and were asked nothing. `cut`: so many more than MAX_FOUND were left out.
    """

    asked: int
    answered: int
    found: tuple[Found, ...]
    seconds: float
    unpinged: str = ""
    strangers: tuple[str, ...] = ()
    cut: int = 0
