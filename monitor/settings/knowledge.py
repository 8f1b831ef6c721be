"""Which rules and faults hold at this site, and what does its file change of them?"""

from __future__ import annotations

import os
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import TypeAdapter

from monitor.settings.faults import Catalogue
from monitor.settings.file.base import mark_of, validate
from monitor.settings.file.rule import Overrides, OverrideShape
from monitor.settings.file.secret import Reading
from monitor.settings.file.site import Files
from monitor.settings.mistake import Findings, Mark, did_you_mean
from monitor.settings.overrides import Override
from monitor.settings.profiles import ProfileBook
from monitor.settings.rules import RuleBook, check_pattern, same_kind
from monitor.settings.sections import single
from monitor.settings.service import check_globs
from monitor.settings.shipped import shipped_folder
from monitor.settings.tree import MarkedMap, path_of

_OVERRIDES: TypeAdapter[list[OverrideShape]] = TypeAdapter(Overrides)
_FILES: TypeAdapter[list[str]] = TypeAdapter(Files)


def read_profiles(root: MarkedMap, reading: Reading) -> tuple[ProfileBook, tuple[Path, ...]]:
    """Shipped and own device profiles, and the folders of the own ones."""
    book = ProfileBook(reading)
    book.read_shipped()
    beside = Path(root.mark.file).parent
    folders = []
    for name in single(root, "profile_folders", _FILES, reading, []):
        folder = reading.folder / name
        shown = os.path.normpath(beside / name)
        if book.read_folder(folder, shown, mark_of(root, "profile_folders"), "profile_folders"):
            folders.append(folder)
    reading.profiles.update(book.names)
    return book, tuple(folders)


def read_knowledge(
    root: MarkedMap,
    reading: Reading,
    rules_folders: Iterable[Path],
    faults_folders: Iterable[Path],
    profiles: ProfileBook | None = None,
) -> tuple[RuleBook, Catalogue]:
    """Shipped and own rules and faults, checked against each other; the profiles' rules among them."""
    book, catalogue = RuleBook(reading), Catalogue(reading)
    for file in _files(faults_folders):
        catalogue.read(file, f"{file.parent.name}/{file.name}")
    for file in _files(rules_folders):
        book.read(file, f"{file.parent.name}/{file.name}")
    if profiles is not None:
        profiles.take_rules(book)
    beside = Path(root.mark.file).parent
    for name in single(root, "fault_files", _FILES, reading, []):
        catalogue.read(reading.folder / name, os.path.normpath(beside / name))
    for name in single(root, "rule_files", _FILES, reading, []):
        book.read(reading.folder / name, os.path.normpath(beside / name))
    book.check_faults(catalogue.named)
    catalogue.check_quotes(book.readable)
    return book, catalogue


def shipped_knowledge() -> tuple[RuleBook, Catalogue]:
    """The rules and faults that come with the project, the profiles' among them."""
    reading, shipped = Reading(Findings(), Path(), {}), shipped_folder()
    profiles = ProfileBook(reading)
    profiles.read_shipped()
    return read_knowledge(MarkedMap(Mark("")), reading, [shipped / "rules"], [shipped / "faults"], profiles)


def _files(folders: Iterable[Path]) -> list[Path]:
    return [file for folder in folders for file in sorted(folder.glob("*.yaml"))]


def read_overrides(root: MarkedMap, reading: Reading, book: RuleBook, devices: Iterable[str]) -> tuple[Override, ...]:
    """What the file changes of rules, in its order; the last that covers a device wins."""
    branch = root.get("rules")
    if branch is None:
        return ()
    if not isinstance(branch, MarkedMap):
        reading.findings.wrong(mark_of(root, "rules"), "rules", "want_mapping")
        return ()
    found: list[Override] = []
    known = tuple(devices)
    for rule_id, value in branch.items():
        if not any(fnmatchcase(one, rule_id) for one in book.attempted):
            meant = did_you_mean(rule_id, book.attempted)
            reading.findings.wrong(
                branch.key_marks[rule_id], path_of(branch, rule_id), "unknown_rule", meant=meant, name=rule_id
            )
        shapes = validate(_OVERRIDES, value, reading, (branch, rule_id)) or []
        for number, shape in enumerate(shapes):
            own = value if isinstance(value, MarkedMap) else value[number] if isinstance(value, list) else branch
            if not isinstance(own, MarkedMap):
                own = branch
            check_globs(shape.devices, own, known, reading.findings)
            _check_params(rule_id, shape, own, reading, book)
            found.append(Override.of(rule_id, shape))
    return tuple(found)


def _check_params(rule_id: str, shape: OverrideShape, own: MarkedMap, reading: Reading, book: RuleBook) -> None:
    rules = [rule for rule in book.rules.values() if fnmatchcase(rule.id, rule_id)]
    if not rules:
        return
    place = own.get("params")
    for name, value in shape.params.items():
        branch = place if isinstance(place, MarkedMap) else own
        defaults = [rule.params[name] for rule in rules if name in rule.params]
        mark, path = mark_of(branch, name), path_of(branch, name)
        if not defaults:
            known = {param for rule in rules for param in rule.params}
            meant = did_you_mean(name, known)
            reading.findings.wrong(mark, path, "unknown_param", meant=meant, rule=rule_id, name=name)
        elif not all(same_kind(default, value) for default in defaults):
            reading.findings.wrong(mark, path, "param_type", default=defaults[0])
        elif any(name in book.patterns_of(rule.id) for rule in rules):
            check_pattern(own, name, value, reading.findings)
