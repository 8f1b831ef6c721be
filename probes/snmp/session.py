"""How is one agent asked, again and again, in its version of SNMP and with what is known of it?"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Protocol

from probes.errors import LocalTrouble, NoAnswer
from probes.observation import Value
from probes.resolve import literal, resolve
from probes.snmp.conversation import Conversation
from probes.snmp.message import V1, V2C, Kind, Pdu, decode_community, encode_community, encode_pdu
from probes.snmp.secure import Engine
from probes.snmp.usm import Masters, derive
from probes.snmp.wire import Wire
from probes.target import SnmpAccess, Target
from probes.tools import Tools

MAX_SESSIONS = 20_000  # about 2 KB each; the one unused longest goes first

_MAX_MASTERS = 256  # distinct users; each costs a megabyte of hashing


@dataclass(slots=True)
class Known:
    """What was learned of a device, so that the next look asks less."""

    learned_at: float = float("-inf")  # loop's clock
    profile: str = ""  # the one that was recognised
    recognised_by: object = None  # among these profiles; others may have been loaded since
    inventory: dict[str, Value] = field(default_factory=dict)
    refused: set[bytes] = field(default_factory=set)  # instances for which the agent refused a whole question
    rows: dict[str, int] = field(default_factory=dict)  # table -> rows at the last walk
    tables_at: float = float("-inf")

    def forget(self) -> None:
        """Learn it anew at the next look."""
        self.learned_at, self.profile = float("-inf"), ""
        self.inventory, self.refused = {}, set()


class Asked(Protocol):
    """Whatever can be asked like an agent: a `Session`, or a recording of a device."""

    known: Known
    lock: asyncio.Lock

    @property
    def has_bulk(self) -> bool:
        """May GETBULK be asked?"""

    async def request(self, kind: Kind, bindings: bytes, first: int = 0, second: int = 0) -> Pdu:
        """Ask once."""


class Session:
    """One agent. One request at a time: hold `lock` while asking, poor agents drop what comes in between."""

    __slots__ = ("_address", "_conversation", "_sessions", "access", "host", "known", "lock")

    def __init__(self, sessions: Sessions, host: str, access: SnmpAccess) -> None:
        self._sessions = sessions
        address = literal(host)
        self._address = address.at(access.port) if address else None  # a name is looked up, and kept, elsewhere
        self._conversation = Conversation(access, sessions.masters(access)) if access.version == "3" else None
        self.host, self.access = host, access
        self.known = Known()
        self.lock = asyncio.Lock()

    @property
    def has_bulk(self) -> bool:
        """May GETBULK be asked? Not in version 1."""
        return self.access.version != "1"

    @property
    def engine(self) -> Engine:
        """The agent's SNMPv3 engine as polling knows it; without an engine ID if it does not."""
        return Engine() if self._conversation is None else self._conversation.engine

    async def request(self, kind: Kind, bindings: bytes, first: int = 0, second: int = 0) -> Pdu:
        """Ask once and give the answer, which may carry an error status.

        Raises NoAnswer, Refused, Denied (an SNMPv3 report says so; never asked twice), Garbled, Unresolved.
        """
        if self._conversation is not None:
            return await self._conversation.ask(self._exchange, kind, bindings, first, second)
        number = secrets.randbits(31)
        version = V1 if self.access.version == "1" else V2C
        message = encode_community(
            version, self.access.community.reveal().encode(), encode_pdu(kind, number, bindings, first, second)
        )
        try:
            return decode_community(await self._exchange(number, message))
        except NoAnswer as trouble:
            raise NoAnswer(f"{trouble}: dark, filtered, or the community is wrong (which is silence)") from None

    async def _exchange(self, number: int, message: bytes) -> bytes:
        address = self._address or (await resolve(self.host, self._sessions.tools)).at(self.access.port)
        return await self._sessions.wire.exchange(address, number, message)


class Sessions:
    """Every agent that this process asks; `Shared`. They share one socket, so a session costs memory only."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.wire = tools.get(Wire)
        self._by_device: OrderedDict[tuple[str, int], Session] = OrderedDict()
        self._masters: OrderedDict[SnmpAccess, Masters] = OrderedDict()

    async def close(self) -> None:
        """Forget everything; the wire closes itself."""
        self._by_device.clear()
        self._masters.clear()

    def __len__(self) -> int:
        return len(self._by_device)

    def get(self, target: Target, port: int | None = None) -> Session:
        """The session of a target, a new one if its address or credentials changed. LocalTrouble without any."""
        access = target.snmp
        if access is None:
            raise LocalTrouble(f"no SNMP access is configured for {target.device}")
        key = (target.device, port or access.port)
        found = self._by_device.get(key)
        if found is not None and found.host == target.host and (found.access is access or found.access == access):
            self._by_device.move_to_end(key)
            return found
        if port is not None and port != access.port:
            access = replace(access, port=port)
        if found is None or found.host != target.host or found.access != access:
            found = Session(self, target.host, access)
        self._by_device[key] = found
        self._by_device.move_to_end(key)
        if len(self._by_device) > MAX_SESSIONS:
            self._by_device.popitem(last=False)
        return found

    def engine_of(self, target: Target) -> Engine:
        """The SNMPv3 engine of that target, as far as it was polled; without an engine ID if it was not."""
        port = target.snmp.port if target.snmp is not None else 0
        found = self._by_device.get((target.device, port))
        return Engine() if found is None else found.engine

    def masters(self, access: SnmpAccess) -> Masters:
        """Keys of a user before localizing; hashed once for all devices that share the user."""
        found = self._masters.get(access)
        if found is None:
            found = self._masters[access] = derive(access)
            if len(self._masters) > _MAX_MASTERS:
                self._masters.popitem(last=False)
        return found
