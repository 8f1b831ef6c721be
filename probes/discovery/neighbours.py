"""Which MAC addresses has this machine seen on its own networks? Linux, /proc/net/arp."""

from __future__ import annotations

from pathlib import Path

TABLE = Path("/proc/net/arp")
MAX_BYTES = 8_000_000

_COMPLETE = 0x2  # ATF_COM, linux/if_arp.h


def read_neighbours(table: Path = TABLE) -> dict[str, str]:
    """IPv4 address -> MAC, in lower case with colons; empty where the table cannot be read."""
    try:
        with table.open("rb") as stream:
            text = stream.read(MAX_BYTES).decode("ascii", "replace")
    except OSError:
        return {}
    found: dict[str, str] = {}
    for row in text.splitlines()[1:]:
        words = row.split()
        if len(words) >= 4 and is_mac(words[3]) and words[2].startswith("0x") and _flags(words[2]) & _COMPLETE:
            found[words[0]] = words[3].lower()
    return found


def is_mac(text: str) -> bool:
    """Six octets in hex with colons, and not all zero or all ones."""
    octets = text.split(":")
    if len(octets) != 6 or not text.isascii() or not all(len(one) == 2 and one.isalnum() for one in octets):
        return False
    try:
        value = int("".join(octets), 16)
    except ValueError:
        return False
    return 0 < value < 2**48 - 1


def tidy_mac(text: str) -> str:
    """The same as devices write it, `00-11-22-AA-BB-CC` or `001122AABBCC`, in our form; empty if it is none."""
    digits = text.strip().lower().replace("-", "").replace(":", "").replace(".", "")
    written = ":".join(digits[at : at + 2] for at in range(0, 12, 2)) if len(digits) == 12 else ""
    return written if written and is_mac(written) else ""


def _flags(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return 0
