"""What does an RTSP message say? RFC 2326, read as leniently as cameras write it and within bounds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from probes.errors import Garbled

MAX_HEAD = 16_384  # bytes of the status line and headers
MAX_HEADERS = 64
MAX_BODY = 65_536  # bytes; a camera's SDP has about 1,000
MAX_SESSION = 512  # characters

HEAD_END = re.compile(rb"\r?\n\r?\n")  # some firmware ends its lines with LF alone

_STATUS = re.compile(r"RTSP/\d\.\d[ \t]+(\d{3})(?:[ \t]+(.*))?$")
_REQUEST = re.compile(r"[A-Z_]{3,32} \S+ RTSP/\d\.\d$")
_PRINTABLE = re.compile(r"[^\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and headers, names in lower case. `status` 0: a request that the device sends to us."""

    status: int
    reason: str
    headers: Mapping[str, Sequence[str]]

    def get(self, name: str) -> str:
        """The first header of that name, empty if there is none."""
        found = self.headers.get(name)
        return found[0] if found else ""

    @property
    def cseq(self) -> int | None:
        """The request that it answers, if it says so."""
        return _number(self.get("cseq"), 10)

    @property
    def content_length(self) -> int:
        """Bytes of the body. Raises Garbled."""
        written = self.get("content-length")
        length = _number(written, 10) if written else 0
        if length is None:
            raise Garbled("malformed Content-Length")
        if length > MAX_BODY:
            raise Garbled(f"an answer of {length} bytes, more than {MAX_BODY}")
        return length

    @property
    def server(self) -> str:
        """What the device calls its RTSP server, at most 100 printable characters."""
        return printable(self.get("server"))

    @property
    def session(self) -> str:
        """The session's identifier without its parameters, empty if there is none. Raises Garbled."""
        written = self.get("session").partition(";")[0].strip()
        if len(written) > MAX_SESSION or _PRINTABLE.search(written):
            raise Garbled("malformed session identifier")
        return written


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer."""

    head: Head
    body: bytes


def parse_head(data: bytes) -> Head:
    """The head in `data`, which ends before or with its empty line. Raises Garbled."""
    lines = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n").strip("\n").split("\n")
    if len(lines) > MAX_HEADERS + 1:
        raise Garbled(f"more than {MAX_HEADERS} headers")
    status = _STATUS.match(lines[0])
    if not status and not _REQUEST.match(lines[0]):
        raise Garbled(f"not RTSP: {printable(lines[0])!r}")
    headers: dict[str, list[str]] = {}
    last: list[str] | None = None
    for line in lines[1:]:
        if line[:1] in {" ", "\t"} and last:  # a folded header, RFC 2616 section 2.2
            last[-1] = f"{last[-1]} {line.strip()}"
            continue
        name, colon, value = line.partition(":")
        if not colon:
            continue  # cameras have been seen to leave rubbish between headers
        last = headers.setdefault(name.strip().lower(), [])
        last.append(value.strip())
    if not status:
        return Head(0, lines[0].partition(" ")[0], headers)
    return Head(int(status[1]), printable(status[2] or ""), headers)


def build_request(method: str, url: str, cseq: int, headers: Mapping[str, str]) -> bytes:
    """A request without a body."""
    lines = [f"{method} {url} RTSP/1.0", f"CSeq: {cseq}", "User-Agent: Sitewarden"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Transport:
    """What a device agreed to: the interleaved channel of RTP, or None."""

    interleaved: bool
    channel: int | None


def parse_transport(header: str) -> Transport:
    """The Transport header of an answer to SETUP, RFC 2326 section 12.39. Raises Garbled."""
    first, *parameters = [part.strip() for part in header.partition(",")[0].split(";")]
    interleaved = first.upper() == "RTP/AVP/TCP"
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "interleaved":
            channel = _number(value.partition("-")[0], 3)
            if channel is None or channel > 255:
                raise Garbled("malformed interleaved channels")
            return Transport(True, channel)
    return Transport(interleaved, None)


def printable(text: str, limit: int = 100) -> str:
    """Its printable ASCII, at most `limit` characters."""
    return _PRINTABLE.sub(" ", text[: 2 * limit]).strip()[:limit]


def _number(text: str, digits: int) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= digits else None
