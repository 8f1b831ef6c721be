"""How does a recorded device answer again? Over HTTP, RTSP and SNMP, at an address of loopback."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from ipaddress import IPv4Address
from types import TracebackType
from typing import Final, Self, cast
from urllib.parse import urlsplit

from aiohttp import web

from probes.recording.folder import BadRecording, HttpAnswer, Recording, RtspAnswer, Variable
from probes.simulators.blueprint import LOOPBACK
from probes.simulators.sia import SiaPanel
from probes.simulators.snmp import ber
from probes.simulators.snmp.agent import Access, Agent
from probes.simulators.snmp.ber import Oid
from probes.simulators.snmp.pdu import Commit, Status, View

COMMUNITY: Final = "recorded"
ACCOUNT: Final = "0000"  # of a recorded panel; it reports plain
MAX_PAUSE_SECONDS: Final = 60.0  # between two of its reports

_ENGINE: Final = bytes.fromhex("80007ed90472656300")
_MAX_BODY: Final = 256 * 1024
_MAX_HEAD: Final = 8_192
_OPERATION: Final = re.compile(rb":?Body[^>]*>\s*<(?:[A-Za-z0-9_-]{1,32}:)?([A-Za-z0-9]{1,64})[ >/]")
_TOKEN: Final = re.compile(rb"ProfileToken>([^<]{0,64})</")
_ADDRESS: Final = re.compile(rb"(https?|rtsps?)://192\.0\.2\.\d{1,3}(?::\d{1,5})?(?=[/<\"\s]|$)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a recorded device is served; loopback only."""

    address: str
    http_port: int
    rtsp_port: int
    snmp_port: int
    receiver_port: int = 0  # of 127.0.0.1, where a recorded panel reports; 0: it keeps silent


class RecordedDevice:
    """A recording that listens while the context is open. It asks nobody for a login; its community is `recorded`."""

    def __init__(self, recording: Recording, place: Place) -> None:
        if IPv4Address(place.address) not in LOOPBACK:
            raise ValueError(f"{place.address} is no address of 127.0.0.0/8")
        self._recording, self._place = recording, place
        self._view = View.of(read_objects(recording.snmp))
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        place = self._place
        async with AsyncExitStack() as opening:
            if self._recording.http:
                runner = web.ServerRunner(web.Server(self._answer, access_log=None))
                await runner.setup()
                opening.push_async_callback(runner.cleanup)
                await web.TCPSite(runner, place.address, place.http_port).start()
            if self._recording.rtsp:
                server = await asyncio.start_server(self._converse, place.address, place.rtsp_port, limit=_MAX_HEAD)
                opening.callback(server.close)
            if self._recording.snmp:
                agent = Agent(Access(COMMUNITY, None, _ENGINE), self)
                transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: _Datagrams(agent), local_addr=(place.address, place.snmp_port)
                )
                opening.callback(transport.close)
            if self._recording.reports and place.receiver_port:
                reporting = asyncio.create_task(self._report())
                opening.callback(reporting.cancel)
            self._open = opening.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def _report(self) -> None:
        """Once, in the order and as quickly as it was; what is not acknowledged is sent again."""
        line = SiaPanel(self._place.receiver_port, ACCOUNT, source=self._place.address)
        before = 0.0
        for one in self._recording.reports:
            await asyncio.sleep(min(max(0.0, one.after_seconds - before), MAX_PAUSE_SECONDS))
            before = one.after_seconds
            while True:
                try:
                    if b"ACK" in await line.report(one.kind, one.data):
                        break
                except OSError:
                    await asyncio.sleep(1.0)

    def view(self) -> View:
        """Its SNMP objects."""
        return self._view

    def prepare(self, name: Oid, tag: int, content: bytes) -> Status | Commit:
        """Nothing is writable."""
        return Status.NOT_WRITABLE

    def refused_login(self, protocol: str) -> None:
        """Nobody counts."""

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.content.read(_MAX_BODY) if request.method == "POST" else b""
        found = self._find(request.method, request.raw_path, body)
        if found is None:
            return web.Response(status=404)
        response = web.Response(status=found.status, body=self._moved(found.body))
        response.headers["Content-Type"] = found.content_type or "application/octet-stream"
        if found.server:
            response.headers["Server"] = found.server
        return response

    def _find(self, method: str, path: str, body: bytes) -> HttpAnswer | None:
        """The answer to that question; to a call for an unknown profile, that to any profile."""
        operation, token = _OPERATION.search(body), _TOKEN.search(body)
        name = operation[1].decode() if operation else ""
        of_profile = token[1].decode("utf-8", "replace") if token else ""
        known = [one for one in self._recording.http if (one.method, one.path) == (method, path)]
        named = [one for one in known if one.operation == name]
        return next((one for one in named if one.token == of_profile), named[0] if named else None)

    def _moved(self, body: bytes) -> bytes:
        """Addresses of the recording lead to where it is served now."""
        place = self._place

        def move(found: re.Match[bytes]) -> bytes:
            scheme = found[1].decode()
            port = place.rtsp_port if scheme.startswith("rtsp") else place.http_port
            return f"{scheme}://{place.address}:{port}".encode()

        return _ADDRESS.sub(move, body)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                writer.write(self._speak(head))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()

    def _speak(self, head: str) -> bytes:
        method, url, *_ = (*head.partition("\r\n")[0].split(" "), "", "")
        numbers = [line.partition(":")[2].strip() for line in head.split("\r\n") if line.lower().startswith("cseq:")]
        cseq = numbers[0] if numbers and numbers[0].isdigit() else "0"
        found = self._find_rtsp(method, url)
        if found is None:
            return f"RTSP/1.0 404 Not Found\r\nCSeq: {cseq}\r\n\r\n".encode()
        lines = [f"RTSP/1.0 {found.status} OK", f"CSeq: {cseq}"]
        lines += [f"Server: {found.server}"] if found.server else []
        lines += [f"Public: {found.public}"] if found.public else []
        body = self._moved(found.body)
        if body:
            lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + body

    def _find_rtsp(self, method: str, url: str) -> RtspAnswer | None:
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        known = [one for one in self._recording.rtsp if one.method == method]
        exact = next((one for one in known if one.path == path), None)
        return exact or (known[0] if known and method == "OPTIONS" else None)


class _Datagrams(asyncio.DatagramProtocol):
    """Hands datagrams to the agent."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # uvloop's is not a subclass

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        answer = self._agent.answer(data)
        if answer is not None:
            self._transport.sendto(answer, address)


def read_objects(variables: tuple[Variable, ...]) -> Mapping[Oid, bytes]:
    """The variables as an agent holds them. Raises BadRecording."""
    return {tuple(map(int, one.oid.split("."))): _encode(one) for one in variables}


def _encode(variable: Variable) -> bytes:
    """The encoded value of a line of snmprec."""
    tag, hexed = variable.tag.removesuffix("x"), variable.tag.endswith("x")
    try:
        number = int(tag)
        match number:
            case ber.INTEGER | 65 | 66 | 67 | 70:
                return ber.integer(int(variable.value), number)
            case ber.OCTETS:
                content = bytes.fromhex(variable.value) if hexed else variable.value.encode()
                return ber.octets(content)
            case 6:
                return ber.oid(tuple(int(arc) for arc in variable.value.strip(".").split(".")))
            case 64:
                return ber.tlv(number, IPv4Address(variable.value).packed)
    except (ValueError, OverflowError) as error:
        raise BadRecording(f"{variable.oid}: {error}") from None
    raise BadRecording(f"{variable.oid}: unknown type {variable.tag[:10]!r}")
