"""What does a recorder tell over ONVIF Profile G? Its recordings and what becomes of them, by Recording and Search.

ONVIF Recording Control and Recording Search Service Specifications. Disks, connections and gaps are not told there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from probes.errors import Garbled, Trouble, Unsupported
from probes.nvr.door import Door, tidy
from probes.nvr.facts import MAX_CHANNELS, Channel, Disk, Footage, Identity
from probes.nvr.times import read_utc, utc_now
from probes.onvif.addresses import parse_address, port_of, rehost
from probes.onvif.client import Client
from probes.onvif.clock import read_clock
from probes.onvif.inventory import read_identity
from probes.onvif.memory import Known
from probes.onvif.soap import DEVICE, Call
from probes.onvif.xml import Node
from probes.tools import Tools, trace
from probes.web import address

RECORDING: Final = "http://www.onvif.org/ver10/recording/wsdl"
SEARCH: Final = "http://www.onvif.org/ver10/search/wsdl"
PATH: Final = "/onvif/device_service"
MAX_PAGES: Final = 16  # of one search
MAX_JOBS: Final = 64  # whose state is asked for
CATALOGUE_SECONDS: Final = 120.0  # for so long the list of recordings is remembered
_HTTP: Final = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording: whose, since when (UTC, no zone; None: nothing yet, or not told), and whether it goes on."""

    name: str = ""
    address: str = ""
    earliest: str = ""
    recording: bool | None = None


class ProfileG:
    """One recorder, in ONVIF. Lives as long as it is known, so that it can remember its recordings."""

    name = "onvif"

    def __init__(self, door: Door, tools: Tools) -> None:
        self.door = door
        self._known = Known()
        self._tools = tools
        self._services: dict[str, str] = {}
        self._recordings: dict[str, Recording] = {}
        self._until = 0.0

    async def identify(self) -> Identity:
        """GetSystemDateAndTime, GetServices, GetDeviceInformation. Raises Unsupported without Profile G."""
        await self._learn_clock()
        client = self._client()
        said = await client.call(self._url, Call(DEVICE, "GetServices", "<IncludeCapability>false</IncludeCapability>"))
        named = {one.read("Namespace"): parse_address(one.read("XAddr"), _HTTP) for one in said.all("Service")[:64]}
        device = named.get(DEVICE)
        theirs = port_of(device) if device else None
        ours = urlsplit(self._url)
        self._services = {
            name: rehost(parts, self.door.target.host, ours=ours, theirs=theirs)
            for name, parts in named.items()
            if parts is not None and name in {RECORDING, SEARCH}
        }
        if not self._services:
            raise Unsupported("ONVIF without Profile G: neither Recording nor Search")
        vendor, model, firmware, serial, _ = await read_identity(client, self._url)
        return Identity(vendor, model, firmware, serial)

    async def read_channels(self) -> dict[str, Channel]:
        """The recordings by token; the clock each time, so that a recorder that is gone is seen to be gone."""
        await self._learn_clock()
        recordings = await self._catalogue()
        return {token: Channel(one.name, one.address, "unknown", one.recording) for token, one in recordings.items()}

    async def read_disks(self) -> dict[str, Disk]:
        """Not told."""
        raise Unsupported("ONVIF does not tell of disks")

    async def read_overwrite(self) -> bool:
        """Not told."""
        raise Unsupported("ONVIF does not tell whether it overwrites")

    async def read_health(self, disk: str) -> str:
        """Not told."""
        raise Unsupported("ONVIF does not tell SMART values")

    async def is_recent(self, channel: str) -> bool:
        """The state of the recording is told instead."""
        raise Unsupported("the state of the recording is told instead")

    async def read_footage(self, channel: str, days: int) -> Footage:
        """When its recording began. Where that is not told, the summary tells it of all recordings together."""
        recordings = await self._catalogue()
        now = utc_now(self.door.now())
        earliest = read_utc(recordings[channel].earliest) if channel in recordings else None
        of_all = False
        if earliest is None and SEARCH in self._services:
            summary = await self._client().call(self._services[SEARCH], Call(SEARCH, "GetRecordingSummary"))
            earliest, of_all = read_utc(summary.read("Summary", "DataFrom")), len(recordings) > 1
        if earliest is None:
            raise Unsupported("it does not tell since when it records")
        return Footage(now, earliest, of_all=of_all)

    async def _catalogue(self) -> dict[str, Recording]:
        now = self.door.now()
        if now < self._until:
            return self._recordings
        found: dict[str, Recording] = {}
        trouble: Trouble = Unsupported("neither Recording nor Search")
        try:
            found = await self._search()
        except (Unsupported, Garbled) as error:
            trace("%s", error)
            trouble = error
        if not found:
            if RECORDING not in self._services:
                raise trouble
            response = await self._client().call(self._services[RECORDING], Call(RECORDING, "GetRecordings"))
            found = read_recordings(response)
        if any(one.recording is None for one in found.values()):
            found = await self._add_jobs(found)
        self._recordings, self._until = found, now + CATALOGUE_SECONDS
        return found

    async def _search(self) -> dict[str, Recording]:
        if SEARCH not in self._services:
            raise Unsupported("no Search service")
        client, url = self._client(), self._services[SEARCH]
        wanted = f"<Scope/><MaxMatches>{MAX_CHANNELS}</MaxMatches><KeepAliveTime>PT30S</KeepAliveTime>"
        token = (await client.call(url, Call(SEARCH, "FindRecordings", wanted))).read("SearchToken")
        found: dict[str, Recording] = {}
        more = f"<SearchToken>{escape(token)}</SearchToken>"
        try:
            for _ in range(MAX_PAGES):
                page = f"{more}<MinResults>1</MinResults><MaxResults>64</MaxResults><WaitTime>PT2S</WaitTime>"
                response = await client.call(url, Call(SEARCH, "GetRecordingSearchResults", page))
                results = response.find("ResultList")
                if results is None:
                    raise Garbled("GetRecordingSearchResults: no list")
                found |= read_results(results)
                if results.read("SearchState").lower() == "completed" or len(found) >= MAX_CHANNELS:
                    break
        finally:
            try:
                await client.call(url, Call(SEARCH, "EndSearch", more))
            except (Trouble, OSError) as trouble:
                trace("EndSearch: %s", trouble)
        return dict(list(found.items())[:MAX_CHANNELS])

    async def _add_jobs(self, found: dict[str, Recording]) -> dict[str, Recording]:
        """What the jobs say of recordings whose state the search does not tell."""
        if RECORDING not in self._services:
            return found
        client, url = self._client(), self._services[RECORDING]
        states: dict[str, list[str]] = {}
        try:
            jobs = await client.call(url, Call(RECORDING, "GetRecordingJobs"))
            for job in jobs.all("JobItem")[:MAX_JOBS]:
                ask = f"<JobToken>{escape(job.read('JobToken'))}</JobToken>"
                said = await client.call(url, Call(RECORDING, "GetRecordingJobState", ask))
                states.setdefault(said.read("State", "RecordingToken"), []).append(said.read("State", "State"))
        except (Unsupported, Garbled) as trouble:
            trace("%s", trouble)
        return {
            token: replace(one, recording=judge_jobs(states.get(token, [])) if one.recording is None else one.recording)
            for token, one in found.items()
        }

    async def _learn_clock(self) -> None:
        """Sign with the device's time: some refuse what is a few seconds off."""
        self._known.accepted = self.door.accepted  # users of ONVIF may be others than those of the web page
        asked_at = self.door.now()
        response = await self._client().call_clock(self._url, Call(DEVICE, "GetSystemDateAndTime"))
        answered_at = self.door.now()
        self._known.ahead_seconds = read_clock(response, answered_at).seconds - (asked_at + answered_at) / 2

    def _client(self) -> Client:
        return Client(self._tools, self.door.target, self._known)

    @property
    def _url(self) -> str:
        return address(self.door.target.host, self.door.port, PATH, tls=self.door.tls)


def read_results(results: Node) -> dict[str, Recording]:
    """A ResultList of GetRecordingSearchResults, by token."""
    found: dict[str, Recording] = {}
    for one in results.all("RecordingInformation")[:MAX_CHANNELS]:
        token = tidy(one.read("RecordingToken"))
        if token:
            going = True if one.read("RecordingStatus").lower() == "recording" else None
            found[token] = replace(_source(one), earliest=one.read("EarliestRecording"), recording=going)
    return found


def read_recordings(response: Node) -> dict[str, Recording]:
    """GetRecordingsResponse, by token: a device may keep its recordings and not search in them."""
    found: dict[str, Recording] = {}
    for one in response.all("RecordingItem")[:MAX_CHANNELS]:
        token, configuration = tidy(one.read("RecordingToken")), one.find("Configuration")
        if token:
            found[token] = _source(configuration) if configuration is not None else Recording()
    return found


def judge_jobs(states: list[str]) -> bool | None:
    """One active job records. Error without one does not; idle may wait for an event: None."""
    said = {state.lower() for state in states}
    if said & {"active", "partiallyactive"}:
        return True
    return False if "error" in said else None


def _source(one: Node) -> Recording:
    source = one.find("Source")
    if source is None:
        return Recording()
    where = parse_address(source.read("Address"), frozenset({"http", "https", "rtsp", "rtsps"}))
    return Recording(tidy(source.read("Name")), (where.hostname or "") if where else "")
