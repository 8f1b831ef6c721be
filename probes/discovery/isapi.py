"""What does a Hikvision device say of itself over ISAPI? For recorders, which often have ONVIF switched off."""

from __future__ import annotations

from dataclasses import dataclass

from probes.bounds import line
from probes.discovery.found import MAX_TEXT
from probes.discovery.neighbours import tidy_mac
from probes.errors import Denied, Unsupported
from probes.onvif.xml import MAX_BYTES, parse
from probes.target import Login
from probes.tools import Tools
from probes.web import Web, address

PATH = "/ISAPI/System/deviceInfo"


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """The document of that path; `kind` as the device writes it: NVR, DVR, IPCamera, IPDome and so on."""

    name: str
    model: str
    serial: str
    firmware: str
    mac: str
    kind: str


async def read_device_info(host: str, port: int, login: Login, tools: Tools, *, tls: bool) -> DeviceInfo:
    """Ask with the login. Raises Denied, Unsupported (another maker's, or off), Garbled and what fetching does."""
    url = address(host, port, PATH, tls=tls)
    response = await tools.get(Web).fetch("GET", url, host=host, login=login, max_bytes=MAX_BYTES)
    if response.status == 401 and response.signed:
        raise Denied("refused (HTTP 401)")
    if response.status != 200:
        raise Unsupported(f"HTTP status {response.status}")
    return read(response.body)


def read(body: bytes) -> DeviceInfo:
    """The document. Raises Unsupported (it is another one) and Garbled."""
    root = parse(body)
    if root.name != "DeviceInfo":
        raise Unsupported("another document")
    names = ("deviceName", "model", "serialNumber", "firmwareVersion", "macAddress", "deviceType")
    name, model, serial, firmware, mac, kind = (line(root.read(one), MAX_TEXT) for one in names)
    return DeviceInfo(name, model, serial, firmware, tidy_mac(mac), kind)
