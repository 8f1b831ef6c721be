"""What of the site's file does a sweep need: its text, its credentials by name, its devices and their addresses?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from monitor.core.plan import MONITOR, Device
from monitor.settings.devices import read_access
from monitor.settings.load import load
from monitor.settings.model import Settings
from probes.discovery import Access, Own
from probes.errors import Trouble
from probes.resolve import literal, resolve
from probes.target import Login, SnmpAccess
from probes.tools import Tools

MAX_NAMES: Final = 2_000  # host names that are looked up, so that their devices can be compared


@dataclass(frozen=True, slots=True)
class Site:
    """A site's file as it is now. `accesses` without those whose secrets this user may not read."""

    file: str
    text: str
    settings: Settings
    accesses: Mapping[str, Access]

    @property
    def devices(self) -> Mapping[str, Device]:
        """Its devices, with the daemon."""
        return self.settings.devices

    @property
    def snmp_ports(self) -> Mapping[str, int]:
        """Credentials -> the port of their SNMP access."""
        return {name: access.snmp.port for name, access in self.accesses.items() if access.snmp}


def read_site(file: Path) -> Site:
    """Read and check it. Raises BadConfiguration, OSError.

    Secrets that only the daemon may read are left out: a sweep by hand then needs them from the environment.
    """
    text = file.read_bytes().decode("utf-8-sig", "replace")
    settings = load(file, lenient=True, text=text)
    return Site(str(file), text, settings, _usable(read_access(text, file)))


def _usable(accesses: Mapping[str, Access]) -> Mapping[str, Access]:
    found = {}
    for name, access in accesses.items():
        login = access.login if access.login and access.login.password.reveal() else None
        snmp = access.snmp
        if snmp is not None:
            keys = [snmp.community] if snmp.version != "3" else [one for one in (snmp.auth_key, snmp.priv_key) if one]
            snmp = snmp if all(key.reveal() for key in keys) else None
        if login or snmp:
            found[name] = Access(name, login, snmp)
    return found


async def find_addresses(devices: Mapping[str, Device], tools: Tools) -> dict[str, str]:
    """Device -> IP address; host names are looked up, and left out where they have none."""
    found = {name: device.target.host for name, device in devices.items() if literal(device.target.host)}
    named = [name for name in devices if name not in found and name != MONITOR][:MAX_NAMES]

    async def look_up(name: str) -> None:
        try:
            found[name] = (await resolve(devices[name].target.host, tools)).ip
        except (Trouble, OSError):
            return

    await asyncio.gather(*map(look_up, named))
    return found


def own_accesses(site: Site, addresses: Mapping[str, str]) -> dict[str, Own]:
    """Address -> what the device that is configured there is asked with, by the names of the file."""
    by_login: dict[Login, Access] = {}
    by_snmp: dict[SnmpAccess, Access] = {}
    for access in site.accesses.values():
        if access.login:
            by_login.setdefault(access.login, access)  # of two that say the same, the first one
        if access.snmp:
            by_snmp.setdefault(access.snmp, access)
    own: dict[str, Own] = {}
    for name, address in addresses.items():
        target = site.devices[name].target
        login = by_login.get(target.login) if target.login else None
        snmp = by_snmp.get(target.snmp) if target.snmp else None
        if login or snmp:
            own[address] = Own(login, snmp)
    return own
