"""What do the console's pages work with? The running site, the store, the users, and who is asking."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from starlette.requests import Request

from monitor.engine.live import Live
from monitor.locale import LANGUAGES, Formats, Translate, translate
from monitor.web.reads import Reads
from monitor.web.sessions import LANGUAGE_COOKIE, SESSION_COOKIE, VISIT_COOKIE, Session, Sessions, new_visit
from monitor.web.sweeping import Sweeping
from monitor.web.throttle import Throttle
from monitor.web.users import Doorkeeper, User
from monitor.web.views.directory import Directory
from ticketing.ticket import Language

Metrics = Callable[[], Awaitable[bytes | Sequence[bytes | bytearray]] | bytes]
"""The page, whole or in pieces."""
Users = Callable[[], Mapping[str, User]]


@dataclass(frozen=True, slots=True)
class Options:
    """How the console is set up. `metrics_access`: who may read /metrics besides API tokens."""

    secure_cookies: bool = False  # browsers come by HTTPS only, perhaps through a proxy
    metrics_access: Literal["loopback", "token", "everybody"] = "loopback"
    streams: int = 200  # live pages at once
    streams_each: int = 12  # of one user
    heartbeat_seconds: float = 15.0


@dataclass(slots=True)
class Console:
    """Lives as long as the application; one thread, the loop's."""

    live: Live
    store: Reads
    users: Users
    sessions: Sessions
    options: Options
    metrics: Metrics | None
    doorkeeper: Doorkeeper = field(default_factory=Doorkeeper)
    by_name: Throttle = field(default_factory=lambda: Throttle(longest_seconds=60.0))
    by_address: Throttle = field(default_factory=lambda: Throttle(longest_seconds=900.0))
    streams: dict[str, int] = field(default_factory=dict)  # user -> live pages
    asking: dict[str, float] = field(default_factory=dict)  # device -> when somebody last asked it by hand
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    site_file: Path | None = None  # what discovery compares with; None: there is no discovery
    sweeping: Sweeping | None = None  # the last one that somebody began
    _directory: Directory | None = None

    @property
    def directory(self) -> Directory:
        """The devices of the plan that is in force."""
        if self._directory is None or self._directory.plan is not self.live.plan:
            self._directory = Directory(self.live.plan)
        return self._directory


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is asking, and how to speak to them. `nonce` is what the tokens of their forms are made for."""

    session: Session | None
    nonce: str
    new: bool  # the browser has neither session nor visit yet
    language: Language
    formats: Formats
    translate: Translate

    @property
    def user(self) -> User | None:
        """The user, if logged in."""
        return self.session.user if self.session else None


def console_of(request: Request) -> Console:
    """The console that serves this request."""
    console = request.app.state.console
    assert isinstance(console, Console)
    return console


def visitor_of(request: Request) -> Visitor:
    """Who sent this request; found once for each request."""
    known = getattr(request.state, "visitor", None)
    if known is None:
        known = request.state.visitor = _visitor(request, console_of(request))
    assert isinstance(known, Visitor)
    return known


def _visitor(request: Request, console: Console) -> Visitor:
    cookie = request.cookies.get(SESSION_COOKIE)
    session = console.sessions.read(cookie, console.users()) if cookie else None
    visit = request.cookies.get(VISIT_COOKIE, "")[:64]
    nonce = session.nonce if session else visit or new_visit()
    site = console.live.plan.site
    language = _language(request, session, site.language)
    new = session is None and not visit
    return Visitor(session, nonce, new, language, Formats(language, site.timezone), translate(language))


def _language(request: Request, session: Session | None, otherwise: Language) -> Language:
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    for language in LANGUAGES:
        if language == chosen:
            return language
    if session is not None and session.user.language:
        return session.user.language
    return accepted(request.headers.get("accept-language", "")) or otherwise


def accepted(header: str) -> Language | None:
    """The best of our languages in an Accept-Language header (RFC 9110, section 12.5.4); None: none of them."""
    best: tuple[float, Language] | None = None
    for part in header[:500].split(","):
        tag, _, parameters = part.strip().partition(";")
        language = _spoken(tag.strip().lower())
        quality = _quality(parameters)
        if language is not None and quality > 0 and (best is None or quality > best[0]):
            best = (quality, language)
    return best[1] if best else None


def _spoken(tag: str) -> Language | None:
    primary = tag.split("-", maxsplit=1)[0]
    return "zh_CN" if primary == "zh" else "en" if primary == "en" else None


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0
