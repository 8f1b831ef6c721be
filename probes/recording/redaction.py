"""What stands in the place of serial numbers, MACs, addresses, names and passwords, the same everywhere?"""

from __future__ import annotations

import hmac
import html
import re
import secrets
import string
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import unquote

from probes.discovery.identity import is_own_name
from probes.discovery.neighbours import tidy_mac
from probes.recording.folder import HttpAnswer, Recording, RtspAnswer, Variable
from probes.recording.walk import LEARNED, LLDP
from probes.target import redact as redact_url

MIN_NAME: Final = 3  # characters; a shorter name stands in too many words
MIN_HAN_NAME: Final = 2  # the same of a name with Chinese characters: 北门

_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)
_MAC = re.compile(r"(?<![0-9a-f:-])[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}(?![0-9a-f:-])", re.IGNORECASE)
_BARE_MAC = re.compile(r"(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])", re.IGNORECASE)
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9a-f:]{4,39}(?![\w:])", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_BETWEEN_TAGS = re.compile(r">([^<>]+)<")
_NAMED: Final = (
    re.compile(r"onvif://www\.onvif\.org/(?:name|location)/([^<\s]{1,200})"),
    re.compile(r"<(?:\w+:)?HostnameInformation>.{0,300}?<(?:\w+:)?Name>([^<]{1,200})<", re.DOTALL),
    re.compile(r"<(?:deviceName|deviceID|deviceLocation|systemContact)>([^<]{1,200})<"),
)
_TITLE: Final = re.compile(r"<title>([^<]{1,200})<", re.IGNORECASE)
_SYSTEM_TEXTS: Final = tuple(f"1.3.6.1.2.1.1.{number}.0" for number in (4, 5, 6))  # contact, name, location
_SYS_DESCR: Final = "1.3.6.1.2.1.1.1.0"
_NODE: Final = re.compile(r"^(Linux|FreeBSD|OpenBSD|NetBSD|Darwin|SunOS) \S+ ")  # uname -a: the second is the host name
_ALIASES: Final = "1.3.6.1.2.1.31.1.1.1.18."  # ifAlias: what people call a port
_BY_MAC: Final = tuple(f"{prefix}." for prefix in LEARNED)
_BY_ADDRESS: Final = tuple(f"{LLDP}.1.{table}." for table in ("3.8", "4.2"))  # lldpLocManAddr, lldpRemManAddr
_LLDP_NAMES: Final = tuple(f"{LLDP}.1.{column}" for column in ("3.3.0", "4.1.1.9."))  # lldpLocSysName, lldpRemSysName
_SERIALS: Final = "1.3.6.1.2.1.47.1.1.1.1.11."  # entPhysicalSerialNum


@dataclass(frozen=True, slots=True)
class Private:
    """What is known to be private before anything is read. `kept` are texts that only look like an address."""

    secrets: tuple[str, ...] = ()
    serials: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


class Redactor:
    """Replaces. The key is made for one recording and forgotten, so that nothing can be found out by trying."""

    def __init__(self, private: Private) -> None:
        self._key = secrets.token_bytes(32)
        self._secrets = sorted({one for one in private.secrets if len(one) > 3}, key=len, reverse=True)
        self._serials = sorted({one for one in private.serials if len(one) > 3}, key=len, reverse=True)
        self._names = {one: f"name-{at}" for at, one in enumerate(_by_length(private.names), 1)}
        self._kept = private.kept
        self._macs: dict[str, str] = {}
        self._ips: dict[str, str] = {}
        self._uuids: dict[str, str] = {}
        self.counts: Counter[str] = Counter()

    def text(self, text: str, *, names: bool = True) -> str:
        """One text. `names` False: not where a name could be part of a language, as in tags."""
        for secret in self._secrets:
            text = self._swap("password", text, secret, "***")
        for serial in self._serials:
            text = self._swap("serial number", text, serial, self._scramble(serial))
        text = _UUID.sub(lambda found: self._uuid(found[0]), text)
        text = _MAC.sub(lambda found: self._mac(found[0], found[1]), text)
        text = _BARE_MAC.sub(lambda found: self._bare_mac(found[0]), text)
        text = _IPV4.sub(lambda found: self._ipv4(found[0]), text)
        text = _IPV6.sub(lambda found: self._ipv6(found[0]), text)
        text = _MAIL.sub("somebody@example.com", text)
        if names:
            for name, other in self._names.items():
                text = self._swap("name", text, name, other)
        return redact_url(text)

    def body(self, body: bytes) -> bytes:
        """A page or document: names only between its tags."""
        text = _decode(body)[0]
        if "<" not in text:
            return self.text(text).encode()
        marked = _BETWEEN_TAGS.sub(lambda found: f">{self.text(found[1])}<", text)
        return self.text(marked, names=False).encode()

    def variable(self, variable: Variable) -> Variable:
        """One SNMP variable."""
        variable = replace(variable, oid=self._index(variable.oid))
        if variable.oid == _SYS_DESCR:
            variable = replace(variable, value=_NODE.sub(r"\1 host ", variable.value))
        if variable.tag == "4":
            return replace(variable, value=self.text(variable.value))
        if variable.tag == "64":
            return replace(variable, value=self._ipv4(variable.value))
        if variable.tag == "4x":
            raw = bytes.fromhex(variable.value)
            if mac := tidy_mac(raw.hex()) if len(raw) == 6 else "":
                return replace(variable, value=self._mac(mac, ":").replace(":", ""))
            text, encoding = _decode(raw)
            changed = self.text(text)
            return variable if changed == text else replace(variable, value=changed.encode(encoding).hex())
        return variable

    def _index(self, dotted: str) -> str:
        """The rows of learned MACs and of LLDP's management addresses are named by what they tell of."""
        arcs = dotted.split(".")
        if dotted.startswith(_BY_MAC) and len(arcs) > 16 and all(int(arc) < 256 for arc in arcs[-6:]):
            mac = self._mac(":".join(f"{int(arc):02x}" for arc in arcs[-6:]), ":")
            return ".".join((*arcs[:-6], *(str(int(octet, 16)) for octet in mac.split(":"))))
        if dotted.startswith(_BY_ADDRESS) and arcs[-6:-4] == ["1", "4"] and all(int(arc) < 256 for arc in arcs[-4:]):
            return ".".join((*arcs[:-4], self._ipv4(".".join(arcs[-4:]))))
        return dotted

    def learn(self, mac: str) -> None:
        """A MAC address that may also stand without colons."""
        if mac:
            self._mac(mac, ":")

    @property
    def originals(self) -> tuple[str, ...]:
        """Every private text that was known or met, as it must not stand in the recording."""
        macs = [form for mac in self._macs for form in (mac, mac.replace(":", "-"), mac.replace(":", ""))]
        rows = [f".{'.'.join(str(int(octet, 16)) for octet in mac.split(':'))}." for mac in self._macs]
        return (*self._secrets, *self._serials, *macs, *rows, *self._ips, *self._uuids)

    def _swap(self, kind: str, text: str, old: str, new: str) -> str:
        if old not in text:
            return text
        self.counts[kind] += text.count(old)
        return text.replace(old, new)

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode(), "sha256")

    def _scramble(self, text: str) -> str:
        """Digits for digits and letters for letters, so that it still looks like what it was."""
        stream = self._digest(text) * (len(text) // 32 + 1)
        made = []
        for char, octet in zip(text, stream, strict=False):
            kinds = (string.digits, string.ascii_uppercase, string.ascii_lowercase)
            alphabet = next((kind for kind in kinds if char in kind), char)
            made.append(alphabet[octet % len(alphabet)])
        return "".join(made)

    def _mac(self, written: str, separator: str) -> str:
        """The maker's half stays."""
        mac = written.lower().replace("-", ":")
        if mac in self._macs.values() or not tidy_mac(mac):
            return written
        if mac not in self._macs:
            self.counts["MAC address"] += 1
            self._macs[mac] = mac[:9] + ":".join(f"{octet:02x}" for octet in self._digest(mac)[:3])
        found = self._macs[mac].replace(":", separator)
        return found.upper() if any(map(str.isupper, written)) else found

    def _bare_mac(self, written: str) -> str:
        known = self._macs.get(tidy_mac(written))
        if known is None:
            return written
        found = known.replace(":", "")
        return found.upper() if any(map(str.isupper, written)) else found

    def _uuid(self, written: str) -> str:
        """Most carry the MAC address."""
        if written in self._uuids.values():
            return written
        if written not in self._uuids:
            digits = self._digest(written).hex()
            self._uuids[written] = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
            self.counts["UUID"] += 1
        return self._uuids[written]

    def _ipv4(self, written: str) -> str:
        try:
            address = IPv4Address(written)
        except AddressValueError:
            return written
        harmless = address.is_unspecified or address.is_multicast or int(address) >> 24 == 255
        if harmless or written in self._ips.values() or any(written in kept for kept in self._kept):
            return written
        if written not in self._ips:
            number = len(self._ips)
            self._ips[written] = (
                str(IPv4Address("192.0.2.1") + number) if number < 253 else f"198.51.100.{number % 256}"
            )
            self.counts["address"] += 1
        return self._ips[written]

    def _ipv6(self, written: str) -> str:
        try:
            address = IPv6Address(written)
        except AddressValueError:
            return written
        if address.is_unspecified or address.is_loopback or address.is_multicast or written in self._ips.values():
            return written
        if written not in self._ips:
            self._ips[written] = f"2001:db8::{len(self._ips) + 1:x}"
            self.counts["address"] += 1
        return self._ips[written]


def redact(recording: Recording, private: Private, macs: Iterable[str]) -> tuple[Recording, Redactor]:
    """The recording without what is private. Names and serial numbers that stand in the agent are learned first."""
    texts = {one.oid: text for one in recording.snmp if (text := _text_of(one))}
    named = [texts[oid] for oid in _SYSTEM_TEXTS if oid in texts]
    named += [value for oid, value in texts.items() if oid.startswith((_ALIASES, *_LLDP_NAMES))]
    serials = [value for oid, value in texts.items() if oid.startswith(_SERIALS)]
    named += [name for answer in recording.http for name in _names_in(answer.body)]
    redactor = Redactor(
        replace(private, names=(*private.names, *named), serials=(*private.serials, *(one.strip() for one in serials)))
    )
    for mac in macs:
        redactor.learn(mac)
    return replace(
        recording,
        http=tuple(_http(answer, redactor) for answer in recording.http),
        rtsp=tuple(
            replace(one, path=redactor.text(one.path), body=redactor.body(one.body), server=redactor.text(one.server))
            for one in recording.rtsp
        ),
        snmp=tuple(
            sorted(map(redactor.variable, recording.snmp), key=lambda one: [int(arc) for arc in one.oid.split(".")])
        ),
    ), redactor


def _names_in(body: bytes) -> list[str]:
    """What people called the device: the scopes of ONVIF, its host name, deviceName of ISAPI, the title of its page."""
    text = _decode(body)[0]
    found = [name for pattern in _NAMED for name in pattern.findall(text)]
    titles = [html.unescape(one).strip() for one in _TITLE.findall(text)]
    return [form for name in found for form in (name, unquote(name))] + [one for one in titles if is_own_name(one)]


def leaks(recording: Recording, redactor: Redactor) -> tuple[str, ...]:
    """Which kinds of answers still hold something private? It should be none; what is private is not repeated."""
    pieces = {
        **{f"{one.operation or one.path}": one.body + repr(one).encode() for one in recording.http},
        **{f"{one.method} {one.path}": one.body + repr(one).encode() for one in recording.rtsp},
        **{one.oid: f"{one.value} {_text_of(one)} .{one.oid}.".encode() for one in recording.snmp},
        "manifest": repr([recording.facts.get(name) for name in ("make", "model", "firmware")]).encode(),
    }
    private = [one.encode().lower() for one in redactor.originals]
    return tuple(name for name, piece in pieces.items() if any(one in piece.lower() for one in private))


def _http(answer: HttpAnswer | RtspAnswer, redactor: Redactor) -> HttpAnswer:
    assert isinstance(answer, HttpAnswer)
    return replace(
        answer,
        path=redactor.text(answer.path, names=False),
        body=redactor.body(answer.body),
        server=redactor.text(answer.server, names=False),
    )


def _text_of(variable: Variable) -> str:
    """Its text, also where it stands as octets since it is not ASCII: a port named in Chinese. Empty: it has none."""
    if variable.tag == "4x":
        return _decode(bytes.fromhex(variable.value))[0].strip("\0")
    return variable.value if variable.tag == "4" else ""


def _decode(raw: bytes) -> tuple[str, str]:
    """UTF-8, or GB 18030 (firmware made in China), else Latin-1, and which it was."""
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            return raw.decode(encoding), encoding
    return raw.decode("latin-1"), "latin-1"


def _by_length(names: Iterable[str]) -> list[str]:
    """The longest first, so that no name is replaced within another."""
    known = {name for name in map(str.strip, names) if len(name) >= (MIN_NAME if name.isascii() else MIN_HAN_NAME)}
    return sorted(known, key=lambda name: (-len(name), name))
