"""How is a message of SIA DC-09 read, and what is answered?

ANSI/SIA DC-09: LF, checksum, length, then "kind", sequence, receiver, line, account and data, CR. Encrypted is what
follows the bracket: filler, |, data, ], time; AES in CBC with zeros before, written in hexadecimal.
"""

from __future__ import annotations

import re
import secrets
from calendar import timegm
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from probes.errors import Denied, Garbled

MAX_OCTETS = 4_096  # the length has three hexadecimal digits
LF, CR = b"\n", b"\r"

_FRAME = re.compile(
    rb'([0-9A-F]{4})0([0-9A-F]{3})("(\*?)([A-Z0-9-]{3,12})"([0-9]{4})(R[0-9A-F]{0,6})?(L[0-9A-F]{0,6})'
    rb"(?:#([0-9A-F]{3,16}))?\[(.*))",
    re.DOTALL | re.IGNORECASE,
)
_TIME = re.compile(rb"_([0-9]{2}):([0-9]{2}):([0-9]{2}),([0-9]{2})-([0-9]{2})-([0-9]{4})$")
_KEY_OCTETS = (16, 24, 32)
_HEX_KEY = "hex:"


@dataclass(frozen=True, slots=True)
class Frame:
    """One message as it stands on the wire. `body` is what follows the bracket."""

    kind: str  # SIA-DCS, ADM-CID, NULL or another
    encrypted: bool
    sequence: str
    receiver: str  # with its letter, or ""
    line: str
    account: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says: its data, and when it was sent (seconds since the epoch), if it tells."""

    data: str
    at: float | None


def key_of(text: str) -> bytes:
    """The key as it is set in panels: 16, 24 or 32 characters, or `hex:` and twice as many digits. ValueError."""
    key = bytes.fromhex(text[len(_HEX_KEY) :]) if text.startswith(_HEX_KEY) else text.encode()
    if len(key) not in _KEY_OCTETS:
        raise ValueError("a key of an alarm panel has 16, 24 or 32 characters, or hex: and 32, 48 or 64 digits")
    return key


def crc(data: bytes) -> int:
    """The checksum (CRC-16/ARC)."""
    value = 0
    for octet in data:
        value = value >> 8 ^ _TABLE[(value ^ octet) & 0xFF]
    return value


def _entry(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


_TABLE = tuple(_entry(number) for number in range(256))


def read(raw: bytes) -> Frame:
    """The message between LF and CR. Garbled if it is malformed or was changed on its way."""
    found = _FRAME.fullmatch(raw)
    if found is None:
        raise Garbled("not a message of SIA DC-09")
    rest = found[3]
    if int(found[2], 16) != len(rest) or int(found[1], 16) != crc(rest):
        raise Garbled("length or checksum is wrong")
    _, star, kind, sequence, receiver, line, account, body = (part or b"" for part in found.groups()[2:])
    return Frame(
        kind.decode().upper(), bool(star), sequence.decode(), receiver.decode(), line.decode(),
        account.decode().upper(), body,
    )  # fmt: skip


def open_frame(frame: Frame, key: bytes | None) -> Content:
    """What the message says. Denied if it was hidden with another key; Garbled if it makes no sense."""
    body = frame.body
    if frame.encrypted:
        if key is None:
            raise Denied("the message is encrypted, and no key is configured")
        body = _decrypted(body, key)
    data, bracket, tail = body.partition(b"]")
    at = _read_time(tail)
    if frame.encrypted and (at is None or not bracket):
        raise Denied("wrong key, or no time in an encrypted message")
    if not bracket or not (frame.encrypted or data.isascii()):
        raise Garbled("the message has no data")
    field = data.rpartition(b"|")[2] if b"|" in data else data.lstrip(b"0")  # some fill with zeros and set no bar
    return Content(field.decode("ascii", "replace"), at)


def answer(kind: Literal["ACK", "DUH"], frame: Frame, key: bytes | None, now: float) -> bytes:
    """The answer to that message. An acknowledgement of an encrypted one is encrypted."""
    star, tail = "", b"]"
    if kind == "ACK" and frame.encrypted and key is not None:
        star = "*"
        tail = _encrypted(b"|]" + _time(now), key)
    account = f"#{frame.account}" if frame.account else ""
    head = f'"{star}{kind}"{frame.sequence}{frame.receiver}{frame.line}{account}['
    return frame_of(head.encode() + tail)


def refusal(now: float) -> bytes:
    """The answer to a message that is too old, or too new: it tells the time."""
    return frame_of(b'"NAK"0000R0L0A0[]' + _time(now))


def frame_of(rest: bytes) -> bytes:
    """A whole message, with checksum and length."""
    return b"%b%04X%04X%b%b" % (LF, crc(rest), len(rest), rest, CR)


def _decrypted(body: bytes, key: bytes) -> bytes:
    try:
        hidden = bytes.fromhex(body.decode("ascii"))
    except ValueError:
        raise Garbled("the encrypted part is not hexadecimal") from None
    if not hidden or len(hidden) % 16:
        raise Garbled("the encrypted part is not a whole number of blocks")
    return Cipher(AES(key), CBC(bytes(16))).decryptor().update(hidden)


def _encrypted(plain: bytes, key: bytes) -> bytes:
    filler = bytes(secrets.choice(_FILLERS) for _ in range(16 - len(plain) % 16))
    return Cipher(AES(key), CBC(bytes(16))).encryptor().update(filler + plain).hex().upper().encode()


_FILLERS = bytes(octet for octet in range(0x21, 0x7F) if octet not in b"|[]")


def _time(now: float) -> bytes:
    return datetime.fromtimestamp(now, UTC).strftime("_%H:%M:%S,%m-%d-%Y").encode()


def _read_time(tail: bytes) -> float | None:
    found = _TIME.search(tail)
    if found is None:
        return None
    hour, minute, second, month, day, year = map(int, found.groups())
    try:
        return float(timegm(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timetuple()))
    except ValueError:
        return None
