"""How does a test get a web server that says exactly these bytes, however wrong they are?"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Request:
    """What the client sent; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Reply = Callable[[Request, asyncio.StreamWriter], Awaitable[None] | bytes]
"""Gives the bytes of the whole response, or writes them itself."""


@dataclass(slots=True)
class Script:
    """A running server and what it was asked."""

    port: int
    requests: list[Request] = field(default_factory=list)

    def url(self, path: str = "/", scheme: str = "http") -> str:
        return f"{scheme}://{HOST}:{self.port}{path}"


Serve = Callable[..., contextlib.AbstractAsyncContextManager[Script]]


def response(status: int, body: bytes = b"", *headers: str) -> bytes:
    """A well-formed response; each header is `Name: value`."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + body


@pytest.fixture
def serve_http() -> Serve:
    """`async with serve_http(reply) as script:`; `tls` takes a server's SSLContext."""
    return _serve


@contextlib.asynccontextmanager
async def _serve(reply: Reply, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Script]:
    tasks: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        try:
            while True:
                request = await _read(reader)
                script.requests.append(request)
                answer = reply(request, writer)
                if not isinstance(answer, bytes):
                    await answer
                    break
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # the client went away, or the test is over
        finally:
            tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    server = await asyncio.start_server(converse, HOST, 0, ssl=tls)
    script = Script(server.sockets[0].getsockname()[1])
    try:
        yield script
    finally:
        server.close()
        running = tasks.copy()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Request:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "surrogateescape").split("\r\n")
    method, target, _ = lines[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
    return Request(method, target, headers, await reader.readexactly(int(headers.get("content-length", "0"))))
