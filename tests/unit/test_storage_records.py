"""Is every ticket, event and condition the same after it was a row?"""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, insert, select
from sqlalchemy.dialects import postgresql

from monitor.core.condition import Condition, Key, State
from monitor.storage import records
from monitor.storage.schema import CONDITION, METADATA, TICKET, TICKET_EVENT, Words
from ticketing.ticket import (
    Clock,
    EventKind,
    Fingerprint,
    PendingReason,
    Severity,
    Ticket,
    TicketEvent,
    TicketState,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)  # surrogates and NUL too
TIMES = st.floats(-1e12, 1e12)
MAYBE_TIMES = st.none() | TIMES
SMALL = st.integers(0, 2**31 - 1)
IDS = st.integers(1, 2**62)
FACTS = st.dictionaries(ANY_TEXT, st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT, max_size=4)
CLOCKS = st.builds(Clock, MAYBE_TIMES, MAYBE_TIMES, st.booleans())
KEYS = st.builds(Key, ANY_TEXT, ANY_TEXT, ANY_TEXT)

CONDITIONS = st.builds(
    Condition,
    key=KEYS,
    state=st.sampled_from(State),
    since=TIMES,
    hits=SMALL,
    fired_at=MAYBE_TIMES,
    told=st.booleans(),
    held_by=st.none() | ANY_TEXT,
    good_since=MAYBE_TIMES,
    goods=SMALL,
    firings=st.lists(TIMES, max_size=5).map(tuple),
)
TICKETS = st.builds(
    Ticket,
    id=IDS,
    fingerprint=st.builds(Fingerprint, ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT),
    severity=st.sampled_from(Severity),
    state=st.sampled_from(TicketState),
    opened_at=TIMES,
    since=TIMES,
    facts=FACTS,
    surroundings=st.lists(FACTS, max_size=3).map(tuple),
    children=st.lists(ANY_TEXT, max_size=3).map(tuple),
    response=CLOCKS,
    arrival=CLOCKS,
    fix=CLOCKS,
    assignee=ANY_TEXT,
    pending=st.none() | st.sampled_from(PendingReason),
    pending_since=MAYBE_TIMES,
    resolved_at=MAYBE_TIMES,
    recovered_at=MAYBE_TIMES,
    verify_after=MAYBE_TIMES,
    closed_at=MAYBE_TIMES,
    occurrences=SMALL,
    reopened=SMALL,
    previous=st.none() | IDS,
    waiver=ANY_TEXT,
    cause=ANY_TEXT,
    work=ANY_TEXT,
    events=SMALL,
    changed_at=TIMES,
)
EVENTS = st.builds(
    TicketEvent,
    ticket=IDS,
    number=SMALL,
    at=TIMES,
    kind=st.sampled_from(EventKind),
    by=ANY_TEXT,
    text=ANY_TEXT,
    facts=FACTS,
)

ENGINE = create_engine("sqlite://")
METADATA.create_all(ENGINE)


def kept(table: Any, row: dict[str, Any]) -> Any:
    with ENGINE.connect() as connection:  # rolled back at the end
        connection.execute(insert(table), row)
        return connection.execute(select(table)).mappings().one()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(TICKETS)
def test_a_ticket_comes_back_as_it_was(ticket: Ticket) -> None:
    assert records.ticket_from(kept(TICKET, records.ticket_row(ticket))) == ticket


@settings(max_examples=300, deadline=None, derandomize=True)
@given(CONDITIONS)
def test_a_condition_comes_back_as_it_was(condition: Condition) -> None:
    assert records.condition_from(kept(CONDITION, records.condition_row(condition))) == condition


@settings(max_examples=300, deadline=None, derandomize=True)
@given(EVENTS)
def test_an_event_comes_back_as_it_was(event: TicketEvent) -> None:
    assert records.event_from(kept(TICKET_EVENT, records.event_row(event))) == event


@settings(max_examples=500, deadline=None, derandomize=True)
@given(ANY_TEXT | st.text("\\0ad8\x00\ud800", max_size=12))
def test_any_text_is_stored_as_utf8_without_nul_and_comes_back(text: str) -> None:
    dialect = postgresql.dialect()
    stored = Words().process_bind_param(text, dialect)
    assert stored is not None
    assert "\x00" not in stored
    stored.encode()
    assert Words().process_result_value(stored, dialect) == text


def test_no_field_is_forgotten() -> None:
    """A new field of a ticket needs a column, or it would be lost silently."""
    nested = {"fingerprint", "response", "arrival", "fix"}
    fields = {field.name for field in dataclasses.fields(Ticket)} - nested
    assert fields <= set(TICKET.columns.keys())
    assert {field.name for field in dataclasses.fields(Condition)} - {"key"} <= set(CONDITION.columns.keys())
    assert {field.name for field in dataclasses.fields(TicketEvent)} <= set(TICKET_EVENT.columns.keys())
