"""Are cameras told apart by folders and names, and only cameras?"""

from __future__ import annotations

from pathlib import PurePath

import pytest

from probes.frame.dates import time_of
from probes.frame.owners import Item, label, owners


def whose(*names: str, by_folder: bool = False) -> list[str]:
    paths = [PurePath("/footage", name) for name in names]
    items = [Item(path, path.parent.parts[2:], time_of(path)) for path in paths]
    return ["/".join(parts) for parts in owners(items, by_folder=by_folder)]


def series(name: str, minutes: range) -> list[str]:
    return [name.format(f"20240613{minute // 60:02d}{minute % 60:02d}00") for minute in minutes]


@pytest.mark.parametrize(
    ("stem", "said"),
    [
        ("river_20221006T182834", "river"),
        ("192.168.1.64_01_20240101120000123_MOTION_DETECTION", "192.168.1.64_01"),
        ("Gate 3_2024-06-13 03.11.46", "Gate_3"),
        ("北门3号_20240101120000", "北门3号"),
        ("gate-1696500000", "gate"),
        ("20231001_120000_ch1", "ch1"),
        ("2023-06-13T03_11_46_blur", ""),
        ("MDAlarm_20240101-120000", ""),
        ("image24-01-01_12-00-00-00", ""),
        ("copy of 20240101T120004", ""),
        ("IMG_1234", ""),
        ("frame_000001", ""),
        ("street_000012", "street"),
        ("street (3)", "street"),
        ("defocus_mild_0003", ""),
        ("1696500000", ""),
    ],
)
def test_what_a_name_says_besides_its_date(stem: str, said: str) -> None:
    assert label(stem) == said


def test_cameras_mixed_in_one_folder_are_told_apart_by_what_stands_before_the_date() -> None:
    names = series("river_{}.jpg", range(4)) + series("site_{}.jpg", range(100, 105))
    assert whose(*names) == ["river"] * 4 + ["site"] * 5
    assert set(whose(*names, by_folder=True)) == {""}
    assert whose(*(f"yard/{name}" for name in names)) == ["yard/river"] * 4 + ["yard/site"] * 5


def test_channels_behind_the_date_are_cameras_and_what_was_done_is_none() -> None:
    one, other = series("{}_cam1.jpg", range(4)), series("{}_cam2.jpg", range(4))
    assert whose(*one, *other) == ["cam1"] * 4 + ["cam2"] * 4
    assert set(whose(*series("{}_clean.jpg", range(4)), *series("{}_blurred.jpg", range(4)))) == {""}
    assert set(whose(*series("clean_{}.jpg", range(4)), *series("covered_{}.jpg", range(4)))) == {""}


def test_events_that_follow_each_other_are_no_cameras_and_numbers_that_mix_are() -> None:
    events = [
        name for event in range(5) for name in series(f"{event:02d}-{{}}-00.jpg", range(event * 9, event * 9 + 4))
    ]
    assert set(whose(*events)) == {""}
    assert whose(*series("01_{}.jpg", range(9)), *series("02_{}.jpg", range(9))) == ["01"] * 9 + ["02"] * 9


def test_counters_and_strays_are_no_cameras() -> None:
    assert set(whose(*(f"img{n:04d}-2024061312{n:02d}00.jpg" for n in range(20)))) == {""}
    assert set(whose(*series("{}.jpg", range(20)), "stray_20240613120000.jpg")) == {""}


def test_undated_videos_are_cameras_by_themselves_whatever_their_suffix() -> None:
    items = [Item(PurePath("/f", name), (), None, alone=True) for name in ("a.mp4", "a.ts", "b.mp4")]
    assert owners(items, by_folder=False) == [("a.mp4",), ("a.ts",), ("b",)]


def test_undated_pictures_are_told_apart_by_words_and_not_by_numbers() -> None:
    assert whose(*(f"street_{n}.jpg" for n in range(3)), *(f"park_{n}.jpg" for n in range(3))) == (
        ["street"] * 3 + ["park"] * 3
    )
    assert set(whose(*(f"a{part}_{n}.jpg" for part in range(3) for n in range(3)))) == {""}
    assert whose(*(f"cam{part}_{n}.jpg" for part in range(2) for n in range(3))) == ["cam0"] * 3 + ["cam1"] * 3
