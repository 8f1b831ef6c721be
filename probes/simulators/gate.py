"""May this client log in? HTTP Digest and WS-Security as a camera checks them, and a count of who was refused."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto

SKEW_SECONDS = 20.0  # a signature may be that far from the camera's own clock
LOCK_AFTER, LOCK_SECONDS = 7, 300.0  # wrong passwords until the account is locked, as cameras do
_NONCE_SECONDS = 300.0
_MAX_NONCES = 256
_MAX_HEADER = 4_096
_FIELD = re.compile(r'([a-zA-Z]{1,16})=(?:"([^"]*)"|([^",\s]*))')
_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


class Verdict(Enum):
    """What came of a login."""

    WELCOME = auto()
    MISSING = auto()  # no credentials of this kind in the request
    STALE = auto()  # the right password for a challenge that is too old
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class UsernameToken:
    """The WS-Security header: digest and nonce in base64, `created` in ISO 8601 (OASIS UsernameToken Profile 1.1)."""

    username: str
    digest: str
    nonce: str
    created: str


class Gate:
    """Guards one device. `password` may be changed; `refused` counts the refused logins of each protocol.

    Wrong passwords lock the account: then the right one is refused as well.
    """

    def __init__(
        self,
        username: str,
        password: str,
        algorithms: tuple[str, ...] = ("MD5",),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.username, self.password = username, password
        self.others: dict[str, str] = {}  # further users and their passwords
        self.refused: Counter[str] = Counter()
        self.accepted: Counter[str] = Counter()
        self._algorithms, self._clock = algorithms, clock
        self._realm = "IP Camera(" + secrets.token_hex(3) + ")"
        self._challenges: OrderedDict[str, float] = OrderedDict()
        self._seen: OrderedDict[str, float] = OrderedDict()  # nonces of UsernameTokens
        self._wrong, self._locked_until = 0, 0.0

    @property
    def locked(self) -> bool:
        """Have too many wrong passwords come?"""
        return self._clock() < self._locked_until

    def challenges(self, *, stale: bool = False) -> list[str]:
        """Values of WWW-Authenticate headers, the preferred algorithm first (RFC 7616 section 3.7)."""
        nonce = secrets.token_hex(16)
        _remember(self._challenges, nonce, self._clock())
        tail = ', stale="true"' if stale else ""
        return [
            f'Digest realm="{self._realm}", qop="auth", nonce="{nonce}", algorithm={algorithm}{tail}'
            for algorithm in self._algorithms
        ]

    def check_digest(self, header: str | None, method: str, uri: str, protocol: str) -> Verdict:
        """The Authorization header of a request (RFC 7616, RFC 2069)."""
        if header is None or not header[:_MAX_HEADER].lower().startswith("digest "):
            return Verdict.MISSING
        fields = {name: quoted or bare for name, quoted, bare in _FIELD.findall(header[:_MAX_HEADER])}
        made = self._challenges.get(fields.get("nonce", ""))
        if made is None or self._clock() - made > _NONCE_SECONDS:
            return Verdict.STALE
        right = fields.get("uri") == uri and self._matches(fields, method)
        return self._judge(right, protocol)

    def check_token(self, token: UsernameToken | None, now: float, protocol: str) -> Verdict:
        """A UsernameToken, judged by the device's own clock `now` (seconds since the epoch)."""
        if token is None:
            return Verdict.MISSING
        try:
            nonce = base64.b64decode(token.nonce, validate=True)
            created = datetime.fromisoformat(token.created.replace("Z", "+00:00"))
        except (binascii.Error, ValueError):
            return self._judge(False, protocol)
        if created.tzinfo is None:
            created = created.replace(tzinfo=UTC)
        if abs(created.timestamp() - now) > SKEW_SECONDS or token.nonce in self._seen:
            self.refused[protocol] += 1  # the password may be right, so that this does not lock the account
            return Verdict.REFUSED
        _remember(self._seen, token.nonce, now)
        password = self._password_of(token.username)
        expected = hashlib.sha1(
            nonce + token.created.encode() + (password or "").encode(errors="replace"), usedforsecurity=False
        ).digest()
        right = password is not None and _same(base64.b64encode(expected).decode(), token.digest)
        return self._judge(right, protocol)

    def _password_of(self, username: str) -> str | None:
        return self.password if username == self.username else self.others.get(username)

    def _matches(self, fields: Mapping[str, str], method: str) -> bool:
        algorithm = fields.get("algorithm", "MD5").upper()
        password = self._password_of(fields.get("username", ""))
        if algorithm not in self._algorithms or password is None:
            return False

        def hashed(text: str) -> str:
            return _HASHES[algorithm](text.encode(errors="replace"), usedforsecurity=False).hexdigest()

        secret = hashed(f"{fields['username']}:{self._realm}:{password}")
        asked = hashed(f"{method}:{fields.get('uri', '')}")
        middle = fields["nonce"]
        if "qop" in fields:
            middle += f":{fields.get('nc', '')}:{fields.get('cnonce', '')}:{fields['qop']}"
        return _same(hashed(f"{secret}:{middle}:{asked}"), fields.get("response", ""))

    def _judge(self, right: bool, protocol: str) -> Verdict:
        if self.locked:
            self.refused[protocol] += 1
            return Verdict.REFUSED
        if right:
            self._wrong = 0
            self.accepted[protocol] += 1
            return Verdict.WELCOME
        self.refused[protocol] += 1
        self._wrong += 1
        if self._wrong >= LOCK_AFTER:
            self._wrong, self._locked_until = 0, self._clock() + LOCK_SECONDS
        return Verdict.REFUSED


def _remember(nonces: OrderedDict[str, float], nonce: str, at: float) -> None:
    nonces[nonce] = at
    while len(nonces) > _MAX_NONCES:
        nonces.popitem(last=False)


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(errors="replace"), given.encode(errors="replace"))
