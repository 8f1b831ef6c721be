"""Which panel reports, is it genuine, and is it still there? TCP and UDP, for all panels."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from probes.budget import Budget
from probes.errors import Denied, Garbled, Unresolved
from probes.listener import Heard, Voice
from probes.observation import Answer, Outcome
from probes.panel.events import OTHER, PASSING_SECONDS, events_of
from probes.panel.frame import CR, LF, MAX_OCTETS, Content, Frame, answer, key_of, open_frame, read, refusal
from probes.panel.options import PanelOptions, PanelSettings
from probes.resolve import literal, resolve
from probes.standing import Standing
from probes.target import Target
from probes.tools import Tools

MAX_CONNECTIONS = 256
MAX_CONNECTIONS_EACH = 8  # of one address
FRAME_SECONDS = 15.0  # from the first octet of a message to its last
IDLE_SECONDS = 900.0  # a panel that keeps its connection open says something before that
MAX_GARBLED = 5  # of one connection
MESSAGES_PER_SECOND, MESSAGES_AT_ONCE = 5.0, 50.0  # of one panel
ALL_PER_SECOND, ALL_AT_ONCE = 500.0, 500.0
EARLY_SECONDS, LATE_SECONDS = 20.0, 40.0  # how far an encrypted message's time may be off (ANSI/SIA DC-09 5.5.1.9)
AGAIN_SECONDS = 120.0  # the same message within this time is the panel's repetition, or somebody's
MAX_REMEMBERED = 256
SAY_SECONDS = 10.0
TICK_SECONDS = 0.5
NAMES_SECONDS = 60.0
BUFFER = 1024 * 1024


@dataclass(slots=True)
class _Panel:
    """One panel."""

    target: Target
    options: PanelOptions
    key: bytes | None
    key_is_wrong: bool = False
    address: str = ""
    standing: Standing = field(default_factory=Standing)
    budget: Budget = field(default_factory=lambda: Budget(MESSAGES_PER_SECOND, MESSAGES_AT_ONCE))
    seen: OrderedDict[bytes, float] = field(default_factory=OrderedDict)  # messages taken lately -> when (monotonic)
    heard: float = 0.0  # monotonic: the last sign of life, or since when it is awaited
    missing: bool = False
    said_at: float = float("-inf")


@dataclass(frozen=True, slots=True)
class _Reply:
    """What is answered. `owed`: only after what was heard is written down, for the panel forgets it then."""

    octets: bytes
    owed: bool = False


class Panels:
    """Hears SIA-DCS, ADM-CID and NULL messages, acknowledges them, and misses those that do not come."""

    def __init__(self, settings: PanelSettings, voice: Voice, tools: Tools) -> None:
        self._settings, self._voice, self._tools = settings, voice, tools
        self._loop = asyncio.get_running_loop()
        self._panels: dict[str, _Panel] = {}
        self._by_account: dict[str, list[_Panel]] = {}
        self._all = Budget(ALL_PER_SECOND, ALL_AT_ONCE)
        self._connections: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()  # one a connection, and one a datagram until it is answered
        self._failed: asyncio.Future[None] = self._loop.create_future()
        self.bound: asyncio.Future[int] = self._loop.create_future()  # the port, for tests
        self.tap: Callable[[Frame, Content], None] | None = None  # is shown every new message that is taken

    def attend(self, devices: Mapping[str, Heard]) -> None:
        """Hear these panels; what is known of those that stay is kept."""
        before, self._panels, self._by_account = self._panels, {}, {}
        for name, heard in devices.items():
            key, wrong = _key(heard.target)
            panel = _Panel(heard.target, heard.options, key, wrong, heard=self._loop.time())
            address = literal(heard.target.host)
            panel.address = address.ip if address is not None else ""
            known = before.get(name)
            if known is not None:
                panel.standing, panel.budget, panel.seen = known.standing, known.budget, known.seen
                panel.heard, panel.missing, panel.said_at = known.heard, known.missing, known.said_at
                panel.address = panel.address or (known.address if known.target.host == heard.target.host else "")
            passing = {OTHER: PASSING_SECONDS}
            panel.standing.remember(heard.standing, passing, self._loop.time(), in_doubt=heard.in_doubt)
            self._panels[name] = panel
            self._by_account.setdefault(heard.options.account, []).append(panel)

    async def run(self) -> None:
        """Hear, for ever. OSError if the port is not to be had."""
        self._failed = self._loop.create_future()
        async with self._listening() as port:
            if not self.bound.done():
                self.bound.set_result(port)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._tick())
                    group.create_task(self._look_up())
                    await self._failed
            except* Exception as errors:
                raise errors.exceptions[0] from None

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[int]:
        address, port = self._settings.address, self._settings.port
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        async with contextlib.AsyncExitStack() as stack:
            if self._settings.tcp:
                server = await asyncio.start_server(self._accept, address, port, family=family, limit=MAX_OCTETS)
                stack.push_async_callback(self._close, server)
                port = server.sockets[0].getsockname()[1]
            if self._settings.udp:
                sock = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK))
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
                sock.bind((address, port))
                port = sock.getsockname()[1]
                self._loop.add_reader(sock.fileno(), self._ready, sock)
                stack.callback(self._loop.remove_reader, sock.fileno())
            yield port

    def _ready(self, sock: socket.socket) -> None:
        try:
            for _ in range(64):
                try:
                    data, sender = sock.recvfrom(MAX_OCTETS + 64)
                except (BlockingIOError, ConnectionError):
                    return
                result, reply = self._take(data.strip(LF + CR), _ip(sender[0]))
                self._voice.count(result)
                if reply is not None:
                    self._keep(self._send(sock, sender, reply))
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """End `run` with it: the loop would only log it."""
        if not self._failed.done():
            self._failed.set_exception(error)

    async def _close(self, server: asyncio.Server) -> None:
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, sock: socket.socket, to: tuple[str, int], reply: _Reply) -> None:
        if not reply.owed or await self._voice.kept():
            with contextlib.suppress(OSError):
                sock.sendto(reply.octets, to)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._keep(self._serve(reader, writer))

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        ip = _ip(peer[0]) if peer else ""
        try:
            if self._connections.total() >= MAX_CONNECTIONS or self._connections[ip] >= MAX_CONNECTIONS_EACH:
                self._voice.count("too_many_connections")
                return
            self._connections[ip] += 1
            try:
                await self._converse(reader, writer, ip)
            finally:
                self._connections[ip] -= 1
                if not self._connections[ip]:
                    del self._connections[ip]
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # it went away, or was too slow
        except Exception as error:
            self._fail(error)
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ip: str) -> None:
        garbled = 0
        while garbled < MAX_GARBLED:
            async with asyncio.timeout(IDLE_SECONDS):
                first = await reader.readexactly(1)
            if first in (LF, CR):
                continue
            try:
                async with asyncio.timeout(FRAME_SECONDS):
                    raw = first + (await reader.readuntil(CR))[:-1]
            except (TimeoutError, asyncio.LimitOverrunError):
                self._voice.count("garbled")
                raise
            result, reply = self._take(raw, ip)
            self._voice.count(result)
            garbled += result in ("garbled", "unknown_account")
            if reply is not None and (not reply.owed or await self._voice.kept()):
                writer.write(reply.octets)
                async with asyncio.timeout(FRAME_SECONDS):
                    await writer.drain()

    def _take(self, raw: bytes, ip: str) -> tuple[str, _Reply | None]:
        """What became of one message, in a word, and what is answered to it."""
        now, at = self._loop.time(), self._tools.now()
        if len(raw) > MAX_OCTETS or not self._all.spend(now):
            return ("over_budget" if len(raw) <= MAX_OCTETS else "garbled"), None
        try:
            frame = read(raw)
        except Garbled:
            return "garbled", None  # the panel sends it again
        panel = self._panel_of(frame, ip)
        if panel is None:
            return "unknown_account", None
        if not panel.budget.spend(now):
            if panel.standing.drop(now):
                self._say(panel, now)
            return "over_budget", None
        try:
            _admit(panel, frame, ip)
            return self._hear(panel, frame, raw, now, at)
        except Denied:
            return "denied", None
        except Garbled:
            return "garbled", _Reply(answer("DUH", frame, panel.key, at))

    def _panel_of(self, frame: Frame, ip: str) -> _Panel | None:
        """The panel of that account; where several have it, the one at that address."""
        found = self._by_account.get(frame.account, ())
        if len(found) > 1:
            found = [panel for panel in found if panel.address == ip]
        return found[0] if len(found) == 1 else None

    def _hear(self, panel: _Panel, frame: Frame, raw: bytes, now: float, at: float) -> tuple[str, _Reply]:
        content = open_frame(frame, panel.key)
        if frame.encrypted and not _is_timely(content, at):
            return "untimely", _Reply(refusal(at))
        known = self._is_known(panel, frame, raw, now)
        told = [] if known or frame.kind == "NULL" else list(events_of(frame.kind, content.data, panel.options.zones))
        if self.tap is not None and not known:
            self.tap(frame, content)
        back, panel.missing = panel.missing, False
        panel.heard = now
        panel.standing.note(at)
        changes = [panel.standing.take(one, now, at) for one in told]
        if any(changes) or back:
            self._say(panel, now)
        reply = _Reply(answer("ACK", frame, panel.key, at), owed=frame.kind != "NULL")
        return "repeated" if known else "taken", reply

    def _is_known(self, panel: _Panel, frame: Frame, raw: bytes, now: float) -> bool:
        """Was this very message taken already? A panel repeats what it had no answer to; heartbeats may be alike."""
        while panel.seen and (
            len(panel.seen) > MAX_REMEMBERED or now - next(iter(panel.seen.values())) > AGAIN_SECONDS
        ):
            panel.seen.popitem(last=False)
        known = raw in panel.seen
        if not known and frame.kind != "NULL":
            panel.seen[raw] = now
        return known

    def _say(self, panel: _Panel, now: float) -> None:
        panel.said_at = now
        name = panel.target.device
        if panel.missing:
            text = f"no report for {panel.options.patience_seconds:g} s"
            self._voice.say(name, Answer(outcome=Outcome.NO_ANSWER, detail=text))
            return
        for one in panel.standing.answers():
            self._voice.say(name, one)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = self._loop.time()
            for panel in self._panels.values():
                patience = panel.options.patience_seconds
                missed = patience is not None and not panel.missing and now - panel.heard > patience
                panel.missing = panel.missing or missed
                passed = panel.standing.pass_by(now)
                unsaid = panel.standing.unsaid and now - panel.said_at >= SAY_SECONDS
                if missed or (not panel.missing and (passed or unsaid)):
                    self._say(panel, now)

    async def _look_up(self) -> None:
        """Panels that are known by name. One whose name does not resolve keeps its last address."""
        while True:
            for panel in list(self._panels.values()):
                if literal(panel.target.host) is None:
                    with contextlib.suppress(Unresolved):
                        panel.address = (await resolve(panel.target.host, self._tools)).ip
            await asyncio.sleep(NAMES_SECONDS)


def _admit(panel: _Panel, frame: Frame, ip: str) -> None:
    """Denied if the message cannot be the panel's, before it is opened."""
    if panel.key_is_wrong or (panel.key is not None and not frame.encrypted):
        raise Denied("plain, though a key is configured")
    if panel.key is None and not panel.options.any_address and panel.address != ip:
        raise Denied("from another address")


def _is_timely(content: Content, now: float) -> bool:
    return content.at is not None and -LATE_SECONDS <= content.at - now <= EARLY_SECONDS


def _key(target: Target) -> tuple[bytes | None, bool]:
    """The key, and whether there is one that cannot be used: then nothing is taken, rather than something plain."""
    if target.alarm_key is None:
        return None, False
    try:
        return key_of(target.alarm_key.reveal()), False
    except ValueError:
        return None, True


def _ip(address: str) -> str:
    return address.removeprefix("::ffff:")
