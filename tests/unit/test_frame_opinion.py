"""The second opinion: trees that vote, and what becomes of what the rules found."""

from dataclasses import replace

import numpy as np
import pytest

from probes.frame import forest
from probes.frame.faults import Verdict
from probes.frame.forest import Forest, read, shipped
from probes.frame.job import Judged, Shift
from probes.frame.opinion import DOUBTED, DRAWN, SICK, SOUND, Opinion, form, weigh
from probes.frame.traits import NAMES, SCORED
from probes.frame.view import CERTAIN


def arrays() -> dict:
    """One round of three classes; the first two trees ask, one question and two deep, the third does not."""
    return {
        "classes": np.array(["ok", "blurred", "fog"]),
        "names": np.array(["a", "b"]),
        "roots": np.array([0, 3, 8], np.int32),
        "asks": np.array([0, -1, -1, 1, -1, 0, -1, -1, -1], np.int16),
        "below": np.array([0.5, 2.0, -2.0, 1.5, 0.0, 0.5, 1.0, 3.0, 0.25], np.float32),
        "near": np.array([1, 1, 2, 4, 4, 6, 6, 7, 8], np.int32),
        "far": np.array([2, 1, 2, 5, 4, 7, 6, 7, 8], np.int32),
        "depth": np.array(2),
    }


def vector(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("values", "leaves"),
    [
        ((0.5, 1.5), (2.0, 0.0, 0.25)),  # at a threshold is not above it
        ((0.6, 1.5), (-2.0, 0.0, 0.25)),
        ((0.5, 1.6), (2.0, 1.0, 0.25)),
        ((0.6, 1.6), (-2.0, 3.0, 0.25)),
    ],
)
def test_trees_vote_with_the_leaf_that_their_questions_lead_to(values, leaves) -> None:
    votes = read(arrays()).votes(vector(*values))
    assert np.exp(votes).sum() == pytest.approx(1)
    assert votes == pytest.approx(np.array(leaves) - np.log(np.exp(leaves).sum()))


def test_rounds_are_added_up() -> None:
    twice = arrays()
    twice["roots"] = np.tile(twice["roots"], 2)
    leaves = 2 * np.array((-2.0, 3.0, 0.25))
    assert read(twice).votes(vector(1, 2)) == pytest.approx(leaves - np.log(np.exp(leaves).sum()))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("near", np.array([1, 1, 2, 4, 4, 9, 6, 7, 8], np.int32), "not there; there are 9"),
        ("far", np.array([-1, 1, 2, 5, 4, 7, 6, 7, 8], np.int32), "not there; there are 9"),
        ("roots", np.array([0, 3, 99], np.int32), "not there; there are 9"),
        ("roots", np.array([0, 3], np.int32), "2 trees cannot vote on 3 classes"),
        ("roots", np.array([], np.int32), "0 trees"),
        ("asks", np.array([2, -1, -1, 1, -1, 0, -1, -1, -1], np.int16), "asks for a trait"),
        ("near", np.array([1, 2, 2, 4, 4, 6, 6, 7, 8], np.int32), "a leaf leads"),
        ("far", np.array([2, 1, 0, 5, 4, 7, 6, 7, 8], np.int32), "a leaf leads"),
        ("below", np.full(9, np.nan, np.float32), "no threshold"),
        ("below", np.zeros(3, np.float32), "no threshold"),
        ("depth", np.array(1), "deeper than 1"),
        ("depth", np.array(10**9), "cannot be 1000000000 deep"),
        ("far", np.array([2, 1, 2, 3, 4, 7, 6, 7, 8], np.int32), "deeper than 2"),  # a circle
    ],
)
def test_a_damaged_forest_is_refused(name, value, told) -> None:
    with pytest.raises(ValueError, match=told):
        read(arrays() | {name: value})


def test_a_foreign_file_is_refused() -> None:
    foreign = arrays()
    del foreign["near"]
    with pytest.raises(ValueError, match=r"no forest.*near"):
        read(foreign)


def test_the_shipped_forest_asks_and_tells_what_we_know() -> None:
    trees = shipped()
    assert trees.classes[0] == "ok"
    assert {Verdict(name) for name in trees.classes[1:]} == set(SCORED)
    assert set(trees.names) <= set(NAMES)
    assert len(set(trees.names)) == len(trees.names)
    assert forest.FILE.stat().st_size < 1_000_000
    votes = trees.votes(np.zeros(len(trees.names), np.float32))
    assert np.exp(votes).sum() == pytest.approx(1)


def constant(sound: float) -> Forest:
    """Trees that say so whatever they are shown, unless the first trait is above 0: then all is clearly sound."""
    found = arrays()
    rest = (1 - sound) / 2
    found["asks"] = np.array([0, -1, -1, -1, -1], np.int16)
    found["below"] = np.array([0.0, np.log(sound), 20.0, np.log(rest), np.log(rest)], np.float32)
    found["near"], found["far"] = np.array([1, 1, 2, 3, 4]), np.array([2, 1, 2, 3, 4])
    found["roots"], found["depth"] = np.array([0, 3, 4]), np.array(1)
    return read(found)


def test_the_slot_counts_against_which_a_picture_is_soundest() -> None:
    asked = []

    def found(*firsts: float):
        for first in firsts:
            asked.append(first)
            yield vector(first, 0)

    trees = constant(0.2)
    assert form(found(), trees, 1.0) is None
    doubted = form(found(0.0), trees, 1.0)
    assert doubted is not None
    assert doubted.sound == pytest.approx(0.2, abs=1e-6)
    assert np.exp(doubted.faults[Verdict.FOG]) == pytest.approx(0.4, abs=1e-6)
    asked.clear()
    best = form(found(0.0, 1.0, 0.0), trees, 1.0)
    assert best is not None
    assert best.sound > 0.99
    assert asked == [0.0, 1.0]  # no other is asked for


def opinion(sound: float, *, name: Verdict = Verdict.FOG, share: float = 0.9) -> Opinion:
    """`share` of what is not sound is said to be that fault."""
    others = {fault: np.log((1 - sound) * (1 - share) / (len(SCORED) - 1)) for fault in SCORED if fault is not name}
    return Opinion(sound, others | {name: float(np.log((1 - sound) * share))})


def judged(verdict: Verdict, scores: dict[Verdict, float] | None = None, unjudged: tuple[str, ...] = ()) -> Judged:
    faults = {fault: score >= 1 for fault, score in (scores or {}).items()}
    return Judged(verdict, faults, scores or {}, unjudged)


ALARMED = judged(Verdict.BLURRED, {Verdict.BLURRED: 1.8, Verdict.FOG: 0.3})
SILENT = judged(Verdict.OK, {Verdict.BLURRED: 0.4, Verdict.FOG: 0.3})


def test_what_the_trees_hold_to_be_sound_is_not_told() -> None:
    weighed = weigh(ALARMED, opinion(0.9), {})
    assert weighed.verdict is Verdict.OK
    assert weighed.scores[Verdict.BLURRED] == DOUBTED
    assert all(score < 1 for score in weighed.scores.values())
    assert not any(weighed.faults.values())
    assert weigh(replace(ALARMED, unjudged=("light",)), opinion(0.9), {}).verdict is Verdict.UNJUDGED


def test_what_the_rules_suspect_is_told_under_the_name_that_both_agree_on() -> None:
    sick = SOUND - 0.05
    agreed = weigh(ALARMED, opinion(sick, name=Verdict.BLURRED), {})
    assert agreed.verdict is Verdict.BLURRED
    assert agreed.scores[Verdict.BLURRED] == 1.8
    other = weigh(ALARMED, opinion(sick), {})
    assert other.verdict is Verdict.FOG
    assert other.faults[Verdict.FOG]
    assert other.scores[Verdict.FOG] >= 1 > other.scores[Verdict.BLURRED]
    assert [fault for fault, there in other.faults.items() if there] == [Verdict.FOG]
    close = opinion(sick, share=0.5)
    close = replace(close, faults={**close.faults, Verdict.BLURRED: close.faults[Verdict.FOG] - 0.5})
    assert weigh(ALARMED, close, {}).verdict is Verdict.BLURRED  # what the rules say counts, too


def test_what_only_the_trees_find_is_told_if_they_are_sure() -> None:
    sure = weigh(SILENT, opinion(SICK / 2), {})
    assert sure.verdict is Verdict.FOG
    assert sure.faults[Verdict.FOG]
    assert sure.scores[Verdict.FOG] == pytest.approx(np.log(SICK / 2) / np.log(SICK), abs=1e-3)
    unsure = weigh(SILENT, opinion(SICK * 2), {})
    assert unsure.verdict is Verdict.OK
    assert 0.3 < unsure.scores[Verdict.FOG] < 1
    assert weigh(judged(Verdict.UNJUDGED, {}, ("learning",)), opinion(SICK / 2), {}).verdict is Verdict.FOG


def test_a_person_who_moved_the_threshold_withdraws_it() -> None:
    sure = opinion(SICK / 2)
    assert weigh(SILENT, sure, {Verdict.FOG: 3.0}).verdict is Verdict.OK
    assert weigh(SILENT, sure, {Verdict.BLURRED: 3.0}).verdict is Verdict.FOG
    assert weigh(SILENT, opinion(SICK * 2), {Verdict.FOG: 0.5}).verdict is Verdict.FOG


@pytest.mark.parametrize(
    "own", [Verdict.GARBLED, Verdict.BLACK, Verdict.BLUE, Verdict.FROZEN, Verdict.FLICKER, Verdict.JITTER]
)
def test_what_pictures_alone_cannot_tell_is_left_to_the_rules(own: Verdict) -> None:
    said = judged(own, {own: 1.5, Verdict.BLURRED: 1.2})
    for sound in (0.99, SICK / 10):
        assert replace(weigh(said, opinion(sound), {}), measures=()) == said


def test_a_movement_that_can_be_undone_and_what_a_person_taught_need_no_opinion() -> None:
    moved = judged(Verdict.MOVED, {Verdict.MOVED: 1.3})
    assert weigh(moved, opinion(0.9), {}).verdict is Verdict.OK
    for match, kept in ((CERTAIN - 0.01, Verdict.OK), (CERTAIN + 0.01, Verdict.MOVED)):
        assert weigh(replace(moved, shift=Shift(0.1, 0.0, 0.0, 1.0, match)), opinion(0.9), {}).verdict is kept
    assert weigh(ALARMED, opinion(0.9), {Verdict.BLURRED: 0.7}).verdict is Verdict.BLURRED


def test_how_sound_a_picture_is_stands_among_the_measures() -> None:
    for said, bound in ((ALARMED, SOUND), (SILENT, SICK)):
        (measure,) = weigh(said, opinion(0.7), {}).measures
        assert (measure.name, measure.value, measure.low) == ("sound", 0.7, bound)


def test_without_drawn_areas_it_is_no_screen() -> None:
    zeros = np.zeros(len(shipped().names), np.float32)
    for flat_share, there in ((DRAWN - 0.01, False), (DRAWN, True)):
        found = form([zeros], shipped(), flat_share)
        assert found is not None
        assert (Verdict.NO_SIGNAL in found.faults) is there


def test_missing_text_is_kept_where_nothing_else_is_wrong() -> None:
    missing = judged(Verdict.TEXT_MISSING, {Verdict.TEXT_MISSING: 1.4, Verdict.FOG: 0.2})
    assert replace(weigh(missing, opinion(0.9), {}), measures=()) == missing
    foggy = weigh(missing, opinion(SICK / 2), {})
    assert foggy.verdict is Verdict.FOG
    assert foggy.scores[Verdict.TEXT_MISSING] == 1.4


def test_a_view_that_is_gone_is_covered_and_not_in_part() -> None:
    gone = judged(Verdict.COVERED, {Verdict.COVERED: 1.6})
    told = opinion(SOUND + 0.2, name=Verdict.PARTLY_COVERED, share=0.6)
    assert weigh(gone, told, {}, recognised=False).verdict is Verdict.COVERED
    assert weigh(gone, told, {}).verdict is Verdict.OK
    sure = opinion(SICK / 2, name=Verdict.PARTLY_COVERED)
    assert weigh(gone, sure, {}).verdict is Verdict.PARTLY_COVERED
