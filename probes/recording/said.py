"""What does a recorded device say of itself: make, model, web pages, and so its kind and profile?"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from probes.bounds import line
from probes.discovery import isapi
from probes.discovery.device_service import Told
from probes.discovery.found import MAX_TEXT
from probes.discovery.front import Front, title
from probes.discovery.identity import Said
from probes.discovery.matches import Service, read_scope
from probes.errors import Trouble
from probes.onvif.soap import DEVICE, MEDIA, Call, read
from probes.onvif.xml import Node
from probes.recording.folder import HttpAnswer, Recording

HTTP_PORT: Final = 80  # a recording keeps none
RTSP_PORT: Final = 554
_WORDS: Final = ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber")


def hear(recording: Recording) -> Said:
    """As discovery would have heard it. What is malformed was not said."""
    said = Said("")
    said.told = _read_onvif(recording)
    said.fronts = tuple(
        Front(HTTP_PORT, False, line(one.server, MAX_TEXT), title(one.body), "", one.status)
        for one in recording.http
        if one.path == "/" and not one.operation
    )[:1]
    for one in recording.http:
        if one.path == isapi.PATH and one.status == 200:
            with suppress(Trouble):
                said.info = isapi.read(one.body)
    if recording.rtsp:
        said.rtsp[RTSP_PORT] = recording.rtsp[0].server
    return said


def _read_onvif(recording: Recording) -> Told | None:
    identity = _find(recording, DEVICE, "GetDeviceInformation")
    if identity is None and _find(recording, DEVICE, "GetSystemDateAndTime") is None:
        return None
    told = Told(Service(HTTP_PORT, "", tls=False))
    if identity is not None:
        vendor, model, firmware, serial = (line(identity.read(word), MAX_TEXT) for word in _WORDS)
        told.identity = vendor, model, firmware, serial
    if scopes := _find(recording, DEVICE, "GetScopes"):
        told.scopes = tuple(filter(None, (read_scope(one.read("ScopeItem")) for one in scopes.all("Scopes")[:64])))
    if sources := _find(recording, MEDIA, "GetVideoSources"):
        told.sources = len(sources.all("VideoSources"))
    return told


def _find(recording: Recording, service: str, operation: str) -> Node | None:
    answers: list[HttpAnswer] = [one for one in recording.http if one.operation == operation]
    for one in answers:
        with suppress(Trouble):
            return read(Call(service, operation), one.status, one.body)
    return None
