"""How does a simulated PoE switch behave? Its ports feed cameras, search, fail, and can be switched over SNMP."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from ipaddress import IPv4Address

from probes.simulators.blueprint import Blueprint
from probes.simulators.device import WATTS, Device
from probes.simulators.snmp import ber, mib
from probes.simulators.snmp.ber import Oid
from probes.simulators.snmp.mib import DOCUMENTATION, POE_ADMIN, Attached, Interface, Objects, PoePort
from probes.simulators.snmp.pdu import Commit, Status

IDENTITY: Oid = (*DOCUMENTATION, 1, 1)

MODEL = "SW-P24G"

_DISABLED, _SEARCHING, _DELIVERING, _FAULT = 1, 2, 3, 4
_WATTS_A_CAMERA, _SPARE_WATTS = WATTS["camera"], 90
_CAMERA_OCTETS_A_SECOND = 30_000


class Switch(Device):
    """One switch. The site hangs its cameras on the ports, and is told by `settle` when a port was switched."""

    def __init__(self, blueprint: Blueprint, cameras: Sequence[Device], settle: Callable[[], None]) -> None:
        super().__init__(blueprint)
        self._cameras = {int(camera.blueprint.port.partition(".")[2]): camera for camera in cameras}
        self._disabled: set[int] = set()
        self._settle = settle
        self.others: tuple[Switch, ...] = ()  # switches behind its uplink; the site tells

    @property
    def mac(self) -> bytes:
        """Its bridge address."""
        return bytes((2, 0, 0, 2, self.blueprint.number >> 8, self.blueprint.number & 0xFF))

    def attached(self, port: int | None = None) -> list[Attached]:
        """What stands behind its ports, or all of that seen from afar behind `port`; every third camera has no LLDP."""
        found = []
        for at, camera in self._cameras.items():
            number = camera.blueprint.number
            mac = bytes((2, 0, 0, 1, number >> 8, number & 0xFF))
            tells = number % 3 != 0 and port is None
            address = IPv4Address(camera.blueprint.address).packed if tells else b""
            found.append(Attached(port or at, mac, camera.name if tells else "", address))
        return found

    @property
    def watts(self) -> int:
        """Its own, and what its ports deliver."""
        return super().watts + self._delivered if self.powers else 0

    @property
    def _delivered(self) -> int:
        return sum(_WATTS_A_CAMERA for port in self._cameras if self._detect(port) == _DELIVERING)

    def feeds(self, port: str) -> bool:
        """Is there power on that port ("1.7")?"""
        number = int(port.partition(".")[2])
        return number not in self._disabled and self.faults.get("poe_fault") != number

    def objects(self) -> Mapping[Oid, bytes]:
        """System, interfaces (the cameras' ports and an uplink) and power over Ethernet."""
        uptime = self.uptime_seconds
        mine = self.blueprint
        objects: Objects = mib.system(f"PoE switch {MODEL}, software 2.4.1", IDENTITY, mine.name, mine.label, uptime)
        objects |= mib.interfaces([*map(self._interface, self._cameras), self._uplink()])
        objects |= mib.poe(
            [PoePort(port, port not in self._disabled, self._detect(port)) for port in self._cameras],
            budget_watts=len(self._cameras) * _WATTS_A_CAMERA + _SPARE_WATTS,
            used_watts=self._delivered,
        )
        uplink = len(self._cameras) + 1
        seen = self.attached()
        for other in self.others:
            seen += [Attached(uplink, other.mac, other.name), *other.attached(uplink)]
        objects |= mib.bridge(self.mac, [*self._cameras, uplink], seen)
        names = {port: self._interface(port).name for port in self._cameras} | {uplink: self._uplink().name}
        objects |= mib.lldp(names, seen)
        return objects

    def prepare(self, name: Oid, tag: int, content: bytes) -> Status | Commit:
        """Only pethPsePortAdminEnable can be set, to true or false."""
        port = name[-1]
        if name[:-2] != POE_ADMIN or name[-2] != 1 or port not in self._cameras:
            return Status.NOT_WRITABLE
        if tag != ber.INTEGER:
            return Status.WRONG_TYPE
        value = ber.decode_integer(content)
        if value not in (mib.TRUE, mib.FALSE):
            return Status.WRONG_VALUE
        return partial(self._switch_port, port, value == mib.TRUE)

    def state(self) -> dict[str, object]:
        """As of every device, and the ports that were switched off."""
        return super().state() | {"disabled_ports": sorted(self._disabled)}

    def _switch_port(self, port: int, on: bool) -> None:
        (self._disabled.discard if on else self._disabled.add)(port)
        self.changed()
        self._settle()

    def _detect(self, port: int) -> int:
        if port in self._disabled:
            return _DISABLED
        if self.faults.get("poe_fault") == port:
            return _FAULT
        return _DELIVERING if self._cameras[port].powers else _SEARCHING

    def _interface(self, port: int) -> Interface:
        camera = self._cameras[port]
        octets = int(self.uptime_seconds) * _CAMERA_OCTETS_A_SECOND
        return Interface(port, f"GigabitEthernet1/0/{port}", camera.blueprint.label, True, not camera.dark, octets)

    def _uplink(self) -> Interface:
        total = int(self.uptime_seconds) * _CAMERA_OCTETS_A_SECOND * len(self._cameras)
        port = len(self._cameras) + 1
        return Interface(port, f"TenGigabitEthernet1/0/{port}", "uplink", True, True, 0, total)
