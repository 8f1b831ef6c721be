"""Does a device still take a login that its maker delivers? One try a device and day, from the owner's list.

Only where ONVIF answered well just now, and never where a login was refused within a day: nobody may be locked out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from monitor.core import guesses
from monitor.core.plan import Check, Device, Plan
from monitor.core.world import World
from monitor.engine.gate import Gate
from monitor.engine.live import NotCommitted
from probes.ask import ask
from probes.observation import Observation, Outcome, Value
from probes.onvif.default_login import PROBE
from probes.onvif.look import ServiceOptions
from probes.target import Login
from probes.tools import Tools

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 60.0  # how often is looked whether a device is due
PAUSE_SECONDS: Final = 1.0  # between two tries, at whatever devices

ASKED_BY: Final = "onvif"  # the check whose address is used


class DefaultLogins:
    """Tries them. `begin(device)` writes a try down or raises NotCommitted; `sink` gets what was seen."""

    def __init__(
        self,
        tools: Tools,
        gate: Gate,
        world: World,
        begin: Callable[[str], Awaitable[None]],
        *,
        sink: Callable[[Observation], None],
    ) -> None:
        self._tools, self._gate, self._world = tools, gate, world
        self._begin, self._sink = begin, sink
        self._plan: Plan | None = None
        self._told: dict[str, float] = {}  # device -> when it was told of its own login
        self.logins: tuple[Login, ...] = ()

    def plan(self, plan: Plan) -> None:
        """These devices are watched from here on."""
        self._plan = plan

    async def run(self) -> None:
        """Go round for ever."""
        while True:
            await self.go_round()
            await asyncio.sleep(EVERY_SECONDS)

    async def go_round(self, pause_seconds: float = PAUSE_SECONDS) -> None:
        """Try every device that is due once, one after the other."""
        plan, logins = self._plan, self.logins
        if plan is None or not logins:
            return
        last: dict[str, float] = {}  # by address: behind one, several devices may share an account
        for device in plan.devices.values():
            host = device.target.host
            last[host] = max(last.get(host, 0.0), guesses.last_try(self._world.inventory.get(device.id, {})))
        for device in plan.devices.values():
            check, now = plan.checks.get((device.id, ASKED_BY)), self._tools.now()
            if check is None or not self._is_well(device, now):
                continue
            if device.target.login in logins:
                self._tell_of_its_own(device, now)
            elif now - last[device.target.host] >= guesses.DAY_SECONDS and await self._try(device, check, now):
                last[device.target.host] = now
                await asyncio.sleep(pause_seconds)

    def _is_well(self, device: Device, now: float) -> bool:
        look = self._world.looks.get((device.id, ASKED_BY))
        if look is None or look.outcome is not Outcome.OK:
            return False
        if device.target.login is None:
            return True
        refused_at = self._gate.refused_at(device.id, "login")
        return self._gate.works(device.id, "login") and now - refused_at >= guesses.DAY_SECONDS

    def _tell_of_its_own(self, device: Device, now: float) -> None:
        """The login that the site itself uses is in the list: nothing needs to be tried."""
        login = device.target.login
        if login is not None and now - self._told.get(device.id, 0.0) >= guesses.DAY_SECONDS:
            self._told[device.id] = now
            values: dict[str, Value] = {"state": "found", "username": login.username, "locked": False}
            self._sink(Observation(device.id, guesses.CHECK, now, 0.0, Outcome.OK, values))

    async def _try(self, device: Device, check: Check, now: float) -> bool:
        """One try, if it is due; was it made?"""
        known = self._world.inventory.get(device.id, {})
        options = check.options
        if not guesses.may_be_tried(known, now) or not isinstance(options, ServiceOptions):
            return False
        login = self.logins[guesses.position(device.id, known, len(self.logins))]
        try:
            await self._begin(device.id)
        except (NotCommitted, LookupError) as error:
            log.warning("default logins: no try at %s: %s", device.id, error)
            return False
        target = replace(device.target, login=login)
        look = await ask(
            PROBE, target, options, self._tools, check=guesses.CHECK, timeout_seconds=PROBE.timeout_seconds
        )
        tried = guesses.count_of(self._world.inventory.get(device.id, {}), guesses.TRIED)
        state = look.values.get("state", look.outcome.value)
        log.info("default logins: try %d at %s: %s", tried, device.id, state)
        self._sink(look)
        return True
