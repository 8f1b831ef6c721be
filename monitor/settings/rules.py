"""Which rules say when something is wrong, and are their expressions sound?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cel
from pydantic import TypeAdapter

from monitor.core.expression import BadExpression, Expression
from monitor.core.plan import Rule
from monitor.settings.file.base import mark_of, validate
from monitor.settings.file.rule import RuleShape
from monitor.settings.file.secret import Reading
from monitor.settings.mistake import Mark, did_you_mean
from monitor.settings.tree import MarkedList, MarkedMap, path_of, read
from monitor.settings.vocabulary import ALWAYS, FUNCTIONS, OF_ROW, VOCABULARY, Vocabulary

_RULE = TypeAdapter(RuleShape)


class RuleBook:
    """The rules of all files; mistakes go to the reading's findings."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._findings = reading.findings
        self.rules: dict[str, Rule] = {}
        self.attempted: set[str] = set()  # also ids of rules that were refused: they are not unknown
        self._branches: dict[str, MarkedMap] = {}

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
            if isinstance(branch, MarkedMap) and isinstance(branch.get("id"), str):
                self.attempted.add(str(branch["id"]))
            if shape is not None:
                self._take(shape, branch, profiles)

    def check_faults(self, codes: Iterable[str]) -> None:
        """Every fault that a rule names must be in the catalogue."""
        known = frozenset(codes)
        for rule in self.rules.values():
            if rule.fault not in known:
                self._wrong(self._branches[rule.id], "fault", "unknown_fault", rule.fault, known)
            for key, faults in (("judged_by", rule.judged_by), ("found_by", rule.found_by)):
                for fault in faults:
                    if fault not in known:
                        self._wrong(self._branches[rule.id], key, "unknown_fault", fault, known)

    def _take(self, shape: RuleShape, branch: MarkedMap, profiles: frozenset[str]) -> None:
        if shape.id in self.rules:
            first = self.rules[shape.id].where
            self._findings.wrong(mark_of(branch, "id"), path_of(branch, "id"), "rule_twice", name=shape.id, first=first)
            return
        words = VOCABULARY.get(shape.check)
        if words is None:
            self._wrong(branch, "check", "unknown_check", shape.check, VOCABULARY, names=", ".join(VOCABULARY))
            return
        if profiles and shape.check != "snmp":
            self._wrong(branch, "check", "profile_check", shape.check, ("snmp",))
            return
        if shape.each is not None and shape.each not in words.tables:
            self._wrong(branch, "each", "unknown_table", shape.each, words.tables, check=shape.check)
            return
        for key, checks in (("needs", shape.needs), ("asks", shape.asks)):
            for name in checks:
                if name not in VOCABULARY:
                    self._wrong(branch, key, "unknown_check", name, VOCABULARY, names=", ".join(VOCABULARY))
        if shape.looks > 1 and shape.hold == 0:
            self._findings.wrong(mark_of(branch, "looks"), path_of(branch, "looks"), "looks_hold", looks=shape.looks)
        if shape.any_row and (shape.each is None or shape.clear_when is not None):
            self._findings.wrong(mark_of(branch, "any_row"), path_of(branch, "any_row"), "any_row_alone")
        names = _names(words, shape.each)
        for param in shape.params.keys() & names:
            self._findings.wrong(mark_of(branch, "params"), path_of(branch, "params"), "param_shadows", name=param)
        text = f"profile in {sorted(profiles)} && ({shape.when.strip()})" if profiles else shape.when
        when = self._expression(text, branch, "when", names | shape.params.keys(), shape.check)
        clear_when = None
        if shape.clear_when is not None:
            clear_when = self._expression(
                shape.clear_when, branch, "clear_when", names | shape.params.keys(), shape.check
            )
        if when is None:
            return
        self._branches[shape.id] = branch
        self.rules[shape.id] = Rule(
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

    def _expression(
        self, text: str, branch: MarkedMap, key: str, known: frozenset[str], check: str
    ) -> Expression | None:
        """The expression, if it compiles and uses only names and functions that there are."""
        try:
            expression = Expression(text)
            functions = cel.compile(text).functions()
        except BadExpression as error:
            why = str(error).partition("ERROR: ")[2] or str(error)
            self._findings.wrong(
                mark_of(branch, key),
                path_of(branch, key),
                "bad_expression",
                why=why.split("\n")[0].partition(" expecting ")[0],
            )
            return None
        for name in expression.names:
            if name not in known:
                self._wrong(branch, key, "unknown_name", name, known, check=check)
        for name in functions:
            if name.isidentifier() and not name.startswith("_") and name not in FUNCTIONS:
                self._wrong(branch, key, "unknown_function", name, FUNCTIONS, names=", ".join(sorted(FUNCTIONS)))
        return expression

    def _wrong(self, branch: MarkedMap, key: str, code: str, name: str, known: Iterable[str], **facts: str) -> None:
        self._findings.wrong(
            mark_of(branch, key), path_of(branch, key), code, meant=did_you_mean(name, known), name=name, **facts
        )


def _names(words: Vocabulary, each: str | None) -> frozenset[str]:
    of_row = words.tables[each] | OF_ROW if each is not None else frozenset()
    return ALWAYS | words.scalars | of_row


def same_kind(default: Any, value: Any) -> bool:
    """May this value stand for that default? Whole and decimal numbers may stand for each other."""
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, int | float):
        return isinstance(value, int | float)
    return isinstance(value, str) and isinstance(default, str)
