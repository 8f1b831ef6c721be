"""What is asked of which device? Profiles, compiled once: OIDs are octets, mixins are merged."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from probes.snmp.ber import oid, to_oid
from probes.snmp.conversion import Conversion
from probes.snmp.files import ProfileError, read_files
from probes.snmp.schema import Compute, Detect, ProfileFile, ScaledBy, Symbol, Table, Writable

MAX_EXTENDS = 8  # depth of `extends`


@dataclass(frozen=True, slots=True)
class Reading:
    """One object: its OID in octets (of a column: without the index), and how its value is read."""

    value: str
    oid: bytes
    convert: Conversion
    scaled_by: ScaledBy | None = None


@dataclass(frozen=True, slots=True)
class TableReading:
    """A table: its columns, and what is made of them."""

    name: str
    columns: tuple[Reading, ...]
    oids: tuple[bytes, ...]
    spec: Table
    keep: Mapping[str, frozenset[str]]
    drop: Mapping[str, re.Pattern[str]]


@dataclass(frozen=True, slots=True)
class Profile:
    """What is asked of one device family. `source` is the file's content, for documentation."""

    name: str
    source: ProfileFile
    scalars: tuple[Reading, ...]
    scalar_oids: tuple[bytes, ...]
    inventory: tuple[Reading, ...]
    inventory_oids: tuple[bytes, ...]
    compute: tuple[Compute, ...]
    tables: tuple[TableReading, ...]
    writable: Mapping[str, Writable]

    @property
    def is_mixin(self) -> bool:
        """Is it only there to be extended?"""
        return self.name.startswith("_")


@dataclass(frozen=True, slots=True)
class Clue:
    """One way to recognise a profile's family."""

    profile: str
    rank: int
    sysobjectid: bytes | None
    sysdescr: re.Pattern[str] | None
    under: bytes | None


@dataclass(frozen=True, slots=True)
class Maker:
    """One way to recognise a profile's family by what a device says of itself by ONVIF."""

    profile: str
    rank: int
    make: re.Pattern[str] | None
    model: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class Profiles:
    """All profiles. Immutable: a reload makes new ones."""

    by_name: Mapping[str, Profile] = field(default_factory=dict)
    clues: tuple[Clue, ...] = ()  # the best first
    under: tuple[bytes, ...] = ()  # what to look below of, to follow the clues
    makers: tuple[Maker, ...] = ()  # the best first

    @property
    def names(self) -> tuple[str, ...]:
        """Names that a device may be given, in order."""
        return tuple(sorted(name for name, profile in self.by_name.items() if not profile.is_mixin))

    def recognise(self, sysobjectid: bytes, sysdescr: str, found: Iterable[bytes]) -> Profile:
        """The profile that fits best: highest rank, then longest sysObjectID. Always one: `generic` if nothing fits.

        `found` are OIDs that the device has, of those that follow `under`.
        """
        clue = self.clue(sysobjectid, sysdescr, found)
        return self.by_name["generic" if clue is None else clue.profile]

    def clue(self, sysobjectid: bytes, sysdescr: str, found: Iterable[bytes]) -> Clue | None:
        """By what `recognise` recognises; None if by nothing."""
        found = tuple(found)
        for clue in self.clues:
            if (
                (clue.sysobjectid is None or sysobjectid.startswith(clue.sysobjectid))
                and (clue.sysdescr is None or clue.sysdescr.search(sysdescr))
                and (clue.under is None or any(has.startswith(clue.under) for has in found))
            ):
                return clue
        return None

    def recognise_maker(self, make: str, model: str, kind: str = "") -> Profile | None:
        """The profile of a device that says by ONVIF who made it and which model it is; None if none fits.

        With a `kind`, only profiles of that kind or of any; where no maker's own knows the model, the make decides.
        """
        found = self.maker(make, model, kind)
        if kind and make and (found is None or not self.by_name[found.profile].source.vendor):
            found = next((one for one in self.makers if self._is_of(one, kind) and _fits(one.make, make)), found)
        return None if found is None else self.by_name[found.profile]

    def maker(self, make: str, model: str, kind: str = "") -> Maker | None:
        """By what `recognise_maker` recognises, make and model together; None if by nothing."""
        for one in self.makers:
            if self._is_of(one, kind) and _fits(one.make, make) and _fits(one.model, model):
                return one
        return None

    def _is_of(self, maker: Maker, kind: str) -> bool:
        return not kind or self.by_name[maker.profile].source.kind in (kind, "any")

    def descendants(self, name: str) -> tuple[str, ...]:
        """The profile and those that extend it, directly or not, as devices are given them."""
        return tuple(each for each in self.names if each == name or self._extends(each, name, frozenset()))

    def _extends(self, name: str, ancestor: str, seen: frozenset[str]) -> bool:
        parents = self.by_name[name].source.extends
        return ancestor in parents or any(
            self._extends(parent, ancestor, seen | {name}) for parent in parents if parent not in seen
        )

    @property
    def asked(self) -> tuple[str, ...]:
        """Every OID that a look may ask for or below, whatever the device is."""
        oids = dict.fromkeys(self.under)
        for profile in self.by_name.values():
            oids |= dict.fromkeys((*profile.scalar_oids, *profile.inventory_oids))
            oids |= dict.fromkeys(oid for table in profile.tables for oid in table.oids)
        return ("1.3.6.1.2.1.1.", *map(to_oid, oids))


def load_profiles(folders: Sequence[Path]) -> Profiles:
    """Read, check and compile the profiles of these folders. Raises ProfileError that names file and line."""
    files = read_files(folders)
    if "generic" not in files:
        raise ProfileError(f"no profile named generic in {', '.join(map(str, folders))}")
    compiled = MappingProxyType({name: _compile(name, files) for name in files})
    clues = [
        _clue(name, profile.rank if detect.rank is None else detect.rank, detect)
        for name, profile in files.items()
        if not name.startswith("_")
        for detect in profile.detect
        if detect.make is None and detect.model is None
    ]
    clues.sort(key=lambda clue: (-clue.rank, -len(clue.sysobjectid or b""), clue.profile))
    under = dict.fromkeys(clue.under for clue in clues if clue.under is not None)
    makers = [
        Maker(name, profile.rank if detect.rank is None else detect.rank, _search(detect.make), _search(detect.model))
        for name, profile in files.items()
        if not name.startswith("_")
        for detect in profile.detect
        if detect.make is not None or detect.model is not None
    ]
    makers.sort(key=lambda maker: (-maker.rank, maker.make is None, maker.model is None, maker.profile))
    return Profiles(compiled, tuple(clues), tuple(under), tuple(makers))


def _fits(pattern: re.Pattern[str] | None, text: str) -> bool:
    return pattern is None or pattern.search(text) is not None


def _search(pattern: str | None) -> re.Pattern[str] | None:
    return re.compile(pattern, re.IGNORECASE) if pattern else None


def _clue(name: str, rank: int, detect: Detect) -> Clue:
    return Clue(
        name,
        rank,
        oid(detect.sysobjectid) if detect.sysobjectid else None,
        _search(detect.sysdescr),
        oid(detect.under) if detect.under else None,
    )


def _lineage(name: str, files: Mapping[str, ProfileFile], path: tuple[str, ...] = ()) -> list[ProfileFile]:
    """The profile's ancestors and itself, the farthest first, each once."""
    if name not in files:
        raise ProfileError(f"{path[-1]}.yaml: extends: there is no profile {name!r}")
    if name in path or len(path) > MAX_EXTENDS:
        raise ProfileError(f"{name}.yaml: extends: goes in circles: {' → '.join((*path, name))}")
    found: list[ProfileFile] = []
    for parent in files[name].extends:
        found += [ancestor for ancestor in _lineage(parent, files, (*path, name)) if ancestor not in found]
    return [*found, files[name]]


def _compile(name: str, files: Mapping[str, ProfileFile]) -> Profile:
    """Merge with what it extends: of two symbols or tables with one name, the nearer one counts."""
    lineage = _lineage(name, files)
    symbols = {symbol.value: symbol for part in lineage for symbol in part.symbols}
    compute = {made.value: made for part in lineage for made in part.compute}
    tables = {(table.table, table.prefix): table for part in lineage for table in part.tables}
    writable = {allowed.symbol: allowed for part in lineage for allowed in part.writable}
    scalars = tuple(_reading(symbol) for symbol in symbols.values() if not symbol.inventory)
    inventory = tuple(_reading(symbol) for symbol in symbols.values() if symbol.inventory)
    return Profile(
        name=name,
        source=files[name],
        scalars=scalars,
        scalar_oids=tuple(dict.fromkeys(reading.oid for reading in scalars)),
        inventory=inventory,
        inventory_oids=tuple(dict.fromkeys(reading.oid for reading in inventory)),
        compute=tuple(compute.values()),
        tables=tuple(_table(name, table) for table in tables.values()),
        writable=MappingProxyType(writable),
    )


def _table(profile: str, table: Table) -> TableReading:
    columns = tuple(_reading(column) for column in table.columns)
    known = {column.value for column in columns} | {step.value for step in table.compute} | table.constants.keys()
    scales = (name for column in columns if column.scaled_by for name in column.scaled_by.model_dump().values())
    wanted = {*table.keep, *table.drop, *table.need, *scales, *(scalar.of for scalar in table.scalars)}
    if missing := wanted - known:
        raise ProfileError(f"{profile}.yaml: table {table.table}: no value {', '.join(sorted(missing))}")
    return TableReading(
        table.table,
        columns,
        tuple(column.oid for column in columns),
        table,
        {name: frozenset(values) for name, values in table.keep.items()},
        {name: re.compile(pattern) for name, pattern in table.drop.items()},
    )


def _reading(symbol: Symbol) -> Reading:
    low, high = symbol.range or (-math.inf, math.inf)
    conversion = Conversion(
        symbol.type,
        symbol.scale,
        re.compile(symbol.pattern, re.IGNORECASE) if symbol.pattern else None,
        {key.casefold(): state for key, state in symbol.states.items()},
        symbol.otherwise,
        frozenset(symbol.absent),
        low,
        high,
    )
    return Reading(symbol.value, oid(symbol.OID), conversion, symbol.scaled_by)
