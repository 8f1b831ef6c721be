"""How is a line of a probe, such as "no answer within 5 s", said in the reader's language?

Probes say one English line; it is stored, sent and logged like that. A reader gets it by its pattern: what is not known
stays English.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import resources
from typing import Final

import yaml

from ticketing.ticket import Language

MAX_LINE: Final = 400  # characters; longer lines are not looked at
MAX_DEPTH: Final = 3  # lines within lines
_PLACE: Final = re.compile(r"\{(\w+)\}")


def say_line(line: str, language: Language) -> str:
    """The line in that language; as it is where nobody has put it into words."""
    if language == "en" or len(line) > MAX_LINE:
        return line
    return _said(line)


@cache
def patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """What matches a line, and its Chinese with named places; the most particular first."""
    text = resources.files("monitor.locale").joinpath("probe_lines.yaml").read_text("utf-8")
    known: dict[str, str] = yaml.safe_load(text)
    by_letters = sorted(known, key=lambda english: -len(_PLACE.sub("", english)))
    return tuple((_pattern(english), known[english]) for english in by_letters)


def _pattern(english: str) -> re.Pattern[str]:
    parts = _PLACE.split(english)  # text, name, text, name, …
    word = r"(?:(?!; ).)+?"  # of several lines in one, each is put into words by itself
    places = {"line": ".+?"}
    return re.compile(
        "".join(f"(?P<{part}>{places.get(part, word)})" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    )


@lru_cache(2_048)
def _said(line: str, depth: int = 0) -> str:
    for pattern, chinese in patterns():
        found = pattern.fullmatch(line)
        if found is not None:
            words = found.groupdict()
            if "line" in words and depth < MAX_DEPTH:
                words["line"] = _said(words["line"], depth + 1)
            return chinese.format_map(words)
    if depth >= MAX_DEPTH:
        return line
    if "; " in line:
        return "；".join(_said(part, depth + 1) for part in line.split("; "))
    head, colon, rest = line.partition(": ")
    said = _said(rest, depth + 1) if colon else rest
    return f"{head}：{said}" if said != rest else line
