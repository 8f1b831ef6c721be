from __future__ import annotations

import base64
import hashlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.digest import authorization, parse, stale
from probes.errors import Garbled, Unsupported
from probes.target import Login, Secret

MUFASA = Login("Mufasa", Secret("Circle of Life"))
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, blacklist_categories=("Cs", "Cc")), max_size=40)
RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


def field(header: str, name: str) -> str:
    found = re.search(rf'(?:^|[ ,]){re.escape(name)}=("(?:[^"\\]|\\.)*"|[^ ,]+)', header)
    assert found, f"no {name} in {header}"
    return found[1]


def test_rfc_2617_section_3_5() -> None:
    challenge = (
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    login = Login("Mufasa", Secret("Circle Of Life"))
    header = authorization([challenge], "GET", "/dir/index.html", login, cnonce="0a4f113b")
    assert field(header, "response") == '"6629fae49393a05397450978507c4ef1"'
    assert field(header, "nc") == "00000001"
    assert field(header, "opaque") == '"5ccc069c403ebaf9f0171e9517f40e41"'
    assert "algorithm" not in header


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_rfc_7616_section_3_9_1(algorithm: str, response: str) -> None:
    header = authorization(
        [RFC_7616.format(algorithm)], "GET", "/dir/index.html", MUFASA,
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )  # fmt: skip
    assert field(header, "response") == f'"{response}"'
    assert field(header, "algorithm") == algorithm


def test_rfc_2069_without_qop() -> None:
    challenge = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    login = Login("Mufasa", Secret("CircleOfLife"))
    header = authorization([challenge], "GET", "/dir/index.html", login)
    assert field(header, "response") == '"1949323746fe6a43ef61f9606e7febea"'  # RFC 2069, erratum 749
    assert "cnonce" not in header
    assert "nc=" not in header


def test_strongest_is_answered_and_basic_is_the_last_resort() -> None:
    offers = ["Basic realm=x", RFC_7616.format("MD5"), RFC_7616.format("MD5-sess"), RFC_7616.format("SHA-256-sess")]
    assert field(authorization(offers, "GET", "/", MUFASA), "algorithm") == "SHA-256-sess"
    assert field(authorization([*offers, RFC_7616.format("SHA-256")], "GET", "/", MUFASA), "algorithm") == "SHA-256"
    assert field(authorization(offers[:3], "GET", "/", MUFASA), "algorithm") == "MD5"
    assert authorization(offers[:1], "GET", "/", MUFASA).startswith("Basic ")
    assert authorization([", ".join(offers)], "GET", "/", MUFASA).startswith("Digest ")


def test_what_cannot_be_answered_gives_way_to_what_can() -> None:
    unknown = RFC_7616.format("SHA-512-256")
    assert authorization([unknown, 'Basic realm="x"'], "GET", "/", MUFASA).startswith("Basic ")
    with pytest.raises(Unsupported, match="SHA-512-256"):
        authorization([unknown], "GET", "/", MUFASA)
    with pytest.raises(Unsupported, match="auth-int"):
        authorization(['Digest realm="a", nonce="b", qop="auth-int"'], "GET", "/", MUFASA)
    with pytest.raises(Unsupported, match="negotiate, ntlm"):
        authorization(["Negotiate", "NTLM TlRMTVNTUAAC=="], "GET", "/", MUFASA)
    with pytest.raises(Unsupported):
        authorization([], "GET", "/", MUFASA)


def test_session_algorithm_hashes_the_nonces_in() -> None:
    header = authorization(
        ['Digest realm="r", nonce="n", algorithm=MD5-sess, qop="auth"'], "GET", "/", Login("u", Secret("p")), cnonce="c"
    )

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    expected = md5(f"{md5(md5('u:r:p') + ':n:c')}:n:00000001:c:auth:{md5('GET:/')}")
    assert field(header, "response") == f'"{expected}"'


def test_basic_is_utf_8() -> None:
    header = authorization(['Basic realm="x", charset="UTF-8"'], "GET", "/", Login("李", Secret("pässword:1")))
    assert base64.b64decode(header.removeprefix("Basic ")).decode() == "李:pässword:1"
    with pytest.raises(Unsupported, match="colon"):
        authorization(["Basic realm=x"], "GET", "/", Login("a:b", Secret("c")))


def test_user_names_beyond_ascii_and_hashed() -> None:
    login = Login("Jäsøn Doe", Secret("Secret, or not?"))
    plain = 'Digest realm="api@example.org", nonce="n", qop="auth"'
    assert "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe" in authorization([plain + ", charset=UTF-8"], "GET", "/", login)
    assert 'username="Jäsøn Doe"' in authorization([plain], "GET", "/", login)
    hashed = authorization([plain + ", userhash=true, algorithm=SHA-256"], "GET", "/doe.json", login)
    digest = hashlib.sha256("Jäsøn Doe:api@example.org".encode()).hexdigest()
    assert field(hashed, "username") == f'"{digest}"'
    assert field(hashed, "userhash") == "true"


@pytest.mark.parametrize(
    "text",
    [
        "Digest realm=IPCamera, nonce=ab/c=, qop=auth",  # unquoted
        'digest  realm = "IPCamera" , , nonce ="ab/c=",qop= "auth" ,',  # odd spaces and commas
        'Digest realm="IPCamera" nonce="ab/c=" qop="auth"',  # no commas
        'Digest qop="auth", algorithm="MD5", nonce="ab/c=", realm="IPCamera", stale="FALSE", opaque=',
    ],
)
def test_challenges_as_cameras_write_them(text: str) -> None:
    assert field(authorization([text], "GET", "/", MUFASA), "nonce") == '"ab/c="'
    assert field(authorization([text], "GET", "/", MUFASA), "realm") == '"IPCamera"'
    assert not stale([text])


@pytest.mark.parametrize(
    "text",
    ['realm="x"', 'Digest realm="x', 'Digest realm=x"y"', "Digest \x00", 'Digest realm="a\r\nX-Evil: 1"', "@",
     "Digest " + ",".join(f"a{n}=1" for n in range(40)), ",".join(["Basic"] * 17), "Digest realm=" + "a" * 20_000],
)  # fmt: skip
def test_malformed_is_garbled(text: str) -> None:
    with pytest.raises(Garbled):
        authorization([text], "GET", "/", MUFASA)


def test_stale() -> None:
    assert stale(["Basic realm=x", 'Digest realm="a", nonce="b", stale=TRUE'])
    assert not stale(['Digest realm="a", nonce="b"'])


@settings(max_examples=1000, derandomize=True)
@given(st.lists(st.text(max_size=120), max_size=4))
def test_any_text_ends_in_a_header_or_in_trouble(challenges: list[str]) -> None:
    try:
        header = authorization(challenges, "DESCRIBE", "rtsp://h/", MUFASA)
    except (Garbled, Unsupported):
        return
    assert header.startswith(("Digest ", "Basic "))
    assert "\r" not in header
    assert "\n" not in header


@settings(max_examples=500, derandomize=True)
@given(TEXT, TEXT.filter(bool), TEXT, TEXT)
def test_what_is_quoted_comes_back_unchanged(realm: str, nonce: str, opaque: str, username: str) -> None:
    quoted = [re.sub(r'(["\\])', r"\\\1", text) for text in (realm, nonce, opaque)]
    challenge = 'Digest realm="{}", nonce="{}", opaque="{}", qop="auth"'.format(*quoted)
    header = authorization([challenge], "GET", "/", Login(username, Secret("p")))
    answered = parse([header])[0].parameters
    assert (answered["realm"], answered["nonce"], answered["opaque"]) == (realm, nonce, opaque)
    assert answered["username"] == username
