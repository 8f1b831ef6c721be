"""Does the XML of real firmware read, and that of an attacker not hurt?"""

from __future__ import annotations

import random
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.errors import Garbled
from probes.onvif.xml import MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, MAX_TEXT, Node, parse

SOAP = Path(find_spec("ipycam").origin).parent / "static" / "soap"  # of a camera that others wrote
ANSWERS = [
    (SOAP / "envelope.xml").read_bytes().replace(b"{{body}}", path.read_bytes())
    for path in sorted(SOAP.glob("get_*.xml"))
]
PIECES = [b"<", b">", b"/", b"a", b"&", b"amp;", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?xml", b"?>", b"<!DOCTYPE",
          b'="', b"\xff", b"\x00", b"#x0;", b":", b" "]  # fmt: skip


def test_prefixes_do_not_matter() -> None:
    root = parse(b'<s:E xmlns:s="u"><tt:A>1</tt:A><B><A token="t">2</A></B><tt:A>3</tt:A><odd:A/></s:E>')
    assert root.name == "E"
    assert [node.text for node in root.all("A")] == ["1", "3", ""]
    assert root.read("B", "A") == "2"
    assert root.find("B", "A").attributes == {"token": "t"}
    assert root.find("B", "C", "D") is None
    assert root.read("nothing") == ""


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<a>Größe 摄像机</a>".encode(), "Größe 摄像机"),
        ('<?xml version="1.0" encoding="GB2312"?><a>摄像机</a>'.encode("gb2312"), "摄像机"),
        ('<?xml version="1.0" encoding="utf-8"?><a>Größe</a>'.encode("latin-1"), "Gr\ufffd\ufffde"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a>Größe</a>".encode("latin-1"), "Größe"),
        ('<?xml version="1.0" encoding="utf-16"?><a>x</a>'.encode("utf-16"), "x"),
        (b'<?xml version="1.0" encoding="utf-16"?><a>x</a>', "x"),
        (b'<?xml version="1.0" encoding="no-such"?><a>x</a>', "x"),
        (b'<?xml version="1.1"?><a>x</a>', "x"),
        (b"\xef\xbb\xbf<a>x</a>", "x"),
        (b"\r\n\r\n<?xml version='1.0'?><a>x</a>", "x"),
        (b"<a>x</a>\x00\x00\r\n--boundary--", "x"),
        (b"<a>one\x01two\x1f</a>", "one\ufffdtwo\ufffd"),
        (b"<a>/snap?a=1&b=2&amp;c=3&lt</a>", "/snap?a=1&b=2&c=3&lt"),
        (b"<a>x&nbsp;y&undefined;</a>", "x&nbsp;y&undefined;"),
        (b"<a><!-- no --><?pi no?> x <![CDATA[<y>]]></a>", "x <y>"),
    ],
)
def test_what_firmware_gets_wrong_is_repaired(body: bytes, text: str) -> None:
    root = parse(body)
    assert (root.name, root.text.strip()) == ("a", text)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"text",
        b"<a>",
        b"<a><b></a></b>",
        b"<a></a><b></b>",
        b"\x00" * 100,
        b"<a/",
        b'<a x="1" x="2"/>',
        b"<>",
    ],
)
def test_what_cannot_be_read_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        parse(body)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "body",
    [
        f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l9;</a>',
        f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a b="&l9;"/>',
        f'<!DOCTYPE a [<!ENTITY b "{"x" * 50_000}">]><a>{"&b;" * 50_000}</a>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]><a/>',
        "<!DOCTYPE html><html></html>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_document_types_are_refused_at_once(body: str, encoding: str) -> None:
    started = time.process_time()
    with pytest.raises(Garbled, match="document type"):
        parse(body.encode(encoding))
    assert time.process_time() - started < 2


def test_bounds() -> None:
    assert parse(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH).name == "a"
    for body in (
        b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1),
        b"<a>" * 300_000,
        b"<r>" + b"<a/>" * MAX_ELEMENTS + b"</r>",
        b"<a>" + b" " * MAX_BYTES + b"</a>",
    ):
        with pytest.raises(Garbled):
            parse(body)


def test_texts_and_attributes_without_end() -> None:
    started = time.process_time()
    assert len(parse(b"<a>" + b"x" * 1_000_000 + b"</a>").read()) == MAX_TEXT
    assert len(parse(b"<a>" + b"x&amp;" * 160_000 + b"</a>").read()) == MAX_TEXT
    assert parse(b"<a " + b" ".join(b'n%d="1"' % number for number in range(80_000)) + b"/>").name == "a"
    with pytest.raises(Garbled):
        parse(b"<a>" + b"&" * 1_000_000)
    assert time.process_time() - started < 10


@settings(max_examples=600, derandomize=True, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes(body: bytes) -> None:
    _read_or_refuse(body)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_markup(pieces: list[bytes]) -> None:
    _read_or_refuse(b"".join(pieces))


def test_mutated_answers() -> None:
    dice = random.Random(7)
    assert len(ANSWERS) > 8
    for _ in range(1_500):
        body = bytearray(dice.choice(ANSWERS))
        for _ in range(dice.randint(1, 6)):
            at = dice.randrange(len(body))
            match dice.randrange(4):
                case 0:
                    body[at] = dice.randrange(256)
                case 1:
                    del body[at : at + dice.randint(1, 60)]
                case 2:
                    body[at:at] = dice.choice([b"&", b"<", b"]]>", b"<x>", b"\xff\xfe", b"&#0;", b"</s:Body>", b"\0"])
                case _:
                    body[at:at] = body[at : at + dice.randint(1, 400)]
            body = body or bytearray(b"<")
        _read_or_refuse(bytes(body))


def _read_or_refuse(body: bytes) -> None:
    try:
        root = parse(body)
    except Garbled:
        return
    assert isinstance(root, Node)
    assert root.name or body
