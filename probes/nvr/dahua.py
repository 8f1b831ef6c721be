"""What does a Dahua recorder tell over its CGI? How its tables are asked for; `cgi` reads them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Final, TypeVar
from urllib.parse import quote

from probes.errors import Garbled, Trouble, Unsupported
from probes.nvr import cgi
from probes.nvr.days import hours_covered, last_days
from probes.nvr.door import Door, tidy
from probes.nvr.facts import CLOCK_SECONDS, RECENT_SECONDS, Channel, Disk, Footage, Identity
from probes.nvr.times import read_time, utc_now
from probes.tools import trace

T = TypeVar("T")

PAGE: Final = 100  # files; the most that one page may hold
MAX_PAGES: Final = 32  # of one search
CHUNK_DAYS: Final = 7  # in one search
NAMES_SECONDS: Final = 600.0  # for so long names and addresses are remembered
_CONFIG: Final = "configManager.cgi?action=getConfig&name="
_LONG_AGO: Final = datetime.combine(date(2000, 1, 1), time())


class Dahua:
    """One recorder, in Dahua's CGI. Lives as long as it is known, so that it can remember names and days."""

    name = "dahua"

    def __init__(self, door: Door) -> None:
        self.door = door
        self._clock_ahead = timedelta()
        self._clock_at = 0.0
        self._titles: dict[int, str] = {}
        self._remotes: dict[int, dict[str, str]] = {}
        self._modes: dict[int, str] = {}
        self._named_until = 0.0
        self._hours: dict[str, dict[date, int]] = {}  # by channel: the days with footage, and which hours of them …
        self._asked: dict[str, date] = {}  # … up to this one

    async def identify(self) -> Identity:
        """magicBox.cgi: getSystemInfo and getSoftwareVersion."""
        info = await self._table("magicBox.cgi?action=getSystemInfo")
        if not info.keys() & {"serialNumber", "deviceType", "updateSerial", "processor"}:
            raise Unsupported("magicBox.cgi: no description of a system")
        version = await _or(self._table("magicBox.cgi?action=getSoftwareVersion"), {})
        model = info.get("updateSerial") or info.get("deviceType", "")
        firmware = version.get("version", "").partition(",")[0]
        return Identity("Dahua", tidy(model), tidy(firmware), tidy(info.get("serialNumber", "")))

    async def read_channels(self) -> dict[str, Channel]:
        """Names and addresses now and then; connections, or where those are not told the loss of video, each time."""
        await self._learn_names()
        states = await _or(self._get("LogicDeviceManager.cgi?action=getCameraState&uniqueChannels[0]=-1",
                                     cgi.read_states), None)  # fmt: skip
        lost = None if states else await self._events("VideoLoss")
        if not states and lost is None:  # names that are remembered do not prove that it still tells anything
            self._titles = await self._get(f"{_CONFIG}ChannelTitle", cgi.read_titles)
        return cgi.merge(self._titles, self._remotes, states or None, lost, self._modes)

    async def read_disks(self) -> dict[str, Disk]:
        """storageDevice.cgi: getDeviceAllInfo."""
        return cgi.read_disks(await self._table("storageDevice.cgi?action=getDeviceAllInfo"))

    async def read_overwrite(self) -> bool:
        """The CGI tells no such thing that all firmware agrees on."""
        raise Unsupported("it does not tell whether it overwrites")

    async def read_health(self, disk: str) -> str:
        """The CGI tells no SMART values."""
        raise Unsupported("SMART is not told")

    async def is_recent(self, channel: str) -> bool:
        """One search of the last half hour."""
        now = await self._now()
        return bool(await self._find(channel, now - timedelta(seconds=RECENT_SECONDS), now, pages=1))

    async def read_footage(self, channel: str, days: int) -> Footage:
        """Clock and oldest file; then all files since the last day that is known, a week at a time."""
        now = await self._now()
        oldest = await self._find(channel, _LONG_AGO, now, pages=1, count=1)
        if not oldest:
            return Footage(now, None, frozenset(), {})
        first, today = oldest[0][0], now.date()
        window = last_days(today, days)
        since = max(self._asked.get(channel, window[0]), window[0], first.date())
        while since <= today:
            until = min(since + timedelta(days=CHUNK_DAYS - 1), today)
            last = min(datetime.combine(until, time.max), now)
            files = await self._find(channel, datetime.combine(since, time()), last, pages=MAX_PAGES)
            known = self._hours.setdefault(channel, {})
            for day, hours in hours_covered(files, today, days).items():
                known[day] = known.get(day, 0) | hours
            self._asked[channel] = until  # what is known so far outlives the look; the last day is asked for again
            since = until + timedelta(days=1)
        reached = range(max(window[0], first.date()).toordinal(), today.toordinal() + 1)
        recorded = {day: hours for day, hours in self._hours.get(channel, {}).items() if day.toordinal() in reached}
        self._hours[channel] = recorded
        return Footage(now, first, frozenset(recorded), dict(recorded))

    async def _now(self) -> datetime:
        """What its clock shows, which is asked for every minute or two: somebody may set it."""
        at = self.door.now()
        if not 0 <= at - self._clock_at < CLOCK_SECONDS:
            now = await self._get("global.cgi?action=getCurrentTime", lambda table: read_time(table.get("result", "")))
            if now is None:
                raise Garbled("global.cgi: no time")
            self._clock_ahead, self._clock_at = now - utc_now(at), at
        return utc_now(at) + self._clock_ahead

    async def _find(
        self, channel: str, first: datetime, last: datetime, *, pages: int, count: int = PAGE
    ) -> list[tuple[datetime, datetime]]:
        """Begin and end of the files of that time, at most so many pages of them, the oldest first."""
        if not channel.isdigit():
            raise Unsupported(f"channel {channel!r} is no number")
        made = await self._table("mediaFileFind.cgi?action=factory.create")
        handle = made.get("result", "")
        if not (handle.isascii() and handle.isdigit() and len(handle) <= 20):
            raise Unsupported("mediaFileFind.cgi: no search")
        found: list[tuple[datetime, datetime]] = []
        try:
            span = f"&condition.StartTime={_when(first)}&condition.EndTime={_when(last)}"
            where = f"mediaFileFind.cgi?action=findFile&object={handle}&condition.Channel={channel}{span}"
            try:
                started = await self.door.fetch(f"/cgi-bin/{where}&condition.Types[0]=dav")
            except Unsupported:  # no file: HTTP 400 …
                return []
            if started.body.lstrip()[:5].lower() == b"error":  # … or 200 and Error
                return []
            for _ in range(pages):
                page = await self._get(f"mediaFileFind.cgi?action=findNextFile&object={handle}&count={count}",
                                       cgi.read_files)  # fmt: skip
                found += page
                if len(page) < count:
                    break
            else:
                if pages > 1:
                    raise Garbled(f"more than {pages * count} files of channel {channel}")
        finally:
            for action in ("close", "destroy"):  # a recorder has few searches, and keeps those that nobody ends
                with suppress(Trouble, OSError):
                    await self.door.fetch(f"/cgi-bin/mediaFileFind.cgi?action={action}&object={handle}")
        return sorted(found)

    async def _learn_names(self) -> None:
        now = self.door.now()
        if now < self._named_until:
            return
        self._titles = await self._get(f"{_CONFIG}ChannelTitle", cgi.read_titles)
        self._remotes = await _or(self._get(f"{_CONFIG}RemoteDevice", cgi.read_remotes), {})
        self._modes = await _or(self._get(f"{_CONFIG}RecordMode", cgi.read_modes), {})
        self._named_until = now + NAMES_SECONDS

    async def _events(self, code: str) -> set[int] | None:
        """The channels of an event; None where it is not told. Where there are none, some answer Error: No Events."""
        try:
            return await self._get(f"eventManager.cgi?action=getEventIndexes&code={code}", cgi.read_indexes)
        except Unsupported as unsupported:
            trace("%s", unsupported)
            return set() if "no events" in str(unsupported).lower() else None

    async def _get(self, what: str, read: Callable[[cgi.Table], T]) -> T:
        return read(await self._table(what))

    async def _table(self, what: str) -> dict[str, str]:
        return cgi.read_table((await self.door.fetch(f"/cgi-bin/{what}")).body)


async def _or(asked: Awaitable[T], otherwise: T) -> T:
    """What was asked, or that where it is not told."""
    try:
        return await asked
    except (Unsupported, Garbled) as trouble:
        trace("%s", trouble)
        return otherwise


def _when(moment: datetime) -> str:
    return quote(f"{moment:%Y-%m-%d %H:%M:%S}")
