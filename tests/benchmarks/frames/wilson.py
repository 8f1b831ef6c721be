"""How sure is a share that was counted?"""

from __future__ import annotations

import math


def interval(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's score interval for a share, 95 % by default; (0, 1) where nothing was counted."""
    if of == 0:
        return 0.0, 1.0
    share = hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    reach = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, middle - reach), min(1.0, middle + reach)
