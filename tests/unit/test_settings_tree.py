"""Is a YAML file read with the place of everything in it, and without harm?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.settings.mistake import Findings
from monitor.settings.tree import MAX_DEPTH, MAX_NODES, MarkedList, MarkedMap, Scalar, parse, path_of, resolve


def read(text: str) -> tuple[Any, list[str]]:
    findings = Findings()
    return parse(text.encode(), findings, "f"), [mistake.code for mistake in findings.mistakes]


def test_everything_knows_its_place() -> None:
    root, codes = read("a:\n  - {b: 1, c: 'x'}\n  - 2\n")
    assert not codes
    inner = root["a"][0]
    assert (inner.mark.line, inner.mark.column) == (2, 5)
    assert str(inner.key_marks["c"]) == "f:2:12"
    assert str(inner.value_marks["c"]) == "f:2:15"
    assert str(root["a"].value_marks[1]) == "f:3:5"
    assert path_of(inner, "c") == "a[0].c"


def test_columns_count_characters() -> None:
    root, _ = read("大堂: 东门\n")
    assert str(root.value_marks["大堂"]) == "f:1:5"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.10", 1.1), ("7", 7), ("-3", -3), ("1e3", 1000.0), ("true", True), ("False", False), ("off", "off"),
        ("22:00", "22:00"), ("0x1F", "0x1F"), ("'7'", "7"), ('"true"', "true"), (".5", 0.5), ("1_000", "1_000"),
        ("nan", "nan"), ("9" * 5_000, "9" * 5_000), ("1e999", "1e999"),
    ],
)  # fmt: skip
def test_scalars_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    root, codes = read(f"a: {text}\n")
    assert not codes
    assert isinstance(root["a"], Scalar)
    assert resolve(root["a"]) == value
    assert type(resolve(root["a"])) is type(value)


@pytest.mark.parametrize("text", ["", "~", "null"])
def test_nothing_is_none(text: str) -> None:
    assert read(f"a: {text}\n")[0] == {"a": None}
    assert read(f"{{a: {text}}}\n")[0] == {"a": None}


def test_quotes_make_text_of_nothing() -> None:
    assert read("a: ''\nb: 'null'\n")[0] == {"a": "", "b": "null"}


def test_an_alias_is_the_same_branch_and_says_where_it_first_stood() -> None:
    root, codes = read("a: &x {k: 1}\nb: *x\n")
    assert not codes
    assert root["a"] is root["b"]
    assert path_of(root["b"], "k") == "a.k"
    assert str(root.value_marks["b"]) == "f:2:4"


def test_a_billion_laughs_end_early() -> None:
    lines = ["l0: &l0 [" + ", ".join(["x"] * 10) + "]"]
    lines += [f"l{n}: &l{n} [" + ", ".join([f"*l{n - 1}"] * 10) + "]" for n in range(1, 10)]
    root, codes = read("\n".join(lines))
    assert root is None
    assert codes == ["too_many_nodes"]


def test_a_long_text_under_many_names_ends_early() -> None:
    _, codes = read("a: &a '" + "x" * 1_000_000 + "'\nb: [" + "*a," * 1_000 + "]\n")
    assert codes == ["too_many_nodes"]


def test_aliases_do_not_hide_depth() -> None:
    lines = ["l0: &l0 [x]", *(f"l{n}: &l{n} [*l{n - 1}]" for n in range(1, 40))]
    assert read("\n".join(lines))[1] == ["too_deep"]


def test_depth_is_bounded_long_before_the_stack_is() -> None:
    assert read("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))[1] == []
    for depth in (MAX_DEPTH, 900, 200_000):
        assert read("a: " + "[" * depth)[1][-1:] in (["too_deep"], ["syntax"])


def test_many_values_are_allowed_up_to_a_bound() -> None:
    root, codes = read("[" + "a," * 1_000 + "]")
    assert (len(root), codes) == (1_000, [])
    assert MAX_NODES > 20 * 10_000 * 5


def test_a_refused_key_takes_its_value_along() -> None:
    root, codes = read("a: 1\na: {b: {c: 2}}\n? [x]\n: {y: 1}\nd: 3\n")
    assert codes == ["duplicate_key", "key_not_text"]
    assert root == {"a": "1", "d": "3"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@settings(max_examples=1_000, derandomize=True, deadline=None)
@given(st.text() | st.text(alphabet="{}[]:,-&*!|>'\"%@`#?~<\n\t ab1"))
@example("a: &a\n  b: *a")
@example("? ? ? ?")
@example("- - - - {")
@example("\ufeff\ufeff")
@example("%YAML 9.9\n---\na")
@example("%TAG ! tag:x,2000:\n--- !foo a")
@example("!!binary aGVsbG8=")
@example("&a &b c")
@example("*")
def test_any_text_is_a_tree_or_a_mistake(text: str) -> None:
    findings = Findings()
    root = parse(text.encode("utf-8", "surrogatepass"), findings, "f")
    assert root is None or isinstance(root, MarkedMap | MarkedList | Scalar)
    for mistake in findings.mistakes:
        assert mistake.say("en").startswith("f")
        assert "\n" not in mistake.say("zh_CN")


@settings(max_examples=500, derandomize=True, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_tree_or_a_mistake(raw: bytes) -> None:
    findings = Findings()
    root = parse(raw, findings, "f")
    assert root is None or isinstance(root, MarkedMap | MarkedList | Scalar)
