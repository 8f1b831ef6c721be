"""What does a value on the wire mean: a number with its unit, a text, a state?"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from probes.observation import Value
from probes.snmp.ber import INTEGER, IP_ADDRESS, OCTETS, OID, OPAQUE, UNSIGNED, to_float, to_int, to_oid

MAX_TEXT = 255  # octets of a text that are looked at (DisplayString, RFC 2579)

Type = Literal["number", "ticks", "bytes", "text", "mac", "truth", "state"]

_NUMBER = re.compile(r"[-+]?\d{1,20}(?:\.\d{1,20})?")
_SIZE = re.compile(r"(\d{1,20}(?:\.\d{1,20})?)\s*([KMGTP]?)i?B?", re.IGNORECASE)
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40, "P": 2**50}
_LIMIT = 2.0**63  # beyond it nothing is a quantity, and expressions would overflow
_TRUTH = {1: True, 2: False}  # TruthValue (RFC 2579), and the on/off enumerations made like it


@dataclass(frozen=True, slots=True)
class Conversion:
    """How one object's value is read. A value that cannot be read that way is left out, never guessed."""

    type: Type = "number"
    scale: float = 1.0
    pattern: re.Pattern[str] | None = None  # its first group is what counts of a text
    states: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None  # state of a value that `states` does not name
    absent: frozenset[str] = frozenset()  # values by which firmware says that it does not know
    low: float = -math.inf
    high: float = math.inf

    def __call__(self, tag: int, raw: bytes) -> Value | None:
        """The value, or None. Garbled if it is no BER at all."""
        match self.type:
            case "number":
                return self._number(tag, raw)
            case "ticks":
                return self._fit(to_int(raw, tag) / 100) if tag == INTEGER or tag in UNSIGNED else None
            case "text":
                text = self._text(tag, raw)
                return None if not text or text in self.absent else text
            case "state":
                text = self._text(tag, raw)
                return None if text is None or text in self.absent else self._state(text)
            case "truth":
                return _TRUTH.get(to_int(raw)) if tag == INTEGER else None
            case "mac":
                return raw.hex(":") if tag == OCTETS and len(raw) == 6 else None
            case "bytes":
                return self._bytes(tag, raw)

    def _number(self, tag: int, raw: bytes) -> int | float | None:
        number: int | float | None
        if tag == INTEGER or tag in UNSIGNED:
            number = to_int(raw, tag)
        elif tag == OCTETS:
            text = self._text(tag, raw) or ""
            found = _NUMBER.search(text)
            if found is None or text in self.absent:
                return None
            number = float(found[0]) if "." in found[0] else int(found[0])
        else:
            number = to_float(raw) if tag == OPAQUE else None
        if number is None or (self.absent and str(number) in self.absent):
            return None
        if self.scale != 1:
            number *= int(self.scale) if self.scale % 1 == 0 else self.scale
        return self._fit(number)

    def _bytes(self, tag: int, raw: bytes) -> int | float | None:
        if tag != OCTETS:
            return self._number(tag, raw)
        found = _SIZE.search(self._text(tag, raw) or "")
        if found is None:
            return None
        octets = self._fit(float(found[1]) * _UNITS[found[2].upper()] * self.scale)
        return None if octets is None else int(octets)

    def _fit(self, number: int | float) -> int | float | None:
        if not (math.isfinite(number) and abs(number) < _LIMIT and self.low <= number <= self.high):
            return None
        return round(number, 6) if isinstance(number, float) else number

    def _text(self, tag: int, raw: bytes) -> str | None:
        text = to_text(tag, raw)
        if text is not None and self.pattern is not None:
            found = self.pattern.search(text)
            return found[1] if found else None
        return text

    def _state(self, text: str) -> str | None:
        return self.states.get(text.casefold(), self.otherwise)


def to_text(tag: int, raw: bytes) -> str | None:
    """A value as one line for people, without control characters, at most MAX_TEXT; None if it has no text form."""
    if tag == OCTETS:
        return clean(raw)
    if tag == INTEGER or tag in UNSIGNED:
        return str(to_int(raw, tag))
    if tag == OID:
        return to_oid(raw[: 5 * MAX_TEXT])
    if tag == IP_ADDRESS and len(raw) == 4:
        return ".".join(map(str, raw))
    number = to_float(raw) if tag == OPAQUE else None
    return None if number is None else str(number)


def clean(raw: bytes) -> str:
    """Text of a device: UTF-8, or GB 18030 (firmware made in China), else Latin-1."""
    raw = raw[:MAX_TEXT].rstrip(b"\0")
    for encoding in ("utf-8", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = raw.decode("latin-1")
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(mark)[0] in "CZ" else mark for mark in text)
    return " ".join(text.split())
