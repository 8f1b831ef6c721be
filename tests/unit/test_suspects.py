"""Is what was suspicious in the last day kept to be looked through, bounded, and each occasion once?"""

from __future__ import annotations

import pytest

from monitor.core.suspects import APART_SECONDS, KEPT_SECONDS, MOST, MOST_OF_ONE, Suspects, worst
from probes.observation import Observation, Outcome, Picture


def look(at: float, device: str = "a", verdict: str = "ok", **scores: float) -> Observation:
    rows = {"fault": {fault: {"score": score} for fault, score in scores.items()}}
    return Observation(device, "frame", at, 0.0, Outcome.OK, {"verdict": verdict}, rows)


def picture(name: str) -> Picture:
    return Picture(name.encode(), 640, 360)


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (look(0, moved=0.2, blurred=0.8), ("blurred", 0.8)),
        (look(0, verdict="black"), ("black", 1.0)),
        (look(0, verdict="moved", moved=1.8, covered=0.0), ("moved", 1.8)),
        (look(0, verdict="unjudged"), None),
    ],
)
def test_the_worst_of_a_look(seen: Observation, found: tuple[str, float] | None) -> None:
    assert worst(seen) == found


def test_an_occasion_is_one_and_keeps_its_worst_picture() -> None:
    kept = Suspects()
    for at, score in ((100, 0.5), (400, 0.8), (700, 1.4), (1_000, 0.9)):
        kept.note(look(at, blurred=score), picture(str(at)))
    (one,) = kept.lately(1_100)
    assert (one.began_at, one.last_at, one.score, one.alarmed) == (400, 1_000, 1.4, True)
    assert one.picture.jpeg == b"700"
    assert kept.find("a", 400) == one
    assert kept.find("a", 100) is None
    kept.note(look(1_000 + APART_SECONDS, blurred=0.75), picture("later"))
    assert [each.began_at for each in kept.lately(1_000 + APART_SECONDS)] == [1_000 + APART_SECONDS, 400]
    assert kept.lately(1_001 + KEPT_SECONDS + APART_SECONDS) == []


def test_other_faults_are_other_occasions_and_no_camera_has_more_than_its_share() -> None:
    kept = Suspects()
    for number, fault in enumerate(("moved", "blurred", "noisy", "fog", "dark", "snow")):
        kept.note(look(number, **{fault: 0.9}), picture(fault))
    assert [one.fault for one in kept.lately(10)] == ["snow", "dark", "fog", "noisy"][:MOST_OF_ONE]
    for number in range(2 * MOST):
        kept.note(look(100 + number, device=f"camera-{number}", moved=0.9), picture("x"))
    assert len(kept.lately(1_000)) == MOST
