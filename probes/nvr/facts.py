"""What can be known of a recorder, whatever language it speaks?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final, Protocol

from probes.observation import Value

if TYPE_CHECKING:
    from probes.nvr.door import Door

MAX_CHANNELS: Final = 256
MAX_DISKS: Final = 64
MAX_NAME: Final = 64  # characters of a name or key that a device gives
CLOCK_SECONDS: Final = 100.0  # for so long the difference to a recorder's clock is remembered
RECENT_SECONDS: Final = 1_800.0  # footage that young proves that a channel is being recorded


@dataclass(frozen=True, slots=True)
class Identity:
    """Who it is; empty where it does not say."""

    vendor: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Channel:
    """One input. `state` is online, offline, disabled or unknown; `recording` None: the device does not prove it."""

    name: str = ""
    address: str = ""
    state: str = "unknown"
    recording: bool | None = None
    always: bool = False  # it should record at this time without a pause, so that no footage means no recording

    def row(self) -> dict[str, Value]:
        """As a row of an answer; what is not known is left out."""
        found: dict[str, Value] = {"name": self.name, "state": self.state, "address": self.address}
        if self.recording is not None:
            found["recording"] = self.recording
        return {name: value for name, value in found.items() if value != ""}


@dataclass(frozen=True, slots=True)
class Disk:
    """One disk; sizes in bytes, None where they are not told. `state` as in the table `disk` of SNMP profiles."""

    name: str = ""
    state: str = "unknown"
    size_bytes: int | None = None
    free_bytes: int | None = None

    def row(self) -> dict[str, Value]:
        """As a row of an answer."""
        found: dict[str, Value] = {"name": self.name, "state": self.state}
        if self.size_bytes is not None:
            found["size_bytes"] = self.size_bytes
        if self.free_bytes is not None:
            found["free_bytes"] = self.free_bytes
            if self.size_bytes:
                found["used_percent"] = round(100 * (1 - self.free_bytes / self.size_bytes), 1)
        return found


@dataclass(frozen=True, slots=True)
class Footage:
    """What of one channel is kept. Times are the recorder's own, without a zone; `days` None: gaps are not told.

    `days` holds the days with footage among those asked for; `hours` their hours as 24 bits a day, that from midnight
    first, where spans of time are told. `now`: the recorder's clock when it was asked. `of_all`:
    `oldest` is that of all channels together, for more is not told.
    """

    now: datetime
    oldest: datetime | None = None
    days: frozenset[date] | None = None
    hours: Mapping[date, int] | None = None
    of_all: bool = False


Channels = Mapping[str, Channel]
Disks = Mapping[str, Disk]


class Language(Protocol):
    """A way to ask a recorder. Every call raises a `probes.errors.Trouble`; Unsupported: it does not tell."""

    name: str
    door: Door

    async def identify(self) -> Identity:
        """Who it is. Raises Unsupported where it does not speak this language."""

    async def read_channels(self) -> Channels:
        """Its inputs by number or token."""

    async def read_disks(self) -> Disks:
        """Its disks by number or name."""

    async def read_overwrite(self) -> bool:
        """Does it overwrite the oldest footage when its disks are full?"""

    async def read_health(self, disk: str) -> str:
        """The state that SMART gives a disk: normal or smart_failed."""

    async def is_recent(self, channel: str) -> bool:
        """Is there footage of the last half hour?"""

    async def read_footage(self, channel: str, days: int) -> Footage:
        """The footage of one channel, and which of the latest days it covers."""
