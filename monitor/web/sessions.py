"""Who sent this request, and did one of our own pages send it?

The session is a signed cookie; nothing is stored but the sessions that were ended early. A form's token is a MAC over
the session's (or, before login, the visitor's) own random number, so that a token of one browser fits no other.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from itsdangerous import BadSignature, URLSafeSerializer

from monitor.web.users import User

SESSION_COOKIE: Final = "sitewarden_session"
VISIT_COOKIE: Final = "sitewarden_visit"
LANGUAGE_COOKIE: Final = "sitewarden_language"
IDLE_SECONDS: Final = 12 * 3_600.0
RENEW_SECONDS: Final = 900.0  # a session younger than this is not written again
LONGEST_SECONDS: Final = 7 * 86_400.0
MAX_ENDED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is logged in. Times are seconds since the epoch."""

    user: User
    nonce: str
    began: float
    seen: float


class Sessions:
    """Writes and reads signed cookies with keys drawn from one secret (at least 16 bytes)."""

    def __init__(self, secret_key: bytes, now: Callable[[], float]) -> None:
        if len(secret_key) < 16:
            raise ValueError("the secret key needs at least 16 bytes")
        self._signer = URLSafeSerializer(secret_key, salt="session", signer_kwargs={"digest_method": hashlib.sha256})
        self._key = hashlib.sha256(b"form\0" + secret_key).digest()
        self._now = now
        self._ended: OrderedDict[str, float] = OrderedDict()

    def begin(self, user: User) -> Session:
        """A new session with a new random number, so that none can be fixed from outside."""
        now = self._now()
        return Session(user, secrets.token_urlsafe(18), now, now)

    def write(self, session: Session) -> str:
        """The cookie's text."""
        user = session.user
        text = self._signer.dumps([user.name, self._mark(user), session.nonce, int(session.began), int(session.seen)])
        return text if isinstance(text, str) else text.decode("ascii")

    def read(self, cookie: str, users: Mapping[str, User]) -> Session | None:
        """The session of a cookie; None if forged, too old or ended, or if its user is gone or has a new password."""
        try:
            name, mark, nonce, began, seen = self._signer.loads(cookie)
        except (BadSignature, ValueError, TypeError):
            return None
        user, now = users.get(name), self._now()
        if user is None or not hmac.compare_digest(mark, self._mark(user)) or nonce in self._ended:
            return None
        if now - seen > IDLE_SECONDS or now - began > LONGEST_SECONDS:
            return None
        return Session(user, nonce, began, seen)

    def due(self, session: Session) -> bool:
        """Should the cookie be written anew, because its holder is still here?"""
        return self._now() - session.seen > RENEW_SECONDS

    def renewed(self, session: Session) -> Session:
        """The same session, seen now."""
        return Session(session.user, session.nonce, session.began, self._now())

    def end(self, session: Session) -> None:
        """Its cookie opens nothing any more, even where a copy was kept."""
        self._ended[session.nonce] = session.began
        while len(self._ended) > MAX_ENDED:
            self._ended.popitem(last=False)

    def form_token(self, nonce: str) -> str:
        """What a form of this visitor must carry."""
        return hmac.new(self._key, nonce.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def form_token_fits(self, nonce: str, token: str) -> bool:
        """Is it that visitor's token?"""
        return hmac.compare_digest(self.form_token(nonce).encode(), token.encode("utf-8", "replace"))

    def _mark(self, user: User) -> str:
        return hmac.new(self._key, b"password\0" + user.password.encode(), hashlib.sha256).hexdigest()[:16]


def new_visit() -> str:
    """The random number of a browser that is not logged in."""
    return secrets.token_urlsafe(18)


def safe_next(target: str) -> str:
    r"""Where to go after login: a path of this console, or its front page. Never another host.

    A browser reads `\` as `/`, drops control characters, and takes `//host` for a host.
    """
    plain = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if plain and len(target) <= 500 and "\\" not in target and target.isprintable() else "/"
