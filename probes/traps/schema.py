"""What may a file of trap meanings say? See `config/traps`."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from probes.snmp.ber import oid
from probes.standing import State

MAX_ENTRIES = 200


def _is_oid(text: str) -> str:
    oid(text)
    return text


def _is_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return text


Oid = Annotated[str, AfterValidator(_is_oid)]
Pattern = Annotated[str, Field(max_length=400), AfterValidator(_is_pattern)]
Event = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class EventOf(_Part):
    """The event by the value of a variable, as text."""

    OID: Oid
    events: dict[str, Event]
    otherwise: Event


class StateOf(_Part):
    """The state by the value of a variable, as text: any that does not say `cleared` has raised it."""

    OID: Oid
    cleared: tuple[str, ...] = Field(min_length=1)


class Meaning(_Part):
    """What one trap says: which row it changes, and how."""

    trap: Oid = Field(description="its OID; of version 1 `enterprise.0.specific`")
    name: str = Field(default="", max_length=60, description="in its MIB")
    event: Event | None = Field(default=None, description="what rules go by")
    event_of: EventOf | None = Field(default=None, description="the event is in a variable")
    state: State | None = None
    state_of: StateOf | None = Field(default=None, description="the state is in a variable")
    item: Oid | None = Field(
        default=None, description="variable at or below this OID tells which one: port, disk, alarm"
    )
    quote: dict[Name, Oid] = Field(default={}, max_length=8, description="variables that a ticket quotes")
    ends_after_seconds: float | None = Field(
        default=None, ge=1, le=86_400, description="it is over then, if it is not repeated: for what has no opposite"
    )
    source: str = Field(default="", description="the MIB that says so, where it is not the file's")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.event is None) == (self.event_of is None):
            raise ValueError("give one of event and event_of")
        if (self.state is None) == (self.state_of is None):
            raise ValueError("give one of state and state_of")
        return self


class Words(_Part):
    """An event by the words of a text, for traps that no file knows."""

    event: Event
    words: Pattern


class TrapFile(_Part):
    """A whole file."""

    source: str = Field(min_length=3)
    confidence: Literal["mib", "recording", "community"]
    traps: tuple[Meaning, ...] = Field(default=(), max_length=MAX_ENTRIES)
    words: tuple[Words, ...] = Field(default=(), max_length=MAX_ENTRIES)
    cleared_words: Pattern | None = None
