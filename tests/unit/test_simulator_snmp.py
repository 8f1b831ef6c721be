"""Do the simulated agents encode, answer and refuse as the RFCs say, and survive whatever comes?"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.simulators.snmp import ber, pdu
from probes.simulators.snmp.agent import Access, Agent
from probes.simulators.snmp.ber import Oid, Reader
from probes.simulators.snmp.pdu import Commit, Status, View
from probes.simulators.snmp.usm import User, localize

BASE: Oid = (1, 3, 6, 1, 2, 1, 1)
OBJECTS: Mapping[Oid, bytes] = {
    (*BASE, 1, 0): ber.text("a switch"),
    (*BASE, 3, 0): ber.ticks(1.5),
    (*BASE, 5, 0): ber.text("name"),
    (*BASE, 10, 0): ber.integer(7),
}
ENGINE = b"\x80\x00\x7e\xd9\x04test"
USER = User("me", "sha", "maplesyrup", "maplesyrup")

oids = st.tuples(st.integers(0, 2), st.integers(0, 39), *(st.integers(0, 0xFFFFFFFF) for _ in range(4))) | st.lists(
    st.integers(0, 0xFFFFFFFF), max_size=30
).map(lambda arcs: (1, 3, *arcs))


class Managed:
    """A device with a name that can be set."""

    def __init__(self) -> None:
        self.refused: list[str] = []
        self.name = b"name"

    def view(self) -> View:
        return View.of(OBJECTS)

    def prepare(self, name: Oid, tag: int, content: bytes) -> Status | Commit:
        if name != (*BASE, 5, 0):
            return Status.NOT_WRITABLE

        def commit() -> None:
            self.name = content

        return commit if tag == ber.OCTETS else Status.WRONG_TYPE

    def refused_login(self, protocol: str) -> None:
        self.refused.append(protocol)


def ask(kind: int, *names: Oid, first: int = 0, second: int = 0, value: bytes = ber.NOTHING) -> bytes:
    bindings = [pdu.binding(name, value) for name in names]
    return ber.sequence(ber.integer(42), ber.integer(first), ber.integer(second), ber.sequence(*bindings), tag=kind)


def message(body: bytes, community: str = "public", version: int = 1) -> bytes:
    return ber.sequence(ber.integer(version), ber.text(community), body)


def told(answer: bytes | None) -> tuple[int, int, list[tuple[Oid, bytes]]]:
    """Error status, index and bindings of an answer by community."""
    assert answer is not None
    whole = Reader(answer).inside()
    whole.integer()
    whole.content(ber.OCTETS)
    body = whole.inside(pdu.RESPONSE)
    assert body.integer() == 42
    status, index, listed = body.integer(), body.integer(), body.inside()
    found = []
    while listed:
        one = listed.inside()
        found.append((one.oid(), one.raw()))
    return status, index, found


def agent(managed: Managed | None = None) -> Agent:
    return Agent(Access("public", USER, ENGINE), managed or Managed(), clock=lambda: 100.0)


@given(st.integers(-(1 << 63), (1 << 63) - 1))
@settings(max_examples=300, derandomize=True)
def test_integers_come_back(number: int) -> None:
    assert Reader(ber.integer(number)).integer() == number


@given(oids)
@settings(max_examples=300, derandomize=True)
def test_names_come_back(name: Oid) -> None:
    assert Reader(ber.oid(name)).oid() == name


@pytest.mark.parametrize("size", [0, 127, 128, 255, 256, 65_535, 65_536])
def test_lengths(size: int) -> None:
    encoded = ber.octets(bytes(size))
    assert Reader(encoded).content(ber.OCTETS) == bytes(size)
    with pytest.raises(ber.Malformed):
        Reader(encoded[:-1] if size else encoded[:1]).any()


def test_integers_are_as_short_as_can_be() -> None:
    assert [ber.integer(number).hex() for number in (0, 127, 128, -128, -129)] == [
        "020100", "02017f", "02020080", "020180", "0202ff7f",
    ]  # fmt: skip
    assert ber.counter32((1 << 32) + 5) == ber.counter32(5)


@given(st.binary(max_size=80))
@settings(max_examples=500, derandomize=True)
def test_a_reader_only_raises_malformed(data: bytes) -> None:
    for read in (Reader.any, Reader.integer, Reader.oid, Reader.inside, Reader.raw):
        try:
            read(Reader(data))
        except ber.Malformed:
            continue


def test_get_tells_what_there_is() -> None:
    status, _, found = told(agent().answer(message(ask(pdu.GET, (*BASE, 1, 0), (*BASE, 9, 0)))))
    assert status == Status.OK
    assert found == [((*BASE, 1, 0), ber.text("a switch")), ((*BASE, 9, 0), ber.NO_SUCH_OBJECT)]


def test_version_1_knows_no_exceptions() -> None:
    missing = ask(pdu.GET, (*BASE, 1, 0), (*BASE, 9, 0))
    assert told(agent().answer(message(missing, version=0)))[:2] == (Status.NO_SUCH_NAME, 2)
    behind = ask(pdu.GET_NEXT, (*BASE, 10, 0))
    assert told(agent().answer(message(behind, version=0)))[:2] == (Status.NO_SUCH_NAME, 1)


def test_get_next_walks_in_the_order_of_numbers() -> None:
    name, walked = BASE, []
    while True:
        _, _, ((name, value),) = told(agent().answer(message(ask(pdu.GET_NEXT, name))))
        if value == ber.END_OF_VIEW:
            break
        walked.append(name)
    assert walked == sorted(OBJECTS)


def test_get_bulk_repeats_until_the_end() -> None:
    bulk = ask(pdu.GET_BULK, BASE, (*BASE, 3, 0), first=1, second=50)
    _, _, found = told(agent().answer(message(bulk)))
    assert [name for name, _ in found] == [
        (*BASE, 1, 0), (*BASE, 5, 0), (*BASE, 10, 0), (*BASE, 10, 0),
    ]  # fmt: skip
    assert found[-1][1] == ber.END_OF_VIEW


def test_answers_fit_a_frame() -> None:
    many = {(*BASE, 99, row): ber.octets(bytes(100)) for row in range(200)}
    view = View.of(many)
    bulk = pdu.read_request(Reader(ask(pdu.GET_BULK, BASE, second=100)))
    assert len(pdu.answer(bulk, view, None)) < 1_400
    get = pdu.read_request(Reader(ask(pdu.GET, *list(many)[:50])))
    body = Reader(pdu.answer(get, view, None)).inside(pdu.RESPONSE)
    assert (body.integer(), body.integer()) == (42, Status.TOO_BIG)


def test_a_community_reads_only() -> None:
    managed = Managed()
    write = ask(pdu.SET, (*BASE, 5, 0), value=ber.text("other"))
    assert told(agent(managed).answer(message(write)))[:2] == (Status.NO_ACCESS, 1)
    assert managed.name == b"name"


def test_all_is_set_or_nothing() -> None:
    managed = Managed()
    request = pdu.read_request(Reader(ask(pdu.SET, (*BASE, 5, 0), (*BASE, 1, 0), value=ber.text("other"))))
    refused = Reader(pdu.answer(request, managed.view(), managed.prepare)).inside(pdu.RESPONSE)
    assert (refused.integer(), refused.integer(), refused.integer()) == (42, Status.NOT_WRITABLE, 2)
    assert managed.name == b"name"
    request = pdu.read_request(Reader(ask(pdu.SET, (*BASE, 5, 0), value=ber.text("other"))))
    pdu.answer(request, managed.view(), managed.prepare)
    assert managed.name == b"other"


def test_a_wrong_community_is_counted_and_not_answered() -> None:
    managed = Managed()
    assert agent(managed).answer(message(ask(pdu.GET, BASE), community="wrong")) is None
    assert managed.refused == ["snmp"]


@given(st.binary(max_size=200))
@settings(max_examples=500, derandomize=True)
def test_nonsense_is_not_answered(data: bytes) -> None:
    agent().answer(data)


@given(st.data())
@settings(max_examples=800, derandomize=True)
def test_damaged_messages_do_no_harm(data: st.DataObject) -> None:
    header = ber.sequence(ber.integer(1), ber.integer(65_507), ber.octets(b"\x07"), ber.integer(3))
    security = ber.sequence(
        ber.octets(ENGINE), ber.integer(1), ber.integer(0), ber.text("me"), ber.octets(bytes(12)), ber.octets(bytes(8))
    )
    version_3 = ber.sequence(ber.integer(3), header, ber.octets(security), ber.octets(bytes(40)))
    damaged = bytearray(data.draw(st.sampled_from([message(ask(pdu.GET_BULK, BASE, second=9)), version_3])))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    agent().answer(bytes(damaged))


def test_keys_of_rfc_3414() -> None:
    """RFC 3414, A.3.2: SHA, password "maplesyrup", engine 00 … 02."""
    engine = bytes.fromhex("000000000000000000000002")
    assert localize(USER, engine).auth_key.hex() == "6695febc9288e36282235fc7151f128497b38f3f"
    md5 = localize(User("me", "md5", "maplesyrup", "maplesyrup"), engine)
    assert md5.auth_key.hex() == "526f5eed9fcce26f8964c2930787d82b"


@given(st.binary(min_size=1, max_size=300), st.integers(0, 1 << 30))
@settings(max_examples=100, derandomize=True)
def test_what_is_encrypted_comes_back(plain: bytes, seconds: int) -> None:
    keys = localize(USER, ENGINE)
    secret, salt = keys.encrypt(plain, 1, seconds)
    assert keys.decrypt(secret, salt, 1, seconds) == plain
