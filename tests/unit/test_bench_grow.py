"""Growing the trees anew: other ways of faults, what is noted of a camera, and how a forest is written."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from probes.frame.faults import Verdict
from probes.frame.forest import read as read_forest
from probes.frame.forest import shipped
from probes.frame.traits import NAMES
from tests.benchmarks.frames import cameras, collect, grow, harmless, notes, ways, ways_lens, weighed
from tests.benchmarks.frames.cameras import Camera, Moment, Part
from tests.benchmarks.frames.codec import Shown, jpeg
from tests.benchmarks.frames.collect import CONFIRMED, Life, Plan
from tests.benchmarks.frames.faults import BY_NAME
from tests.benchmarks.frames.image import Image, chance
from tests.benchmarks.frames.notes import Kind, Note
from tests.benchmarks.frames.osd import Text
from tests.benchmarks.frames.view import ANY_SHIFT, MOST_DOWN, any_turn, look_through
from tests.unit.test_bench_frames import far, scene

LIKE = {  # the fault for which each could be taken
    **dict.fromkeys(harmless.LIGHTS, "dark"), harmless.guests: "partly covered", harmless.encode: "noise",
    harmless.noise: "noise",
}  # fmt: skip
EACH = [(name, number) for name, some in ways.WAYS.items() for number in range(len(some))]


@pytest.mark.parametrize(("name", "number"), EACH)
def test_a_way_changes_the_picture_and_is_the_same_every_time(name: str, number: int) -> None:
    way, image = ways.WAYS[name][number], scene()
    kept = image.copy()
    for strength in (0.0, 0.5, 1.0):
        amount = ways.amount(BY_NAME[name], strength)
        changed = way(image, chance(name, strength), amount)
        assert (image == kept).all()
        assert changed.shape == image.shape
        assert changed.dtype == np.uint8
        assert far(changed, image) > 0.5
        assert (way(image, chance(name, strength), amount) == changed).all()


def test_any_strength_lies_between_those_of_the_bench() -> None:
    dark, black = BY_NAME["dark"], BY_NAME["black"]
    assert [ways.amount(dark, strength) for strength in (0, 1)] == pytest.approx([dark.amounts[0], dark.amounts[2]])
    assert ways.amount(dark, 0.5) == pytest.approx((dark.amounts[0] * dark.amounts[2]) ** 0.5)
    assert ways.amount(black, 0.5) == pytest.approx(black.amounts[0] / 2)
    image = scene()
    assert (ways.change(dark, image, chance(1), 0.3) == ways.change(dark, image, chance(1), 0.3)).all()
    drawn = {ways.change(dark, image, chance(seed), 0.3).tobytes() for seed in range(8)}
    assert len(drawn) == 8


@pytest.mark.parametrize("way", LIKE, ids=lambda way: way.__name__)
def test_a_harmless_change_is_less_than_the_mild_fault_that_it_is_like(way: harmless.Way) -> None:
    fault, image = BY_NAME[LIKE[way]], scene()
    kept = image.copy()
    assert fault.change is not None
    mild = far(fault.change(image, chance(1), fault.amounts[0]), image)
    changed = [way(image, chance(seed)) for seed in range(24)]
    assert (image == kept).all()
    assert all(each.shape == image.shape and each.dtype == np.uint8 for each in changed)
    by = sorted(far(each, image) for each in changed)
    assert by[4] > 0.1  # a few draws change next to nothing
    assert by[-1] < 0.75 * mild
    assert len({each.tobytes() for each in changed}) > 20
    assert (way(image, chance(3)) == changed[3]).all()


def test_a_mast_that_sways_moves_the_picture_less_than_a_turned_camera() -> None:
    wide = scene(size=(720, 1280))
    seen = look_through(wide)
    turned = min(far(look_through(wide, any_turn(chance(seed), 0.0)), seen) for seed in range(24))
    swayed = [harmless.sway(seen, chance(seed)) for seed in range(24)]
    assert all(0 < far(each, seen) < 0.75 * turned for each in swayed)
    assert all(each.shape == seen.shape and each.dtype == np.uint8 for each in swayed)


def test_one_or_two_harmless_changes_at_once() -> None:
    assert set(harmless.WAYS) == {*LIKE, harmless.light, harmless.sway} - {*harmless.LIGHTS}
    image, kept = scene(size=(90, 640)), scene(size=(90, 640))
    changed = [harmless.change(image, chance(seed)) for seed in range(64)]
    assert (image == kept).all()
    assert all(each.shape == image.shape and each.dtype == np.uint8 for each in changed)
    assert len({each.tobytes() for each in changed}) == len(changed)
    assert all((harmless.change(image, chance(seed)) == changed[seed]).all() for seed in range(8))
    dark = far(BY_NAME["dark"].change(image, chance(1), BY_NAME["dark"].amounts[0]), image)
    assert max(far(each, image) for each in changed) < dark


def test_a_view_is_turned_by_any_amount() -> None:
    turns = [any_turn(chance(seed), seed / 99) for seed in range(100)]
    shifts = [turn for turn in turns if turn.right or turn.down]
    rolled = [turn.degrees for turn in turns if turn.degrees]
    zoomed = [turn.zoom for turn in turns if turn.zoom != 1]
    assert len(shifts) + len(rolled) + len(zoomed) == 100
    assert min(map(len, (shifts, rolled, zoomed))) > 20
    for turn in shifts:
        assert abs(turn.right) <= ANY_SHIFT[1]
        assert abs(turn.down) <= MOST_DOWN
    assert all(2.5 <= abs(angle) <= 14 for angle in rolled)
    assert all(1.08 <= max(zoom, 1 / zoom) <= 1.45 for zoom in zoomed)
    assert min(rolled) < 0 < max(rolled)
    assert min(zoomed) < 1 < max(zoomed)
    mild, strong = any_turn(chance(2), 0.0), any_turn(chance(2), 1.0)
    image = scene()
    assert far(look_through(image, mild), look_through(image)) < far(look_through(image, strong), look_through(image))


@pytest.mark.parametrize("cut", [ways_lens.board, ways_lens.patch])
@pytest.mark.parametrize("share", [0.3, 0.65])
def test_a_cover_of_another_shape_has_the_stated_area(cut, share: float) -> None:
    for seed in range(8):
        assert cut((180, 320), chance(seed), share).mean() == pytest.approx(share, abs=0.08)


def test_nothing_before_the_lens_has_a_colour_at_night() -> None:
    grey = np.repeat(scene()[..., :1], 3, axis=2)
    for seed in range(12):
        assert np.ptp(ways_lens.cover(grey, chance(seed), 1.0).astype(int), axis=2).max() <= 1


def look(number: int, *, ground: int = 5) -> Image:
    shades = np.random.default_rng(number).normal(0, 2, (180, 320, 1))
    return np.clip(scene(ground) + shades, 0, 255).astype(np.uint8)


SMALL = Plan(bench=(1, 1), other=(2, 1), early=(1, 1))


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows of a folder with a picture every hour, two and a half days long."""
    folder, out = tmp_path_factory.mktemp("footage") / "drawn", tmp_path_factory.mktemp("rows")
    folder.mkdir()
    for number in range(60):
        taken = datetime.fromtimestamp(1.7e9 + 3600.0 * number, UTC)
        (folder / f"{taken:%Y%m%dT%H%M%S}.jpg").write_bytes(jpeg(look(number), 85))
    assert [path.name for path in cameras.find(folder)] == ["drawn"]
    assert collect.collect(folder, out, SMALL).startswith("drawn: ")
    return out / "drawn.npz"


def test_rows_of_a_drawn_camera(collected: Path) -> None:
    rows = notes.read([collected])
    of = {kind: [row for row in rows if row.kind is kind] for kind in Kind}
    assert {row.camera for row in rows} == {"drawn"}
    assert 36 <= len(of[Kind.CLEAN]) <= 48  # those of the time of learning are few
    assert not any(row.fault for row in of[Kind.CLEAN] + of[Kind.ANEW])
    harmlessly = 3 * (collect.HARMLESS + collect.MOVED)  # early once, later twice
    assert len(of[Kind.ANEW]) == 2 * 3 + 1 + harmlessly
    assert len({row.vectors.tobytes() for row in of[Kind.ANEW] if len(row.vectors)}) > 0.7 * harmlessly
    assert all(row.truth == ("ok",) for row in of[Kind.ANEW])
    faults = {row.fault for row in of[Kind.WAY]}
    assert faults == {*ways.WAYS, "moved"} - {"IR-cut colour by night"}  # it is day
    moved = [row for row in of[Kind.WAY] if row.fault == "moved"]
    assert len(moved) == 3 * collect.MOVED
    assert len({row.strength for row in moved}) == len(moved)
    assert len(of[Kind.WAY]) == 3 * (len(faults) - 1) + len(moved)
    assert len(of[Kind.BENCH]) == 3 * len(faults)
    assert {row.strength for row in of[Kind.BENCH]} == {0.0, 0.5, 1.0}
    assert all(0 <= row.strength <= 1 for row in rows)
    asked = [row for row in rows if len(row.vectors)]
    assert len(asked) > 0.7 * len(rows)
    assert all(row.vectors.shape[1] == len(NAMES) and np.isfinite(row.vectors).all() for row in asked)
    assert all(row.said is Verdict.BLUE for row in rows if row.fault == "blue")
    assert any(row.judged.shift is not None for row in rows if row.fault == "moved")
    assert any(row.flat_share > 0.8 for row in asked if row.fault == "no signal")
    hard = [row for row in of[Kind.BENCH] if row.fault == "defocus" and row.strength == 1]
    assert [row.said for row in hard] == [Verdict.BLURRED]
    assert hard[0].judged.scores[Verdict.BLURRED] > 1
    assert hard[0].truth == ("blurred",)


def test_rows_are_the_same_every_time(collected: Path, tmp_path: Path) -> None:
    rows = notes.read([collected])
    notes.write(tmp_path / "again.npz", rows)
    for row, same in zip(rows, notes.read([tmp_path / "again.npz"]), strict=True):
        assert (row.vectors == same.vectors).all()
        assert replace(row, vectors=same.vectors) == same
    folder = tmp_path / "few"
    folder.mkdir()
    (folder / "one.jpg").write_bytes(jpeg(scene(), 85))
    assert collect.collect(folder, tmp_path, SMALL) == "not read: few: few: 1 pictures are too few"


def test_rows_of_other_traits_are_refused(collected: Path, tmp_path: Path) -> None:
    with np.load(collected) as file:
        arrays = dict(file)
    np.savez(tmp_path / "old.npz", **arrays | {"names": arrays["names"][1:]})
    with pytest.raises(ValueError, match=r"old\.npz holds other traits"):
        notes.read([tmp_path / "old.npz"])


def test_a_person_confirms_a_new_view_and_those_looks_are_left_out() -> None:
    turned = 34
    moments = tuple(
        Moment(
            1.7e9 + 3600.0 * number,
            f"m{number}",
            Part.LEARNING if number < 24 else Part.UNSEEN,
            lambda n=number: (Shown(look(n, ground=5 if n < turned else 77)),),
        )
        for number in range(50)
    )
    life = Life(Camera("turned", moments, Text(()), 0.0, False), Plan(bench=(0, 0), other=(0, 0), early=(0, 0)))
    rows = life.run()
    assert len(rows) == 24 // collect.LEARNING_NOTED + 26 - CONFIRMED
    assert not any(row.said in collect.LASTING for row in rows)
    assert rows[-1].vectors.shape[1] == len(NAMES)


def made(camera: str, fault: str, count: int, kind: Kind = Kind.WAY) -> list[Note]:
    """Rows whose first number tells the fault."""
    random = np.random.default_rng(int(chance(camera, fault).integers(1 << 30)))
    found = []
    for _ in range(count):
        vector = random.normal(0, 1, (1, len(NAMES))).astype(np.float32)
        vector[:, [name.startswith("r:") for name in NAMES]] = 0.2
        vector[:, NAMES.index("d:mean")] += 10 * bool(fault)
        found.append(Note(camera, kind, fault, 0.5, vector, Verdict.OK, ()))
    return found


def test_every_camera_and_every_fault_counts_the_same() -> None:
    classes = np.array([0, 0, 0, 0, 1, 1, 2])
    found = grow.weights(classes, ["a", "a", "a", "b", "a", "b", "a"])
    assert found[:3].sum() == pytest.approx(found[3])
    assert found[4:6].sum() == pytest.approx(found[6])
    assert found[:4].sum() == pytest.approx(grow.SOUND_WEIGHT * found[6])


def test_a_tree_of_lightgbm_is_flattened() -> None:
    threshold = float(np.float32(0.3)) - 1e-12  # rounds up to a float32 that is above it
    tree = {
        "tree_structure": {
            "split_feature": 1, "threshold": threshold, "decision_type": "<=",
            "left_child": {"leaf_value": 1.0},
            "right_child": {
                "split_feature": 0, "threshold": 2.0, "decision_type": "<=",
                "left_child": {"leaf_value": 2.0}, "right_child": {"leaf_value": 3.0},
            },
        }
    }  # fmt: skip
    leaf = {"tree_structure": {"leaf_value": 0.0}}
    forest = read_forest(grow.flatten([tree] + [leaf] * (len(grow.CLASSES) - 1)))
    assert forest.depth == 2
    assert forest.classes == shipped().classes

    def first(*values: float) -> float:
        votes = forest.votes(np.array(values, np.float32))
        return float(votes[0] - votes[1])

    assert first(0, 0.3) == pytest.approx(2.0)  # as a float32, 0.3 is above the threshold
    assert first(0, 0.29) == pytest.approx(1.0)
    assert first(2.5, 0.3) == pytest.approx(3.0)


def test_the_trees_ask_what_the_shipped_ones_ask() -> None:
    assert set(grow.ASKED) == set(shipped().names)


def test_cameras_are_left_out_once_each() -> None:
    names = [f"camera {number}" for number in range(7)]
    folds = grow.folds_of(names, 3)
    assert sorted(name for fold in folds for name in fold) == names
    assert [len(fold) for fold in folds] == [3, 2, 2]


def test_what_is_told_with_the_opinion_is_what_production_tells() -> None:
    """A forest that asks for the first number alone."""
    count = len(grow.CLASSES)
    arrays = grow.flatten([{"tree_structure": {"leaf_value": 0.0}}] * count)
    fog = grow.CLASSES.index(Verdict.FOG)
    arrays["roots"][fog] = count
    arrays["asks"] = np.append(arrays["asks"], [list(grow.ASKED).index("d:mean"), -1, -1]).astype(np.int16)
    arrays["below"] = np.append(arrays["below"], [5.0, 0.0, 9.0]).astype(np.float32)
    arrays["near"] = np.append(arrays["near"], [count + 1, count + 1, count + 2]).astype(np.int32)
    arrays["far"] = np.append(arrays["far"], [count + 2, count + 1, count + 2]).astype(np.int32)
    arrays["below"][0], arrays["depth"] = 3.0, np.array(1)  # sound, if nothing speaks against it
    forest = read_forest(arrays)
    tell = partial(weighed.with_opinion, forest=forest, asked=grow.COLUMNS)
    foggy, sound = made("a", "fog", 1, Kind.BENCH)[0], made("a", "", 1, Kind.CLEAN)[0]
    assert tell(foggy) is Verdict.FOG
    assert tell(sound) is Verdict.OK
    assert tell(replace(sound, vectors=np.empty((0, len(NAMES)), np.float32), said=Verdict.BLACK)) is Verdict.BLACK
    alarmed = replace(sound, said=Verdict.BLURRED, vectors=sound.vectors.copy())
    alarmed.vectors[:, NAMES.index("r:blurred")] = 1.5
    for quality, told in ((0.1, Verdict.BLURRED), (0.9, Verdict.OK)):  # of a view that is not seen nobody is sure
        alarmed.vectors[:, NAMES.index("a:quality")] = quality
        assert tell(alarmed) is told
    report = weighed.compare([foggy, sound, alarmed], {"a": forest}, grow.COLUMNS)
    assert "0 → 100 (0 → 100)" in report  # fog, named right and found
    assert "50.0 → 0.0" in report  # clean pictures alarmed


def test_without_lightgbm_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "lightgbm", None)
    with pytest.raises(SystemExit, match=r"pip install -e '\.\[grow\]'"):
        grow.grow(made("a", "fog", 3))


def test_a_forest_is_grown_and_is_lightgbms(tmp_path: Path) -> None:
    pytest.importorskip("lightgbm", reason="LightGBM is not installed: .venv/bin/pip install -e '.[grow]'")
    rows = [row for camera in "abc" for fault in ("", "fog", "dark") for row in made(camera, fault, 60)]
    arrays, booster = grow.grow(rows)
    np.savez_compressed(tmp_path / "forest.npz", **arrays)
    with np.load(tmp_path / "forest.npz") as file:
        forest = read_forest(file)
    assert grow.difference(forest, booster, rows) < grow.SAME
    votes = np.array([forest.votes(row.vectors[0][grow.COLUMNS]) for row in rows])
    sound = votes.argmax(axis=1) == 0
    assert (sound == [not row.fault for row in rows]).mean() > 0.95
