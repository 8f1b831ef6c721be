"""What does a simulated dome answer when it is asked where it looks, or told to turn? ONVIF PTZ."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from probes.simulators.camera import Camera
from probes.simulators.gate import Verdict
from probes.simulators.onvif import PTZ, Fields, Reply, admit, fault, is_profile, reply
from probes.simulators.turret import PRESETS, Aim, Turret

_SPACES: Final = "http://www.onvif.org/ver10/tptz"


def answer(camera: Camera, body: bytes, digest: Callable[[], Verdict]) -> Reply:
    """The reply to a SOAP request; see `onvif.answer`."""
    call = admit(camera, body, digest, _OPERATIONS.keys())
    if isinstance(call, Reply):
        return call
    turret = camera.turret
    if turret is None or not is_profile(call.fields.get("ProfileToken", "")):
        return fault(400, "s:Sender", "ter:NoProfile", "no such profile")
    if call.operation == "GetStatus" and "ptz_refused" in camera.faults:
        return fault(500, "s:Receiver", "ter:NoStatus", "the position is not available")
    try:
        return reply("tptz", call.operation, _OPERATIONS[call.namespace, call.operation](camera, turret, call.fields))
    except KeyError:
        return fault(400, "s:Sender", "ter:NoToken", "no such preset")


def _status(camera: Camera, turret: Turret, fields: Fields) -> str:
    moves = "MOVING" if turret.moving else "IDLE"
    now = datetime.fromtimestamp(camera.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f"<tptz:PTZStatus><tt:Position>{_place(turret.aim())}</tt:Position><tt:MoveStatus><tt:PanTilt>{moves}"
        f"</tt:PanTilt><tt:Zoom>{moves}</tt:Zoom></tt:MoveStatus><tt:UtcTime>{now}</tt:UtcTime></tptz:PTZStatus>"
    )


def _presets(camera: Camera, turret: Turret, fields: Fields) -> str:
    def place(aim: Aim) -> str:
        return "" if "ptz_vague" in camera.faults else f"<tt:PTZPosition>{_place(aim)}</tt:PTZPosition>"

    return "".join(
        f"<tptz:Preset token={quoteattr(token)}><tt:Name>{escape(name)}</tt:Name>{place(aim)}</tptz:Preset>"
        for token, (name, aim) in PRESETS.items()
    )


def _go(camera: Camera, turret: Turret, fields: Fields) -> str:
    turret.go(PRESETS[fields["PresetToken"]][1])
    return ""


def _place(aim: Aim) -> str:
    return (
        f'<tt:PanTilt x="{aim.pan:.4f}" y="{aim.tilt:.4f}" space="{_SPACES}/PanTiltSpaces/PositionGenericSpace"/>'
        f'<tt:Zoom x="{aim.zoom:.4f}" space="{_SPACES}/ZoomSpaces/PositionGenericSpace"/>'
    )


_OPERATIONS: Final[dict[tuple[str, str], Callable[[Camera, Turret, Fields], str]]] = {
    (PTZ, "GetStatus"): _status,
    (PTZ, "GetPresets"): _presets,
    (PTZ, "GotoPreset"): _go,
}
