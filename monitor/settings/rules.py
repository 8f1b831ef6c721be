"""Which rules say when something is wrong, and are their expressions sound?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from pathlib import Path
from typing import Any

import cel
from pydantic import TypeAdapter, ValidationError

from monitor.core.expression import BadExpression, Expression
from monitor.core.plan import Rule
from monitor.settings.expression_types import Kind, examine, is_pattern
from monitor.settings.file.base import keys_of, mark_of, validate
from monitor.settings.file.rule import RuleShape
from monitor.settings.file.secret import Reading
from monitor.settings.mistake import Findings, Mark, did_you_mean
from monitor.settings.tree import MarkedList, MarkedMap, path_of, read
from monitor.settings.vocabulary import ALWAYS, FUNCTIONS, OF_ROW, VOCABULARY, Vocabulary
from probes.observation import Value

_RULE = TypeAdapter(RuleShape)
_BLANK = {"id": "unreadable", "fault": "unreadable", "check": "", "when": "true", "severity": "low"}


class RuleBook:
    """The rules of all files; mistakes go to the reading's findings."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._findings = reading.findings
        self.rules: dict[str, Rule] = {}
        self.attempted: set[str] = set()  # also ids of rules that were refused: they are not unknown
        self._judged: list[tuple[RuleShape, MarkedMap]] = []  # also what could be read of refused ones
        self._patterns: dict[str, set[str]] = {}

    def read(self, file: Path, name: str) -> None:
        """Take one file in; `name` is what messages call it."""
        root = read(file, self._findings, name=name)
        if root is None:
            return
        if not isinstance(root, MarkedList):
            self._findings.wrong(Mark(name, 1, 1), "", "want_list")
            return
        self._read_list(root, frozenset())

    def read_of_profile(self, rules: object, branch: MarkedMap, profiles: Iterable[str]) -> None:
        """Take the rules of a profile's file in: they hold for devices of these profiles only."""
        if isinstance(rules, MarkedList):
            self._read_list(rules, frozenset(profiles))
        elif rules is not None:
            self._findings.wrong(mark_of(branch, "rules"), "rules", "want_list")

    def _read_list(self, root: MarkedList, profiles: frozenset[str]) -> None:
        for number, branch in enumerate(root):
            shape = validate(_RULE, branch, self._reading, (root, number))
            if not isinstance(branch, MarkedMap):
                continue
            if isinstance(branch.get("id"), str):
                self.attempted.add(str(branch["id"]))
            readable = shape or _readable(branch)
            when, clear_when = self._judge(readable, branch, profiles)
            if shape is not None and when is not None and self._is_new(shape.id, branch):
                self.rules[shape.id] = _rule(shape, branch, profiles, when, clear_when)

    def check_faults(self, codes: Iterable[str]) -> None:
        """Every fault that a rule names must be in the catalogue."""
        known = frozenset(codes)
        for shape, branch in self._judged:
            named = (("fault", [shape.fault]), ("judged_by", shape.judged_by), ("found_by", shape.found_by))
            for key, faults in named:
                for fault in faults:
                    if key in branch and fault not in known:
                        self._wrong(branch, key, "unknown_fault", fault, known)

    def _is_new(self, rule_id: str, branch: MarkedMap) -> bool:
        if rule_id not in self.rules:
            return True
        first = self.rules[rule_id].where
        self._findings.wrong(mark_of(branch, "id"), path_of(branch, "id"), "rule_twice", name=rule_id, first=first)
        return False

    def _judge(
        self, shape: RuleShape, branch: MarkedMap, profiles: frozenset[str]
    ) -> tuple[Expression | None, Expression | None]:
        """Note all that is wrong with a rule at once; its `when` and `clear_when`, where they compile."""
        self._judged.append((shape, branch))
        words = VOCABULARY.get(shape.check)
        if words is None and shape.check:
            self._wrong(branch, "check", "unknown_check", shape.check, VOCABULARY, names=", ".join(VOCABULARY))
        elif words is not None and profiles and shape.check != "snmp":
            self._wrong(branch, "check", "profile_check", shape.check, ("snmp",))
        elif words is not None and shape.each is not None and shape.each not in words.tables:
            self._wrong(branch, "each", "unknown_table", shape.each, words.tables, check=shape.check)
            words = None  # which rows are meant is not known
        for key, checks in (("needs", shape.needs), ("asks", shape.asks)):
            for name in checks:
                if name not in VOCABULARY:
                    self._wrong(branch, key, "unknown_check", name, VOCABULARY, names=", ".join(VOCABULARY))
        if shape.looks > 1 and shape.hold == 0:
            self._findings.wrong(mark_of(branch, "looks"), path_of(branch, "looks"), "looks_hold", looks=shape.looks)
        if shape.any_row and (shape.each is None or shape.clear_when is not None):
            self._findings.wrong(mark_of(branch, "any_row"), path_of(branch, "any_row"), "any_row_alone")
        names = None if words is None else _names(words, shape.each)
        for param in shape.params.keys() & (names or {}):
            self._findings.wrong(mark_of(branch, "params"), path_of(branch, "params"), "param_shadows", name=param)
        only = f"profile in {sorted(profiles)}" if profiles else ""
        when = self._expression(shape, branch, "when", names, only=only)
        return when, self._expression(shape, branch, "clear_when", names)

    def _expression(
        self, shape: RuleShape, branch: MarkedMap, key: str, names: Mapping[str, Kind] | None, *, only: str = ""
    ) -> Expression | None:
        """The expression, if it compiles; what does not fit is noted. `names` None: they are not known."""
        text = shape.when if key == "when" else shape.clear_when
        if text is None:
            return None
        try:
            expression = Expression(f"{only} && ({text.strip()})" if only else text)
            program = cel.compile(text)
        except BadExpression as error:
            why = str(error).partition("ERROR: ")[2] or str(error)
            self._findings.wrong(
                mark_of(branch, key),
                path_of(branch, key),
                "bad_expression",
                why=why.split("\n")[0].partition(" expecting ")[0],
            )
            return None
        kinds = {**(names or {}), **{name: _kind_of(value) for name, value in shape.params.items()}}
        for name in sorted(program.variables()):
            if names is not None and name not in kinds:
                self._wrong(branch, key, "unknown_name", name, kinds, check=shape.check)
        for name in program.functions():
            if name.isidentifier() and not name.startswith("_") and name not in FUNCTIONS:
                self._wrong(branch, key, "unknown_function", name, FUNCTIONS, names=", ".join(sorted(FUNCTIONS)))
        types = examine(text, kinds)
        for misfit in types.misfits:
            self._findings.wrong(mark_of(branch, key), path_of(branch, key), misfit.code, meant=(), **misfit.facts)
        for name in types.patterns & shape.params.keys():
            self._patterns.setdefault(shape.id, set()).add(name)
            check_pattern(branch, name, shape.params[name], self._findings)
        return expression

    @property
    def readable(self) -> list[RuleShape]:
        """All rules as far as they could be read, also those that were refused."""
        return [shape for shape, _ in self._judged]

    def patterns_of(self, rule_id: str) -> Set[str]:
        """The parameters of that rule that are regular expressions."""
        return self._patterns.get(rule_id, set())

    def _wrong(self, branch: MarkedMap, key: str, code: str, name: str, known: Iterable[str], **facts: str) -> None:
        self._findings.wrong(
            mark_of(branch, key), path_of(branch, key), code, meant=did_you_mean(name, known), name=name, **facts
        )


def _readable(branch: MarkedMap) -> RuleShape:
    """What can be read of a rule with mistakes in it, so that all of them are told at once."""
    readable = {key: value for key, value in branch.items() if key in keys_of(RuleShape)}
    while True:
        try:
            return RuleShape.model_validate({**_BLANK, **readable})
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                readable.pop(str(detail["loc"][0]), None)


def _rule(
    shape: RuleShape, branch: MarkedMap, profiles: frozenset[str], when: Expression, clear_when: Expression | None
) -> Rule:
    return Rule(
        id=shape.id,
        fault=shape.fault,
        check=shape.check,
        kinds=frozenset(shape.kinds),
        when=when,
        severity=shape.severity,
        clear_when=clear_when,
        each=shape.each,
        for_seconds=shape.hold,
        looks=shape.looks,
        clear_for_seconds=shape.clear_for,
        clear_looks=shape.clear_looks,
        needs=tuple(shape.needs),
        asks=tuple(shape.asks),
        judged_by=tuple(shape.judged_by),
        found_by=tuple(shape.found_by),
        holds_children=shape.holds_children,
        params=shape.params,
        where=str(branch.mark).rpartition(":")[0],
        any_row=shape.any_row,
        profiles=profiles,
    )


def _names(words: Vocabulary, each: str | None) -> dict[str, Kind]:
    of_row = words.tables[each] | OF_ROW if each is not None else frozenset()
    values: dict[str, Kind] = {name: words.kind_of(name) for name in ALWAYS | words.scalars}
    return values | {name: words.kind_of(name, each) for name in of_row}


def _kind_of(value: Value) -> Kind:
    """Of a parameter. A site may write a decimal number for a whole one; for a decimal one it stays decimal."""
    match value:
        case bool():
            return "bool"
        case str():
            return "string"
        case float():
            return "double"
        case _:
            return "number"


def check_pattern(branch: MarkedMap, name: str, value: object, findings: Findings) -> None:
    """Note a parameter that `matches` would not take."""
    place = branch.get("params")
    where = place if isinstance(place, MarkedMap) else branch
    if isinstance(value, str) and not is_pattern(value):
        findings.wrong(mark_of(where, name), path_of(where, name), "bad_pattern", pattern=value)


def same_kind(default: Any, value: Any) -> bool:
    """May this value stand for that default? Whole and decimal numbers may stand for each other."""
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, int | float):
        return isinstance(value, int | float)
    return isinstance(value, str) and isinstance(default, str)
