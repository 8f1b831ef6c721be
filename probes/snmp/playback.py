"""What would a recorded device answer? A recording (.snmprec) asked as if it were the device, without any network."""

from __future__ import annotations

import asyncio
import bz2
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

from probes.errors import Garbled
from probes.snmp.ber import END_OF_VIEW, INTEGER, IP_ADDRESS, NO_OBJECT, OCTETS, OID, OPAQUE, UNSIGNED, oid, to_sub_ids
from probes.snmp.message import Bind, Kind, Pdu, decode_binds
from probes.snmp.session import Known

MAX_OCTETS = 256 * 2**20  # of a recording, unpacked; only what is asked for is kept
MAX_LINE = 70_000  # octets: the longest value of SNMP in hexadecimal is longer, and nobody reads it
MAX_OBJECTS = 500_000
_MAX_ANSWER = 2_000  # variables
_BLOCK = 2**20
_LOOKED_AT = 50  # lines of which each must look like a recording's; of the others only those that are kept

_ANY = (b"1.", b"2.", b"0.", b".1.")
_INITIAL = re.compile(rb"\binitial=(-?\d{1,18})\b")
Key = tuple[int, ...]


class BadRecording(ValueError):
    """That is no recording; the message says which line and why."""


class Playback:
    """Objects of one recorded device, in the order of their OIDs. Asked like a `Session`, it answers from memory."""

    __slots__ = ("_binds", "_keys", "is_whole", "known", "lock")

    def __init__(self, objects: Iterable[Bind], *, is_whole: bool = True) -> None:
        by_key = {to_sub_ids(bind[0]): bind for bind in objects}
        self._keys: list[Key] = sorted(by_key)
        self._binds = [by_key[key] for key in self._keys]
        self.known, self.lock = Known(), asyncio.Lock()
        self.is_whole = is_whole  # or was its end left unread?

    @property
    def has_bulk(self) -> bool:
        """Yes, it answers as version 2c does."""
        return True

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


def read_recording(path: Path, only: Iterable[str] | None = None, *, max_octets: int = MAX_OCTETS) -> Playback:
    """Read a `.snmprec`, also one packed as `.bz2`. With `only`, nothing but what is at or below these OIDs is kept.

    What stands behind `max_octets` (unpacked) is left unread, and `is_whole` is false. Raises BadRecording for what is
    no recording, OSError when it cannot be read.
    """
    prefixes = _ANY if only is None else tuple(dict.fromkeys(prefix.encode() for prefix in only))
    with bz2.open(path) if path.suffix == ".bz2" else path.open("rb") as file:
        lines = _Lines(file, max_octets)
        objects = list(_objects(lines, prefixes))
        return Playback(objects, is_whole=not lines.is_cut)


class _Lines:
    """Lines of a file that may be hostile, up to a bound."""

    __slots__ = ("_file", "_left", "is_cut")

    def __init__(self, file: IO[bytes], max_octets: int) -> None:
        self._file, self._left, self.is_cut = file, max_octets, False

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        try:
            while block := self._file.read(min(_BLOCK, self._left)):
                self._left -= len(block)
                lines = (rest + block).split(b"\n")
                rest = lines.pop()
                if len(rest) > MAX_LINE:
                    raise BadRecording(f"a line longer than {MAX_LINE} octets")
                yield from lines
            self.is_cut = self._left <= 0 and bool(self._file.read(1))
        except EOFError:
            raise BadRecording("the packed file is cut off") from None
        except OSError as error:
            if error.errno is None:  # bz2 says so of what is not packed by it
                raise BadRecording("not packed by bzip2") from None
            raise
        if rest and not self.is_cut:
            yield rest


def _objects(lines: Iterable[bytes], prefixes: tuple[bytes, ...]) -> Iterator[Bind]:
    kept = 0
    for number, line in enumerate(lines, 1):
        if not line.startswith(prefixes):
            if number <= _LOOKED_AT and not line.startswith((*_ANY, b"#")) and line.strip():
                raise BadRecording(f"line {number}: not OID|TYPE|VALUE")
            continue
        bind = _bind(line, number)
        if bind is not None:
            kept += 1
            if kept > MAX_OBJECTS:
                raise BadRecording(f"more than {MAX_OBJECTS} objects")
            yield bind


def _bind(line: bytes, number: int) -> Bind | None:
    """One line, numbered for messages; None if it has no value."""
    name, _, rest = line.rstrip(b"\r\n").partition(b"|")
    kind, bar, value = rest.partition(b"|")
    if not bar:
        raise BadRecording(f"line {number}: not OID|TYPE|VALUE")
    if b":" in kind:  # a value that a program of the simulator makes up: it begins with this one, if with any
        found = _INITIAL.search(value)
        if found is None:
            return None
        kind, value = kind.partition(b":")[0], found[1]
    hexadecimal = kind.endswith(b"x")
    try:
        tag = int(kind.removesuffix(b"x"))
        where = oid(name.decode("ascii").strip(". "))
        if hexadecimal:
            return where, tag, _from_hex(value)
        return where, tag, _content(tag, value)
    except (ValueError, OverflowError) as error:
        raise BadRecording(f"line {number}: {error}") from None


def _from_hex(value: bytes) -> bytes:
    """Octets in hexadecimal; some recordings were edited by hand and hold plain text there."""
    try:
        return bytes.fromhex(value.decode("ascii"))
    except ValueError:
        return value


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
