"""In which language does the person at this terminal read?"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping

from monitor.locale import translate
from ticketing.ticket import Language


def language_of(env: Mapping[str, str]) -> Language:
    """The language of messages by LC_ALL, LC_MESSAGES and LANG, as POSIX orders them."""
    said = env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    return "zh_CN" if said.startswith("zh") else "en"


LANGUAGE = language_of(os.environ)
_ = translate(LANGUAGE)


def columns(text: str) -> int:
    """Of a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
