"""What stands at a simulated site, under which address, on which port of which switch, and who may log in?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

Kind = Literal["camera", "recorder", "panel", "switch", "ups"]

LOOPBACK = IPv4Network("127.0.0.0/8")

USERNAME, PASSWORD = "viewer", "Sim-4-Camera"  # a simulated site keeps no secret
DEFAULT_USERNAME, DEFAULT_PASSWORD = "admin", "Sim-0-Delivered"  # of cameras whose installer has changed nothing
COMMUNITY = "simulated-site"
ALARM_KEY = "00112233445566778899aabbccddeeff"  # of the panels that report, in hexadecimal
SNMP_USER, SNMP_AUTH, SNMP_PRIV = "sitewarden", "simulated-auth", "simulated-priv"

_FIRST = {"recorder": 16, "panel": 32, "switch": 48, "ups": 96}  # last byte of a kind's first address, in the first 256
_ROOM = {"recorder": 16, "panel": 16, "switch": 48, "ups": 16}
_FIRST_CAMERA = 257
_MAX_CAMERAS = 4_000

_PLACES = (
    "Gate 1", "Gate 2", "北门3号枪机", "Car park west", "Car park east", "停车场出口", "Lobby", "Reception",
    "电梯厅1层", "Loading bay 1", "Loading bay 2", "仓库A区", "Warehouse B", "Cold store", "机房", "Server room door",
    "Corridor 2F north", "二楼走廊南", "Fence south", "Fence east", "周界西侧球机", "Canteen", "Fire exit 4", "屋顶",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a site is, where it lies and which ports it uses. Addresses are loopback: `base` is x.y.0.0.

    `boot_seconds`: how long a device stays dark after its power is back. `runtime_seconds`: how long a full UPS lasts.
    `pretend`: what the cameras say of make and model, in turn: "Hikvision/DS-2CD2042WD-I, Dahua/IPC-HFW1230S".
    """

    base: str = "127.20.0.0"
    cameras: int = 24
    domes: int = 0  # of them, the last ones: they turn, and say by ONVIF where they look
    recorders: int = 2
    panels: int = 1
    switches: int = 2
    upses: int = 1
    rtsp_port: int = 8554
    http_port: int = 8000
    snmp_port: int = 1161
    films: int = 24  # different views; further cameras show the same again
    boot_seconds: float = 2.0
    runtime_seconds: float = 1_800.0
    pretend: str = ""
    receiver_port: int = 0  # of 127.0.0.1, where the panels report by SIA DC-09; 0: they only answer SNMP


@dataclass(frozen=True, slots=True)
class Blueprint:
    """One device. `number` counts its kind from 1.

    `parent` is the switch that a camera hangs on, `port` where ("1.7"), and `power` the device that feeds it.
    """

    name: str
    label: str
    kind: Kind
    number: int
    address: str
    parent: str | None = None
    port: str = ""
    power: str | None = None
    make: str = ""  # as it says, and so its model; empty: the simulator's own
    model: str = ""


def lay_out(shape: Shape) -> tuple[Blueprint, ...]:
    """The devices of a site, what feeds others first. Cameras are shared out evenly over the switches.

    Raises ValueError if they do not fit, or would lie outside 127.0.0.0/8.
    """
    base = IPv4Address(shape.base)
    if base not in LOOPBACK or base + _FIRST_CAMERA + shape.cameras not in LOOPBACK:
        raise ValueError(f"{shape.base} is no address of 127.0.0.0/8 with room behind it")
    if not 0 <= shape.cameras <= _MAX_CAMERAS:
        raise ValueError(f"{shape.cameras} cameras; at most {_MAX_CAMERAS} fit")
    return tuple(_devices(shape, base))


def _devices(shape: Shape, base: IPv4Address) -> Iterator[Blueprint]:
    ups = "ups-01" if shape.upses else None
    yield from _few("ups", shape.upses, base, "UPS", power=None)
    yield from _few("switch", shape.switches, base, "PoE switch", power=ups)
    yield from _few("recorder", shape.recorders, base, "Recorder", power=ups)
    yield from _few("panel", shape.panels, base, "Alarm panel", power=None)
    pretended = [one.strip().partition("/") for one in shape.pretend.split(",") if one.strip()] or [("", "", "")]
    a_switch = -(-shape.cameras // shape.switches) if shape.switches else 0
    width = max(2, len(str(shape.cameras)))
    for at in range(shape.cameras):
        parent = f"switch-{at // a_switch + 1:02d}" if a_switch else None
        make, _, model = pretended[at % len(pretended)]
        yield Blueprint(
            f"camera-{at + 1:0{width}d}",
            _PLACES[at] if at < len(_PLACES) else f"Camera {at + 1}",
            "camera",
            at + 1,
            str(base + _FIRST_CAMERA + at),
            parent,
            f"1.{at % a_switch + 1}" if parent else "",
            parent,
            make,
            model,
        )


def _few(kind: Kind, count: int, base: IPv4Address, label: str, *, power: str | None) -> Iterator[Blueprint]:
    if not 0 <= count <= _ROOM[kind]:
        raise ValueError(f"{count} of kind {kind}; at most {_ROOM[kind]} fit")
    for at in range(count):
        address = str(base + _FIRST[kind] + at)
        yield Blueprint(f"{kind}-{at + 1:02d}", f"{label} {at + 1}", kind, at + 1, address, power=power)
