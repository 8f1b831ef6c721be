"""How do changes become rows? One transaction, one statement a kind of change; writing the same again is harmless."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Executable, Table, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from monitor.core.change import AddEvidence, Change, CopyEvidence, DropCondition, DropTuning, PutCondition, PutTuning
from monitor.storage import records
from monitor.storage.pending import Pending
from monitor.storage.schema import (
    CONDITION,
    DEVICE_PICTURE,
    DEVICE_REFERENCE,
    EVIDENCE,
    FRAME_TUNING,
    INVENTORY,
    OUTAGE,
    OUTBOX,
    PULSE,
    TICKET,
    TICKET_EVENT,
)

Insert = sqlite.Insert | postgresql.Insert

_PICTURE: Final = ("at", "width", "height", "jpeg")
_GONE: Final = delete(CONDITION).where(
    CONDITION.c.device == bindparam("of_device"),
    CONDITION.c.rule == bindparam("of_rule"),
    CONDITION.c.component == bindparam("of_component"),
)
_TAKEN_BACK: Final = delete(FRAME_TUNING).where(
    FRAME_TUNING.c.device == bindparam("of_device"), FRAME_TUNING.c.fault == bindparam("of_fault")
)
_FORGOTTEN: Final = delete(INVENTORY).where(INVENTORY.c.device == bindparam("of_device"))
_OUTAGES_FORGOTTEN: Final = delete(OUTAGE).where(OUTAGE.c.device == bindparam("of_device"))
_KEPT: Final = select(
    bindparam("to_ticket", type_=EVIDENCE.c.ticket.type),
    bindparam("to_role", type_=EVIDENCE.c.role.type),
    *(DEVICE_PICTURE.c[name] for name in _PICTURE),
).where(
    DEVICE_PICTURE.c.device == bindparam("of_device"),
    DEVICE_PICTURE.c.role == bindparam("of_role"),
    # When the same batch is written again, the picture that replaces this one is already there: not what is meant.
    DEVICE_PICTURE.c.at.is_distinct_from(bindparam("replaced_by_at", type_=DEVICE_PICTURE.c.at.type)),
)


class Writing:
    """The statements of one dialect, built once."""

    def __init__(self, dialect: Dialect) -> None:
        self._insert = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
        self.ticket = self._put(TICKET)
        self.condition = self._put(CONDITION)
        self.picture = self._put(DEVICE_PICTURE)
        self.reference = self._put(DEVICE_REFERENCE)
        self.tuning = self._put(FRAME_TUNING)
        self.evidence = self._put(EVIDENCE)
        self.event = self._insert(TICKET_EVENT).on_conflict_do_nothing(index_elements=["ticket", "number"])
        self.message = self._insert(OUTBOX).on_conflict_do_nothing(index_elements=["key"])
        self.item = self._put(INVENTORY)
        self.outages = self._put(OUTAGE)
        self.pulse = self._put(PULSE)
        copied = self._insert(EVIDENCE).from_select(("ticket", "role", *_PICTURE), _KEPT)
        self.copied = copied.on_conflict_do_update(
            index_elements=["ticket", "role"], set_={name: copied.excluded[name] for name in _PICTURE}
        )

    def _put(self, table: Table) -> Insert:
        """Insert, or replace the row of the same primary key."""
        key = [column.name for column in table.primary_key]
        insert = self._insert(table)
        rest = {column.name: insert.excluded[column.name] for column in table.columns if column.name not in key}
        return insert.on_conflict_do_update(index_elements=key, set_=rest)

    def commit(self, connection: Connection, changes: Iterable[Change]) -> None:
        """Write the changes as if one after the other; the caller ends the transaction."""
        batch = changes if isinstance(changes, Pending) else Pending(changes)
        evidence = [change for place in batch.evidence.values() for change in place]
        conditions = batch.conditions.values()
        messages = [records.message_row(change.message) for change in batch.messages.values()]
        _run(connection, self.ticket, [records.ticket_row(change.ticket) for change in batch.tickets.values()])
        _run(connection, self.event, [records.event_row(change.event) for change in batch.events.values()])
        _run(
            connection,
            self.evidence,
            [records.evidence_row(item) for item in evidence if isinstance(item, AddEvidence)],
        )
        _run(connection, self.copied, [_copy(item, batch) for item in evidence if isinstance(item, CopyEvidence)])
        _run(connection, self.picture, [records.kept_row(change) for change in batch.pictures.values()])
        _run(connection, self.reference, [records.reference_row(change) for change in batch.references.values()])
        tunings = batch.tunings.values()
        _run(connection, self.tuning, [records.tuning_row(put.tuning) for put in tunings if isinstance(put, PutTuning)])
        taken_back = [drop for drop in tunings if isinstance(drop, DropTuning)]
        _run(connection, _TAKEN_BACK, [{"of_device": drop.device, "of_fault": drop.fault} for drop in taken_back])
        _run(
            connection,
            self.condition,
            [records.condition_row(put.condition) for put in conditions if isinstance(put, PutCondition)],
        )
        _run(connection, _GONE, [_gone(drop) for drop in conditions if isinstance(drop, DropCondition)])
        for forgotten in (_FORGOTTEN, _OUTAGES_FORGOTTEN):
            _run(connection, forgotten, [{"of_device": device} for device in batch.forgotten])
        _run(connection, self.outages, [records.outages_row(change) for change in batch.outages.values()])
        _run(connection, self.item, [records.item_row(change.item) for change in batch.items.values()])
        _run(connection, self.message, messages)


def _run(connection: Connection, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)


def _copy(change: CopyEvidence, batch: Pending) -> dict[str, Any]:
    replacing = batch.pictures.get((change.device, change.kept))
    return {
        "to_ticket": change.ticket,
        "to_role": change.role,
        "of_device": change.device,
        "of_role": change.kept,
        "replaced_by_at": None if replacing is None else replacing.at,
    }


def _gone(change: DropCondition) -> dict[str, Any]:
    key = change.key
    return {"of_device": key.device, "of_rule": key.rule, "of_component": key.component}
