"""What is wrong now, and how is the site?"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from monitor.storage.reading import Evidence
from monitor.web.access import reader
from monitor.web.console import Console, console_of, visitor_of
from monitor.web.reads import or_else
from monitor.web.rendering import render
from monitor.web.users import User
from monitor.web.views import overview
from monitor.web.views import tickets as lists

router = APIRouter(include_in_schema=False)

MAX_TICKETS: Final = 24


@router.get("/")
async def show_overview(request: Request, _: Annotated[User, Depends(reader)]) -> Response:
    """Open tickets by urgency, the devices by kind, the daemon itself."""
    console, visitor = console_of(request), visitor_of(request)
    live, now = console.live, console.live.now()
    waiting = lists.waiting(live.world)
    lines = [lists.line(live.plan, ticket, visitor.formats, now) for ticket in waiting[:MAX_TICKETS]]
    data = {
        "tickets": await with_pictures(console, lines),
        "waiting": len(waiting),
        "quiet": len(live.world.tickets) - len(waiting),
        "groups": overview.groups(live.world, console.directory),
        "daemon": overview.daemon(live),
    }
    return render(request, "overview.html", data)


async def with_pictures(console: Console, lines: list[lists.Line]) -> list[lists.Line]:
    """The lines, those of cameras with the address of a small picture if the ticket has one."""

    def evidence(number: int) -> Coroutine[None, None, Sequence[Evidence]]:
        return or_else(console.store.evidence(number), ())

    cameras = [line.ticket.id for line in lines if line.kind == "camera"]
    kept = dict(zip(cameras, await asyncio.gather(*map(evidence, cameras)), strict=True))
    found = []
    for line in lines:
        shown = {one.role: one for one in kept.get(line.ticket.id, ())}
        best = shown.get("now") or shown.get("before")
        address = f"/tickets/{line.ticket.id}/{best.role}.jpg?size=small&v={best.at:.0f}" if best else ""
        found.append(replace(line, picture=address))
    return found
