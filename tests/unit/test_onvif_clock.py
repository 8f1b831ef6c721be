"""Is a device's clock read as it was meant, and its error judged no better than it can be known?"""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from probes.errors import Garbled
from probes.onvif.clock import Clock, drift_a_day, estimate_offset, explain, read_clock
from probes.onvif.xml import Node, parse

NOON = 1_684_152_000  # 2023-05-15 12:00:00 UTC


def _when(name: str, text: str) -> str:
    date, _, time = text.partition("T")
    year, month, day = date.split("-")
    hour, minute, second = time.split(":")
    return (
        f"<{name}><Time><Hour>{hour}</Hour><Minute>{minute}</Minute><Second>{second}</Second></Time>"
        f"<Date><Year>{year}</Year><Month>{month}</Month><Day>{day}</Day></Date></{name}>"
    )


def _answer(*inside: str, kind: str = "NTP") -> Node:
    body = f"<SystemDateAndTime><DateTimeType>{kind}</DateTimeType>{''.join(inside)}</SystemDateAndTime>"
    return parse(f"<GetSystemDateAndTimeResponse>{body}</GetSystemDateAndTimeResponse>".encode())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2023-05-15T12:00:00", NOON),
        ("2023-5-15T12:0:0", NOON),
        ("2023-05-15T 11 :61:00", NOON + 60),
        ("2023-05-15T00:61:16", NOON - 12 * 3600 + 3676),
        ("2023-05-15T23:59:60", NOON + 12 * 3600),
        ("2023-02-29T00:00:00", 1_677_628_800),
        ("1970-01-01T00:00:05", 5),
        ("2106-02-07T06:28:16", 2**32),
    ],
)
def test_utc(text: str, seconds: int) -> None:
    assert read_clock(_answer(_when("UTCDateTime", text)), NOON) == Clock(seconds, "ntp", is_set=True)


@pytest.mark.parametrize("text", ["0000-00-00T00:00:00", "0-0-0T1:2:3", "1969-12-31T23:59:59", "2023-00-10T00:00:00"])
def test_clock_that_was_never_set(text: str) -> None:
    assert read_clock(_answer(_when("UTCDateTime", text), kind="Manual"), NOON) == Clock(0, "manual", is_set=False)


@pytest.mark.parametrize(
    ("zone", "summer", "ahead_hours"),
    [
        ("CST-8", "false", 8),
        ("CST-8:00:00", "false", 8),
        ("EST5EDT,M3.2.0,M11.1.0", "false", -5),
        ("EST5EDT,M3.2.0,M11.1.0", "true", -4),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "1", 2),
        ("&lt;+0330&gt;-3:30", "false", 3.5),
        ("NZST-12NZDT", "true", 13),
        ("UTC0", "true", 0),
        ("GMT+00:00", "false", 0),
        ("", "false", 0),
        ("?", "true", 0),
    ],
)
def test_local_time_where_utc_is_missing(zone: str, summer: str, ahead_hours: float) -> None:
    answer = _answer(
        f"<DaylightSavings>{summer}</DaylightSavings><TimeZone><TZ>{zone}</TZ></TimeZone><UTCDateTime/>",
        _when("LocalDateTime", "2023-05-15T12:00:00"),
    )
    assert read_clock(answer, NOON).seconds == NOON - ahead_hours * 3600


@pytest.mark.parametrize(("near", "seconds"), [(NOON - 8 * 3600, NOON - 8 * 3600), (NOON + 8 * 3600, NOON + 8 * 3600)])
def test_sign_of_gmt_is_read_as_what_fits_better(near: int, seconds: int) -> None:
    answer = _answer("<TimeZone><TZ>GMT+08:00</TZ></TimeZone>", _when("LocalDateTime", "2023-05-15T12:00:00"))
    assert read_clock(answer, near + 40.0).seconds == seconds


@pytest.mark.parametrize("kind", ["", "GPS", "<b/>"])
def test_unknown_source(kind: str) -> None:
    assert read_clock(_answer(_when("UTCDateTime", "2023-05-15T12:00:00"), kind=kind), NOON).source == ""


@pytest.mark.parametrize(
    "answer",
    [
        parse(b"<R/>"),
        _answer(),
        _answer("<UTCDateTime><Date><Year>2023</Year></Date></UTCDateTime>"),
        _answer(_when("UTCDateTime", "2023-13-01T00:00:00")),
        _answer(_when("UTCDateTime", "2023-01-32T00:00:00")),
        _answer(_when("UTCDateTime", "2023-01-01T25:00:00")),
        _answer(_when("UTCDateTime", "2023-01-01Tx:00:00")),
        _answer(_when("UTCDateTime", "99999999-01-01T00:00:00")),
        _answer(_when("UTCDateTime", "9999-01-01T00:00:00")),
        _answer(_when("UTCDateTime", "２０２３-01-01T00:00:00")),
    ],
)
def test_impossible_times(answer: Node) -> None:
    with pytest.raises(Garbled):
        read_clock(answer, NOON)


@settings(max_examples=500, derandomize=True)
@given(
    asked=st.floats(1.6e9, 1.9e9),
    rtt=st.floats(0, 8),
    moment=st.floats(0, 1),
    error=st.floats(-1e6, 1e6),
)
def test_true_error_lies_within_the_bound(asked: float, rtt: float, moment: float, error: float) -> None:
    shown = int(asked + rtt * moment + error)  # cut off, at some moment of the round trip
    assume(shown >= 0)
    offset, bound = estimate_offset(Clock(shown, "", is_set=True), asked, asked + rtt)
    assert 0.5 <= bound <= 0.5 + rtt / 2 + 0.001
    assert abs(offset - error) <= bound * (1 if offset else 2) + 0.002
    if abs(error) > 2 * bound + 0.01:
        assert offset != 0


def test_right_clock_is_zero() -> None:
    assert estimate_offset(Clock(NOON, "", is_set=True), NOON + 0.001, NOON + 1.0)[0] == 0.0
    assert estimate_offset(Clock(NOON, "", is_set=True), NOON + 0.9, NOON + 1.1)[0] == 0.0
    assert estimate_offset(Clock(NOON + 3600, "", is_set=True), NOON + 0.25, NOON + 0.25) == (3600.25, 0.5)


def test_clock_of_the_monitor_stepping_back_does_not_shrink_the_bound() -> None:
    assert estimate_offset(Clock(NOON, "", is_set=True), NOON + 5.0, NOON + 1.0)[1] == 0.5


TRUE_TIME = 1_800_000_000.0


@pytest.mark.parametrize(
    ("ahead", "source", "cause"),
    [
        (0.0, "ntp", ""),
        (5.0, "manual", ""),
        (180.0, "manual", "no_ntp"),
        (180.0, "ntp", "ntp_fails"),
        (180.0, "", ""),
        (3_600.0, "ntp", "time_zone"),
        (-3_590.0, "manual", "time_zone"),
        (19_800.0, "manual", "time_zone"),
        (-8 * 3_600.0, "", "time_zone"),
        (-3_000.0, "manual", "no_ntp"),
        (-30 * 3_600.0, "manual", "no_ntp"),
        (-170 * 86_400.0, "manual", "no_ntp"),
        (-365 * 86_400.0, "manual", "reset"),
        (-TRUE_TIME + 40, "ntp", "reset"),
        (946_684_800 - TRUE_TIME, "manual", "reset"),
    ],
)
def test_why_a_clock_is_off(ahead: float, source: str, cause: str) -> None:
    assert explain(Clock(int(TRUE_TIME + ahead), source, is_set=True), ahead) == cause
    assert explain(Clock(0, source, is_set=False), ahead) == "reset"


def test_a_clock_that_runs_away() -> None:
    assert drift_a_day((TRUE_TIME, 2.0), TRUE_TIME + 3_000, 20.0) is None  # too soon
    assert drift_a_day((TRUE_TIME, 2.0), TRUE_TIME + 86_400, 4.0) is None  # within what can be seen
    assert drift_a_day((TRUE_TIME, 2.0), TRUE_TIME + 86_400, 14.0) == 12.0
    assert drift_a_day((TRUE_TIME, 2.0), TRUE_TIME + 43_200, -10.0) == -24.0
