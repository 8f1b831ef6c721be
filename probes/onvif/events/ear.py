"""How is one device listened to, for as long as it bears it?"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic
from typing import Final
from zlib import crc32

from probes.errors import Denied, Refused, Trouble, Unsupported
from probes.listener import Heard, Voice
from probes.observation import Answer, Outcome
from probes.onvif.client import Client
from probes.onvif.events.pullpoint import (
    RENEW_SHARE,
    Subscription,
    create,
    find_events,
    pull,
    renew,
    unsubscribe,
)
from probes.onvif.events.table import Table
from probes.onvif.events.topics import meaning
from probes.onvif.look import learn_clock, service_address
from probes.onvif.memory import Memory
from probes.standing import State
from probes.tools import Tools

log = logging.getLogger(__name__)

WAIT_SECONDS: Final = 50.0  # a pull waits at the device; many routers forget a connection that is silent for a minute
FIRST_WAIT_SECONDS: Final = 2.0  # what it says at once is how everything stands
GRACE_SECONDS: Final = 10.0  # for an answer beyond that
CALL_SECONDS: Final = 10.0
GOODBYE_SECONDS: Final = 8.0  # all at once at the end of the daemon
SHORTEST_PULL_SECONDS: Final = 1.0  # a device that does not wait, or never stops talking, is asked no more often
LONGEST_PAUSE_SECONDS: Final = 10.0
AGAIN_SECONDS: Final = 30.0  # after a failure, twice as long each time, …
LONGEST_AGAIN_SECONDS: Final = 600.0
UNSUPPORTED_SECONDS: Final = 6 * 3_600.0
ALONE_SECONDS: Final = 86_400.0  # a device that cannot bear events is tried once a day
PERMISSION_SECONDS: Final = 5.0
SOUND_SECONDS: Final = 3_600.0  # a subscription that has lived so long makes past failures forgotten


class Ear:
    """One device. `run` listens for ever; when it is cancelled the subscription is given back."""

    def __init__(self, heard: Heard, voice: Voice, tools: Tools, give_up_after: int) -> None:
        self.heard = heard
        self._voice, self._tools, self._give_up_after = voice, tools, give_up_after
        target, options = heard.target, heard.options
        self._device, self._url = target.device, service_address(target, options)
        self._client = Client(tools, target, tools.get(Memory).recall(target, options.service_port))
        self._table = Table(_keys(heard.standing))
        self._place = crc32(target.device.encode()) / 2**32  # spreads the devices, 0 to 1
        self._failures = 0
        self._said: Answer | None = None

    async def run(self, start_within_seconds: float) -> None:
        """Listen, after a part of that time: events come last."""
        await asyncio.sleep(start_within_seconds * self._place)
        again = AGAIN_SECONDS
        while True:
            await self._wait_for_permission()
            started = monotonic()
            try:
                await self._listen()
            except Denied as denied:
                self._say(Outcome.DENIED, str(denied))
                pause = PERMISSION_SECONDS
            except _Withheld:
                pause = PERMISSION_SECONDS
            except Unsupported as trouble:
                self._say(Outcome.OK, f"no events: {trouble}", subscribed=False)  # an answer, and no fault of it
                pause = UNSUPPORTED_SECONDS
            except _Away as away:  # whatever is wrong with it, it is not the events
                self._say(Outcome.NO_ANSWER, str(away))
                pause = again
            except (Trouble, OSError, TimeoutError) as trouble:
                pause = self._failed(trouble, again, monotonic() - started)
            except Exception as error:
                log.exception("events of device %s: a bug", self._device)
                self._say(Outcome.BUG, type(error).__name__)
                pause = LONGEST_AGAIN_SECONDS
            again = AGAIN_SECONDS if monotonic() - started > LONGEST_AGAIN_SECONDS else again * 2
            again = min(again, LONGEST_AGAIN_SECONDS)
            await asyncio.sleep(pause * (0.9 + 0.2 * self._place))

    async def _wait_for_permission(self) -> None:
        while not self._permitted():  # noqa: ASYNC110
            await asyncio.sleep(PERMISSION_SECONDS * (0.8 + 0.4 * self._place))

    def _permitted(self) -> bool:
        """False while the device's login stands refused, whichever check it was refused to."""
        return self.heard.target.login is None or self._voice.may_log_in(self._device)

    def _failed(self, trouble: Exception, again: float, lived_seconds: float) -> float:
        """It answered, but not to this, or it fell silent under it. How long to wait until the next try."""
        self._failures = 1 if lived_seconds > SOUND_SECONDS else self._failures + 1
        self._voice.count("failed")
        why = str(trouble) or "no answer in time"
        if self._failures < self._give_up_after:
            outcome = trouble.outcome if isinstance(trouble, Trouble) else Outcome.NO_ANSWER
            self._say(outcome, f"events failed, {self._failures} of {self._give_up_after}: {why}")
            return again
        log.warning("events of device %s: left alone after %d failures: %s", self._device, self._failures, why)
        self._say(Outcome.UNSUPPORTED, f"left alone after {self._failures} failures: {why}", left_alone=True)
        self._failures = self._give_up_after - 1
        return ALONE_SECONDS

    async def _listen(self) -> None:
        """Subscribe and pull until something fails."""
        self._client.known.accepted = False
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await learn_clock(self._client, self._url, self._tools)
        except Denied:
            raise
        except (Trouble, OSError, TimeoutError) as trouble:
            raise _Away(str(trouble) or "no answer") from trouble
        while True:
            async with asyncio.timeout(CALL_SECONDS):
                service = await find_events(self._client, self._url)
            async with asyncio.timeout(CALL_SECONDS):
                subscription = await create(self._client, service, self._tools.now())
            self._voice.count("subscribed")
            refused = False
            try:
                await self._follow(subscription)
            except (Denied, _Withheld):
                refused = True  # a goodbye would send the refused login once more; the subscription ends by itself
                raise
            finally:
                if not refused:
                    with suppress(Trouble, OSError, TimeoutError):
                        async with asyncio.timeout(GOODBYE_SECONDS):
                            await unsubscribe(self._client, subscription)

    async def _follow(self, subscription: Subscription) -> None:
        """Pull until the subscription cannot be prolonged."""
        self._table.begin()
        self._say(Outcome.OK)
        renew_at = monotonic() + subscription.life_seconds * RENEW_SHARE
        wait, settled, cut, pause = FIRST_WAIT_SECONDS, False, False, 0.0
        while True:
            if not self._permitted():
                raise _Withheld
            if monotonic() >= renew_at:
                try:
                    async with asyncio.timeout(CALL_SECONDS):
                        renew_at = monotonic() + RENEW_SHARE * await renew(
                            self._client, subscription, self._tools.now()
                        )
                except Unsupported:
                    return
            began = monotonic()
            ends = [at - began for at in (renew_at, self._table.next_end()) if at is not None]
            budget = max(min(wait, *ends), SHORTEST_PULL_SECONDS)
            try:
                async with asyncio.timeout(budget + GRACE_SECONDS):
                    events = await pull(self._client, subscription, budget)
                cut = False
            except (Refused, ConnectionError):
                # Some firmware hangs up at the end of its wait instead of answering with nothing.
                if cut or monotonic() - began < budget / 2:
                    raise
                events, cut = [], True
            now = monotonic()
            known = sum(meaning(event.topic) is not None for event in events)
            self._voice.count("taken", known)
            self._voice.count("no matter of health", len(events) - known)
            changed = self._table.expire(now)
            for event in events:
                changed |= self._table.take(event, now)
            if not events and not settled:
                settled = True
                changed |= self._table.settle()
            if changed:
                self._say(Outcome.OK)
            wait = WAIT_SECONDS if settled else FIRST_WAIT_SECONDS
            busy = now - began < SHORTEST_PULL_SECONDS
            pause = min(max(pause * 2, SHORTEST_PULL_SECONDS), LONGEST_PAUSE_SECONDS) if busy else 0.0
            if busy and (settled or not events):
                await asyncio.sleep(SHORTEST_PULL_SECONDS if events else pause)

    def _say(self, outcome: Outcome, detail: str = "", *, subscribed: bool = True, left_alone: bool = False) -> None:
        """Only what is new; the rows are known only while it is subscribed."""
        subscribed = subscribed and outcome is Outcome.OK
        values = {"subscribed": subscribed, "left_alone": left_alone}
        rows = {"alarm": self._table.rows()} if subscribed else {}
        answer = Answer(values, rows, outcome=outcome, detail=detail)
        if answer != self._said or outcome is Outcome.DENIED:
            self._said = answer
            self._voice.say(self._device, answer)


class _Withheld(Exception):
    """The login was refused to another check: it must not be sent again."""


class _Away(Exception):
    """The device did not even tell its time."""


def _keys(standing: Mapping[str, State]) -> list[str]:
    raised = (one.partition("/") for one, state in standing.items() if state == "raised")
    return [key for table, _, key in raised if table == "alarm"]
