"""How does a page get from its template to the browser?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from monitor import __version__
from monitor.locale import catalogue
from monitor.web.console import Visitor, console_of, visitor_of
from monitor.web.sessions import IDLE_SECONDS, SESSION_COOKIE, VISIT_COOKIE
from monitor.web.static_files import asset
from monitor.web.users import Role
from monitor.web.views import labels
from ticketing.ticket import Language

_LABELS: Final = {name: table for name, table in vars(labels).items() if name.isupper()}


@cache
def environment(language: Language) -> Environment:
    """The templates in one language; whatever is put into them is escaped."""
    env = Environment(
        loader=PackageLoader("monitor.web", "templates"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    words = catalogue(language)
    env.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.globals.update(labels=_LABELS, asset=asset, version=__version__, Role=Role)
    env.filters["path"] = lambda text: quote(str(text), safe="")
    return env


def render(request: Request, template: str, data: Mapping[str, Any], *, status: int = 200) -> HTMLResponse:
    """The page for this visitor."""
    console, visitor = console_of(request), visitor_of(request)
    user = visitor.user
    context = {
        "site": console.live.plan.site,
        "ready": console.live.health.ready,
        "user": user,
        "working": user is not None and user.role is not Role.VIEWER,
        "language": visitor.language,
        "fmt": visitor.formats,
        "now": console.live.now(),
        "commits": console.live.stats.commits,
        "form_token": console.sessions.form_token(visitor.nonce),
        "request_id": request.state.request_id,
        "here": request.url.path,
        "query": request.url.query,
        **data,
    }
    response = HTMLResponse(environment(visitor.language).get_template(template).render(context), status)
    response.headers["vary"] = "Cookie, Accept-Language"
    response.headers["content-language"] = visitor.language.replace("_", "-")
    _set_cookies(request, response, visitor)
    return response


def _set_cookies(request: Request, response: HTMLResponse, visitor: Visitor) -> None:
    console = console_of(request)
    if visitor.new:
        set_cookie(request, response, VISIT_COOKIE, visitor.nonce, None)
    if visitor.session and console.sessions.due(visitor.session):
        renewed = console.sessions.renewed(visitor.session)
        set_cookie(request, response, SESSION_COOKIE, console.sessions.write(renewed), IDLE_SECONDS)


def set_cookie(request: Request, response: Any, name: str, value: str, seconds: float | None) -> None:
    """A cookie that no script reads and no other site's form sends; `seconds` None: until the browser closes."""
    secure = console_of(request).options.secure_cookies or request.url.scheme == "https"
    max_age = None if seconds is None else int(seconds)
    response.set_cookie(name, value, max_age=max_age, httponly=True, secure=secure, samesite="lax", path="/")
