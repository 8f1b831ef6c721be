"""What do the profile files say, and where exactly is a mistake?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from probes.snmp.schema import ProfileFile

MAX_FILE_OCTETS = 256 * 1024
MAX_FILES = 1_000

Node = yaml.nodes.Node


class ProfileError(Exception):
    """The profiles cannot be used; each line of the text names file, line and remedy."""


class _Loader(yaml.SafeLoader):
    """YAML in which "on", "off", "yes" and "no" are texts: they are states of a power supply, not truths."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_files(folders: Sequence[Path]) -> dict[str, ProfileFile]:
    """Profiles by name (the file's stem); a later folder's file replaces an earlier one's. Raises ProfileError."""
    paths: dict[str, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            raise ProfileError(f"{folder}: no such folder")
        paths |= {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    if len(paths) > MAX_FILES:
        raise ProfileError(f"more than {MAX_FILES} profiles")
    profiles: dict[str, ProfileFile] = {}
    mistakes: list[str] = []
    for name, path in paths.items():
        try:
            profiles[name] = read_file(path)
        except ProfileError as error:
            mistakes.append(str(error))
    if mistakes:
        raise ProfileError("\n".join(mistakes))
    return profiles


def read_file(path: Path) -> ProfileFile:
    """One profile. Raises ProfileError with a line for each mistake, as `file:line: key: what`."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ProfileError(f"{path}: {error.strerror}") from None
    if len(content) > MAX_FILE_OCTETS:
        raise ProfileError(f"{path}: larger than {MAX_FILE_OCTETS} octets")
    try:
        text = content.decode("utf-8")
        _refuse_aliases(text, path)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            twice = _find_twice(node)
            data = loader.construct_document(node) if node is not None else None
        finally:
            loader.dispose()
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        where = f"{path}:{mark.line + 1}" if mark else f"{path}"
        raise ProfileError(f"{where}: not YAML: {getattr(error, 'problem', None) or type(error).__name__}") from None
    if twice:
        raise ProfileError("\n".join(f"{path}:{line}: {key}: given twice" for key, line in twice))
    if not isinstance(data, dict):
        raise ProfileError(f"{path}:1: a profile is a mapping of keys")
    try:
        return ProfileFile.model_validate(data)
    except ValidationError as error:
        lines = (
            f"{path}:{_line(node, mistake['loc'])}: {'.'.join(map(str, mistake['loc']))}: {mistake['msg']}"
            for mistake in error.errors()
        )
        raise ProfileError("\n".join(lines)) from None


def _refuse_aliases(text: str, path: Path) -> None:
    """Aliases make a small file a huge tree; no profile needs one."""
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.events.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise ProfileError(f"{path}:{line}: aliases are not allowed")


def _find_twice(node: Node | None) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    todo: list[Node | None] = [node]
    while todo:
        match todo.pop():
            case yaml.nodes.MappingNode(value=pairs):
                seen: set[str] = set()
                for key, value in pairs:
                    if key.value in seen if isinstance(key.value, str) else False:
                        found.append((key.value, key.start_mark.line + 1))
                    seen.add(str(key.value))
                    todo.append(value)
            case yaml.nodes.SequenceNode(value=values):
                todo.extend(values)
    return sorted(found, key=lambda twice: twice[1])


def _line(node: Node | None, location: Iterable[Any]) -> int:
    """Line of the deepest node that the location leads to."""
    line = 1
    for step in location:
        match node:
            case yaml.nodes.MappingNode(value=pairs):
                found = next(((key, value) for key, value in pairs if key.value == str(step)), None)
                if found is None:
                    return line
                line, node = found[0].start_mark.line + 1, found[1]
            case yaml.nodes.SequenceNode(value=values) if isinstance(step, int) and step < len(values):
                node = values[step]
                line = node.start_mark.line + 1
            case _:
                return line
    return line
