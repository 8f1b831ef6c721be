"""Are streams cut and packed so that a receiver gets back what was encoded?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.simulators.clip import annex_b, cut, garble, payloads

SPS, PPS = b"\x67\x42\xc0\x1e\x95", b"\x68\xce\x3c\x80"


def key(fill: int, size: int = 300) -> bytes:
    return b"\x65" + bytes([fill]) * size


def delta(fill: int) -> bytes:
    return b"\x41" + bytes([fill]) * 40


STREAM = annex_b((SPS, PPS, key(1), delta(2), delta(3), key(4), delta(5)))


def test_groups_begin_with_key_frames() -> None:
    clip = cut(STREAM)
    assert (clip.sps, clip.pps) == (SPS, PPS)
    assert clip.groups == (((key(1),), (delta(2),), (delta(3),)), ((key(4),), (delta(5),)))
    assert clip.group(3) == clip.group(1)
    assert clip.key_picture(1) == annex_b((SPS, PPS, key(4)))


@pytest.mark.parametrize("stream", [b"", annex_b((SPS, PPS)), annex_b((key(1),)), annex_b((SPS, PPS, delta(1)))])
def test_what_is_no_clip(stream: bytes) -> None:
    with pytest.raises(ValueError, match="not a clip"):
        cut(stream)


def test_garbling_keeps_what_a_decoder_needs_to_begin() -> None:
    clip = cut(STREAM)
    wrong = garble(clip)
    assert (wrong.sps, wrong.pps) == (SPS, PPS)
    for before, after in zip(clip.groups[0], wrong.groups[0], strict=True):
        assert before[0][:32] == after[0][:32]
        assert before[0] != after[0]
        assert len(before[0]) == len(after[0])


@given(st.binary(min_size=1, max_size=9_000), st.sampled_from([0x65, 0x41, 0x67]))
@settings(max_examples=300, derandomize=True)
def test_fragments_come_together_again(body: bytes, head: int) -> None:
    """RFC 6184, section 5.8."""
    nal = bytes([head]) + body
    packed = list(payloads(nal))
    assert max(map(len, packed)) <= 1_400
    if len(packed) == 1:
        assert packed == [nal]
        return
    assert [payload[1] & 0xC0 for payload in packed] == [0x80, *[0] * (len(packed) - 2), 0x40]
    indicator, header = packed[0][:2]
    assert indicator & 0x1F == 28
    assert bytes([indicator & 0xE0 | header & 0x1F]) + b"".join(one[2:] for one in packed) == nal


@given(st.binary(max_size=400))
@settings(max_examples=300, derandomize=True)
def test_nonsense_is_no_clip(data: bytes) -> None:
    try:
        cut(data)
    except ValueError:
        return
