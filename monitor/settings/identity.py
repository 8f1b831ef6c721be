"""Which profile does a recorded device get, why, what would be measured, and what would be judged?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from monitor.core.case import cases, variables
from monitor.core.plan import Rule
from probes.discovery import Found
from probes.discovery.agent import Spoken
from probes.discovery.identity import identify as recognise
from probes.errors import Unsupported
from probes.observation import Answer, Observation, Outcome
from probes.recording import read_folder
from probes.recording.said import hear
from probes.snmp.ber import to_oid
from probes.snmp.look import SnmpOptions, look
from probes.snmp.playback import MAX_OCTETS, read_recording
from probes.snmp.profile import Clue, Profile, Profiles
from probes.snmp.recognition import Facts, ask_who


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one rule says: of the device (component ""), of a row, or of a table. None: it cannot be known."""

    rule: Rule
    component: str
    verdict: bool | None


@dataclass(frozen=True, slots=True)
class Identity:
    """A recorded device, as the daemon would see it."""

    file: Path
    facts: Facts
    profile: Profile
    clue: Clue | None  # None: nothing fitted, and `generic` was taken
    answer: Answer
    judgements: tuple[Judgement, ...]
    is_whole: bool  # or was the recording's end left unread?

    @property
    def is_known(self) -> bool:
        """Did a profile fit, and has the device anything of it?"""
        return self.clue is not None and bool(self.answer.values)

    @property
    def faults(self) -> tuple[Judgement, ...]:
        """What would be found wrong, if it stayed so."""
        return tuple(one for one in self.judgements if one.verdict)

    @property
    def reasons(self) -> tuple[tuple[str, str], ...]:
        """By what it was recognised: what was looked at, and what fitted."""
        if self.clue is None:
            return ()
        found = []
        if self.clue.sysobjectid is not None:
            found.append(("sysObjectID", to_oid(self.clue.sysobjectid)))
        if self.clue.sysdescr is not None:
            found.append(("sysDescr", self.clue.sysdescr.pattern))
        if self.clue.under is not None:
            found.append(("has", to_oid(self.clue.under)))
        return tuple(found)


async def identify(file: Path, profiles: Profiles, rules: Iterable[Rule], *, max_octets: int = MAX_OCTETS) -> Identity:
    """Look at a recording as at a device. Raises BadRecording, OSError."""
    recording = read_recording(file, profiles.asked, max_octets=max_octets)
    facts = await ask_who(recording, profiles)
    clue = profiles.clue(facts.sysobjectid, facts.sysdescr, facts.found)
    profile = profiles.by_name["generic" if clue is None else clue.profile]
    try:
        answer = await look(recording, profiles, SnmpOptions(profile=profile.name))
    except Unsupported:
        answer = Answer({}, {})
    return Identity(file, facts, profile, clue, answer, judge(profile, answer, rules), recording.is_whole)


def identify_folder(folder: Path, profiles: Profiles, agent: Identity | None) -> Found:
    """What the rest of a recorded device says of itself; `agent` is what its SNMP agent said. BadRecording, OSError."""
    said = hear(read_folder(folder))
    if agent is not None:
        source = agent.profile.source
        said.spoken = Spoken(
            0, "", agent.facts.sysdescr, profile=agent.profile.name, kind=source.kind, vendor=source.vendor,
            values=agent.answer.values,
        )  # fmt: skip
    return recognise(said, profiles)


def judge(profile: Profile, answer: Answer, rules: Iterable[Rule]) -> tuple[Judgement, ...]:
    """What the rules of the check snmp say of that answer, for a device of the profile's kind."""
    seen = Observation("device", "snmp", 0.0, 0.0, Outcome.OK, values=answer.values, rows=answer.rows)
    kind, base = profile.source.kind, variables(seen)
    return tuple(
        Judgement(rule, case.component, case.verdict)
        for rule in rules
        if rule.check == "snmp"
        and (not rule.kinds or kind in rule.kinds)
        and (not rule.profiles or profile.name in rule.profiles)
        for case in cases(rule, seen, base)
    )
