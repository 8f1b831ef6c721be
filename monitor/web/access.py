"""May this request do that? Dependencies of the routes, for pages and API alike."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlsplit

from starlette.formparsers import MultiPartException
from starlette.requests import Request

from monitor.web.console import console_of, visitor_of
from monitor.web.refusal import Refusal
from monitor.web.users import Role, User, bearer

MAX_FIELDS: Final = 40


def reader(request: Request) -> User:
    """Whoever is logged in or sends a valid token; else 401."""
    header = request.headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    user = _by_token(request, token.strip()) if scheme.lower() == "bearer" else visitor_of(request).user
    if user is None:
        raise Refusal(401, "no session and no valid bearer token", headers={"www-authenticate": "Bearer"})
    return user


def _by_token(request: Request, token: str) -> User | None:
    """Guessing tokens is slowed down like guessing passwords."""
    console, now, address = console_of(request), console_of(request).live.now(), address_of(request)
    wait = console.by_address.wait_seconds(address, now)
    if wait > 0:
        raise Refusal(429, "too many wrong tokens", headers={"retry-after": str(int(wait) + 1)})
    user = bearer(console.users(), token)
    if user is None:
        console.by_address.strike(address, now)
    return user


def technician(request: Request) -> User:
    """A technician or manager; else 401 or 403."""
    user = reader(request)
    if user.role.rank < Role.TECHNICIAN.rank:
        raise Refusal(403, f"the role {user.role.value} does not allow this")
    return user


def writer(request: Request) -> User:
    """A technician or manager whose request no other site's page can have sent: by token, or with X-CSRF-Token."""
    user = technician(request)
    if "authorization" not in request.headers and not own_form(request, {}):
        raise Refusal(403, "the header X-CSRF-Token does not fit the session")
    return user


async def form(request: Request) -> dict[str, str]:
    """The fields of a form that one of our own pages sent; else 403. The last value of a name counts."""
    fields = await read_form(request)
    if not own_form(request, fields):
        raise Refusal(403, "the form's token does not fit", reason="form")
    return fields


async def upload(request: Request) -> bytes:
    """The one file of a form that one of our own pages sent; else 400 or 403."""
    try:
        async with request.form(max_files=1, max_fields=4) as found:
            fields = {name: value for name, value in found.items() if isinstance(value, str)}
            if not own_form(request, fields):
                raise Refusal(403, "the form's token does not fit", reason="form")
            files = [value for value in found.values() if not isinstance(value, str)]
            return await files[0].read() if files else b""
    except MultiPartException:
        raise Refusal(400, "a form with a file must be multipart/form-data") from None


async def read_form(request: Request) -> dict[str, str]:
    """The fields as they came; 400 if they cannot be read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", ""):
        raise Refusal(400, "a form must be application/x-www-form-urlencoded")
    body = await request.body()
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Refusal(400, f"more than {MAX_FIELDS} fields") from None
    return dict(pairs)


def own_form(request: Request, fields: dict[str, str]) -> bool:
    """Did one of our pages, in this browser, send it?"""
    token = fields.get("form_token") or request.headers.get("x-csrf-token", "")
    return same_origin(request) and console_of(request).sessions.form_token_fits(visitor_of(request).nonce, token)


def same_origin(request: Request) -> bool:
    """What the browser says of where the request comes from; one that says nothing is judged by its token alone."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host", "")


def address_of(request: Request) -> str:
    """The client's address, by which wrong guesses are counted; an IPv6 address counts as its /64."""
    host = request.client.host if request.client else ""
    return ":".join(host.split(":")[:4]) if host.count(":") >= 4 else host
