"""Is anybody there, and which TCP ports are open?"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from probes.errors import LocalTrouble, Trouble
from probes.icmp_socket import Pinger
from probes.resolve import Address, literal
from probes.tools import Tools

PING_SECONDS = 0.5  # two requests: a second in all

_LOCAL = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EADDRNOTAVAIL})


@dataclass(frozen=True, slots=True)
class Knocked:
    """`there`: something answered, if only that a port is closed."""

    open: frozenset[int]
    there: bool


class Knocker:
    """Knocks at many doors with so many sockets at once."""

    def __init__(self, tools: Tools, sockets: int) -> None:
        self._tools = tools
        self._places = asyncio.Semaphore(sockets)
        self.unpinged = ""  # why there are no echo requests

    async def knock(self, host: str, ports: Iterable[int], seconds: float) -> Knocked:
        """Connect to each port and hang up. A connection that takes longer than `seconds` counts as none."""
        address = literal(host)
        assert address
        listed = tuple(ports)
        said = await asyncio.gather(*(self._connect(address, port, seconds) for port in listed))
        opened = frozenset(port for port, answer in zip(listed, said, strict=True) if answer)
        return Knocked(opened, any(answer is not None for answer in said))

    async def ping(self, host: str) -> bool:
        """Does it answer to ping? False, too, where ICMP is not allowed; then `unpinged` says so."""
        address = literal(host)
        if self.unpinged or address is None:
            return False
        try:
            await self._tools.get(Pinger).echo(address, PING_SECONDS)
        except LocalTrouble as trouble:
            self.unpinged = str(trouble)
        except (Trouble, OSError):
            return False
        else:
            return True
        return False

    async def _connect(self, address: Address, port: int, seconds: float) -> bool | None:
        """True: open. False: the host says that it is not. None: nothing came."""
        async with self._places:
            try:
                sock = socket.socket(address.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            except OSError as error:
                raise LocalTrouble(f"no socket: {error.strerror}") from None
            try:
                async with asyncio.timeout(seconds):
                    await asyncio.get_running_loop().sock_connect(sock, address.at(port))
            except ConnectionError:
                return False
            except TimeoutError:
                return None
            except OSError as error:
                if error.errno in _LOCAL:
                    raise LocalTrouble(f"cannot connect: {error.strerror}") from None
                return None
            else:
                return True
            finally:
                sock.close()
