"""How does a simulated network recorder behave? Its disks over SNMP (HIKVISION-MIB), the rest in its own language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from probes.simulators.blueprint import PASSWORD, USERNAME, Blueprint
from probes.simulators.camera import Camera
from probes.simulators.device import Device
from probes.simulators.gate import Gate
from probes.simulators.snmp import mib
from probes.simulators.snmp.ber import Oid, integer, text
from probes.simulators.snmp.mib import ENTERPRISES, Objects

IDENTITY: Oid = (*ENTERPRISES, 50001, 1)

MODEL = "SW-N32"

ZONE = timedelta(hours=8)  # of its clock; what it writes names no zone, or a wrong one
KEPT_DAYS = 60  # until footage is overwritten

Dialect = Literal["isapi", "dahua", "onvif"]

_GAP_AGO = 10  # days ago that a gap ends
_DISKS, _CAPACITY_MB = 4, 3_815_447  # a disk of 4 TB
_NORMAL, _SMART_FAILED = 0, 3
_NVR, _ONLINE = 2, 1
_OBJECTS: Oid = (*ENTERPRISES, 50001, 1)


@dataclass(frozen=True, slots=True)
class Disk:
    """One disk: `status` as in HIKVISION-MIB (0 normal, 3 SMART failed), sizes in MB."""

    number: int
    status: int
    free_mb: int
    capacity_mb: int = _CAPACITY_MB


@dataclass(frozen=True, slots=True)
class Channel:
    """One input: is its camera's stream there, and is it to be recorded?"""

    number: int
    name: str
    address: str
    online: bool
    recorded: bool = True


class Recorder(Device):
    """One recorder of some of the site's cameras. `dialect`: the language of its web server."""

    dialect: Dialect = "isapi"

    def __init__(self, blueprint: Blueprint, cameras: Sequence[Camera]) -> None:
        super().__init__(blueprint)
        self._cameras = tuple(cameras)
        self.gate = Gate(USERNAME, PASSWORD)
        self.searches: dict[str, list[datetime]] = {}  # those that nobody has ended: begins that are still to be told

    @property
    def serial(self) -> str:
        """Its serial number."""
        return f"SWN32{self.blueprint.number:06d}"

    def disks(self) -> list[Disk]:
        """Its disks as they are now."""
        failed, full = self.faults.get("disk_failed"), self.faults.get("disk_full")
        return [
            Disk(n, _SMART_FAILED if n == failed else _NORMAL, 0 if n == full else _CAPACITY_MB // (n + 2))
            for n in range(1, _DISKS + 1)
        ]

    def channels(self) -> list[Channel]:
        """Its inputs as they are now: a camera that is dark, or whose password has changed, is offline."""
        lost, idle = self.faults.get("channel_lost"), self.faults.get("channel_idle")
        return [
            Channel(n, camera.blueprint.label, camera.blueprint.address, n != lost and _streams(camera), n != idle)
            for n, camera in enumerate(self._cameras, 1)
        ]

    def now(self) -> datetime:
        """What its clock shows."""
        return (datetime.now(UTC) + ZONE).replace(tzinfo=None, microsecond=0)

    def footage(self, channel: int) -> list[date]:
        """The days of which it has footage of that channel, the oldest first."""
        kept = int(self.faults.get("footage_short", KEPT_DAYS))
        gap = int(self.faults.get("footage_gap", 0)) if channel == 1 else 0
        back = [ago for ago in range(kept - 1, -1, -1) if not _GAP_AGO <= ago < _GAP_AGO + gap]
        return [self.now().date() - timedelta(days=ago) for ago in back]

    def files(self, channel: int) -> list[tuple[datetime, datetime]]:
        """Begin and end of each of its files of that channel: six a day, the last one is being written."""
        now = self.now()
        spans = []
        for day in self.footage(channel):
            midnight = datetime.combine(day, datetime.min.time())
            begins = [midnight + timedelta(hours=4 * part) for part in range(6)]
            spans += [(begin, min(begin + timedelta(hours=4), now)) for begin in begins if begin <= now]
        idle = self.faults.get("channel_idle") == channel
        return [span for span in spans if span[1] < now - timedelta(hours=1)] if idle else spans

    def objects(self) -> Mapping[Oid, bytes]:
        """System and the recorder's part of HIKVISION-MIB (enterprise 50001)."""
        mine = self.blueprint
        objects: Objects = mib.system(f"{MODEL} network recorder", IDENTITY, mine.name, mine.label, self.uptime_seconds)
        scalars = (
            (2, text(MODEL)), (3, text(self.serial)), (100, integer(_NVR)), (102, integer(_ONLINE)),
            (200, integer(4)), (220, integer(4_096)), (221, integer(37)), (230, integer(_ONLINE)),
            (240, integer(_DISKS)),
        )  # fmt: skip
        objects |= {(*_OBJECTS, number, 0): value for number, value in scalars}
        for disk in self.disks():
            columns = (
                integer(disk.number), text(f"hdd{disk.number}"), integer(disk.status), integer(disk.free_mb),
                integer(disk.capacity_mb),
            )  # fmt: skip
            objects |= {(*_OBJECTS, 241, 1, at, disk.number): value for at, value in enumerate(columns, 1)}
        return objects

    def state(self) -> dict[str, object]:
        """As of every device, and its channels without a stream."""
        offline = [channel.number for channel in self.channels() if not channel.online]
        refused = self.refused + self.gate.refused
        return super().state() | {"offline_channels": offline, "refused_logins": dict(refused)}


def _streams(camera: Camera) -> bool:
    return not camera.dark and not {"rtsp_down", "wrong_password"} & camera.faults.keys()
