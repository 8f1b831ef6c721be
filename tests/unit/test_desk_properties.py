"""Whatever happens to a ticket, in whatever order: its history is whole, its clocks are honest, it can be ended."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ticketing import clocks, desk
from ticketing.commands import (
    Acknowledge,
    Assign,
    Cancel,
    Command,
    NotAllowed,
    Note,
    Pend,
    Resolve,
    Restore,
    Resume,
    Start,
    Waive,
)
from ticketing.policies import LocalTime, Route, ServiceTargets, seconds_until_open
from ticketing.ticket import OVER, EventKind, Fingerprint, PendingReason, Severity, Ticket, TicketEvent, TicketState

TARGETS = ServiceTargets(300.0, 7_200.0, 43_200.0)
WAITS = 86_400.0
commands = st.one_of(
    st.just(Acknowledge()),
    st.builds(Start, st.booleans()),
    st.builds(Note, st.sampled_from(["seen", " ", ""])),
    st.builds(Pend, st.sampled_from(PendingReason)),
    st.just(Resume()),
    st.builds(Restore, st.sampled_from(["loaner", ""])),
    st.builds(Resolve, st.sampled_from(["cable", ""]), st.sampled_from(["replaced", ""])),
    st.builds(Waive, st.sampled_from(["customer knows", ""])),
    st.builds(Cancel, st.sampled_from(["double", ""])),
    st.builds(Assign, st.sampled_from(["li", ""])),
)


class Desk(RuleBasedStateMachine):
    """One ticket, everything that can happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0
        step = desk.open_ticket(
            1, Fingerprint("s", "cam", "", "f"), Severity.HIGH, TARGETS, self.now, since=900.0, facts={}
        )
        self.ticket: Ticket = step.ticket
        self.history: list[TicketEvent] = list(step.events)

    def _take(self, step: desk.Step) -> None:
        self.ticket = step.ticket
        self.history += step.events

    def over(self) -> bool:
        return self.ticket.state in OVER

    @rule(seconds=st.floats(0.0, 50_000.0))
    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        self._take(desk.due(self.ticket, self.now, WAITS))

    @rule(what=commands)
    def act(self, what: Command) -> None:
        allowed = type(what) in desk.allowed(self.ticket)
        try:
            step = desk.command(self.ticket, what, "li", self.now)
        except NotAllowed:
            blank = any(isinstance(v, str) and not v.strip() for v in _texts(what))
            assert not allowed or blank
            return
        assert allowed
        assert step.events
        self._take(step)

    @precondition(lambda self: not self.over())
    @rule()
    def recur(self) -> None:
        before = self.ticket
        self._take(desk.recur(self.ticket, TARGETS, self.now, {}))
        assert self.ticket.occurrences == before.occurrences + 1
        assert self.ticket.state not in (TicketState.RECOVERED, TicketState.RESOLVED, TicketState.VERIFIED)

    @precondition(lambda self: not self.over())
    @rule()
    def clear(self) -> None:
        self._take(desk.clear(self.ticket, self.now))

    @precondition(lambda self: not self.over())
    @rule(well=st.booleans(), ago=st.floats(0.0, 400.0))
    def look(self, well: bool, ago: float) -> None:
        before = self.ticket
        self._take(desk.prove(self.ticket, well, self.now - ago, self.now))
        if self.ticket.state is TicketState.CLOSED and before.state is not TicketState.CLOSED:
            assert well
            assert before.resolved_at is not None
            assert self.now - ago >= before.resolved_at  # never proven by a look from before the repair

    @precondition(lambda self: not self.over())
    @rule(severity=st.sampled_from(Severity))
    def worsen(self, severity: Severity) -> None:
        self._take(desk.raise_severity(self.ticket, severity, TARGETS, self.now))

    @invariant()
    def history_is_whole(self) -> None:
        assert [event.number for event in self.history] == list(range(1, self.ticket.events + 1))
        assert [event.at for event in self.history] == sorted(event.at for event in self.history)

    @invariant()
    def what_is_over_has_an_end(self) -> None:
        assert (self.ticket.closed_at is not None) == self.over()
        if self.over():
            proven = any(event.kind is EventKind.VERIFIED for event in self.history)
            by_itself = any(event.kind is EventKind.RECOVERED for event in self.history)
            cancelled = self.ticket.state is TicketState.CANCELLED
            assert proven or by_itself or cancelled or self.ticket.waiver

    @invariant()
    def a_breach_is_told_once_for_each_run_of_a_clock(self) -> None:
        for name, kind in clocks.BREACHES.items():
            told = sum(event.kind is kind for event in self.history)
            assert told <= 1 + self.ticket.reopened + sum(e.kind is EventKind.RAISED for e in self.history)
            clock = clocks.get(self.ticket, name)
            if clock.met_at is not None and clock.due_at is not None and clock.met_at <= clock.due_at:
                assert not clock.breached or told

    @invariant()
    def pending_has_a_reason_and_a_begin(self) -> None:
        waits = self.ticket.state is TicketState.PENDING
        if waits:
            assert self.ticket.pending is not None
            assert self.ticket.pending_since is not None


def _texts(what: Any) -> list[Any]:
    return [getattr(what, name) for name in what.__slots__]


TestDesk = Desk.TestCase


@given(
    st.frozensets(st.integers(1, 7)),
    st.integers(0, 1_440),
    st.integers(0, 1_440),
    st.integers(1, 7),
    st.integers(0, 1_439),
)
def test_a_route_opens_within_a_week_or_never_closes(
    days: frozenset[int], begin: int, end: int, weekday: int, minute: int
) -> None:
    route = Route("duty", "mail", days=days, from_minute=begin, to_minute=end)
    wait = seconds_until_open(route, LocalTime(weekday, minute))
    assert 0 <= wait < 7 * 86_400
    ahead = (weekday - 1) * 1_440 + minute + int(wait // 60)
    then = LocalTime(ahead // 1_440 % 7 + 1, ahead % 1_440)
    if begin != end:
        assert seconds_until_open(route, then) == 0.0


def test_hours_over_midnight_belong_to_the_day_on_which_they_began() -> None:
    night = Route("night", "mail", days=frozenset({5}), from_minute=22 * 60, to_minute=6 * 60)
    assert seconds_until_open(night, LocalTime(5, 23 * 60)) == 0.0
    assert seconds_until_open(night, LocalTime(6, 5 * 60)) == 0.0
    assert seconds_until_open(night, LocalTime(5, 5 * 60)) == 17 * 3_600.0
    assert seconds_until_open(night, LocalTime(6, 6 * 60)) == (6 * 24 + 16) * 3_600.0


def test_worked_cases_around_the_clock() -> None:
    """Response 5 min, arrival 2 h; exactly on the deadline is met, a second later is not."""
    opened = desk.open_ticket(1, Fingerprint("s", "c", "", "f"), Severity.URGENT, TARGETS, 0.0, since=0.0, facts={})
    assert opened.ticket.response.due_at == 300.0
    assert opened.ticket.arrival.due_at == 7_200.0
    on_time = desk.command(opened.ticket, Acknowledge(), "li", 300.0).ticket
    late = desk.command(opened.ticket, Acknowledge(), "li", 301.0).ticket
    assert (on_time.response.breached, late.response.breached) == (False, True)


def test_a_pause_moves_what_it_pauses_and_nothing_else() -> None:
    ticket = desk.open_ticket(
        1, Fingerprint("s", "c", "", "f"), Severity.URGENT, TARGETS, 0.0, since=0.0, facts={}
    ).ticket
    ticket = desk.command(ticket, Acknowledge(), "li", 10.0).ticket
    for reason, arrival_moves in ((PendingReason.PARTS, False), (PendingReason.ACCESS, True)):
        waiting = desk.command(ticket, Pend(reason), "li", 100.0).ticket
        going = desk.command(waiting, Resume(), "li", 1_100.0).ticket
        assert going.fix.due_at == 44_200.0
        assert going.arrival.due_at == (8_200.0 if arrival_moves else 7_200.0)


def test_a_pause_moves_no_deadline_that_was_missed_before() -> None:
    """Somebody came a second late, and then waited: late he was."""
    fingerprint = Fingerprint("s", "c", "", "f")
    ticket = desk.open_ticket(1, fingerprint, Severity.URGENT, TARGETS, 0.0, since=0.0, facts={}).ticket
    for what, now in ((Acknowledge(), 10.0), (Start(on_site=True), 7_201.0), (Pend(PendingReason.CUSTOMER), 7_201.0),
                      (Resume(), 8_000.0)):  # fmt: skip
        ticket = desk.command(ticket, what, "li", now).ticket
    assert (ticket.arrival.due_at, ticket.arrival.met_at, ticket.arrival.breached) == (7_200.0, 7_201.0, True)
    assert ticket.fix.due_at == 43_200.0 + 799.0
