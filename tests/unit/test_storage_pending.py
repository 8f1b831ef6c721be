"""Is committing what is left the same as committing every change in order?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, select

from monitor.core.change import (
    AddEvent,
    AddEvidence,
    Change,
    CopyEvidence,
    DropCondition,
    DropItems,
    Enqueue,
    KeepPicture,
    Message,
    PutCondition,
    PutItem,
    PutOutages,
    PutTicket,
)
from monitor.core.condition import Condition, Key, State
from monitor.core.inventory import Item
from monitor.core.outage import Outage, Step
from monitor.storage.pending import Pending
from monitor.storage.schema import METADATA
from monitor.storage.writing import Writing
from probes.observation import Picture
from ticketing.ticket import EventKind, Fingerprint, Severity, Ticket, TicketEvent, TicketState

FEW = st.integers(1, 2)
DEVICES = st.sampled_from(["a", "b"])
KEYS = st.builds(Key, DEVICES, st.just("rule"), st.sampled_from(["", "disk/1"]))
PICTURES = st.builds(Picture, st.binary(min_size=1, max_size=2), st.just(1), st.just(1))
EVIDENCE_ROLES = st.sampled_from(["now", "before"])
KEPT_ROLES = st.sampled_from(["latest", "good"])
TIMES = st.integers(0, 99).map(float)

OUTAGES = st.builds(Outage, DEVICES, DEVICES, TIMES, TIMES, st.tuples(st.builds(Step, DEVICES, TIMES, TIMES, TIMES)))


def a_message(key: int, route: str) -> Message:
    return Message(f"k{key}", route, "mail", "en", 1, 1, Severity.LOW, 1.0, 1.0)


CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.builds(PutCondition, st.builds(Condition, KEYS, st.sampled_from(State), TIMES)),
    st.builds(DropCondition, KEYS),
    st.builds(
        PutTicket,
        st.builds(
            Ticket, FEW, st.builds(Fingerprint, st.just("s"), DEVICES, st.just(""), st.just("f")),
            st.sampled_from(Severity), st.sampled_from(TicketState), TIMES, TIMES,
        ),
    ),
    st.builds(AddEvent, st.builds(TicketEvent, FEW, FEW, TIMES, st.sampled_from(EventKind))),
    st.builds(KeepPicture, DEVICES, KEPT_ROLES, TIMES, PICTURES),
    st.builds(AddEvidence, FEW, EVIDENCE_ROLES, TIMES, PICTURES),
    st.builds(CopyEvidence, FEW, EVIDENCE_ROLES, DEVICES, KEPT_ROLES),
    st.builds(DropItems, DEVICES),
    st.builds(PutOutages, DEVICES, st.lists(OUTAGES, max_size=2).map(tuple)),
    st.builds(PutItem, st.builds(Item, DEVICES, st.sampled_from(["serial", "mac"]), st.text(max_size=3), TIMES, TIMES)),
    st.builds(Enqueue, st.builds(a_message, FEW, st.sampled_from(["x", "y"]))),
)  # fmt: skip


def taken_in_order(changes: Sequence[Change], first: int) -> list[Change]:
    """As from a real device: every kept picture has its own time."""
    return [
        replace(change, at=float(number)) if isinstance(change, KeepPicture) else change
        for number, change in enumerate(changes, first)
    ]


ENGINE = create_engine("sqlite://")
METADATA.create_all(ENGINE)
WRITING = Writing(ENGINE.dialect)


def contents(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    for table in METADATA.sorted_tables:
        names = [column for column in table.columns if column.name != "number" or table.name != "outbox"]
        found[table.name] = sorted(map(tuple, connection.execute(select(*names))), key=repr)
    return found


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.lists(CHANGES, max_size=8), st.lists(CHANGES, max_size=16), st.integers(0, 16))
def test_one_coalesced_batch_is_as_good_as_one_after_the_other(
    before: Sequence[Change], changes: Sequence[Change], cut: int
) -> None:
    before, changes = taken_in_order(before, 0), taken_in_order(changes, len(before))
    with ENGINE.connect() as connection:
        for change in (*before, *changes):
            WRITING.commit(connection, [change])
        wanted = contents(connection)
        connection.rollback()
        for change in before:
            WRITING.commit(connection, [change])
        pending = Pending(changes[:cut])
        pending.add(changes[cut:])
        WRITING.commit(connection, pending)
        assert contents(connection) == wanted
        WRITING.commit(connection, Pending(pending))  # it is not known whether it was written: again
        assert contents(connection) == wanted


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(CHANGES, max_size=40))
def test_what_is_left_is_bounded_by_its_keys(changes: Sequence[Change]) -> None:
    pending = Pending(changes)
    left = list(pending)
    assert len(left) == len(pending) <= len(changes)
    assert list(Pending(left)) == left
    pending.clear()
    assert len(pending) == 0
    assert list(pending) == []
