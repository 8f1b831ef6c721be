"""How does a whole simulated site run? What hangs on what, and who goes dark with whom."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from probes.simulators.blueprint import Blueprint, Shape, lay_out
from probes.simulators.camera import Camera
from probes.simulators.device import Device
from probes.simulators.film import Films, load_films
from probes.simulators.panel import Panel
from probes.simulators.recorder import Recorder
from probes.simulators.reporting import keep_reporting
from probes.simulators.sockets import Sockets, open_sockets
from probes.simulators.switch import Switch
from probes.simulators.ups import Ups

_BATTERY_SECONDS = 1.0  # how often is looked whether a battery is empty


class SimulatedSite:
    """A site that listens while the context is open.

    `cache` is the folder that keeps the cameras' films. Entering raises ValueError if the shape does not fit (see
    `lay_out`), and OSError if an address is taken.
    """

    def __init__(self, shape: Shape, cache: Path) -> None:
        self.shape, self._cache = shape, cache
        self.devices: Mapping[str, Device] = {}
        self._sockets: Mapping[str, Sockets] = {}
        self._booting: dict[str, asyncio.TimerHandle] = {}
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        blueprints = lay_out(self.shape)
        films = max(1, min(self.shape.films, self.shape.cameras))
        self.devices = self._build(blueprints, await asyncio.to_thread(load_films, self._cache, films))
        async with AsyncExitStack() as opening:
            self._sockets = await opening.enter_async_context(open_sockets(self.shape, self.devices))
            opening.callback(self._stop_booting)
            opening.push_async_callback(_end, asyncio.create_task(self._watch_batteries()))
            for panel in self.devices.values():
                if isinstance(panel, Panel) and self.shape.receiver_port:
                    report = keep_reporting(panel, self.shape.receiver_port)
                    opening.push_async_callback(_end, asyncio.create_task(report))
            self._open = opening.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    def fail(self, device: str, fault: str, value: float | None = None) -> None:
        """Switch a fault on, by its own value unless one is given.

        KeyError if there is no such device, or its kind has no such fault (see `FAULTS`).
        """
        self.devices[device].set_fault(fault, value)
        self.settle()

    def repair(self, device: str, fault: str) -> None:
        """Switch a fault off, if it is on. KeyError as above."""
        self.devices[device].clear_fault(fault)
        self.settle()

    def state(self) -> dict[str, object]:
        """All that can be told of the site, fit for JSON."""
        shape = self.shape
        return {
            "ports": {"rtsp": shape.rtsp_port, "http": shape.http_port, "snmp": shape.snmp_port},
            "devices": {name: device.state() for name, device in self.devices.items()},
        }

    def settle(self) -> None:
        """Let each device be dark, or start, as the faults and its place want it."""
        for name, powered in powered_devices(self.devices).items():
            device = self.devices[name]
            if isinstance(device, Ups):
                device.changed()  # its load is another now
            if not powered:
                self._darken(device)
            elif device.dark and name not in self._booting:
                loop = asyncio.get_running_loop()
                self._booting[name] = loop.call_later(self.shape.boot_seconds, self._lighten, device)

    def _build(self, blueprints: Sequence[Blueprint], films: Films) -> dict[str, Device]:
        fixed = self.shape.cameras - self.shape.domes
        cameras = {one.name: Camera(one, films, dome=one.number > fixed) for one in blueprints if one.kind == "camera"}
        built: dict[str, Device] = {}
        for one in blueprints:
            match one.kind:
                case "camera":
                    built[one.name] = cameras[one.name]
                case "recorder":
                    recorded = list(cameras.values())[one.number - 1 :: self.shape.recorders]
                    built[one.name] = Recorder(one, recorded)
                case "switch":
                    fed = [camera for camera in cameras.values() if camera.blueprint.parent == one.name]
                    built[one.name] = Switch(one, fed, self.settle)
                case "ups":
                    built[one.name] = Ups(one, self.shape.runtime_seconds)
                case "panel":
                    built[one.name] = Panel(one)
        switches = [one for one in built.values() if isinstance(one, Switch)]
        for switch in switches:
            switch.others = tuple(one for one in switches if one is not switch)
        for ups in built.values():
            if isinstance(ups, Ups):
                ups.fed = tuple(fed for fed in built.values() if fed.blueprint.power == ups.name)
        return built

    def _darken(self, device: Device) -> None:
        starting = self._booting.pop(device.name, None)
        if starting:
            starting.cancel()
        if not device.dark:
            device.dark = True
            self._sockets[device.name].darken()
            self._tell_parent(device)

    def _lighten(self, device: Device) -> None:
        del self._booting[device.name]
        device.dark = False
        device.restart()
        self._sockets[device.name].lighten()
        self._tell_parent(device)

    def _tell_parent(self, device: Device) -> None:
        if device.blueprint.parent:
            self.devices[device.blueprint.parent].changed()

    def _stop_booting(self) -> None:
        for starting in self._booting.values():
            starting.cancel()
        self._booting.clear()

    async def _watch_batteries(self) -> None:
        while True:
            await asyncio.sleep(_BATTERY_SECONDS)
            self.settle()


def powered_devices(devices: Mapping[str, Device]) -> dict[str, bool]:
    """Which devices have power? They stand in the mapping behind what feeds them."""
    powered: dict[str, bool] = {}
    for name, device in devices.items():
        above = device.blueprint.power
        fed = above is None or (powered[above] and devices[above].feeds(device.blueprint.port))
        powered[name] = fed and device.powers
    return powered


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
