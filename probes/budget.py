"""How much may one device say? What comes beyond is counted and dropped before it is looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Budget:
    """So many a second, and so many at once. `left` is how many are left at `at` (seconds, monotonic)."""

    per_second: float
    at_once: float
    left: float = -1.0
    at: float = 0.0

    def spend(self, now: float) -> bool:
        """Is one more allowed now?"""
        if self.left < 0:
            self.left, self.at = self.at_once, now
        self.left = min(self.at_once, self.left + (now - self.at) * self.per_second)
        self.at = now
        if self.left < 1.0:
            return False
        self.left -= 1.0
        return True
