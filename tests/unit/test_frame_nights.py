"""A place without light at night: is it told apart from a camera that went black, and only at its hours?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from monitor.cli.replay import Look, Replay
from probes.frame.faults import Verdict
from probes.frame.nights import FORGOTTEN, LONGEST, Night, is_night, lighten
from probes.frame.picture import Picture
from probes.frame.reference import BadReference, Reference, pack, unpack
from probes.frame.shots import Shot
from probes.frame.still import decode
from tests.servers.console_site import paint

HOUR = 3600.0
DAY = 24 * HOUR
BEGIN = 20_000 * DAY  # midnight, UTC
SCENE = cv2.imdecode(np.frombuffer(paint(1).jpeg, np.uint8), cv2.IMREAD_COLOR).astype(np.float32)
UNLIT = np.full_like(SCENE, 3.0)


def picture(scene: np.ndarray, seed: int) -> Picture:
    noisy = scene + np.random.default_rng(seed).normal(0, 2, scene.shape)
    found = decode(cv2.imencode(".jpg", np.clip(noisy, 0, 255).astype(np.uint8))[1].tobytes())[1]
    assert found is not None
    return found


def looks(line: Replay, times: Iterable[float], *, dark_from: int, dark_to: int) -> list[Look]:
    """A picture at each time; without light from the one hour of the day to the other."""
    shots = []
    for at in times:
        hour = at % DAY / HOUR
        unlit = dark_from <= hour < dark_to if dark_from < dark_to else hour >= dark_from or hour < dark_to
        shots.append(Shot(str(at), at, "mjpeg", picture(UNLIT if unlit else SCENE, int(at / 60))))
    return list(line.run(shots))


def days(first: int, last: int) -> list[float]:
    return [BEGIN + first * DAY + number * HOUR for number in range((last - first) * 24)]


def between(found: list[Look], first: int, last: int) -> list[Look]:
    """From one hour to the other, counted from the beginning."""
    return [look for look in found if first * HOUR <= look.shot.at - BEGIN < last * HOUR]


def verdict(look: Look) -> tuple[Verdict, tuple[str, ...]]:
    assert look.seen is not None
    return look.seen.judged.verdict, look.seen.judged.unjudged


def test_a_room_that_is_dark_every_night_alarms_twice_and_is_then_known() -> None:
    found = looks(Replay(), days(0, 4), dark_from=20, dark_to=6)
    first, second, third = (between(found, night * 24 + 20, night * 24 + 30) for night in range(3))
    assert {verdict(look)[0] for look in first + second} == {Verdict.BLACK}
    assert {verdict(look) for look in third} == {(Verdict.UNJUDGED, ("no_light",))}
    assert second[-1].tickets == ("camera.black",)
    assert third[-1].tickets == ()


def test_black_by_day_is_told_although_the_nights_are_dark() -> None:
    line = Replay()
    looks(line, days(0, 4), dark_from=20, dark_to=6)
    times = [BEGIN + 4 * DAY + 10 * HOUR + number * HOUR / 12 for number in range(12)]
    found = looks(line, times, dark_from=0, dark_to=24)
    assert all(verdict(look)[0] is Verdict.BLACK for look in found)
    assert found[-1].tickets == ("camera.black",)


def test_the_night_neither_closes_nor_opens_a_ticket_of_the_day() -> None:
    line = Replay()
    looks(line, days(0, 4), dark_from=20, dark_to=6)
    times = [BEGIN + 4 * DAY + 18 * HOUR + number * HOUR / 12 for number in range(60)]
    found = looks(line, times, dark_from=0, dark_to=24)
    assert verdict(found[-1]) == (Verdict.UNJUDGED, ("no_light",))
    assert found[-1].tickets == ("camera.black",)


def test_a_lamp_that_burns_every_night_from_now_on_is_learned() -> None:
    reference = Reference()
    for night in range(3):
        reference = lighten(reference, night * DAY + 6 * HOUR, Night(night * DAY, night * DAY + 5.5 * HOUR))
    assert is_night(reference, 10 * DAY + 2 * HOUR)
    for _ in range(int(3 / FORGOTTEN)):
        for hour in range(7):
            reference = lighten(reference, 11 * DAY + hour * HOUR, None)
    assert not is_night(reference, 12 * DAY + 2 * HOUR)


def test_what_was_black_for_longer_than_any_night_was_a_fault() -> None:
    reference = Reference()
    for week in range(4):
        begin = week * 7 * DAY
        reference = lighten(reference, begin + LONGEST + 2 * HOUR, Night(begin, begin + LONGEST + HOUR))
    assert not reference.nights.any()


def test_nights_are_kept_and_files_that_lie_about_them_are_refused() -> None:
    known = replace(Reference(), nights=np.arange(24, dtype=np.float32) / 8)
    again = unpack(pack(known))
    assert np.allclose(again.nights, known.nights, atol=0.01)
    with pytest.raises(BadReference):
        unpack(pack(replace(known, nights=np.zeros(23, np.float32))))
