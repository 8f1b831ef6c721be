"""Many small decision trees that vote, read from a file: multinomial gradient boosting (Friedman 2001)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FILE: Final = Path(__file__).with_name("opinion.npz")


@dataclass(frozen=True, slots=True)
class Forest:
    """`classes` and `names` of what is asked and told; the trees one after the other, those of a round together.

    A node is a number of `asks` (which trait, -1 in a leaf), `below` (the threshold, or a leaf's vote), and `near` and
    `far`, the next node where the trait is at most that or above. `roots`: int32[rounds × classes].
    """

    classes: tuple[str, ...]
    names: tuple[str, ...]
    roots: NDArray[np.int32]
    asks: NDArray[np.int16]
    below: NDArray[np.float32]
    near: NDArray[np.int32]
    far: NDArray[np.int32]
    depth: int

    def votes(self, traits: NDArray[np.float32]) -> NDArray[np.float64]:
        """float64[classes]: the logarithm of each one's probability. `traits`: float32 in the order of `names`."""
        at = self.roots
        for _ in range(self.depth):
            asked = self.asks[at]
            onward = np.where(traits[asked] <= self.below[at], self.near[at], self.far[at])
            at = np.where(asked < 0, at, onward)
        total = self.below[at].reshape(-1, len(self.classes)).sum(axis=0, dtype=np.float64)
        shifted = total - total.max()
        votes: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum())
        return votes


@cache
def shipped() -> Forest:
    """The one that comes with the program. About 100 µs a picture."""
    with np.load(FILE, allow_pickle=False) as file:
        return read(file)


def read(file: Any) -> Forest:
    """A forest from the arrays of an npz file."""
    return Forest(
        classes=tuple(str(each) for each in file["classes"]),
        names=tuple(str(each) for each in file["names"]),
        roots=file["roots"],
        asks=file["asks"],
        below=file["below"],
        near=file["near"],
        far=file["far"],
        depth=int(file["depth"]),
    )
