"""Are ONVIF calls written as devices check them, and their faults understood?"""

from __future__ import annotations

import base64
import hashlib
from xml.etree import ElementTree

import pytest

from probes.errors import Garbled, Unsupported
from probes.onvif.soap import DEVICE, MEDIA, Call, NotOnvif, Unauthorized, read, sign, write
from probes.onvif.xml import parse
from probes.target import Login, Secret

CALL = Call(DEVICE, "GetThing")


def test_digest_of_the_onvif_programmers_guide() -> None:
    """ONVIF Application Programmer's Guide, section 6.1.1.3."""
    token = sign(Login("user", Secret("userpassword")), 1284623445.9, base64.b64decode("LKqI6G/AikKCQrN0zqZFlg=="))
    assert ">tuOSpGlFlIXsozq4HFNeeGeFLEI=<" in token
    assert ">2010-09-16T07:50:45Z<" in token
    assert ">LKqI6G/AikKCQrN0zqZFlg==<" in token


def test_envelope_is_xml_whatever_the_login() -> None:
    login = Login("<ad&min>", Secret("p&w"))
    call = Call(MEDIA, "GetStreamUri", "<ProfileToken>a</ProfileToken>")
    root = ElementTree.fromstring(write(call, sign(login, 0)))
    assert root.findtext(f".//{{{MEDIA}}}GetStreamUri/{{{MEDIA}}}ProfileToken") == "a"
    tokens = parse(write(call, sign(login, 0))).find("Header", "Security", "UsernameToken")
    assert tokens.read("Username") == "<ad&min>"
    assert tokens.read("Created") == "1970-01-01T00:00:00Z"
    nonce = base64.b64decode(tokens.read("Nonce"))
    assert len(nonce) == 16
    digest = hashlib.sha1(nonce + b"1970-01-01T00:00:00Z" + b"p&w").digest()
    assert tokens.read("Password") == base64.b64encode(digest).decode()


def test_nonces_differ() -> None:
    login = Login("a", Secret("b"))
    assert len({sign(login, 1) for _ in range(50)}) == 50


def _soap(inside: str) -> bytes:
    return (
        f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>{inside}</s:Body></s:Envelope>'.encode()
    )


def _fault(subcode: str, reason: str = "why") -> bytes:
    return _soap(
        f"<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:{subcode}</s:Value><s:Subcode><s:Value>"
        f'ter:Detail</s:Value></s:Subcode></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">{reason}</s:Text>'
        "</s:Reason></s:Fault>"
    )


OLD_FAULT = "<SOAP-ENV:Fault><faultcode>{}</faultcode><faultstring>{}</faultstring></SOAP-ENV:Fault>"


@pytest.mark.parametrize(
    ("status", "body", "trouble"),
    [
        (400, _fault("NotAuthorized"), Unauthorized),
        (500, _fault("InvalidArgVal", "Sender not Authorized"), Unauthorized),
        (200, _soap(OLD_FAULT.format("wsse:FailedAuthentication", "no")), Unauthorized),
        (401, b"", Unauthorized),
        (401, b"<html>Unauthorized</html>", Unauthorized),
        (401, _fault("Whatever"), Unauthorized),
        (403, b"", Unauthorized),
        (500, _fault("ActionNotSupported"), Unsupported),
        (400, _fault("NotSupported"), Unsupported),
        (500, _soap(OLD_FAULT.format("SOAP-ENV:Server", "Method not implemented")), Unsupported),
        (404, b"<html>Not found", Unsupported),
        (405, b"", Unsupported),
        (500, _fault("Action"), Garbled),
        (500, b"oops", Garbled),
        (503, _soap("<GetThingResponse/>"), Garbled),
        (200, b"", Garbled),
        (200, b"<html><body>Login</body></html>", NotOnvif),
        (200, b"<!DOCTYPE html>\n<html><br>", NotOnvif),
        (200, b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "a" "b"><html/>', NotOnvif),
        (400, b"<html>Bad request", NotOnvif),
        (400, b"", NotOnvif),
        (400, _fault("Action"), Garbled),
        (200, b"<htmlx/>", Garbled),
        (200, _soap(""), Garbled),
        (200, _soap("<GetOtherResponse/>"), Garbled),
        (302, b"<html>moved</html>", Garbled),
    ],
)
def test_trouble(status: int, body: bytes, trouble: type[Exception]) -> None:
    with pytest.raises(trouble) as caught:
        read(CALL, status, body)
    assert type(caught.value) is trouble
    assert "GetThing" in str(caught.value)


def test_answer() -> None:
    assert read(CALL, 200, _soap("<a:GetThingResponse><b>1</b></a:GetThingResponse>")).read("b") == "1"


def test_text_of_a_fault_is_bounded_and_one_line() -> None:
    with pytest.raises(Garbled) as caught:
        read(CALL, 500, _fault("X" * 5_000, "long\n\nstory " * 500))
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)
