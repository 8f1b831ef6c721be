"""Many small decision trees that vote, read from a file: multinomial gradient boosting (Friedman 2001)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FILE: Final = Path(__file__).with_name("opinion.npz")
MOST_DEPTH: Final = 64


@dataclass(frozen=True, slots=True)
class Forest:
    """`classes` and `names` of what is asked and told; the trees one after the other, those of a round together.

    A node is a number of `asks` (which trait, -1 in a leaf), `below` (the threshold, or a leaf's vote), and `near` and
    `far`, the next node where the trait is at most that or above; a leaf leads to itself. `roots`: int32[rounds ×
    classes].
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
            nearer = traits.take(self.asks.take(at)) <= self.below.take(at)
            at = np.where(nearer, self.near.take(at), self.far.take(at))
        total = self.below[at].reshape(-1, len(self.classes)).sum(axis=0, dtype=np.float64)
        shifted = total - total.max()
        votes: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum())
        return votes


@cache
def shipped() -> Forest:
    """The one that comes with the program. About 70 µs a picture."""
    with np.load(FILE, allow_pickle=False) as file:
        return read(file)


def read(file: Any) -> Forest:
    """A forest from the arrays of an npz file. ValueError if they are none."""
    try:
        forest = Forest(
            classes=tuple(str(each) for each in file["classes"]),
            names=tuple(str(each) for each in file["names"]),
            roots=file["roots"],
            asks=file["asks"],
            below=file["below"],
            near=file["near"],
            far=file["far"],
            depth=int(file["depth"]),
        )
    except KeyError as error:
        raise ValueError(f"this is no forest: {error}") from None
    _check(forest)
    return forest


def _check(forest: Forest) -> None:
    """Every way must end in a leaf, after `depth` questions at most."""
    nodes = forest.asks.size
    if not forest.roots.size or forest.roots.size % len(forest.classes):
        raise ValueError(f"{forest.roots.size} trees cannot vote on {len(forest.classes)} classes")
    if not forest.below.size == forest.near.size == forest.far.size == nodes or not np.isfinite(forest.below).all():
        raise ValueError("some nodes of the forest have no threshold, or no next node")
    onward = np.concatenate([forest.roots, forest.near, forest.far])
    if onward.min() < 0 or onward.max() >= nodes:
        raise ValueError(f"a tree leads to a node that is not there; there are {nodes}")
    if forest.asks.min() < -1 or forest.asks.max() >= len(forest.names):
        raise ValueError(f"a tree asks for a trait that is not there; there are {len(forest.names)}")
    leaves = np.flatnonzero(forest.asks < 0)
    if (forest.near[leaves] != leaves).any() or (forest.far[leaves] != leaves).any():
        raise ValueError("a leaf leads to another node")
    if not 0 <= forest.depth <= MOST_DEPTH:
        raise ValueError(f"the trees cannot be {forest.depth} deep; at most {MOST_DEPTH}")
    at = forest.roots
    for _ in range(forest.depth):
        at = at[forest.asks[at] >= 0]
        at = np.unique(np.concatenate([forest.near[at], forest.far[at]]))
    if (forest.asks[at] >= 0).any():
        raise ValueError(f"a tree is deeper than {forest.depth}")
