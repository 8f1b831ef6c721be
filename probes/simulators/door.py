"""How does a listening socket look from outside while its device has no power? Like a host that is not there.

Connections time out instead of being refused: nobody accepts, the queue is as short as can be and full, so the kernel
drops every further SYN. Connections from before freeze, and are reset when the device is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

_BACKLOG = 128
_AT_ONCE = 16  # connections accepted in one turn
_FILLERS = 2  # connections of our own that fill a queue of length zero

Protocols = Callable[[], asyncio.BaseProtocol]


class Door:
    """One listening TCP socket. `protocols` makes the protocol of each accepted connection.

    OSError from the constructor: the address is taken.
    """

    def __init__(self, address: str, port: int, protocols: Protocols) -> None:
        self._protocols = protocols
        self._loop = asyncio.get_running_loop()
        self._where = (address, port)
        self._fillers: list[socket.socket] = []
        self._transports: set[asyncio.Transport] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._dark = False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(self._where)
            self._socket.listen(_BACKLOG)
        except OSError:
            self._socket.close()
            raise
        self._loop.add_reader(self._socket, self._accept)

    def darken(self) -> None:
        """Stop answering: connections that are open freeze, new ones time out."""
        if self._dark:
            return
        self._dark = True
        self._loop.remove_reader(self._socket)
        self._socket.listen(0)
        for _ in range(_FILLERS):
            filler = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            with contextlib.suppress(BlockingIOError):
                filler.connect(self._where)
            self._fillers.append(filler)
        for transport in self._open_transports():
            transport.pause_reading()

    def lighten(self) -> None:
        """Answer again; connections from before are reset."""
        if not self._dark:
            return
        self._dark = False
        self._abort()
        self._close_fillers()
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while True:
                self._socket.accept()[0].close()
        self._socket.listen(_BACKLOG)
        self._loop.add_reader(self._socket, self._accept)

    def close(self) -> None:
        """Reset what is open and stop listening."""
        self._loop.remove_reader(self._socket)
        self._abort()
        self._close_fillers()
        self._socket.close()

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                accepted, _ = self._socket.accept()
            except (BlockingIOError, ConnectionError):
                return
            accepted.setblocking(False)
            task = self._loop.create_task(self._open(accepted))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self, accepted: socket.socket) -> None:
        try:
            transport, _ = await self._loop.connect_accepted_socket(self._protocols, accepted)
        except OSError:  # it went away meanwhile
            accepted.close()
            return
        self._transports = {*self._open_transports(), transport}

    def _open_transports(self) -> list[asyncio.Transport]:
        return [transport for transport in self._transports if not transport.is_closing()]

    def _abort(self) -> None:
        for task in self._opening:
            task.cancel()
        for transport in self._open_transports():
            transport.abort()
        self._transports.clear()

    def _close_fillers(self) -> None:
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()
