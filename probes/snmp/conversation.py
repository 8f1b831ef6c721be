"""How is an SNMPv3 agent asked: who it is, what its clock says, and what a report of it means? (RFC 3414 section 4)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import NoReturn

from probes.errors import Denied, Garbled, NoAnswer, Trouble
from probes.snmp import secure
from probes.snmp.message import Kind, Pdu, encode_names, encode_pdu
from probes.snmp.usm import Keys, Masters, Stretch, is_stretched, localize
from probes.target import SnmpAccess
from probes.tools import trace

Exchange = Callable[[int, bytes], Awaitable[bytes]]  # number, message -> answer

_SYS_UPTIME = encode_names((bytes.fromhex("2b06010201010300"),))

_REPORTS: dict[bytes, tuple[type[Trouble], str]] = {
    secure.UNSUPPORTED_LEVEL: (Denied, "the agent does not grant this SNMPv3 user that security level"),
    secure.UNKNOWN_USER: (Denied, "the agent does not know this SNMPv3 user"),
    secure.WRONG_DIGEST: (Denied, "the agent refused the SNMPv3 signature: wrong auth key or hash"),
    secure.NOT_DECRYPTED: (Denied, "the agent could not decrypt: wrong priv key or cipher"),
    secure.NOT_IN_TIME: (Garbled, "the agent refuses its own SNMPv3 clock"),
    secure.UNKNOWN_ENGINE: (Garbled, "the agent does not know its own SNMPv3 engine ID"),
}


class Conversation:
    """What is agreed with one agent. `masters` are the user's keys before they are localized."""

    __slots__ = ("_access", "_doubts", "_engine", "_masters", "_party", "_proven", "_stretch")

    def __init__(self, access: SnmpAccess, masters: Masters) -> None:
        self._access, self._masters = access, masters
        self._engine = secure.Engine()
        self._party: secure.Party | None = None
        self._proven = False  # did the agent ever answer what was asked with these keys?
        self._stretch = Stretch.BLUMENTHAL
        self._doubts = 0

    @property
    def engine(self) -> secure.Engine:
        """The agent as it presented itself last; without an engine ID before it has."""
        return self._engine

    async def ask(self, exchange: Exchange, kind: Kind, bindings: bytes, first: int, second: int) -> Pdu:
        """Ask, after presenting oneself where needed. Denied at the first report that says so."""
        for attempt in (1, 2):
            party = self._party or await self._meet(exchange)
            number = secrets.randbits(31)
            pdu = encode_pdu(kind, number, bindings, first, second)
            try:
                answer = await self._send(exchange, number, party, pdu)
            except (NoAnswer, Garbled):
                await self._doubt(exchange, party)
                raise
            if answer.pdu.kind == Kind.RESPONSE:
                if answer.engine.engine_id != self._engine.engine_id or answer.pdu.request_id != number:
                    raise Garbled("SNMPv3 answer is not for this question")
                self._engine, self._proven = answer.engine, True
                return answer.pdu
            cause = answer.pdu.binds[0][0] if answer.pdu.binds else b""
            trace("report: %s", _REPORTS[cause][1] if cause in _REPORTS else cause.hex())
            if cause == secure.NOT_IN_TIME and attempt == 1 and (answer.signed or not party.keys.auth):
                # The agent restarted, or its clock runs off. Cheap ones restart with the same boots and time 0, which
                # RFC 3414 section 3.2 would have us refuse for ever; the report is signed, so believe it.
                self._engine = answer.engine
            elif cause == secure.UNKNOWN_ENGINE and attempt == 1:  # the device was replaced or reset
                self._party = None
            else:
                await self._refuse(cause)
        raise Garbled("the agent reports in circles")

    async def _meet(self, exchange: Exchange) -> secure.Party:
        """Learn the engine ID and its clock, localize the keys to it."""
        number = secrets.randbits(31)
        try:
            message = await exchange(number, secure.hello(number))
        except NoAnswer as trouble:
            raise NoAnswer(f"{trouble}: dark, filtered, or it does not speak SNMPv3") from None
        self._engine = secure.decode(message, asyncio.get_running_loop().time(), Keys()).engine
        keys = localize(self._access, self._masters, self._engine.engine_id, self._stretch)
        self._party = secure.Party(self._access.username.encode(), self._access.context.encode(), keys)
        trace("engine %s, boots %d", self._engine.engine_id.hex(), self._engine.boots)
        return self._party

    async def _send(self, exchange: Exchange, number: int, party: secure.Party, pdu: bytes) -> secure.Secured:
        loop = asyncio.get_running_loop()
        message = secure.encode(number, self._engine, loop.time(), party, pdu)
        return secure.decode(await exchange(number, message), loop.time(), party.keys)

    async def _refuse(self, cause: bytes) -> NoReturn:
        kind, text = _REPORTS.get(cause, (Garbled, "unknown SNMPv3 report"))
        self._party = None
        if cause == secure.NOT_DECRYPTED and self._can_stretch_otherwise():
            raise NoAnswer("the agent could not decrypt; its keys may be stretched the other way")
        raise kind(text)

    async def _doubt(self, exchange: Exchange, party: secure.Party) -> None:
        """After silence or nonsense: is the device dark, or did it fail to decrypt, and net-snmp is silent then?

        Keys that never worked are tried stretched the other way next time. When that is not to be, the agent is asked
        something signed but not hidden: if it answers to that, the privacy key or cipher is wrong. Raises Denied.
        """
        self._party = None
        if self._proven or not party.keys.cipher or self._can_stretch_otherwise():
            return
        number = secrets.randbits(31)
        signed = replace(party, keys=replace(party.keys, cipher=None))
        await self._send(exchange, number, signed, encode_pdu(Kind.GET, number, _SYS_UPTIME))
        raise Denied("the agent hears this user signed but not hidden: wrong priv key or cipher")

    def _can_stretch_otherwise(self) -> bool:
        """Are there keys not yet tried? Then the next look tries them."""
        if self._proven or not is_stretched(self._access):
            return False
        self._doubts += 1
        self._stretch = Stretch.REEDER if self._stretch is Stretch.BLUMENTHAL else Stretch.BLUMENTHAL
        return self._doubts % 2 == 1
