"""Is what is written the text format, whatever devices and configurations put into it?"""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from monitor.export.daemon import OF_DAEMON
from monitor.export.families import Family, of_devices
from monitor.export.page import LONGEST_LABEL, Page, escaped, labels

HEIGHT = Family("sitewarden_height_metres", "How high.", ("device", "side"))
AGE = Family("sitewarden_age_seconds", "How old.", ("device",))


def text_of(page: Page) -> str:
    return b"".join(page.pieces()).decode()


def test_a_family_stands_together_and_is_described_once() -> None:
    page = Page()
    page.add(HEIGHT, '{device="a"}', 1.5)
    page.add(AGE, '{device="a"}', 3)
    page.pack()
    page.add(HEIGHT, '{device="b"}', True)
    assert text_of(page) == (
        "# HELP sitewarden_age_seconds How old.\n# TYPE sitewarden_age_seconds gauge\n"
        'sitewarden_age_seconds{device="a"} 3\n'
        "# HELP sitewarden_height_metres How high.\n# TYPE sitewarden_height_metres gauge\n"
        'sitewarden_height_metres{device="a"} 1.5\n'
        'sitewarden_height_metres{device="b"} 1\n'
    )


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), float("-inf"), 10**400, 1e300])
def test_what_is_no_measure_is_left_out(value: float | None) -> None:
    page = Page()
    page.add(AGE, "", value)
    assert text_of(page) == ""


def test_an_empty_label_is_no_label() -> None:
    assert labels(("a", "b", "c"), ("", "x", "")) == '{b="x"}'
    assert labels(("a",), ("",)) == ""
    with pytest.raises(ValueError, match="zip"):
        labels(("a",), ())


@settings(max_examples=500, derandomize=True, deadline=None)
@given(st.text(max_size=300), st.text(max_size=20), st.floats(-1e17, 1e17) | st.integers(-(10**17), 10**17))
def test_any_text_comes_through(one: str, other: str, value: float) -> None:
    page = Page()
    page.add(HEIGHT, labels(HEIGHT.labels, (one, other)), value)
    (family,) = text_string_to_metric_families(b"".join(page.pieces()).decode("utf-8"))
    (sample,) = family.samples
    assert sample.value == value
    assert sample.labels.get("side", "") == _clean(other)
    assert sample.labels.get("device", "") == _clean(one[:LONGEST_LABEL])


def _clean(text: str) -> str:
    """What the format can carry: no NUL, no return, no half of a surrogate pair."""
    return text.replace("\0", "").replace("\r", " ").encode("utf-8", "replace").decode()


@pytest.mark.parametrize(
    ("given_text", "wanted"), [('a"b', r"a\"b"), ("a\\b", r"a\\b"), ("a\nb", r"a\nb"), ("门", "门")]
)
def test_escapes(given_text: str, wanted: str) -> None:
    assert escaped(given_text) == wanted


def test_names_and_types_follow_the_conventions() -> None:
    families = (*of_devices(), *OF_DAEMON)
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    for family in families:
        assert re.fullmatch(r"sitewarden_[a-z0-9]+(_[a-z0-9]+)*", family.name)
        assert family.name.endswith("_total") == (family.kind == "counter"), family.name
        assert not re.search(r"(percent|minutes|hours|days|bits|milliseconds)(_|$)", family.name), family.name
        assert family.help.endswith("."), family.name
        assert not {"le", "job", "instance", "__name__"} & set(family.labels), family.name
