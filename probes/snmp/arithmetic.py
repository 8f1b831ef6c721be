"""Which values follow from others: a disk's size from its blocks, a share from two amounts?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from probes.observation import Value
from probes.snmp.schema import Compute, Scalar, ScaledBy

_UNITS = 9  # EntitySensorDataScale: units; each step is three powers of ten (RFC 3433)
_SCALES = range(1, 18)
_PRECISIONS = range(-8, 10)
_LIMIT = 2.0**63  # beyond it nothing is a quantity


def compute(made: Iterable[Compute], values: dict[str, Value]) -> None:
    """Add what can be computed; what lacks an operand, or makes no sense, is left out."""
    for step in made:
        result = _result(step, values)
        if isinstance(result, int | float):
            if not (math.isfinite(result) and abs(result) < _LIMIT):
                continue
            result = round(result, 6) if isinstance(result, float) else result
        if result is not None:
            values[step.value] = result


def scaled(value: Value, by: ScaledBy, row: Mapping[str, Value]) -> Value:
    """A sensor's value in its unit: value · 1000^(scale - 9) / 10^precision (RFC 3433)."""
    scale, precision = row.get(by.scale), row.get(by.precision)
    if not isinstance(value, int | float) or scale not in _SCALES or precision not in _PRECISIONS:
        return value
    assert isinstance(scale, int)
    assert isinstance(precision, int)
    power = 3 * (scale - _UNITS) - precision
    return value if power == 0 else round(value * 10.0**power, 6)


def aggregate(wanted: Scalar, rows: Iterable[Mapping[str, Value]]) -> Value | None:
    """One scalar of a table's rows, None when no row has it."""
    found = [
        row[wanted.of]
        for row in rows
        if wanted.of in row and all(str(row.get(name)) in allowed for name, allowed in wanted.where.items())
    ]
    if not found or wanted.by == "first":
        return found[0] if found else None
    numbers = [number for number in found if isinstance(number, int | float)]
    if not numbers:
        return None
    if wanted.by == "sum":
        return sum(numbers)
    return max(numbers) if wanted.by == "largest" else round(sum(numbers) / len(numbers), 3)


def _result(step: Compute, values: Mapping[str, Value]) -> Value | None:
    if step.first is not None:
        return next((values[name] for name in step.first if name in values), None)
    if step.largest is not None:
        return max(_numbers(step.largest, values), default=None)
    if step.sum is not None:
        found = _numbers(step.sum, values)
        return sum(found) if found else None
    names = step.multiply or step.percent or step.percent_of_rest or step.subtract or ()
    numbers = _numbers(names, values)
    if len(numbers) != len(names):
        return None
    if step.multiply is not None:
        return math.prod(numbers)
    if step.subtract is not None:
        return numbers[0] - sum(numbers[1:])
    part, whole = numbers
    if whole <= 0:
        return None
    share = 100 * (part if step.percent else whole - part) / whole
    return share if 0 <= share <= 100 else None


def _numbers(names: Sequence[str], values: Mapping[str, Value]) -> list[int | float]:
    return [
        value for name in names if isinstance(value := values.get(name), int | float) and not isinstance(value, bool)
    ]
