"""What is a host that said all this: its kind, maker, model, serial number, name?"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, get_args

from probes.discovery.agent import Spoken
from probes.discovery.device_service import Told
from probes.discovery.found import MAX_EVIDENCE, MAX_TEXT, Found, FoundKind, Reason, StreamSeen
from probes.discovery.front import Front
from probes.discovery.isapi import DeviceInfo
from probes.discovery.matches import Match
from probes.snmp.profile import Profiles

MANY_SOURCES: Final = 5  # pictures of one device: cameras with several heads have up to four

_KINDS: Final[tuple[FoundKind, ...]] = get_args(FoundKind)
_MAKERS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(  # how web servers, realms and titles name their maker
    (re.compile(pattern, re.IGNORECASE), maker)
    for pattern, maker in (
        (r"hikvision|app-webs/|dnvrs-webs|dvrdvs-webs|\bds-\d[a-z0-9]{3}", "Hikvision"),
        (r"dahua|login to [0-9a-z]{12,}", "Dahua"),
        (r"\baxis\b|^axis_[0-9a-f]{12}", "Axis"),
        (r"ipolis|hanwha|wisenet", "Hanwha"),
        (r"uniview|uniarch", "Uniview"),
        (r"mobotix", "Mobotix"),
        (r"avigilon", "Avigilon"),
        (r"vivotek", "Vivotek"),
        (r"intelbras", "Intelbras"),
    )
)
_AXIS_REALM: Final = re.compile(r"^AXIS_([0-9A-F]{12})$", re.IGNORECASE)
_RECORDER: Final = re.compile(r"\b(?:nvr|dvr|xvr|hvr)|recorder|录像机", re.IGNORECASE)
_WORDS: Final[tuple[tuple[str, FoundKind], ...]] = (
    (r"\bups\b|uninterruptible", "ups"),
    (r"\bswitch\b|交换机", "switch"),
    (r"\brouter\b|gateway|firewall|routeros|路由", "gateway"),
    (r"recorder|\bnvr\b|录像机", "recorder"),
    (r"\bcamera\b|摄像机", "camera"),
    (r"alarm panel|intrusion", "panel"),
    (r"\blinux\b|windows|\bnas\b", "server"),
)
_DESCRIBED: Final = tuple((re.compile(pattern, re.IGNORECASE), kind) for pattern, kind in _WORDS)
_NAMELESS: Final = re.compile(
    r"^(?:|web service|login|index|home|network camera|ip camera|untitled|document)$", re.IGNORECASE
)


@dataclass(slots=True)
class Said:
    """Everything that one host said."""

    host: str
    pings: bool = False
    ports: frozenset[int] = frozenset()
    fronts: tuple[Front, ...] = ()
    rtsp: dict[int, str] = field(default_factory=dict)  # port -> what the server calls itself
    sia_port: int = 0
    match: Match | None = None
    told: Told | None = None
    spoken: Spoken | None = None
    info: DeviceInfo | None = None
    streams: tuple[StreamSeen, ...] = ()
    neighbour: str = ""  # MAC, of this machine's table


def maker_of(said: Said) -> str:
    """The maker that the front page or the ports hint at; empty where they do not."""
    for front in said.fronts:
        for text in (front.server, front.realm, front.title):
            for pattern, maker in _MAKERS:
                if pattern.search(text):
                    return maker
    return "Dahua" if 37777 in said.ports else ""


def is_own_name(title: str) -> bool:
    """Did somebody give the device this title of its page, or is it the maker's own?"""
    return not _NAMELESS.match(title) and not any(pattern.search(title) for pattern, _ in _MAKERS)


def identify(said: Said, profiles: Profiles) -> Found:
    """What is known of the host, and what each guess stands on; logins and refusals are put in by the caller."""
    told, spoken, info = said.told, said.spoken, said.info
    identity = told.identity if told else ("", "", "", "")
    values = spoken.values if spoken else {}
    http = next((front for front in said.fronts if not front.tls), None)
    https = next((front.port for front in said.fronts if front.tls), 0)
    maker = maker_of(said)
    vendor = _first(identity[0], spoken.vendor if spoken else "", "Hikvision" if info else "", maker)
    hardware = said.match.scope("hardware") if said.match else ""
    model = _first(identity[1], info.model if info else "", str(values.get("model", "")), hardware)
    kind, evidence = _kind(said, profiles, vendor, model)
    profile, reason = _profile(said, profiles, kind, vendor, model)
    evidence += [reason] if reason else []
    return Found(
        said.host,
        kind,
        vendor,
        model,
        _first(identity[3], info.serial if info else "", str(values.get("serial", ""))),
        _first(told.mac if told else "", info.mac if info else "", spoken.mac if spoken else "", said.neighbour,
               _axis_mac(said)),
        _first(identity[2], info.firmware if info else "", str(values.get("firmware", ""))),
        _name(said),
        profile,
        profiles.by_name[profile].source.checks if profile in profiles.by_name else (),
        said.pings,
        http.port if http else 0,
        http is not None and 200 <= http.status < 400,
        https,
        min(said.rtsp, default=0),
        spoken.port if spoken else 0,
        told.service.port if told else 0,
        told.service.path if told else "",
        told.service.tls if told else False,
        said.sia_port,
        snmp=spoken.credentials if spoken else "",
        wants_login=bool(told and told.wants_login) or any(front.realm for front in said.fronts),
        streams=said.streams,
        evidence=tuple(evidence[:MAX_EVIDENCE]),
    )  # fmt: skip


def _profile(said: Said, profiles: Profiles, kind: FoundKind, vendor: str, model: str) -> tuple[str, Reason | None]:
    """The profile, and what it stands on where that is not its SNMP agent.

    A camera's agent may be no more than that of its operating system: then make and model tell more. A profile of no
    maker needs a device that really speaks ONVIF.
    """
    spoken = said.spoken.profile if said.spoken else ""
    agent = profiles.by_name.get(spoken)
    if kind not in ("camera", "recorder") or (agent is not None and agent.source.kind == kind):
        return spoken, None
    found = profiles.recognise_maker(vendor, model, kind)
    if found is None or not (found.source.vendor or said.told):
        return spoken, None
    return found.name, Reason("maker_profile", f"{vendor} {model}".strip()[:MAX_TEXT], found.name)


def _kind(said: Said, profiles: Profiles, vendor: str, model: str) -> tuple[FoundKind, list[Reason]]:
    """The strongest clue first: what the device is by its own word, then by what it speaks."""
    clues: list[tuple[FoundKind, Reason]] = []
    if said.info:
        recorder = _RECORDER.search(said.info.kind) is not None
        clues.append(("recorder" if recorder else "camera", Reason("isapi", said.info.kind)))
    family = profiles.maker(vendor, model) if vendor else None
    if family is not None and family.make is not None and family.model is not None:  # it knows the model, too
        kind = _as_kind(profiles.by_name[family.profile].source.kind)
        clues.append((kind, Reason("model", model[:MAX_TEXT], family.profile)))
    if said.spoken and said.spoken.kind in _KINDS and said.spoken.kind != "server":  # one agent for all: Dahua
        clues.append((_as_kind(said.spoken.kind), Reason("snmp_profile", profile=said.spoken.profile)))
    if clue := _onvif_kind(said):
        clues.append(clue)
    if said.spoken:
        text = said.spoken.description
        described = [kind for pattern, kind in _DESCRIBED if pattern.search(text)]
        clues += [(kind, Reason("sysdescr", text[:MAX_TEXT])) for kind in described[:1]]
        if said.spoken.kind == "server":
            clues.append(("server", Reason("snmp_profile", profile=said.spoken.profile)))
    titles = [front for front in said.fronts if _RECORDER.search(f"{front.title} {front.realm}")]
    if titles:
        clues.append(("recorder", Reason("page", titles[0].title or titles[0].realm)))
    if said.rtsp:
        clues.append(("camera", Reason("rtsp", str(min(said.rtsp)))))
    if said.sia_port and not said.fronts:
        clues.append(("panel", Reason("sia", str(said.sia_port))))
    if maker := maker_of(said):
        clues.append(("", Reason("maker", maker)))
    return next((kind for kind, _ in clues if kind), ""), [reason for _, reason in clues]


def _onvif_kind(said: Said) -> tuple[FoundKind, Reason] | None:
    scopes = (*(said.match.scopes if said.match else ()), *(said.told.scopes if said.told else ()))
    if said.told is None and said.match is None:
        return None
    model = said.told.identity[1] if said.told else ""
    types = " ".join(one for one in scopes if one.lower().startswith(("type/", "hardware/", "name/")))
    if _RECORDER.search(model) or _RECORDER.search(types) or "networkvideorecorder" in types.lower().replace("_", ""):
        return "recorder", Reason("onvif_says", (model or types)[:MAX_TEXT])
    if said.told and said.told.sources >= MANY_SOURCES:
        return "recorder", Reason("onvif_sources", str(said.told.sources))
    return "camera", Reason("onvif")


def _as_kind(text: str) -> FoundKind:
    return next((kind for kind in _KINDS if kind == text), "")


def _name(said: Said) -> str:
    """As people named it: over ISAPI, SNMP, ONVIF, or the title of its page unless that is the maker's own."""
    scopes = said.told.scopes if said.told else said.match.scopes if said.match else ()
    scoped = next((one[5:] for one in scopes if one.startswith("name/")), "")
    title = next((front.title for front in said.fronts if is_own_name(front.title)), "")
    named = said.spoken.name if said.spoken else ""
    return _first(said.info.name if said.info else "", named, title, scoped)


def _axis_mac(said: Said) -> str:
    """Axis names its realm after its MAC address."""
    for front in said.fronts:
        if found := _AXIS_REALM.match(front.realm):
            digits = found[1].lower()
            return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
    return ""


def _first(*texts: str) -> str:
    return next((text for text in texts if text), "")
