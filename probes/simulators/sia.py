"""An alarm panel that reports by SIA DC-09: plain or encrypted, over TCP or UDP, with heartbeats and retries.

It knows nothing of the receiver's code: what it writes and reads is its own.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

ANSWER_SECONDS = 2.0
TRIES = 3


def checksum(text: bytes) -> str:
    """CRC-16 with the polynomial x^16 + x^15 + x^2 + 1, bit by bit."""
    register = 0
    for octet in text:
        for bit in range(8):
            odd = (register ^ octet >> bit) & 1
            register = register >> 1 ^ (0xA001 if odd else 0)
    return f"{register:04X}"


@dataclass
class SiaPanel:
    """One panel. `clock_offset_seconds` is how wrong its clock is."""

    port: int
    account: str = "1234"
    key: bytes | None = None
    transport: str = "tcp"
    host: str = "127.0.0.1"
    source: str = "127.0.0.1"
    clock_offset_seconds: float = 0.0
    sequence: int = 0

    def message(self, kind: str, data: str) -> bytes:
        """The message, as it goes on the wire."""
        self.sequence = self.sequence % 9999 + 1
        stamp = time.strftime("_%H:%M:%S,%m-%d-%Y", time.gmtime(time.time() + self.clock_offset_seconds))
        inside = f"#{self.account}|{data}" if data else ""
        if self.key is None:
            rest = f'"{kind}"{self.sequence:04d}R1L0#{self.account}[{inside}]'
        else:
            plain = ("|" + inside + "]" + stamp).encode()
            filler = secrets.token_hex(16)[: 16 - len(plain) % 16].encode()
            hidden = Cipher(AES(self.key), CBC(bytes(16))).encryptor().update(filler + plain)
            rest = f'"*{kind}"{self.sequence:04d}R1L0#{self.account}[{hidden.hex().upper()}'
        return f"\n{checksum(rest.encode())}{len(rest):04X}{rest}\r".encode()

    async def report(self, kind: str, data: str = "") -> bytes:
        """Report, and again without an answer. TimeoutError if none comes; else the answer."""
        message = self.message(kind, data)
        for _ in range(TRIES):
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    return await self.send(message)
            except (TimeoutError, OSError, asyncio.IncompleteReadError):
                continue
        raise TimeoutError

    async def send(self, message: bytes) -> bytes:
        """Send once and give the answer."""
        if self.transport == "udp":
            return await self._send_udp(message)
        reader, writer = await asyncio.open_connection(self.host, self.port, local_addr=(self.source, 0))
        try:
            writer.write(message)
            return await reader.readuntil(b"\r")
        finally:
            writer.close()

    async def _send_udp(self, message: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bytes] = loop.create_future()

        class Door(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: object) -> None:
                if not answer.done():
                    answer.set_result(data)

        transport, _ = await loop.create_datagram_endpoint(
            Door, local_addr=(self.source, 0), remote_addr=(self.host, self.port)
        )
        try:
            transport.sendto(message)
            return await answer
        finally:
            transport.close()

    async def beat(self, every_seconds: float) -> None:
        """Send heartbeats, for ever."""
        while True:
            await self.report("NULL")
            await asyncio.sleep(every_seconds)
