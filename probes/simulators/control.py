"""How is a running simulated site told to fail? JSON over HTTP on loopback.

GET /state tells everything; POST /fault takes {"device": "camera-03", "fault": "unplugged", "on": true, "value": 2}.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from probes.simulators.faults import FAULTS
from probes.simulators.site import SimulatedSite


class Mistake(ValueError):
    """The order cannot be carried out; the text says why."""


def make_application(site: SimulatedSite) -> web.Application:
    """The control pages of a site."""

    async def state(request: web.Request) -> web.Response:
        return web.json_response(site.state())

    async def fault(request: web.Request) -> web.Response:
        try:
            order = json.loads(await request.text())
            switch_fault(site, order)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(site.devices[order["device"]].state())

    application = web.Application(client_max_size=16_384)
    application.router.add_get("/state", state)
    application.router.add_post("/fault", fault)
    return application


def switch_fault(site: SimulatedSite, order: Any) -> None:
    """Carry out one order; raises Mistake."""
    if not isinstance(order, dict):
        raise Mistake("not an object")
    name, fault, on, value = (order.get(key) for key in ("device", "fault", "on", "value"))
    device = site.devices.get(name) if isinstance(name, str) else None
    if device is None:
        raise Mistake(f"no device {name!r}; there are {', '.join(list(site.devices)[:40])}")
    known = FAULTS[device.blueprint.kind]
    if not isinstance(fault, str) or fault not in known:
        raise Mistake(f"no fault {fault!r} of a {device.blueprint.kind}; there are {', '.join(known)}")
    if not isinstance(on, bool) or isinstance(value, bool) or not isinstance(value, int | float | None):
        raise Mistake("'on' is true or false, 'value' is a number or left out")
    if on:
        site.fail(device.name, fault, value)
    else:
        site.repair(device.name, fault)
