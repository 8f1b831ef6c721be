"""How are scalars and tables asked in few datagrams, whatever quirks the agent has?"""

from __future__ import annotations

from collections.abc import Sequence

from probes.errors import Denied, Garbled, Unsupported
from probes.snmp.ber import MISSING, to_sub_ids
from probes.snmp.message import Bind, Kind, Pdu, Status, encode_names, error_text, names
from probes.snmp.session import Asked
from probes.tools import trace

MAX_ASKED = 24  # variables in one GET: fits into one unfragmented datagram with its answer, long texts apart
MAX_ROWS = 2_000  # of one table
_MAX_STEPS = 2_100  # answers of one walk: an agent that gives one row at a time (v1) may still give them all
_MAX_CELLS = 48  # variables that one GETBULK answer should hold, for the same reason

_ONE_IS_BAD = frozenset({Status.NO_SUCH_NAME, Status.GEN_ERR, Status.NO_ACCESS, Status.BAD_VALUE})

Cells = dict[bytes, Bind]
Row = dict[bytes, Bind]  # column -> its cell


async def get(session: Asked, oids: Sequence[bytes]) -> Cells:
    """What the agent has of these instances; what it has not is missing from the answer.

    Raises Denied, Unsupported (the agent answers an error), Garbled and what `Session.request` raises.
    """
    refused = session.known.refused
    wanted = tuple(oid for oid in oids if oid not in refused) if refused else tuple(oids)
    found: Cells = {}
    for at in range(0, len(wanted), MAX_ASKED):
        refused |= await _get(session, wanted[at : at + MAX_ASKED], found, Kind.GET)
    return found


async def get_next(session: Asked, oids: Sequence[bytes]) -> list[Bind]:
    """What follows these OIDs in the agent's tree, in any order."""
    found: Cells = {}
    for at in range(0, len(oids), MAX_ASKED):
        await _get(session, tuple(oids[at : at + MAX_ASKED]), found, Kind.NEXT)
    return list(found.values())


async def _get(session: Asked, oids: tuple[bytes, ...], found: Cells, kind: Kind) -> set[bytes]:
    """Ask; drop the variable that an error points at and ask the others; halve what is too big. Gives what was dropped.

    Version 1 refuses the whole PDU for one unknown name (RFC 1157 section 4.1.2). Agents that point at no variable
    (index 0, or beyond the end) are asked by halves, which costs 2·log2(n) questions instead of n.
    """
    dropped: set[bytes] = set()
    while oids:
        pdu = await session.request(kind, names(oids))
        if pdu.status == Status.OK:
            has = {bind[0]: bind for bind in pdu.binds if bind[1] not in MISSING}
            found |= has
            trace("%s of %d: %d answered", kind.name, len(oids), len(has))
            break
        trace("agent says %s at %d of %d", error_text(pdu.status), pdu.index, len(oids))
        if pdu.status == Status.AUTHORIZATION:
            raise Denied("the agent answers: authorization error")
        if pdu.status not in _ONE_IS_BAD and pdu.status != Status.TOO_BIG:
            raise Unsupported(f"the agent answers: {error_text(pdu.status)}")
        if len(oids) == 1:
            dropped.add(oids[0])
            break
        if pdu.status != Status.TOO_BIG and 0 < pdu.index <= len(oids):
            dropped.add(oids[pdu.index - 1])
            oids = oids[: pdu.index - 1] + oids[pdu.index :]
        else:
            half = len(oids) // 2
            dropped |= await _get(session, oids[:half], found, kind)
            oids = oids[half:]
    return dropped


async def walk(session: Asked, columns: Sequence[bytes], rows_hint: int = 0) -> dict[tuple[int, ...], Row]:
    """The rows of a table: index -> column -> cell, all columns asked together; at most MAX_ROWS rows.

    `rows_hint` is how many rows to expect: the answer then ends with the table. Raises Garbled when the agent does not
    move on (the walk would never end), and what `Session.request` raises.
    """
    rows: dict[tuple[int, ...], Row] = {}
    at: dict[bytes, tuple[int, ...]] = dict.fromkeys(columns, ())  # index reached, per column that goes on
    cursors = dict(zip(columns, columns, strict=True))
    cells = _MAX_CELLS
    for _ in range(_MAX_STEPS):
        active = list(at)
        rows_left = rows_hint + 1 - len(rows)
        pdu, repetitions = await _step(session, [cursors[column] for column in active], cells, rows_left)
        if pdu.status == Status.TOO_BIG and repetitions > 1:
            cells //= 2
            continue
        binds = pdu.binds
        if pdu.status == Status.NO_SUCH_NAME:  # v1: one of the columns is at the end of the tree
            del at[active[pdu.index - 1 if 0 < pdu.index <= len(active) else -1]]
            binds = ()  # the question, echoed
        elif pdu.status != Status.OK:
            raise Unsupported(f"the agent answers a walk with: {error_text(pdu.status)}")
        elif not binds:
            raise Garbled("SNMP agent answers a walk with nothing")
        for position, bind in enumerate(binds):
            column = active[position % len(active)]
            if column not in at:
                continue
            if bind[1] in MISSING or not bind[0].startswith(column):
                del at[column]
                continue
            index = to_sub_ids(bind[0][len(column) :])
            if index <= at[column]:
                raise Garbled("SNMP agent does not move on in a walk")
            at[column], cursors[column] = index, bind[0]
            rows.setdefault(index, {})[column] = bind
        if len(rows) > MAX_ROWS:
            trace("more than %d rows, the rest is left out", MAX_ROWS)
            return {index: rows[index] for index in sorted(rows)[:MAX_ROWS]}
        if not at:
            return rows
    raise Garbled(f"SNMP walk did not end within {_MAX_STEPS} answers")


async def _step(session: Asked, cursors: Sequence[bytes], cells: int, rows_left: int) -> tuple[Pdu, int]:
    if not session.has_bulk:
        return await session.request(Kind.NEXT, encode_names(cursors)), 1
    repetitions = max(1, cells // len(cursors))
    if rows_left > 1:
        repetitions = min(repetitions, rows_left)
    return await session.request(Kind.BULK, encode_names(cursors), 0, repetitions), repetitions
