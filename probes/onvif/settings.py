"""Which settings does a factory reset take: who may log in, what the device is called, where its address comes from?

ONVIF Device Management: GetUsers (for administrators only), GetScopes, GetNetworkInterfaces. Passwords are never read.
"""

from __future__ import annotations

import zlib
from typing import Final
from urllib.parse import unquote

from probes.bounds import line
from probes.onvif.client import Client
from probes.onvif.soap import DEVICE, Call
from probes.onvif.xml import Node

MAX_USERS: Final = 64
MAX_SCOPES: Final = 64
MAX_NAME: Final = 48  # characters of a user name
MAX_LIST: Final = 900  # characters of a list; the rest becomes a checksum, so that a change is seen all the same

_SCOPE: Final = "onvif://www.onvif.org/"
_OWN: Final = ("name/", "location/")  # people set these, the others are the firmware's
_TRUE: Final = frozenset({"true", "1"})


async def read_users(client: Client, url: str) -> tuple[str, str]:
    """All user names and those of administrators, each in order and joined by commas.

    Raises Denied or Unsupported where this user may not see them.
    """
    response = await client.call(url, Call(DEVICE, "GetUsers"))
    levels = {_name(one.read("Username")): one.read("UserLevel").lower() for one in response.all("User")[:MAX_USERS]}
    names = sorted(name for name in levels if name)
    return join(names), join([name for name in names if levels[name].startswith("admin")])


async def read_scopes(client: Client, url: str) -> str:
    """The scopes that people set, name and location, in order and joined by commas."""
    response = await client.call(url, Call(DEVICE, "GetScopes"))
    said = (one.read("ScopeItem") for one in response.all("Scopes")[:MAX_SCOPES])
    found = {unquote(one[len(_SCOPE) :]) for one in said if one.startswith(_SCOPE)}
    return join(sorted(_name(one) for one in found if one.startswith(_OWN) and not one.endswith("/")))


def read_dhcp(interface: Node) -> str:
    """Either "on", "off", or empty where the interface does not say whether DHCP gives it its IPv4 address."""
    said = interface.read("IPv4", "Config", "DHCP").lower()
    return ("on" if said in _TRUE else "off") if said else ""


def join(names: list[str]) -> str:
    """The names with commas between them, at most MAX_LIST characters."""
    text = ", ".join(names)
    return text if len(text) <= MAX_LIST else f"{text[:MAX_LIST]}… #{zlib.crc32(text.encode()):08x}"


def _name(text: str) -> str:
    return " ".join(line(text, MAX_NAME).replace(",", " ").split())
