"""Who sends us traps, and what do they come to? One socket for all devices."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from probes.budget import Budget
from probes.errors import Denied, Garbled, Unresolved
from probes.listener import Heard, Voice
from probes.resolve import literal, resolve
from probes.snmp.message import V2C, V3, Kind, encode_binds, encode_community, encode_pdu
from probes.snmp.secure import Envelope, open_envelope
from probes.standing import Standing
from probes.target import Target
from probes.tools import Tools
from probes.traps.book import index, shipped_book
from probes.traps.notice import Notice, read_community, version_of
from probes.traps.options import TrapOptions, TrapSettings
from probes.traps.schema import Meaning
from probes.traps.secure import Security

MAX_DATAGRAM = 8_192
AT_A_TIME = 64  # datagrams read before the loop may do something else
BUFFER = 4 * 1024 * 1024  # asked of the kernel, which grants what it allows
READ_PER_SECOND, READ_AT_ONCE = 50.0, 200.0  # datagrams of one source that are looked at
READ_ALL_PER_SECOND, READ_ALL_AT_ONCE = 2_000.0, 2_000.0  # of all sources together
FAIR_PER_SECOND, FAIR_AT_ONCE = 5.0, 20.0  # of one source all the same, when the others have used up what is for all
STRANGERS_PER_SECOND, STRANGERS_AT_ONCE = 100.0, 100.0  # of all unknown sources: a proxy may speak for a device
SAID_PER_SECOND, SAID_AT_ONCE = 100.0, 50.0  # answers: each costs the verdicts of all rules on all rows
QUIET_SECONDS = 10.0  # a device that has said nothing for so long need not wait for the others
TOGETHER_SECONDS = 0.25  # changes of one device that follow an answer sooner are said together
FLUSH_SECONDS = 0.05
TICK_SECONDS = 1.0
SAY_SECONDS = 10.0  # what no rule goes by (counts, when it was last heard) is said this often
OWED_SECONDS = 10.0  # an inform that is not written down by then is not answered
MAX_OWED = 1_000  # informs that wait for their answer
NAMES_SECONDS = 60.0  # names of devices are looked up again

SocketAddress = tuple[str, int] | tuple[str, int, int, int]


@dataclass(slots=True)
class _Source:
    """What one known address may send."""

    usual: Budget = field(default_factory=lambda: Budget(READ_PER_SECOND, READ_AT_ONCE))
    fair: Budget = field(default_factory=lambda: Budget(FAIR_PER_SECOND, FAIR_AT_ONCE))


@dataclass(slots=True)
class _Device:
    """One device that may be heard."""

    target: Target
    options: TrapOptions
    own: Mapping[bytes, Meaning]
    standing: Standing = field(default_factory=Standing)
    said_at: float = float("-inf")


class Traps:
    """Hears traps and informs of versions 1, 2c and 3 and keeps how each device stands."""

    def __init__(self, settings: TrapSettings, voice: Voice, tools: Tools) -> None:
        self._settings, self._voice, self._tools = settings, voice, tools
        self._loop = asyncio.get_running_loop()
        self._book = shipped_book()
        self._security = Security(tools, settings.engine_id, self._loop.time())
        self._devices: dict[str, _Device] = {}
        self._by_address: dict[str, list[_Device]] = {}
        self._sources: dict[str, _Source] = {}  # by address that is known
        self._all = Budget(READ_ALL_PER_SECOND, READ_ALL_AT_ONCE)
        self._strangers = Budget(STRANGERS_PER_SECOND, STRANGERS_AT_ONCE)
        self._said = Budget(SAID_PER_SECOND, SAID_AT_ONCE)
        self._changed: dict[str, None] = {}  # devices that have something to say, who waits longest first
        self._owed: set[asyncio.Task[None]] = set()  # informs that are not answered yet
        self._sock: socket.socket | None = None
        self.bound: asyncio.Future[int] = self._loop.create_future()  # the port, for tests

    def attend(self, devices: Mapping[str, Heard]) -> None:
        """Hear these; what is known of those that stay is kept."""
        before, self._devices = self._devices, {}
        for name, heard in devices.items():
            known = before.get(name)
            device = _Device(heard.target, heard.options, index(heard.options.meanings))
            if known is not None:
                device.standing, device.said_at = known.standing, known.said_at
            device.standing.remember(heard.standing, self._book.passing, self._loop.time(), in_doubt=heard.in_doubt)
            self._devices[name] = device
        known_addresses, self._by_address = self._by_address, {}
        for device in self._devices.values():
            address = literal(device.target.host)
            if address is not None:
                self._by_address.setdefault(address.ip, []).append(device)
        for ip, of_address in known_addresses.items():  # names keep their last address until they are looked up
            for old in of_address:
                now = self._devices.get(old.target.device)
                if now is not None and now.target.host == old.target.host and literal(old.target.host) is None:
                    self._by_address.setdefault(ip, []).append(now)
        self._sources = {ip: self._sources.get(ip) or _Source() for ip in self._by_address}

    async def run(self) -> None:
        """Hear, for ever. OSError if the port is not to be had."""
        failed: asyncio.Future[None] = self._loop.create_future()
        with _bound(self._settings) as sock:
            self._sock = sock
            if not self.bound.done():
                self.bound.set_result(sock.getsockname()[1])
            self._loop.add_reader(sock.fileno(), self._ready, sock, failed)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._tick())
                    group.create_task(self._flush())
                    group.create_task(self._look_up())
                    await failed
            except* Exception as errors:
                raise errors.exceptions[0] from None
            finally:
                self._loop.remove_reader(sock.fileno())
                self._sock = None
                for task in self._owed:
                    task.cancel()

    def _ready(self, sock: socket.socket, failed: asyncio.Future[None]) -> None:
        try:
            for _ in range(AT_A_TIME):
                try:
                    data, sender = sock.recvfrom(MAX_DATAGRAM + 1)
                except (BlockingIOError, ConnectionError):
                    return
                self._voice.count(self._take(data, sender))
        except Exception as error:  # the loop would only log it
            if not failed.done():
                failed.set_exception(error)

    def _take(self, data: bytes, sender: SocketAddress) -> str:
        """What became of one datagram, in a word."""
        ip = sender[0].removeprefix("::ffff:")
        now = self._loop.time()
        source = self._sources.get(ip)
        if source is None:
            if not self._strangers.spend(now):
                return "unknown_source"
        elif not source.usual.spend(now):
            for device in self._by_address.get(ip, ()):
                self._flood(device, now)
            return "over_budget"
        elif not self._all.spend(now) and not source.fair.spend(now):
            return "over_budget"
        if len(data) > MAX_DATAGRAM:
            return "garbled"
        try:
            if version_of(data) == V3:
                return self._take_secure(open_envelope(data), ip, sender, now)
            community, notice = read_community(data)
        except Garbled:
            return "garbled"
        found = self._by_address.get(ip) or (self._by_address.get(notice.sender) if notice.sender else None)
        if not found:
            return "unknown_source"
        heard = [device for device in found if _admits(device, community)]
        if len(heard) != 1:
            return "ambiguous" if heard else "denied"
        result = self._tell(heard[0], notice, now)
        if notice.request is not None:
            answer = encode_pdu(Kind.RESPONSE, notice.request.request_id, encode_binds(notice.request.binds))
            self._acknowledge(heard[0], encode_community(V2C, community, answer), sender)
        return result

    def _take_secure(self, envelope: Envelope, ip: str, sender: SocketAddress, now: float) -> str:
        found = self._by_address.get(ip) or [
            device for device in self._devices.values() if self._security.knows(device.target, envelope.engine_id)
        ]
        if not found:
            return "unknown_source"
        if len(found) > 1:
            user = envelope.user
            named = [one for one in found if one.target.snmp is not None and one.target.snmp.username.encode() == user]
            engines = [one for one in named if self._security.knows(one.target, envelope.engine_id)]
            found = engines or named or found[:1]
        if len(found) > 1:
            return "ambiguous"
        (device,) = found
        try:
            outcome = self._security.open(envelope, device.target, now)
        except Denied:
            return "denied"
        except Garbled:
            return "denied" if envelope.flags & 1 else "garbled"
        if outcome.notice is None:
            if outcome.answer is not None:
                self._send(outcome.answer, sender)
            return "discovery"
        result = self._tell(device, outcome.notice, now)
        if outcome.answer is not None:
            self._acknowledge(device, outcome.answer, sender)
        return result

    def _tell(self, device: _Device, notice: Notice, now: float) -> str:
        told = self._book.read(notice, device.own, by_words=device.options.by_words)
        changed = device.standing.take(told, now, self._tools.now())
        if changed:
            self._say(device, now)
        return "taken" if changed else "repeated"

    def _flood(self, device: _Device, now: float) -> None:
        if device.standing.drop(now):
            self._say(device, now)

    def _say(self, device: _Device, now: float) -> None:
        """Say it at once, or soon: when the device has just spoken, or many speak at once."""
        name = device.target.device
        since = now - device.said_at
        if since < TOGETHER_SECONDS or not (self._said.spend(now) or since >= QUIET_SECONDS):
            self._changed[name] = None
            return
        self._changed.pop(name, None)
        device.said_at = now
        for answer in device.standing.answers():
            self._voice.say(name, answer)

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            now = self._loop.time()
            for name in list(self._changed):
                device = self._devices.get(name)
                if device is None:
                    del self._changed[name]
                elif now - device.said_at >= TOGETHER_SECONDS:
                    self._say(device, now)
                    if name in self._changed:
                        break  # nothing is left to spend

    def _acknowledge(self, device: _Device, answer: bytes, to: SocketAddress) -> None:
        """Answer an inform once it is written down. Who gets no answer sends it again."""
        if len(self._owed) < MAX_OWED:
            task = self._loop.create_task(self._answer_later(device.target.device, answer, to))
            self._owed.add(task)
            task.add_done_callback(self._owed.discard)

    async def _answer_later(self, device: str, answer: bytes, to: SocketAddress) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OWED_SECONDS):
                while device in self._changed:  # it waits for its turn to be said  # noqa: ASYNC110
                    await asyncio.sleep(FLUSH_SECONDS)
                if await self._voice.kept():
                    self._send(answer, to)

    def _send(self, answer: bytes, to: SocketAddress) -> None:
        """A full buffer counts as a lost datagram: the sender asks again."""
        if self._sock is not None:
            with contextlib.suppress(OSError):
                self._sock.sendto(answer, to)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = self._loop.time()
            for device in self._devices.values():
                standing = device.standing
                if standing.pass_by(now) or (standing.unsaid and now - device.said_at >= SAY_SECONDS):
                    self._say(device, now)

    async def _look_up(self) -> None:
        """Devices that are known by name. One whose name does not resolve keeps its last address."""
        while True:
            for device in list(self._devices.values()):
                if literal(device.target.host) is not None:
                    continue
                with contextlib.suppress(Unresolved):
                    address = await resolve(device.target.host, self._tools)
                    self._move(device, address.ip)
            await asyncio.sleep(NAMES_SECONDS)

    def _move(self, device: _Device, ip: str) -> None:
        if self._devices.get(device.target.device) is not device:
            return
        for known, there in list(self._by_address.items()):
            if device in there and known != ip:
                there.remove(device)
                if not there:
                    del self._by_address[known]
        there = self._by_address.setdefault(ip, [])
        if device not in there:
            there.append(device)
        self._sources.setdefault(ip, _Source())


def _admits(device: _Device, community: bytes) -> bool:
    """May the device be heard with this community? As it is polled; where it is not polled, any will do."""
    access = device.target.snmp
    if access is None or device.options.any_community:
        return True
    return access.version != "3" and access.community.reveal().encode() == community


@contextlib.contextmanager
def _bound(settings: TrapSettings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC) as sock:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        sock.bind((settings.address, settings.port))
        yield sock
