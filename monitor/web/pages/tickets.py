"""The list of tickets, one ticket, and acting on it."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from monitor.core.lessons import TEACHABLE, fault_of
from monitor.engine.live import NotCommitted
from monitor.locale import msg
from monitor.storage.reading import Evidence
from monitor.web.access import own_form, read_form, reader, technician
from monitor.web.actions import ACTIONS, BadForm, read_command, request_id
from monitor.web.console import Console, console_of, visitor_of
from monitor.web.pages.overview import with_pictures
from monitor.web.reads import MAX_ID, or_else
from monitor.web.refusal import Refusal
from monitor.web.rendering import render
from monitor.web.users import Role, User
from monitor.web.views import ticket as one
from monitor.web.views import tickets as lists
from monitor.web.views.choice import Choice, read_choice
from ticketing.commands import NotAllowed
from ticketing.desk import allowed
from ticketing.ticket import Ticket, TicketEvent

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

MAX_WAITING: Final = 120  # drawn on one page; the most urgent

MOVED_ON: Final = msg("The ticket has moved on: its state no longer allows this. What you wrote is kept below.")
NOT_STORED: Final = msg(
    "The database does not answer, so nothing was changed. What you wrote is kept below; try again."
)
OLD_FORM: Final = msg("This page was open for too long. What you wrote is kept below; please send it again.")
LOOK_AGAIN: Final = msg("Please correct the marked fields.")


@router.get("/tickets")
async def show_tickets(request: Request, _: Annotated[User, Depends(reader)]) -> Response:
    """A page of the tickets that match, newest first; those that wait for somebody, most urgent first."""
    console, visitor = console_of(request), visitor_of(request)
    choice = read_choice(request.query_params)
    found, older = await _choose(console, choice)
    left_out = max(0, len(found) - MAX_WAITING)
    found = found[:MAX_WAITING]
    lines = [lists.line(console.live.plan, ticket, visitor.formats, console.live.now()) for ticket in found]
    data = {"choice": choice, "lines": await with_pictures(console, lines), "older": older, "left_out": left_out}
    return render(request, "tickets.html", data)


async def _choose(console: Console, choice: Choice) -> tuple[Sequence[Ticket], int | None]:
    """The tickets of this page, and the id below which the next page begins."""
    if choice.waiting:
        return lists.waiting(console.live.world), None
    wanted = choice.wanted(_named(console, choice.text))
    found = list(await console.store.tickets(wanted))
    return found, found[-1].id if len(found) == wanted.limit else None


def _named(console: Console, text: str) -> Mapping[str, frozenset[str]]:
    """For each word, the devices of which the plan knows it: people search by names and places."""
    directory = console.directory
    return {
        word: frozenset(device.id for device in directory.devices if directory.matches(device.id, (word.casefold(),)))
        for word in text.split()[:8]
    }


@router.get("/tickets/{number}")
async def show_ticket(request: Request, number: int, user: Annotated[User, Depends(reader)]) -> Response:
    """One ticket with its evidence, its history and what can be done."""
    return await _page(request, await find_ticket(console_of(request), number), user)


@router.post("/tickets/{number}/{action}")
async def act(request: Request, number: int, action: str, user: Annotated[User, Depends(technician)]) -> Response:
    """Do it, then show the ticket; on any trouble show the form again with what was typed."""
    console, visitor = console_of(request), visitor_of(request)
    fields = await read_form(request)
    kind = ACTIONS.get(action)
    if kind is None:
        raise Refusal(404, "no such action")
    if not user.may(kind):
        raise Refusal(403, f"the role {user.role.value} does not allow this")
    ticket = await find_ticket(console, number)

    async def again(status: int, problem: str, problems: Mapping[str, str] | None = None) -> Response:
        typed = {"action": action, "fields": fields, "problem": problem, "problems": problems or {}}
        return await _page(request, ticket, user, typed, status)

    if not own_form(request, fields):
        return await again(403, OLD_FORM)
    try:
        command = read_command(action, fields, frozenset(console.users()))
        await console.live.command(number, command, user.name, request_id(fields, visitor.nonce + secrets.token_hex(8)))
    except BadForm as bad:
        return await again(422, LOOK_AGAIN, bad.problems)
    except (NotAllowed, LookupError):
        return await again(409, MOVED_ON)
    except NotCommitted:
        return await again(503, NOT_STORED)
    log.info("ticket %s: %s by %s", ticket.name, action, user.name)
    return RedirectResponse(f"/tickets/{number}?done={action}", 303)


async def _page(
    request: Request, ticket: Ticket, user: User, typed: Mapping[str, object] | None = None, status: int = 200
) -> Response:
    console, visitor = console_of(request), visitor_of(request)
    live = console.live
    current = live.world.tickets.get(ticket.id, ticket)
    evidence: Sequence[Evidence] = await or_else(console.store.evidence(ticket.id), ())
    events: Sequence[TicketEvent] = await or_else(console.store.events(ticket.id), ())
    view = one.view(
        current,
        live.world,
        console.directory,
        visitor.formats,
        live.now(),
        events=events,
        evidence=evidence,
        actions=one.actions_for(current, user, allowed),
    )
    done = request.query_params.get("done", "")
    data = {
        "user": user,
        "view": view,
        "teachable": fault_of(current) in TEACHABLE,
        "ticket": current,
        "typed": typed or {"action": "", "fields": {}, "problem": "", "problems": {}},
        "done": done if done in ACTIONS else "",
        "request_number": secrets.token_urlsafe(12),
        "people": [known for known in console.users().values() if known.role is not Role.VIEWER],
    }
    return render(request, "ticket.html", data, status=status)


async def find_ticket(console: Console, number: int) -> Ticket:
    """That ticket, from memory or from the store; else 404."""
    if not 0 < number < MAX_ID:
        raise Refusal(404, "no such ticket")
    ticket = console.live.world.tickets.get(number) or await console.store.ticket(number)
    if ticket is None:
        raise Refusal(404, "no such ticket")
    return ticket
