"""Are messages of SIA DC-09 read rightly, and does none do harm?"""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.settings.vocabulary import VOCABULARY
from probes.errors import Denied, Garbled
from probes.listener import Heard
from probes.observation import Answer
from probes.panel.events import CONTACT_ID, events_of
from probes.panel.frame import answer, crc, frame_of, key_of, open_frame, read
from probes.panel.listener import Panels
from probes.panel.options import PanelOptions, PanelSettings
from probes.simulators.sia import SiaPanel, checksum
from probes.target import Secret, Target
from probes.tools import Tools

KEY = b"AAAABBBBCCCCDDDD"


class Said:
    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.counts: Counter[str] = Counter()
        self.keeps = True

    def say(self, device: str, answer: Answer) -> None:
        self.answers.append(answer)

    async def kept(self) -> bool:
        return self.keeps

    def count(self, result: str, number: int = 1) -> None:
        self.counts[result] += number

    def may_log_in(self, device: str) -> bool:
        return True


def test_the_checksum_is_crc_16_arc() -> None:
    assert crc(b"123456789") == 0xBB3D  # the check value of the catalogue
    assert checksum(b"123456789") == "BB3D"


def test_messages_that_others_wrote() -> None:
    """As they were seen on the wire, or stand in the tests of other implementations."""
    frame = read(
        b'E34C0062"*ACK"0001R5678L1234#080027E62A64[14F088FF5DCB19D1908069507EAB97C7CDB20F1C6EFA550BB59864D54B2DFA1C'
    )
    assert (frame.kind, frame.sequence, frame.receiver, frame.line, frame.account) == (
        "ACK", "0001", "R5678", "L1234", "080027E62A64",
    )  # fmt: skip
    content = open_frame(frame, bytes.fromhex("ABCD" * 8))
    assert (content.data, content.at) == ("", 1_429_027_692.0)  # 2015-04-14 16:08:12
    with pytest.raises(Denied):
        open_frame(frame, bytes.fromhex("ABCD" * 7 + "ABCE"))


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("SIA-DCS", "Nri1/CL501", [("disarmed", "1", "cleared")]),
        ("SIA-DCS", "Nri1CL501", [("disarmed", "1", "cleared")]),
        ("SIA-DCS", "Nti10:23/id12/OP3", [("disarmed", "3", "raised")]),
        ("SIA-DCS", "NBA01/TA02", [("burglary", "1", "raised"), ("tamper", "2", "raised")]),
        ("SIA-DCS", "AT", [("mains_lost", "", "raised")]),
        ("SIA-DCS", "OAR000", [("mains_lost", "", "cleared")]),
        ("SIA-DCS", "Nri04/OP001*\u2019NM", [("disarmed", "4", "raised")]),
        ("SIA-DCS", "Nri1/NL4", [("other", "NL", "raised")]),
        ("SIA-DCS", "Nri0/RP0000", []),
        ("SIA-DCS", "NYT000", [("battery_low", "", "raised")]),
        ("SIA-DCS", "NZT012^Dock door^", [("zone_trouble", "12", "raised")]),
        ("ADM-CID", "1131 01 015", [("burglary", "15", "raised")]),
        ("ADM-CID", "6131 01 015", [("burglary", "15", "raised")]),
        ("ADM-CID", "3301 00 000", [("mains_lost", "", "cleared")]),
        ("ADM-CID", "1302 00 000", [("battery_low", "", "raised")]),
        ("ADM-CID", "1383 01 004", [("tamper", "4", "raised")]),
        ("ADM-CID", "1354 00 002", [("communication_failed", "2", "raised")]),
        ("ADM-CID", "1381 01 004", [("zone_trouble", "4", "raised")]),
        ("ADM-CID", "1384 01 004", [("zone_battery", "4", "raised")]),
        ("ADM-CID", "3401 02 007", [("disarmed", "2", "cleared")]),
        ("ADM-CID", "1602 00 000", []),
        ("ADM-CID", "1305 00 000", [("other", "E305", "raised")]),
        ("ADM-CID", "1999 00 000", [("other", "E999", "raised")]),
    ],
)
def test_codes(kind: str, data: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(one.event, one.item, one.state) for one in events_of(kind, data, {})] == expected


@pytest.mark.parametrize(("kind", "data"), [("SIA-DCS", ""), ("SIA-DCS", "#3080"), ("ADM-CID", "2301 00 000")])
def test_no_event(kind: str, data: str) -> None:
    with pytest.raises(Garbled):
        list(events_of(kind, data, {}))


def test_every_alarm_of_contact_id_has_a_word_for_people() -> None:
    from monitor.locale.state_words import WORDS

    assert {*CONTACT_ID.values()} - set(WORDS) == set()
    assert VOCABULARY["panel"] == VOCABULARY["traps"]  # both are written by probes.standing


def test_keys() -> None:
    assert key_of("AAAABBBBCCCCDDDD") == KEY
    assert key_of("hex:" + "00ff" * 8) == b"\0\xff" * 8
    for bad in ("", "short", "hex:0011", "hex:zz" * 8, "A" * 17):
        with pytest.raises(ValueError, match=r"key of an alarm panel|non-hexadecimal"):
            key_of(bad)


def listener(said: Said, **options: object) -> Panels:
    made = Panels(PanelSettings(address="127.0.0.1", port=0), said, Tools())
    for_all = PanelOptions(account="1234", **options)  # type: ignore[arg-type]
    made.attend({"p": Heard(Target("p", "127.0.0.1", alarm_key=Secret(KEY.decode())), for_all)})
    return made


async def test_a_key_that_cannot_be_used_takes_nothing_rather_than_something_plain() -> None:
    said = Said()
    panels = Panels(PanelSettings(port=0), said, Tools())
    panels.attend({"p": Heard(Target("p", "127.0.0.1", alarm_key=Secret("")), PanelOptions(account="1234"))})
    plain = SiaPanel(0).message("ADM-CID", "1137 00 000").strip(b"\n\r")
    assert panels._take(plain, "127.0.0.1") == ("denied", None)


async def test_a_reload_keeps_what_was_heard_and_what_was_missed() -> None:
    said = Said()
    panels = listener(said, heartbeat_seconds=60)
    sender = SiaPanel(0, key=KEY)
    alarm = sender.message("ADM-CID", "1137 00 000").strip(b"\n\r")
    assert panels._take(alarm, "127.0.0.1")[0] == "taken"
    panels._panels["p"].missing = True
    same = Heard(Target("p", "127.0.0.1", alarm_key=Secret(KEY.decode())), PanelOptions(account="1234"))
    panels.attend({"p": same})
    assert panels._panels["p"].missing
    assert panels._take(alarm, "127.0.0.1")[0] == "repeated"
    assert not panels._panels["p"].missing


async def test_hostile_bytes_end_in_a_word() -> None:
    said = Said()
    panels = listener(said)
    sender = SiaPanel(0, key=KEY)
    whole = [sender.message(kind, data).strip(b"\n\r") for kind, data in
             (("ADM-CID", "1137 00 000"), ("SIA-DCS", "Nri1/TA003"), ("NULL", ""))]  # fmt: skip
    results = {"garbled", "taken", "repeated", "denied", "unknown_account", "untimely"}

    @given(st.data())
    @settings(max_examples=300, deadline=None)
    def flipped(data: st.DataObject) -> None:
        raw = bytearray(data.draw(st.sampled_from(whole)))
        for _ in range(data.draw(st.integers(0, 4))):
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        changed = bytes(raw[: data.draw(st.integers(0, len(raw)))])
        if data.draw(st.booleans()):
            changed = frame_of(changed[8:]).strip(b"\n\r")  # with a right checksum
        panels._all.left = panels._panels["p"].budget.left = 50.0
        result, reply = panels._take(changed, "127.0.0.1")
        assert result in results
        assert reply is None or len(reply.octets) < 200

    flipped()

    @given(st.binary(max_size=120))
    @settings(max_examples=200, deadline=None)
    def hidden(inside: bytes) -> None:
        """Anything may stand inside of what is rightly encrypted."""
        from cryptography.hazmat.primitives.ciphers import Cipher
        from cryptography.hazmat.primitives.ciphers.algorithms import AES
        from cryptography.hazmat.primitives.ciphers.modes import CBC

        block = Cipher(AES(KEY), CBC(bytes(16))).encryptor().update(inside + bytes(-len(inside) % 16))
        raw = frame_of(b'"*SIA-DCS"0001L0#1234[' + block.hex().upper().encode()).strip(b"\n\r")
        panels._all.left = panels._panels["p"].budget.left = 50.0
        assert panels._take(raw, "127.0.0.1")[0] in results

    hidden()

    @given(st.sampled_from(["SIA-DCS", "ADM-CID"]), st.text(max_size=80))
    @settings(max_examples=200, deadline=None)
    def texts(kind: str, text: str) -> None:
        try:
            found = list(events_of(kind, text, {}))
        except Garbled:
            return
        assert len(found) <= 16
        assert all(len(one.text) <= 200 and len(one.item) <= 40 for one in found)

    texts()


async def test_answers_are_read_by_the_one_who_knows_the_key_only() -> None:
    frame = read(SiaPanel(0, key=KEY).message("NULL", "").strip(b"\n\r"))
    reply = read(answer("ACK", frame, KEY, 1_600_000_000.0).strip(b"\n\r"))
    assert (reply.kind, reply.encrypted, reply.sequence, reply.account) == ("ACK", True, "0001", "1234")
    assert open_frame(reply, KEY).at == 1_600_000_000.0
    assert asyncio.get_running_loop()
