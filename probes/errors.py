"""What can go wrong with one question? Probes raise these; `ask` turns them into an outcome.

Trouble
├── NoAnswer      nothing came in time
├── Refused       connection refused, reset, unreachable
├── Denied        the credentials were refused (raised after ONE try, never retried)
├── Unsupported   the device says that it does not do this
├── Garbled       malformed, or beyond a bound of size, time or depth
├── Unresolved    the name did not resolve
└── LocalTrouble  the monitor's own failing: no sockets, worker died
"""

from __future__ import annotations

from typing import ClassVar

from probes.observation import Outcome


class Trouble(Exception):
    """Base of everything that a probe may raise on purpose; its text is one line for people, without secrets."""

    outcome: ClassVar[Outcome] = Outcome.NO_ANSWER


class NoAnswer(Trouble):
    """Nothing came within the timeout."""

    outcome = Outcome.NO_ANSWER


class Refused(Trouble):
    """The network or the host said no."""

    outcome = Outcome.REFUSED


class Denied(Trouble):
    """The credentials were refused. Raise it at the first refusal: a second try may lock the account."""

    outcome = Outcome.DENIED


class Unsupported(Trouble):
    """The device answered that it does not do this."""

    outcome = Outcome.UNSUPPORTED


class Garbled(Trouble):
    """The answer was malformed or beyond a bound."""

    outcome = Outcome.GARBLED


class Unresolved(Trouble):
    """The name did not resolve."""

    outcome = Outcome.UNRESOLVED


class LocalTrouble(Trouble):
    """The monitor itself could not ask."""

    outcome = Outcome.LOCAL
