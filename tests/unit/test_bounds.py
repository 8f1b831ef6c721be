"""Whatever a device says, only what pages, messages, databases and expressions can hold goes on."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.ask import ask
from probes.bounds import LIMIT, MAX_KEY, MAX_ROWS, MAX_TABLES, MAX_TEXT, MAX_VALUES, bounded, line
from probes.observation import Answer, Outcome
from probes.probe import Options, Probe
from probes.target import Target
from probes.tools import Tools

VALUE = st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=50)
VALUES = st.dictionaries(st.sampled_from(["state", "name", "watts"]), VALUE)
ANSWERS = st.builds(
    Answer, VALUES, st.dictionaries(st.sampled_from(["disk", "channel"]), st.dictionaries(st.text(max_size=5), VALUES))
)


def sound(answer: Answer) -> bool:
    values, rows = bounded(answer)
    text = orjson.dumps(
        [dict(values), {table: {key: dict(row) for key, row in found.items()} for table, found in rows.items()}]
    )
    return b"\\u00" not in text and json.loads(text) is not None


@settings(max_examples=500, derandomize=True)
@given(ANSWERS)
def test_everything_that_goes_on_can_be_written(answer: Answer) -> None:
    assert sound(answer)


def test_what_is_sound_is_not_copied() -> None:
    values: dict[str, Any] = {"name": "北门3号枪机", "watts": 6.4, "ok": True, "count": LIMIT - 1}
    answer = Answer(values, {"disk": {"1.2": values}})
    found, rows = bounded(answer)
    assert found is answer.values
    assert rows is answer.rows


def test_numbers_that_nothing_holds_are_left_out() -> None:
    numbers = (math.nan, math.inf, -math.inf, 10**400, LIMIT, -LIMIT - 1)
    values, _ = bounded(Answer({**{str(at): number for at, number in enumerate(numbers)}, "kept": 1.5}))
    assert values == {"kept": 1.5}


def test_texts_are_cut_and_cleaned() -> None:
    hostile = "a\r\nBcc: x@y\x00\u202eevil\ud800" + "b" * 5_000
    values, _ = bounded(Answer({"model": hostile}))
    text = str(values["model"])
    assert text.startswith("a Bcc: x@y evil b")
    assert len(text) <= MAX_TEXT
    assert line("full\u3000width", 99) == "full\u3000width"


def test_counts_are_bounded_and_a_strange_key_is_no_other_row() -> None:
    rows = {str(number): {"state": "bad"} for number in range(MAX_ROWS + 5)}
    table = {"k" * (MAX_KEY + 1): {"a": 1}, "line\nfeed": {"a": 1}, **rows}
    values, found = bounded(
        Answer(
            {str(number): number for number in range(MAX_VALUES + 5)}, {str(at): table for at in range(MAX_TABLES + 1)}
        )
    )
    assert len(values) == MAX_VALUES
    assert len(found) == MAX_TABLES
    assert list(found["0"]) == list(rows)[:MAX_ROWS]


async def test_it_stands_at_the_door_of_every_probe() -> None:
    async def say(target: Target, options: Options, tools: Tools) -> Answer:
        return Answer({"rtt": math.nan}, detail="two\nlines")

    look = await ask(Probe("p", say, Options), Target("d", "h"), Options(), Tools(), check="c", timeout_seconds=5.0)
    assert (look.outcome, look.values, look.detail) == (Outcome.OK, {}, "two lines")
