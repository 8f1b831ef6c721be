"""What does a person's word on a picture change: is it learned, asked for, per place, and can it be taken back?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import cv2
import numpy as np

from monitor.cli.replay import CAMERA, Look, Replay
from monitor.core import decide
from monitor.core.condition import State
from monitor.core.lessons import ASKED, FRAME, LASTING_SECONDS, VIEW, Lesson, is_view, place_of
from probes.frame.faults import Verdict
from probes.frame.job import Known
from probes.frame.memory import Word
from probes.frame.picture import Picture
from probes.frame.reference import unpack
from probes.frame.shots import Shot
from probes.frame.still import decode
from probes.onvif.ptz import Position
from tests.servers.console_site import paint
from ticketing.commands import Cancel
from ticketing.ticket import Ticket

MINUTE = 60.0
SCENE = cv2.imdecode(np.frombuffer(paint(1).jpeg, np.uint8), cv2.IMREAD_COLOR).astype(np.float32)
TURNED = np.roll(SCENE, 70, axis=1)


class Lived(Replay):
    """A camera whose people are heard, as `monitor.app.pictures` does it."""

    def known(self) -> Known:
        tunings = self.world.tunings.get(CAMERA, {})
        known = replace(
            Replay.known(self), tuning={name: one.factor for name, one in tunings.items() if not is_view(name)}
        )
        view = tunings.get(VIEW)
        return known if view is None else Word(view.factor > 0, view.at).on(known)


def picture(scene: np.ndarray, seed: int) -> Picture:
    noisy = scene + np.random.default_rng(seed).normal(0, 3, scene.shape)
    found = decode(cv2.imencode(".jpg", np.clip(noisy, 0, 255).astype(np.uint8))[1].tobytes())[1]
    assert found is not None
    return found


def looks(line: Replay, scene: np.ndarray, times: Iterable[float]) -> list[Look]:
    return list(line.run(Shot(str(at), at, "mjpeg", picture(scene, int(at))) for at in times))


def every(minutes: float, count: int, begin: float) -> list[float]:
    return [begin + number * minutes * MINUTE for number in range(count)]


def learned() -> Lived:
    line = Lived()
    looks(line, SCENE, every(5, 60, 1e9))
    return line


def moved(line: Lived, begin: float = 1e9 + 400 * MINUTE) -> Ticket:
    last = looks(line, TURNED, every(5, 6, begin))[-1]
    assert last.tickets == ("camera.moved",)
    (ticket,) = line.world.tickets.values()
    return ticket


def verdicts(found: list[Look]) -> list[Verdict]:
    return [look.seen.judged.verdict for look in found if look.seen is not None]


def test_after_a_confirmed_view_it_learns_at_once_and_then_judges_by_it() -> None:
    line = learned()
    ticket = moved(line)
    at = 1e9 + 440 * MINUTE
    decide.command(line.plan, line.world, ticket.id, Cancel("meant", "new_view"), by="ana", now=at)
    assert not list(line.world.standing(CAMERA))
    found = looks(line, TURNED, every(5, 20, at + MINUTE))
    assert verdicts(found)[0] is Verdict.UNJUDGED
    assert set(verdicts(found)[12:]) == {Verdict.OK}
    assert unpack(line.reference).view == 1
    back = looks(line, SCENE, every(5, 6, at + 200 * MINUTE))
    assert back[-1].tickets == ("camera.moved",)


def test_confirmed_on_the_page_of_the_device_its_ticket_recovers() -> None:
    line = learned()
    ticket = moved(line)
    decide.teach(line.plan, line.world, Lesson(CAMERA, "new_view"), by="ana", now=1e9 + 440 * MINUTE)
    assert line.world.tickets[ticket.id].state.value == "recovered"


def test_a_confirmed_view_can_be_taken_back() -> None:
    line = learned()
    before = unpack(line.reference).looks
    moved(line)
    at = 1e9 + 440 * MINUTE
    decide.teach(line.plan, line.world, Lesson(CAMERA, "new_view"), by="ana", now=at)
    looks(line, TURNED, every(5, 20, at + MINUTE))
    at += 120 * MINUTE
    decide.teach(line.plan, line.world, Lesson(CAMERA, "undo", VIEW), by="ana", now=at)
    found = looks(line, TURNED, every(5, 6, at + MINUTE))
    assert set(verdicts(found)) == {Verdict.MOVED}
    found = looks(line, SCENE, every(5, 6, 1e9 + (1_440 + 480) * MINUTE))  # at an hour whose light is known
    assert set(verdicts(found)) == {Verdict.OK}
    kept = unpack(line.reference)
    assert kept.view == 0
    assert kept.looks >= before
    assert {slot.view for slot in kept.slots} == {0}


def test_what_lasts_a_day_is_asked_once() -> None:
    line = learned()
    ticket = moved(line)
    begin = 1e9 + 500 * MINUTE
    asked = []
    for at in every(60, 30, begin):
        look = looks(line, TURNED, [at])[0]
        assert look.tickets == ("camera.moved",)
        asked.append(line.world.tickets[ticket.id].facts.get(ASKED, False))
    first = asked.index(True)
    assert begin + first * 3_600 - ticket.since >= LASTING_SECONDS
    assert begin + (first - 1) * 3_600 - ticket.since < LASTING_SECONDS
    assert all(asked[first:])
    assert line.world.tickets[ticket.id].events == 2  # opened, asked


def test_it_is_asked_only_of_what_may_be_meant() -> None:
    line = Lived()
    black = np.zeros_like(SCENE)
    for at in every(60, 30, 1e9):
        looks(line, black, [at, at + 100, at + 200])
    (ticket,) = line.world.tickets.values()
    assert ticket.fingerprint.fault == "camera.black"
    assert ASKED not in ticket.facts


def test_a_view_at_a_place_is_that_place_alone() -> None:
    line = learned()
    look = line.world.looks[CAMERA, FRAME]
    here, there = Position(0.1, -0.2, 0.3), Position(0.5, 0.5, 0.0)
    line.world.saw(replace(look, values={**look.values, "place": str(here)}))
    decide.teach(line.plan, line.world, Lesson(CAMERA, "new_view"), by="ana", now=1e9)
    (name,) = line.world.tunings[CAMERA]
    assert is_view(name)
    read = Position.read(place_of(name))
    assert read is not None
    assert read.near(here)
    assert not read.near(there)
    assert Position.read("1e9 0 0") is None
    assert Position.read("a b c") is None


def test_a_false_alarm_of_a_fixed_threshold_is_believed_and_can_be_taken_back() -> None:
    line = Lived()
    plain = np.full_like(SCENE, 90.0)
    found = looks(line, cv2.GaussianBlur(plain, (0, 0), 3), every(1, 6, 1e9))
    assert found[-1].tickets == ("camera.covered",)
    (ticket,) = line.world.tickets.values()
    decide.command(line.plan, line.world, ticket.id, Cancel("a wall", "false_alarm"), by="ana", now=1e9 + 400)
    assert line.world.tunings[CAMERA]["covered"].factor > 1
    assert Verdict.COVERED not in verdicts(looks(line, plain, every(1, 4, 1e9 + 420)))
    decide.teach(line.plan, line.world, Lesson(CAMERA, "undo", "covered"), by="ana", now=1e9 + 700)
    assert set(verdicts(looks(line, plain, every(1, 2, 1e9 + 720)))) == {Verdict.COVERED}


def test_a_false_alarm_of_black_and_of_a_standing_snapshot_is_believed() -> None:
    for scene, fault in ((np.zeros_like(SCENE), "black"), (SCENE, "frozen")):
        line = Lived()
        seeds = [1 if fault == "frozen" else number for number in range(12)]
        shots = [
            Shot(str(at), at, "mjpeg", picture(scene, seed)) for at, seed in zip(every(1, 12, 1e9), seeds, strict=True)
        ]
        assert list(line.run(shots[:8]))[-1].tickets == (f"camera.{fault}",)
        (ticket,) = line.world.tickets.values()
        decide.command(line.plan, line.world, ticket.id, Cancel("so it is", "false_alarm"), by="ana", now=1e9 + 470)
        assert Verdict(fault) not in verdicts(list(line.run(shots[8:])))


def test_what_is_certain_is_no_lesson() -> None:
    line = Lived()
    blue = np.zeros_like(SCENE)
    blue[..., 0] = 200
    looks(line, blue, every(1, 6, 1e9))
    (ticket,) = line.world.tickets.values()
    assert ticket.fingerprint.fault == "camera.blue"
    decide.command(line.plan, line.world, ticket.id, Cancel("no", "false_alarm"), by="ana", now=1e9 + 400)
    assert not line.world.tunings


def test_what_nobody_can_judge_any_more_keeps_nothing_from_being_learned() -> None:
    """A first suspicion, then hours whose light is not known yet: each waited for the other."""
    line = learned()
    looks(line, TURNED, [1e9 + 310 * MINUTE])
    assert [one.state for one in line.world.standing(CAMERA)] == [State.PENDING]
    before = unpack(line.reference).looks
    found = looks(line, SCENE * 0.35, every(10, 40, 1e9 + 600 * MINUTE))
    assert Verdict.UNJUDGED in verdicts(found)
    assert not list(line.world.standing(CAMERA))
    assert unpack(line.reference).looks > before + 20


def test_after_a_false_alarm_it_learns_at_once() -> None:
    line = learned()
    ticket = moved(line)
    decide.command(line.plan, line.world, ticket.id, Cancel("no", "false_alarm"), by="ana", now=1e9 + 440 * MINUTE)
    assert not list(line.world.standing(CAMERA))
