"""Which profile fits a device?"""

from __future__ import annotations

from dataclasses import dataclass

from probes.errors import LocalTrouble
from probes.snmp.ber import OID, oid, to_oid
from probes.snmp.conversion import to_text
from probes.snmp.profile import Profile, Profiles
from probes.snmp.question import get, get_next
from probes.snmp.session import Asked
from probes.tools import trace

AUTO = "auto"

_SYS_DESCR = oid("1.3.6.1.2.1.1.1.0")
_SYS_OBJECT_ID = oid("1.3.6.1.2.1.1.2.0")


async def choose(session: Asked, profiles: Profiles, wanted: str) -> Profile:
    """The profile that is configured, or with "auto" the one that fits; remembered until the inventory is due again.

    Raises LocalTrouble when the configured one does not exist, and what asking raises.
    """
    known = session.known
    if wanted != AUTO:
        profile = profiles.by_name.get(wanted)
        if profile is None or profile.is_mixin:
            raise LocalTrouble(f"there is no SNMP profile {wanted!r}; there are: {', '.join(profiles.names)}")
        return profile
    if known.profile in profiles.by_name and known.recognised_by is profiles:
        return profiles.by_name[known.profile]
    return await recognise(session, profiles)


async def recognise(session: Asked, profiles: Profiles) -> Profile:
    """Ask the device who it is: one GET, one GETNEXT. Remembers the answer in `session.known`."""
    facts = await ask_who(session, profiles)
    profile = profiles.recognise(facts.sysobjectid, facts.sysdescr, facts.found)
    trace("sysObjectID %s, sysDescr %r: profile %s", facts.dotted or "-", facts.sysdescr, profile.name)
    session.known.profile, session.known.recognised_by = profile.name, profiles
    return profile


@dataclass(frozen=True, slots=True)
class Facts:
    """What a device says of itself, as far as profiles are chosen by it."""

    sysobjectid: bytes
    sysdescr: str
    found: tuple[bytes, ...]  # OIDs that it has, of those that follow `Profiles.under`

    @property
    def dotted(self) -> str:
        """The sysObjectID for people; empty if the device has none."""
        return to_oid(self.sysobjectid) if self.sysobjectid else ""


async def ask_who(session: Asked, profiles: Profiles) -> Facts:
    """Ask for what `Profiles.recognise` wants to know."""
    system = await get(session, (_SYS_DESCR, _SYS_OBJECT_ID))
    after = await get_next(session, profiles.under)
    described = system.get(_SYS_DESCR)
    identified = system.get(_SYS_OBJECT_ID)
    sysdescr = (to_text(described[1], described[2]) or "") if described else ""
    sysobjectid = identified[2] if identified and identified[1] == OID else b""
    return Facts(sysobjectid, sysdescr, tuple(bind[0] for bind in after))
