"""How are durations, hours, days, addresses and names written in the configuration?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from monitor.settings.tree import resolve

_UNITS = MappingProxyType({"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0})
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d|w)")
_HOURS = re.compile(r"([0-9]{1,2}):([0-9]{2}) ?- ?([0-9]{1,2}):([0-9]{2})")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_LISTEN = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]/ ]+):([0-9]{1,5})")

MAX_SECONDS = 10 * 365 * 86_400.0


def parse_duration(text: object) -> float:
    """Seconds of `90s`, `5m`, `1h30m`, `2d`. Raises PydanticCustomError; a bare number is refused as ambiguous."""
    if not isinstance(text, str):
        raise PydanticCustomError("want_duration", "not a duration")
    parts = _DURATION.findall(text) if len(text) <= 40 else []
    if not parts or "".join(number + unit for number, unit in parts) != text:
        code = "bare_number" if re.fullmatch(r"[0-9.]{1,20}", text) else "want_duration"
        raise PydanticCustomError(code, "not a duration", {"value": str(text)})
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if seconds > MAX_SECONDS:
        raise PydanticCustomError("long_duration", "too long")
    return seconds


def say_duration(seconds: float) -> str:
    """The duration as it would be written: `1h30m`."""
    if 0 < seconds < 1:
        return f"{seconds * 1000:g}ms"
    text = ""
    for unit in ("d", "h", "m"):
        count = int(seconds // _UNITS[unit])
        seconds -= count * _UNITS[unit]
        text += f"{count}{unit}" if count else ""
    return text + f"{seconds:g}s" if seconds or not text else text


def _target(text: object) -> float | None:
    return None if text is None or text == "none" else parse_duration(text)


def _hours(text: object) -> tuple[int, int]:
    found = _HOURS.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise PydanticCustomError("want_hours", "not hours")
    from_hour, from_minute, to_hour, to_minute = map(int, found.groups())
    start, end = from_hour * 60 + from_minute, to_hour * 60 + to_minute
    if max(from_minute, to_minute) > 59 or start >= 1440 or end > 1440:
        raise PydanticCustomError("want_hours", "not hours")
    return start, end


def _days(value: object) -> frozenset[int]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not parts:
        raise PydanticCustomError("want_days", "not days")
    found: set[int] = set()
    for part in parts:
        ends = str(part).strip().lower().split("-")
        if len(ends) > 2 or not all(end in _DAYS for end in ends):
            raise PydanticCustomError("want_days", "not days")
        first, last = _DAYS.index(ends[0]), _DAYS.index(ends[-1])
        found.update(day % 7 + 1 for day in range(first, last + 1 if last >= first else last + 8))
    return frozenset(found)


def _host(value: object) -> object:
    """An IP address or a name, without scheme, port, path or user."""
    if not isinstance(value, str):
        return value
    if "://" in value or "/" in value or "@" in value:
        raise PydanticCustomError("host_is_url", "a URL, not a host")
    try:
        ip_address(value)
    except ValueError:
        pass
    else:
        return value
    if re.fullmatch(r"[^:]*:[0-9]+", value):
        raise PydanticCustomError("host_has_port", "a port in the host")
    labels = value.removesuffix(".").split(".")
    number_like = re.fullmatch(r"[0-9.]+", value) is not None
    if len(value) > 253 or number_like or not all(_LABEL.fullmatch(label) for label in labels):
        raise PydanticCustomError("want_host", "not a host", {"value": str(value)})
    return value


def _listen(value: object) -> tuple[str, int]:
    found = _LISTEN.fullmatch(value) if isinstance(value, str) else None
    if found is None or not 0 <= int(found[2]) <= 65_535:
        raise PydanticCustomError("want_listen", "not an address to listen on")
    return found[1].strip("[]"), int(found[2])


def _identifier(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", value):
        raise PydanticCustomError("want_identifier", "not an identifier")
    return value


def _params(value: object) -> object:
    return {key: resolve(one) for key, one in value.items()} if isinstance(value, Mapping) else value


_DURATION_SCHEMA = {
    "type": "string",
    "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d|w))+$",
    "examples": ["90s", "5m", "2h", "1d"],
}

Seconds = Annotated[float, BeforeValidator(parse_duration), WithJsonSchema(_DURATION_SCHEMA)]
Interval = Annotated[Seconds, Field(ge=1)]
TargetSeconds = Annotated[
    float | None,
    BeforeValidator(_target),
    WithJsonSchema({"anyOf": [_DURATION_SCHEMA, {"const": "none"}]}),
]
Hours = Annotated[
    tuple[int, int],
    BeforeValidator(_hours),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[0-9]{1,2}:[0-9]{2} ?- ?[0-9]{1,2}:[0-9]{2}$",
            "examples": ["08:00-18:00"],
        }
    ),
]
Days = Annotated[
    frozenset[int],
    BeforeValidator(_days),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"enum": list(_DAYS)}}],
            "examples": ["mon-fri", ["sat", "sun"]],
        }
    ),
]
Host = Annotated[str, BeforeValidator(_host)]
ListenOn = Annotated[
    tuple[str, int],
    BeforeValidator(_listen),
    WithJsonSchema({"type": "string", "examples": ["127.0.0.1:8080", "[::]:8080"]}),
]
Identifier = Annotated[
    str,
    BeforeValidator(_identifier),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"}),
]
Params = Annotated[dict[str, Any], BeforeValidator(_params)]
