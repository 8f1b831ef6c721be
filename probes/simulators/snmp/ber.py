"""How are SNMP's values laid out in bytes? The part of BER that it uses (X.690, RFC 3417 section 8).

The simulated agents encode for themselves: what shared the code of the probes would share its mistakes.
"""

from __future__ import annotations

Oid = tuple[int, ...]

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
IP_ADDRESS, COUNTER32, GAUGE32, TIMETICKS, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x46

MAX_ARCS = 128  # RFC 3416 section 4.1


class Malformed(ValueError):
    """These bytes are not what was to be there."""


def tlv(tag: int, content: bytes) -> bytes:
    """One value: tag, definite length, content."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*parts: bytes, tag: int = SEQUENCE) -> bytes:
    """A SEQUENCE (or, with another tag, a PDU) of encoded parts."""
    return tlv(tag, b"".join(parts))


def integer(number: int, tag: int = INTEGER) -> bytes:
    """A whole number in as few bytes as two's complement allows."""
    bits = (number if number >= 0 else ~number).bit_length()
    return tlv(tag, number.to_bytes(bits // 8 + 1, "big", signed=True))


def counter32(number: int) -> bytes:
    """A Counter32, wrapped at 2**32."""
    return integer(number & 0xFFFFFFFF, COUNTER32)


def counter64(number: int) -> bytes:
    """A Counter64, wrapped at 2**64."""
    return integer(number & 0xFFFFFFFFFFFFFFFF, COUNTER64)


def gauge(number: int) -> bytes:
    """A Gauge32, held at its largest value."""
    return integer(min(number, 0xFFFFFFFF), GAUGE32)


def ticks(seconds: float) -> bytes:
    """TimeTicks: hundredths of a second."""
    return integer(int(seconds * 100) & 0xFFFFFFFF, TIMETICKS)


def text(characters: str) -> bytes:
    """An OCTET STRING of UTF-8."""
    return tlv(OCTETS, characters.encode())


def octets(content: bytes) -> bytes:
    """An OCTET STRING."""
    return tlv(OCTETS, content)


def oid(arcs: Oid) -> bytes:
    """An OBJECT IDENTIFIER of at least two arcs."""
    out = bytearray()
    for arc in (arcs[0] * 40 + arcs[1], *arcs[2:]):
        out += _base128(arc)
    return tlv(OID, bytes(out))


def _base128(number: int) -> bytes:
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(0x80 | number & 0x7F)
    return bytes(reversed(digits))


NOTHING = tlv(NULL, b"")
NO_SUCH_OBJECT = tlv(0x80, b"")
END_OF_VIEW = tlv(0x82, b"")


class Reader:
    """Reads one value after the other from a stretch of bytes; raises Malformed."""

    __slots__ = ("_at", "_data", "_end")

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self._data, self._at, self._end = data, at, len(data) if end is None else end

    def __bool__(self) -> bool:
        return self._at < self._end

    @property
    def at(self) -> int:
        """Where the next value begins, counted from the first byte of the whole message."""
        return self._at

    def peek(self) -> int:
        """The tag of the next value, or 0 if there is none."""
        return self._data[self._at] if self else 0

    def any(self) -> tuple[int, bytes]:
        """The next value: its tag and its content."""
        tag, start, end = self._next()
        return tag, self._data[start:end]

    def raw(self) -> bytes:
        """The next value whole, still encoded."""
        begin = self._at
        _, _, end = self._next()
        return self._data[begin:end]

    def content(self, tag: int) -> bytes:
        """The content of the next value, which must have this tag."""
        start, end = self._expect(tag)
        return self._data[start:end]

    def inside(self, tag: int = SEQUENCE) -> Reader:
        """A reader of what is inside the next value, which must have this tag."""
        return Reader(self._data, *self._expect(tag))

    def integer(self) -> int:
        """The next value, an INTEGER of at most 9 bytes."""
        return decode_integer(self.content(INTEGER))

    def oid(self) -> Oid:
        """The next value, an OBJECT IDENTIFIER of at most 128 arcs."""
        return decode_oid(self.content(OID))

    def _expect(self, tag: int) -> tuple[int, int]:
        found, start, end = self._next()
        if found != tag:
            raise Malformed(f"tag {found:#x} instead of {tag:#x}")
        return start, end

    def _next(self) -> tuple[int, int, int]:
        data, at = self._data, self._at
        if at + 2 > self._end:
            raise Malformed("cut off")
        tag, size = data[at], data[at + 1]
        at += 2
        if size & 0x80:
            width = size & 0x7F
            if not 1 <= width <= 3 or at + width > self._end:
                raise Malformed("a length that SNMP does not use")
            size = int.from_bytes(data[at : at + width], "big")
            at += width
        if at + size > self._end:
            raise Malformed("cut off")
        self._at = at + size
        return tag, at, at + size


def decode_integer(content: bytes) -> int:
    """A whole number from its content octets; raises Malformed."""
    if not 1 <= len(content) <= 9:
        raise Malformed("an INTEGER of no or too many bytes")
    return int.from_bytes(content, "big", signed=True)


def decode_oid(content: bytes) -> Oid:
    """An OBJECT IDENTIFIER from its content octets; raises Malformed."""
    if not content or content[-1] & 0x80:
        raise Malformed("an OBJECT IDENTIFIER that does not end")
    arcs: list[int] = []
    arc = 0
    for byte in content:
        arc = arc << 7 | byte & 0x7F
        if arc > 0xFFFFFFFF + 80:
            raise Malformed("an arc beyond 32 bits")
        if not byte & 0x80:
            arcs.append(arc)
            arc = 0
    if len(arcs) >= MAX_ARCS:
        raise Malformed("too many arcs")
    first = min(arcs[0] // 40, 2)
    return (first, arcs[0] - first * 40, *arcs[1:])
