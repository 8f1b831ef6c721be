"""How are samples written in Prometheus's text format 0.0.4? Each family once, with its HELP and TYPE."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.export.families import Family, Number

LONGEST_LABEL = 200  # characters of a label's value
LARGEST = 1e18  # beyond is no measurement; NaN and infinity are not within either

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\0": "", "\r": " "})


def escaped(text: str) -> str:
    """A label's value as the format wants it, bounded."""
    text = text[:LONGEST_LABEL]
    if text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return text.translate(_ESCAPES)


def labels(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    """Labels in braces; an empty value is the same as no label."""
    inside = ""
    for name, text in zip(names, values, strict=True):
        if text:
            inside += f',{name}="{escaped(text)}"'
    return f"{{{inside[1:]}}}" if inside else ""


class Page:
    """Gathers samples by family. `pack` now and then: packed samples take a third of the memory."""

    def __init__(self) -> None:
        self._lines: dict[Family, list[str]] = {}
        self._packed: dict[Family, bytearray] = {}

    def add(self, family: Family, inside: str, value: Number | None, suffix: str = "") -> None:
        """One sample; `inside` are its labels in braces. What is beyond all measure is left out."""
        if value is None or not -LARGEST < value < LARGEST:
            return
        lines = self._lines.get(family)
        if lines is None:
            lines = self._lines[family] = []
        lines.append(f"{family.name}{suffix}{inside} {value + 0}\n")  # a truth becomes 1 or 0

    def pack(self) -> None:
        """Put away what was gathered."""
        for family, lines in self._lines.items():
            if lines:
                packed = self._packed.setdefault(family, bytearray())
                packed += "".join(lines).encode("utf-8", "replace")
                lines.clear()

    def pieces(self) -> Iterator[bytes | bytearray]:
        """The page, two pieces a family, by name."""
        self.pack()
        for family in sorted(self._packed, key=lambda family: family.name):
            name = family.name
            yield f"# HELP {name} {family.help}\n# TYPE {name} {family.kind}\n".encode()
            yield self._packed[family]
