"""Which messages and interleaved packets are in the bytes of one connection? RFC 2326 section 10.12. Does no I/O."""

from __future__ import annotations

from dataclasses import dataclass

from probes.errors import Garbled
from probes.rtsp.messages import HEAD_END, MAX_HEAD, Head, Response, parse_head

_FRAME_HEADER = 4  # bytes: $, channel, length
_LINE_END = b"\r\n"


@dataclass(frozen=True, slots=True)
class Frame:
    """An RTP or RTCP packet that came over the RTSP connection."""

    channel: int
    packet: bytes


class Splitter:
    """Takes bytes as they come, gives what is complete. Holds at most one message and what was fed last."""

    __slots__ = ("_buffer", "_head", "_searched")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: Head | None = None  # of the message whose body is not here yet
        self._searched = 0  # bytes known to hold no end of a head

    @property
    def empty(self) -> bool:
        """Has nothing been begun?"""
        return not self._buffer and self._head is None

    def feed(self, data: bytes) -> None:
        """Add what came."""
        self._buffer += data

    def drain(self) -> bytes:
        """What was fed and not taken yet; whoever asks goes on by himself."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest

    def take(self) -> Response | Frame | None:
        """The next complete message or frame, None if more bytes are needed. Raises Garbled."""
        if self._head is None:
            self._skip_line_ends()
            if self._buffer[:1] == b"$":
                return self._take_frame()
            self._head = self._take_head()
        if self._head is None:
            return None
        length = self._head.content_length
        if len(self._buffer) < length:
            return None
        response = Response(self._head, bytes(self._buffer[:length]))
        del self._buffer[:length]
        self._head = None
        return response

    def _skip_line_ends(self) -> None:
        blanks = len(self._buffer) - len(self._buffer.lstrip(_LINE_END))
        if blanks:
            del self._buffer[:blanks]
            self._searched = 0

    def _take_frame(self) -> Frame | None:
        buffer = self._buffer
        if len(buffer) < _FRAME_HEADER:
            return None
        end = _FRAME_HEADER + int.from_bytes(buffer[2:4], "big")
        if len(buffer) < end:
            return None
        frame = Frame(buffer[1], bytes(buffer[_FRAME_HEADER:end]))
        del buffer[:end]
        return frame

    def _take_head(self) -> Head | None:
        found = HEAD_END.search(self._buffer, max(0, self._searched - 3))
        if (found.end() if found else len(self._buffer)) > MAX_HEAD:
            raise Garbled(f"headers of more than {MAX_HEAD} bytes")
        if not found:
            self._searched = len(self._buffer)
            return None
        head = parse_head(bytes(self._buffer[: found.start()]))
        del self._buffer[: found.end()]
        self._searched = 0
        return head
