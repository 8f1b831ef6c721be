"""What does a simulated camera send again and again? A few seconds of H.264, cut into pictures and RTP payloads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

FRAMES_A_SECOND = 10  # of every clip; a group of pictures lasts one second and begins with its key frame

Nal = bytes
Frame = tuple[Nal, ...]

_SLICE, _KEY_SLICE, _SPS, _PPS, _FU_A = 1, 5, 7, 8, 28
_MAX_PAYLOAD = 1_400  # bytes, so that a packet fits an Ethernet frame
_HEADER_BYTES = 32  # of a slice that garbling leaves alone, so that the decoder still begins it


@dataclass(frozen=True, slots=True)
class Clip:
    """Parameter sets and groups of pictures; every group is one second that decodes by itself."""

    sps: Nal
    pps: Nal
    groups: tuple[tuple[Frame, ...], ...]

    def group(self, second: int) -> tuple[Frame, ...]:
        """The pictures of that second; the clip repeats without end."""
        return self.groups[second % len(self.groups)]

    def key_picture(self, second: int) -> bytes:
        """The key frame of that second as an Annex B stream."""
        return annex_b((self.sps, self.pps, *self.group(second)[0]))


def annex_b(nals: Frame) -> bytes:
    """NAL units with start codes (ITU-T H.264 Annex B)."""
    return b"".join(b"\0\0\0\1" + nal for nal in nals)


def cut(stream: bytes) -> Clip:
    """The clip of an Annex B stream with one slice a picture; ValueError if it has no key frame or parameter sets."""
    sps = pps = b""
    groups: list[list[Frame]] = []
    for nal in _split(stream):
        match nal[0] & 0x1F:
            case 7:
                sps = nal
            case 8:
                pps = nal
            case 5:
                groups.append([(nal,)])
            case 1 if groups:
                groups[-1].append((nal,))
    if not (sps and pps and groups):
        raise ValueError("not a clip: no parameter sets or no key frame")
    return Clip(sps, pps, tuple(tuple(group) for group in groups))


def garble(clip: Clip) -> Clip:
    """The clip as a failing encoder or a bad link would send it: bytes inside the slices are wrong."""
    return Clip(clip.sps, clip.pps, tuple(tuple(_garble_frame(frame) for frame in group) for group in clip.groups))


def payloads(nal: Nal) -> Iterator[bytes]:
    """The RTP payloads of one NAL unit: itself, or fragments of type FU-A (RFC 6184 sections 5.6 and 5.8)."""
    if len(nal) <= _MAX_PAYLOAD:
        yield nal
        return
    indicator, kind = nal[0] & 0xE0 | _FU_A, nal[0] & 0x1F
    step = _MAX_PAYLOAD - 2
    for at in range(1, len(nal), step):
        start = 0x80 if at == 1 else 0
        end = 0x40 if at + step >= len(nal) else 0
        yield bytes((indicator, start | end | kind)) + nal[at : at + step]


def _split(stream: bytes) -> Iterator[Nal]:
    at = stream.find(b"\0\0\1")
    while at >= 0:
        begin = at + 3
        at = stream.find(b"\0\0\1", begin)
        nal = stream[begin : at if at >= 0 else len(stream)].rstrip(b"\0")
        if nal:
            yield nal


def _garble_frame(frame: Frame) -> Frame:
    return tuple(_garble_slice(nal) for nal in frame)


def _garble_slice(nal: Nal) -> Nal:
    wrong = bytearray(nal)
    for at in range(_HEADER_BYTES, len(wrong), max(len(wrong) // 8, 16)):
        wrong[at : at + 8] = bytes(byte ^ 0xA5 for byte in wrong[at : at + 8])
    return bytes(wrong)
