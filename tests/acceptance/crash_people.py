"""Who acts at the site while the daemon is killed? Chance breaks and repairs, somebody watches, somebody works.

All of them go on while the daemon is away.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

import aiohttp

from monitor.cli.demo.stage import Stage
from tests.acceptance.crash_ledger import Ledger, Promise
from ticketing.ticket import EventKind

FAULTS = (
    ("camera-01", "unplugged"), ("camera-03", "unplugged"), ("camera-07", "unplugged"), ("camera-02", "onvif_off"),
    ("camera-04", "rtsp_down"), ("camera-05", "black"), ("camera-11", "clock_drift"), ("recorder-01", "disk_failed"),
    ("recorder-01", "channel_lost"), ("recorder-02", "lost"), ("panel-01", "tamper"), ("panel-01", "mains_lost"),
    ("switch-02", "lost"), ("switch-01", "poe_fault"), ("switch-01", "snmp_silent"), ("ups-01", "mains_lost"),
    ("camera-06", "unplugged"), ("camera-08", "unplugged"), ("camera-09", "onvif_off"), ("camera-10", "clock_drift"),
    ("recorder-02", "disk_failed"), ("panel-01", "battery_low"), ("panel-01", "lost"), ("camera-12", "rtsp_down"),
)  # fmt: skip
MOST_AT_ONCE = 6
AWAY = (aiohttp.ClientError, TimeoutError, ConnectionError)

_NEXT = {  # what a person may do to a ticket in that state: command, the event that proves it, whether it takes a text
    "new": (("acknowledge", EventKind.ACKNOWLEDGED, ""), ("start", EventKind.STARTED, "")),
    "acknowledged": (("start", EventKind.STARTED, ""), ("note", EventKind.NOTED, "text")),
    "in_progress": (
        ("note", EventKind.NOTED, "text"),
        ("pend", EventKind.PENDED, "text"),
        ("restore", EventKind.RESTORED, "text"),
        ("resolve", EventKind.RESOLVED, "work"),
    ),
    "pending": (("resume", EventKind.RESUMED, ""), ("note", EventKind.NOTED, "text")),
    "restored": (("resolve", EventKind.RESOLVED, "work"),),
    "resolved": (("note", EventKind.NOTED, "text"), ("waive", EventKind.WAIVED, "reason")),
    "recovered": (("start", EventKind.STARTED, ""), ("cancel", EventKind.CANCELLED, "reason")),
}
_MORE: dict[str, dict[str, object]] = {
    "start": {"on_site": True},
    "pend": {"reason": "parts"},
    "resolve": {"cause": "found by chance"},
}


async def break_and_repair(stage: Stage, chance: random.Random) -> None:
    """Faults come and go, for ever; cancelled, it repairs everything."""
    broken: set[tuple[str, str]] = set()
    try:
        while True:
            await asyncio.sleep(chance.uniform(0.2, 1.5))
            if broken and (len(broken) == MOST_AT_ONCE or chance.random() < 0.4):
                device, fault = chance.choice(sorted(broken))
                broken.remove((device, fault))
                await stage.repair(device, fault)
            else:
                device, fault = chance.choice(FAULTS)
                broken.add((device, fault))
                await stage.fail(device, fault, None)
    finally:
        for device, fault in sorted(broken):
            await stage.repair(device, fault)


async def watch(stage: Stage, ledger: Ledger) -> None:
    """Everything that the API shows goes into the ledger, for ever."""
    read: dict[int, float] = {}  # ticket -> its last change when its history was read
    while True:
        try:
            for ticket in await every_ticket(stage):
                ledger.show_ticket(ticket)
                if read.get(ticket["id"]) != ticket["changed_at"]:
                    for event in await stage.api("GET", f"/tickets/{ticket['id']}/events"):
                        ledger.show_event(event)
                    read[ticket["id"]] = ticket["changed_at"]
        except AWAY:
            pass
        await asyncio.sleep(0.3)


async def every_ticket(stage: Stage, limit: int = 200) -> list[dict[str, Any]]:
    """All tickets, newest first. AWAY while the daemon is."""
    found: list[dict[str, Any]] = []
    below = ""
    while True:
        page = await stage.api("GET", f"/tickets?limit={limit}{below}")
        found += page["items"]
        if page["next"] is None:
            return found
        below = f"&below={page['next']}"


async def work(stage: Stage, ledger: Ledger, chance: random.Random) -> None:
    """A technician acts on tickets, for ever. What the API says yes to is a promise."""
    number = 0
    while True:
        await asyncio.sleep(chance.uniform(0.05, 0.4))
        try:
            page = await stage.api("GET", "/tickets?limit=50")
        except AWAY:
            continue
        choices = [ticket for ticket in page["items"] if ticket["state"] in _NEXT]
        if choices:
            number += 1
            await _act(stage, ledger, chance, chance.choice(choices), f"crash-{number:06d}")


async def _act(stage: Stage, ledger: Ledger, chance: random.Random, ticket: dict[str, Any], key: str) -> None:
    """Where no answer came he looks whether it was done, and otherwise sends the same again."""
    command, kind, text = chance.choice(_NEXT[ticket["state"]])
    order = {"command": command, **_MORE.get(command, {}), **({text: key} if text else {})}
    promise = Promise(ticket["id"], kind, key if text else "")
    while True:
        try:
            await stage.api("POST", f"/tickets/{ticket['id']}/commands", order, key=key)
        except aiohttp.ClientResponseError as refusal:
            if refusal.status != 503:
                return  # 409: the ticket has moved on meanwhile, perhaps by this very command before the daemon died
        except AWAY:
            if text and await _is_done(stage, promise):
                break
        else:
            break
        await asyncio.sleep(0.3)
    ledger.promises.append(promise)


async def _is_done(stage: Stage, promise: Promise) -> bool:
    while True:
        try:
            history = await stage.api("GET", f"/tickets/{promise.ticket}/events")
        except AWAY:
            await asyncio.sleep(0.3)
        else:
            return any(event["kind"] == promise.kind and event["text"] == promise.text for event in history)
