"""Which objects of the standard MIBs does a simulated device show, and as what?

SNMPv2-MIB (RFC 3418), IF-MIB (RFC 2863), POWER-ETHERNET-MIB (RFC 3621), UPS-MIB (RFC 1628), ENTITY-MIB (RFC 6933),
ENTITY-SENSOR-MIB (RFC 3433).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from probes.simulators.snmp.ber import Oid, counter32, counter64, gauge, integer, octets, oid, text, ticks

Objects = dict[Oid, bytes]

ENTERPRISES: Oid = (1, 3, 6, 1, 4, 1)
DOCUMENTATION: Oid = (*ENTERPRISES, 32473)  # the number that RFC 5612 keeps for examples: no maker's
_MIB_2: Oid = (1, 3, 6, 1, 2, 1)
_INTERFACE: Oid = (*_MIB_2, 2, 2, 1)
_EXTENDED: Oid = (*_MIB_2, 31, 1, 1, 1)
_POE: Oid = (*_MIB_2, 105, 1)
POE_ADMIN: Oid = (*_POE, 1, 1, 3)
_UPS: Oid = (*_MIB_2, 33, 1)
_ENTITY: Oid = (*_MIB_2, 47, 1, 1, 1, 1)
_BRIDGE: Oid = (*_MIB_2, 17)
_LLDP: Oid = (1, 0, 8802, 1, 1, 2, 1)
_SENSOR: Oid = (*_MIB_2, 99, 1, 1, 1)

TRUE, FALSE = 1, 2
UP, DOWN = 1, 2
_ETHERNET, _GIGABIT = 6, 1_000_000_000


def system(description: str, identity: Oid, name: str, place: str, uptime_seconds: float) -> Objects:
    """The system group; `identity` is sysObjectID."""
    values = (
        text(description), oid(identity), ticks(uptime_seconds), text("service desk"), text(name), text(place),
        integer(72),
    )  # fmt: skip
    return {(*_MIB_2, 1, at, 0): value for at, value in enumerate(values, 1)}


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface; `octets_in` and `octets_out` count since the start."""

    index: int
    name: str
    alias: str
    admin: bool
    oper: bool
    octets_in: int = 0
    octets_out: int = 0


def interfaces(rows: Sequence[Interface]) -> Objects:
    """Rows of ifTable and ifXTable."""
    objects: Objects = {(*_MIB_2, 2, 1, 0): integer(len(rows))}
    for row in rows:
        admin, oper = (UP if row.admin else DOWN), (UP if row.oper else DOWN)
        mac = bytes((2, 0, 0, 0, row.index >> 8, row.index & 0xFF))
        for column, value in (
            (1, integer(row.index)), (2, text(row.name)), (3, integer(_ETHERNET)), (4, integer(1500)),
            (5, gauge(_GIGABIT)), (6, octets(mac)), (7, integer(admin)), (8, integer(oper)), (9, ticks(0)),
            (10, counter32(row.octets_in)), (13, counter32(0)), (14, counter32(0)), (16, counter32(row.octets_out)),
            (19, counter32(0)), (20, counter32(0)),
        ):  # fmt: skip
            objects[(*_INTERFACE, column, row.index)] = value
        for column, value in (
            (1, text(row.name)), (6, counter64(row.octets_in)), (10, counter64(row.octets_out)),
            (15, gauge(_GIGABIT // 1_000_000)), (18, text(row.alias)),
        ):  # fmt: skip
            objects[(*_EXTENDED, column, row.index)] = value
    return objects


@dataclass(frozen=True, slots=True)
class Attached:
    """What a switch has learned behind one port. `name` empty: it speaks no LLDP."""

    port: int
    mac: bytes
    name: str = ""
    address: bytes = b""  # four octets, told by LLDP


def bridge(own: bytes, ports: Iterable[int], attached: Sequence[Attached]) -> Objects:
    """BRIDGE-MIB: its own address, its ports (each with the ifIndex of the same number), what it has learned."""
    objects: Objects = {(*_BRIDGE, 1, 1, 0): octets(own)}
    objects |= {(*_BRIDGE, 1, 4, 1, 2, port): integer(port) for port in ports}
    for one in attached:
        for column, value in ((1, octets(one.mac)), (2, integer(one.port)), (3, integer(3))):
            objects[(*_BRIDGE, 4, 3, 1, column, *one.mac)] = value
    return objects


def lldp(ports: Mapping[int, str], attached: Sequence[Attached]) -> Objects:
    """LLDP-MIB: the names of its ports, and the neighbours that speak LLDP with their management addresses."""
    objects: Objects = {}
    for port, name in ports.items():
        objects[(*_LLDP, 3, 7, 1, 2, port)] = integer(5)  # interfaceName
        objects[(*_LLDP, 3, 7, 1, 3, port)] = text(name)
    for number, one in enumerate((one for one in attached if one.name), 1):
        row = (0, one.port, number)
        for column, value in (
            (4, integer(4)),
            (5, octets(one.mac)),
            (6, integer(3)),
            (7, octets(one.mac)),
            (9, text(one.name)),
        ):
            objects[(*_LLDP, 4, 1, 1, column, *row)] = value
        if one.address:
            objects[(*_LLDP, 4, 2, 1, 3, *row, 1, 4, *one.address)] = integer(2)
    return objects


@dataclass(frozen=True, slots=True)
class PoePort:
    """One port that feeds. `detect`: 1 disabled, 2 searching, 3 delivering, 4 fault (pethPsePortDetectionStatus)."""

    number: int
    admin: bool
    detect: int


def poe(ports: Sequence[PoePort], *, budget_watts: int, used_watts: int) -> Objects:
    """Rows of pethPsePortTable and pethMainPseTable of one group, number 1."""
    objects: Objects = {}
    for port in ports:
        for column, value in (
            (3, integer(TRUE if port.admin else FALSE)), (4, integer(TRUE)), (5, integer(1)), (6, integer(port.detect)),
            (7, integer(3)), (8, counter32(0)), (9, text("")), (10, integer(4)), (11, counter32(0)), (12, counter32(0)),
            (13, counter32(0)), (14, counter32(0)),
        ):  # fmt: skip
            objects[(*_POE, 1, 1, column, 1, port.number)] = value
    for column, value in ((2, gauge(budget_watts)), (3, integer(1)), (4, gauge(used_watts)), (5, integer(80))):
        objects[(*_POE, 3, 1, 1, column, 1)] = value
    return objects


@dataclass(frozen=True, slots=True)
class UpsState:
    """Of a UPS. `battery`: 2 normal, 3 low, 4 depleted. `source`: 2 none, 3 normal, 5 battery. `alarms`: well-known."""

    battery: int
    source: int
    seconds_on_battery: int
    minutes_left: int
    charge_percent: int
    input_volts: int
    load_watts: int
    load_percent: int
    alarms: Sequence[int]


def ups(state: UpsState, *, maker: str, model: str, firmware: str) -> Objects:
    """UPS-MIB: identity, battery, input, output, alarms."""
    mains = state.input_volts > 0
    volts = 0 if state.source == 2 else 230  # nominal
    scalars: Mapping[Oid, bytes] = {
        (1, 1): text(maker), (1, 2): text(model), (1, 3): text(firmware), (1, 4): text(firmware), (1, 5): text("ups"),
        (2, 1): integer(state.battery), (2, 2): integer(state.seconds_on_battery), (2, 3): integer(state.minutes_left),
        (2, 4): integer(state.charge_percent), (2, 5): integer(480 + state.charge_percent // 2), (2, 6): integer(0),
        (2, 7): integer(27), (3, 1): counter32(0 if mains else 1), (3, 2): integer(1), (4, 1): integer(state.source),
        (4, 2): integer(500 if volts else 0), (4, 3): integer(1), (6, 1): gauge(len(state.alarms)),
    }  # fmt: skip
    objects: Objects = {(*_UPS, *name, 0): value for name, value in scalars.items()}
    for column, number in ((2, 500 if mains else 0), (3, state.input_volts)):
        objects[(*_UPS, 3, 3, 1, column, 1)] = integer(number)
    for column, number in ((2, volts), (4, state.load_watts), (5, state.load_percent)):
        objects[(*_UPS, 4, 4, 1, column, 1)] = integer(number)
    for row, alarm in enumerate(state.alarms, 1):
        objects[(*_UPS, 6, 2, 1, 2, row)] = oid((*_UPS, 6, 3, alarm))
        objects[(*_UPS, 6, 2, 1, 3, row)] = ticks(0)
    return objects


@dataclass(frozen=True, slots=True)
class Sensor:
    """One sensor. `kind`: 3 volts AC, 4 volts DC, 8 °C, 12 truth; `value` scaled by 10**-precision."""

    name: str
    description: str
    kind: int
    value: int
    precision: int = 0


def sensors(model: str, serial: str, firmware: str, rows: Iterable[Sensor]) -> Objects:
    """Rows of entPhysicalTable, with the chassis in row 1, and of entPhySensorTable."""
    objects = _entity(1, model, kind=3, name="chassis")
    objects |= {
        (*_ENTITY, 10, 1): text(firmware), (*_ENTITY, 11, 1): text(serial), (*_ENTITY, 13, 1): text(model),
    }  # fmt: skip
    for index, sensor in enumerate(rows, 2):
        objects |= _entity(index, sensor.description, kind=8, name=sensor.name)
        numbers = (sensor.kind, 9, sensor.precision, sensor.value, 1)
        for column, number in enumerate(numbers, 1):
            objects[(*_SENSOR, column, index)] = integer(number)
        objects[(*_SENSOR, 6, index)] = text("")
    return objects


def _entity(index: int, description: str, *, kind: int, name: str) -> Objects:
    """One row of entPhysicalTable; `kind`: 3 chassis, 8 sensor."""
    within = 0 if index == 1 else 1
    return {
        (*_ENTITY, 2, index): text(description), (*_ENTITY, 4, index): integer(within),
        (*_ENTITY, 5, index): integer(kind), (*_ENTITY, 7, index): text(name),
    }  # fmt: skip
