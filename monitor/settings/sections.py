"""What stands in each section of a file? Every entry is validated by itself, so that one mistake hides no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, TypeAdapter

from monitor.settings.file.base import mark_of, validate
from monitor.settings.file.secret import Reading
from monitor.settings.tree import MarkedList, MarkedMap, path_of

S = TypeVar("S", bound=BaseModel)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Written(Generic[S]):
    """A shape and the branch of the file that it was read from."""

    shape: S
    branch: MarkedMap


@dataclass(frozen=True, slots=True)
class Section(Generic[S]):
    """The good entries by name, and all names that stand there, also those of entries that were refused."""

    items: Mapping[str, Written[S]] = field(default_factory=dict)
    named: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Listing(Generic[S]):
    """The good entries of a list, and the branches of those that were refused."""

    good: tuple[Written[S], ...] = ()
    refused: tuple[MarkedMap, ...] = ()


def single(root: MarkedMap, name: str, adapter: TypeAdapter[T], reading: Reading, default: T) -> T:
    """The section as one value; the default where it is absent or was refused."""
    if name not in root:
        return default
    found = validate(adapter, root[name], reading, (root, name))
    return default if found is None else found


def mapping(root: MarkedMap, name: str, adapter: TypeAdapter[S], reading: Reading) -> Section[S]:
    """A section of named entries."""
    branch = root.get(name)
    if branch is None:
        return Section()
    if not isinstance(branch, MarkedMap):
        reading.findings.wrong(mark_of(root, name), name, "want_mapping")
        return Section()
    found: dict[str, Written[S]] = {}
    for key, value in branch.items():
        shape = validate(adapter, value, reading, (branch, key))
        if shape is not None and isinstance(value, MarkedMap):
            found[key] = Written(shape, value)
    return Section(found, frozenset(branch))


def listing(root: MarkedMap, name: str, adapter: TypeAdapter[S], reading: Reading) -> Listing[S]:
    """A section that is a list."""
    branch: Any = root.get(name)
    if branch is None:
        return Listing()
    return entries(branch, adapter, reading, (root, name))


def entries(
    branch: Any, adapter: TypeAdapter[S], reading: Reading, place: tuple[MarkedMap | MarkedList, str | int]
) -> Listing[S]:
    """The entries of a list."""
    if not isinstance(branch, MarkedList):
        reading.findings.wrong(mark_of(*place), path_of(*place), "want_list")
        return Listing()
    good: list[Written[S]] = []
    refused: list[MarkedMap] = []
    for number, value in enumerate(branch):
        shape = validate(adapter, value, reading, (branch, number))
        if isinstance(value, MarkedMap):
            if shape is None:
                refused.append(value)
            else:
                good.append(Written(shape, value))
    return Listing(tuple(good), tuple(refused))
