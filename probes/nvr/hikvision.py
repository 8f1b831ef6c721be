"""What does a Hikvision recorder tell over ISAPI? How its documents are asked for; `isapi` reads them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final

from probes.errors import Garbled, Unsupported
from probes.nvr import isapi
from probes.nvr.days import months
from probes.nvr.door import Door, tidy
from probes.nvr.facts import CLOCK_SECONDS, RECENT_SECONDS, Channel, Disk, Footage, Identity
from probes.nvr.times import read_time, utc_now
from probes.tools import trace

_CONTENT: Final = "/ISAPI/ContentMgmt"
_LONG_AGO: Final = datetime.combine(date(2000, 1, 1), time())
TRACKS_SECONDS: Final = 600.0  # for so long what should be recorded is remembered


class Hikvision:
    """One recorder, in ISAPI. Lives as long as it is known, so that it can remember the plan of its recordings."""

    name = "isapi"

    def __init__(self, door: Door) -> None:
        self.door = door
        self._tracks: dict[str, isapi.Track] | None = None
        self._tracks_until = 0.0
        self._clock_ahead = timedelta()
        self._clock_at = 0.0

    async def identify(self) -> Identity:
        """`/ISAPI/System/deviceInfo`."""
        info = await self.door.read_xml("/ISAPI/System/deviceInfo", "DeviceInfo")
        names = ("model", "firmwareVersion", "serialNumber")
        model, firmware, serial = (tidy(info.read(name)) for name in names)
        return Identity(tidy(info.read("manufacturer")) or "Hikvision", model, firmware, serial)

    async def read_channels(self) -> dict[str, Channel]:
        """IP channels with the state of their connection; the inputs of an analogue recorder beside them."""
        found: dict[str, Channel] = {}
        trouble: Unsupported | None = None
        try:
            status = await self.door.read_xml(f"{_CONTENT}/InputProxy/channels/status", "InputProxyChannelStatusList")
            found = isapi.read_states(status)
            described = await self.door.read_xml(f"{_CONTENT}/InputProxy/channels", "InputProxyChannelList")
            found = isapi.describe(found, described)
        except Unsupported as unsupported:
            trace("%s", unsupported)
            trouble = unsupported
        if not found:  # an analogue recorder has inputs instead
            try:
                inputs = await self.door.read_xml("/ISAPI/System/Video/inputs/channels", "VideoInputChannelList")
                found = isapi.read_inputs(inputs)
            except Unsupported:
                if trouble is not None:
                    raise trouble from None
        tracks = await self._plan()
        try:
            now = await self._now() if tracks else None
        except (Unsupported, Garbled) as trouble:
            trace("%s", trouble)
            now = None
        return {number: _planned(channel, tracks.get(number), now) for number, channel in found.items()}

    async def read_disks(self) -> dict[str, Disk]:
        """`/ISAPI/ContentMgmt/Storage`."""
        return isapi.read_disks(await self.door.read_xml(f"{_CONTENT}/Storage", "storage"))

    async def read_overwrite(self) -> bool:
        """Every track with `Loop` overwrites."""
        loops = [track.loop for track in (await self._plan()).values() if track.loop is not None]
        if not loops:
            raise Unsupported("it does not tell whether it overwrites")
        return all(loops)

    async def read_health(self, disk: str) -> str:
        """The SMART test's status of one disk."""
        if not disk.isdigit():
            raise Unsupported("not a local disk")
        response = await self.door.fetch(f"{_CONTENT}/Storage/hdd/{disk}/SMARTTest/status")
        return isapi.read_health(response.body)

    async def is_recent(self, channel: str) -> bool:
        """One search of the last half hour."""
        now = await self._now()
        first = now - timedelta(seconds=RECENT_SECONDS)
        return bool(await self._search(channel, first, now))

    async def read_footage(self, channel: str, days: int) -> Footage:
        """The clock, one calendar a month, and the first hit of a search over everything."""
        now = await self._now()
        recorded: set[date] = set()
        told = True
        for year, month in months(now.date(), days):
            try:
                recorded |= isapi.read_month(await self._month(channel, year, month), year, month)
            except Unsupported as unsupported:
                trace("%s", unsupported)
                told = False
                break
        oldest: list[datetime] = []
        try:
            oldest = await self._search(channel, _LONG_AGO, now)
        except (Unsupported, Garbled) as trouble:  # some break down at a search over everything
            trace("%s", trouble)
            if not told:
                raise Unsupported("neither the calendar nor the search tells its footage") from None
        first = oldest[0] if oldest else datetime.combine(min(recorded), time()) if recorded else None
        return Footage(now, first, frozenset(recorded) if told else None)

    async def _month(self, channel: str, year: int, month: int) -> bytes:
        body = f"<trackDailyParam><year>{year}</year><monthOfYear>{month}</monthOfYear></trackDailyParam>"
        path = f"{_CONTENT}/record/tracks/{_track(channel)}/dailyDistribution"
        return (await self.door.fetch(path, isapi.DECLARATION + body.encode())).body

    async def _search(self, channel: str, first: datetime, last: datetime) -> list[datetime]:
        """When the first few recordings of that time began; empty: none."""
        body = isapi.write_search(_track(channel), first, last)
        return isapi.read_search(await self.door.read_xml(f"{_CONTENT}/search", "CMSearchResult", body))

    async def _plan(self) -> dict[str, isapi.Track]:
        """What it should record, by channel; empty where it does not tell."""
        now = self.door.now()
        if self._tracks is None or now >= self._tracks_until:
            try:
                self._tracks = isapi.read_tracks(await self.door.read_xml(f"{_CONTENT}/record/tracks", "TrackList"))
            except (Unsupported, Garbled) as trouble:
                trace("%s", trouble)
                self._tracks = {}
            self._tracks_until = now + TRACKS_SECONDS
        return self._tracks

    async def _now(self) -> datetime:
        """What its clock shows, which is asked for every minute or two: somebody may set it."""
        at = self.door.now()
        if not 0 <= at - self._clock_at < CLOCK_SECONDS:
            now = read_time((await self.door.read_xml("/ISAPI/System/time", "Time")).read("localTime"))
            if now is None:
                raise Garbled("/ISAPI/System/time: no time")
            self._clock_ahead, self._clock_at = now - utc_now(at), at
        return utc_now(at) + self._clock_ahead


def _track(channel: str) -> str:
    """The main stream of channel 3 is track 301."""
    if not (channel.isascii() and channel.isdigit()):
        raise Unsupported(f"channel {channel!r} has no track")
    return f"{int(channel)}01"


def _planned(channel: Channel, track: isapi.Track | None, now: datetime | None) -> Channel:
    if track is None:
        return channel
    if not track.enabled:
        return replace(channel, recording=False)
    if now is None:
        return channel
    return replace(channel, always=track.is_continuous(now - timedelta(seconds=RECENT_SECONDS), now))
