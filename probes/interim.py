"""How many times may a server say `100 Continue` before it answers?

aiohttp parses whatever has come, and keeps interim answers without end: 90 MB in five seconds of a fast one.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Final

from aiohttp import TCPConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError

MOST: Final = 8  # before one answer; servers that mean it well send one or two
ENDLESS: Final = f"more than {MOST} interim answers (HTTP 1xx)"
_PIECE: Final = 16_384  # bytes that are parsed at once, so that a full buffer is not all parsed before it is refused


class Connector(TCPConnector):
    """TCP and TLS connections whose interim answers are bounded."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        protocol: type[ResponseHandler] = _Protocol
        self._factory = partial(protocol, loop=self._loop)


class _Protocol(ResponseHandler):
    """One connection. Beyond the bound it is cut, and the request ends with ClientResponseError `ENDLESS`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._interim = 0

    def data_received(self, data: bytes) -> None:
        """A piece after the other; nothing more once it is cut."""
        if len(data) <= _PIECE:
            super().data_received(data)
            return
        for at in range(0, len(data), _PIECE):
            if self._interim > MOST:
                return
            super().data_received(data[at : at + _PIECE])

    def feed_data(self, data: Any, size: int = 0) -> None:
        """One answer, interim or not, is parsed."""
        code = data[0].code
        self._interim = self._interim + 1 if 100 <= code < 200 and code != 101 else 0
        if self._interim <= MOST:
            super().feed_data(data, size)
        elif self._interim == MOST + 1:
            self.set_exception(HttpProcessingError(code=code, message=ENDLESS))
            if self.transport is not None:
                self.transport.abort()
