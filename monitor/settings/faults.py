"""Which faults does the catalogue know, and what does it tell a technician of each?"""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from monitor.core.plan import Cause, Fault, Text
from monitor.settings.file.base import mark_of, validate
from monitor.settings.file.rule import FaultShape, RuleShape
from monitor.settings.file.secret import Reading
from monitor.settings.file.units import Identifier
from monitor.settings.mistake import Mark, did_you_mean
from monitor.settings.tree import MarkedMap, path_of, read
from monitor.settings.vocabulary import QUOTABLE, VOCABULARY

_FAULT = TypeAdapter(FaultShape)
_CODE: TypeAdapter[str] = TypeAdapter(Identifier)


@dataclass(frozen=True, slots=True)
class _Stands:
    fault: Fault
    mark: Mark
    branch: MarkedMap


class Catalogue:
    """The faults of all files; mistakes go to the reading's findings."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._faults: dict[str, _Stands] = {}
        self._named: set[str] = set()

    @property
    def named(self) -> frozenset[str]:
        """All codes, also those of faults that were refused."""
        return frozenset(self._named)

    @property
    def faults(self) -> Mapping[str, Fault]:
        """Code -> fault."""
        return {code: stands.fault for code, stands in self._faults.items()}

    def read(self, file: Path, name: str) -> None:
        """Take one file in; `name` is what messages call it."""
        findings = self._reading.findings
        root = read(file, findings, name=name)
        if root is None:
            return
        if not isinstance(root, MarkedMap):
            findings.wrong(Mark(name, 1, 1), "", "want_mapping")
            return
        for code, branch in root.items():
            mark = root.key_marks[code]
            if code in self._faults:
                findings.wrong(mark, code, "fault_twice", name=code, first=self._faults[code].mark)
                continue
            self._named.add(code)
            validate(_CODE, code, self._reading, (root, code))
            shape = validate(_FAULT, branch, self._reading, (root, code))
            if shape is not None:
                causes = tuple(Cause(one.text(), frozenset(one.port)) for one in shape.causes)
                remedies, bring = (tuple(one.text() for one in many) for many in (shape.remedies, shape.bring))
                fault = Fault(code, shape.title.text(), shape.text.text(), causes, remedies, bring, remote=shape.remote)
                self._check_bring(fault, branch)
                self._faults[code] = _Stands(fault, mark, branch)

    def _check_bring(self, fault: Fault, branch: MarkedMap) -> None:
        """A ticket says what to bring, or that nobody needs to go."""
        if fault.remote and fault.bring:
            self._reading.findings.wrong(mark_of(branch, "remote"), path_of(branch, "remote"), "remote_brings")
        elif not fault.remote and not fault.bring:
            self._reading.findings.warn(branch.mark, path_of(branch, "bring"), "brings_nothing", name=fault.code)

    def check_quotes(self, rules: Iterable[RuleShape]) -> None:
        """Every `{name}` in a text must be a fact that a look of one of the fault's rules gives.

        Where it is not known which check or table a rule reads, its fault is not judged.
        """
        quotable: dict[str, set[str]] = {}
        unknown: set[str] = set()
        for rule in rules:
            words = VOCABULARY.get(rule.check)
            if words is None or (rule.each is not None and rule.each not in words.tables):
                unknown.add(rule.fault)
                continue
            names = quotable.setdefault(rule.fault, set(QUOTABLE))
            names |= words.scalars | rule.params.keys()
            names |= words.tables[rule.each] if rule.each else frozenset()
        for code, stands in self._faults.items():
            fault = stands.fault
            for key, texts in (
                ("title", (fault.title,)),
                ("text", (fault.text,)),
                ("causes", tuple(cause.text for cause in fault.causes)),
                ("remedies", fault.remedies),
                ("bring", fault.bring),
            ):
                for text in texts:
                    self._check_text(text, key, stands.branch, None if code in unknown else quotable.get(code))

    def _check_text(self, text: Text, key: str, branch: MarkedMap, known: set[str] | None) -> None:
        for language in (text.en, text.zh_CN):
            try:
                names = [name for _, name, _, _ in string.Formatter().parse(language) if name is not None]
            except ValueError as error:
                self._reading.findings.wrong(mark_of(branch, key), path_of(branch, key), "bad_quote", why=error)
                continue
            for name in names:
                if known is not None and name not in known:
                    self._reading.findings.wrong(
                        mark_of(branch, key),
                        path_of(branch, key),
                        "unknown_quote",
                        meant=did_you_mean(name, known),
                        name=name,
                    )
