"""May this device be asked with this password now? One refusal stops every check that would send it again.

Firmware locks accounts after a handful of wrong passwords, so it is the account that counts: thirty cameras that are
watched through the one account of their recorder are tried once, not thirty times. After a refusal only the check that
was refused may try again, when its time has come; the others wait until it succeeds, or until it can say nothing about
the password any more.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from monitor.core.plan import Check, Plan
from probes.observation import Observation, Outcome

Secret = Literal["login", "snmp_login"]  # also the names of the pseudo checks that carry the verdict

SECRETS: tuple[Secret, ...] = ("login", "snmp_login")
FIRST_BACKOFF_SECONDS = 900.0
LONGEST_BACKOFF_SECONDS = 86_400.0


@dataclass(slots=True)
class _Refusal:
    by: tuple[str, str] | None  # device and check that may try again; None: whichever comes first
    retry_at: float
    backoff_seconds: float


@dataclass(slots=True, eq=False)
class _Account:
    """One login at one address. `works`: it was accepted since it was last in doubt."""

    refusal: _Refusal | None = None
    works: bool = False
    refused_at: float = float("-inf")  # last; seconds since the epoch


class Gate:
    """Remembers refusals; `now` is the daemon's clock."""

    def __init__(self, now: Callable[[], float], first_backoff_seconds: float = FIRST_BACKOFF_SECONDS) -> None:
        self._now = now
        self._first = first_backoff_seconds
        self._accounts: dict[Hashable, _Account] = {}
        self._of: dict[tuple[str, Secret], _Account] = {}
        self._proof: dict[tuple[str, Secret], str] = {}  # said to be refused: the check that can prove it; "": any

    def plan(self, plan: Plan) -> list[tuple[str, Secret]]:
        """Learn who shares an account. Gives those that were in doubt and have another address or password now.

        What was refused stays refused while address, ports and credentials are the same.
        """
        before, self._accounts = self._accounts, {}
        was, self._of = self._of, {}
        for one, places in _places(plan).items():
            device, what = one
            target = plan.devices[device].target
            access = target.login if what == "login" else target.snmp
            key = (access or device, frozenset(places))
            account = self._accounts[key] = self._accounts.get(key) or before.get(key) or _Account()
            self._of[one] = account
            refusal = account.refusal
            if refusal is not None and refusal.by is not None and refusal.by not in plan.checks:
                refusal.by = None
        proof, self._proof = self._proof, {}
        for one in proof.keys() & self._of.keys():
            self._proof[one] = proof[one] if (one[0], proof[one]) in plan.checks else ""
        return [one for one in self._proof if was.get(one) is not self._of[one]]

    def admits(self, device: str, secret: Secret, check: str) -> bool:
        """May this check send its credentials now?"""
        refusal = self._account(device, secret).refusal
        return refusal is None or (self._now() >= refusal.retry_at and refusal.by in (None, (device, check)))

    def works(self, device: str, secret: Secret) -> bool:
        """Was it accepted since it was last in doubt?"""
        return self._account(device, secret).works

    def refused_at(self, device: str, secret: Secret) -> float:
        """When it was refused last, in seconds since the epoch; minus infinity if it never was."""
        return self._account(device, secret).refused_at

    def line(self, device: str) -> Hashable:
        """Where a check waits that sends the login: behind others of its device; of its account, until that works."""
        account = self._account(device, "login")
        return device if account.works else account

    def retry_at(self, device: str, secret: Secret) -> float | None:
        """When the next try is due; None if nothing was refused."""
        refusal = self._account(device, secret).refusal
        return refusal.retry_at if refusal else None

    def learn(self, look: Observation, secret: Secret) -> Observation | None:
        """Take a look's outcome in. Returns what the pseudo check saw; None for devices that never refused anything."""
        one, by, account = (look.device, secret), (look.device, look.check), self._account(look.device, secret)
        refusal = account.refusal
        match look.outcome:
            case Outcome.DENIED:
                backoff = self._first if refusal is None else min(refusal.backoff_seconds * 2, LONGEST_BACKOFF_SECONDS)
                account.refusal, account.works = _Refusal(by, self._now() + backoff, backoff), False
                account.refused_at = self._now()
                self._proof[one] = look.check
                return _seen(look, secret, "refused")
            case Outcome.WITHHELD:
                if refusal is None:
                    return None
                self._proof.setdefault(one, "")
                return _seen(look, secret, "refused")
            case Outcome.OK if refusal is None or refusal.by in (None, by):
                account.refusal, account.works = None, True
                return _seen(look, secret, "ok") if self._proof.get(one) in ("", look.check) else None
            case Outcome.OK:
                return None  # perhaps it asks for no password at all
            case _:  # it answers otherwise now: let another check try, or all would wait for this one for ever
                if refusal is not None and refusal.by == by:
                    refusal.by = None
                if self._proof.get(one) == look.check:
                    self._proof[one] = ""
                return None

    def remember(self, device: str, secret: Secret, check: str) -> None:
        """After a restart: this was refused before; do not try at once. `check` "": it is not known by which check."""
        by = (device, check) if check else None
        account = self._account(device, secret)
        account.refusal = _Refusal(by, self._now() + self._first, self._first)
        account.refused_at = self._now()
        self._proof[device, secret] = check

    def open(self, device: str, secret: Secret) -> str | None:
        """Allow one try now: a person says that it is right.

        Returns the check that must try, "" if any may, None if nothing was refused.
        """
        check = self._proof.get((device, secret))
        refusal = self._account(device, secret).refusal
        if check is not None and refusal is not None:
            refusal.retry_at = self._now()
            if refusal.by != (device, check):
                refusal.by = None
        return check

    def _account(self, device: str, secret: Secret) -> _Account:
        account = self._of.get((device, secret))
        if account is None:
            account = self._of[device, secret] = _Account()
        return account


def sends(check: Check, what: Secret) -> bool:
    """Does this check send it?"""
    return check.uses_login if what == "login" else check.uses_snmp


def _places(plan: Plan) -> dict[tuple[str, Secret], set[Hashable]]:
    """Where each device is logged into. Behind one address of a gateway, cameras differ by the ports that are named."""
    found: dict[tuple[str, Secret], set[Hashable]] = {}
    for check in plan.checks.values():
        for what in SECRETS:
            if sends(check, what):
                place = _place(check, plan.devices[check.device].target.host)
                found.setdefault((check.device, what), set()).add(place)
    return found


def _place(check: Check, host: str) -> Hashable:
    url = getattr(check.options, "url", None)
    if not url:
        return host, getattr(check.options, "port", None)
    parts = urlsplit(url.replace("{host}", "host"))
    return host if "{host}" in url else parts.hostname, parts.port


def _seen(look: Observation, secret: Secret, state: str) -> Observation:
    return Observation(
        look.device,
        secret,
        look.at,
        look.duration_seconds,
        Outcome.OK,
        {"state": state, "check": look.check},
        detail=look.detail,
    )
