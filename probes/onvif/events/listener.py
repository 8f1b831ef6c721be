"""Which devices are listened to by ONVIF events, and when does that begin and end? One subscription a device."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from probes.listener import Heard, Listener, Voice
from probes.observation import Answer
from probes.onvif.events.ear import Ear
from probes.onvif.look import ServiceOptions
from probes.probe import Options
from probes.tools import Tools


class EventsOptions(ServiceOptions):
    """Where the device service is; what the check onvif says of it need not be said again."""


class EventsSettings(Options):
    """How events begin, and how much a device may fail under them."""

    start_within: Annotated[float, Field(ge=0, le=3_600)] = 30.0  # seconds over which subscriptions begin
    give_up_after: Annotated[int, Field(ge=1, le=100)] = 5  # failures; then the device is left alone for a day


class Events:
    """All devices that are listened to: a task and one waiting connection each."""

    def __init__(self, settings: EventsSettings, voice: Voice, tools: Tools) -> None:
        self._settings, self._voice, self._tools = settings, voice, tools
        self._ears: dict[str, Ear] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._running = False

    def attend(self, devices: Mapping[str, Heard]) -> None:
        """Listen to these; one whose address, login or options are others now is listened to anew."""
        listened = _one_a_service(devices)
        for device, ear in list(self._ears.items()):
            heard = listened.get(device)
            if heard is None or (heard.target, heard.options) != (ear.heard.target, ear.heard.options):
                del self._ears[device]
                self._end(device)
        for device in devices.keys() - listened.keys():
            self._voice.say(
                device,
                Answer(
                    {"subscribed": False, "left_alone": False}, detail="another device at this address is listened to"
                ),
            )
        for device, heard in listened.items():
            if device not in self._ears:
                self._ears[device] = Ear(heard, self._voice, self._tools, self._settings.give_up_after)
                if self._running:
                    self._begin(device)

    async def run(self) -> None:
        """Listen until cancelled; then every subscription is given back."""
        self._running = True
        try:
            for device in self._ears:
                self._begin(device)
            await asyncio.get_running_loop().create_future()
        finally:
            self._running = False
            for device in list(self._tasks):
                self._end(device)
            await asyncio.gather(*self._ending, return_exceptions=True)

    def _begin(self, device: str) -> None:
        listening = self._ears[device].run(self._settings.start_within)
        self._tasks[device] = asyncio.create_task(listening, name=f"events {device}")

    def _end(self, device: str) -> None:
        """Given back in the background, so that a device that does not answer holds nobody up."""
        task = self._tasks.pop(device, None)
        if task is not None:
            task.cancel()
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)


LISTENER = Listener(kind="events", start=Events, options=EventsOptions, settings=EventsSettings, uses_login=True)


def _one_a_service(devices: Mapping[str, Heard]) -> dict[str, Heard]:
    """Channels of one recorder share its event service: the first by name speaks for all."""
    taken: dict[tuple[str, int], str] = {}
    for device in sorted(devices):
        heard = devices[device]
        taken.setdefault((heard.target.host.lower(), heard.options.service_port), device)
    return {device: devices[device] for device in taken.values()}
