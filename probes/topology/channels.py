"""Which cameras does a recorder name as its channels? ISAPI, as Hikvision's recorders answer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from probes.errors import Denied, Garbled, Unsupported
from probes.onvif.xml import MAX_BYTES, parse
from probes.resolve import literal
from probes.target import Target
from probes.tools import Tools
from probes.web import Web, address

PATH: Final = "/ISAPI/ContentMgmt/InputProxy/channels/status"
MAX_CHANNELS: Final = 512


@dataclass(frozen=True, slots=True)
class Channel:
    """One input: its number as the recorder writes it, and the IP address of its camera."""

    number: str
    address: str


async def read_channels(target: Target, port: int, tools: Tools, *, tls: bool = False) -> tuple[Channel, ...]:
    """Ask with the target's login. Raises Denied after one try, Unsupported, Garbled and what fetching raises."""
    url = address(target.host, port, PATH, tls=tls)
    response = await tools.get(Web).fetch("GET", url, host=target.host, login=target.login, max_bytes=MAX_BYTES)
    if response.status == 401:
        raise Denied("the recorder asks for another login")
    if response.status != 200:
        raise Unsupported(f"HTTP status {response.status}")
    root = parse(response.body)
    if root.name != "InputProxyChannelStatusList":
        raise Garbled("another document")
    found = []
    for node in root.all("InputProxyChannelStatus")[:MAX_CHANNELS]:
        host = node.read("sourceInputPortDescriptor", "ipAddress")
        if literal(host):
            found.append(Channel(node.read("id")[:8], host))
    return tuple(found)
