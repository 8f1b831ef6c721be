"""Are the device profiles sound, and which rules do they bring?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from monitor.settings.file.base import keys_of, mark_of, note, note_unknown
from monitor.settings.file.secret import Reading
from monitor.settings.mistake import Findings, Mark, did_you_mean
from monitor.settings.rules import RuleBook
from monitor.settings.shipped import shipped_folder
from monitor.settings.tree import MarkedList, MarkedMap, path_of, read
from probes.snmp import schema as shapes
from probes.snmp.files import MAX_FILES, ProfileError
from probes.snmp.profile import load_profiles

_PROFILE = TypeAdapter(shapes.ProfileFile)
_SHAPES: Mapping[str, type[BaseModel]] = {
    "title": shapes.Title,
    "notes": shapes.Note,
    "detect": shapes.Detect,
    "streams": shapes.Stream,
    "symbols": shapes.Symbol,
    "columns": shapes.Symbol,
    "scaled_by": shapes.ScaledBy,
    "compute": shapes.Compute,
    "tables": shapes.Table,
    "scalars": shapes.Scalar,
    "writable": shapes.Writable,
}
"""Key -> shape of what stands under it; keys mean the same wherever they stand."""


class ProfileBook:
    """The profiles of some folders, a later file in the place of an earlier one of its name."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._branches: dict[str, MarkedMap] = {}

    @property
    def names(self) -> frozenset[str]:
        """Names that a device may be given."""
        return frozenset(name for name in self._branches if not name.startswith("_"))

    def read_shipped(self) -> None:
        """Take in those that come with the project; they are sound, tests say so."""
        self._branches |= _shipped(shipped_folder() / "profiles")

    def read_folder(self, folder: Path, name: str, mark: Mark, key: str) -> bool:
        """Take in a folder of the site, which messages call `name`; `mark` and `key` are where it was named."""
        findings, before = self._reading.findings, len(self._reading.findings.mistakes)
        if not folder.is_dir():
            findings.wrong(mark, key, "unreadable", why=f"{name}: no such folder")
            return False
        for file in sorted(folder.glob("*.yaml"))[:MAX_FILES]:
            branch = lint(file, f"{name}/{file.name}", findings)
            if branch is not None:
                self._branches[file.stem] = branch
        if len(findings.mistakes) == before:
            try:
                load_profiles((shipped_folder() / "profiles", folder))
            except ProfileError as error:
                findings.wrong(mark, key, "profile_wrong", why=str(error).splitlines()[0])
        return len(findings.mistakes) == before

    def take_rules(self, book: RuleBook) -> None:
        """Give each profile's rules to the book: they hold for it and for those that extend it."""
        for name, branch in self._branches.items():
            if "rules" in branch:
                book.read_of_profile(branch["rules"], branch, [one for one in self.names if self._is(one, name)])

    def _is(self, name: str, ancestor: str, depth: int = 0) -> bool:
        parents = self._branches[name].get("extends") if name in self._branches else None
        if name == ancestor:
            return True
        return (
            depth < len(self._branches)
            and isinstance(parents, MarkedList)
            and any(self._is(str(parent), ancestor, depth + 1) for parent in parents if parent != name)
        )


def lint(file: Path, name: str, findings: Findings) -> MarkedMap | None:
    """One profile's file, checked as far as it can be alone; every mistake with file, line, column, key and remedy."""
    root = read(file, findings, name=name)
    if root is None:
        return None
    if not isinstance(root, MarkedMap):
        findings.wrong(Mark(name, 1, 1), "", "want_mapping")
        return None
    for branch, shape in _branches(root, shapes.ProfileFile):
        note_unknown(branch, keys_of(shape), findings)
    try:
        _PROFILE.validate_python(root)
    except ValidationError as error:
        top = MarkedMap(root.mark)
        for detail in error.errors(include_url=False):
            if detail["type"] != "extra_forbidden":  # that was told above, with what was meant
                note(detail, root, (top, ""), findings)
    extends, known = root.get("extends"), _names(file.parent)
    if isinstance(extends, MarkedList):
        for number, parent in enumerate(map(str, extends)):
            if parent not in known:
                mark, path = mark_of(extends, number), path_of(extends, number)
                findings.wrong(mark, path, "profile_extends", meant=did_you_mean(parent, known), name=parent)
    return root


def _names(folder: Path) -> frozenset[str]:
    return frozenset(_shipped(shipped_folder() / "profiles")) | {file.stem for file in folder.glob("*.yaml")}


def _branches(branch: MarkedMap, shape: type[BaseModel]) -> Iterator[tuple[MarkedMap, type[BaseModel]]]:
    """Every mapping with the shape that it should have. The tree's depth is bounded by its reader."""
    yield branch, shape
    for key, value in branch.items():
        inner = _SHAPES.get(key)
        if inner is None or key not in keys_of(shape):
            continue
        for one in value if isinstance(value, MarkedList) else (value,):
            if isinstance(one, MarkedMap):
                yield from _branches(one, inner)


@cache
def _shipped(folder: Path) -> Mapping[str, MarkedMap]:
    findings = Findings()
    found: dict[str, Any] = {}
    for file in sorted(folder.glob("*.yaml")):
        root = read(file, findings, name=f"profiles/{file.name}")
        if isinstance(root, MarkedMap):
            found[file.stem] = root
    return found
