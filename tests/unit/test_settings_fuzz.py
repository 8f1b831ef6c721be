"""Whatever stands in a site's file: is it settings, or a list of mistakes, and nothing else?"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.settings.explain import explain
from monitor.settings.file.secret import Reading
from monitor.settings.file.units import parse_duration, say_duration
from monitor.settings.load import load
from monitor.settings.mistake import BadConfiguration, Findings
from monitor.settings.model import Settings
from monitor.settings.planning import plan
from monitor.settings.rules import RuleBook

CONFIG = Path(__file__).parents[2] / "config"
EXAMPLE = (CONFIG / "example.site.yaml").read_text("utf-8")

quiet = settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))

WORDS = (
    "off on 5m -1s 1e309 camera sitewarden cam-hall-01 * [ {x} %s ../.. sqlite:// http://[ $argon2id$ none 1.1 mon-fri"
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.sampled_from([*WORDS.split(), "9" * 400, "\0", "\ud800", [], {}]),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
)


KEYS = st.sampled_from(["site", "devices", "id", "kind", "host", "checks", "rules", "groups", "routes"]) | st.text(
    max_size=5
)


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inner:
        yield from places(value, (*path, key))


def with_numbers(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: with_numbers(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [with_numbers(value) for value in tree]
    return int(tree) if tree.isdigit() else tree


TREE = with_numbers(yaml.load(EXAMPLE, yaml.BaseLoader))  # `on` and `off` stay words
PLACES = list(places(TREE))


def changed(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    key, *rest = path
    copied = dict(tree) if isinstance(tree, dict) else list(tree)
    copied[key] = changed(tree[key], tuple(rest), value)
    return copied


def take(raw: bytes) -> Settings | None:
    """Load it; whatever comes of it can be told in both languages, planned and explained."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "site.yaml"
        file.write_bytes(raw)
        try:
            loaded = load(file, env={}, lenient=True)
        except BadConfiguration as error:
            refused = error
        else:
            return use(loaded)
    assert refused.mistakes
    for mistake in refused.mistakes:
        assert "\n" not in mistake.say("en") + mistake.say("zh_CN")
    return None


def use(loaded: Settings) -> Settings:
    for warning in loaded.warnings:
        assert warning.say("en")
        assert warning.say("zh_CN")
    wanted = plan(loaded)
    for device in list(wanted.devices)[:3]:
        for rule in wanted.rules_of(device)[:3]:
            assert list(explain(loaded, wanted, device, rule.id, "zh_CN"))
    return loaded


def as_yaml(tree: Any) -> bytes:
    text = yaml.safe_dump(tree, allow_unicode=True)
    return text.encode("utf-8", "surrogatepass")


def test_the_example_survives_its_own_dumping() -> None:
    assert take(as_yaml(TREE)) is not None


@quiet
@given(st.data())
def test_the_example_with_one_thing_changed(data: st.DataObject) -> None:
    tree = TREE
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(PLACES))
        try:
            tree = changed(tree, path, data.draw(ODD))
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took that place away
    take(as_yaml(tree))


@quiet
@given(st.recursive(ODD, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5)))
@example(
    {
        "site": {"id": "s", "name": "S"},
        "devices": [{"id": "a", "kind": "camera", "host": "::1", "checks": {"frame": None}}],
    }
)
@example({"\n": None, "groups": {"\x1b[2J": {"kind": "\x1b[2J"}}})
@example({"devices": {"id": "a"}, "rules": {"*": [None]}, "groups": {"": None}, "service": {"urgent": None}})
def test_any_tree(tree: Any) -> None:
    take(as_yaml(tree))


@quiet
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_the_example_with_its_bytes_shaken(seed: int, count: int) -> None:
    shaken = random.Random(seed)
    raw = bytearray(EXAMPLE.encode())
    for _ in range(count):
        at = shaken.randrange(len(raw))
        match shaken.randrange(4):
            case 0:
                raw[at] = shaken.randrange(256)
            case 1:
                del raw[at : at + shaken.randrange(40)]
            case 2:
                raw[at:at] = shaken.choice(
                    [b"{", b"}", b"[", b"]", b":", b"- ", b"\n", b"&a ", b"*a", b"'", b'"', b"|", b"\t"]
                )
            case _:
                start = shaken.randrange(len(raw))
                raw[at:at] = raw[start : start + shaken.randrange(200)]
    take(bytes(raw))


@settings(max_examples=500, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=60) | st.text(alphabet="outcome=!<>&|()[]{}'\"\\.,+-*/%?: \n\t1290xbr", max_size=60))
@example("a" * 600)
@example("(" * 17 + ")" * 17)
@example("[].all(x, x)")
@example("1 / 0 == 1")
@example("b'\\377'")
@example("'\\ud800'")
@example("9223372036854775808 > 1")
def test_any_expression(when: str) -> None:
    reading = Reading(Findings(), Path(), {})
    book = RuleBook(reading)
    one = {"id": "own", "fault": "camera.silent", "check": "reach", "severity": "low", "when": when}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "own.yaml"
        file.write_bytes(as_yaml([one]))
        book.read(file, "own.yaml")
    for mistake in reading.findings.mistakes:
        assert mistake.say("zh_CN").startswith("own.yaml")
    for rule in book.rules.values():
        rule.when.verdict({"outcome": "ok", "duration_seconds": 0.1})


@given(st.integers(1, 10_000_000))
@settings(max_examples=300, derandomize=True, deadline=None)
def test_durations_are_said_as_they_are_written(seconds: int) -> None:
    assert parse_duration(say_duration(float(seconds))) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("1h30m", 5_400), ("250ms", 0.25), ("1.5h", 5_400), ("1w", 604_800)]
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds
