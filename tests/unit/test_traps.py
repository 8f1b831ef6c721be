"""Is a trap read rightly, whatever its bytes say, and are its bounds kept?"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.settings.vocabulary import VOCABULARY
from probes.budget import Budget
from probes.errors import Garbled
from probes.listener import Heard
from probes.observation import Answer
from probes.snmp.ber import INTEGER, IP_ADDRESS, OCTETS, OID, SEQUENCE, TICKS, element, integer, oid
from probes.snmp.message import V2C, Kind, binding_of, encode_community, encode_pdu
from probes.snmp.secure import Engine, Party, encode, open_envelope
from probes.snmp.session import Sessions
from probes.snmp.usm import Stretch, derive, localize
from probes.standing import MAX_ROWS, Standing, State
from probes.target import Secret, SnmpAccess, Target
from probes.tools import Tools
from probes.traps.book import TrapFileError, read_book, shipped_book
from probes.traps.listener import Traps
from probes.traps.notice import read_community
from probes.traps.options import TrapOptions, TrapSettings

TRAPS = Path(__file__).parents[2] / "config" / "traps"
ACCESS = SnmpAccess("3", username="u", auth="sha", auth_key=Secret("a long password"), priv="aes128",
                    priv_key=Secret("another password"))  # fmt: skip


class Said:
    """A voice that is written down."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, Answer]] = []
        self.counts: Counter[str] = Counter()
        self.keeps = True

    def say(self, device: str, answer: Answer) -> None:
        self.answers.append((device, answer))

    async def kept(self) -> bool:
        return self.keeps

    def count(self, result: str, number: int = 1) -> None:
        self.counts[result] += number

    def may_log_in(self, device: str) -> bool:
        return True


def trap(name: str = "1.3.6.1.6.3.1.1.5.3", *binds: bytes, number: int = 1) -> bytes:
    first = binding_of(oid("1.3.6.1.6.3.1.1.4.1.0"), OID, oid(name))
    return encode_community(V2C, b"public", encode_pdu(Kind.TRAP, number, element(SEQUENCE, first + b"".join(binds))))


def bind(name: str, text: str) -> bytes:
    return binding_of(oid(name), OCTETS, text.encode())


def listener(said: Said, **devices: Heard) -> Traps:
    made = Traps(TrapSettings(address="127.0.0.1", port=0), said, Tools())
    made.attend(devices)
    return made


def heard(host: str = "127.0.0.1", snmp: SnmpAccess | None = None, **options: object) -> Heard:
    return Heard(Target("sw-1", host, snmp=snmp), TrapOptions(**options))  # type: ignore[arg-type]


def test_version_1_names_its_trap_in_three_parts() -> None:
    def message(generic: int, specific: int) -> bytes:
        content = (
            element(OID, oid("1.3.6.1.2.1.33.2")) + element(IP_ADDRESS, bytes((10, 0, 0, 9))) + integer(generic)
            + integer(specific) + element(TICKS, b"\x05") + element(SEQUENCE, b"")
        )  # fmt: skip
        return encode_community(0, b"public", element(Kind.TRAP_V1, content))

    community, notice = read_community(message(6, 1))
    assert (community, notice.trap, notice.sender) == (b"public", oid("1.3.6.1.2.1.33.2.0.1"), "10.0.0.9")
    assert shipped_book().read(notice, {}, by_words=False).event == "on_battery"
    assert read_community(message(0, 0))[1].trap == oid("1.3.6.1.6.3.1.1.5.1")
    for generic, specific in ((7, 0), (-1, 0), (6, -1), (6, 2**31)):
        with pytest.raises(Garbled):
            read_community(message(generic, specific))


def test_the_shipped_files_use_words_that_rules_and_people_know() -> None:
    events = set()
    for path in TRAPS.glob("*.yaml"):
        file = yaml.safe_load(path.read_text("utf-8"))
        for one in (*file.get("traps", ()), *file.get("words", ())):
            events |= {one["event"]} if "event" in one else {*one["event_of"]["events"].values()}
    rules = (TRAPS.parent / "rules" / "events.yaml").read_text("utf-8")
    evidence = {"motion", "contact", "storage_changed", "battery_test", "input_bad",
                "output_off_as_requested", "off_as_requested", "awaiting_power", "test_in_progress"}  # fmt: skip
    assert {event for event in events if f'"{event}"' not in rules} == evidence
    assert VOCABULARY["traps"].tables["alarm"] == _columns()


def _columns() -> set[str]:
    standing = Standing()
    standing.take(shipped_book().read(read_community(trap())[1], {}, by_words=False), 0.0, 1.0)
    answer = standing.answer()
    assert set(answer.values) == VOCABULARY["traps"].scalars
    return set(answer.rows["alarm"]["link_down"])


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    for text in ("[]", "source: x y z\nconfidence: mib\ntraps: [{trap: 1.2, event: e}]", "a: [", "source: 5"):
        bad.write_text(text)
        with pytest.raises(TrapFileError, match=r"bad\.yaml"):
            read_book([bad])


def test_words_of_panels() -> None:
    said = {
        "AC power fail": ("mains_lost", "raised"), "AC restored": ("mains_lost", "cleared"),
        "Low battery": ("battery_low", "raised"), "Battery OK": ("battery_low", "cleared"),
        "Zone 12 loop trouble": ("zone_trouble", "raised"), "交流断电": ("mains_lost", "raised"),
        "交流恢复": ("mains_lost", "cleared"), "防拆报警": ("tamper", "raised"), "hello": ("other", "raised"),
    }  # fmt: skip
    for text, expected in said.items():
        _, notice = read_community(trap("1.3.6.1.4.1.99999.1", bind("1.3.6.1.4.1.99999.2", text)))
        told = shipped_book().read(notice, {}, by_words=True)
        assert (told.event, told.state) == expected, text


def test_what_has_no_opposite_ends_by_itself_and_rows_are_bounded() -> None:
    standing = Standing()
    restarted = shipped_book().read(read_community(trap("1.3.6.1.6.3.1.1.5.1"))[1], {}, by_words=False)
    for _ in range(3):
        standing.take(restarted, 100.0, 1.0)
    assert standing.rows["restarted"].times == 3
    assert not standing.pass_by(999.0)
    assert standing.pass_by(1_000.0)
    assert standing.rows["restarted"].state == "cleared"
    standing.take(restarted, 2_000.0, 1.0)
    assert standing.rows["restarted"].times == 1
    for number in range(MAX_ROWS + 50):
        port = binding_of(oid(f"1.3.6.1.2.1.2.2.1.1.{number}"), INTEGER, number.to_bytes(2, "big"))
        standing.take(
            shipped_book().read(read_community(trap("1.3.6.1.6.3.1.1.5.3", port))[1], {}, by_words=False), 0, 1
        )
    assert len(standing.rows) == MAX_ROWS
    assert standing.flooding


def test_after_a_restart_it_knows_what_was_bad() -> None:
    standing = Standing()
    passing = shipped_book().passing
    raised = ("alarm/link_down.7", "channel/3", "alarm/restarted", "alarm/device_notice.4", "")
    rows: dict[str, State] = {**dict.fromkeys(raised, "raised"), "alarm/mains_lost": "cleared"}
    standing.remember(rows, passing, 100.0)
    assert list(standing.rows) == ["link_down.7", "restarted", "device_notice.4", "mains_lost"]
    assert standing.unsaid  # a rule that held down, or waited for it to stay well, goes on
    assert standing.pass_by(1_001.0)  # what has no opposite would stay for ever
    states = {key: row["state"] for key, row in standing.answer().rows["alarm"].items()}
    assert states == {
        "link_down.7": "raised", "restarted": "cleared", "device_notice.4": "cleared", "mains_lost": "cleared",
    }  # fmt: skip


def test_after_a_restart_nothing_is_said_of_one_that_was_perhaps_not_heard() -> None:
    standing = Standing()
    standing.remember({"alarm/mains_lost": "cleared"}, {}, 100.0, in_doubt=True)
    assert not standing.unsaid


@given(st.lists(st.floats(0, 10), max_size=200))
@settings(max_examples=50, deadline=None)
def test_a_budget_is_never_overspent(pauses: list[float]) -> None:
    budget, now, spent = Budget(5.0, 10.0), 0.0, 0
    for pause in pauses:
        now += pause
        spent += budget.spend(now)
    assert spent <= 10 + 5 * now + 1


async def test_a_device_is_known_by_the_engine_that_polling_has_met() -> None:
    said, tools = Said(), Tools()
    traps = Traps(TrapSettings(port=0), said, tools)
    target = Target("sw-1", "192.0.2.7", snmp=ACCESS)  # behind an address translation: it sends from elsewhere
    traps.attend({"sw-1": Heard(target, TrapOptions())})
    message = _signed(b"\x80\x00\x1f\x88\x01", boots=3, seconds=500)
    assert traps._take(message, ("127.0.0.1", 9)) == "unknown_source"
    session = tools.get(Sessions).get(target)
    assert session._conversation is not None
    session._conversation._engine = Engine(b"\x80\x00\x1f\x88\x01", 3, 500, asyncio.get_running_loop().time())
    assert traps._take(message, ("127.0.0.1", 9)) == "taken"
    again = _signed(b"\x80\x00\x1f\x88\x01", boots=3, seconds=1)  # restarted without counting it
    assert traps._take(again, ("127.0.0.1", 9)) == "denied"
    session._conversation._engine = Engine(b"\x80\x00\x1f\x88\x01", 3, 1, asyncio.get_running_loop().time())
    assert traps._take(again, ("127.0.0.1", 9)) == "repeated"
    await tools.close()


def _signed(engine_id: bytes, *, boots: int, seconds: int) -> bytes:
    keys = localize(ACCESS, derive(ACCESS), engine_id, Stretch.BLUMENTHAL)
    first = binding_of(oid("1.3.6.1.6.3.1.1.4.1.0"), OID, oid("1.3.6.1.6.3.1.1.5.4"))
    pdu = encode_pdu(Kind.TRAP, 7, element(SEQUENCE, first))
    return encode(7, Engine(engine_id, boots, seconds, 0.0), 0.0, Party(b"u", b"", keys), pdu, reportable=0)


async def test_a_trap_whose_name_is_no_oid_ends_no_listener() -> None:
    """Found by the test below: it ended the listener."""
    traps = listener(Said(), **{"sw-1": heard()})
    for name in (b"\x2b\x86", b"\x2b\xff\xff\xff\xff\xff\x7f", b"\x80"):
        first = binding_of(oid("1.3.6.1.6.3.1.1.4.1.0"), OID, name)
        message = encode_community(V2C, b"public", encode_pdu(Kind.TRAP, 1, element(SEQUENCE, first)))
        assert traps._take(message, ("127.0.0.1", 9)) == "garbled"


async def test_hostile_bytes_end_in_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut, flipped and made-up messages: none raises, none is loud, none is answered with more than came."""
    said = Said()
    traps = listener(said, **{"sw-1": heard(snmp=ACCESS, any_community=True)})
    sent: list[bytes] = []
    monkeypatch.setattr(traps, "_send", lambda answer, to: sent.append(answer))
    whole = [
        trap("1.3.6.1.6.3.1.1.5.3", bind("1.3.6.1.2.1.2.2.1.2.1", "ge-0/0/1")),
        _signed(b"\x80" * 5, boots=1, seconds=2),
    ]

    @given(st.data())
    @settings(max_examples=400, deadline=None)
    def fuzz(data: st.DataObject) -> None:
        raw = bytearray(data.draw(st.sampled_from(whole)))
        for _ in range(data.draw(st.integers(0, 4))):
            at = data.draw(st.integers(0, len(raw) - 1))
            raw[at] = data.draw(st.integers(0, 255))
        cut = data.draw(st.integers(0, len(raw)))
        tail = data.draw(st.binary(max_size=20))
        traps._sources["127.0.0.1"].usual.left = traps._all.left = 100.0
        assert traps._take(bytes(raw[:cut]) + tail, ("127.0.0.1", 9)) in {
            "garbled", "taken", "repeated", "denied", "discovery", "over_budget", "unknown_source"}  # fmt: skip

    fuzz()

    @given(st.binary(max_size=200))
    @settings(max_examples=200, deadline=None)
    def noise(raw: bytes) -> None:
        with pytest.raises(Garbled):
            open_envelope(raw)
        traps._sources["127.0.0.1"].usual.left = traps._all.left = 100.0
        assert traps._take(raw, ("127.0.0.1", 9)) == "garbled"

    noise()
    assert all(len(answer) < 300 for answer in sent)


async def test_a_reload_keeps_what_was_heard() -> None:
    said = Said()
    traps = listener(said, **{"sw-1": heard()})
    assert traps._take(trap(), ("127.0.0.1", 9)) == "taken"
    traps.attend({"sw-1": heard(), "sw-2": Heard(Target("sw-2", "127.0.0.2"), TrapOptions())})
    assert traps._take(trap(), ("127.0.0.1", 9)) == "repeated"
    traps.attend({})
    assert traps._take(trap(), ("127.0.0.1", 9)) == "unknown_source"


async def test_two_devices_at_one_address_are_told_apart_by_their_community() -> None:
    said = Said()
    one, two = (SnmpAccess(community=Secret(text)) for text in ("public", "other"))
    traps = listener(said, a=Heard(Target("a", "127.0.0.1", snmp=one), TrapOptions()),
                     b=Heard(Target("b", "127.0.0.1", snmp=two), TrapOptions()))  # fmt: skip
    assert traps._take(trap(), ("127.0.0.1", 9)) == "taken"
    assert [device for device, _ in said.answers] == ["a"]
    traps.attend({name: Heard(Target(name, "127.0.0.1"), TrapOptions()) for name in ("a", "b")})
    assert traps._take(trap(), ("127.0.0.1", 9)) == "ambiguous"


async def test_a_name_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Said()
    traps = listener(said, **{"sw-1": heard("localhost")})
    running = asyncio.create_task(traps.run())
    async with asyncio.timeout(5):
        while "127.0.0.1" not in traps._by_address:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert traps._take(trap(), ("127.0.0.1", 9)) == "taken"
    traps.attend({"sw-1": heard("localhost")})
    assert traps._take(trap(), ("127.0.0.1", 9)) == "repeated"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def test_what_is_over_before_it_was_said_is_said_all_the_same() -> None:
    standing = Standing()
    for name in ("1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.4", "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.4"):
        standing.take(shipped_book().read(read_community(trap(name))[1], {}, by_words=False), 0.0, 1.0)
    said = [str(answer.rows["alarm"]["link_down"]["state"]) for answer in standing.answers()]
    assert said == ["raised", "cleared"]
    assert [str(answer.rows["alarm"]["link_down"]["state"]) for answer in standing.answers()] == ["cleared"]
