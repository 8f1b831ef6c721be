"""What is said of one check by kind, group and device together? The later layer wins, key by key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import TypeAdapter

from monitor.settings.defaults import PROBES
from monitor.settings.file.base import keys_of, mark_of, validate
from monitor.settings.file.device import CheckShape
from monitor.settings.file.secret import Reading
from monitor.settings.tree import MarkedMap, path_of
from probes.registry import HEARD

ON, OFF = ("on", "true"), ("off", "false")
COMMON = keys_of(CheckShape)

_ADAPTER = TypeAdapter(CheckShape)


@dataclass(slots=True)
class Laid:
    """What every check may say, and the options of its probe: each knows the layer that it came from.

    `sure` False: what every check may say, such as `probe`, was refused in one layer, and is not known.
    """

    common: CheckShape
    options: MarkedMap
    sure: bool = True


def lay(name: str, said: list[MarkedMap], own: MarkedMap, reading: Reading) -> Laid:
    """Lay what is said under `name` over each other. `said`: branches that have it; `own`: the device's."""
    laid = Laid(CheckShape(), MarkedMap((said[-1] if said else own).mark))
    laid.options.above = (said[-1], name) if said else (own, f"checks.{name}")
    for branch in said:
        value = branch[name]
        if isinstance(value, MarkedMap):
            laid.options.above = value.above
            _lay_over(laid, value, (branch, name), reading)
        elif value is not None and value not in ON and value not in OFF:
            reading.findings.wrong(mark_of(branch, name), path_of(branch, name), "check_want_options")
    return laid


def _lay_over(laid: Laid, value: MarkedMap, place: tuple[MarkedMap, str], reading: Reading) -> None:
    common = frozenset() if place[1] in HEARD else COMMON  # nobody asks: there is neither an interval nor a timeout
    said = MarkedMap(value.mark)
    said.above = value.above
    copy(value, said, value.keys() & common)
    shape = validate(_ADAPTER, said, reading, place)
    if shape is None:
        laid.sure = False
    else:
        if shape.probe is not None:
            _change_probe(laid, shape.probe, value, place[1], reading)
        laid.common = laid.common.model_copy(update={key: getattr(shape, key) for key in shape.model_fields_set})
    copy(value, laid.options, value.keys() - common)


def _change_probe(laid: Laid, kind: str, value: MarkedMap, name: str, reading: Reading) -> None:
    if name != "reach":
        reading.findings.wrong(value.key_marks["probe"], path_of(value, "probe"), "probe_only_reach")
    elif kind != (laid.common.probe or PROBES["reach"]):
        laid.options.clear()  # options of the other probe mean nothing to this one


def copy(source: MarkedMap, into: MarkedMap, keys: Iterable[str]) -> None:
    """Copy these keys with their places."""
    origins = into.origins = into.origins or {}
    for key in keys:
        if key in source:
            into[key] = source[key]
            into.key_marks[key], into.value_marks[key] = source.key_marks[key], source.value_marks[key]
            origins[key] = (source.origins or {}).get(key, source)
