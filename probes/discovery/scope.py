"""Where is looked, on which ports, and with which credentials?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType

from probes.discovery.ranges import Ranges
from probes.target import Login, SnmpAccess

MAX_PORTS = 16  # of one protocol

_NOBODY: Mapping[str, Own] = MappingProxyType({})


class BadPorts(ValueError):
    """Ports that cannot be read; `text` is what was given."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True)
class Ports:
    """Where each protocol is looked for. `snmp` empty: at the port of the credentials.

    `sia`: where alarm panels and their receivers listen (Bosch 7700, Paradox 10000, Texecom and Galaxy 10001, DSC
    3061, Satel 7094); only knocked at. `sdk`: Hikvision 8000 and Dahua 37777, hints of a maker; only knocked at.
    """

    http: tuple[int, ...] = (80, 8080, 8000, 8899, 2020)
    https: tuple[int, ...] = (443,)
    rtsp: tuple[int, ...] = (554, 8554)
    snmp: tuple[int, ...] = ()
    sia: tuple[int, ...] = (7700, 10000, 10001, 3061, 7094)
    sdk: tuple[int, ...] = (8000, 37777)
    wsd: tuple[int, ...] = (3702,)

    @property
    def first(self) -> tuple[int, ...]:
        """Where to knock to see whether anybody is there at all."""
        return tuple(dict.fromkeys((*self.http[:1], *self.https[:1], *self.rtsp[:1])))

    @property
    def rest(self) -> tuple[int, ...]:
        """Where else, once somebody is there."""
        known = dict.fromkeys((*self.http, *self.https, *self.rtsp, *self.sia, *self.sdk))
        return tuple(port for port in known if port not in self.first)


def parse_ports(texts: Iterable[str]) -> Ports:
    """The default ports, changed by `http=80,8080`, `rtsp=8554`, …; raises BadPorts."""
    ports = Ports()
    names = {one.name for one in fields(Ports)}
    for text in texts:
        name, equals, listed = text.partition("=")
        numbers = [part.strip() for part in listed.split(",") if part.strip()]
        good = all(one.isascii() and one.isdecimal() and len(one) < 6 and 0 < int(one) < 65_536 for one in numbers)
        if name.strip() not in names or not equals or not good or len(numbers) > MAX_PORTS:
            raise BadPorts(text[:100])
        ports = replace(ports, **{name.strip(): tuple(dict.fromkeys(map(int, numbers)))})
    return ports


@dataclass(frozen=True, slots=True)
class Access:
    """Credentials by their name in the site's file."""

    name: str
    login: Login | None = None
    snmp: SnmpAccess | None = None


@dataclass(frozen=True, slots=True)
class Own:
    """What a device that is configured already is asked with."""

    login: Access | None = None
    snmp: Access | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """One sweep. `login` goes to hosts that have none of their `own` (address -> credentials); so does `snmp`, in turn.

    Hosts in `withheld` are shown no login at all.
    `multicast`: also ask all of the networks of this machine by WS-Discovery.
    """

    ranges: Ranges
    ports: Ports = field(default_factory=Ports)
    login: Access | None = None
    snmp: tuple[Access, ...] = ()
    own: Mapping[str, Own] = field(default_factory=lambda: _NOBODY)
    multicast: bool = False
    withheld: frozenset[str] = frozenset()
