"""What is this device, and where do its pictures come from? It rarely changes, so it is asked for now and then.

ONVIF Device Management (GetDeviceInformation, GetServices, GetCapabilities) and Media, Media2 (profiles, URIs).
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from probes.errors import Denied, Garbled, Trouble, Unsupported
from probes.observation import NO_ROWS, Value, Values
from probes.onvif.addresses import parse_address, port_of, rehost
from probes.onvif.client import Client
from probes.onvif.memory import Known
from probes.onvif.settings import read_dhcp, read_scopes, read_users
from probes.onvif.soap import DEVICE, EVENTS, MEDIA, MEDIA2, PTZ, Call
from probes.onvif.xml import Node
from probes.target import redact
from probes.tools import trace

MAX_PROFILES: Final = 64
MAX_INTERFACES: Final = 8
MAX_TOKEN: Final = 64  # characters; ONVIF's ReferenceToken
RETRY_SECONDS: Final = 600.0  # until an inventory with gaps is taken anew

_HTTP: Final = frozenset({"http", "https"})
_RTSP: Final = frozenset({"rtsp", "rtsps"})
_SCHEMA: Final = "http://www.onvif.org/ver10/schema"
_UNICAST: Final = (
    f'<StreamSetup><Stream xmlns="{_SCHEMA}">RTP-Unicast</Stream>'
    f'<Transport xmlns="{_SCHEMA}"><Protocol>RTSP</Protocol></Transport></StreamSetup>'
)
_MAC: Final = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]?){5}[0-9A-Fa-f]{2}")
_IDENTITY: Final = ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber", "HardwareId")
_STEPS: Final = ("identity", "services", "profiles", "mac", "hostname", "scopes", "users")
_BARRED_FOR: Final = 24  # inventories: a user who may not see the list of users may not see it an hour later either
_CALL_GAPS: Final = (Trouble, OSError)


async def take_inventory(client: Client, url: str, every_seconds: float, now: float, patience_seconds: float) -> None:
    """Ask on from where the last look stopped, for at most `patience_seconds`, if an inventory is due.

    What cannot be had is left out until the next one. `url` is the device service. Raises Denied.
    """
    known = client.known
    if known.todo is None:
        if now < known.inventory_at:
            return
        known.todo = deque((step, "") for step in _STEPS)
        known.trouble = ""
    known.accepted = False  # between two looks somebody may have changed the password
    try:
        async with asyncio.timeout(patience_seconds):
            while known.todo:
                await _take_step(client, url, *known.todo.popleft())
    except TimeoutError:
        known.trouble = "slow: the inventory takes several looks"
        if known.todo:
            return
    except Denied:
        known.todo, known.inventory_at = None, 0.0
        raise
    known.todo = None
    known.inventory_at = now + (min(every_seconds, RETRY_SECONDS) if known.trouble else every_seconds)


async def _take_step(client: Client, url: str, step: str, token: str) -> None:
    known = client.known
    try:
        match step:
            case "identity":
                known.identity = await read_identity(client, url)
            case "mac":
                known.mac, known.dhcp = await read_network(client, url)
            case "hostname":
                known.hostname = await read_hostname(client, url)
            case "scopes":
                known.scopes = await read_scopes(client, url)
            case "users" if known.barred:
                known.barred -= 1
            case "users":
                known.users, known.administrators = await read_users(client, url)
            case "services":
                await find_media(client, url)
            case "profiles":
                await read_profiles(client)
                assert known.todo is not None
                uris = [(kind, one) for one in known.rows.get("profile", {}) for kind in ("stream", "snapshot")]
                known.todo.extendleft(reversed(uris))
            case _:
                await read_uri(client, url, step, token)
    except Denied as denied:
        if step == "identity":
            raise
        await _tell_apart(client, url, denied)
        _bar(known, step)
        trace("%s: not for this user", step)
    except Unsupported as trouble:  # it will not learn to within the hour
        _bar(known, step)
        trace("%s: %s", step, trouble)
    except _CALL_GAPS as trouble:
        trace("%s: %s", step, trouble)
        known.trouble = f"{step}: {trouble}"[:120]


def _bar(known: Known, step: str) -> None:
    """Some firmware counts a call that is not allowed as a wrong password: it is not made again soon."""
    if step == "users":
        known.barred, known.users, known.administrators = _BARRED_FOR, "", ""


async def _tell_apart(client: Client, url: str, denied: Denied) -> None:
    """The first call of a look was refused: is it the password, or may this user not do that? Raises `denied`."""
    try:
        await read_identity(client, url)
    except _CALL_GAPS:
        raise denied from None


async def read_identity(client: Client, url: str) -> tuple[str, str, str, str, str]:
    """Vendor, model, firmware, serial number, hardware; empty where it does not say."""
    response = await client.call(url, Call(DEVICE, "GetDeviceInformation"))
    vendor, model, firmware, serial, hardware = (_line(response.read(name)) for name in _IDENTITY)
    return vendor, model, firmware, serial, hardware


async def read_network(client: Client, url: str) -> tuple[str, str]:
    """The MAC address of its first interface that is on, as 02:00:00:01:00:07, and whether it uses DHCP ("on", "off").

    Both empty where it names none.
    """
    response = await client.call(url, Call(DEVICE, "GetNetworkInterfaces"))
    interfaces = response.all("NetworkInterfaces")[:MAX_INTERFACES]
    for node in sorted(interfaces, key=lambda one: one.read("Enabled").lower() not in {"true", "1"}):
        said = node.read("Info", "HwAddress")
        digits = said.replace(":", "").replace("-", "").lower()
        if _MAC.fullmatch(said) and digits.strip("0"):
            return ":".join(digits[at : at + 2] for at in range(0, 12, 2)), read_dhcp(node)
    return "", ""


async def read_hostname(client: Client, url: str) -> str:
    """How it calls itself in the network; empty where that is given by DHCP, and so no setting of its own."""
    response = await client.call(url, Call(DEVICE, "GetHostname"))
    if response.read("HostnameInformation", "FromDHCP").lower() in {"true", "1"}:
        return ""
    return _line(response.read("HostnameInformation", "Name"))[:MAX_TOKEN]


async def read_services(client: Client, url: str) -> dict[str, str]:
    """Namespace of each service that it names -> the address where it believes to serve it."""
    try:
        response = await client.call(url, Call(DEVICE, "GetServices", "<IncludeCapability>false</IncludeCapability>"))
        return {one.read("Namespace"): one.read("XAddr") for one in response.all("Service")}
    except (Unsupported, Garbled) as trouble:  # older than ONVIF 2.0
        trace("%s", trouble)
    response = await client.call(url, Call(DEVICE, "GetCapabilities", "<Category>All</Category>"))
    names = {DEVICE: "Device", MEDIA: "Media", EVENTS: "Events", PTZ: "PTZ"}
    return {service: response.read("Capabilities", name, "XAddr") for service, name in names.items()}


async def find_media(client: Client, url: str) -> None:
    """Learn where its media service is; version 1 is preferred, for every device with video has it.

    Raises Unsupported if it names none.
    """
    services = await read_services(client, url)
    known, ours = client.known, urlsplit(url)
    device = parse_address(services.get(DEVICE, ""), _HTTP)
    known.media2 = not services.get(MEDIA) and bool(services.get(MEDIA2))
    media = parse_address(services.get(MEDIA2 if known.media2 else MEDIA, ""), _HTTP)
    if media is None:
        raise Unsupported("it names no media service")
    known.theirs = port_of(device or media)
    known.media = rehost(media, client.target.host, ours=ours, theirs=known.theirs)
    ptz = parse_address(services.get(PTZ, ""), _HTTP)
    known.ptz = "" if ptz is None else rehost(ptz, client.target.host, ours=ours, theirs=known.theirs)


async def read_profiles(client: Client) -> None:
    """Learn its profiles; the URIs of those known before are kept until they are asked for anew."""
    known = client.known
    if not known.media:
        return
    arguments = ""
    if known.media2:
        arguments = "<Type>VideoEncoder</Type>" + ("<Type>PTZ</Type>" if known.ptz else "")
    response = await client.call(known.media, Call(_media(client), "GetProfiles", arguments))
    before = known.rows.get("profile", {})
    rows: dict[str, Values] = {}
    known.ptz_profile = ""
    for node in response.all("Profiles")[:MAX_PROFILES]:
        token = node.attributes.get("token", "").strip()
        if token and len(token) <= MAX_TOKEN:
            token = _share(token)
            uris = {name: uri for name, uri in before.get(token, {}).items() if name.endswith("_uri")}
            rows[token] = {**_profile(node), **uris}
            turns = node.find("PTZConfiguration") or node.find("Configurations", "PTZ")
            known.ptz_profile = known.ptz_profile or (token if turns is not None else "")
    known.rows = {"profile": rows} if rows else NO_ROWS


async def read_uri(client: Client, url: str, kind: str, token: str) -> str:
    """Learn the address of a profile's "stream" or "snapshot" on our host; what is given back may hold a secret.

    Raises Unsupported if the device gives none that can be used.
    """
    known = client.known
    name = f"Get{kind.capitalize()}Uri"
    setup = "" if kind == "snapshot" else "<Protocol>RtspUnicast</Protocol>" if known.media2 else _UNICAST
    call = Call(_media(client), name, f"{setup}<ProfileToken>{escape(token)}</ProfileToken>")
    response = await client.call(known.media, call)
    said = response.read("Uri") or response.read("MediaUri", "Uri")
    parts = parse_address(said, _HTTP if kind == "snapshot" else _RTSP)
    if parts is None:
        raise Unsupported(f"{name}: no usable address")
    uri = rehost(parts, client.target.host, ours=urlsplit(url), theirs=known.theirs)
    shown = redact(uri)
    profiles = known.rows.get("profile", {})
    profiles = {**profiles, token: {**profiles.get(token, {}), f"{kind}_uri": shown}}
    known.rows = {"profile": profiles}
    if shown != uri:
        in_use = {value for row in profiles.values() for value in row.values()}
        kept = {one: real for one, real in known.secret_uris.items() if one in in_use}
        known.secret_uris = {**kept, shown: uri}
    return uri


def _media(client: Client) -> str:
    return MEDIA2 if client.known.media2 else MEDIA


def _profile(node: Node) -> dict[str, Value]:
    """Name, encoding, width and height in pixels, fps, kbps; what is missing or absurd is left out."""
    found: dict[str, Value] = {"name": _line(node.read("Name"))[:MAX_TOKEN]}
    encoder = node.find("VideoEncoderConfiguration") or node.find("Configurations", "VideoEncoder")
    if encoder is None:
        return found
    encoding = encoder.read("Encoding").upper()
    if encoding.isalnum() and len(encoding) <= 16:
        found["encoding"] = _share(encoding)
    width, height = (_figure(encoder.read("Resolution", name)) for name in ("Width", "Height"))
    if width and height:
        found["width"], found["height"] = int(width), int(height)
    fps = _figure(encoder.read("RateControl", "FrameRateLimit"))
    if fps:
        found["fps"] = fps
    kbps = _figure(encoder.read("RateControl", "BitrateLimit"))
    if kbps:
        found["kbps"] = int(kbps)
    return found


def _figure(text: str) -> float:
    """A number from 0 to 1,000,000; 0 where it is none."""
    try:
        figure = float(text[:20])
    except ValueError:
        return 0.0
    return figure if 0 < figure < 1_000_000 else 0.0


def _line(text: str) -> str:
    return _share(" ".join(text.split()))


@lru_cache(maxsize=8_192)
def _share(text: str) -> str:
    """The same text, in one copy for all cameras of a model."""
    return text
