"""What is a probe? One kind of question, its options, and how often it is worth asking."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from probes.observation import Answer
from probes.target import Target
from probes.tools import Tools


class Lane(StrEnum):
    """Where a check runs: `wire` waits for sockets only, `decode` needs a worker process."""

    WIRE = "wire"
    DECODE = "decode"


class Options(BaseModel):
    """Base of every probe's options: unknown keys are errors, values cannot change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Ask = Callable[[Target, Any, Tools], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Probe:
    """One kind of question.

    `ask(target, options, tools)` returns an Answer or raises a `probes.errors.Trouble`; the caller owns the timeout.
    `uses_login` / `uses_snmp` say which credentials it sends, so that a refused password stops every check that would
    send it again.
    """

    kind: str
    ask: Ask
    options: type[Options]
    lane: Lane = Lane.WIRE
    every_seconds: float = 60.0
    timeout_seconds: float = 5.0
    uses_login: bool = False
    uses_snmp: bool = False
