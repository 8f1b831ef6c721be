"""How does somebody come in, go out, and choose a language?"""

from __future__ import annotations

import logging
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from monitor.locale import LANGUAGES, msg
from monitor.web.access import address_of, form, own_form, read_form
from monitor.web.console import console_of, visitor_of
from monitor.web.rendering import render, set_cookie
from monitor.web.sessions import IDLE_SECONDS, LANGUAGE_COOKIE, SESSION_COOKIE, VISIT_COOKIE, safe_next

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

MAX_NAME: Final = 100
YEAR_SECONDS: Final = 365 * 86_400.0

WRONG: Final = msg("Name or password is wrong.")
OLD_PAGE: Final = msg("This page was open for too long. Please log in again.")
WAIT: Final = msg("Too many tries. Please wait %(duration)s.")


@router.get("/login")
async def show_login(request: Request) -> Response:
    """The login form; whoever is logged in goes on."""
    target = safe_next(request.query_params.get("next", "/"))
    if visitor_of(request).user is not None:
        return RedirectResponse(target, 303)
    return render(request, "login.html", {"target": target, "name": "", "problem": ""})


@router.post("/login")
async def log_in(request: Request) -> Response:
    """Verify name and password; wrong ones cost time."""
    console, visitor = console_of(request), visitor_of(request)
    fields = await read_form(request)
    name, target = fields.get("name", "").strip()[:MAX_NAME], safe_next(fields.get("next", "/"))

    def again(status: int, problem: str, **headers: str) -> Response:
        page = render(request, "login.html", {"target": target, "name": name, "problem": problem}, status=status)
        page.headers.update(headers)
        return page

    if not own_form(request, fields):
        return again(403, visitor.translate(OLD_PAGE))
    now, address = console.live.now(), address_of(request)
    throttles = ((console.by_name, name), (console.by_address, address))
    wait = max(throttle.wait_seconds(key, now) for throttle, key in throttles)
    if wait > 0:
        said = visitor.translate(WAIT) % {"duration": visitor.formats.duration(wait + 1)}
        return again(429, said, **{"retry-after": str(int(wait) + 1)})
    for throttle, key in throttles:
        throttle.strike(key, now)  # before the slow verification, so that many at once count as many
    user = await console.doorkeeper.admit(console.users(), name, fields.get("password", ""))
    if user is None:
        log.warning("login refused from %s", address)
        return again(401, visitor.translate(WRONG))
    for throttle, key in throttles:
        throttle.forgive(key)
    response = RedirectResponse(target, 303)
    session = console.sessions.begin(user)
    set_cookie(request, response, SESSION_COOKIE, console.sessions.write(session), IDLE_SECONDS)
    response.delete_cookie(VISIT_COOKIE)
    return response


@router.post("/logout")
async def log_out(request: Request, _: Annotated[dict[str, str], Depends(form)]) -> Response:
    """End the session everywhere."""
    session = visitor_of(request).session
    if session is not None:
        console_of(request).sessions.end(session)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(SESSION_COOKIE)
    return response


@router.post("/language")
async def choose_language(request: Request, fields: Annotated[dict[str, str], Depends(form)]) -> Response:
    """Remember the language in this browser and go back."""
    response = RedirectResponse(safe_next(fields.get("next", "/")), 303)
    if fields.get("language") in LANGUAGES:
        set_cookie(request, response, LANGUAGE_COOKIE, fields["language"], YEAR_SECONDS)
    return response
