"""What does a device say over ONVIF: who it is, its MAC address, its profiles and where their streams are?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from probes.bounds import line
from probes.discovery.found import MAX_STREAMS, MAX_TEXT, StreamSeen
from probes.discovery.matches import Match, Service, read_scope
from probes.discovery.neighbours import tidy_mac
from probes.discovery.patience import denied, hear
from probes.discovery.ration import Ration
from probes.errors import Denied, Trouble
from probes.observation import Values
from probes.onvif.client import Client
from probes.onvif.clock import read_clock
from probes.onvif.inventory import find_media, read_identity, read_profiles, read_uri
from probes.onvif.memory import Known
from probes.onvif.soap import DEVICE, MEDIA, MEDIA2, Call
from probes.target import Target
from probes.tools import Tools
from probes.web import address

CALL_SECONDS: Final = 4.0

_FAULT: Final = ": fault "  # as probes.onvif.soap tells a SOAP fault
_CLOCK: Final = Call(DEVICE, "GetSystemDateAndTime")


@dataclass(slots=True)
class Told:
    """What one device service told. `sources`: how many pictures it has, 0 if it did not say."""

    service: Service
    identity: tuple[str, str, str, str] = ("", "", "", "")  # vendor, model, firmware, serial
    mac: str = ""
    scopes: tuple[str, ...] = ()
    sources: int = 0
    streams: tuple[StreamSeen, ...] = ()
    wants_login: bool = False


async def find_service(
    host: str, candidates: list[Service], tools: Tools, *, likely: bool
) -> tuple[Service, Known, bool] | None:
    """The first of these addresses that speaks ONVIF, what was learned of its clock, and whether it told its clock.

    Nothing secret is sent. Some ask for a login even for their clock: by a SOAP fault, which only ONVIF sends, or by a
    bare HTTP 401, as any web server may; that counts where something else makes a camera `likely`.
    """
    for service in candidates:
        known = Known()
        client = Client(tools, Target(host, host), known)
        asked_at = tools.now()
        answer = await hear(client.call_clock(_url(host, service), _CLOCK), CALL_SECONDS)
        if isinstance(answer, Denied) and (likely or _FAULT in str(answer)):
            return service, known, False
        if isinstance(answer, Trouble):
            continue
        clock = await hear(_at_once(answer, tools.now()), 1.0)
        if not isinstance(clock, Trouble):
            known.ahead_seconds = clock - (asked_at + tools.now()) / 2
        return service, known, True
    return None


async def _at_once(answer: object, near: float) -> float:
    """Seconds since the epoch on the device's clock. Raises Garbled."""
    return float(read_clock(answer, near).seconds)  # type: ignore[arg-type]


async def ask_service(
    host: str, served: tuple[Service, Known, bool], match: Match | None, ration: Ration, tools: Tools
) -> Told:
    """Everything that the login, or none, may see. The login goes first to GetDeviceInformation; a refusal ends it."""
    service, known, told_clock = served
    told = Told(service, scopes=match.scopes if match else ())
    client = Client(tools, Target(host, host, ration.login), known)
    url = _url(host, service)
    if not told_clock:  # its refusal tells the time by which a login must be signed
        clock = await hear(client.call_clock(url, _CLOCK), CALL_SECONDS) if ration.login else None
        if isinstance(clock, Denied):
            ration.refuse("onvif", str(clock))
        if clock is None or isinstance(clock, Trouble):
            told.wants_login = ration.login is None and not ration.refusals
            return told
    identity = await hear(read_identity(client, url), CALL_SECONDS)
    if isinstance(identity, Denied):
        ration.refuse("onvif", str(identity))
        return told
    if isinstance(identity, Trouble):
        told.wants_login = ration.login is None
        return told
    told.identity = (identity[0], identity[1], identity[2], identity[3])
    if known.accepted:
        ration.accept()
    for step in (_read_mac, _take_scopes, _read_media):
        if denied(await hear(step(client, url, told), CALL_SECONDS * 2)):
            ration.refuse("onvif", "refused after it had been taken")
            break
    told.streams = _streams(known)
    return told


async def _read_mac(client: Client, url: str, told: Told) -> None:
    response = await client.call(url, Call(DEVICE, "GetNetworkInterfaces"))
    for interface in response.all("NetworkInterfaces"):
        if mac := tidy_mac(interface.read("Info", "HwAddress")):
            told.mac = mac
            return


async def _take_scopes(client: Client, url: str, told: Told) -> None:
    if told.scopes:
        return
    response = await client.call(url, Call(DEVICE, "GetScopes"))
    items = [read_scope(one.read("ScopeItem")) for one in response.all("Scopes")[:64]]
    told.scopes = tuple(dict.fromkeys(one for one in items if one))


async def _read_media(client: Client, url: str, told: Told) -> None:
    await find_media(client, url)
    await read_profiles(client)
    if client.known.media:
        service = MEDIA2 if client.known.media2 else MEDIA
        answer = await hear(client.call(client.known.media, Call(service, "GetVideoSources")), CALL_SECONDS)
        told.sources = 0 if isinstance(answer, Trouble) else len(answer.all("VideoSources"))
    for token in list(client.known.rows.get("profile", {}))[:MAX_STREAMS]:
        if refusal := denied(await hear(read_uri(client, url, "stream", token), CALL_SECONDS)):
            raise refusal


def _streams(known: Known) -> tuple[StreamSeen, ...]:
    found = [_stream(row, known) for row in list(known.rows.get("profile", {}).values())[:MAX_STREAMS]]
    return tuple(one for one in found if one)


def _stream(row: Values, known: Known) -> StreamSeen | None:
    """One profile with its address; the host in it was replaced by ours already."""
    uri = str(row.get("stream_uri", ""))
    if not uri:
        return None
    parts = urlsplit(uri)
    tls = parts.scheme == "rtsps"
    return StreamSeen(
        parts.path + (f"?{parts.query}" if parts.query else ""),
        parts.port or (322 if tls else 554),
        tls,
        line(str(row.get("name", "")), MAX_TEXT),
        str(row.get("encoding", "")).lower(),
        int(row.get("width", 0)),
        int(row.get("height", 0)),
        secret=uri in known.secret_uris,
    )


def _url(host: str, service: Service) -> str:
    return address(host, service.port, service.path, tls=service.tls)
