"""Is what CEL would refuse, or never find true, refused before it runs? CEL itself is the judge."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from monitor.core.expression import Expression
from monitor.settings.expression_types import Kind, examine, is_pattern
from monitor.settings.vocabulary import VOCABULARY

PROFILES = Path(__file__).parents[2] / "config" / "profiles"
KINDS: dict[str, Kind] = {"state": "string", "celsius": "number", "share": "double", "moved": "bool"}
SAMPLES = [
    {"state": state, "celsius": celsius, "share": 0.5, "moved": moved}
    for state in ("", "low", "7") for celsius in (-3, 0, 7, 80.5) for moved in (False, True)
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("celsius", ["expression_no_truth"]),
        ("state", ["expression_no_truth"]),
        ("3", ["expression_no_truth"]),
        ("[moved]", ["expression_no_truth"]),
        ("moved ? 1 : 2", ["expression_no_truth"]),
        ("celsius ? moved : moved", ["expression_no_truth"]),
        ("!celsius", ["expression_no_truth"]),
        ("moved && celsius", ["expression_no_truth"]),
        ("-(celsius)", ["expression_no_truth"]),
        ("celsius == 'low'", ["expression_mismatch"]),
        ("celsius > \"75\"", ["expression_mismatch"]),
        ("state < 3", ["expression_mismatch"]),
        ("celsius in ['low', 'high']", ["expression_mismatch", "expression_mismatch"]),
        ("state in 'low'", ["expression_argument"]),
        ("moved == 1", ["expression_mismatch"]),
        ("state + 1 == 'low1'", ["expression_mismatch"]),
        ("celsius * share > 3", ["expression_mixed"]),
        ("celsius - 5 > 3", ["expression_mixed"]),
        ("share * 2 > 3", ["expression_mixed"]),
        ("celsius.matches('7')", ["expression_argument"]),
        ("state.contains(7)", ["expression_argument"]),
        ("size(celsius) > 3", ["expression_argument"]),
        ("int(moved) == 1", ["expression_argument"]),
        ("state.matches('(')", ["bad_pattern"]),
        ("matches(state, '[a')", ["bad_pattern"]),
        (r"state.matches(r'\q')", ["bad_pattern"]),
    ],
)  # fmt: skip
def test_what_cannot_be_true_is_refused(text: str, codes: list[str]) -> None:
    assert [misfit.code for misfit in examine(text, KINDS).misfits] == codes
    verdicts = {Expression(text).verdict(values) for values in SAMPLES}
    assert None in verdicts or verdicts == {False}, "CEL would have known"


@pytest.mark.parametrize(
    "text",
    [
        "moved", "true", "!moved && !!moved", "celsius > 75", "celsius >= 75.5 || celsius < -2", "celsius == 7",
        "state in ['low', \"7\"]", "state.matches('^[0-9]+$') // a comment", "!(state in [])", "int(share) + 1 > 0",
        "double(celsius) * share + 1.5e0 > 3.0", "moved ? state == 'low' : celsius > 0", "size(state) == 3",
        "state.size() % 2 == 0", "string(celsius) == '7'", "state + 'x' == 'lowx'", "[1, 2][0] == 1",
        "state == 'it\\'s' || state == r'\\d'", "-share < 0.0", "{'a': 1}['a'] == 1", "[1].all(x, x > 0)", "3u > 2u",
        "unheard == 3 || moved", "(celsius > 1) == moved", "0x10 > celsius",
    ],
)  # fmt: skip
def test_what_cel_takes_is_taken(text: str) -> None:
    assert examine(text, KINDS).misfits == ()
    verdicts = {Expression(text).verdict(values) for values in SAMPLES}
    assert verdicts & {True, False}


def test_the_parts_that_do_not_fit_are_named() -> None:
    (misfit,) = examine("moved && double(celsius)  *  2 > share", KINDS).misfits
    assert misfit.facts == {"part": "double(celsius) * 2", "remedy": "double(celsius) * double(2)"}
    (misfit,) = examine("moved || state", KINDS).misfits
    assert misfit.facts == {"part": "state", "kind": "string", "example": 'state == "…"'}


def test_patterns_are_known_by_their_use() -> None:
    assert examine("state.matches(names) && state == other", KINDS | {"names": "string"}).patterns == {"names"}
    assert is_pattern("(?i)^a|b$")
    assert not is_pattern("a(?=b)"), "Rust's regular expressions have no look-around"


def test_long_chains_are_read() -> None:
    for text in ("!" * 490 + "moved", "moved ? moved : " * 30 + "moved", "moved || " * 50 + "moved"):
        assert examine(text, KINDS).misfits == ()


def test_kinds_of_names_are_those_of_the_profiles() -> None:
    words = VOCABULARY["snmp"]
    judged = 0
    for file in PROFILES.glob("*.yaml"):
        profile = yaml.safe_load(file.read_text("utf-8"))
        tables = [(None, profile), *((one["table"], one) for one in profile.get("tables", ()))]
        for table, part in tables:
            for symbol in (*part.get("symbols", ()), *part.get("columns", ())):
                if symbol["value"][0] == "_" or (table or "")[:1] == "_":
                    continue
                kind = {"text": "string", "state": "string", "truth": "bool"}.get(symbol.get("type", ""), "number")
                assert words.kind_of(symbol["value"], table) == kind, (file.name, table, symbol["value"])
                judged += 1
    assert judged > 100
