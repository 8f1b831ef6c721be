"""Where does a camera look that turns, does it move, and which presets does it have?

ONVIF PTZ Service Specification (GetStatus, GetPresets).
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from probes.errors import Denied, NoAnswer, Unsupported
from probes.onvif.client import Client
from probes.onvif.look import ServiceOptions
from probes.onvif.memory import Memory
from probes.onvif.soap import PTZ, Call
from probes.onvif.xml import MAX_TEXT, Node
from probes.target import Target
from probes.tools import Tools, trace

ASK_SECONDS: Final = 1.5  # for one call; the picture must still come within the look's time
REFUSED_SECONDS: Final = 3_600.0  # until a device that would not say is asked again
MAX_PRESETS: Final = 256
MAX_NAME: Final = 64  # characters; ONVIF's Name
NEAR: Final = 0.004  # of the range -1 to 1: domes come back to a preset more exactly than that
NEAR_ZOOM: Final = 0.01  # of the range 0 to 1
LARGEST: Final = 1e6  # some firmware counts in hundredths of a degree, or in steps of its motor


@dataclass(frozen=True, slots=True)
class Position:
    """Pan and tilt as the device counts them (mostly -1 to 1), zoom (mostly 0 to 1)."""

    pan: float
    tilt: float
    zoom: float

    def near(self, other: Position) -> bool:
        """The same place, as exactly as a motor comes back to it."""
        turn = abs(self.pan - other.pan)
        if max(abs(self.pan), abs(other.pan)) <= 1:
            turn = min(turn, 2 - turn)  # -1 and 1 are the same direction
        return (
            turn <= _room(self.pan, other.pan, NEAR)
            and abs(self.tilt - other.tilt) <= _room(self.tilt, other.tilt, NEAR)
            and abs(self.zoom - other.zoom) <= _room(self.zoom, other.zoom, NEAR_ZOOM)
        )

    def __str__(self) -> str:
        return f"{self.pan:.3f} {self.tilt:.3f} {self.zoom:.3f}"

    @classmethod
    def read(cls, text: str) -> Position | None:
        """The position that `str` wrote, None for anything else."""
        try:
            pan, tilt, zoom = map(float, text.split(" "))
        except ValueError:
            return None
        return cls(pan, tilt, zoom) if max(map(abs, (pan, tilt, zoom))) <= LARGEST else None


@dataclass(frozen=True, slots=True)
class Status:
    """Where it looks, None if it does not say; `moving`: it says that it turns or zooms now."""

    position: Position | None
    moving: bool


@dataclass(frozen=True, slots=True)
class Preset:
    """A place with a name; many devices do not say where it is."""

    token: str
    name: str
    position: Position | None


def says_where(tools: Tools, target: Target, options: ServiceOptions) -> bool | None:
    """Is it a camera that turns, as far as is known without asking? None: nothing is known of it yet."""
    known = tools.get(Memory).find(target, options.service_port)
    if known is None:
        return None
    return bool(known.ptz and known.ptz_profile) and tools.now() >= known.ptz_refused_until


async def read_status(tools: Tools, target: Target, options: ServiceOptions) -> Status:
    """One GetStatus, within `ASK_SECONDS`.

    Raises Unsupported where the device does not say, or not to this user: it is not asked again for an hour.
    Otherwise what `Client.call` raises.
    """
    said = (await _ask(tools, target, options, "GetStatus")).find("PTZStatus")
    if said is None:
        return Status(None, moving=False)
    moves = [said.read("MoveStatus", name).upper() for name in ("PanTilt", "Zoom")]
    return Status(_position(said.find("Position")), moving="MOVING" in moves)


async def read_presets(tools: Tools, target: Target, options: ServiceOptions) -> tuple[Preset, ...]:
    """Its presets, at most 256; raises as `read_status` does, save that a device without presets has none."""
    response = await _ask(tools, target, options, "GetPresets", may_refuse=True)
    found = []
    for node in response.all("Preset")[:MAX_PRESETS]:
        token = node.attributes.get("token", "").strip()[:MAX_TEXT]
        name = " ".join(node.read("Name").split())[:MAX_NAME]
        if token:
            found.append(Preset(token, name, _position(node.find("PTZPosition"))))
    return tuple(found)


async def _ask(tools: Tools, target: Target, options: ServiceOptions, name: str, *, may_refuse: bool = False) -> Node:
    memory = tools.get(Memory)
    known = memory.find(target, options.service_port)
    if known is None:
        raise NoAnswer(f"{name}: nothing is known of its services yet")
    call = Call(PTZ, name, f"<ProfileToken>{escape(known.ptz_profile)}</ProfileToken>")
    try:
        async with asyncio.timeout(ASK_SECONDS), memory.lock(target, options.service_port):
            known.accepted = False  # a refusal speaks of the password until something was answered
            return await Client(tools, target, known).call(known.ptz, call)
    except TimeoutError:
        raise NoAnswer(f"{name}: no answer within {ASK_SECONDS:g} s") from None
    except (Denied, Unsupported) as refusal:  # a wrong password is tried once an hour, not with every picture
        trace("%s: %s", name, refusal)
        if not may_refuse or isinstance(refusal, Denied):
            known.ptz_refused_until = tools.now() + REFUSED_SECONDS
        raise Unsupported(f"{name}: the device does not say ({refusal})") from None


def _position(node: Node | None) -> Position | None:
    """The position in this element; None where it holds none, or none that can be."""
    turn = None if node is None else node.find("PanTilt")
    zoom = None if node is None else node.find("Zoom")
    if turn is None:
        return None
    pan, tilt = _figure(turn, "x"), _figure(turn, "y")
    far = 0.0 if zoom is None else _figure(zoom, "x")
    return None if pan is None or tilt is None or far is None else Position(pan, tilt, far)


def _figure(node: Node, name: str) -> float | None:
    try:
        figure = float(node.attributes.get(name, "")[:32])
    except ValueError:
        return None
    return figure if math.isfinite(figure) and abs(figure) <= LARGEST else None


def _room(one: float, other: float, share: float) -> float:
    """Where a device counts in larger numbers, its motor is as exact as their size."""
    return share * max(1.0, abs(one), abs(other))
