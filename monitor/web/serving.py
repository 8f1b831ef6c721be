"""How is the console served within the daemon's own loop, and how does it end?"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from monitor.web.console import Console

FIRST_REQUEST_SECONDS: Final = 20.0  # a connection that has said nothing whole by then is closed
KEEP_ALIVE_SECONDS: Final = 30  # without a word after an answer
MAX_CONNECTIONS: Final = 1_000
BACKLOG: Final = 256
GRACE_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen. With a certificate: HTTPS.

    `proxies` are the addresses whose X-Forwarded-For and X-Forwarded-Proto count; a web server on the same machine is
    believed, so that wrong guesses and /metrics are judged by who really asks.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    certificate: str | None = None  # PEM files
    key: str | None = None
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")


def bind(listen: Listen) -> socket.socket:
    """A listening socket. Raises OSError with the address as its file when that is taken or not ours."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY only on these
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((listen.host, listen.port))
        found.listen(BACKLOG)
        found.setblocking(False)
    except OSError as error:
        found.close()
        raise OSError(error.errno, error.strerror, f"{listen.host}:{listen.port}") from None
    return found


async def serve(app: FastAPI, listen: Listen, bound: socket.socket | None = None) -> None:
    """Serve until cancelled; then end live pages, let requests finish for a few seconds, and close.

    `bound`: a socket that already listens, for instance one that systemd handed over. Raises OSError from `bind`.
    """
    sock = bound or bind(listen)
    server = _Server(_config(app, listen))
    console: Console = app.state.console
    serving = asyncio.create_task(server.serve(sockets=[sock]), name="console")
    try:
        await asyncio.shield(serving)
    finally:
        console.stopping.set()
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        sock.close()


def _config(app: FastAPI, listen: Listen) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="off",
        loop="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(listen.proxies),
        forwarded_allow_ips=list(listen.proxies),
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=listen.certificate,
        ssl_keyfile=listen.key,
    )


class _Server(uvicorn.Server):
    """Signals belong to the daemon."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Protocol(H11Protocol):
    """Closes a connection that does not get a whole request out, so that dawdling cannot use up all places.

    uvicorn itself waits for ever once a later request has begun.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait(FIRST_REQUEST_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._patience.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        self._patience.cancel()
        self._wait(KEEP_ALIVE_SECONDS + FIRST_REQUEST_SECONDS)
        super().on_response_complete()

    def _wait(self, seconds: float) -> None:
        self._patience = asyncio.get_running_loop().call_later(seconds, self._lose_patience)

    def _lose_patience(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


def address(sock: socket.socket) -> tuple[str, int]:
    """Host and port of a bound socket."""
    name: Any = sock.getsockname()
    return str(name[0]), int(name[1])
