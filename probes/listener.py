"""What is a listener? It hears what devices say by themselves, and tells how each of them stands then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from probes.observation import Answer
from probes.probe import Options
from probes.standing import State
from probes.target import Target
from probes.tools import Tools


@dataclass(frozen=True, slots=True)
class Heard:
    """One device's check that is heard, not asked.

    `standing`: the rows, as `table/key`, whose rules were not at rest when the daemon last ended, and how they stood.
    Whoever remembers nothing else takes that to be so still. `in_doubt`: so was whether it is heard at all.
    """

    target: Target
    options: Any  # the listener's `options`
    standing: Mapping[str, State] = field(default_factory=dict)
    in_doubt: bool = False


class Voice(Protocol):
    """What a listener may say to the daemon. Only `kept` waits."""

    def say(self, device: str, answer: Answer) -> None:
        """How the device stands now: all that is known of it, not only what is new.

        `Outcome.NO_ANSWER` is a sign of life that did not come. The daemon repeats the last answer by itself when a
        rule wants to look again.
        """

    async def kept(self) -> bool:
        """Is what was said until now written down? True once it is; False if the database takes it not soon enough.

        Whoever acknowledges a message waits for this first: the sender forgets what was acknowledged.
        """

    def count(self, result: str, number: int = 1) -> None:
        """What became of that many messages: a word for the metrics, `taken` or why it was not."""

    def may_log_in(self, device: str) -> bool:
        """May the device's credentials be sent now? Not after they were refused, nor before another check proved them.

        Then say DENIED or OK, so that the daemon learns what came of it.
        """


class Listening(Protocol):
    """A listener at work. It lives as long as the daemon; what it knows of its devices is its own."""

    def attend(self, devices: Mapping[str, Heard]) -> None:
        """Hear these devices from now on; called before `run` and at every reload. What is known of others goes."""

    async def run(self) -> None:
        """Listen, for ever. If it raises, it is run again after a pause, with all that it knew."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One kind of listener: for all devices that have the check of its name.

    `options` are those of a device's check, `settings` those of the listener itself: where it listens. It runs only
    while a device has its check. `uses_login` and `uses_snmp` as of a probe: set them if it sends these credentials.
    """

    kind: str
    start: Callable[[Any, Voice, Tools], Listening]  # settings, voice, tools
    options: type[Options]
    settings: type[Options]
    uses_login: bool = False
    uses_snmp: bool = False
