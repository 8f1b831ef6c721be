"""What does a device answer over HTTP, within bounds?"""

from __future__ import annotations

import errno
import os
import socket
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import (
    ClientError,
    ClientPayloadError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    ServerDisconnectedError,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDictProxy
from yarl import URL

from probes.digest import authorization, stale
from probes.errors import Denied, Garbled, Refused, Unsupported
from probes.interim import ENDLESS, Connector
from probes.resolve import resolve
from probes.target import Login, redact
from probes.tools import Tools, trace

MAX_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_NO_TIMEOUT: Final = ClientTimeout(total=None, connect=None, sock_read=None, sock_connect=None, ceil_threshold=5)
_NO_HEADERS: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: the status, the headers (case does not matter), the body (uncompressed).

    `signed`: the request carried an Authorization header.
    """

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    signed: bool = False


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    where: URL
    headers: Mapping[str, str]
    body: bytes | None
    max_bytes: int
    verify: bool


class _Resolver(AbstractResolver):
    """Names by way of `probes.resolve`."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await resolve(host, self._tools)
        return [
            ResolveResult(
                hostname=host, host=found.ip, port=port, family=found.family, proto=0, flags=socket.AI_NUMERICHOST
            )
        ]

    async def close(self) -> None:
        """Nothing of its own to close."""


class Web:
    """The HTTP client of this process; `tools.get(Web)`.

    No cookies, no proxy, nothing from the environment. The number of requests at once is the caller's matter, but one
    device gets at most four connections.
    """

    def __init__(self, tools: Tools) -> None:
        self._session = ClientSession(
            connector=Connector(
                limit=0,
                limit_per_host=4,
                keepalive_timeout=2.0,
                ssl=_unverified(),
                resolver=_Resolver(tools),
                use_dns_cache=False,
            ),
            cookie_jar=DummyCookieJar(),
            timeout=_NO_TIMEOUT,
            headers={"User-Agent": "Sitewarden", "Accept": "*/*", "Accept-Encoding": "identity"},
            auto_decompress=False,
            trust_env=False,
            max_line_size=8_190,
            max_field_size=8_190,
            max_headers=64,
        )
        self._verified = ssl.create_default_context()

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        host: str,
        headers: Mapping[str, str] = _NO_HEADERS,
        body: bytes | None = None,
        login: Login | None = None,
        max_bytes: int = 1_048_576,
        verify: bool = False,
    ) -> Response:
        """GET or POST `url`, which must be on `host`; read at most `max_bytes`, compressed and uncompressed.

        Redirects are followed three times on that host; one that leads elsewhere is returned as it is. The login is
        sent only after a 401 that asks for it (RFC 7617, RFC 7616). The caller owns the timeout.

        Raises Denied (the login was refused), Unsupported (a kind of authentication that we do not speak), Refused,
        Garbled, Unresolved, and the OSError of a connection that failed. A 401 without a login, or one that names no
        challenge, is returned.
        """
        request = _Request(method, _parse(url, host), headers, body, max_bytes, verify)
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._answer_challenge(request, login)
            location = response.headers.get("Location")
            if response.status not in _REDIRECTS or not location:
                return response
            try:
                there = _parse(str(request.where.join(URL(location))), host)
            except (Garbled, ValueError):
                trace("redirect to another host or scheme: not followed")
                return response
            if request.where.scheme == "https" and there.scheme == "http":
                login = None  # never repeat over the open wire what was meant for TLS
            request = replace(request, where=there)
            if response.status == 303:
                request = replace(request, method="GET", body=None)
        raise Garbled(f"more than {MAX_REDIRECTS} redirects")

    async def _answer_challenge(self, request: _Request, login: Login | None) -> Response:
        """One exchange; where it is challenged, once more with the login, and once again if the nonce was stale."""
        response = await self._exchange(request)
        if login is None:
            return response
        for attempt in (1, 2):
            challenges = response.headers.getall("WWW-Authenticate", [])
            if response.status != 401 or not challenges:
                return response
            if attempt == 2 and not stale(challenges):
                break
            answer = authorization(challenges, request.method, request.where.raw_path_qs, login)
            if not _is_utf8(answer):
                raise Unsupported("its authentication realm or nonce is not UTF-8")
            headers = {**request.headers, "Authorization": answer}
            response = await self._exchange(replace(request, headers=headers))
        if response.status == 401:
            raise Denied(f"the credentials of user {login.username!r} were refused (HTTP 401)")
        return response

    async def _exchange(self, request: _Request) -> Response:
        """One request, one response."""
        where = request.where
        try:
            async with self._session.request(
                request.method,
                where,
                headers=request.headers,
                data=request.body,
                allow_redirects=False,
                ssl=self._verified if request.verify else True,
            ) as answer:
                body = await _read(answer, request.max_bytes)
        except ClientSSLError as error:
            raise Refused(f"TLS failed: {_short(error)}") from error
        except ServerDisconnectedError as error:
            raise Refused("the device closed the connection without an answer") from error
        except ClientPayloadError as error:
            raise Garbled("the answer breaks off") from error
        except (ClientResponseError, InvalidURL) as error:
            if isinstance(error, ClientResponseError) and error.message == ENDLESS:
                raise Garbled(ENDLESS) from error
            raise Garbled(f"not HTTP: {_short(error)}") from error
        except ClientError as error:
            if isinstance(error, OSError):
                code = error.errno or errno.ECONNABORTED
                raise OSError(code, os.strerror(code)) from error
            raise Garbled(_short(error)) from error
        trace(
            "%s %s://%s:%s%s -> %d, %d bytes",
            request.method, where.scheme, where.host, where.port, redact(where.raw_path), answer.status, len(body),
        )  # fmt: skip
        return Response(answer.status, answer.headers, body, "Authorization" in request.headers)


def address(host: str, port: int, path: str, *, tls: bool = False) -> str:
    """The URL of `path` on that host, IPv6 literals in brackets."""
    if not path.startswith("/"):
        path = f"/{path}"
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}{path}"


def _parse(url: str, host: str) -> URL:
    try:
        where = URL(url)
        there, pinned = where.host, URL.build(scheme="http", host=host).host
        port = where.port
    except ValueError as error:
        raise Garbled("not a URL") from error
    if where.scheme not in {"http", "https"} or not port:
        raise Garbled(f"not an HTTP address: scheme {where.scheme[:20]!r}")
    if there != pinned:
        raise Garbled(f"the address points to another host than {host}")
    return where.with_user(None)


async def _read(answer: ClientResponse, max_bytes: int) -> bytes:
    """The body within the bound; closes the connection and raises Garbled beyond it."""
    if (answer.content_length or 0) > max_bytes:
        answer.close()
        raise Garbled(f"the answer announces {answer.content_length} bytes, {max_bytes} are allowed")
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > max_bytes:
            answer.close()
            raise Garbled(f"the answer is larger than {max_bytes} bytes")
    coding = answer.headers.get("Content-Encoding", "").strip().lower()
    return _inflate(bytes(body), coding, max_bytes) if coding not in {"", "identity"} else bytes(body)


def _inflate(body: bytes, coding: str, max_bytes: int) -> bytes:
    """Undo gzip or deflate, which we did not ask for but some firmware sends anyway."""
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise Garbled(f"content coding {coding[:20]!r} was not asked for")
    raw = coding == "deflate" and body[:1] != b"\x78"  # some send bare DEFLATE without the zlib header (RFC 1950)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS if raw else zlib.MAX_WBITS | 32)
    try:
        plain = inflater.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise Garbled("compressed answer is broken") from error
    if len(plain) > max_bytes:
        raise Garbled(f"the answer is larger than {max_bytes} bytes when uncompressed")
    return plain


def _unverified() -> ssl.SSLContext:
    """TLS as devices speak it: self-signed certificates, TLS 1.0, old ciphers, no secure renegotiation."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.options |= 0x4  # SSL_OP_LEGACY_SERVER_CONNECT; named in `ssl` from Python 3.12 on
    return context


def _is_utf8(text: str) -> bool:
    """False where a header held bytes that aiohttp decoded to lone surrogates: they cannot be sent back."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _short(error: Exception) -> str:
    text = error.message if isinstance(error, ClientResponseError) else str(error)
    return " ".join(text.split())[:160]
