"""How does one device take part in SNMP? Version 1 and 2c by community, version 3 by its user (RFC 3412, RFC 3414)."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from probes.simulators.snmp import ber, pdu
from probes.simulators.snmp.ber import Oid, Reader
from probes.simulators.snmp.pdu import Commit, Status, View
from probes.simulators.snmp.usm import Keys, User, localize

_V1, _V2C, _V3 = 0, 1, 3
_AUTH, _PRIV, _REPORTABLE = 1, 2, 4
_USM = 3
_MAX_DATAGRAM = 65_507
_WINDOW_SECONDS = 150  # RFC 3414 section 3.2
_USM_STATS: Oid = (1, 3, 6, 1, 6, 3, 15, 1, 1)
_UNSUPPORTED_LEVEL, _NOT_IN_WINDOW, _UNKNOWN_USER, _UNKNOWN_ENGINE, _WRONG_DIGEST, _DECRYPTION = 1, 2, 3, 4, 5, 6


class Managed(Protocol):
    """What an agent speaks for."""

    def view(self) -> View:
        """Its objects as they are now."""

    def prepare(self, name: Oid, tag: int, content: bytes) -> Status | Commit:
        """Why this object may not have that value, or what sets it."""

    def refused_login(self, protocol: str) -> None:
        """Somebody came with the wrong community, user or password."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask: a community that reads, a user who reads and writes, or both; `engine` names this agent."""

    community: str | None
    user: User | None
    engine: bytes


@dataclass(frozen=True, slots=True)
class _Header:
    """Of a message of version 3: its global data and its security parameters."""

    number: int
    flags: int
    engine: bytes
    boots: int
    seconds: int
    user: bytes
    mac: bytes
    salt: bytes
    mac_at: int  # where the digest stands in the message


class Agent:
    """Answers datagrams for one device. `clock` gives seconds that only grow."""

    def __init__(self, access: Access, managed: Managed, clock: Callable[[], float] = time.monotonic) -> None:
        self._access, self._managed, self._clock = access, managed, clock
        self._keys = localize(access.user, access.engine) if access.user else None
        self._started, self._boots = clock(), 1
        self._counters: dict[int, int] = {}

    def restart(self) -> None:
        """The device has started anew: engineBoots grows, engineTime begins at zero (RFC 3414 section 2.2)."""
        self._boots += 1
        self._started = self._clock()

    def answer(self, datagram: bytes) -> bytes | None:
        """The datagram to send back, or None: SNMP does not answer nonsense, nor a wrong community."""
        try:
            message = Reader(datagram[:_MAX_DATAGRAM]).inside()
            version = message.integer()
            if version in (_V1, _V2C):
                return self._by_community(version, message)
            return self._by_user(datagram, message) if version == _V3 else None
        except ber.Malformed:
            return None

    def _by_community(self, version: int, message: Reader) -> bytes | None:
        community = message.content(ber.OCTETS)
        request = pdu.read_request(message)
        expected = self._access.community
        if expected is None or not hmac.compare_digest(community, expected.encode()):
            self._managed.refused_login("snmp")
            return None
        body = pdu.answer(request, self._managed.view(), None, version_1=version == _V1)
        return ber.sequence(ber.integer(version), ber.octets(community), body)

    def _by_user(self, datagram: bytes, message: Reader) -> bytes | None:
        header = _read_header(message)
        access, keys = self._access, self._keys
        if access.user is None or keys is None:
            return None
        if header.engine != access.engine:
            return self._report(header, _UNKNOWN_ENGINE)
        if header.user != access.user.name.encode():
            self._managed.refused_login("snmp")
            return self._report(header, _UNKNOWN_USER)
        if header.flags & (_AUTH | _PRIV) != _AUTH | _PRIV:
            return self._report(header, _UNSUPPORTED_LEVEL)
        if not _genuine(datagram, header, keys):
            self._managed.refused_login("snmp")
            return self._report(header, _WRONG_DIGEST)
        if header.boots != self._boots or abs(header.seconds - self._seconds()) > _WINDOW_SECONDS:
            return self._report(header, _NOT_IN_WINDOW, keys)
        plain = keys.decrypt(message.content(ber.OCTETS), header.salt, header.boots, header.seconds)
        try:
            scoped = Reader(plain).inside()
            scoped.content(ber.OCTETS)  # the context's engine
            context = scoped.content(ber.OCTETS)
            request = pdu.read_request(scoped)
        except ber.Malformed:
            self._managed.refused_login("snmp")
            return self._report(header, _DECRYPTION)
        body = pdu.answer(request, self._managed.view(), self._managed.prepare)
        return self._message(header, _AUTH | _PRIV, self._scoped(context, body), keys)

    def _report(self, header: _Header, reason: int, keys: Keys | None = None) -> bytes | None:
        """A report (RFC 3414 section 3.2), authenticated if `keys` are given."""
        if not header.flags & _REPORTABLE:
            return None
        count = self._counters[reason] = self._counters.get(reason, 0) + 1
        bindings = [pdu.binding((*_USM_STATS, reason, 0), ber.counter32(count))]
        body = pdu.encode(header.number, Status.OK, 0, bindings, kind=pdu.REPORT)
        return self._message(header, _AUTH if keys else 0, self._scoped(b"", body), keys)

    def _scoped(self, context: bytes, body: bytes) -> bytes:
        return ber.sequence(ber.octets(self._access.engine), ber.octets(context), body)

    def _seconds(self) -> int:
        return int(self._clock() - self._started)

    def _message(self, header: _Header, flags: int, scoped: bytes, keys: Keys | None) -> bytes:
        seconds, salt, mac = self._seconds(), b"", b""
        if keys and flags & _PRIV:
            secret, salt = keys.encrypt(scoped, self._boots, seconds)
            scoped = ber.octets(secret)
        if keys:
            mac = bytes(keys.mac_bytes)
        whole = ber.sequence(
            ber.integer(_V3),
            ber.sequence(
                ber.integer(header.number), ber.integer(_MAX_DATAGRAM), ber.octets(bytes([flags])), ber.integer(_USM)
            ),
            ber.octets(
                ber.sequence(
                    ber.octets(self._access.engine), ber.integer(self._boots), ber.integer(seconds),
                    ber.octets(header.user), ber.octets(mac), ber.octets(salt),
                )
            ),
            scoped,
        )  # fmt: skip
        if not keys:
            return whole
        at = _read_header(_past_version(whole)).mac_at
        return whole[:at] + keys.mac(whole) + whole[at + len(mac) :]


def _past_version(whole: bytes) -> Reader:
    message = Reader(whole).inside()
    message.integer()
    return message


def _read_header(message: Reader) -> _Header:
    """The header behind the version; raises ber.Malformed."""
    data = message.inside()
    number = data.integer()
    data.integer()
    flags = data.content(ber.OCTETS)
    if len(flags) != 1 or data.integer() != _USM:
        raise ber.Malformed("another security model")
    security = message.inside(ber.OCTETS).inside()
    engine, boots, seconds = security.content(ber.OCTETS), security.integer(), security.integer()
    user = security.content(ber.OCTETS)
    mac = security.content(ber.OCTETS)
    mac_at = security.at - len(mac)
    return _Header(number, flags[0], engine, boots, seconds, user, mac, security.content(ber.OCTETS), mac_at)


def _genuine(datagram: bytes, header: _Header, keys: Keys) -> bool:
    size = len(header.mac)
    if size != keys.mac_bytes:
        return False
    blank = datagram[: header.mac_at] + bytes(size) + datagram[header.mac_at + size :]
    return hmac.compare_digest(header.mac, keys.mac(blank))
