"""Who signed a notice of SNMPv3, and what is answered to it?

RFC 3414. A trap is signed with keys of the sender's engine: whose engine it is, is learnt from the first one that is
rightly signed, and from polling. An inform is signed with keys of ours, so its sender asks first who we are.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from probes.errors import Denied, Garbled
from probes.snmp.ber import COUNTER, SEQUENCE, element
from probes.snmp.message import Kind, binding_of, encode_binds, encode_pdu
from probes.snmp.secure import NOT_IN_TIME, REPORTABLE, UNKNOWN_ENGINE, Engine, Envelope, Party, Scoped, encode, reveal
from probes.snmp.session import Sessions
from probes.snmp.usm import Keys, Stretch, is_stretched, localize
from probes.target import SnmpAccess, Target
from probes.tools import Tools
from probes.traps.notice import NOTICES, Notice, of_pdu

WINDOW_SECONDS = 150  # RFC 3414 section 2.2.3
MAX_KEYS = 4_096  # localized keys that are kept
_EPOCH = 1_577_836_800  # 2020: boots are seconds since then, so that they grow with every start


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a message: what it says, or only an answer, or both."""

    notice: Notice | None = None
    answer: bytes | None = None


class Security:
    """Opens messages of SNMPv3 and answers them."""

    def __init__(self, tools: Tools, engine_id: str, now: float) -> None:
        self._sessions = tools.get(Sessions)
        own = bytes.fromhex(engine_id) if engine_id else _engine_id()
        self.engine = Engine(own, int(time.time()) - _EPOCH & 0x7FFFFFFF, 0, now)
        self._keys: OrderedDict[tuple[SnmpAccess, bytes, Stretch], Keys] = OrderedDict()
        self._known: dict[tuple[str, bytes], Engine] = {}  # (device, engine) -> its clock, as last proven

    def knows(self, target: Target, engine_id: bytes) -> bool:
        """Is that the engine of this device, by what polling or a signed trap has told?"""
        return (target.device, engine_id) in self._known or self._sessions.engine_of(target).engine_id == engine_id

    def open(self, envelope: Envelope, target: Target, now: float) -> Outcome:
        """What a message of that device comes to. Denied: not the device's user, keys or clock. Garbled."""
        access = target.snmp
        if envelope.engine_id != self.engine.engine_id and envelope.flags & REPORTABLE:
            return Outcome(answer=self._report(envelope, UNKNOWN_ENGINE, Keys(), now))
        if access is None or access.version != "3" or envelope.user != access.username.encode():
            raise Denied("not the device's SNMPv3 user")
        ours = envelope.engine_id == self.engine.engine_id
        scoped, keys = self._reveal(envelope, access)
        if envelope.flags & 3 != keys.flags:
            raise Denied("less secure than configured")
        if ours and keys.auth and not self._in_our_time(envelope, now):
            return Outcome(answer=self._report(envelope, NOT_IN_TIME, keys, now))
        if not ours and keys.auth:
            self._check_clock(envelope, target, now)
        notice = of_pdu(scoped.pdu)
        if notice.request is None:
            return Outcome(notice)
        if not ours:
            raise Garbled("inform to another engine")
        return Outcome(notice, self._acknowledge(envelope, scoped, keys, now))

    def _reveal(self, envelope: Envelope, access: SnmpAccess) -> tuple[Scoped, Keys]:
        """The content and the keys that opened it. A short key may be stretched in one of two ways."""
        trouble: Garbled | None = None
        for stretch in Stretch if is_stretched(access) else (Stretch.BLUMENTHAL,):
            keys = self._localized(access, envelope.engine_id, stretch)
            try:
                return reveal(envelope, keys, NOTICES), keys
            except Garbled as error:
                trouble = error
        assert trouble is not None
        raise trouble

    def _localized(self, access: SnmpAccess, engine_id: bytes, stretch: Stretch) -> Keys:
        key = (access, engine_id, stretch)
        found = self._keys.get(key)
        if found is None:
            found = self._keys[key] = localize(access, self._sessions.masters(access), engine_id, stretch)
            if len(self._keys) > MAX_KEYS:
                self._keys.popitem(last=False)
        return found

    def _in_our_time(self, envelope: Envelope, now: float) -> bool:
        seconds = self.engine.seconds + int(now - self.engine.at)
        return envelope.boots == self.engine.boots and abs(envelope.seconds - seconds) <= WINDOW_SECONDS

    def _check_clock(self, envelope: Envelope, target: Target, now: float) -> None:
        """Refuse what is older than what was proven: somebody may have kept it.

        Cheap agents restart with the same boots and time 0. What polling learnt from a signed answer is believed then.
        """
        key = target.device, envelope.engine_id
        told = Engine(envelope.engine_id, envelope.boots, envelope.seconds, now)
        known = self._known.get(key)
        if known is not None and _is_stale(told, known, now):
            polled = self._sessions.engine_of(target)
            if polled.engine_id != envelope.engine_id or _is_stale(told, polled, now) or polled.at < known.at:
                raise Denied("older than what was heard before")
        self._known[key] = told

    def _report(self, envelope: Envelope, cause: bytes, keys: Keys, now: float) -> bytes:
        binds = element(SEQUENCE, binding_of(cause, COUNTER, b"\x01"))
        signed = Keys(keys.hash_name, keys.signature_octets, keys.auth)  # a report is signed, never hidden
        party = Party(envelope.user if keys.auth else b"", b"", signed)
        return encode(envelope.number, self.engine, now, party, encode_pdu(Kind.REPORT, 0, binds), reportable=0)

    def _acknowledge(self, envelope: Envelope, scoped: Scoped, keys: Keys, now: float) -> bytes:
        """The answer names the context that was named, which is the sender's own."""
        party = Party(envelope.user, scoped.context, keys, scoped.context_engine)
        answer = encode_pdu(Kind.RESPONSE, scoped.pdu.request_id, encode_binds(scoped.pdu.binds))
        return encode(envelope.number, self.engine, now, party, answer, reportable=0)


def _is_stale(told: Engine, known: Engine, now: float) -> bool:
    if told.boots != known.boots:
        return told.boots < known.boots
    return told.seconds < known.seconds + int(now - known.at) - WINDOW_SECONDS


def _engine_id() -> bytes:
    """Stays the same on this machine (RFC 3411 section 5: octets that the owner chose)."""
    machine = Path("/etc/machine-id")
    seed = machine.read_bytes() if machine.is_file() else b""
    return b"\x80\x00\x00\x00\x05" + hashlib.sha256(b"sitewarden" + seed).digest()[:8]
