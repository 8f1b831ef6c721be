"""What may be set on a device, and was it really set?"""

from __future__ import annotations

import asyncio

from probes.errors import Denied, Unsupported
from probes.snmp.ber import INTEGER, integer, oid, to_int
from probes.snmp.message import Kind, Status, binding, error_text
from probes.snmp.question import get
from probes.snmp.schema import NEVER_WRITTEN
from probes.snmp.session import Sessions
from probes.snmp.shelf import ProfileShelf
from probes.target import Target
from probes.tools import Tools, trace

VERIFY_AFTER_SECONDS = (0.0, 0.5, 1.0, 2.0)  # agents answer a SET before their hardware has followed

_REFUSED = frozenset({Status.NO_ACCESS, Status.READ_ONLY, Status.NOT_WRITABLE, Status.AUTHORIZATION})


class NotSet(Exception):
    """The monitor refuses to set that, or the device did not follow."""


async def set_value(tools: Tools, target: Target, profile: str, symbol: str, *, row: str, value: str) -> None:
    """Set what the profile's `writable` allows under that symbol, and read it back.

    `row` is the row's key ("1.7", "0" for a scalar), `value` one of the names that the profile gives ("on", "off").
    Returns when the device shows the new value. Raises NotSet for what is not allowed, before anything is sent, and
    when the device shows another value afterwards; Denied when the agent refuses to write, and what asking raises.
    """
    known = tools.get(ProfileShelf).profiles.by_name.get(profile)
    allowed = known.writable.get(symbol) if known is not None else None
    if allowed is None or value not in allowed.values:
        raise NotSet(f"SNMP profile {profile!r} does not allow to set {symbol!r} to {value!r}")
    dotted = f"{allowed.OID}.{row}"
    try:
        instance = oid(dotted)
    except ValueError:
        raise NotSet(f"{row!r} is no row") from None
    if any(instance.startswith(oid(prefix)) for prefix in NEVER_WRITTEN):
        raise NotSet(f"{dotted} is never written")
    number = allowed.values[value]
    session = tools.get(Sessions).get(target)
    async with session.lock:
        before = (await get(session, (instance,))).get(instance)
        if before is None or before[1] != INTEGER:
            raise NotSet(f"the device has no {symbol} at row {row}")
        pdu = await session.request(Kind.SET, binding(instance, integer(number)))
        trace("set %s to %d: %s", dotted, number, error_text(pdu.status))
        if pdu.status in _REFUSED or pdu.status == Status.NO_SUCH_NAME:  # v1 says the latter for what is read-only
            raise Denied(f"the agent refuses to set {symbol}: {error_text(pdu.status)}")
        if pdu.status != Status.OK:
            raise Unsupported(f"the agent answers a SET of {symbol} with: {error_text(pdu.status)}")
        for wait in VERIFY_AFTER_SECONDS:
            await asyncio.sleep(wait)
            after = (await get(session, (instance,))).get(instance)
            if after is not None and after[1] == INTEGER and to_int(after[2]) == number:
                return
    raise NotSet(f"the device took {symbol} = {value}, but does not show it")
