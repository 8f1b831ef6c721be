"""What do all shapes share: unknown keys are noted with what was meant, and pydantic's errors become mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, ValidationInfo, model_validator
from pydantic_core import ErrorDetails

from monitor.settings.file.secret import Reading
from monitor.settings.file.units import say_duration
from monitor.settings.mistake import Findings, Mark, did_you_mean
from monitor.settings.slip import FULL_WIDTH
from monitor.settings.tree import MarkedList, MarkedMap, path_of
from monitor.settings.words import MISTAKES

T = TypeVar("T")

_CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown_key",
    "string_type": "want_text",
    "int_parsing": "want_whole",
    "int_type": "want_whole",
    "int_from_float": "want_whole",
    "int_parsing_size": "want_whole",
    "float_parsing": "want_number",
    "float_type": "want_number",
    "finite_number": "want_number",
    "bool_parsing": "want_truth",
    "bool_type": "want_truth",
    "literal_error": "want_one_of",
    "enum": "want_one_of",
    "list_type": "want_list",
    "tuple_type": "want_list",
    "set_type": "want_list",
    "frozen_set_type": "want_list",
    "dict_type": "want_mapping",
    "mapping_type": "want_mapping",
    "model_type": "want_mapping",
    "model_attributes_type": "want_mapping",
    "dataclass_type": "want_mapping",
    "greater_than": "want_more",
    "greater_than_equal": "want_at_least",
    "less_than": "want_less",
    "less_than_equal": "want_at_most",
    "too_short": "too_short",
    "too_long": "too_long",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "string_pattern_mismatch": "want_pattern",
    "union_tag_invalid": "want_one_of",
    "union_tag_not_found": "missing",
}
"""pydantic's error types -> our codes. Others say what pydantic, or the option's own validator, says."""


class Shape(BaseModel):
    """Base of everything that may stand in a file."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, allow_inf_nan=False, populate_by_name=False
    )

    @model_validator(mode="before")
    @classmethod
    def _note_unknown_keys(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, MarkedMap) or not isinstance(info.context, Reading):
            return data
        known = keys_of(cls)
        if data.keys() <= known:
            return data
        note_unknown(data, known, info.context.findings)
        return {key: value for key, value in data.items() if key in known}


def keys_of(model: type[BaseModel]) -> frozenset[str]:
    """The keys that a model knows, as they stand in a file."""
    known = _KEYS.get(model)
    if known is None:
        known = _KEYS[model] = frozenset(field.alias or name for name, field in model.model_fields.items())
    return known


_KEYS: dict[type[BaseModel], frozenset[str]] = {}


def note_unknown(branch: MarkedMap, known: frozenset[str], findings: Findings) -> None:
    """Note every key of the branch that is not known, with the one that was probably meant."""
    for key in branch.keys() - known:
        meant = did_you_mean(key, known - branch.keys())
        code = "unknown_key_meant" if meant else "unknown_key"
        if branch[key] is None and " " in key and not meant:
            code = "stray_text"
        wide = next((char for char in key if char in FULL_WIDTH), "")
        if wide:
            code = "slip_full_width"
        findings.mistyped.update(path_of(branch, name) for name in meant)
        facts = {"known": ", ".join(sorted(known)[:20]), "character": wide}
        findings.wrong(branch.key_marks[key], path_of(branch, key), code, meant=meant, **facts)


def validate(
    adapter: TypeAdapter[T], value: Any, reading: Reading, place: tuple[MarkedMap | MarkedList, str | int]
) -> T | None:
    """The value in that shape, or None after its mistakes were noted; `place`: its branch, and the key it has there."""
    try:
        return adapter.validate_python(value, context=reading)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=True):
            note(detail, value, place, reading.findings)
    return None


def note(detail: ErrorDetails, value: Any, place: tuple[MarkedMap | MarkedList, str | int], findings: Findings) -> None:
    """Turn one of pydantic's errors into a mistake at the line where it stands."""
    branch, step = place
    key_missing: str | int | None = None
    at = value
    for part in detail["loc"]:
        if _stands(part, at):
            branch, step, at = at, part, at[part]
        elif part == detail["loc"][-1] and detail["type"] in ("missing", "extra_forbidden"):
            key_missing = part  # otherwise the part is a name that pydantic gave to one of several shapes
    if detail["type"] in ("union_tag_not_found", "union_tag_invalid") and isinstance(at, MarkedMap):
        key = "kind"
        if key in at:
            branch, step, at = at, key, at[key]
        else:
            key_missing = key
    path = path_of(branch, step, *(() if key_missing is None else (key_missing,)))
    if path in findings.mistyped and detail["type"] == "missing":
        return
    code, facts, meant = _described(detail, at)
    findings.wrong(mark_of(branch, step), path, code, meant=meant, **facts)


def _stands(part: str | int, at: Any) -> bool:
    if isinstance(at, MarkedList):
        return isinstance(part, int) and part < len(at)
    return isinstance(at, MarkedMap) and isinstance(part, str) and part in at


def mark_of(branch: MarkedMap | MarkedList, step: str | int) -> Mark:
    """Where the value under that key (or at that index) stands; where the branch begins when it has no such key."""
    if isinstance(branch, MarkedMap):
        return branch.value_marks.get(str(step), branch.mark)
    assert isinstance(step, int)
    return branch.value_marks[step] if step < len(branch.value_marks) else branch.mark


def _described(detail: ErrorDetails, at: Any) -> tuple[str, dict[str, object], tuple[str, ...]]:
    context: Mapping[str, Any] = detail.get("ctx", {})
    kind = detail["type"]
    code = kind if kind in MISTAKES else _CODES.get(kind, "want_other")
    facts: dict[str, object] = {name: value for name, value in context.items() if isinstance(value, str | int | float)}
    meant: tuple[str, ...] = ()
    if at is None and kind.endswith("_type"):
        return "empty_value", {}, ()
    match code:
        case "want_one_of":
            expected = str(context.get("expected") or context.get("expected_tags") or "")
            names = [name.strip(" '\"") for name in expected.replace(" or ", ", ").split(",")]
            meant = did_you_mean(at, names) if isinstance(at, str) else ()
            facts = {"value": at if isinstance(at, str) else "?", "names": ", ".join(names)}
        case "want_more" | "want_at_least" | "want_less" | "want_at_most":
            bound = next(iter(context.values()), 0)
            is_duration = isinstance(at, str) and at[-1:].isalpha()
            facts = {"bound": say_duration(float(bound)) if is_duration else bound}
        case "too_short" | "too_long":
            facts = {"bound": context.get("min_length", context.get("max_length", "?"))}
        case "want_other":
            facts = {"why": detail["msg"].removeprefix("Value error, ")}
        case "unknown_key":
            facts = {"known": ""}
        case _:
            pass
    return code, facts, meant
