"""How is a request put to an RTSP server and its answer awaited, with one try of the login?"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Mapping

from probes.errors import Denied, Garbled, Refused, Trouble, Unsupported
from probes.resolve import literal
from probes.rtsp.asking import Asking
from probes.rtsp.framing import Frame, Splitter
from probes.rtsp.messages import Head, Response, printable
from probes.rtsp.options import Location
from probes.stream import Stream, connect, lenient_context, start_tls
from probes.target import Login, redact
from probes.tools import Tools, trace

MAX_SKIPPED = 4_194_304  # bytes that may come before an answer
MAX_STRAYS = 16  # messages that may come before an answer
EARLY_FRAMES = 16  # kept of those that come before an answer
GOODBYE_SECONDS = 0.5

NO_HEADERS: Mapping[str, str] = {}


class Client:
    """One connection. `early` holds the last frames that came before an answer."""

    def __init__(self, stream: Stream, location: Location, login: Login | None) -> None:
        self.stream = stream
        self.location = location
        self.early: deque[Frame] = deque(maxlen=EARLY_FRAMES)
        self.session: str | None = None  # identifier, perhaps empty, once SETUP was agreed to
        self._asking = Asking(login, "the device refused the login (401)")
        self._splitter = Splitter()

    @classmethod
    async def open(cls, location: Location, login: Login | None, tools: Tools) -> Client:
        """Connect. Raises Unresolved, Refused, NoAnswer, Garbled."""
        tcp = await connect(location.host, location.port, tools)
        if not location.tls:
            return cls(tcp, location, login)
        name = None if literal(location.host) else location.host
        return cls(await start_tls(tcp, lenient_context(), name), location, login)

    async def request(self, method: str, url: str, headers: Mapping[str, str] = NO_HEADERS) -> Response:
        """Ask, with the login where it is asked for; the answer if its status is 2xx.

        Raises Denied, Refused, Unsupported, Garbled.
        """
        response = await self.exchange(method, url, headers)
        while self._asking.wants_login(response):
            response = await self.exchange(method, url, headers)
        check(response.head, method)
        return response

    async def exchange(self, method: str, url: str, headers: Mapping[str, str] = NO_HEADERS) -> Response:
        """Ask once; the answer, whatever its status. Raises Refused, Garbled, and Unsupported for odd challenges."""
        await self.stream.send(self._asking.write(method, url, headers))
        trace("> %s %s", method, redact(url))
        skipped, strays = 0, 0
        while True:
            message = await self.receive()
            if isinstance(message, Frame):
                self.early.append(message)
                skipped += len(message.packet)
            elif self._asking.is_answer(message):
                trace("< %d %s, %d bytes", message.head.status, message.head.reason, len(message.body))
                return message
            else:
                strays += 1
            if skipped > MAX_SKIPPED or strays > MAX_STRAYS:
                raise Garbled(f"something else comes instead of the answer to {method}")

    async def receive(self) -> Response | Frame:
        """The next message or frame. Raises Refused, Garbled."""
        while (message := self._splitter.take()) is None:
            data = await self.stream.receive()
            if not data:
                if self._splitter.empty:
                    raise Refused("the device closed the connection without an answer")
                raise Garbled("the device closed the connection in the middle of an answer")
            self._splitter.feed(data)
        return message

    async def leave(self, url: str) -> None:
        """End the session that SETUP began, and wait a moment for the device to agree; never raises Trouble."""
        with contextlib.suppress(Trouble, TimeoutError, OSError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self.exchange("TEARDOWN", url, self.in_session())

    def abandon(self, url: str) -> None:
        """End the session, if there is one, without waiting for anything."""
        if self.session is None:
            return
        with contextlib.suppress(Trouble):
            self.stream.send_now(self._asking.write("TEARDOWN", url, self.in_session()))
            trace("> TEARDOWN %s", redact(url))

    def in_session(self) -> Mapping[str, str]:
        """The header that names the session; some servers give it no identifier."""
        return {"Session": self.session} if self.session else NO_HEADERS

    def close(self) -> None:
        """Close the connection."""
        self.stream.close()


def check(head: Head, method: str) -> None:
    """Raise what a status other than 2xx means (RFC 2326 section 11)."""
    status = head.status
    if 200 <= status < 300:
        return
    said = f"{status} {head.reason}".strip()
    if status in {401, 403}:
        raise Denied(f"the account may not see the stream ({said})")
    if 300 <= status < 400:
        raise Unsupported(
            f"the stream has moved to {redact(printable(head.get('location'))) or 'an unknown place'} ({said})"
        )
    if status in {404, 410}:
        raise Unsupported(f"no stream at this path: check `url` or `path` ({said})")
    if status in {453, 503}:
        raise Refused(f"too many sessions: the device serves no more viewers ({said})")
    if status == 461:
        raise Unsupported(f"the device does not offer this transport ({said})")
    if status >= 500 and status not in {501, 505, 551}:
        raise Refused(f"the device failed at {method} ({said})")
    raise Unsupported(f"the device does not accept {method} ({said})")
