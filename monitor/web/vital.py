"""Does the daemon live, is it ready, and what do its numbers say? For machines, without a login."""

from __future__ import annotations

import asyncio
import ipaddress
import zlib
from collections.abc import AsyncIterator, Sequence
from inspect import isawaitable
from typing import Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from monitor.web.access import reader
from monitor.web.console import console_of
from monitor.web.refusal import Refusal

router = APIRouter(include_in_schema=False)

PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"
Pieces = Sequence[bytes | bytearray]


@router.get("/livez")
async def live(request: Request) -> Response:
    """200 as long as the loop turns."""
    return PlainTextResponse("live\n")


@router.get("/readyz")
async def ready(request: Request) -> Response:
    """200, or 503 with what is wrong; why is told to this machine and to whoever is logged in."""
    health = console_of(request).live.health
    troubles = health.troubles if _local(request) or _known(request) else dict.fromkeys(health.troubles, "")
    body = orjson.dumps({"ready": health.ready, "troubles": troubles}) + b"\n"
    return Response(body, 200 if health.ready else 503, media_type="application/json")


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """The text format of Prometheus, for those who may read it."""
    console = console_of(request)
    if console.metrics is None:
        raise Refusal(404, "metrics are served elsewhere, or not at all")
    access = console.options.metrics_access
    if not (access == "everybody" or (access == "loopback" and _local(request))):
        reader(request)
    found = console.metrics()
    body = await found if isawaitable(found) else found
    pieces = (body,) if isinstance(body, bytes) else body
    if _takes_gzip(request.headers.get("accept-encoding", "")):
        packed = await asyncio.to_thread(_compress, pieces)
        return Response(packed, media_type=PROMETHEUS, headers={"content-encoding": "gzip"})
    return StreamingResponse(_one_by_one(pieces), media_type=PROMETHEUS)


def _takes_gzip(accepted: str) -> bool:
    """Does this Accept-Encoding header (RFC 9110, section 12.5.3) take gzip?"""
    for part in accepted[:500].lower().replace(" ", "").split(","):
        coding, _, weight = part.partition(";")
        if coding == "gzip":
            return weight.rstrip("0") not in ("q=", "q=0.")
    return False


def _compress(pieces: Pieces) -> bytes:
    """In a thread: a page of many megabytes would hold the loop up."""
    stream = zlib.compressobj(1, wbits=zlib.MAX_WBITS | 16)
    return b"".join((*(stream.compress(piece) for piece in pieces), stream.flush()))


async def _one_by_one(pieces: Pieces) -> AsyncIterator[bytes | memoryview]:
    for piece in pieces:
        yield memoryview(piece)


def _known(request: Request) -> bool:
    try:
        reader(request)
    except Refusal:
        return False
    return True


def _local(request: Request) -> bool:
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
