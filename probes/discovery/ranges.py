"""Which addresses are meant by 10.1.0.0/22, 10.1.0.10-10.1.0.40, 10.1.0.10-40 or 10.1.0.5?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError

MAX_ADDRESSES = 65_536  # a /16: more is a mistake in nearly every case, and hours of strangers being asked
MAX_TEXT = 64  # characters of one range

_ODD = (IPv4Network("0.0.0.0/8"), IPv4Network("224.0.0.0/3"))  # this network; multicast, reserved, broadcast


class Wrong(StrEnum):
    """Why a range is refused."""

    UNREADABLE = "unreadable"
    IPV6 = "ipv6"  # a network of it has 2**64 addresses: it cannot be gone through
    TOO_LARGE = "too_large"
    NOT_HOSTS = "not_hosts"  # multicast and the like
    BACKWARDS = "backwards"
    NONE = "none"


class BadRange(ValueError):
    """A range that is not swept; `wrong` says why, `text` is what was given, `count` how many addresses it has."""

    def __init__(self, wrong: Wrong, text: str = "", count: int = 0) -> None:
        super().__init__(f"{text}: {wrong.value}")
        self.wrong, self.text, self.count = wrong, text, count


@dataclass(frozen=True, slots=True)
class Ranges:
    """Addresses, first and last of each span, in order and apart from each other."""

    spans: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.spans)

    def __iter__(self) -> Iterator[str]:
        for first, last in self.spans:
            for number in range(first, last + 1):
                yield str(IPv4Address(number))

    def __contains__(self, address: object) -> bool:
        try:
            number = int(IPv4Address(str(address)))
        except AddressValueError:
            return False
        return any(first <= number <= last for first, last in self.spans)


def parse_ranges(texts: Iterable[str]) -> Ranges:
    """The addresses of these ranges, each once; of a network without its own address and broadcast. Raises BadRange."""
    given = [text.strip() for text in texts]
    spans = sorted(_span(text) for text in given)
    if not spans:
        raise BadRange(Wrong.NONE)
    merged = [spans[0]]
    for first, last in spans[1:]:
        before = merged[-1]
        if first <= before[1] + 1:
            merged[-1] = (before[0], max(before[1], last))
        else:
            merged.append((first, last))
    ranges = Ranges(tuple(merged))
    if len(ranges) > MAX_ADDRESSES:
        raise BadRange(Wrong.TOO_LARGE, _shown(", ".join(given)), len(ranges))
    return ranges


def _span(text: str) -> tuple[int, int]:
    shown = _shown(text)
    if ":" in text:
        raise BadRange(Wrong.IPV6, shown)
    try:
        first, last = _ends(text) if len(text) <= MAX_TEXT else (0, 0)
    except (AddressValueError, NetmaskValueError, ValueError):
        raise BadRange(Wrong.UNREADABLE, shown) from None
    if len(text) > MAX_TEXT:
        raise BadRange(Wrong.UNREADABLE, shown)
    if last < first:
        raise BadRange(Wrong.BACKWARDS, shown)
    if last - first >= MAX_ADDRESSES:
        raise BadRange(Wrong.TOO_LARGE, shown, last - first + 1)
    if any(first <= int(odd[-1]) and last >= int(odd[0]) for odd in _ODD):
        raise BadRange(Wrong.NOT_HOSTS, shown)
    return first, last


def _shown(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


def _ends(text: str) -> tuple[int, int]:
    if "/" in text:
        network = IPv4Network(text, strict=False)
        first, last = int(network[0]), int(network[-1])
        return (first, last) if network.prefixlen >= 31 else (first + 1, last - 1)
    low, dash, high = (part.strip() for part in text.partition("-"))
    first = int(IPv4Address(low))
    if not dash:
        return first, first
    if high.isascii() and high.isdecimal():
        high = f"{low.rpartition('.')[0]}.{high}"
    return first, int(IPv4Address(high))
