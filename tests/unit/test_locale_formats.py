from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.locale import Formats

EN, ZH = Formats("en", "Asia/Shanghai"), Formats("zh_CN", "Asia/Shanghai")
AT = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC, 06:13:20 of the next day in Shanghai


def test_times_are_the_sites() -> None:
    assert EN.time(AT) == "06:13"
    assert EN.iso(AT) == "2023-11-15T06:13:20+08:00"
    assert EN.moment(AT) == "15 Nov 2023, 06:13:20"
    assert ZH.moment(AT) == "2023年11月15日 06:13:20"
    assert EN.date(AT) == "Nov 15, 2023"


def test_the_day_is_named_only_when_it_is_another() -> None:
    assert EN.short(AT, AT + 60) == "06:13"
    assert EN.short(AT, AT + 86_400) == "15 Nov 06:13"
    assert EN.short(AT, AT + 400 * 86_400) == "15 Nov 2023 06:13"
    assert ZH.short(AT, AT + 86_400) == "11月15日 06:13"


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0, "0 s", "0 秒"),
        (59.9, "59 s", "59 秒"),
        (61, "1 min 1 s", "1 分钟 1 秒"),
        (3_600, "1 h", "1 小时"),
        (3_661, "1 h 1 min", "1 小时 1 分钟"),
        (90_000, "1 d 1 h", "1 天 1 小时"),
        (86_460, "1 d", "1 天"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float, english: str, chinese: str) -> None:
    assert EN.duration(seconds) == english
    assert ZH.duration(seconds) == chinese


def test_sizes_are_decimal() -> None:
    assert [EN.size(count) for count in (0, 999, 1_000, 1_500_000, 8e12, 3e18)] == [
        "0 B", "999 B", "1 kB", "1.5 MB", "8 TB", "3,000 PB",
    ]  # fmt: skip


@settings(max_examples=300, derandomize=True)
@given(st.floats(-1e9, 4e9), st.floats(-1e12, 1e12))
def test_nothing_raises(at: float, number: float) -> None:
    for formats in (EN, ZH):
        assert formats.duration(number)
        assert formats.number(number)
        assert formats.size(number)
        assert formats.moment(at)
