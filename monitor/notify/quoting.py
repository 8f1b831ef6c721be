"""How do facts get into a fault's text, so that none that is missing or hostile can break it?"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Mapping

from monitor.core.plan import Device, Plan, Text
from monitor.locale.catalogue import translate
from monitor.locale.formats import UNITS, Formats
from monitor.locale.probe_lines import say_line
from monitor.locale.state_words import WORDS
from monitor.notify import strings
from ticketing.ticket import Fact, Ticket

MAX_QUOTED = 120  # characters of one fact
LARGEST = 10**15  # beyond it a number is written with its power of ten

_LEFT_SECONDS = {"days_left": 86_400, "minutes_left": 60}
_PLACE = re.compile(r"\{([A-Za-z_]\w*)(?::(,?(?:\.\d)?[dfeg%]?)|:[^{}]*)?\}")  # {name}, {name:.1f}
_OPTION = re.compile(r"\[([^\[\]]*\{[^\[\]]*)\]")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def printable(text: str) -> str:
    """Without what would break a line, a header or the direction of writing."""
    return _UNPRINTABLE.sub(" ", text).strip()


def cut(text: str) -> str:
    """At most so many characters of what somebody else wrote."""
    plain = printable(text)
    return plain if len(plain) <= MAX_QUOTED else plain[: MAX_QUOTED - 1] + "…"


def quoted(fact: Fact, formats: Formats) -> str:
    """One fact as a person reads it."""
    match fact:
        case bool():
            return (strings.YES if fact else strings.NO).get(formats.language)
        case int():
            return str(fact) if abs(fact) < LARGEST else f"{fact:.3e}" if abs(fact) < 10**300 else "∞"
        case float() if abs(fact) < LARGEST:
            return formats.number(fact, 0 if abs(fact) >= 100 else 1 if abs(fact) >= 10 else 2)
        case float():
            return f"{fact:.3e}" if math.isfinite(fact) else strings.NOT_KNOWN.get(formats.language)
        case str():
            return cut(fact)


class Quotes:
    """What a ticket's texts may quote: its facts first, then what the plan knows of the device."""

    def __init__(self, ticket: Ticket, plan: Plan, formats: Formats, now: float) -> None:
        self._facts = ticket.facts
        self._formats = formats
        self._say = translate(formats.language)
        device = plan.devices.get(ticket.fingerprint.device)
        parent = plan.devices.get(device.parent or "") if device else None
        self._known = {
            "site": plan.site.name or plan.site.id,
            "since": formats.short(ticket.since, now),
            "component": ticket.fingerprint.component,
            "key": ticket.fingerprint.component.partition("/")[2],
            **(_of_device(device) if device else {"name": ticket.fingerprint.device}),
            "parent": parent.name or parent.id if parent else "",
            "model": device.model if device and device.model else strings.SAME_MODEL.get(formats.language),
        }
        ends_at = ticket.facts.get("ends_at")
        if isinstance(ends_at, int | float) and abs(ends_at) < LARGEST:
            self._known["expired_for" if ends_at < now else "valid_for"] = formats.duration(ends_at - now)
        self._known["device"] = named(plan, ticket.fingerprint.device)

    def fill(self, text: Text) -> str:
        """The text in the reader's language with its facts; [this] is left out where a fact of it is missing."""
        kept = _OPTION.sub(lambda option: option[1] if self._knows(option[1]) else "", text.get(self._formats.language))
        return _PLACE.sub(lambda place: self._value(place[1], place[2] or ""), kept)

    def knows(self, text: Text) -> bool:
        """Is every fact that the text quotes there?"""
        return self._knows(text.en)

    def quotes_facts(self, text: Text) -> bool:
        """Does it quote what only a look can tell?"""
        return any(place[1] not in self._known for place in _PLACE.finditer(text.en))

    def _knows(self, said: str) -> bool:
        return all(self._facts.get(place[1], "") != "" or self._known.get(place[1]) for place in _PLACE.finditer(said))

    def _value(self, name: str, spec: str) -> str:
        fact = self._facts.get(name)
        if fact is None or fact == "":
            return printable(self._known.get(name, "")) or strings.NOT_KNOWN.get(self._formats.language)
        if isinstance(fact, int | float) and abs(fact) < LARGEST:
            with contextlib.suppress(ValueError):
                if spec:
                    return format(fact, spec)[:MAX_QUOTED]
            return self._measured(name, fact)
        if name == "detail" and isinstance(fact, str):
            return cut(say_line(fact, self._formats.language))
        if isinstance(fact, str) and name in strings.WORDED:
            words = [self._word(word) for word in fact.split(", ")] if name == "lost" else [self._word(fact)]
            return strings.COMMA.get(self._formats.language).join(words)
        return quoted(fact, self._formats)

    def _word(self, word: str) -> str:
        """One state, alarm or reason in the reader's language."""
        said = strings.WORDS.get(word)
        return said.get(self._formats.language) if said else self._say(WORDS[word]) if word in WORDS else cut(word)

    def _measured(self, name: str, fact: float) -> str:
        """A number with its unit, which the end of its name says."""
        formats, plain = self._formats, quoted(fact, self._formats)
        match name.rpartition("_")[2]:
            case _ if isinstance(fact, bool):
                return plain
            case "seconds" if name == "clock_offset_seconds":
                said = strings.BEHIND if fact < 0 else strings.AHEAD
                return said.get(formats.language).format(duration=formats.duration(abs(fact)))
            case "seconds":
                return ("-" if fact < 0 else "") + formats.duration(abs(fact))
            case "left" if name in _LEFT_SECONDS:
                return ("-" if fact < 0 else "") + formats.duration(abs(fact) * _LEFT_SECONDS[name])
            case "ratio" | "share":
                return formats.percent(fact)
            case "percent":
                return formats.percent(fact / 100)
            case unit if unit in UNITS:
                return f"{plain} {UNITS[unit]}"
        return plain


def _of_device(device: Device) -> Mapping[str, str]:
    return {
        "name": device.name or device.id,
        "place": device.place,
        "vendor": device.vendor,
        "port": device.port,
        "host": device.target.host,
    }


def named(plan: Plan, device: str) -> str:
    """The device's name, or its id if the plan has no name for it."""
    known = plan.devices.get(device)
    return printable(known.name if known and known.name else device)
