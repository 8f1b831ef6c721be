"""What does an SNMPv3 message look like on the wire, and is an answer genuine?

RFC 3412, RFC 3414.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field

from probes.errors import Garbled
from probes.snmp.ber import INTEGER, OCTETS, SEQUENCE, element, expect, integer, oid, to_int
from probes.snmp.message import ANSWERS, Kind, Pdu, decode_pdu, encode_names, encode_pdu
from probes.snmp.usm import Keys, hide, is_signed, signature, unhide

_USM_MODEL = integer(3)
_VERSION = integer(3)
_MAX_SIZE = integer(65_507)
REPORTABLE = 4
_MAX_ENGINE_ID = 32  # RFC 3411 section 5

_NOTHING = encode_names(())

UNSUPPORTED_LEVEL, NOT_IN_TIME, UNKNOWN_USER, UNKNOWN_ENGINE, WRONG_DIGEST, NOT_DECRYPTED = (
    oid(f"1.3.6.1.6.3.15.1.1.{number}.0") for number in range(1, 7)
)


@dataclass(frozen=True, slots=True)
class Engine:
    """An agent as it presented itself. `seconds` is its engine time when the loop's clock showed `at`."""

    engine_id: bytes = b""
    boots: int = 0
    seconds: int = 0
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Party:
    """Who asks: user, context, and the keys for one engine. `context_engine` is that engine, unless it says another."""

    user: bytes = b""
    context: bytes = b""
    keys: Keys = field(default_factory=Keys)
    context_engine: bytes = b""


@dataclass(frozen=True, slots=True)
class Secured:
    """An answer, its sender's engine, and whether its signature was checked and right."""

    pdu: Pdu
    engine: Engine
    signed: bool


@dataclass(frozen=True, slots=True, repr=False)
class Envelope:
    """A message as it stands on the wire: nothing of it is proven. `body` is where its content begins and ends."""

    message: bytes
    number: int
    flags: int
    engine_id: bytes
    boots: int
    seconds: int
    user: bytes
    signature: tuple[int, int]
    salt: bytes
    body: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Scoped:
    """What was inside, whether its signature was checked and right, and the context that it names."""

    pdu: Pdu
    signed: bool
    context_engine: bytes
    context: bytes


def encode(number: int, engine: Engine, now: float, party: Party, pdu: bytes, *, reportable: int = REPORTABLE) -> bytes:
    """A message to an engine at `now` (loop's clock), hidden and signed as far as the party's keys go.

    What wants no answer (a response, a report) is not `reportable`: 0.
    """
    keys = party.keys
    seconds = engine.seconds + int(now - engine.at)
    context_engine = party.context_engine or engine.engine_id
    scoped = element(SEQUENCE, element(OCTETS, context_engine) + element(OCTETS, party.context) + pdu)
    salt = b""
    if keys.cipher:
        hidden, salt = hide(keys, engine.boots, seconds, scoped)
        scoped = element(OCTETS, hidden)
    flags = element(OCTETS, bytes((keys.flags | reportable,)))
    header = element(SEQUENCE, integer(number) + _MAX_SIZE + flags + _USM_MODEL)
    privacy = element(OCTETS, salt)
    security = element(
        SEQUENCE,
        element(OCTETS, engine.engine_id)
        + integer(engine.boots)
        + integer(seconds)
        + element(OCTETS, party.user)
        + element(OCTETS, bytes(keys.signature_octets))
        + privacy,
    )
    message = element(SEQUENCE, _VERSION + header + element(OCTETS, security) + scoped)
    if not keys.auth:
        return message
    end = len(message) - len(scoped) - len(privacy)
    return message[: end - keys.signature_octets] + signature(keys, message) + message[end:]


def hello(number: int) -> bytes:
    """The message that makes an agent present itself (RFC 3414 section 4): nobody asks for nothing."""
    return encode(number, Engine(), 0.0, Party(), encode_pdu(Kind.GET, number, _NOTHING))


def decode(message: bytes, now: float, keys: Keys) -> Secured:
    """Parse, check the signature, reveal. Garbled if it is malformed or its signature is wrong."""
    envelope = open_envelope(message)
    if not envelope.engine_id:
        raise Garbled("SNMPv3 answer has malformed engine parameters")
    scoped = reveal(envelope, keys, ANSWERS)
    if scoped.pdu.kind == Kind.RESPONSE and envelope.flags & 3 != keys.flags:
        raise Garbled("SNMPv3 answer is less secure than its question")
    return Secured(scoped.pdu, Engine(envelope.engine_id, envelope.boots, envelope.seconds, now), scoped.signed)


def open_envelope(message: bytes) -> Envelope:
    """What stands outside of a message; Garbled if it is malformed."""
    at, end = expect(message, 0, len(message), SEQUENCE)
    _, at = expect(message, at, end, INTEGER)
    start, at = expect(message, at, end, SEQUENCE)
    number, flags = _header(message, start, at)
    start, at = expect(message, at, end, OCTETS)
    start, security_end = expect(message, start, at, SEQUENCE)
    start, stop = expect(message, start, security_end, OCTETS)
    engine_id = message[start:stop]
    start, stop = expect(message, stop, security_end, INTEGER)
    boots = to_int(message[start:stop])
    start, stop = expect(message, stop, security_end, INTEGER)
    seconds = to_int(message[start:stop])
    start, stop = expect(message, stop, security_end, OCTETS)
    user = message[start:stop]
    signature_at = expect(message, stop, security_end, OCTETS)
    start, stop = expect(message, signature_at[1], security_end, OCTETS)
    if not (0 <= boots < 2**31 and 0 <= seconds < 2**31 and len(engine_id) <= _MAX_ENGINE_ID):
        raise Garbled("SNMPv3 answer has malformed engine parameters")
    return Envelope(
        message, number, flags, engine_id, boots, seconds, user, signature_at, message[start:stop], (at, end)
    )


def reveal(envelope: Envelope, keys: Keys, kinds: Container[int]) -> Scoped:
    """The content, one of these kinds; Garbled if it is malformed or its signature is wrong."""
    message, (at, end) = envelope.message, envelope.body
    signed = bool(envelope.flags & 1 and keys.auth)
    if signed and not is_signed(keys, message, *envelope.signature):
        raise Garbled("SNMPv3 answer has a wrong signature")
    if envelope.flags & 2:
        if not (signed and keys.cipher):
            raise Garbled("SNMPv3 answer is hidden though nothing was agreed")
        start, stop = expect(message, at, end, OCTETS)
        message = unhide(keys, envelope.boots, envelope.seconds, envelope.salt, message[start:stop])
        at, end = 0, len(message)
    at, end = expect(message, at, end, SEQUENCE)
    start, at = expect(message, at, end, OCTETS)
    context_engine = message[start:at]
    start, at = expect(message, at, end, OCTETS)
    return Scoped(decode_pdu(message, at, end, kinds), signed, context_engine, message[start:at])


def _header(message: bytes, at: int, end: int) -> tuple[int, int]:
    """The number and the flags of a message."""
    start, at = expect(message, at, end, INTEGER)
    number = to_int(message[start:at])
    _, at = expect(message, at, end, INTEGER)
    start, stop = expect(message, at, end, OCTETS)
    if stop - start != 1:
        raise Garbled("SNMPv3 answer has malformed flags")
    return number, message[start]
