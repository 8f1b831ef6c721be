"""What is written in this answer? XML as devices really send it, within bounds of size, depth and count.

Expat without namespaces, not lxml: libxml2 keeps every name that it ever saw in one dictionary for each thread, so that
one device could make the daemon grow for ever; and firmware declares its prefixes wrongly, or not at all.
"""

from __future__ import annotations

import re
from typing import Final
from xml.parsers import expat

from probes.errors import Garbled
from probes.tools import trace

MAX_BYTES: Final = 1_048_576
MAX_DEPTH: Final = 32
MAX_ELEMENTS: Final = 50_000
MAX_TEXT: Final = 512  # characters of one text that anybody reads

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,20})""")
_DECLARATION = re.compile(r"^<\?xml[^>]*>")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0 section 2.2
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_CHARSETS: Final = frozenset({"gb2312", "gbk", "gb18030", "big5", "iso-8859-1", "iso-8859-15", "windows-1252"})


class Node:
    """An element: its name without the prefix, its attributes, the text before its first child, its children."""

    __slots__ = ("attributes", "children", "name", "prefix", "text")

    def __init__(self, name: str, attributes: dict[str, str], prefix: str = "") -> None:
        self.name, self.prefix = name, prefix
        self.attributes = attributes
        self.text = ""
        self.children: list[Node] = []

    def find(self, *path: str) -> Node | None:
        """The first descendant along these names of children."""
        node: Node | None = self
        for name in path:
            assert node is not None
            node = next((child for child in node.children if child.name == name), None)
            if node is None:
                return None
        return node

    def all(self, name: str) -> list[Node]:
        """The children of that name."""
        return [child for child in self.children if child.name == name]

    def read(self, *path: str) -> str:
        """The text along these names, stripped, at most `MAX_TEXT` characters; empty if there is none."""
        node = self.find(*path)
        return "" if node is None else node.text[: 2 * MAX_TEXT].strip()[:MAX_TEXT]


def parse(body: bytes) -> Node:
    """The root element. What firmware commonly gets wrong is repaired; a DTD, and what is beyond a bound, is Garbled.

    Repaired: wrong or missing declarations of encoding and prefixes, bytes that are not UTF-8, control characters, bare
    ampersands, bytes before the first and behind the last tag.
    """
    if len(body) > MAX_BYTES:
        raise Garbled(f"an XML answer of more than {MAX_BYTES} bytes")
    try:
        return _Tree().build(body)
    except expat.ExpatError as error:
        trace("malformed XML (%s), repaired", error)
    try:
        return _Tree().build(_repair(body).encode())
    except expat.ExpatError as error:
        raise Garbled(f"malformed XML: {error}") from error


def _repair(body: bytes) -> str:
    text = _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", _decode(body))
    text = text[max(text.find("<"), 0) : text.rfind(">") + 1]
    return _BARE_AMPERSAND.sub("&amp;", _DECLARATION.sub("", text))


def _decode(body: bytes) -> str:
    if body[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        declared = _DECLARED.match(body)
        charset = declared[1].decode("ascii").lower() if declared else ""
        return body.decode(charset if charset in _CHARSETS else "utf-8", "replace")


class _Tree:
    """Builds one tree from Expat's calls."""

    def __init__(self) -> None:
        self._root = Node("", {})
        self._open = [self._root]
        self._count = 0

    def build(self, body: bytes) -> Node:
        parser = expat.ParserCreate("utf-8")  # whatever the declaration says
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._read
        parser.StartDoctypeDeclHandler = _refuse
        parser.Parse(body, True)
        return self._root.children[0]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) > MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise Garbled(f"XML deeper than {MAX_DEPTH} or of more than {MAX_ELEMENTS} elements")
        prefix, _, local = name.rpartition(":")
        node = Node(local, attributes, prefix)
        self._open[-1].children.append(node)
        self._open.append(node)

    def _end(self, name: str) -> None:
        self._open.pop()

    def _read(self, text: str) -> None:
        node = self._open[-1]
        if not node.children and len(node.text) <= MAX_TEXT:
            node.text += text


def _refuse(*_: object) -> None:
    raise Garbled("XML with a document type definition")
