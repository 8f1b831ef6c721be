"""BER, messages and USM: what others wrote down comes out, and nothing malformed gets in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.errors import Garbled, LocalTrouble
from probes.snmp import ber, message, secure, usm
from probes.snmp.message import Kind
from probes.target import Secret, SnmpAccess

ENGINE = bytes.fromhex("000000000000000000000002")


def access(**fields: Any) -> SnmpAccess:
    fields = {
        "version": "3",
        "username": "u",
        "auth_key": Secret("maplesyrup"),
        "priv_key": Secret("maplesyrup"),
    } | fields
    return SnmpAccess(**fields)


@pytest.mark.parametrize(
    ("auth", "hash_name", "master", "localized"),
    [  # RFC 3414 A.3.1, A.3.2
        ("md5", "md5", "9faf3283884e92834ebc9847d8edd963", "526f5eed9fcce26f8964c2930787d82b"),
        (
            "sha",
            "sha1",
            "9fb5cc0381497b3793528939ff788d5d79145211",
            "6695febc9288e36282235fc7151f128497b38f3f",
        ),
    ],
)
def test_keys_as_in_rfc_3414(auth: str, hash_name: str, master: str, localized: str) -> None:
    assert usm.password_to_key(hash_name, b"maplesyrup").hex() == master
    masters = usm.derive(access(auth=auth))
    keys = usm.localize(access(auth=auth), masters, ENGINE, usm.Stretch.BLUMENTHAL)
    assert keys.auth.hex() == localized
    assert keys.flags == 1


@pytest.mark.parametrize(
    "fields",
    [{"auth": "sha", "auth_key": Secret("short")}, {"auth": "sha", "auth_key": None}, {"auth": "none", "priv": "des"}],
)
def test_users_that_cannot_be(fields: dict[str, Any]) -> None:
    with pytest.raises(LocalTrouble) as caught:
        usm.derive(access(**fields))
    assert "short" not in str(caught.value).replace("shorter", "")


@settings(max_examples=300, derandomize=True)
@given(st.lists(st.integers(0, 2**32 - 1), max_size=100), st.integers(0, 2), st.integers(0, 39))
def test_oid_there_and_back(rest: list[int], first: int, second: int) -> None:
    text = ".".join(map(str, [first, second, *rest]))
    assert ber.to_oid(ber.oid(text)) == text


@pytest.mark.parametrize("text", ["", "1", "1.x", "3.1", "1.40", "1.3.-6", f"1.3.{2**32}", "1." * 130 + "1"])
def test_not_an_oid(text: str) -> None:
    with pytest.raises(ValueError, match="not an OID"):
        ber.oid(text)


@pytest.mark.parametrize("raw", [b"", b"\x2b\x80", b"\x2b\x90\x80\x80\x80\x00", b"\x2b" + b"\x01" * 128])
def test_malformed_oid(raw: bytes) -> None:
    with pytest.raises(Garbled):
        ber.to_oid(raw)


@settings(max_examples=300, derandomize=True)
@given(st.integers(-(2**63), 2**63 - 1))
def test_integer_there_and_back(number: int) -> None:
    encoded = ber.integer(number)
    start, stop = ber.expect(encoded, 0, len(encoded), ber.INTEGER)
    assert ber.to_int(encoded[start:stop]) == number


def answer(binds: bytes, number: int = 7) -> bytes:
    pdu = ber.element(Kind.RESPONSE, ber.integer(number) + ber.integer(0) + ber.integer(0) + binds)
    return message.encode_community(message.V2C, b"public", pdu)


BINDS = message.binding(ber.oid("1.3.6.1.2.1.1.3.0"), ber.integer(300))


def test_answer_is_read() -> None:
    got = message.decode_community(answer(BINDS))
    assert got == message.Pdu(Kind.RESPONSE, 7, 0, 0, ((ber.oid("1.3.6.1.2.1.1.3.0"), 2, b"\x01\x2c"),))
    assert message.identify(answer(BINDS)) == 7


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"\x30\x80\x00\x00",  # indefinite length
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x85\x00\x00\x00\x00\x01\x02",
        answer(BINDS)[:-1],
        answer(ber.element(ber.SEQUENCE, b"\x30\x00")),  # a binding without anything
        answer(ber.element(ber.SEQUENCE, ber.element(ber.SEQUENCE, ber.integer(1)))),
        answer(ber.element(ber.SEQUENCE, b"\x30\x03\x06\x01\x2b\x02")),
        answer(message.binding(b"\x2b", b"")),
        message.encode_community(message.V2C, b"public", message.encode_pdu(Kind.GET, 7, BINDS)),  # a question
        message.encode_community(message.V2C, b"public", ber.element(Kind.RESPONSE, ber.element(2, b"") + BINDS)),
        answer(ber.element(ber.SEQUENCE, BINDS[2:] * (message.MAX_BINDS + 1))),
    ],
)
def test_malformed_answers(data: bytes) -> None:
    with pytest.raises(Garbled):
        message.decode_community(data)


@settings(max_examples=2000, derandomize=True)
@given(st.data())
def test_mutated_answers_are_read_or_garbled(data: st.DataObject) -> None:
    octets = bytearray(data.draw(st.sampled_from([answer(BINDS), signed(), hidden()])))
    for _ in range(data.draw(st.integers(1, 6))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(octets[: data.draw(st.integers(0, len(octets)))])
    for read in (message.identify, message.decode_community, lambda raw: secure.decode(raw, 0.0, keys())):
        try:
            read(cut)
        except Garbled:
            continue


@settings(max_examples=500, derandomize=True)
@given(st.binary(max_size=200))
def test_any_octets_are_read_or_garbled(data: bytes) -> None:
    for read in (message.identify, message.decode_community, lambda raw: secure.decode(raw, 0.0, keys())):
        try:
            read(data)
        except Garbled:
            continue


_KEYS: list[usm.Keys] = []


def keys(priv: str = "aes128") -> usm.Keys:
    if not _KEYS:
        _KEYS.append(
            usm.localize(
                access(auth="sha", priv=priv), usm.derive(access(auth="sha", priv=priv)), ENGINE, usm.Stretch.REEDER
            )
        )
    return _KEYS[0]


def secured(party: secure.Party) -> bytes:
    pdu = ber.element(Kind.RESPONSE, ber.integer(7) + ber.integer(0) + ber.integer(0) + BINDS)
    return secure.encode(7, secure.Engine(ENGINE, 3, 100), 0.0, party, pdu)


def hidden() -> bytes:
    return secured(secure.Party(b"u", b"", keys()))


def signed() -> bytes:
    return secured(secure.Party(b"u", b"", usm.Keys("sha1", 12, keys().auth)))


def test_hidden_answer_is_read() -> None:
    got = secure.decode(hidden(), 5.0, keys())
    assert got.signed
    assert got.engine == secure.Engine(ENGINE, 3, 100, 5.0)
    assert got.pdu.binds[0][2] == b"\x01\x2c"
    assert b"\x2b\x06\x01\x02" not in hidden()
    assert message.identify(hidden()) == 7


def test_a_flipped_bit_breaks_the_signature() -> None:
    good = signed()
    for at in (len(good) - 1, len(good) - 20, 30):
        bad = bytearray(good)
        bad[at] ^= 1
        with pytest.raises(Garbled):
            secure.decode(bytes(bad), 0.0, usm.Keys("sha1", 12, keys().auth))


def test_answer_less_secure_than_its_question_is_refused() -> None:
    plain = secured(secure.Party(b"u"))
    with pytest.raises(Garbled, match="less secure"):
        secure.decode(plain, 0.0, keys())
    with pytest.raises(Garbled, match="less secure"):
        secure.decode(signed(), 0.0, keys())


def test_hello_is_neither_signed_nor_hidden() -> None:
    got = message.identify(secure.hello(99))
    assert got == 99


def test_keys_do_not_print() -> None:
    assert keys().auth.hex() not in repr(keys())
    assert "maplesyrup" not in repr(usm.derive(access(auth="sha")))
