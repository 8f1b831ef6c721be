"""Plays the script: things fail, a technician works, and what the daemon made of it is counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from monitor.cli.demo.script import SCENES, Pace, Scene
from monitor.cli.demo.stage import Stage

SETTLE_SECONDS = 60.0
TOLD_SECONDS = 30.0  # for the last messages
FIRST_PICTURES_SECONDS = 8.0
Say = Callable[..., None]


@dataclass(slots=True)
class Result:
    """What came of it."""

    injected: int = 0
    right: set[int] = field(default_factory=set)  # tickets that are some scene's one right ticket
    verified: set[int] = field(default_factory=set)
    opened: set[int] = field(default_factory=set)
    notifications: int = 0
    told: set[str] = field(default_factory=set)  # names of the tickets that a notification spoke of
    repeated: int = 0  # deliveries beyond one under the same key
    seconds: float = 0.0

    def summary(self) -> dict[str, Any]:
        """One line of JSON."""
        return {
            "faults_injected": self.injected,
            "tickets_opened": len(self.opened),
            "tickets_right": len(self.right),
            "tickets_false": len(self.opened - self.right),
            "verified": len(self.verified),
            "notifications": self.notifications,
            "seconds": round(self.seconds, 1),
        }

    def is_right(self) -> bool:
        """Every fault its one right ticket, verified, and nothing else."""
        return (
            self.injected == len(self.right) == len(self.verified) == len(self.opened)
            and {f"T-{number:06d}" for number in self.right} <= self.told
            and not self.repeated
        )


def _told(body: dict[str, Any]) -> list[str]:
    """Of which tickets does this notification speak? It may be a digest."""
    if body["kind"] == "digest":
        return [event["ticket"] for event in body["events"]]
    return [body["ticket"]["id"]]


class Play:
    """One performance after the other on a stage."""

    def __init__(self, stage: Stage, pace: Pace, say: Say) -> None:
        self._stage, self._pace, self._say = stage, pace, say

    async def once(self) -> Result:
        """The whole script."""
        started = time.monotonic()
        await self._settle()
        result = Result()
        before = {ticket["id"] for ticket in await self._tickets()}
        if self._pace.together:
            await asyncio.gather(*(self._scene(scene, result) for scene in SCENES))
        else:
            for scene in SCENES:
                await self._scene(scene, result)
                await asyncio.sleep(self._pace.pause_seconds)
        for ticket in await self._tickets():
            if ticket["id"] in before:
                continue
            result.opened.add(ticket["id"])
            if ticket["id"] not in result.right:
                self._say("wrong", ticket=ticket["name"], device=ticket["device"], fault=ticket["fault"])
        received = await self._received(result.right)
        result.notifications = len(received)
        result.repeated = len(self._stage.received) - len(received)
        result.told = {name for body in received.values() for name in _told(body)}
        result.seconds = time.monotonic() - started
        return result

    async def _received(self, tickets: set[int]) -> dict[str, dict[str, Any]]:
        """What has arrived, by idempotency key, when it spoke of all these tickets: digests come a little later."""
        names = {f"T-{number:06d}" for number in tickets}
        deadline = time.monotonic() + (TOLD_SECONDS if self._pace.together else 0.0)
        while True:
            received = dict(self._stage.received)
            if names <= {name for body in received.values() for name in _told(body)} or time.monotonic() > deadline:
                return received
            await asyncio.sleep(0.25)

    async def again_and_again(self) -> None:
        """Until somebody stops it."""
        while True:
            await self.once()
            self._say("round")
            await asyncio.sleep(60.0)

    async def _settle(self) -> None:
        """Wait until every device has been looked at and is well, its picture too."""
        self._say("settling")
        await asyncio.sleep(FIRST_PICTURES_SECONDS)
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            site = await self._stage.api("GET", "/site")
            if {state for state, count in site["devices"].items() if count} <= {"ok"}:
                return
            await asyncio.sleep(0.5)

    async def _scene(self, scene: Scene, result: Result) -> None:
        say, stage = self._say, self._stage
        known = {ticket["id"] for ticket in await self._tickets(scene)}
        say("fails", what=scene.what)
        await stage.fail(scene.device, scene.fault, scene.value)
        result.injected += 1
        ticket = await self._await(scene, lambda one: one["id"] not in known)
        if ticket is None:
            say("missing")
            await stage.repair(scene.device, scene.fault)
            return
        number, name = ticket["id"], ticket["name"]
        detail = await stage.api("GET", f"/tickets/{number}")
        say("opened", ticket=name, sentence=detail["sentence"])
        await self._pause()
        await self._act(number, "acknowledge")
        await self._act(number, "start", on_site=True)
        say("works", ticket=name)
        await self._pause()
        if scene.children:
            detail = await self._children(number, scene.children)
        await stage.repair(scene.device, scene.fault)
        await self._act(number, "resolve", cause=scene.cause, work=scene.work)
        say("repaired", ticket=name)
        closed = await self._await(scene, lambda one: one["id"] == number and one["state"] == "closed")
        if closed is None:
            state = (await stage.api("GET", f"/tickets/{number}"))["state"]
            say("not_closed", ticket=name, state=state)
            return
        say("closed", ticket=name)
        if len(detail["held_back"]) >= scene.children:
            result.right.add(number)
        events = await stage.api("GET", f"/tickets/{number}/events")
        if any(event["kind"] == "verified" for event in events):
            result.verified.add(number)

    async def _children(self, number: int, wanted: int) -> dict[str, Any]:
        """Wait until all that hangs behind it is held back."""
        deadline = time.monotonic() + self._pace.patience_seconds
        while True:
            detail: dict[str, Any] = await self._stage.api("GET", f"/tickets/{number}")
            if len(detail["held_back"]) >= wanted or time.monotonic() > deadline:
                return detail
            await asyncio.sleep(0.5)

    async def _act(self, number: int, what: str, **fields: object) -> None:
        await self._stage.api(
            "POST", f"/tickets/{number}/commands", {"command": what, **fields}, key=f"demo-{number:06d}-{what}"
        )

    async def _pause(self) -> None:
        await asyncio.sleep(self._pace.pause_seconds)

    async def _await(self, scene: Scene, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
        deadline = time.monotonic() + self._pace.patience_seconds
        while time.monotonic() < deadline:
            try:
                for ticket in await self._tickets(scene):
                    if true(ticket):
                        return ticket
            except aiohttp.ClientError:
                pass  # the crash test kills the daemon under our hands
            await asyncio.sleep(0.25)
        return None

    async def _tickets(self, scene: Scene | None = None) -> list[dict[str, Any]]:
        """Every ticket there is, or those that are right for a scene; newest first."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await self._stage.api("GET", f"/tickets?limit=200{cursor}")
            found += page["items"]
            if page["next"] is None:
                break
            cursor = f"&below={page['next']}"
        if scene is None:
            return found
        return [
            ticket
            for ticket in found
            if ticket["device"] == scene.device
            and ticket["fault"] == scene.wanted
            and ticket["component"].startswith(scene.component)
        ]
