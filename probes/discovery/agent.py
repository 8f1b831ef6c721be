"""What does an SNMP agent say: who it is, its profile, serial number and MAC address?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from probes.bounds import line
from probes.discovery.found import MAX_TEXT, Refusal
from probes.discovery.neighbours import tidy_mac
from probes.discovery.patience import hear
from probes.discovery.scope import Access
from probes.errors import Denied, NoAnswer, Refused, Trouble
from probes.observation import Values
from probes.snmp import SnmpOptions
from probes.snmp import ask as ask_snmp
from probes.snmp.ber import OCTETS, oid
from probes.snmp.conversion import to_text
from probes.snmp.question import get, get_next
from probes.snmp.session import Session, Sessions
from probes.snmp.shelf import ProfileShelf
from probes.target import Target
from probes.tools import Tools

MAX_INTERFACES = 8  # looked at for a MAC address

_SYS_DESCR = oid("1.3.6.1.2.1.1.1.0")
_SYS_NAME = oid("1.3.6.1.2.1.1.5.0")
_BRIDGE_ADDRESS = oid("1.3.6.1.2.1.17.1.1.0")  # dot1dBaseBridgeAddress, BRIDGE-MIB (RFC 4188)
_PHYSICAL_ADDRESS = oid("1.3.6.1.2.1.2.2.1.6")  # ifPhysAddress, IF-MIB (RFC 2863)


@dataclass(slots=True)
class Spoken:
    """What an agent told. `kind` and `vendor` are its profile's; `values` its inventory."""

    port: int
    credentials: str
    description: str = ""
    name: str = ""
    profile: str = ""
    kind: str = ""
    vendor: str = ""
    mac: str = ""
    values: Values = field(default_factory=dict)


async def ask_agent(
    host: str, accesses: tuple[Access, ...], ports: tuple[int, ...], seconds: float, tools: Tools
) -> tuple[Spoken | None, tuple[Refusal, ...]]:
    """Try each access once, in turn, until one is taken; after a refusal no further one.

    Silence to a community may be a wrong one, so the next is tried; `seconds` for each.
    """
    for access in accesses:
        for port in ports or (access.snmp.port if access.snmp else 161,):
            if access.snmp is None:
                continue
            session = tools.get(Sessions).get(Target(host, host, snmp=replace(access.snmp, port=port)))
            async with session.lock:
                answer = await hear(_greet(session), seconds)
            if isinstance(answer, Denied):
                return None, (Refusal("snmp", access.name, line(str(answer), MAX_TEXT)),)
            if isinstance(answer, tuple):
                spoken = Spoken(port, access.name, *answer)
                await _ask_more(host, session, spoken, tools)
                return spoken, ()
            if isinstance(answer, NoAnswer | Refused):
                continue
    return None, ()


async def _greet(session: Session) -> tuple[str, str]:
    """What sysDescr and sysName say; both may be empty."""
    cells = await get(session, (_SYS_DESCR, _SYS_NAME))
    said = (to_text(cells[one][1], cells[one][2]) if one in cells else "" for one in (_SYS_DESCR, _SYS_NAME))
    described, name = (line(text or "", MAX_TEXT) for text in said)
    return described, name


async def _ask_more(host: str, session: Session, spoken: Spoken, tools: Tools) -> None:
    target = Target(host, host, snmp=session.access)
    answer = await hear(ask_snmp(target, SnmpOptions(tables=False), tools), 8.0)
    if not isinstance(answer, Trouble):
        spoken.values = answer.values
    spoken.profile = session.known.profile or str(spoken.values.get("profile", ""))
    profile = tools.get(ProfileShelf).profiles.by_name.get(spoken.profile)
    if profile is not None:
        spoken.kind, spoken.vendor = profile.source.kind or "", profile.source.vendor or ""
    async with session.lock:
        mac = await hear(_read_mac(session), 6.0)
    spoken.mac = tidy_mac(str(spoken.values.get("mac", ""))) or ("" if isinstance(mac, Trouble) else mac)


async def _read_mac(session: Session) -> str:
    """The bridge's own address, else that of the first interface which has one."""
    base = (await get(session, (_BRIDGE_ADDRESS,))).get(_BRIDGE_ADDRESS)
    if base is not None and base[1] == OCTETS and (mac := tidy_mac(base[2].hex())):
        return mac
    at = _PHYSICAL_ADDRESS
    for _ in range(MAX_INTERFACES):
        after = await get_next(session, (at,))
        if not after or not after[0][0].startswith(_PHYSICAL_ADDRESS) or after[0][0] == at:
            return ""
        at, tag, raw = after[0]
        if tag == OCTETS and len(raw) == 6 and (mac := tidy_mac(raw.hex())):
            return mac
    return ""
