"""What is wrong with the configuration, where does it stand, and what would put it right?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType

from monitor.settings.words import MEANT, MISTAKES, QUOTED
from ticketing.ticket import Language

MAX_QUOTE = 240  # characters of anything that a message repeats

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file. Line and column count from 1; line 0 is the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong (or, as a warning, unwise). `code` names its text, `facts` are what the text quotes."""

    mark: Mark
    key: str  # as people write it: devices[3].host
    code: str
    facts: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    meant: tuple[str, ...] = ()  # what was probably meant

    def say(self, language: Language = "en") -> str:
        """One line: file:line:column: key: what is wrong; the remedy."""
        text = MISTAKES[self.code].get(language).format_map(self.facts)
        if self.meant:
            names = " / ".join(map(QUOTED.get(language).format, self.meant))
            text += MEANT.get(language).format(names=names)
        return ": ".join(part for part in (str(self.mark), self.key, text) if part)


class BadConfiguration(Exception):
    """The configuration was refused as a whole. `mistakes` has every one that was found, in the order of the file."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = in_order(mistakes)
        super().__init__(f"{len(self.mistakes)} mistakes in the configuration")

    def __str__(self) -> str:
        return "\n".join(mistake.say("en") for mistake in self.mistakes)


@dataclass(slots=True)
class Findings:
    """What has been found so far; the same thing at the same place is noted once."""

    mistakes: list[Mistake] = field(default_factory=list)
    warnings: list[Mistake] = field(default_factory=list)
    mistyped: set[str] = field(default_factory=set)  # paths of keys that were probably meant: they are not missing
    _noted: set[tuple[Mark, str, str, tuple[str, ...]]] = field(default_factory=set)

    def wrong(self, mark: Mark, key: str, code: str, *, meant: tuple[str, ...] = (), **facts: object) -> None:
        """Note a mistake."""
        self._note(self.mistakes, Mistake(mark, _short(key), code, _quoted(facts), tuple(map(_short, meant))))

    def warn(self, mark: Mark, key: str, code: str, **facts: object) -> None:
        """Note something unwise."""
        self._note(self.warnings, Mistake(mark, _short(key), code, _quoted(facts)))

    def _note(self, into: list[Mistake], found: Mistake) -> None:
        same = (found.mark, found.key, found.code, tuple(found.facts.values()))
        if same not in self._noted:
            self._noted.add(same)
            into.append(found)


def in_order(found: Iterable[Mistake]) -> tuple[Mistake, ...]:
    """As they stand in their files."""
    return tuple(sorted(found, key=lambda one: (one.mark.file, one.mark.line, one.mark.column, one.key)))


_OTHER_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "host": ("ip", "address", "addr", "ip_address", "hostname"),
        "credentials": ("user", "username", "password", "login", "auth", "credential"),
        "kind": ("type", "class"),
        "camera": ("ipc", "cam", "webcam"),
        "recorder": ("nvr", "dvr", "xvr"),
        "gateway": ("router", "firewall", "modem"),
        "panel": ("alarm", "intrusion"),
        "every": ("interval", "period"),
        "place": ("location", "room", "position"),
        "parent": ("uplink", "upstream"),
        "zh_CN": ("zh", "cn", "zh-CN", "chinese"),
        "en": ("english", "en_US", "en_GB"),
        "manager": ("admin", "administrator"),
        "urgent": ("critical", "emergency"),
        "low": ("info", "minor"),
    }
)
"""What people write -> what it is called here."""


def did_you_mean(wrong: str, right: Iterable[str]) -> tuple[str, ...]:
    """The name that was probably meant, or nothing."""
    names = list(right)
    other = [name for name, words in _OTHER_WORDS.items() if name in names and wrong in words]
    return tuple(other or get_close_matches(wrong[:100], names, n=1, cutoff=0.6))


def _quoted(facts: Mapping[str, object]) -> Mapping[str, str]:
    return {name: _short(str(fact)) for name, fact in facts.items()}


def _short(text: str) -> str:
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return line if len(line) <= MAX_QUOTE else line[: MAX_QUOTE - 1] + "…"
