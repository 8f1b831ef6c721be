"""What would a recorded device answer? A recording (.snmprec) asked as if it were the device, without any network."""

from __future__ import annotations

import asyncio
import bz2
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import IO

from probes.errors import Garbled
from probes.snmp.ber import END_OF_VIEW, INTEGER, IP_ADDRESS, NO_OBJECT, OCTETS, OID, OPAQUE, UNSIGNED, oid, to_sub_ids
from probes.snmp.message import Bind, Kind, Pdu, decode_binds
from probes.snmp.session import Known

MAX_OCTETS = 512 * 2**20  # of a recording, unpacked; only what is asked for is kept
MAX_LINE = 70_000  # octets: the longest value of SNMP in hexadecimal is longer, and nobody reads it
MAX_OBJECTS = 500_000
_MAX_ANSWER = 2_000  # variables

_ANY = (b"1.", b"2.", b"0.", b".1.", b"3")
Key = tuple[int, ...]


class BadRecording(ValueError):
    """That is no recording; the message says which line and why."""


class Recording:
    """Objects of one device, in the order of their OIDs. Asked like a `Session`, it answers from memory."""

    __slots__ = ("_binds", "_keys", "has_bulk", "known", "lock")

    def __init__(self, objects: Iterable[Bind]) -> None:
        by_key = {to_sub_ids(bind[0]): bind for bind in objects}
        self._keys: list[Key] = sorted(by_key)
        self._binds = [by_key[key] for key in self._keys]
        self.known, self.lock = Known(), asyncio.Lock()
        self.has_bulk = True

    def __len__(self) -> int:
        return len(self._keys)

    def has_below(self, prefix: str) -> bool:
        """Is there an object below this OID?"""
        key = to_sub_ids(oid(prefix))
        at = bisect_right(self._keys, key)
        return at < len(self._keys) and self._keys[at][: len(key)] == key

    async def request(self, kind: Kind, bindings: bytes, first: int = 0, second: int = 0) -> Pdu:
        """The answer of an agent of version 2c. Garbled for a question that is malformed or would change something."""
        asked = [bind[0] for bind in decode_binds(bindings, 0, len(bindings))]
        match kind:
            case Kind.GET:
                binds = [self._get(name) for name in asked]
            case Kind.NEXT:
                binds = [self._after(name)[0] for name in asked]
            case Kind.BULK:
                binds = list(islice(self._bulk(asked, first, second), _MAX_ANSWER))
            case _:
                raise Garbled("a recording cannot be set")
        return Pdu(Kind.RESPONSE, 0, 0, 0, tuple(binds))

    def _get(self, name: bytes) -> Bind:
        key = to_sub_ids(name)
        at = bisect_left(self._keys, key)
        return self._binds[at] if at < len(self._keys) and self._keys[at] == key else (name, NO_OBJECT, b"")

    def _after(self, name: bytes) -> tuple[Bind, bool]:
        at = bisect_right(self._keys, to_sub_ids(name))
        return (self._binds[at], True) if at < len(self._keys) else ((name, END_OF_VIEW, b""), False)

    def _bulk(self, asked: Sequence[bytes], first: int, second: int) -> Iterator[Bind]:
        for name in asked[:first]:
            yield self._after(name)[0]
        cursors = list(asked[first:])
        for _ in range(second):
            for position, name in enumerate(cursors):
                bind, _more = self._after(name)
                cursors[position] = bind[0]
                yield bind


def read_recording(path: Path, only: Iterable[str] | None = None) -> Recording:
    """Read a `.snmprec`, also one packed as `.bz2`. With `only`, nothing but what is at or below these OIDs is kept.

    Raises BadRecording for what is no recording or too large, OSError when it cannot be read.
    """
    prefixes = _ANY if only is None else tuple(dict.fromkeys(f"{prefix}".encode() for prefix in only))
    opened: IO[bytes] = bz2.open(path) if path.suffix == ".bz2" else path.open("rb")  # type: ignore[assignment]
    with opened as file:
        return Recording(_objects(file, prefixes))


def _objects(file: IO[bytes], prefixes: tuple[bytes, ...]) -> Iterator[Bind]:
    seen = kept = octets = 0
    lines = BufferedReader(file, 2**20) if not isinstance(file, BufferedReader) else file  # type: ignore[type-var]
    try:
        while line := lines.readline(MAX_LINE + 1):
            seen += 1
            octets += len(line)
            if octets > MAX_OCTETS:
                raise BadRecording(f"larger than {MAX_OCTETS // 2**20} MB")
            if len(line) > MAX_LINE:
                raise BadRecording(f"line {seen}: longer than {MAX_LINE} octets")
            if not line.startswith(prefixes):
                if seen == 1 and not line.startswith(_ANY) and not line.startswith((b"#", b"\n", b"\r")):
                    raise BadRecording("line 1: not OID|TYPE|VALUE")
                continue
            bind = _bind(line, seen)
            if bind is not None:
                kept += 1
                if kept > MAX_OBJECTS:
                    raise BadRecording(f"more than {MAX_OBJECTS} objects")
                yield bind
    except EOFError:
        raise BadRecording(f"line {seen + 1}: the packed file is cut off") from None


def _bind(line: bytes, number: int) -> Bind | None:
    """One line; None for a value that a program of the simulator would make up."""
    name, _, rest = line.rstrip(b"\r\n").partition(b"|")
    kind, bar, value = rest.partition(b"|")
    if not bar:
        raise BadRecording(f"line {number}: not OID|TYPE|VALUE")
    if b":" in kind:
        return None
    hexadecimal = kind.endswith((b"x", b"e"))
    try:
        tag = int(kind.rstrip(b"xe"))
        where = oid(name.decode("ascii").strip(". "))
        raw = bytes.fromhex(value.decode("ascii")) if hexadecimal and kind.endswith(b"x") else value
        return where, tag, raw if hexadecimal and tag != INTEGER else _content(tag, raw)
    except (ValueError, OverflowError) as error:
        raise BadRecording(f"line {number}: {error}") from None


def _content(tag: int, value: bytes) -> bytes:
    """Content octets of a value that is written as text."""
    if tag == INTEGER:
        number = int(value)
        return number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)
    if tag in UNSIGNED:
        number = int(value) & (2**64 - 1)
        return number.to_bytes(number.bit_length() // 8 + 1, "big")
    if tag == OID:
        return oid(value.decode("ascii").strip(". "))
    if tag == IP_ADDRESS:
        return bytes(map(int, value.split(b"."))) if value.count(b".") == 3 else value
    if tag in (OCTETS, OPAQUE):
        return value
    return b""
