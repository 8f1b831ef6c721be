"""A recording asked as if it were the device: it answers like an agent, and hostile files end in a BadRecording."""

from __future__ import annotations

import bz2
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probes.errors import Garbled
from probes.snmp import SnmpOptions
from probes.snmp.ber import END_OF_VIEW, MISSING, oid
from probes.snmp.look import look
from probes.snmp.message import Kind, binding, encode_names
from probes.snmp.playback import MAX_LINE, BadRecording, Playback, read_recording
from probes.snmp.profile import Profiles
from probes.snmp.question import get, get_next, walk
from probes.snmp.shelf import load_with

LINES = """\
# a switch
1.3.6.1.2.1.1.1.0|4x|48c3a96c6c6f
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.9.1.516
1.3.6.1.2.1.1.3.0|67|4294967295
1.3.6.1.2.1.2.2.1.8.1|2|1
1.3.6.1.2.1.2.2.1.8.2|2|-2
1.3.6.1.2.1.2.2.1.8.10|2|7
1.3.6.1.2.1.4.20.1.1|64|192.0.2.9
1.3.6.1.2.1.4.20.1.2|64x|c0000209
1.3.6.1.2.1.99.1|2:numeric|scale=5,min=1,initial=154
1.3.6.1.2.1.99.2|2:writecache|value=3
"""


def written(folder: Path, content: str | bytes, name: str = "one.snmprec") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.fixture
def switch(tmp_path: Path) -> Playback:
    return read_recording(written(tmp_path, LINES))


async def test_it_answers_a_get(switch: Playback) -> None:
    asked = [oid("1.3.6.1.2.1.1.1.0"), oid("1.3.6.1.2.1.1.3.0"), oid("1.3.6.1.2.1.1.4.0"), oid("1.3.6.1.2.1.99.1")]
    found = await get(switch, asked)
    assert found[asked[0]][2] == "Héllo".encode()
    assert found[asked[1]][1:] == (67, b"\x00\xff\xff\xff\xff")
    assert asked[2] not in found
    assert found[asked[3]][2] == b"\x00\x9a"


async def test_addresses_are_the_same_either_way(switch: Playback) -> None:
    asked = [oid("1.3.6.1.2.1.4.20.1.1"), oid("1.3.6.1.2.1.4.20.1.2")]
    assert {bind[2] for bind in (await get(switch, asked)).values()} == {bytes((192, 0, 2, 9))}


async def test_rows_come_in_the_order_of_numbers(switch: Playback) -> None:
    column = oid("1.3.6.1.2.1.2.2.1.8")
    assert list(await walk(switch, [column])) == [(1,), (2,), (10,)]


async def test_behind_the_last_there_is_nothing(switch: Playback) -> None:
    found = await get_next(switch, [oid("1.3.6.1.2.1.99.2")])
    assert all(bind[1] in MISSING for bind in found)
    pdu = await switch.request(Kind.NEXT, encode_names([oid("1.3.6.1.2.1.99.1")]))
    assert pdu.binds[0][1] == END_OF_VIEW


async def test_nothing_can_be_set(switch: Playback) -> None:
    with pytest.raises(Garbled):
        await switch.request(Kind.SET, binding(oid("1.3.6.1.2.1.2.2.1.8.1"), b"\x02\x01\x01"))


def test_only_what_is_asked_for_is_kept(tmp_path: Path) -> None:
    assert len(read_recording(written(tmp_path, LINES), ["1.3.6.1.2.1.1."])) == 3


def test_packed(tmp_path: Path) -> None:
    packed = bz2.compress(LINES.encode())
    assert len(read_recording(written(tmp_path, packed, "one.snmprec.bz2"))) == 9
    for bad in (packed[:-9], b"BZh9 nonsense", LINES.encode()):
        with pytest.raises(BadRecording):
            read_recording(written(tmp_path, bad, "bad.snmprec.bz2"))


def test_the_end_of_a_huge_one_is_left_unread(tmp_path: Path) -> None:
    path = written(tmp_path, LINES)
    cut = read_recording(path, max_octets=len(LINES) // 2)
    assert not cut.is_whole
    assert 0 < len(cut) < 9
    assert read_recording(path, max_octets=len(LINES)).is_whole


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello\n", "line 1"),
        ("1.3.6.1|2\n", "line 1"),
        ("1.3.6.1.2.1.1.3.0|67|1\n1.3.6.1.2.1.1.4.0|2|x\n", "line 2"),
        ("1.3.999999999999.1|2|1\n", "line 1"),
        ("1.3.6.1|2|" + "9" * 5_000 + "\n", "line 1"),
        ("1.3.6.1|4|" + "a" * (MAX_LINE + 5), "longer than"),
        (b"\xff\xfe\x00\x01", "line 1"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(BadRecording, match=words):
        read_recording(written(tmp_path, text))


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    return load_with(())


_NUMBER = st.sampled_from(["1", "2", "3", "6", "4", "25", "99", "105", "4294967295", "9" * 12, "-1", "", "0"])
_OID = st.lists(_NUMBER, max_size=14).map(".".join)
_KIND = st.sampled_from(
    ["2", "4", "4x", "5", "6", "64", "64x", "65", "66", "67", "68", "70", "2:numeric", "x", "99", ""]
)
_LINE = st.tuples(
    st.one_of(_OID, _OID.map("1.3.6.1.2.1.".__add__)), _KIND, st.one_of(st.text(max_size=20), st.integers().map(str))
).map("|".join)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(st.binary(max_size=300), st.lists(_LINE, max_size=12).map(lambda each: "\n".join(each).encode()))
)
def test_hostile_recordings_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    try:
        found = read_recording(written(tmp_path, content))
    except BadRecording:
        return
    assert len(found) <= content.count(b"\n") + 1


@pytest.mark.parametrize("numbers", [(0, 1, 2), (1, 2, 3)])
async def test_channels_are_counted_as_on_the_screen(tmp_path: Path, numbers: tuple[int, ...]) -> None:
    """Dahua's SNMP counts from 0, its CGI and its screen from 1; an agent that counts from 1 is left alone."""
    lines = ["1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.1004849.1.2"]
    lines += [f"1.3.6.1.4.1.1004849.2.10.1.1.1.1.2.{number}|2|{int(at != 1)}" for at, number in enumerate(numbers)]
    recording = read_recording(written(tmp_path, "\n".join(lines)))
    answer = await look(recording, load_with(()), SnmpOptions())
    assert {key: row["state"] for key, row in answer.rows["channel"].items()} == {
        "1": "online",
        "2": "offline",
        "3": "online",
    }
