from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from probes.frame.burst import measure
from probes.frame.habits import FLOORS
from tests.benchmarks.frames import cameras, electric, optical
from tests.benchmarks.frames.cameras import Camera, Moment, Part, split
from tests.benchmarks.frames.codec import Shown, damage, from_h264, from_jpeg, h264, jpeg, through, unheard
from tests.benchmarks.frames.events import CLEAR, SOON, SURE, confirm
from tests.benchmarks.frames.faults import BY_NAME, FAULTS, STRENGTHS, Layer
from tests.benchmarks.frames.footage import Light
from tests.benchmarks.frames.image import Image, chance, clouds, defocus, luma
from tests.benchmarks.frames.inject import applies, inject, sound
from tests.benchmarks.frames.judge import Look, Thresholds
from tests.benchmarks.frames.known import REAL, real
from tests.benchmarks.frames.osd import Text, erase, find_text, paste
from tests.benchmarks.frames.ours import Learned
from tests.benchmarks.frames.protocol import Bench, Plan
from tests.benchmarks.frames.rivals import FFmpeg, Laplacian, Rules
from tests.benchmarks.frames.rows import stream
from tests.benchmarks.frames.view import Turn, look_through, random_turn, write_text
from tests.benchmarks.frames.wilson import interval

SIZE = (180, 320)


def scene(seed: int = 1, size: tuple[int, int] = SIZE) -> Image:
    """Something with structure at every size, in colour."""
    random = np.random.default_rng(seed)
    ground = sum(clouds(random, size, pixels) * share for pixels, share in ((80, 25), (20, 18), (5, 12)))
    hue = np.stack([clouds(random, size, 60) * 9 for _ in range(3)], axis=2)
    return np.clip(110 + ground[..., None] + hue, 0, 255).astype(np.uint8)


def sharpness(image: Image) -> float:
    return float(cv2.Laplacian(luma(image), cv2.CV_64F).var())


def far(image: Image, other: Image) -> float:
    return float(np.abs(image.astype(float) - other).mean())


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.change is not None], ids=lambda fault: fault.name)
def test_an_injector_changes_the_picture_and_is_the_same_every_time(fault) -> None:
    image = scene()
    kept = image.copy()
    changed = [fault.change(image, chance(fault.name), amount) for amount in fault.amounts]
    again = fault.change(image, chance(fault.name), fault.amounts[1])
    assert (image == kept).all()
    assert (again == changed[1]).all()
    assert all(each.shape == image.shape and each.dtype == np.uint8 for each in changed)
    assert all(far(each, image) > 0.5 for each in changed)


@pytest.mark.parametrize(
    "name", ["dark", "over-exposed", "defocus", "motion blur", "noise", "snow", "stripes", "fog", "cobweb", "droplets"]
)
def test_stronger_is_farther_from_the_truth(name: str) -> None:
    fault, image = BY_NAME[name], scene()
    assert fault.change is not None
    off = [far(fault.change(image, chance(name), amount), image) for amount in fault.amounts]
    assert all(more > less for less, more in pairwise(off))


def test_amounts_are_what_they_say() -> None:
    image, random = scene(), chance("amounts")
    grey = np.full((*SIZE, 3), 120, np.uint8)
    assert np.std(electric.noise(grey, random, 8.0)[..., 1]) == pytest.approx(8.0 * np.hypot(1, 1 / 3), rel=0.05)
    assert (electric.snow(grey, random, 0.2) != grey).any(axis=2).mean() == pytest.approx(0.2, abs=0.02)
    assert np.std(electric.stripes(grey, random, 12.0)) == pytest.approx(12 / 2**0.5, rel=0.1)
    assert optical.fog(image, random, 0.3).std() / image.std() == pytest.approx(0.3, abs=0.06)
    light = (optical.expose(grey, random, 0.04).mean() / 120) ** optical.GAMMA
    assert light == pytest.approx(0.04, rel=0.15)
    chroma = cv2.cvtColor(optical.tint(grey, random, 20.0), cv2.COLOR_BGR2YCrCb).reshape(-1, 3).mean(axis=0)[1:] - 128
    assert np.hypot(*chroma) == pytest.approx(20 * 120 / 128, rel=0.25)


def test_rows_of_pictures_go_through_a_stream_with_what_was_put_into_them() -> None:
    row, random = [frame(number) for number in range(8)], chance("row")
    clean = measure(stream(row, random)[1].develop())
    assert clean is not None
    assert max(clean.flicker, clean.rolling, clean.shake or 0.0) < 0.1
    cases = ((electric.flicker, 0.06, "flicker"), (electric.roll, 0.06, "rolling"), (electric.jitter, 0.016, "shake"))
    for series, amount, name in cases:
        found = measure(stream(series(row, random, amount), random)[1].develop())
        assert found is not None
        values = {"flicker": found.flicker, "rolling": found.rolling, "shake": found.shake or 0.0}
        assert max(values, key=lambda each: values[each] / FLOORS[each]) == name
        assert values[name] > FLOORS[name]


@pytest.mark.parametrize("share", BY_NAME["partly covered"].amounts)
def test_a_cover_has_the_stated_area(share: float) -> None:
    for seed in range(5):
        assert optical.shade(SIZE, chance(seed), share).mean() == pytest.approx(share, abs=0.005)
    image = scene()
    changed = np.abs(optical.cover_part(image, chance(1), share).astype(int) - image).max(axis=2) > 6
    assert changed.mean() == pytest.approx(share, abs=0.1)


@pytest.mark.parametrize("radius", [1.5, 4.0])
def test_defocus_is_a_disc_of_that_radius(radius: float) -> None:
    point = np.zeros((61, 61), np.float32)
    point[30, 30] = 1.0
    spread = defocus(point, radius)
    assert spread.sum() == pytest.approx(1, abs=1e-4)
    assert (spread > spread.max() / 2).sum() == pytest.approx(np.pi * (radius + 0.5) ** 2, rel=0.35)


def test_a_turned_view_is_of_the_wide_picture() -> None:
    wide = scene(size=(360, 640))
    plain = look_through(wide)
    height, width = plain.shape[:2]
    assert far(plain, wide[54 : 54 + height, 96 : 96 + width]) == 0
    right = look_through(wide, Turn(right=45 / width))
    assert far(right[:, :-45], plain[:, 45:]) < 4
    closer = look_through(wide, Turn(zoom=1.25))
    part = plain[height // 10 : -(height // 10), width // 10 : -(width // 10)]
    assert far(cv2.resize(part, (width, height)), closer) < 9
    rolled = look_through(wide, Turn(degrees=7))
    back = cv2.warpAffine(rolled, cv2.getRotationMatrix2D((width / 2, height / 2), -7, 1), (width, height))
    inner = np.s_[60:-60, 80:-80]
    straight = cv2.warpAffine(rolled, cv2.getRotationMatrix2D((width / 2, height / 2), 7, 1), (width, height))
    assert min(far(back[inner], plain[inner]), far(straight[inner], plain[inner])) < 6
    assert far(rolled, plain) > 10


def test_no_turn_shows_what_is_not_there() -> None:
    inside = np.full((360, 640, 3), 200, np.uint8)
    padded = cv2.copyMakeBorder(inside, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    for seed in range(60):
        for strength in range(3):
            turn = random_turn(chance(seed), strength)
            corners = look_through(padded, turn)
            assert corners.min() > 150, turn


def written(at: float, image: Image) -> Image:
    return write_text(image, at)


def test_text_is_found_pasted_back_and_erased() -> None:
    pictures = [written(1e9 + 3601.0 * n, scene(n, (360, 640))) for n in range(24)]
    text = find_text(pictures)
    assert len(text.lines) == 2
    assert find_text([scene(n, (360, 640)) for n in range(24)]).lines == ()
    blurred = optical.blur(pictures[0], chance(1), 0.02)
    letters = text.letters(pictures[0])
    assert 0.002 < letters.mean() < 0.05
    assert far(paste(blurred, text, pictures[0])[letters], pictures[0][letters]) == 0
    gone = erase(pictures[0], text, text.area(pictures[0].shape))
    assert (gone[letters].max(axis=1) > 240).mean() < 0.1 < (pictures[0][letters].max(axis=1) > 240).mean()
    half = electric.lose_text(pictures[0], text, 0.5)
    assert 0 < far(half, pictures[0]) < far(gone, pictures[0])


def test_sound_pictures_survive_both_codecs() -> None:
    image = scene()
    for codec in ("jpeg", "h264"):
        shown = through(codec, [image, image], chance(codec))
        assert len(shown) == 2
        assert not any(each.corrupt for each in shown)
        assert all(each.image is not None and 0 < far(each.image, image) < 8 for each in shown)


def test_damaged_bytes_are_damaged() -> None:
    image, random = scene(), chance("damage")
    data = jpeg(image, 80)
    assert sum(a != b for a, b in zip(data, damage(data, random, runs=4, length=24), strict=True)) > 40
    assert from_jpeg(damage(data, random, runs=0, length=1, cut=0.5)).corrupt
    packets = h264([image], 24)
    with unheard():
        hurt = [from_h264([damage(packets[0], random, runs=8, length=16)], image.shape)[0] for _ in range(10)]
    assert sum(each.corrupt or each.image is None or far(each.image, image) > 8 for each in hurt) >= 9


def camera() -> Camera:
    moments = tuple(
        Moment(1e9 + 1800.0 * n, f"m{n}", Part.LEARNING if n < 24 else Part.UNSEEN, lambda n=n: (Shown(frame(n)),))
        for n in range(30)
    )
    return Camera("drawn", moments, find_text([frame(n) for n in range(24)]), 0.0, False)


def frame(number: int) -> Image:
    image = scene(5, (360, 640)).astype(int) + np.random.default_rng(number).normal(0, 2, (360, 640, 1))
    return written(1e9 + 1800.0 * number, np.clip(image, 0, 255).astype(np.uint8))


def test_every_fault_can_be_shown() -> None:
    cam = camera()
    moment, image = cam.moments[-1], frame(29)
    for fault in FAULTS:
        for strength in range(3):
            look = inject(fault, strength, cam, moment, image, (moment.at - 1800, frame(28)), 1)
            assert look is not None
            assert len(look.shown) == {Layer.TIME: 2}.get(fault.layer, 1)
            assert (look.burst is not None) is (fault.layer is Layer.SERIES)
            if fault.layer in (Layer.BEFORE, Layer.AFTER):
                assert not look.corrupt
            if fault.name.startswith("frozen"):
                first, second = (each.image for each in look.shown)
                assert first is not None
                assert second is not None
                assert (far(first, second) == 0) is (strength == 2)
    assert all(not look.corrupt for look in sound(cam, moment, image, None, 1).values())
    assert not applies(BY_NAME["IR-cut pink by day"], cam, Light(mono=False, mean=40))
    assert applies(BY_NAME["IR-cut colour by night"], cam, Light(mono=True, mean=100))
    assert not applies(BY_NAME["dirt"], cam, Light(mono=False, mean=4))
    assert applies(BY_NAME["no signal"], cam, Light(mono=False, mean=4))
    assert not applies(BY_NAME["text missing"], replace(cam, text=Text(())), Light(mono=False, mean=120))


def test_the_protocol_runs_and_is_the_same_every_time() -> None:
    makes = {"ours": Thresholds, "laplacian": Laplacian}
    plan = Plan({}, samples=(2, 2), faults=("defocus", "black", "frozen, sent again", "moved"))
    first, second = (Bench(plan, camera(), makes).run() for _ in range(2))
    assert first.trials == second.trials
    faults = [trial for trial in first.trials if trial.strength]
    assert len(faults) == 2 * 2 * 3 * 4  # judges, moments, strengths, faults
    assert all(trial.right(("black",)) for trial in faults if trial.fault == "black" and trial.judge == "ours")
    hard = [trial for trial in faults if trial.fault == "defocus" and trial.judge == "laplacian"]
    assert all(trial.said == "blurred" for trial in hard if trial.strength == STRENGTHS[2])
    assert not any(trial.said for trial in first.trials if not trial.fault and trial.judge == "ours")
    assert first.counts[Part.UNSEEN] == 6


def test_ours_learns_as_production_does() -> None:
    learned = Learned()
    for moment in camera().moments[:24]:
        look = Look(moment.at, moment.load())
        assert not learned.judge(look).fault
        learned.learn(look)
    at = 1e9 + 1800.0 * 24
    assert not learned.judge(Look(at, (Shown(frame(24)),))).fault
    blurred = learned.judge(Look(at, (Shown(optical.blur(frame(24), chance(1), 0.014)),)))
    assert blurred.fault == "blurred"
    assert blurred.scores["blurred"] > 1
    assert learned.judge(Look(at, (Shown(None, corrupt=True),))).fault == "garbled"


def test_rivals_see_what_they_are_made_for() -> None:
    sound_look = Look(0.0, (Shown(electric.noise(scene(), chance(1), 6.0)),))
    still = Look(0.0, (Shown(scene()), Shown(scene())), 2.0)
    sharp = electric.noise(scene(), chance(2), 6.0)
    moving = Look(0.0, (Shown(scene()), Shown(sharp)), 2.0)
    dark = Look(0.0, (Shown(np.zeros((*SIZE, 3), np.uint8)),))
    for judge in (FFmpeg(), Rules()):
        assert judge.judge(dark).fault == "black"
        assert judge.judge(still).fault == "frozen"
        assert judge.judge(moving).fault == ""
        assert judge.judge(sound_look).fault == ""
        assert judge.judge(Look(0.0, (Shown(None, corrupt=True),))).fault == "garbled"
    learned = FFmpeg()
    random = chance(3)
    for _ in range(25):
        learned.learn(Look(0.0, (Shown(electric.noise(scene(), random, 2.0)),)))
    assert learned.judge(Look(0.0, (Shown(optical.blur(scene(), random, 0.01)),))).fault


def test_time_and_camera_split_the_footage() -> None:
    day = 86_400.0
    parts = [split(at * day, 0.0, 20 * day, tuned_on=True) for at in (0, 2.9, 3, 13.9, 14, 20)]
    assert parts == [Part.LEARNING] * 2 + [Part.TUNING] * 2 + [Part.SAME] * 2
    parts = [split(at * day, 0.0, 20 * day, tuned_on=False) for at in (0, 2.9, 3, 20)]
    assert parts == [Part.LEARNING] * 2 + [Part.UNSEEN] * 2
    assert split(0.5 * day, 0.0, day, tuned_on=False) is Part.UNSEEN  # a short one is learned of for two fifths


def test_wilson() -> None:
    assert interval(0, 0) == (0, 1)
    low, high = interval(8, 10)  # a textbook's example: 0.490 to 0.943
    assert (low, high) == (pytest.approx(0.490, abs=1e-3), pytest.approx(0.943, abs=1e-3))
    assert interval(0, 50)[0] == 0
    assert interval(50, 50)[1] == 1
    assert interval(0, 50)[1] == pytest.approx(0.0714, abs=1e-3)


def test_events_want_hits_in_a_row_and_end_after_good_looks() -> None:
    def told(*faults: str) -> list[tuple[str, float, float]]:
        return [(e.fault, e.begun, e.ended) for e in confirm([(float(n), fault) for n, fault in enumerate(faults)])]

    assert told(*["moved"] * (SOON - 1), "", "moved", "") == []
    assert told(*["moved"] * SOON) == [("moved", SOON - 1, SOON - 1)]
    assert told(*["blurred"] * (SURE - 1), *[""] * 4) == []
    assert told(*["blurred"] * SURE, "", "blurred", *[""] * CLEAR) == [("blurred", SURE - 1, SURE + 1 + CLEAR)]
    assert told() == []


def test_footage_of_real_cameras() -> None:
    if not cameras.SHARED.is_dir():
        pytest.skip(f"NO FOOTAGE: {cameras.SHARED} is not there, real cameras were not tested")
    names = {path.stem for path in cameras.shared()}
    assert names >= cameras.TUNED_ON
    clip = cameras.load(next(path for path in cameras.shared() if path.stem == "bgs_video"))
    assert {moment.part for moment in clip.moments} == {Part.LEARNING, Part.TUNING, Part.SAME}
    assert all(a.at < b.at for a, b in pairwise(clip.moments))
    image = clip.moments[0].load()[0].image
    assert image is not None
    assert sharpness(image) > 50
    follow = clip.moments[0].follow
    assert follow is not None
    times = [each.time for each in follow()]
    assert np.diff(times) == pytest.approx(1 / 30, abs=0.002)


def test_real_faults_of_the_footage_are_where_they_are_said_to_be() -> None:
    if not cameras.SHARED.is_dir():
        pytest.skip(f"NO FOOTAGE: {cameras.SHARED} is not there, its real faults were not looked up")
    for folder, faults in REAL.items():
        names = {path.stem for path in (cameras.SHARED / folder).iterdir()}
        assert {name for first, last, _ in faults for name in (first, last)} <= names
        assert 0.05 < sum(bool(real(folder, name)) for name in names) / len(names) < 0.15
    assert real("river-camera", "20221007T120531") == "droplets on the lens, at night with flares of a lamp"
    assert real("river-camera", "20221007T060538") == real("elsewhere", "20221007T120531") == ""
