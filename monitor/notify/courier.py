"""Who brings what the outbox holds to where it must go, in spite of dead servers and dying processes?

Every channel is a lane of its own: one parcel at a time, oldest first, each with its time limit. A channel that fails
rests, longer each time; the others do not notice. What is sent is marked before (`claim`) and after, so that a crash
in between leads to a repetition under the same key, never to a loss.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import monotonic

from monitor.notify.envelope import Envelope, Transport, Undelivered
from monitor.storage.errors import StoreUnavailable
from monitor.storage.outbox import GROUPING, Grouping, Parcel
from monitor.storage.store import Store

log = logging.getLogger(__name__)

LEASE_SECONDS = 300.0  # counts only where several couriers serve one outbox
RETRY_STORE_SECONDS = 2.0
IDLE_SECONDS = 60.0  # looks at the outbox at least this often
JUMP_SECONDS = 2.0  # a difference to the monotonic clock beyond this: somebody set the clock
OUTAGE = 3  # failures in a row that are the channel's, not one message's


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often is a delivery tried?"""

    first_seconds: float = 5.0
    longest_seconds: float = 900.0
    most_attempts: int = 1_000
    age_seconds: float = 3 * 86_400.0  # since it might go out …
    least_attempts: int = 10  # … but not before so many, for the daemon itself may have been away

    def rest(self, failures: int) -> float:
        """Seconds until the next attempt after so many failures: doubling, and spread by a fifth."""
        usual = min(self.longest_seconds, self.first_seconds * 2.0 ** min(failures - 1, 30))
        return usual * random.uniform(0.8, 1.2)  # noqa: S311 - only spreads

    def ends(self, parcel: Parcel, now: float) -> bool:
        """Has it been tried enough?"""
        oldest = min(message.not_before for message in parcel.messages)
        old = parcel.attempt >= self.least_attempts and now - oldest >= self.age_seconds
        return old or parcel.attempt >= self.most_attempts


PATIENCE = Patience()


@dataclass(slots=True)
class Lane:
    """How one channel is doing."""

    busy: bool = False
    failures: int = 0  # in a row
    resting_until: float = 0.0
    reason: str = ""  # of the last failure
    delivered: int = 0
    failed: int = 0
    given_up: int = 0


class Courier:
    """The one courier of an outbox. `lanes` may be read at any time; `wake` it after every commit of messages."""

    def __init__(
        self,
        store: Store,
        transports: Mapping[str, Transport],
        render: Callable[[Parcel], Awaitable[Envelope]],
        now: Callable[[], float],
        *,
        patience: Patience = PATIENCE,
        grouping: Grouping = GROUPING,
    ) -> None:
        self._store, self._render, self._now = store, render, now
        self._patience, self._grouping = patience, grouping
        self._transports = dict(transports)
        self._wake = asyncio.Event()
        self._stopping = False
        self._turned = monotonic(), now()  # the last turn by both clocks
        self.lanes: dict[str, Lane] = {}

    def wake(self) -> None:
        """There is something new in the outbox."""
        self._wake.set()

    def stop(self) -> None:
        """Begin nothing more; `run` ends when what is under way has ended."""
        self._stopping = True
        self._wake.set()

    async def use(self, transports: Mapping[str, Transport]) -> None:
        """Serve other channels from now on; what was resting is tried at once, the old ones are closed."""
        old, self._transports = self._transports, dict(transports)
        for lane in self.lanes.values():
            lane.failures, lane.resting_until = 0, 0.0
        self._wake.set()
        await _close(old)

    async def run(self) -> None:
        """Deliver for ever, or until `stop`. Cancelled, it leaves what is under way to be repeated after the start."""
        await self._persist(lambda: self._store.reclaim(self._now()))
        try:
            async with asyncio.TaskGroup() as lanes:
                while not self._stopping:
                    self._wake.clear()
                    wait = await self._turn(lanes)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(wait):
                            await self._wake.wait()
        finally:
            await _close(self._transports)

    async def _turn(self, lanes: asyncio.TaskGroup) -> float:
        """Begin what is due; how long nothing more can be."""
        now = self._now()
        if not await self._follow_clock(now):
            return RETRY_STORE_SECONDS
        closed = {name for name, lane in self.lanes.items() if lane.busy or lane.resting_until > now}
        try:
            due = await self._store.next_due(closed)
            parcels: tuple[Parcel, ...] = ()
            if due is not None and due <= now:
                parcels = await self._store.claim(now, LEASE_SECONDS, closed, self._grouping)
                due = await self._store.next_due(closed | {parcel.channel for parcel in parcels})
        except StoreUnavailable:
            return RETRY_STORE_SECONDS
        for parcel in parcels:
            self._lane(parcel.channel).busy = True
            lanes.create_task(self._carry(parcel), name=f"courier {parcel.channel}")
        rested = [lane.resting_until for lane in self.lanes.values() if lane.resting_until > now]
        moments = rested if due is None else [due, *rested]
        return max(0.05, min(min(moments, default=now + IDLE_SECONDS) - self._now(), IDLE_SECONDS))

    async def _follow_clock(self, now: float) -> bool:
        """Was the clock set since the last turn? Then what the old one put off is due. False: not to be had now."""
        turned = monotonic(), now
        if abs((turned[1] - self._turned[1]) - (turned[0] - self._turned[0])) > JUMP_SECONDS:
            try:
                await self._store.distrust_clock(now)
            except StoreUnavailable:
                return False
            for lane in self.lanes.values():
                lane.resting_until = 0.0
        self._turned = turned
        return True

    def _lane(self, channel: str) -> Lane:
        return self.lanes.setdefault(channel, Lane())

    async def _carry(self, parcel: Parcel) -> None:
        lane = self._lane(parcel.channel)
        try:
            await self._deliver(parcel)
        except Undelivered as trouble:
            await self._failed(lane, parcel, trouble)
        else:
            await self._delivered(lane, parcel)
        finally:
            lane.busy = False
            self._wake.set()

    async def _deliver(self, parcel: Parcel) -> None:
        transport = self._transports.get(parcel.channel)
        if transport is None:
            raise Undelivered(f"there is no channel {parcel.channel} in the configuration")
        try:
            envelope = await self._render(parcel)
            async with asyncio.timeout(transport.timeout_seconds):
                await transport.deliver(envelope)
        except TimeoutError:
            raise Undelivered(f"not taken within {transport.timeout_seconds:g} s", unsure=True) from None
        except StoreUnavailable as error:
            raise Undelivered(error.reason) from None
        except (Undelivered, asyncio.CancelledError):
            raise
        except Exception as error:
            log.exception("courier: a bug in channel %s", parcel.channel)
            raise Undelivered(f"{type(error).__name__} in the courier", unsure=True) from None

    async def _delivered(self, lane: Lane, parcel: Parcel) -> None:
        now = self._now()
        await self._persist(lambda: self._store.sent(parcel.key, now))
        outage, lane.failures, lane.resting_until = lane.failures >= OUTAGE, 0, 0.0
        lane.reason = ""
        lane.delivered += 1
        if outage:
            log.warning("courier: channel %s works again", parcel.channel)
            await self._persist(lambda: self._store.hasten(parcel.channel, now))

    async def _failed(self, lane: Lane, parcel: Parcel, trouble: Undelivered) -> None:
        now, reason = self._now(), str(trouble)
        lane.failed += 1
        if not trouble.temporary or self._patience.ends(parcel, now):
            lane.given_up += len(parcel.messages)
            log.error("courier: channel %s gives up %s: %s", parcel.channel, parcel.key, reason)
            await self._persist(lambda: self._store.give_up(parcel.key, reason, now))
            return
        if reason != lane.reason or not lane.failures:
            log.warning("courier: channel %s does not deliver: %s", parcel.channel, reason)
        lane.failures, lane.reason = lane.failures + 1, reason
        lane.resting_until = now + (
            self._patience.longest_seconds if trouble.denied else self._patience.rest(lane.failures)
        )
        retry_at = now + self._patience.rest(parcel.attempt)
        await self._persist(lambda: self._store.failed(parcel.key, reason, retry_at, unsure=trouble.unsure))

    async def _persist(self, write: Callable[[], Awaitable[object]]) -> None:
        """Write it, however long the database is away: until then the lane begins nothing more."""
        while True:
            try:
                await write()
            except StoreUnavailable:
                await asyncio.sleep(RETRY_STORE_SECONDS)
            else:
                return


async def _close(transports: Mapping[str, Transport]) -> None:
    for name, transport in transports.items():
        try:
            await transport.close()
        except Exception:
            log.exception("courier: channel %s does not close", name)
