"""How is an ONVIF call written, and what did the device answer to it?

SOAP 1.2; ONVIF Core Specification, section 5.8 (faults) and 5.9 (security); WS-Security UsernameToken Profile 1.0.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.sax.saxutils import escape

from probes.errors import Garbled, Trouble, Unsupported
from probes.onvif.xml import Node, parse
from probes.target import Login

DEVICE: Final = "http://www.onvif.org/ver10/device/wsdl"
MEDIA: Final = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2: Final = "http://www.onvif.org/ver20/media/wsdl"
EVENTS: Final = "http://www.onvif.org/ver10/events/wsdl"
PTZ: Final = "http://www.onvif.org/ver20/ptz/wsdl"

_WSS: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
_REFUSALS: Final = ("notauthorized", "not authorized", "failedauthentication", "failedcheck", "unauthorized",
                    "senderisnotauthorized", "invalidsecurity", "authentication failed")  # fmt: skip
_UNSUPPORTED: Final = ("notsupported", "not supported", "notimplemented", "not implemented", "unknownaction",
                       "mustunderstand", "noprofile", "invalidargval", "dataencodingunknown", "endpointunavailable",
                       "method not found", "optionalaction", "nostatus", "noptzprofile")  # fmt: skip
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Call:
    """One operation: the namespace of its service, its name, what stands in its element (XML).

    `action` is its WS-Addressing action where that is not service/name; `header` more elements of the header (XML).
    """

    service: str
    name: str
    arguments: str = ""
    action: str = ""
    header: str = ""


class Unauthorized(Trouble):
    """The device will not do this without credentials, or not with these. It never leaves this package."""


class NotOnvif(Garbled):
    """A web server answered, and not as ONVIF: by a page, or by a bare 400."""


def write(call: Call, token: str = "") -> bytes:
    """The envelope; `token` is a security header from `sign`, or empty."""
    inside = token + call.header
    header = f"<s:Header>{inside}</s:Header>" if inside else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">'
        f'{header}<s:Body><{call.name} xmlns="{call.service}">{call.arguments}</{call.name}></s:Body></s:Envelope>'
    ).encode()


def sign(login: Login, at: float, nonce: bytes | None = None) -> str:
    """A UsernameToken with PasswordDigest, created at `at`: seconds since the epoch on the DEVICE's clock.

    Devices refuse a token that is older or newer than a few seconds (20 s on some), so their clock is what counts.
    """
    nonce = nonce or os.urandom(16)
    created = (_EPOCH + timedelta(seconds=int(at))).strftime("%Y-%m-%dT%H:%M:%SZ")
    password = login.password.reveal().encode()
    digest = hashlib.sha1(nonce + created.encode() + password, usedforsecurity=False).digest()
    return (
        f'<Security s:mustUnderstand="1" xmlns="{_WSS}-wssecurity-secext-1.0.xsd"><UsernameToken>'
        f"<Username>{escape(login.username)}</Username>"
        f'<Password Type="{_WSS}-username-token-profile-1.0#PasswordDigest">{base64.b64encode(digest).decode()}'
        f'</Password><Nonce EncodingType="{_WSS}-soap-message-security-1.0#Base64Binary">'
        f'{base64.b64encode(nonce).decode()}</Nonce><Created xmlns="{_WSS}-wssecurity-utility-1.0.xsd">{created}'
        "</Created></UsernameToken></Security>"
    )


def read(call: Call, status: int, body: bytes) -> Node:
    """The response element of that call.

    Raises Unauthorized, Unsupported (also for 404, 405 and 501: ONVIF turned off, or elsewhere), Garbled and NotOnvif.
    """
    if not body.strip():
        raise _judge(status, call)
    try:
        envelope = parse(body)
    except Garbled:
        if status != 200:  # a web server's own page
            raise _judge(status, call) from None
        if _is_page(body):
            raise NotOnvif(f"{call.name}: a web page") from None
        raise
    answer = envelope.find("Body") if envelope.name == "Envelope" else None
    if answer is None:
        if status != 200:
            raise _judge(status, call)
        if _is_page(body):
            raise NotOnvif(f"{call.name}: a web page")
        raise Garbled(f"the answer to {call.name} is not SOAP (root element {envelope.name[:40]!r})")
    fault = answer.find("Fault")
    if fault is not None:
        raise _fault(fault, status, call)
    response = answer.find(f"{call.name}Response")
    if response is None or status >= 400:
        raise _judge(status, call) if status >= 400 else Garbled(f"the answer to {call.name} lacks its response")
    response.attributes = {
        **envelope.attributes,
        **answer.attributes,
        **response.attributes,
    }  # prefixes that hold in it
    return response


def _is_page(body: bytes) -> bool:
    return (
        re.match(
            rb"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+)?html\b", body[:2_048], re.I | re.S
        )
        is not None
    )


def _fault(fault: Node, status: int, call: Call) -> Trouble:
    """SOAP 1.2 has Code/Value, Code/Subcode/… and Reason/Text; SOAP 1.1 faultcode and faultstring."""
    codes = [fault.read("faultcode")]
    code = fault.find("Code")
    while code is not None and len(codes) < 6:
        codes.append(code.read("Value"))
        code = code.find("Subcode")
    names = [one.rpartition(":")[2] for one in codes if one]
    reason = " ".join((fault.read("Reason", "Text") or fault.read("faultstring")).split())
    said = f"{'/'.join(names)} {reason}".lower()
    line = f"{call.name}: fault {'/'.join(names)[:80]}: {reason[:160]}".rstrip(": ")
    if status == 401 or any(word in said for word in _REFUSALS):
        return Unauthorized(line)
    if any(word in said for word in _UNSUPPORTED):
        return Unsupported(line)
    return Garbled(line)


def _judge(status: int, call: Call) -> Trouble:
    """What an HTTP status without a SOAP body says."""
    line = f"{call.name}: HTTP status {status}"
    if status in {401, 403}:
        return Unauthorized(line)
    if status in {404, 405, 410, 501}:
        return Unsupported(f"{line}: ONVIF is turned off, or on another port or path")
    if status == 400:
        return NotOnvif(line)
    return Garbled(line if status != 200 else f"{call.name}: an empty answer")
