"""How is a recorder: which channels are recorded, how are its disks, how far back does its footage reach?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Final, Literal

from pydantic import Field

from probes.errors import Garbled, Unsupported
from probes.nvr.dahua import Dahua
from probes.nvr.days import footage_row
from probes.nvr.door import Door
from probes.nvr.facts import Channel, Channels, Disk, Disks, Language
from probes.nvr.hikvision import Hikvision
from probes.nvr.memory import Known, Memory
from probes.nvr.profile_g import ProfileG
from probes.nvr.retention import judge
from probes.nvr.rounds import take_rounds
from probes.observation import Answer, Value, Values
from probes.probe import Options, Probe
from probes.target import Target
from probes.tools import Tools, trace

PATIENCE_SECONDS: Final = 3.0  # in one look, after which nothing more that is asked seldom is begun
IDENTITY_SECONDS: Final = 3_600.0


class RecorderOptions(Options):
    """How a recorder is asked, and how long the contract wants its footage to be kept."""

    language: Literal["auto", "isapi", "dahua", "onvif"] = "auto"
    """isapi: Hikvision; dahua: Dahua, Intelbras and their brands; onvif: Profile G."""
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None  # 80, or 443 with tls
    tls: bool = False
    retention_days: Annotated[int, Field(ge=1, le=365)] | None = None  # as the contract asks; none: not judged
    calendar_days: Annotated[int, Field(ge=7, le=365)] | None = None  # none: as retention_days, at least 30
    footage_every: Annotated[float, Field(ge=600, le=604_800)] = 14_400.0  # seconds

    @property
    def web_port(self) -> int:
        """The port, named or implied."""
        return self.port or (443 if self.tls else 80)

    @property
    def days(self) -> int:
        """So many days are in the calendar of gaps."""
        return self.calendar_days or max(30, self.retention_days or 0)


async def ask(target: Target, options: RecorderOptions, tools: Tools) -> Answer:
    """Ask for channels and disks; every few hours for the footage of one channel after the other.

    Values: language, vendor, model, firmware, serial, channels, channels_online, channels_recording, disks,
    size_bytes, free_bytes, overwrite, oldest_footage_seconds, untold (what it does not tell, as words), and how it
    keeps to the contract (see `retention.judge`).
    Rows: channel, disk, footage (see `days.footage_row`). What it does not tell is left out.
    """
    known = tools.get(Memory).recall(target, options.web_port, options.language)
    async with known.lock:
        now = tools.now()
        language = await _language(known, target, options, tools)
        channels, channels_untold = await _channels(language)
        disks, disks_untold = await _disks(language, known)
        if channels_untold and disks_untold:
            known.language = None
            raise Unsupported(channels_untold)
        await take_rounds(
            known, channels, disks, days=options.days, every_seconds=options.footage_every, now=now,
            patience=PATIENCE_SECONDS,
        )  # fmt: skip
        return _answer(known, options, _proven(known, channels), disks, (channels_untold, disks_untold))


PROBE = Probe(
    kind="recorder", ask=ask, options=RecorderOptions, every_seconds=60.0, timeout_seconds=20.0, uses_login=True
)


async def _language(known: Known, target: Target, options: RecorderOptions, tools: Tools) -> Language:
    """The language that it is known to speak; asked for anew every hour. Raises Denied at the first refusal."""
    if known.language is not None:
        door = known.language.door
        door.target, door.accepted = target, False
        if tools.now() - known.identified_at < IDENTITY_SECONDS:
            return known.language
        known.identity, known.identified_at = await known.language.identify(), tools.now()
        return known.language
    door = Door(tools, target, options.web_port, tls=options.tls)
    said: list[str] = []
    for language in _languages(door, options, tools):
        try:
            known.identity = await language.identify()
        except (Unsupported, Garbled) as trouble:  # another maker's web server answers with anything
            trace("%s: %s", language.name, trouble)
            said.append(f"{language.name}: {trouble}")
            continue
        known.language, known.identified_at = language, tools.now()
        return language
    raise Unsupported("; ".join(said)[:300])


def _languages(door: Door, options: RecorderOptions, tools: Tools) -> list[Language]:
    """Those to try. ISAPI first: its path answers without harm on every maker's devices."""
    every: dict[str, Language] = {
        "isapi": Hikvision(door),
        "dahua": Dahua(door),
        "onvif": ProfileG(door, tools),
    }
    return list(every.values()) if options.language == "auto" else [every[options.language]]


async def _channels(language: Language) -> tuple[Channels, str]:
    try:
        return await language.read_channels(), ""
    except Unsupported as unsupported:
        return {}, f"channels not told: {unsupported}"


async def _disks(language: Language, known: Known) -> tuple[Disks, str]:
    try:
        disks = await language.read_disks()
    except Unsupported as unsupported:
        return {}, f"disks not told: {unsupported}"
    known.fitted |= {key for key, one in disks.items() if one.size_bytes}
    return {key: _seen(key, one, known) for key, one in disks.items()}, ""


def _seen(key: str, disk: Disk, known: Known) -> Disk:
    """An empty bay that held a disk has lost it; what SMART says counts where the recorder is content."""
    if disk.state == "empty" and key in known.fitted:
        return replace(disk, state="offline")
    if known.health.get(key) == "smart_failed" and disk.state in {"normal", "idle", "unknown"}:
        return replace(disk, state="smart_failed")
    return disk


def _proven(known: Known, channels: Channels) -> dict[str, Channel]:
    """The channels with what their footage proves of their recording."""
    found = dict(channels)
    for number, one in channels.items():
        recent = known.recent.get(number)
        if one.recording is None and one.state == "online" and recent is not None and (recent or one.always):
            found[number] = replace(one, recording=recent)
    return found


def _answer(
    known: Known, options: RecorderOptions, channels: Channels, disks: Disks, untold: tuple[str, str]
) -> Answer:
    values: dict[str, Value] = {}
    assert known.language is not None
    identity = known.identity
    named = (("vendor", identity.vendor), ("model", identity.model), ("firmware", identity.firmware))
    values["language"] = known.language.name
    values.update((name, text) for name, text in (*named, ("serial", identity.serial)) if text)
    missing = zip(("channel_states", "disk_states", "footage"), (*untold, known.footage_untold), strict=True)
    values["untold"] = ", ".join(word for word, why in missing if why)
    if not untold[0]:
        values["channels"] = sum(one.state != "disabled" for one in channels.values())
        if any(one.state != "unknown" for one in channels.values()):
            values["channels_online"] = sum(one.state == "online" for one in channels.values())
        if any(one.recording is not None for one in channels.values()):
            values["channels_recording"] = sum(bool(one.recording) for one in channels.values())
    if not untold[1]:
        values |= _space(disks)
    if known.overwrite is not None:
        values["overwrite"] = known.overwrite
    values |= judge(known.footage, channels, options.retention_days, done=known.seldom.done)
    footage = {number: footage_row(one, options.days) for number, one in known.footage.items() if number in channels}
    rows: dict[str, Mapping[str, Values]] = {
        "channel": {number: one.row() for number, one in channels.items()},
        "disk": {key: one.row() for key, one in disks.items()},
        "footage": {number: _with_name(row, channels[number]) for number, row in footage.items()},
    }
    notes = [*untold, f"footage not told: {known.footage_untold}" if known.footage_untold else "", known.seldom.trouble]
    return Answer(values, {name: table for name, table in rows.items() if table}, detail="; ".join(filter(None, notes)))


def _space(disks: Disks) -> dict[str, Value]:
    fitted = [one for one in disks.values() if one.state != "empty"]
    found: dict[str, Value] = {"disks": len(fitted)}
    sizes = [one.size_bytes for one in fitted if one.size_bytes is not None]
    free = [one.free_bytes for one in fitted if one.free_bytes is not None]
    if sizes:
        found["size_bytes"] = sum(sizes)
    if free:
        found["free_bytes"] = sum(free)
    return found


def _with_name(row: dict[str, Value], channel: Channel) -> dict[str, Value]:
    return {"name": channel.name, **row} if channel.name else row
