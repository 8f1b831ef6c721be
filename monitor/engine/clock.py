"""What time is it, even while somebody sets the clock?"""

from __future__ import annotations

import time
from collections.abc import Callable

JUMP_SECONDS = 2.0  # a difference beyond this is a jump; what NTP slews stays below


class SteadyClock:
    """Seconds since the epoch that run with the monotonic clock; a jump of the wall clock is taken over in one step.

    Call the object for the time. `jumped()` compares with the wall clock, follows it, and says by how much it jumped.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._offset = wall() - monotonic()

    def __call__(self) -> float:
        """Seconds since the epoch."""
        return self._monotonic() + self._offset

    def jumped(self) -> float:
        """Seconds by which the wall clock has left this one since the last call; 0.0 when it did not jump.

        Small drifts are followed silently.
        """
        drift = self._wall() - self()
        self._offset += drift
        return drift if abs(drift) > JUMP_SECONDS else 0.0
