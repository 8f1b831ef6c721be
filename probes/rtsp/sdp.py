"""Which streams does a description offer? SDP, RFC 4566, as far as RTSP needs it (RFC 2326 appendix C)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from probes.errors import Garbled

MAX_LINES = 2000
MAX_MEDIA = 32
MAX_FORMATS = 32  # payload types of one medium
MAX_CONTROL = 2048  # characters of a URL

_STATIC = {14: "mpa", 26: "jpeg", 28: "nv", 31: "h261", 32: "mpv", 33: "mp2t", 34: "h263"}  # RFC 3551 section 6
_VERSION = re.compile(r"^v=", re.MULTILINE)
_TELLING = re.compile(r"^(m=|a=control:|a=rtpmap:)(.*)$", re.MULTILINE)
_RTPMAP = re.compile(r"(\d{1,3})[ \t]+([A-Za-z0-9][A-Za-z0-9._-]{0,31})(?:/|\s|$)")
_ABSOLUTE = re.compile(r"rtsp[su]?://", re.IGNORECASE)
_UNSAFE = re.compile(r"[^\x21-\x7e]")


@dataclass(slots=True)
class Medium:
    """One stream: `kind` is video, audio, application, …; `codec` in lower case, `unknown` if not told."""

    kind: str
    payload_types: tuple[int, ...]
    codec: str = "unknown"
    control: str = ""


@dataclass(frozen=True, slots=True)
class Description:
    """What a camera offers; `control` is that of the whole session, empty if not told."""

    media: tuple[Medium, ...]
    control: str

    @property
    def video(self) -> Medium | None:
        """The first video stream."""
        return next((medium for medium in self.media if medium.kind == "video"), None)


def parse_sdp(body: bytes) -> Description:
    """The streams of a description. Raises Garbled."""
    text = body.decode("utf-8", "replace")
    if text.count("\n") > MAX_LINES:
        raise Garbled(f"a description of more than {MAX_LINES} lines")
    if not _VERSION.search(text, 0, 256):
        raise Garbled("the description is not SDP")
    media: list[Medium] = []
    session_control = ""
    for what, value in _TELLING.findall(text):
        if what == "m=":
            if len(media) == MAX_MEDIA:
                raise Garbled(f"a description of more than {MAX_MEDIA} streams")
            media.append(_medium(value))
        elif what == "a=control:":
            control = _checked(value.strip())
            if media:
                media[-1].control = media[-1].control or control
            else:
                session_control = session_control or control
        elif media:
            mapped = _RTPMAP.match(value)
            if mapped and media[-1].payload_types[:1] == (int(mapped[1]),):
                media[-1].codec = mapped[2].lower()
    return Description(tuple(media), session_control)


def _medium(line: str) -> Medium:
    """`video 0 RTP/AVP 96 97`; the first format is the one that is sent by default."""
    kind, *rest = line.split() or [""]
    formats = rest[2 : 2 + MAX_FORMATS]
    types = tuple(int(one) for one in formats if one.isascii() and one.isdecimal() and len(one) < 4 and int(one) < 128)
    return Medium(kind.lower()[:32], types, _STATIC.get(types[0], "unknown") if types else "unknown")


def _checked(control: str) -> str:
    if len(control) > MAX_CONTROL or _UNSAFE.search(control):
        raise Garbled("malformed control URL in the description")
    return control


def base_url(asked: str, content_base: str, content_location: str) -> str:
    """What relative control URLs stand under, RFC 2326 appendix C.1.1: the headers if they hold a URL, else `asked`."""
    for candidate in (content_base, content_location):
        if _ABSOLUTE.match(candidate) and len(candidate) <= MAX_CONTROL and not _UNSAFE.search(candidate):
            return candidate
    return asked


def control_url(base: str, control: str) -> str:
    """The URL of `control` under `base`.

    A relative one is appended after a slash instead of merged as RFC 3986 wants: cameras mean it so, even behind a
    query (`…?channel=1&subtype=0/trackID=0`).
    """
    if control in {"", "*"}:
        return base
    if _ABSOLUTE.match(control):
        return control
    return f"{base.rstrip('/')}/{control.lstrip('/')}"
