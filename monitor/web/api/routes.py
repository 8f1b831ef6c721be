"""Which addresses has the API? Reading needs a session or a bearer token; changing needs the role, too."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from typing import Annotated, Final

from fastapi import APIRouter, Body, Depends, Query
from starlette.requests import Request

from monitor import __version__
from monitor.engine.live import NotCommitted
from monitor.storage.reading import Wanted
from monitor.web.access import reader, writer
from monitor.web.actions import ACTIONS, BadForm, read_command, request_id
from monitor.web.api import answers, models
from monitor.web.console import console_of, visitor_of
from monitor.web.pages.devices import find_device, look
from monitor.web.pages.tickets import find_ticket
from monitor.web.refusal import Refusal
from monitor.web.users import User
from monitor.web.views import ticket as one
from monitor.web.views.states import Glance, glance
from ticketing.commands import NotAllowed
from ticketing.desk import allowed
from ticketing.ticket import Severity, Ticket, TicketState

MAX_EVENTS: Final = 500
SETTLE_SECONDS: Final = 2.0  # younger events may still be joined by older ones
_CURSOR: Final = re.compile(r"(\d{1,12}(?:\.\d{1,9})?):(\d{1,5})")

_PROBLEM: Final[dict[str, object]] = {
    "content": {"application/problem+json": {"schema": models.Problem.model_json_schema()}}
}
router = APIRouter(
    prefix="/api/v1",
    responses={status: {**_PROBLEM, "description": text} for status, text in (
        (401, "Neither session nor valid token"), (403, "The role does not allow it"), (404, "No such thing"),
        (422, "The request is malformed"),
    )},
)  # fmt: skip

Reader = Annotated[User, Depends(reader)]
Writer = Annotated[User, Depends(writer)]


@router.get("/site", tags=["site"])
async def read_site(request: Request, _: Reader) -> models.Site:
    """The site, its devices and tickets counted, and whether the daemon is ready."""
    console = console_of(request)
    live, site = console.live, console.live.plan.site
    states = Counter(glance(device, live.world, console.directory) for device in console.directory.devices)
    return models.Site(
        id=site.id,
        name=site.name,
        timezone=site.timezone,
        address=site.address,
        now=live.now(),
        ready=live.health.ready,
        troubles=dict(live.health.troubles),
        devices=dict(states),
        tickets=dict(Counter(ticket.state for ticket in live.world.tickets.values())),
        version=__version__,
    )


@router.get("/session", tags=["site"])
async def read_session(request: Request, user: Reader) -> models.Session:
    """Who is asking, and the token for requests that change something."""
    visitor = visitor_of(request)
    token = console_of(request).sessions.form_token(visitor.nonce)
    return models.Session(user=user.name, role=user.role.value, language=visitor.language, csrf_token=token)


@router.get("/devices", tags=["devices"])
async def list_devices(
    request: Request,
    _: Reader,
    *,
    q: Annotated[str, Query(max_length=100, description="Words: name, place, model, address …")] = "",
    kind: Annotated[str, Query(max_length=20)] = "",
    state: Glance | None = None,
    after: Annotated[str, Query(max_length=200, description="Cursor: `next` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> models.Devices:
    """A page of the devices, ordered by name."""
    console = console_of(request)
    world, directory = console.live.world, console.directory
    words = tuple(q.casefold().split()[:8])
    page: list[models.Device] = []
    begun = not after
    for device in directory.devices:
        if not begun:
            begun = device.id == after
            continue
        if (kind and device.kind != kind) or not directory.matches(device.id, words):
            continue
        if state is not None and glance(device, world, directory) is not state:
            continue
        if len(page) == limit:
            return models.Devices(items=page, next=page[-1].id)
        page.append(answers.device(device, world, directory))
    return models.Devices(items=page, next=None)


@router.get("/devices/{device_id}", tags=["devices"])
async def read_device(request: Request, device_id: str, _: Reader) -> models.DeviceDetail:
    """One device with its checks and conditions."""
    console = console_of(request)
    return answers.device_detail(find_device(console, device_id), console.live.world, console.directory)


@router.post("/devices/{device_id}/look", tags=["devices"], responses={429: _PROBLEM, 503: _PROBLEM})
async def look_now(request: Request, device_id: str, user: Writer) -> list[models.Look]:
    """Ask the device everything now."""
    console = console_of(request)
    return [answers.look(seen) for seen in await look(console, find_device(console, device_id), user)]


@router.get("/tickets", tags=["tickets"])
async def list_tickets(
    request: Request,
    _: Reader,
    *,
    state: Annotated[list[TicketState] | None, Query(max_length=20)] = None,
    severity: Annotated[list[Severity] | None, Query(max_length=4)] = None,
    device: Annotated[str, Query(max_length=200)] = "",
    q: Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")] = "",
    below: Annotated[int | None, Query(ge=1, lt=2**62, description="Cursor: `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> models.Tickets:
    """A page of the tickets, newest first."""
    console, formats = console_of(request), visitor_of(request).formats
    live = console.live
    devices = frozenset({device}) if device else frozenset[str]()
    wanted = Wanted(frozenset(state or ()), frozenset(severity or ()), devices, q, below=below, limit=limit)
    found = await console.store.tickets(wanted)
    items = [answers.ticket(ticket, live.plan, formats, live.now()) for ticket in found]
    return models.Tickets(items=items, next=items[-1].id if len(items) == limit else None)


@router.get("/tickets/{number}", tags=["tickets"])
async def read_ticket(request: Request, number: int, user: Reader) -> models.TicketDetail:
    """One ticket with its evidence and what can be done."""
    console = console_of(request)
    ticket = await find_ticket(console, number)
    return await _detail(request, ticket, user)


@router.get("/tickets/{number}/events", tags=["tickets"])
async def read_history(request: Request, number: int, _: Reader) -> list[models.Event]:
    """The history of a ticket, oldest first."""
    console = console_of(request)
    await find_ticket(console, number)
    return [answers.event(event) for event in await console.store.events(number)]


@router.post("/tickets/{number}/commands", tags=["tickets"], responses={409: _PROBLEM, 503: _PROBLEM})
async def command(
    request: Request, number: int, user: Writer, order: Annotated[models.Command, Body()]
) -> models.TicketDetail:
    """Act on a ticket. Send the header Idempotency-Key (8–64 letters, digits, - or _): the same key acts once."""
    console = console_of(request)
    if not user.may(ACTIONS[order.command]):
        raise Refusal(403, f"the role {user.role.value} does not allow {order.command}")
    fields = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in order}
    fields["request_id"] = request.headers.get("idempotency-key", "")
    await find_ticket(console, number)
    try:
        what = read_command(order.command, fields, frozenset(console.users()))
        ticket = await console.live.command(number, what, user.name, request_id(fields, secrets.token_urlsafe(16)))
    except BadForm as bad:
        raise Refusal(422, "; ".join(f"{name}: {text}" for name, text in bad.problems.items())) from None
    except NotAllowed as error:
        raise Refusal(409, str(error)) from None
    except LookupError:
        raise Refusal(409, "the ticket is over") from None
    except NotCommitted:
        raise Refusal(503, "the database does not answer; nothing was changed") from None
    return await _detail(request, ticket, user)


async def _detail(request: Request, ticket: Ticket, user: User) -> models.TicketDetail:
    console, formats = console_of(request), visitor_of(request).formats
    live, evidence = console.live, await console.store.evidence(ticket.id)
    actions = one.actions_for(ticket, user, allowed)
    return answers.ticket_detail(ticket, live.plan, formats, live.now(), evidence=evidence, allowed=actions)


@router.get("/events", tags=["tickets"])
async def list_events(
    request: Request,
    _: Reader,
    since: Annotated[float, Query(ge=0, lt=1e11, description="Seconds since the epoch.")] = 0.0,
    cursor: Annotated[
        str, Query(max_length=40, description="`next` of the page before; `since` is then not read.")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_EVENTS)] = 100,
) -> models.Events:
    """What happened to any ticket, oldest first: keep `next`, and ask again with it for what is new."""
    begin, skip = since, 0
    if cursor:
        match = _CURSOR.fullmatch(cursor)
        if match is None:
            raise Refusal(422, "the cursor is not one that was given out")
        begin, skip = float(match[1]), int(match[2])
    console = console_of(request)
    found = list(await console.store.events_between(begin, console.live.now() - SETTLE_SECONDS, limit + skip))[skip:]
    following = cursor or f"{begin:.9f}:0"
    if found:
        last = found[-1].at
        alike = sum(event.at == last for event in found) + (skip if last == begin else 0)
        following = f"{last!r}:{alike}"
    return models.Events(items=[answers.event(event) for event in found], next=following)
