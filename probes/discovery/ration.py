"""May this host be shown the login? Once until it has said yes, and never again after it has said no."""

from __future__ import annotations

from probes.bounds import line
from probes.discovery.found import MAX_TEXT, Refusal
from probes.discovery.scope import Access
from probes.target import Login


class Ration:
    """The login of one host, whatever the protocol: cameras lock the account, or the asker's address, for all of them.

    The questions of one host are put one after the other, so that a refusal counts before the next is put.
    """

    def __init__(self, access: Access | None) -> None:
        self._access = access
        self._refused: list[Refusal] = []
        self.accepted = False

    @property
    def login(self) -> Login | None:
        """The login, as long as nobody has refused it."""
        return None if self._refused or self._access is None else self._access.login

    @property
    def name(self) -> str:
        """Name of the credentials."""
        return self._access.name if self._access else ""

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """At most one."""
        return tuple(self._refused)

    def refuse(self, protocol: str, detail: str) -> None:
        """The host has said no; `login` is None from now on."""
        if self.login is not None:
            self._refused.append(Refusal(protocol, self.name, line(detail, MAX_TEXT)))

    def accept(self) -> None:
        """The host has said yes."""
        self.accepted = self.login is not None
