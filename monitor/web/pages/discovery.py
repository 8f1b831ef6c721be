"""What stands in the networks of the site, asked from the console, and which change of the site's file follows?

The daemon never writes its own configuration: a person takes the difference away and applies it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from monitor.core.inventory import identity
from monitor.discovery.comparison import Change
from monitor.discovery.outline import NoList
from monitor.discovery.proposal import Proposal, propose
from monitor.discovery.site import Site
from monitor.discovery.wiring import Proposal as Wire
from monitor.discovery.words import say_refused
from monitor.locale.probe_lines import say_line
from monitor.web.access import form, own_form, technician
from monitor.web.console import Console, console_of, visitor_of
from monitor.web.refusal import Refusal
from monitor.web.rendering import render
from monitor.web.sweeping import Order, Sweeping
from monitor.web.users import Role, User
from monitor.web.views import discovery as views
from monitor.web.views import feeding
from probes.discovery import BadPorts, BadRange, parse_ports, parse_ranges

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

_SPACED: Final = re.compile(r"\s*[-–]\s*")  # people write 10.1.0.10 – 10.1.0.40
LOGIN_RULES: Final = frozenset({"login-refused", "snmp-login-refused"})


@router.get("/discovery")
async def show_discovery(request: Request, _: Annotated[User, Depends(technician)]) -> Response:
    """The form; below it the sweep that runs, or what the last one found."""
    return await _page(request)


@router.post("/discovery")
async def begin(
    request: Request,
    user: Annotated[User, Depends(technician)],
    fields: Annotated[dict[str, str], Depends(form)],
) -> Response:
    """Begin a sweep; 409 while one runs. A mistake in the form is told beside it."""
    console, visitor = console_of(request), visitor_of(request)
    file = _file(console)
    if console.sweeping and console.sweeping.state == "running":
        return await _page(request, fields, status=409)
    try:
        ranges = parse_ranges(_SPACED.sub("-", fields.get("ranges", "").replace(",", " ")).split())
        ports = parse_ports(fields.get("ports", "").split())
    except (BadRange, BadPorts) as error:
        return await _page(request, fields, say_refused(error, visitor.translate), 422)
    login, snmp = fields.get("login", ""), tuple(name[5:] for name in fields if name.startswith("snmp-"))
    if (login or snmp) and user.role is not Role.MANAGER:
        raise Refusal(403, "only a manager may have logins shown to devices that are not configured")
    text, ports_text = fields.get("ranges", "").strip(), fields.get("ports", "").strip()
    order = Order(user.name, text, ranges, ports, ports_text, login, snmp, _refusing(console))
    log.info("discovery of %s begun by user %s", ", ".join(order.text.split())[:200], user.name)
    known = {device: identity(items) for device, items in console.live.world.inventory.items()}
    console.sweeping = Sweeping(order, file, console.live.now(), known)
    console.sweeping.start(console.stopping)
    return RedirectResponse("/discovery#sweep", 303)


@router.post("/discovery/stop")
async def stop(
    request: Request,
    user: Annotated[User, Depends(technician)],
    _: Annotated[dict[str, str], Depends(form)],
) -> Response:
    """End the sweep that runs."""
    console = console_of(request)
    if console.sweeping:
        log.info("discovery stopped by user %s", user.name)
        console.sweeping.stop()
    return RedirectResponse("/discovery#sweep", 303)


@router.post("/discovery/change")
async def show_change(request: Request, _: Annotated[User, Depends(technician)]) -> Response:
    """The difference for the hosts that were ticked."""
    proposal, hosts = await _proposal(request)
    return await _page(request, proposal=proposal, hosts=hosts)


@router.post("/discovery/change.diff")
async def take_change(request: Request, _: Annotated[User, Depends(technician)]) -> Response:
    """The same as a file that `patch` takes."""
    proposal, _hosts = await _proposal(request)
    if not proposal.difference or proposal.mistakes:
        raise Refusal(409, "there is no change that could be applied")
    return _as_file(proposal)


@router.get("/discovery/power.diff")
async def take_power(request: Request, _: Annotated[User, Depends(technician)]) -> Response:
    """Which UPS feeds what, as a file that `patch` takes."""
    console = console_of(request)
    _wires, change = await _wired(console, await views.current_site(_file(console)))
    if change is None or not change.difference or change.mistakes:
        raise Refusal(409, "there is no change that could be applied")
    return _as_file(change)


def _as_file(proposal: Proposal) -> Response:
    headers = {"content-disposition": 'attachment; filename="site.diff"', "cache-control": "no-store"}
    return Response(proposal.difference, media_type="text/x-diff; charset=utf-8", headers=headers)


async def _wired(console: Console, site: Site | None) -> tuple[tuple[Wire, ...], Proposal | None]:
    if site is None:
        return (), None
    outages = tuple(outage for of_device in console.live.world.outages.values() for outage in of_device)
    return await asyncio.to_thread(feeding.change_of, site, outages)


async def _proposal(request: Request) -> tuple[Proposal, frozenset[str]]:
    """What the ticked hosts change. 403 for a form that is not ours, 409 where no sweep is done."""
    body = (await request.body()).decode("utf-8", "replace")
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=views.MAX_ROWS + 10)
    except ValueError:
        raise Refusal(400, "too many fields") from None
    if not own_form(request, dict(pairs)):
        raise Refusal(403, "the form's token does not fit", reason="form")
    sweeping = console_of(request).sweeping
    if sweeping is None or sweeping.site is None or sweeping.state != "done":
        raise Refusal(409, "no sweep is done")
    hosts = frozenset(value for name, value in pairs if name == "h")
    site = sweeping.site
    try:
        return propose(site.text, Path(site.file).name, sweeping.lines, site.snmp_ports, hosts), hosts
    except NoList:
        raise Refusal(409, "the site's file has no list of devices") from None


async def _page(
    request: Request,
    fields: dict[str, str] | None = None,
    problem: str = "",
    status: int = 200,
    *,
    proposal: Proposal | None = None,
    hosts: frozenset[str] | None = None,
) -> Response:
    console, visitor = console_of(request), visitor_of(request)
    sweeping = console.sweeping
    site = await views.current_site(_file(console))
    user, names = visitor.user, views.credential_names(site)
    wires, change = await _wired(console, site)
    if user is None or user.role is not Role.MANAGER:  # whoever may aim a login at any address can catch it there
        names = replace(names, logins=(), snmp=())
    live = console.live
    data = {
        "loads": feeding.loads(wires, change, feeding.coarse(live.plan, live.world), visitor.formats),
        "power_pieces": views.pieces(change.difference) if change else (),
        "has_ups": any(device.kind == "ups" for device in live.plan.devices.values()),
        "names": names,
        "typed": fields if fields is not None else _last(sweeping),
        "problem": problem,
        "sweeping": sweeping,
        "unpinged": say_line(sweeping.report.unpinged, visitor.language) if sweeping and sweeping.report else "",
        "rows": views.rows(sweeping, visitor.translate, hosts) if sweeping else (),
        "gone": [line.device for line in sweeping.lines if line.change is Change.GONE] if sweeping else [],
        "hidden": max(0, len(sweeping.lines) - views.MAX_ROWS) if sweeping else 0,
        "proposal": proposal,
        "pieces": views.pieces(proposal.difference) if proposal else (),
        "mistakes": [one.say(visitor.language) for one in proposal.mistakes] if proposal else [],
    }
    return render(request, "discovery.html", data, status=status)


def _last(sweeping: Sweeping | None) -> dict[str, str]:
    """What was asked for last stands in the form again."""
    if sweeping is None:
        return {}
    order = sweeping.order
    typed = {"ranges": order.text, "ports": order.ports_text, "login": order.login}
    return typed | {f"snmp-{name}": "1" for name in order.snmp}


def _file(console: Console) -> Path:
    if console.site_file is None:
        raise Refusal(404, "this daemon has no discovery")
    return console.site_file


def _refusing(console: Console) -> frozenset[str]:
    """Devices that stand refused: another try by hand may lock the account."""
    world = console.live.world
    return frozenset(
        device
        for device in console.live.plan.devices
        if any(one.key.rule in LOGIN_RULES for one in world.standing(device))
    )
