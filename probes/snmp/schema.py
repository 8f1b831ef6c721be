"""What may a profile say? One YAML file a device family; see `config/profiles`."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from probes.snmp.ber import oid
from probes.snmp.conversion import Type

MAX_ENTRIES = 200  # symbols, columns or tables of one profile

NEVER_WRITTEN = {  # whatever a profile says: below these nothing is ever set
    "1.3.6.1.4.1.39165.1.5": "deviceID of a Hikvision camera; one public project writes it where it means to restart",
    "1.3.6.1.2.1.33.1.8": "UPS control: it would switch off what it feeds",
    "1.3.6.1.4.1.3967.1.1.5.4": "restores a Bosch camera's factory defaults",
}


def _is_oid(text: str) -> str:
    oid(text)
    return text


def _is_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return text


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Oid = Annotated[str, AfterValidator(_is_oid)]
Pattern = Annotated[str, Field(max_length=200), AfterValidator(_is_pattern)]
Name = Annotated[str, Field(pattern=r"^_?[a-z][a-z0-9_]{0,40}$")]
Confidence = Literal["mib", "recording", "community"]  # how sure: published, seen on a device, hearsay
Entries = Field(default=(), max_length=MAX_ENTRIES)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class Title(_Part):
    """What the family is called."""

    en: str
    zh_CN: str


class Note(_Part):
    """Something to know of the family, in both languages."""

    en: str = Field(min_length=3, max_length=500)
    zh_CN: str = Field(min_length=1, max_length=500)


class Detect(_Part):
    """How the family is recognised: all that is given must hold. By SNMP, or by what ONVIF says of its maker."""

    sysobjectid: Oid | None = None  # prefix
    sysdescr: Pattern | None = None  # searched, without regard to case
    under: Oid | None = None  # the device has something below this OID
    make: Pattern | None = None  # of GetDeviceInformation (ONVIF), searched, without regard to case
    model: Pattern | None = None
    rank: int | None = Field(default=None, ge=0, le=100)  # instead of the file's

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        by_snmp = any(one is not None for one in (self.sysobjectid, self.sysdescr, self.under))
        by_onvif = self.make is not None or self.model is not None
        if by_snmp == by_onvif:
            raise ValueError("give sysobjectid, sysdescr or under, or else make or model; not both in one entry")
        return self


class Stream(_Part):
    """Where the family keeps its streams, for a device that does not say it by ONVIF."""

    path: str = Field(pattern=r"^/[\x21-\x7e]{0,300}$")  # {channel} counts from 1
    use: Literal["main", "sub"]
    source: str = Field(min_length=3)
    confidence: Confidence


class ScaledBy(_Part):
    """Columns with the scale and the precision of this one (ENTITY-SENSOR-MIB)."""

    scale: Name
    precision: Name


class Symbol(_Part):
    """One object and the value that it becomes. A name that begins with "_" serves `compute` only."""

    value: Name
    OID: Oid
    name: str = ""  # in its MIB
    type: Type = "number"
    scale: float = Field(default=1.0, gt=0)
    pattern: Pattern | None = None
    states: dict[str, str] = Field(default_factory=dict)
    otherwise: str | None = None
    absent: tuple[str, ...] = ()
    range: tuple[float, float] | None = None
    scaled_by: ScaledBy | None = None
    inventory: bool = False  # asked now and then: model, serial, firmware
    source: str = ""  # the MIB or the recording that says so; else the file's
    confidence: Confidence | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.type == "state") != bool(self.states):
            raise ValueError("type state and states go together")
        return self


class Compute(_Part):
    """A value made of others: all multiplied, 100·a/b, 100·(b-a)/b, largest, first known, sum of those known."""

    value: Name
    multiply: tuple[Name, ...] | None = None
    percent: tuple[Name, Name] | None = None
    percent_of_rest: tuple[Name, Name] | None = None
    largest: tuple[Name, ...] | None = None
    first: tuple[Name, ...] | None = None
    subtract: tuple[Name, ...] | None = None
    sum: tuple[Name, ...] | None = None

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        given = (self.multiply, self.percent, self.percent_of_rest, self.largest, self.first, self.subtract, self.sum)
        if sum(part is not None for part in given) != 1:
            raise ValueError("give one of multiply, percent, percent_of_rest, largest, first, subtract, sum")
        return self


class Scalar(_Part):
    """A scalar made of a table's rows: of the rows that `where` names, the mean, largest, first or sum."""

    value: Name
    of: Name
    by: Literal["mean", "largest", "first", "sum"]
    where: dict[Name, tuple[str, ...]] = Field(default_factory=dict)


class Table(_Part):
    """A table, row by row. One whose name begins with "_" serves `scalars` only."""

    table: Name
    columns: tuple[Symbol, ...] = Field(min_length=1, max_length=MAX_ENTRIES)
    index_parts: tuple[int, ...] | None = None  # which numbers of the index make the row's key; all, joined by "."
    first: int | None = Field(default=None, ge=1, le=1)  # key of the first row, where the device counts from 0
    prefix: str = Field(default="", max_length=20)  # of the key, where several walks make one table
    constants: dict[Name, str] = Field(default_factory=dict)  # values that every row has
    keep: dict[Name, tuple[str, ...]] = Field(default_factory=dict)  # only rows where the value is one of these
    drop: dict[Name, Pattern] = Field(default_factory=dict)  # no rows where the value matches
    need: tuple[Name, ...] = ()  # only rows that have these values
    compute: tuple[Compute, ...] = Entries
    scalars: tuple[Scalar, ...] = Entries


class Writable(_Part):
    """What may be set, and to what. Nothing else ever is."""

    symbol: Name
    OID: Oid
    values: dict[str, int]
    source: str = Field(min_length=3)
    confidence: Literal["mib", "recording"]

    @model_validator(mode="after")
    def _is_harmless(self) -> Self:
        for prefix, why in NEVER_WRITTEN.items():
            if prefix == self.OID or self.OID.startswith(f"{prefix}."):
                raise ValueError(f"{self.OID} is never written: {why}")
        return self


class ProfileFile(_Part):
    """A whole file. Files whose name begins with "_" are only extended, never chosen."""

    title: Title
    vendor: str = ""  # the value `vendor` where the device gives none
    source: str = ""  # of every object that names none itself
    confidence: Confidence | None = None
    kind: Literal["camera", "recorder", "panel", "switch", "ups", "gateway", "server", "sensor", "any"] = "any"
    extends: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()  # other names under which the same devices are sold
    notes: tuple[Note, ...] = Field(default=(), max_length=20)  # quirks of the firmware
    checks: tuple[Name, ...] = ()  # which checks make sense, the most telling first
    streams: tuple[Stream, ...] = Field(default=(), max_length=20)
    traps: tuple[Name, ...] = ()  # files of `config/traps` with what it says by itself
    rules: tuple[dict[str, Any], ...] = Field(default=(), max_length=50)  # as in `config/rules`; the daemon reads them
    detect: tuple[Detect, ...] = ()
    rank: int = Field(default=50, ge=0, le=100)  # of several that fit, the highest is taken
    symbols: tuple[Symbol, ...] = Entries
    compute: tuple[Compute, ...] = Entries
    tables: tuple[Table, ...] = Entries
    writable: tuple[Writable, ...] = ()

    @model_validator(mode="after")
    def _names_sources(self) -> Self:
        for symbol in (*self.symbols, *(column for table in self.tables for column in table.columns)):
            if not (symbol.source or self.source) or (symbol.confidence or self.confidence) is None:
                raise ValueError(f"{symbol.value}: give source and confidence, of the object or of the file")
        return self
