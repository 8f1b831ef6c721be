"""Do pictures come out of RTP packets as they went in, however they are cut, lost or damaged?"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable, Sequence
from functools import cache

import pytest

from probes.errors import Garbled
from probes.frame.packets import START, Codec, Coded, Packets, Unfit
from tests.servers._replay import _nals as nals_of
from tests.servers._replay import _payloads as payloads_of
from tests.servers._scenes import encode, scene

CODECS: tuple[Codec, ...] = ("h264", "hevc")


@cache
def units(codec: Codec) -> list[bytes]:
    """Seven pictures, of which the first and the sixth are key frames."""
    return encode([scene(at=at) for at in range(7)], "libx264" if codec == "h264" else "libx265", slices=2)


def packets(coded: Sequence[Sequence[bytes]], first: int = 65_530, begin: int = 0xFFFFF000) -> list[bytes]:
    """RTP packets of payloads, those of one picture together; number and clock soon begin anew."""
    found = []
    for picture, payloads in enumerate(coded):
        for at, payload in enumerate(payloads):
            last = at == len(payloads) - 1
            stamp = (begin + picture * 9_000) & 0xFFFFFFFF
            found.append(struct.pack(">BBHII", 0x80, 96 | last << 7, (first + len(found)) & 0xFFFF, stamp, 7) + payload)
    return found


def cut(codec: Codec) -> list[bytes]:
    name = "H264" if codec == "h264" else "H265"
    return packets([[piece for nal in nals_of(unit) for piece in payloads_of(nal, name)] for unit in units(codec)])


def put(reader: Packets, sent: Iterable[bytes]) -> list[Coded]:
    """What comes out, packet by packet."""
    found = []
    for packet in sent:
        done = reader.feed(packet)
        if done is not None:
            found.append(done)
            reader.go_on()
    last = reader.flush()
    return [*found, *([last] if last else [])]


def run(reader: Packets, sent: Iterable[bytes], chance: random.Random) -> list[Coded]:
    """The same by the fast way, interleaved, in pieces of any size."""
    data = b"".join(struct.pack(">cBH", b"$", 0, len(packet)) + packet for packet in sent)
    found, rest = [], b""
    while data:
        size = chance.randint(1, 9_000)
        rest, data = rest + data[:size], data[size:]
        at = 0
        while True:
            at = reader.run(rest, at, 0)
            end = at + 4 + int.from_bytes(rest[at + 2 : at + 4], "big")
            if len(rest) - at < 4 or end > len(rest):
                break
            done = reader.feed(rest[at + 4 : end])
            at = end
            if done is not None:
                found.append(done)
                reader.go_on()
        rest = rest[at:]
    last = reader.flush()
    return [*found, *([last] if last else [])]


def same(data: bytes, unit: bytes) -> bool:
    return nals_of(data) == nals_of(unit)


@pytest.mark.parametrize("codec", CODECS)
def test_every_picture_comes_out_as_it_went_in(codec: Codec) -> None:
    reader = Packets(codec, (96,))
    reader.everything = True
    found = put(reader, cut(codec))
    assert all(same(one.data, unit) for one, unit in zip(found, units(codec), strict=True))
    assert [one.key for one in found] == [True, False, False, False, False, True, False]
    assert [round(one.seconds, 3) for one in found] == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    assert not any(one.damaged for one in found)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("everything", [True, False])
def test_the_fast_way_says_the_same(codec: Codec, everything: bool) -> None:
    for seed in range(8):
        slow, fast = Packets(codec, (96,)), Packets(codec, (96,))
        slow.everything = fast.everything = everything
        chance = random.Random(seed)
        sent = [packet for packet in cut(codec) if seed == 0 or chance.random() > 0.02 * seed]
        found = put(slow, sent)
        assert run(fast, sent, chance) == found
        if not everything:
            assert all(bool(one.data) == one.key for one in found)


@pytest.mark.parametrize("codec", CODECS)
def test_a_lost_packet_damages_its_picture_and_no_other(codec: Codec) -> None:
    whole = cut(codec)
    stamps = [packet[4:8] for packet in whole]
    second = [at for at, stamp in enumerate(stamps) if stamp == stamps[-1]]  # those of the last picture
    del whole[second[0] - 3]
    reader = Packets(codec, (96,))
    reader.everything = True
    damaged = [one.damaged for one in put(reader, whole)]
    assert sum(damaged) == 1
    assert damaged[-2]


def test_parameter_sets_that_come_by_themselves_or_in_the_description() -> None:
    nals = nals_of(units("h264")[0])
    sets = tuple(nal for nal in nals if nal[0] & 31 in (7, 8))
    rest = [piece for nal in nals if nal not in sets for piece in payloads_of(nal, "H264")]
    together = b"\x18" + b"".join(struct.pack(">H", len(nal)) + nal for nal in sets)  # STAP-A
    for reader, pictures in (
        (Packets("h264", (96,), sets), [rest]),
        (Packets("h264", (96,)), [[*sets], rest]),
        (Packets("h264", (96,)), [[together], rest]),
        (Packets("h264", (96,)), [[together, *rest]]),
    ):
        (found,) = put(reader, packets(pictures))
        assert found.key
        assert found.data.startswith(b"".join(START + each for each in sets))
        assert nals_of(found.data)[-1] == nals[-1]


def test_aggregated_units_of_h265() -> None:
    nals = nals_of(units("hevc")[0])
    sets = [nal for nal in nals if nal[0] >> 1 & 63 in (32, 33, 34)]
    together = b"\x60\x01" + b"".join(struct.pack(">H", len(nal)) + nal for nal in sets)
    rest = [piece for nal in nals if nal not in sets for piece in payloads_of(nal, "H265")]
    (found,) = put(Packets("hevc", (96,)), packets([[together, *rest]]))
    assert found.key
    assert [nal for nal in nals_of(found.data) if nal in sets] == sets


def test_headers_of_rtp_that_are_longer_and_packets_of_others() -> None:
    plain = cut("h264")
    longer = [
        bytes((packet[0] | 0x31, packet[1]))
        + packet[2:12]
        + b"\0\0\0\1"
        + b"\xbe\xde\0\1abcd"
        + packet[12:]
        + b"\0\0\3"
        for packet in plain
    ]
    others = [bytes((packet[0], 97)) + packet[2:] for packet in plain]
    mixed = [each for three in zip(others, longer, [b"", b"\x80"] * len(plain), strict=False) for each in three]
    assert put(Packets("h264", (96,)), mixed) == put(Packets("h264", (96,)), plain)


def test_what_is_sent_otherwise_is_not_read_here() -> None:
    with pytest.raises(Unfit):
        put(Packets("h264", (96,)), packets([[b"\x19" + bytes(40)]]))  # STAP-B, of the interleaved mode
    with pytest.raises(Unfit):
        put(Packets("hevc", (96,)), packets([[bytes((50 << 1, 1)) + bytes(40)]]))  # PACI


@pytest.mark.parametrize("codec", CODECS)
def test_damaged_packets_do_no_harm(codec: Codec) -> None:
    whole = cut(codec)
    for seed in range(60):
        chance = random.Random(seed)
        sent = []
        for packet in whole[: chance.randint(5, 60)]:
            broken = bytearray(packet[: chance.randint(0, len(packet))] if chance.random() < 0.1 else packet)
            for _ in range(chance.randint(0, 3)):
                if broken:
                    broken[chance.randrange(min(len(broken), 24))] = chance.randrange(256)
            sent.append(bytes(broken))
        reader = Packets(codec, (96,))
        reader.everything = chance.random() < 0.5
        try:
            found = run(reader, sent, chance)
        except (Unfit, Garbled):
            continue
        assert sum(len(one.data) for one in found) < 2 * sum(map(len, sent)) + 10_000
