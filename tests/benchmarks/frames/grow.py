"""`python -m tests.benchmarks.frames.grow ROWS… --out FILE`: grow the trees of the second opinion anew.

ROWS are files of `collect`. First it is said how good the opinion is on cameras that its trees were not grown on.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from probes.frame.faults import Verdict
from probes.frame.forest import Forest, read
from probes.frame.slot import NUMBERS
from probes.frame.traits import NAMES, SCORED
from tests.benchmarks.frames import notes
from tests.benchmarks.frames.notes import Kind, Note
from tests.benchmarks.frames.pool import say
from tests.benchmarks.frames.weighed import compare

CLASSES: Final = (Verdict.OK, *SCORED)
ROUNDS: Final = 100
PARAMETERS: Final[Mapping[str, Any]] = {
    "objective": "multiclass", "num_class": len(CLASSES), "learning_rate": 0.08, "num_leaves": 16, "max_depth": 5,
    "min_data_in_leaf": 20, "feature_fraction": 0.4, "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 3.0,
    "max_bin": 63, "seed": 1, "deterministic": True, "num_threads": 1, "verbosity": -1,
}  # fmt: skip
SOUND_WEIGHT: Final = 6.0  # of all pictures without a fault, where those of one fault together have 1
SAME: Final = 1e-6  # of a probability, between LightGBM's trees and ours
CHECKED: Final = 500  # pictures
# How large these are themselves tells which camera it is, not which fault it has; how far they are off is asked.
OF_THE_SCENE: Final = frozenset(
    {
        "contrast", "focus", "definition", "sharpness", "blunt", "light", "energy", "match_low", "match_quarter",
        "match_mid", "sharp_low", "sharp_quarter", "sharp_high", "all_low", "all_mid", "all_high", "all_top",
        "texture_low", "texture_mid", "texture_high", "fine_low", "fine_mid", "fine_high", "luma_mid", "luma_high",
        "chroma_mid", "chroma_high",
    }
)  # fmt: skip
ASKED: Final = tuple(name for name in NAMES if name not in {f"a:{each}" for each in OF_THE_SCENE & set(NUMBERS)})
COLUMNS: Final = np.array([NAMES.index(name) for name in ASKED])


def grow(some: Sequence[Note]) -> tuple[dict[str, NDArray[Any]], Any]:
    """The arrays of a forest file, and LightGBM's own booster. SystemExit where LightGBM is not installed."""
    try:
        import lightgbm
    except ImportError:
        sys.exit("LightGBM is not installed; run: .venv/bin/pip install -e '.[grow]'")
    usable = [note for note in some if is_asked(note)]
    if not usable:
        raise ValueError("none of these rows holds traits; of each camera more pictures must be learned first")
    classes = np.array([CLASSES.index(Verdict(note.truth[0])) for note in usable])
    data = lightgbm.Dataset(
        np.stack([note.vectors[0][COLUMNS] for note in usable]),
        classes,
        weight=weights(classes, [note.camera for note in usable]),
        feature_name=[f"trait{number}" for number in range(len(ASKED))],
    )
    booster = lightgbm.train(dict(PARAMETERS), data, ROUNDS)
    return flatten(booster.dump_model()["tree_info"]), booster


def is_asked(note: Note) -> bool:
    """Would the opinion be asked for, and is there a class for what it should say?"""
    return len(note.vectors) > 0 and note.truth[0] in CLASSES


def weights(classes: NDArray[np.intp], of: Sequence[str]) -> NDArray[np.float64]:
    """float64[rows]: every camera counts the same, every fault too, and the sound pictures `SOUND_WEIGHT` faults."""
    groups = list(zip(of, classes == 0, strict=True))
    sizes = Counter(groups)
    found = np.array([1 / sizes[group] for group in groups])
    for number in range(len(CLASSES)):
        here = classes == number
        if here.any():
            found[here] *= (1.0 if number else SOUND_WEIGHT) * len(classes) / len(CLASSES) / found[here].sum()
    return found


def flatten(trees: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[Any]]:
    """The trees of LightGBM as the arrays that `probes.frame.forest.read` takes."""
    asks: list[int] = []
    below: list[float] = []
    near: list[int] = []
    far: list[int] = []
    depth = 0

    def add(node: Mapping[str, Any], deep: int) -> int:
        nonlocal depth
        depth, at = max(depth, deep), len(asks)
        leaf = "leaf_value" in node
        assert leaf or node["decision_type"] == "<="
        asks.append(-1 if leaf else node["split_feature"])
        below.append(node["leaf_value"] if leaf else _not_above(node["threshold"]))
        near.append(at)
        far.append(at)
        if not leaf:
            near[at], far[at] = add(node["left_child"], deep + 1), add(node["right_child"], deep + 1)
        return at

    roots = [add(tree["tree_structure"], 0) for tree in trees]
    return {
        "classes": np.array(CLASSES),
        "names": np.array(ASKED),
        "roots": np.array(roots, np.int32),
        "asks": np.array(asks, np.int16),
        "below": np.array(below, np.float32),
        "near": np.array(near, np.int32),
        "far": np.array(far, np.int32),
        "depth": np.array(depth),
    }


def _not_above(threshold: float) -> float:
    """As float32, rounded down: then a float32 is at most this if and only if it is at most that."""
    rounded = np.float32(threshold)
    return float(rounded if float(rounded) <= threshold else np.nextafter(rounded, np.float32(-np.inf)))


def difference(forest: Forest, booster: Any, some: Sequence[Note]) -> float:
    """By how much a probability of the forest is off LightGBM's at most."""
    asked = [note.vectors[0][COLUMNS] for note in some if len(note.vectors)]
    few = np.stack(asked[:: max(1, len(asked) // CHECKED)])
    ours = np.exp([forest.votes(vector) for vector in few])
    return float(np.abs(ours - booster.predict(few)).max())


def folds_of(names: Sequence[str], count: int) -> list[set[str]]:
    """The cameras, dealt by chance that is the same every time."""
    order = np.random.default_rng(0).permutation(len(names))
    return [{names[at] for at in order[number::count]} for number in range(count)]


def grown_on_others(some: Sequence[Note], folds: int) -> dict[str, Forest]:
    """Camera → a forest that was grown without it."""
    cameras = sorted({note.camera for note in some})
    found: dict[str, Forest] = {}
    for left_out in folds_of(cameras, min(folds, len(cameras))):
        forest = read(grow([note for note in some if note.camera not in left_out])[0])
        found |= dict.fromkeys(left_out, forest)
        say(f"  grown without {', '.join(sorted(left_out))}")
    return found


def main() -> int:
    """0: the file is written; 2: there are no rows that trees could be grown on."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.frames.grow", description=__doc__)
    parser.add_argument("rows", type=Path, nargs="+", help="files that collect has written")
    parser.add_argument("--out", type=Path, required=True, help="the forest file")
    parser.add_argument("--folds", type=int, default=6, help="so many times it is judged; 0: not at all (%(default)s)")
    options = parser.parse_args()
    try:
        some = notes.read(options.rows)
        cameras = {note.camera for note in some}
        kinds = Counter(note.kind for note in some)
        say(f"{len(some)} rows of {len(cameras)} cameras: " + ", ".join(f"{kinds[kind]} {kind}" for kind in Kind))
        if min(options.folds, len(cameras)) > 1:
            say(compare(some, grown_on_others(some, options.folds), COLUMNS))
        else:
            say("not judged: it takes two cameras and two folds")
        arrays, booster = grow(some)
    except (OSError, ValueError) as error:
        say(str(error))
        return 2
    off = difference(read(arrays), booster, some)
    if off > SAME:
        raise AssertionError(f"the forest is not LightGBM's: a probability is off by {off}")
    np.savez_compressed(options.out, **arrays)  # type: ignore[arg-type]
    say(f"{options.out}: {len(arrays['roots'])} trees of {len(arrays['asks'])} nodes, off LightGBM's by {off:.1e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
