"""What is already known of each ONVIF device, so that a normal look is one call?"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from weakref import WeakValueDictionary

from probes.observation import NO_ROWS, Rows
from probes.target import Target
from probes.tools import Tools

MAX_DEVICES: Final = 20_000
_NOTHING_SECRET: Final[dict[str, str]] = {}


class Signing(StrEnum):
    """How a device wants to know who asks."""

    UNKNOWN = "unknown"  # not asked for yet, or not at all; HTTP Digest and Basic answer a challenge each time
    TOKEN = "token"  # noqa: S105 - a WS-Security UsernameToken, not a password


@dataclass(slots=True)
class Known:
    """One device. Empty texts and zeros: not known yet. Times are seconds since the epoch."""

    signing: Signing = Signing.UNKNOWN
    accepted: bool = False  # in this look the login was good for a call: a refusal then speaks of its rights
    ahead_seconds: float = 0.0  # of its clock
    media: str = ""  # address of its media service
    media2: bool = False  # that service is version 2
    ptz: str = ""  # address of its PTZ service
    ptz_profile: str = ""  # token of a profile that turns the camera
    ptz_refused_until: float = 0.0  # it would not say where it looks
    theirs: int | None = None  # the port on which it believes to serve ONVIF
    identity: tuple[str, str, str, str, str] = ("", "", "", "", "")  # vendor, model, firmware, serial, hardware
    mac: str = ""
    hostname: str = ""
    dhcp: str = ""  # "on", "off"
    scopes: str = ""  # name and location, as people set them
    users: str = ""  # who may log in; empty where we may not know
    administrators: str = ""
    barred: int = 0  # inventories without a look at the users, for we may not see them
    drift_from: tuple[float, float] | None = None  # when its clock was seen first, and how far off it was then; seconds
    offset_seconds: float | None = None  # at the last look
    rows: Rows = field(default_factory=lambda: NO_ROWS)
    secret_uris: dict[str, str] = field(default_factory=lambda: _NOTHING_SECRET)  # as shown -> as it is
    todo: deque[tuple[str, str]] | None = None  # what is left of this inventory: (step, profile token)
    inventory_at: float = 0.0  # when the next one is due
    trouble: str = ""  # what the last inventory could not get


class Memory:
    """What is known, by device; the longest unused is forgotten. `tools.get(Memory)`."""

    def __init__(self, tools: Tools) -> None:
        self._known: OrderedDict[tuple[str, str, int], Known] = OrderedDict()
        self._ports: dict[tuple[str, str], int] = {}  # by which its profiles are known, or will be
        self._locks: WeakValueDictionary[tuple[str, str, int], asyncio.Lock] = WeakValueDictionary()

    def recall(self, target: Target, port: int) -> Known:
        """What is known of this device; it may be nothing yet."""
        key = (target.device, target.host, port)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Known()
            if len(self._known) > MAX_DEVICES:
                (device, host, _), _ = self._known.popitem(last=False)
                self._ports.pop((device, host), None)
        if self.find(target, port) is None or known.rows:
            self._ports[target.device, target.host] = port
        self._known.move_to_end(key)
        return known

    def find(self, target: Target, port: int) -> Known | None:
        """What is known of this device, by that port or, where another check found it, by another."""
        places = (port, self._ports.get((target.device, target.host), port))
        found = (self._known.get((target.device, target.host, each)) for each in places)
        return next((known for known in found if known is not None and known.rows), None)

    def lock(self, target: Target, port: int) -> asyncio.Lock:
        """Held while its inventory is taken, so that two checks do not ask for the same, nor try a password twice."""
        return self._locks.setdefault((target.device, target.host, port), asyncio.Lock())

    async def close(self) -> None:
        """Nothing to close."""
