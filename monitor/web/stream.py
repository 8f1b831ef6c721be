"""How does an open page learn that something concerns it? By server-sent events; it then reads itself anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from monitor.core.change import (
    AddEvent,
    AddEvidence,
    CopyEvidence,
    DropCondition,
    KeepPicture,
    PutCondition,
    PutTicket,
)
from monitor.engine.live import Fact
from monitor.locale import Formats
from monitor.web.access import reader
from monitor.web.console import Console, console_of, visitor_of
from monitor.web.refusal import Refusal
from monitor.web.users import User

router = APIRouter(include_in_schema=False)

GATHER_SECONDS: Final = 0.3  # facts that come together are told together
MAX_TOPICS: Final = 60  # more are told as "everything"
ALL: Final = "all"


@router.get("/events")
async def stream(request: Request, user: Annotated[User, Depends(reader)]) -> Response:
    """Topics that changed (`device:ID`, `ticket:N`, `devices`, `tickets`, `daemon`, `all`), and a heartbeat."""
    console, options = console_of(request), console_of(request).options
    if sum(console.streams.values()) >= options.streams or console.streams.get(user.name, 0) >= options.streams_each:
        raise Refusal(503, "too many live pages are open", headers={"retry-after": "30"})
    console.streams[user.name] = console.streams.get(user.name, 0) + 1
    lines = _until_gone(console, user.name, _lines(console, visitor_of(request).formats))
    return StreamingResponse(lines, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def _until_gone(console: Console, user: str, lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for line in lines:
            yield line
    finally:
        left = console.streams.get(user, 1) - 1
        if left:
            console.streams[user] = left
        else:
            console.streams.pop(user, None)


async def _lines(console: Console, formats: Formats) -> AsyncIterator[bytes]:
    async with console.live.feed.subscribe() as queue:
        yield b"retry: 2000\n\n" + _beat(console, formats)
        stopping = asyncio.create_task(console.stopping.wait())
        coming = asyncio.create_task(queue.get())
        try:
            while not stopping.done():
                either, seconds = (coming, stopping), console.options.heartbeat_seconds
                await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
                if not coming.done():
                    yield _beat(console, formats)
                    continue
                facts = [coming.result()]
                coming = asyncio.create_task(queue.get())
                await asyncio.sleep(GATHER_SECONDS)
                while not queue.empty():
                    facts.append(queue.get_nowait())
                yield b"event: changed\ndata: " + orjson.dumps(sorted(topics(facts))) + b"\n\n"
        finally:
            stopping.cancel()
            coming.cancel()


def _beat(console: Console, formats: Formats) -> bytes:
    now = console.live.now()
    live = console.live
    beat = {"now": now, "clock": formats.time(now), "ready": live.health.ready, "commits": live.stats.commits}
    return b"event: beat\ndata: " + orjson.dumps(beat) + b"\n\n"


def topics(facts: list[Fact | None]) -> set[str]:
    """Whom do these facts concern? None among them: something was missed, so everything may have changed."""
    found: set[str] = set()
    for fact in facts:
        if fact is None:
            return {ALL}
        for change in fact.changes:
            match change:
                case PutCondition(condition):
                    found |= {"devices", f"device:{condition.key.device}"}
                case DropCondition(key):
                    found |= {"devices", f"device:{key.device}"}
                case PutTicket(ticket):
                    found |= {"tickets", f"ticket:{ticket.id}", f"device:{ticket.fingerprint.device}"}
                case AddEvent(event):
                    found |= {"tickets", f"ticket:{event.ticket}"}
                case AddEvidence(ticket=number) | CopyEvidence(ticket=number):
                    found |= {"tickets", f"ticket:{number}"}
                case KeepPicture(device=device):
                    found |= {f"device:{device}"}
                case _:
                    pass
    return found if len(found) <= MAX_TOPICS else {ALL}
