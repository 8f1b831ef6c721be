"""Which part of an answer may go on, whatever the device has put into it? The one door to rules, pages and messages."""

from __future__ import annotations

import re
from collections.abc import Mapping

from probes.observation import Answer, Rows, Value, Values

MAX_TEXT = 1_024  # characters of one value
MAX_KEY = 128  # characters of a row's key
MAX_VALUES = 200  # of the answer itself, and of one row
MAX_TABLES = 40
MAX_ROWS = 2_000  # of one table
LIMIT = 2**63  # databases, JSON and expressions hold no larger whole number

_HOSTILE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def bounded(answer: Answer) -> tuple[Values, Rows]:
    """Values and rows of the answer, the same objects where nothing is wrong with them.

    Left out: numbers that are none or do not fit into 64 bits, and what is beyond a count. Texts are cut, and what
    would break a line, turn the direction of writing or cannot be encoded becomes a space.
    """
    values = answer.values if _fits(answer.values) else _fitted(answer.values)
    if len(answer.rows) <= MAX_TABLES and all(map(_fits_table, answer.rows.values())):
        return values, answer.rows
    return values, {name: _fitted_table(table) for name, table in list(answer.rows.items())[:MAX_TABLES]}


def line(text: str, most: int) -> str:
    """One line of at most so many characters that can be written anywhere."""
    return text[:most] if text.isprintable() else _HOSTILE.sub(" ", text[:most])


def _fits(values: Values) -> bool:
    """Is every value sound? A loop, because each look of each device goes through it."""
    if len(values) > MAX_VALUES:
        return False
    for value in values.values():
        if isinstance(value, str):
            if len(value) > MAX_TEXT or not value.isprintable():
                return False
        elif not -LIMIT <= value < LIMIT:  # neither NaN nor infinity is within
            return False
    return True


def _fits_table(table: Mapping[str, Values]) -> bool:
    return len(table) <= MAX_ROWS and all(map(_is_key, table)) and all(map(_fits, table.values()))


def _is_key(key: str) -> bool:
    return len(key) <= MAX_KEY and key.isprintable()


def _fitted(values: Values) -> Values:
    found: dict[str, Value] = {}
    for name, value in list(values.items())[:MAX_VALUES]:
        if isinstance(value, str):
            found[name] = line(value, MAX_TEXT)
        elif -LIMIT <= value < LIMIT:
            found[name] = value
    return found


def _fitted_table(table: Mapping[str, Values]) -> Mapping[str, Values]:
    """Rows whose key cannot stay as it is are left out: another key would be another disk."""
    rows = [(key, row) for key, row in table.items() if _is_key(key)]
    return {key: _fitted(row) for key, row in rows[:MAX_ROWS]}
