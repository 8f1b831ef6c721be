"""Values on the wire: numbers in texts, sizes, states, truths, sensors; nothing hostile gets through."""

from __future__ import annotations

import math
import re
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.errors import Garbled
from probes.snmp.arithmetic import aggregate, compute, scaled
from probes.snmp.ber import COUNTER, COUNTER64, GAUGE, INTEGER, IP_ADDRESS, OCTETS, OID, OPAQUE, TICKS, oid
from probes.snmp.conversion import MAX_TEXT, Conversion
from probes.snmp.schema import Compute, Scalar, ScaledBy

NUMBER = Conversion()
STATE = Conversion("state", states={"1": "normal", "2": "low", "good": "normal"}, otherwise="unknown")


@pytest.mark.parametrize(
    ("convert", "tag", "raw", "value"),
    [
        (NUMBER, INTEGER, b"\xff", -1),
        (NUMBER, GAUGE, b"\xff\xff\xff\xff", 2**32 - 1),  # without the leading zero that it should have
        (NUMBER, COUNTER64, b"\0" + b"\xff" * 8, None),  # beyond what is a quantity
        (NUMBER, OCTETS, b"45 PERCENT", 45),
        (NUMBER, OCTETS, b"-3.5 C", -3.5),
        (NUMBER, OCTETS, b"none", None),
        (NUMBER, OCTETS, b"9" * 255, None),
        (NUMBER, OPAQUE, b"\x9f\x78\x04" + struct.pack(">f", 12.5), 12.5),
        (NUMBER, OPAQUE, b"\x9f\x79\x08" + struct.pack(">d", math.nan), None),
        (NUMBER, OPAQUE, b"?", None),
        (NUMBER, IP_ADDRESS, b"\x7f\0\0\1", None),
        (Conversion(absent=frozenset({"-1"})), INTEGER, b"\xff", None),
        (Conversion(low=0, high=100), INTEGER, b"\x65", None),
        (Conversion(scale=0.1), INTEGER, b"\x17", 2.3),
        (Conversion(scale=1048576), INTEGER, b"\x02", 2097152),
        (Conversion("ticks"), TICKS, b"\x01\x00", 2.56),
        (Conversion("ticks"), OCTETS, b"12", None),
        (Conversion("bytes"), OCTETS, b"512 MB", 512 * 2**20),
        (Conversion("bytes"), OCTETS, b"29.5GiB", int(29.5 * 2**30)),
        (Conversion("bytes"), OCTETS, b"0.0 GB", 0),
        (Conversion("bytes"), INTEGER, b"\x05", 5),
        (Conversion("text"), OCTETS, b"  DS-2CD\x00\x00", "DS-2CD"),
        (Conversion("text"), OCTETS, "半球".encode("gb18030"), "半球"),
        (Conversion("text"), OCTETS, b"a\x1b[31mb\r\nc", "a [31mb c"),
        (Conversion("text"), OCTETS, b"", None),
        (Conversion("text"), OCTETS, b"x" * 4000, "x" * MAX_TEXT),
        (Conversion("text"), OID, oid("1.3.6.1.4.1.9"), "1.3.6.1.4.1.9"),
        (Conversion("text", pattern=re.compile("v([0-9.]+)")), OCTETS, b"fw v1.2 x", "1.2"),
        (Conversion("text", pattern=re.compile("v([0-9.]+)")), OCTETS, b"fw", None),
        (Conversion("mac"), OCTETS, bytes(range(6)), "00:01:02:03:04:05"),
        (Conversion("mac"), OCTETS, b"short", None),
        (Conversion("truth"), INTEGER, b"\x01", True),
        (Conversion("truth"), INTEGER, b"\x02", False),
        (Conversion("truth"), INTEGER, b"\x07", None),
        (STATE, INTEGER, b"\x02", "low"),
        (STATE, INTEGER, b"\x63", "unknown"),
        (STATE, OCTETS, b" GOOD ", "normal"),
        (Conversion("state", states={"1": "up"}), INTEGER, b"\x63", None),
        (Conversion("state", states={"1.3.6": "x"}), OID, oid("1.3.6"), "x"),
    ],
)
def test_conversion(convert: Conversion, tag: int, raw: bytes, value: object) -> None:
    got = convert(tag, raw)
    assert got == value
    assert type(got) is type(value)


@settings(max_examples=1500, derandomize=True)
@given(
    st.sampled_from(["number", "ticks", "bytes", "text", "mac", "truth", "state"]),
    st.one_of(
        st.sampled_from([INTEGER, OCTETS, OID, IP_ADDRESS, COUNTER, GAUGE, TICKS, OPAQUE, COUNTER64]),
        st.integers(0, 255),
    ),
    st.binary(max_size=400),
)
def test_any_octets_give_a_bounded_value_or_garbled(kind: str, tag: int, raw: bytes) -> None:
    states = {"1": "one"} if kind == "state" else {}
    try:
        value = Conversion(kind, states=states)(tag, raw)  # type: ignore[arg-type]
    except Garbled:
        return
    match value:
        case None | bool():
            pass
        case int() | float():
            assert math.isfinite(value)
            assert abs(value) < 2**63
        case str():
            assert 0 < len(value) <= 1400  # an OID of 128 numbers
            assert value.isprintable()


def test_compute_leaves_out_what_makes_no_sense() -> None:
    values: dict[str, object] = {"used": 50, "size": 200, "zero": 0, "text": "x", "on": True, "huge": 2**62}
    steps = [
        Compute(value="a", percent=("used", "size")),
        Compute(value="b", percent_of_rest=("used", "size")),
        Compute(value="c", percent=("used", "zero")),
        Compute(value="d", percent=("size", "used")),  # 400 %
        Compute(value="e", multiply=("used", "text")),
        Compute(value="f", multiply=("huge", "huge")),
        Compute(value="g", largest=("used", "size", "gone", "on")),
        Compute(value="h", first=("gone", "text", "used")),
        Compute(value="i", subtract=("size", "used", "used")),
        Compute(value="j", largest=("gone",)),
    ]
    compute(steps, values)  # type: ignore[arg-type]
    made = {name: value for name, value in values.items() if len(name) == 1}
    assert made == {"a": 25.0, "b": 75.0, "g": 200, "h": "x", "i": 100}


def test_compute_gives_exactly_one_formula() -> None:
    with pytest.raises(ValueError, match="give one of"):
        Compute(value="a", multiply=("x",), first=("y",))


@pytest.mark.parametrize(
    ("value", "scale", "precision", "want"),
    [
        (234, 9, 1, 23.4),
        (23, 9, 0, 23),
        (5, 10, 0, 5000),
        (1, 9, 0, 1),
        (7, 99, 0, 7),
        (7, 9, "x", 7),
        ("x", 9, 0, "x"),
    ],
)
def test_sensor_scale_and_precision(value: object, scale: object, precision: object, want: object) -> None:
    assert scaled(value, ScaledBy(scale="s", precision="p"), {"s": scale, "p": precision}) == want  # type: ignore


def test_aggregate() -> None:
    rows = [{"load": 10, "kind": "a"}, {"load": 30, "kind": "b"}, {"kind": "a"}]
    assert aggregate(Scalar(value="v", of="load", by="mean"), rows) == 20
    assert aggregate(Scalar(value="v", of="load", by="largest"), rows) == 30
    assert aggregate(Scalar(value="v", of="load", by="first", where={"kind": ("b",)}), rows) == 30
    assert aggregate(Scalar(value="v", of="load", by="mean", where={"kind": ("c",)}), rows) is None
    assert aggregate(Scalar(value="v", of="kind", by="mean"), rows) is None
