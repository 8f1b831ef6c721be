"""What holds for every request? A number, bounded size and time, safe headers, and an answer at the end."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

MAX_BODY: Final = 64 * 1024  # bytes; the largest form is three texts of 4,000 characters
MAX_UPLOAD: Final = 512 * 1024  # of what was learned of a camera's pictures
UPLOADS: Final = "/reference"  # the end of the paths that take one
BODY_SECONDS: Final = 20.0
MAX_PATH: Final = 2_000  # bytes of path and query

_POLICY: Final = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
    "manifest-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
))  # fmt: skip
_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}

Refuse = Callable[[Request, int], Awaitable[Response]]


class TooLarge(Exception):
    """The body is larger than `most_of` allows."""


class TooSlow(Exception):
    """The body did not come within `BODY_SECONDS`."""


class Envelope:
    """ASGI middleware around the whole application. `refuse(request, status)` words an error for its reader."""

    def __init__(self, app: ASGIApp, refuse: Refuse) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number = secrets.token_hex(6)
        scope.setdefault("state", {})["request_id"] = number
        answering = _Answering(send, number, scope)
        status = 414 if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_PATH else _length_refused(scope)
        if not status:
            inner = {**scope, "method": "GET"} if answering.head else scope
            try:
                await self._app(inner, _Bounded(receive, most_of(scope)), answering)
                return
            except TooLarge:
                status = 413
            except TooSlow:
                status = 408
            except Exception:
                log.exception("request %s failed: %s %s", number, scope["method"], scope["path"])
                status = 500
        if not answering.began:
            response = await self._refuse(Request(scope), status)
            response.headers["connection"] = "close"  # what is left of the body is not read
            await response(scope, receive, answering)


def _length_refused(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return 0 if value.isdigit() and len(value) < 10 and int(value) <= most_of(scope) else 413
    return 0


def most_of(scope: Scope) -> int:
    """Bytes that the body of this request may have."""
    return MAX_UPLOAD if scope["method"] == "POST" and scope["path"].endswith(UPLOADS) else MAX_BODY


class _Bounded:
    """Receives a body that may not grow or dawdle."""

    __slots__ = ("_ended", "_most", "_receive", "_size")

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = most
        self._size = 0
        self._ended = False

    async def __call__(self) -> Message:
        if self._ended:  # only the disconnection can come now, and that may take as long as it likes
            return await self._receive()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                message = await self._receive()
        except TimeoutError:
            raise TooSlow from None
        if message["type"] == "http.request":
            self._size += len(message.get("body", b""))
            self._ended = not message.get("more_body", False)
            if self._size > self._most:
                raise TooLarge
        return message


class _Answering:
    """Sends the answer with the headers that every answer has; to HEAD the headers alone, even of an endless one."""

    __slots__ = ("_number", "_secure", "_send", "began", "head")

    def __init__(self, send: Send, number: str, scope: Scope) -> None:
        self._send = send
        self._number = number
        self._secure = scope["scheme"] == "https"
        self.head = scope["method"] == "HEAD"
        self.began = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.began = True
            self._add_headers(MutableHeaders(scope=message))
            await self._send(message)
            if self.head:
                await self._send({"type": "http.response.body", "body": b""})
        elif not self.head:
            await self._send(message)

    def _add_headers(self, headers: MutableHeaders) -> None:
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        headers["x-request-id"] = self._number
        headers.setdefault("cache-control", "no-store")
        if self._secure:
            headers["strict-transport-security"] = "max-age=31536000"
