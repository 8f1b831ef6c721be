"""Which tickets does a reader want to see?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monitor.storage.reading import Wanted
from ticketing.ticket import OVER, Severity, TicketState

PAGE: Final = 40
MAX_SEARCH: Final = 100  # characters

SHOWS: Final[Mapping[str, frozenset[TicketState]]] = {
    "waiting": frozenset(),
    "open": frozenset(TicketState) - OVER,
    "over": OVER,
    "all": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """`show` is one of SHOWS; an empty text or severity matches everything."""

    show: str = "waiting"
    severity: str = ""
    text: str = ""
    below: int | None = None

    @property
    def waiting(self) -> bool:
        """Only what waits for somebody, most urgent first, from memory."""
        return self.show == "waiting" and not self.text and not self.severity and self.below is None

    def wanted(self, named: Mapping[str, frozenset[str]]) -> Wanted:
        """The question to the store; `named`: for each word, the devices of which the plan knows it."""
        severities = frozenset({Severity(self.severity)}) if self.severity else frozenset[Severity]()
        states = SHOWS["open"] if self.show == "waiting" else SHOWS[self.show]
        return Wanted(states, severities, words=self.text, named=named, below=self.below, limit=PAGE)


def read_choice(query: Mapping[str, str]) -> Choice:
    """The choice of an address; what makes no sense is left out."""
    show, severity, below = query.get("show", ""), query.get("severity", ""), query.get("below", "")
    return Choice(
        show if show in SHOWS else "waiting",
        severity if severity in set(Severity) else "",
        query.get("q", "")[:MAX_SEARCH].replace("\0", "").strip(),
        int(below) if below.isascii() and below.isdigit() and len(below) < 18 else None,
    )
