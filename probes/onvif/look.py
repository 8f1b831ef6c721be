"""How is an ONVIF device: is its clock right, what is it, and which streams does it offer?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from probes.errors import Denied, Unsupported
from probes.observation import Answer, Outcome, Value, Values
from probes.onvif.client import Client
from probes.onvif.clock import SET_SECONDS, Clock, drift_a_day, estimate_offset, explain, read_clock
from probes.onvif.inventory import find_media, read_profiles, read_uri, take_inventory
from probes.onvif.memory import Known, Memory
from probes.onvif.soap import DEVICE, Call, NotOnvif
from probes.probe import Options, Probe
from probes.snmp.shelf import ProfileShelf
from probes.target import Target
from probes.tools import Tools
from probes.web import address

PATIENCE_SECONDS: Final = 3.0  # of one look for its inventory; the next look goes on from there
_CLOCK: Final = Call(DEVICE, "GetSystemDateAndTime")
_KNOWN: Final = ("mac", "hostname", "dhcp", "scopes", "users", "administrators")
_NAMES: Final = ("vendor", "model", "firmware", "serial", "hardware")

Choice = Literal["smallest", "largest"] | int | str
"""A profile: by its number of pixels, by its place in the list (from 0), or by its name or token."""


class ServiceOptions(Options):
    """Where the device service is."""

    port: Annotated[int, Field(ge=1, le=65_535)] | None = None  # 80, or 443 with tls
    path: Annotated[str, Field(pattern=r"^/[\x21-\x7e]*$", max_length=200)] = "/onvif/device_service"
    tls: bool = False

    @property
    def service_port(self) -> int:
        """The port, named or implied."""
        return self.port or (443 if self.tls else 80)


class OnvifOptions(ServiceOptions):
    """Where the device service is, and how often what rarely changes is asked for."""

    inventory_every: Annotated[float, Field(ge=60, le=604_800)] = 3_600.0  # seconds


async def ask(target: Target, options: OnvifOptions, tools: Tools) -> Answer:
    """One call for the clock; now and then some more for the inventory.

    Values: clock_offset_seconds (device minus true; 0 within the uncertainty), clock_uncertainty_seconds, clock_set,
    clock_source ("ntp"/"manual"), clock_cause (see `explain`), clock_drift_seconds (a day), vendor, model, firmware,
    serial, hardware, mac, hostname, dhcp ("on"/"off"), scopes, users and administrators (names), profile (of the device
    family, by make and model). Rows: profile, by token.
    """
    memory = tools.get(Memory)
    known = memory.recall(target, options.service_port)
    client, url = Client(tools, target, known), service_address(target, options)
    clock, offset, uncertainty = await learn_clock(client, url, tools)
    outcome, detail = Outcome.OK, ""
    lock = memory.lock(target, options.service_port)
    if not lock.locked():
        async with lock:
            try:
                await take_inventory(client, url, options.inventory_every, tools.now(), PATIENCE_SECONDS)
            except Denied as denied:
                outcome, detail = Outcome.DENIED, str(denied)
    values: dict[str, Value] = {
        "clock_offset_seconds": offset,
        "clock_uncertainty_seconds": uncertainty,
        "clock_set": clock.is_set,
    }
    if clock.source:
        values["clock_source"] = clock.source
    if cause := explain(clock, offset):
        values["clock_cause"] = cause
    known.drift_from = _drift_from(known, tools.now(), offset)
    if (drift := drift_a_day(known.drift_from, tools.now(), offset)) is not None:
        values["clock_drift_seconds"] = drift
    values.update((name, text) for name in _KNOWN if (text := getattr(known, name)))
    values.update((name, text) for name, text in zip(_NAMES, known.identity, strict=True) if text)
    if family := tools.get(ProfileShelf).profiles.recognise_maker(known.identity[0], known.identity[1]):
        values["profile"] = family.name
    return Answer(values, known.rows, outcome=outcome, detail=detail or known.trouble)


async def stream_uri(tools: Tools, target: Target, options: OnvifOptions, *, profile: Choice = "smallest") -> str:
    """The RTSP address of a profile's stream, on the target's host, without credentials.

    From what is known; the device is asked only for what is not. Raises Unsupported (no such profile, no address) and
    what the calls raise. Keep the address out of logs: some firmware puts a password into it.
    """
    return await _uri(tools, target, options, "stream", profile)


async def snapshot_uri(tools: Tools, target: Target, options: OnvifOptions, *, profile: Choice = "smallest") -> str:
    """The HTTP address of a profile's snapshot; otherwise as `stream_uri`."""
    return await _uri(tools, target, options, "snapshot", profile)


PROBE = Probe(kind="onvif", ask=ask, options=OnvifOptions, every_seconds=60.0, timeout_seconds=8.0, uses_login=True)


async def _uri(tools: Tools, target: Target, options: OnvifOptions, kind: str, choice: Choice) -> str:
    memory = tools.get(Memory)
    known = memory.recall(target, options.service_port)
    async with memory.lock(target, options.service_port):
        client, url = Client(tools, target, known), service_address(target, options)
        known.accepted = False
        if not known.rows:
            await learn_clock(client, url, tools)
            await find_media(client, url)
            await read_profiles(client)
        token = choose_profile(known.rows.get("profile", {}), choice)
        shown = known.rows["profile"][token].get(f"{kind}_uri")
        if shown is None:
            await learn_clock(client, url, tools)
            return await read_uri(client, url, kind, token)
        return known.secret_uris.get(str(shown), str(shown))


def choose_profile(profiles: Mapping[str, Values], choice: Choice) -> str:
    """The token of the profile meant. Raises Unsupported if there is none."""
    tokens = list(profiles)
    match choice:
        case int():
            found = tokens[choice : choice + 1]
        case "smallest" | "largest":
            sized = sorted(
                (token for token in tokens if "width" in profiles[token]), key=lambda one: _pixels(profiles[one])
            )
            found = (sized or tokens)[:1] if choice == "smallest" else (sized or tokens)[-1:]
        case _:
            found = [one for one in tokens if choice in {one, profiles[one].get("name")}]
    if not found:
        raise Unsupported(f"it has no profile {choice!r} ({len(tokens)} profiles)")
    return found[0]


def _pixels(profile: Values) -> int:
    return int(profile["width"]) * int(profile["height"])


def service_address(target: Target, options: ServiceOptions) -> str:
    """The URL of the device service."""
    return address(target.host, options.service_port, options.path, tls=options.tls)


def _drift_from(known: Known, now: float, offset: float) -> tuple[float, float]:
    """From when on its clock has not been set."""
    last, known.offset_seconds = known.offset_seconds, offset
    if known.drift_from is None or last is None or abs(offset - last) > SET_SECONDS:
        return now, offset
    return known.drift_from


async def learn_clock(client: Client, url: str, tools: Tools) -> tuple[Clock, float, float]:
    """The clock, its offset and the uncertainty of that, in seconds; `client` signs by it from now on."""
    asked_at = tools.now()
    try:
        response = await client.call_clock(url, _CLOCK)
    except NotOnvif as answer:  # every device answers this one, logged in or not
        raise Unsupported(f"{answer}: ONVIF is turned off, or on another port or path") from None
    answered_at = tools.now()
    clock = read_clock(response, answered_at)
    client.known.ahead_seconds = clock.seconds - (asked_at + answered_at) / 2
    return clock, *estimate_offset(clock, asked_at, answered_at)
