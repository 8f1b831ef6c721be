"""What does one look at one device by SNMP see?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from pydantic import Field

from probes.errors import Unsupported
from probes.observation import Answer, Value, Values
from probes.probe import Options
from probes.snmp.arithmetic import aggregate, compute, scaled
from probes.snmp.message import Bind
from probes.snmp.profile import Profile, Profiles, Reading, TableReading
from probes.snmp.question import Row, get, walk
from probes.snmp.recognition import choose
from probes.snmp.session import Asked, Sessions
from probes.snmp.shelf import ProfileShelf
from probes.target import Target
from probes.tools import Tools, trace

MAX_KEY = 64  # characters of a row's key


class SnmpOptions(Options):
    """What to ask, and how often its slow parts."""

    profile: str = "auto"  # name of a profile, or "auto": by sysObjectID, sysDescr and what the device has
    tables: bool = True
    table_every_seconds: float = Field(default=0.0, ge=0)  # 0: at every look; rows are only in looks that walked
    inventory_every_seconds: float = Field(default=3600.0, ge=1)  # who it is: model, serial, firmware, which profile
    port: int | None = Field(default=None, ge=1, le=65535)  # instead of the one of the credentials


async def ask(target: Target, options: SnmpOptions, tools: Tools) -> Answer:
    """Ask a device for the scalars and tables of its profile.

    `values` has the profile's scalars, the inventory as last asked, and `profile`; `rows` has its tables. Raises what
    `Session.request` raises, LocalTrouble without credentials or for an unknown profile, and Unsupported when the
    device has nothing of its profile.
    """
    return await look(tools.get(Sessions).get(target, options.port), tools.get(ProfileShelf).profiles, options)


async def look(session: Asked, profiles: Profiles, options: SnmpOptions) -> Answer:
    """`ask`, of whatever answers like an agent."""
    async with session.lock:
        known, now = session.known, asyncio.get_running_loop().time()
        if now - known.learned_at >= options.inventory_every_seconds:
            known.forget()
        profile = await choose(session, profiles, options.profile)
        if known.inventory.get("profile") != profile.name:  # never taken, or by another profile before a reload
            known.inventory = await _take_inventory(session, profile)
            known.learned_at = now
        values = dict(known.inventory)
        cells = await get(session, profile.scalar_oids)
        _read(profile.scalars, cells, values)
        compute(profile.compute, values)
        rows: dict[str, dict[str, Values]] = {}
        if profile.tables and options.tables and now - known.tables_at >= options.table_every_seconds:
            for table in profile.tables:
                await _walk(session, table, values, rows)
            known.tables_at = now
        if not cells and not any(rows.values()):
            known.forget()  # another device may stand there now
            raise Unsupported(f"the device has no object of SNMP profile {profile.name}")
    return Answer(_shown(values), rows)


async def _take_inventory(session: Asked, profile: Profile) -> dict[str, Value]:
    found: dict[str, Value] = {"profile": profile.name}
    if profile.source.vendor:
        found["vendor"] = profile.source.vendor
    if profile.inventory:
        _read(profile.inventory, await get(session, profile.inventory_oids), found)
    return found


async def _walk(
    session: Asked, table: TableReading, values: dict[str, Value], rows: dict[str, dict[str, Values]]
) -> None:
    """Walk one table; its rows go into `rows`, the scalars made of it into `values`."""
    spec, counts = table.spec, session.known.rows
    found = await walk(session, table.oids, counts.get(spec.prefix + table.name, 0))
    counts[spec.prefix + table.name] = len(found)
    read = [(index, _row(table, cells)) for index, cells in found.items()]
    for scalar in spec.scalars:
        value = None if scalar.value in values else aggregate(scalar, (row for _, row in read))
        if value is not None:
            values[scalar.value] = value
    if table.name[0] == "_":
        return
    shown = rows.setdefault(table.name, {})
    if spec.first is not None and (0,) in found:  # as its screen and its web page count
        read = [((index[0] + spec.first, *index[1:]), row) for index, row in read]
    for index, row in read:
        if (key := _key(index, spec.index_parts)) is not None and _counts(table, row):
            shown[spec.prefix + key] = _shown(row)
    trace("table %s: %d rows walked, %d kept", table.name, len(found), len(shown))


def _row(table: TableReading, cells: Row) -> dict[str, Value]:
    row: dict[str, Value] = dict(table.spec.constants)
    _read(table.columns, cells, row)
    for column in table.columns:
        if column.scaled_by is not None and column.value in row:
            row[column.value] = scaled(row[column.value], column.scaled_by, row)
    compute(table.spec.compute, row)
    return row


def _counts(table: TableReading, row: Mapping[str, Value]) -> bool:
    """Is the row one of those that the profile wants?"""
    return (
        all(name in row for name in table.spec.need)
        and all(str(row.get(name)) in allowed for name, allowed in table.keep.items())
        and not any(pattern.search(str(row.get(name, ""))) for name, pattern in table.drop.items())
    )


def _read(readings: Iterable[Reading], cells: Mapping[bytes, Bind], values: dict[str, Value]) -> None:
    for reading in readings:
        cell = cells.get(reading.oid)
        if cell is not None:
            value = reading.convert(cell[1], cell[2])
            if value is not None:
                values[reading.value] = value


def _key(index: tuple[int, ...], parts: tuple[int, ...] | None) -> str | None:
    if parts is not None:
        if max(parts) >= len(index):
            return None
        index = tuple(index[part] for part in parts)
    return ".".join(map(str, index))[:MAX_KEY]


def _shown(values: Mapping[str, Value]) -> Values:
    return {name: value for name, value in values.items() if name[0] != "_"}
