"""Does the database take anything, how full is the outbox, does delivery work, and what is old enough to go?"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic

from monitor.engine.live import Health, Live, Stats
from monitor.notify.courier import OUTAGE, Courier
from monitor.storage.errors import StoreUnavailable
from monitor.storage.retention import Retention
from monitor.storage.store import Store
from probes.frame.pool import DecodePool
from probes.tools import Tools

log = logging.getLogger(__name__)

EVERY_SECONDS = 5.0
PULSE_EVERY_SECONDS = 15.0  # at a site where nothing happens nobody else would notice that nothing can be written
PURGE_EVERY_SECONDS = 3_600.0
RETENTION = Retention()


async def keep_up(
    live: Live, store: Store, courier: Courier, tools: Tools, note_database: Callable[[StoreUnavailable | None], None]
) -> None:
    """Look after the database, outbox figures and retention, for ever. `note_database` is told how a write went."""
    purged = pulsed = 0.0
    while True:
        live.stats.decode_deaths = tools.get(DecodePool).deaths
        _note_lanes(courier, live.stats, live.health)
        if monotonic() - pulsed > PULSE_EVERY_SECONDS:
            note_database(await _pulse(store, live.now()))
            pulsed = monotonic()
        try:
            backlog = await store.backlog()
            waiting = [one for one in backlog.values() if one.waiting]
            oldest = min((one.oldest_at for one in waiting if one.oldest_at is not None), default=None)
            live.stats.outbox_waiting = sum(one.waiting for one in waiting)
            live.stats.outbox_oldest_seconds = 0.0 if oldest is None else max(0.0, live.now() - oldest)
            live.stats.database_bytes = await store.size_bytes()
            if monotonic() - purged > PURGE_EVERY_SECONDS:
                await store.purge(live.now(), RETENTION)
                purged = monotonic()
        except StoreUnavailable as error:
            log.debug("upkeep waits for the database: %s", error)
        await asyncio.sleep(EVERY_SECONDS)


async def _pulse(store: Store, now: float) -> StoreUnavailable | None:
    try:
        await store.writable(now)
    except StoreUnavailable as error:
        return error
    return None


def _note_lanes(courier: Courier, stats: Stats, health: Health) -> None:
    failing = []
    for name, lane in courier.lanes.items():
        stats.delivered[name, "ok"] = lane.delivered
        stats.delivered[name, "failed"] = lane.failed
        stats.delivered[name, "given_up"] = lane.given_up
        if lane.failures >= OUTAGE:
            failing.append(f"{name}: {lane.reason}")
    if failing:
        health.troubles["outbox"] = "; ".join(failing)
    else:
        health.troubles.pop("outbox", None)
