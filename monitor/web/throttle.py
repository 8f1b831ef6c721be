"""How long must somebody wait who guessed wrong too often?"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

FREE_TRIES: Final = 5  # wrong guesses before the first wait
FORGET_SECONDS: Final = 900.0  # without a wrong guess
MAX_KEYS: Final = 10_000  # the oldest are forgotten first

_FIRST_WAIT_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class _Strikes:
    count: int = 0
    last: float = 0.0
    until: float = 0.0


class Throttle:
    """Counts wrong guesses by key; after five each further one doubles the wait, up to `longest_seconds`."""

    def __init__(self, longest_seconds: float) -> None:
        self._longest = longest_seconds
        self._strikes: OrderedDict[str, _Strikes] = OrderedDict()

    def wait_seconds(self, key: str, now: float) -> float:
        """Seconds until the next try is heard; 0: now."""
        return max(0.0, self._strikes.get(key, _Strikes()).until - now)

    def strike(self, key: str, now: float) -> None:
        """A wrong guess."""
        before = self._strikes.pop(key, _Strikes())
        count = before.count + 1 if now - before.last < FORGET_SECONDS else 1
        over = count - FREE_TRIES
        wait = min(self._longest, _FIRST_WAIT_SECONDS * 2.0 ** min(over, 20)) if over >= 0 else 0.0
        self._strikes[key] = replace(before, count=count, last=now, until=now + wait)
        while len(self._strikes) > MAX_KEYS:
            self._strikes.popitem(last=False)

    def forgive(self, key: str) -> None:
        """The right password came."""
        self._strikes.pop(key, None)
