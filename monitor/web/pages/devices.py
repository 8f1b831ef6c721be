"""The list of devices, one device, and asking it now."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Annotated, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from monitor.core.plan import Device
from monitor.engine.live import NotCommitted
from monitor.locale import Formats
from monitor.storage.reading import Wanted
from monitor.web.access import form, reader, technician
from monitor.web.console import Console, console_of, visitor_of
from monitor.web.reads import or_else
from monitor.web.refusal import Refusal
from monitor.web.rendering import render
from monitor.web.users import User
from monitor.web.views import device as one
from monitor.web.views import devices as many
from monitor.web.views import inventory
from monitor.web.views import tickets as lists
from probes.observation import Observation

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

ASK_PAUSE_SECONDS: Final = 3.0  # between two askings of one device by hand
ASK_SECONDS: Final = 60.0
MAX_TICKETS: Final = 12


@router.get("/devices")
async def show_devices(request: Request, _: Annotated[User, Depends(reader)]) -> Response:
    """A page of the devices that match."""
    console = console_of(request)
    search = many.read_search(request.query_params)
    found = many.find(search, console.live.world, console.directory)
    return render(request, "devices.html", {"found": found, "kinds": console.directory.kinds, "link": _link(search)})


def _link(search: many.Search) -> Callable[..., str]:
    """Addresses of the same search with something changed; a change begins at the first page."""

    def link(**changes: object) -> str:
        wanted = {"q": search.text, "kind": search.kind, "state": search.state, "order": search.order, **changes}
        kept = {name: str(value) for name, value in wanted.items() if value and (name, value) != ("order", "state")}
        return "/devices" + ("?" + urlencode(kept) if kept else "")

    return link


@router.get("/devices/{device_id}")
async def show_device(request: Request, device_id: str, _: Annotated[User, Depends(reader)]) -> Response:
    """Everything that is known of one device."""
    console, visitor = console_of(request), visitor_of(request)
    live, device = console.live, find_device(console, device_id)
    asked = min(_asked(request), live.now())
    view = one.view(device, live.world, console.directory, visitor.formats, live.now(), asked=asked)
    wanted = Wanted(devices=frozenset({device.id}), limit=MAX_TICKETS)
    tickets = await or_else(console.store.tickets(wanted), ())
    lines = [lists.line(live.plan, ticket, visitor.formats, live.now()) for ticket in tickets]
    return render(request, "device.html", {"view": view, "device": device, "tickets": lines, "asked": asked})


@router.post("/devices/{device_id}/look")
async def ask_now(
    request: Request,
    device_id: str,
    user: Annotated[User, Depends(technician)],
    _: Annotated[dict[str, str], Depends(form)],
) -> Response:
    """Ask the device everything, then show its page with what came back marked."""
    console = console_of(request)
    device = find_device(console, device_id)
    began = int(console.live.now() * 1_000) / 1_000
    await look(console, device, user)
    return RedirectResponse(f"/devices/{quote(device.id, safe='')}?asked={began:.3f}#checks", 303)


@router.post("/devices/{device_id}/accept")
async def accept_changes(
    request: Request,
    device_id: str,
    user: Annotated[User, Depends(technician)],
    _: Annotated[dict[str, str], Depends(form)],
) -> Response:
    """What was found of the device is right from now on."""
    console = console_of(request)
    live, device = console.live, find_device(console, device_id)
    known = live.world.inventory.get(device.id, {})
    note = inventory.note(known, Formats(live.plan.site.language, live.plan.site.timezone))
    try:
        await live.accept(device.id, user.name, note)
        log.info("device %s: changes accepted by %s", device.id, user.name)
    except LookupError:
        pass  # somebody else was faster, or the device is as it was
    except NotCommitted:
        raise Refusal(503, "the database does not answer, so nothing was changed") from None
    return RedirectResponse(f"/devices/{quote(device.id, safe='')}#inventory", 303)


async def look(console: Console, device: Device, user: User) -> tuple[Observation, ...]:
    """Ask everything of the device now; 429 when it was asked a moment ago, 503 when it takes too long."""
    now = console.live.now()
    if now - console.asking.get(device.id, 0.0) < ASK_PAUSE_SECONDS:
        raise Refusal(429, "this device was asked a moment ago", headers={"retry-after": str(int(ASK_PAUSE_SECONDS))})
    for old in [known for known, at in console.asking.items() if now - at > ASK_SECONDS]:
        del console.asking[old]
    console.asking[device.id] = now
    log.info("device %s asked by hand, user %s", device.id, user.name)
    try:
        async with asyncio.timeout(ASK_SECONDS):
            return tuple(await console.live.look(device.id))
    except LookupError:
        raise Refusal(404, "no such device") from None
    except TimeoutError:
        raise Refusal(503, f"the checks did not end within {ASK_SECONDS:g} s") from None


def find_device(console: Console, device_id: str) -> Device:
    """The device of that id; else 404."""
    device = console.live.plan.devices.get(device_id)
    if device is None:
        raise Refusal(404, "no such device")
    return device


def _asked(request: Request) -> float:
    """When the reader asked by hand, seconds since the epoch; 0: not."""
    text = request.query_params.get("asked", "")
    digits = text.replace(".", "", 1)
    return float(text) if digits.isascii() and digits.isdigit() and len(text) < 20 else 0.0
