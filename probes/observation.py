"""What did one look at one device see?

Trouble with a device is data: every look ends as one `Observation`, whatever happened. Nothing here does I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

Value = bool | int | float | str
Values = Mapping[str, Value]
Rows = Mapping[str, Mapping[str, Values]]  # table -> key of the row -> values, e.g. rows["disk"]["1"]["state"]

NO_VALUES: Values = MappingProxyType({})
NO_ROWS: Rows = MappingProxyType({})

MAX_DETAIL = 400  # characters of `detail`; more is cut


class Outcome(StrEnum):
    """How a look ended. The first group speaks of the device, the second of the monitor (verdict: unknown)."""

    OK = "ok"  # the device answered the question
    NO_ANSWER = "no_answer"  # nothing came within the timeout
    REFUSED = "refused"  # the network or host said no: connection refused, reset, unreachable
    DENIED = "denied"  # the credentials were refused
    UNSUPPORTED = "unsupported"  # the device answered that it does not do this
    GARBLED = "garbled"  # the answer was malformed, or larger, deeper or slower than allowed

    UNRESOLVED = "unresolved"  # the name did not resolve
    WITHHELD = "withheld"  # not asked, on purpose (credentials back off, budget used up)
    LOCAL = "local"  # the monitor could not ask: no sockets, no memory, decoder worker died
    BUG = "bug"  # an unexpected exception in the probe: a ticket about the monitor, never about the device


MONITOR_OUTCOMES = frozenset({Outcome.UNRESOLVED, Outcome.WITHHELD, Outcome.LOCAL, Outcome.BUG})


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as evidence: JPEG bytes (at most ~200 kB), its width and height in pixels."""

    jpeg: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a probe returns: values, tables of rows, perhaps a picture; `detail` is one English line for people."""

    values: Values = field(default_factory=lambda: NO_VALUES)
    rows: Rows = field(default_factory=lambda: NO_ROWS)
    picture: Picture | None = None
    outcome: Outcome = Outcome.OK
    detail: str = ""
    marked: Picture | None = None  # the same picture with what is wrong marked on it
    learned: bytes = b""  # what the next look should know of this device's pictures (see probes.frame.reference)


@dataclass(frozen=True, slots=True)
class Observation:
    """One look: `at` is its start (seconds since the epoch, UTC), `duration_seconds` how long it took."""

    device: str
    check: str
    at: float
    duration_seconds: float
    outcome: Outcome
    values: Values = field(default_factory=lambda: NO_VALUES)
    rows: Rows = field(default_factory=lambda: NO_ROWS)
    picture: Picture | None = None
    detail: str = ""
    marked: Picture | None = None
    learned: bytes = b""

    @property
    def ended_at(self) -> float:
        """Seconds since the epoch at which the look ended."""
        return self.at + self.duration_seconds
