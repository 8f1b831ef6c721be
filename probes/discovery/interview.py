"""What does one host say to everything that it is asked, one question after the other?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from probes.discovery.agent import ask_agent
from probes.discovery.device_service import ask_service, find_service
from probes.discovery.found import Found, Refusal
from probes.discovery.front import Front, read_front
from probes.discovery.identity import Said, identify, maker_of
from probes.discovery.isapi import DeviceInfo, read_device_info
from probes.discovery.knock import Knocker
from probes.discovery.matches import Match, Matcher, Service
from probes.discovery.patience import denied, hear
from probes.discovery.ration import Ration
from probes.discovery.scope import Own, Scope
from probes.discovery.streams import describe, greet, usual
from probes.errors import Trouble
from probes.snmp.profile import Profiles
from probes.snmp.shelf import ProfileShelf
from probes.tools import Tools

FIRST_SECONDS: Final = 1.0  # until a port counts as silent, at a host of which nothing is known
DARK_AGENT_SECONDS: Final = 1.2  # the same for an SNMP agent at a host that says nothing else
AGENT_SECONDS: Final = 3.0  # one datagram may get lost
REST_SECONDS: Final = 1.5
FRONT_SECONDS: Final = 4.0
MATCH_SECONDS: Final = 1.5
MAX_FRONTS: Final = 4
MAX_SERVICES: Final = 6
ONVIF_PATH: Final = "/onvif/device_service"

_NOTHING: Final = Own()


@dataclass(frozen=True, slots=True)
class Interviewer:
    """Asks hosts; one instance for a sweep."""

    scope: Scope
    tools: Tools
    knocker: Knocker
    neighbours: Mapping[str, str]
    matches: Mapping[str, Match]  # what came to a multicast

    async def visit(self, host: str) -> tuple[bool, Found | None]:
        """Does the host answer anything, and if it offers anything, what is it?"""
        ports = self.scope.ports
        pings = await self.knocker.ping(host)
        knocked = await self.knocker.knock(host, ports.first, FIRST_SECONDS)
        match = self.matches.get(host)
        there = pings or knocked.there or match is not None
        withheld = host in self.scope.withheld
        own = self.scope.own.get(host, _NOTHING)
        accesses = () if withheld else (own.snmp,) if own.snmp else self.scope.snmp
        spoken, refused = await ask_agent(
            host, accesses, ports.snmp, AGENT_SECONDS if there else DARK_AGENT_SECONDS, self.tools
        )
        if not there and spoken is None and not refused:
            return False, None
        opened = knocked.open | (await self.knocker.knock(host, ports.rest, REST_SECONDS)).open
        said = Said(host, pings, opened, match=match, spoken=spoken, neighbour=self.neighbours.get(host, ""))
        ration = Ration(None if withheld else own.login or self.scope.login)
        await self._ask(said, ration)
        if not (said.fronts or said.rtsp or said.told or said.match or said.spoken or said.sia_port or refused):
            return True, None
        return True, _found(said, ration, refused, self.tools.get(ProfileShelf).profiles)

    async def _ask(self, said: Said, ration: Ration) -> None:
        """What needs no login first, for it tells where the login belongs."""
        ports, host = self.scope.ports, said.host
        said.fronts = await self._read_fronts(host, said.ports)
        for port in ports.rtsp:
            if port in said.ports and (server := await greet(host, port, self.tools)) is not None:
                said.rtsp[port] = server
        used = {front.port for front in said.fronts} | said.rtsp.keys()
        said.sia_port = next((port for port in ports.sia if port in said.ports and port not in used), 0)
        if said.match is None and (said.fronts or said.rtsp):
            said.match = await self._ask_match(host)
        likely = said.match is not None or bool(said.rtsp)
        served = await find_service(host, _candidates(said), self.tools, likely=likely)
        if served is not None:
            said.told = await ask_service(host, served, said.match, ration, self.tools)
            said.streams = said.told.streams
        maker = (said.told.identity[0] if said.told else "") or maker_of(said)
        vendor = (maker or (said.spoken.vendor if said.spoken else "")).lower()
        if vendor.startswith("hikvision") and not (said.told and said.told.identity[3]):
            said.info = await self._ask_isapi(said, ration)
        if not said.streams and said.rtsp:
            profiles = self.tools.get(ProfileShelf).profiles
            model = said.told.identity[1] if said.told else said.info.model if said.info else ""
            said.streams = usual(profiles.recognise_maker(vendor, model), min(said.rtsp))
            described = await describe(host, said.streams, ration, self.tools)
            said.streams = tuple(stream for stream in described if stream.confirmed)
        else:
            said.streams = await describe(host, said.streams, ration, self.tools)

    async def _read_fronts(self, host: str, opened: frozenset[int]) -> tuple[Front, ...]:
        wanted = [(port, False) for port in self.scope.ports.http] + [(port, True) for port in self.scope.ports.https]
        found: list[Front] = []
        for port, tls in [one for one in wanted if one[0] in opened][:MAX_FRONTS]:
            front = await hear(read_front(host, port, self.tools, tls=tls), FRONT_SECONDS)
            if not isinstance(front, Trouble):
                found.append(front)
        return tuple(found)

    async def _ask_match(self, host: str) -> Match | None:
        for port in self.scope.ports.wsd[:1]:
            match = await hear(self.tools.get(Matcher).ask(host, port), MATCH_SECONDS)
            if not isinstance(match, Trouble):
                return match
        return None

    async def _ask_isapi(self, said: Said, ration: Ration) -> DeviceInfo | None:
        for front in said.fronts[:1]:
            if ration.login is None:
                return None
            info = await hear(
                read_device_info(said.host, front.port, ration.login, self.tools, tls=front.tls), FRONT_SECONDS
            )
            if refusal := denied(info):
                ration.refuse("isapi", str(refusal))
            elif not isinstance(info, Trouble):
                ration.accept()
                return info
        return None


def _candidates(said: Said) -> list[Service]:
    """Where ONVIF may be: where the device says, else at the usual path of every web server."""
    named = said.match.services if said.match else ()
    usual = (Service(front.port, ONVIF_PATH, front.tls) for front in said.fronts)
    return list(dict.fromkeys((*named, *usual)))[:MAX_SERVICES]


def _found(said: Said, ration: Ration, refused: tuple[Refusal, ...], profiles: Profiles) -> Found:
    return replace(
        identify(said, profiles),
        login=ration.name if ration.accepted and not ration.refusals else "",
        refusals=(*ration.refusals, *refused),
    )
