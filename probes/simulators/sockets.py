"""Where does a simulated site listen? RTSP and HTTP of its devices on TCP, their agents on UDP, each at its address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from probes.simulators.blueprint import COMMUNITY, SNMP_AUTH, SNMP_PRIV, SNMP_USER, Shape
from probes.simulators.camera import Camera
from probes.simulators.device import Device
from probes.simulators.door import Door
from probes.simulators.rtsp import Conversation
from probes.simulators.snmp.agent import Access, Agent
from probes.simulators.snmp.usm import User
from probes.simulators.web import Pages

_MAX_LINE = 8_192  # bytes that an RTSP client may send without the end of a line
_ENGINE = bytes.fromhex("80007ed904")  # enterprise 32473 (RFC 5612), then text (RFC 3411 section 5)
_USER = User(SNMP_USER, "sha", SNMP_AUTH, SNMP_PRIV)
_BY_USER = frozenset({"switch", "panel"})  # kinds that speak version 3 only; the others version 1 and 2c


@dataclass(frozen=True, slots=True)
class Sockets:
    """What one device listens with."""

    doors: tuple[Door, ...]
    agent: Agent | None

    def darken(self) -> None:
        """The device has lost its power; its agent sees to that itself."""
        for door in self.doors:
            door.darken()

    def lighten(self) -> None:
        """The device has started again."""
        if self.agent:
            self.agent.restart()
        for door in self.doors:
            door.lighten()


@asynccontextmanager
async def open_sockets(shape: Shape, devices: Mapping[str, Device]) -> AsyncIterator[dict[str, Sockets]]:
    """All sockets of these devices, by the device's name, open within the context; OSError if an address is taken."""
    pages = Pages(shape, {device.blueprint.address: device for device in devices.values()})
    conversations: set[asyncio.Task[None]] = set()
    opened: dict[str, Sockets] = {}
    agents: list[asyncio.DatagramTransport] = []
    try:
        for name, device in devices.items():
            address = device.blueprint.address
            doors = (Door(address, shape.http_port, pages.server),)
            opened[name] = Sockets(doors, None)
            if isinstance(device, Camera):
                door = Door(address, shape.rtsp_port, _conversing(device, conversations))
                opened[name] = Sockets((*doors, door), None)
            else:
                agent = Agent(_access(device), device)
                opened[name] = Sockets(doors, agent)
                agents.append(await _listen(device, agent, shape.snmp_port))
        yield opened
    finally:
        for sockets in opened.values():
            for door in sockets.doors:
                door.close()
        for transport in agents:
            transport.close()
        for task in conversations:
            task.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)
        await pages.close()


def _conversing(camera: Camera, conversations: set[asyncio.Task[None]]) -> Callable[[], asyncio.BaseProtocol]:
    """Makes the protocol of each RTSP connection to this camera."""

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(Conversation(camera, reader, writer).hold())
        conversations.add(task)
        task.add_done_callback(conversations.discard)

    def make() -> asyncio.BaseProtocol:
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(limit=_MAX_LINE), begin)

    return make


def _access(device: Device) -> Access:
    engine = _ENGINE + device.name.encode()
    if device.blueprint.kind in _BY_USER:
        return Access(None, _USER, engine)
    return Access(COMMUNITY, None, engine)


async def _listen(device: Device, agent: Agent, port: int) -> asyncio.DatagramTransport:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Datagrams(device, agent), local_addr=(device.blueprint.address, port)
    )
    return transport


class _Datagrams(asyncio.DatagramProtocol):
    """Hands datagrams to the agent while the device has power."""

    def __init__(self, device: Device, agent: Agent) -> None:
        self._device, self._agent = device, agent

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # uvloop's is not a subclass

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if self._device.dark or "snmp_silent" in self._device.faults:
            return
        answer = self._agent.answer(data)
        if answer is not None:
            self._transport.sendto(answer, address)
