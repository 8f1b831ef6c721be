"""Does the judge of the crash test see every way of breaking a promise?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.storage.outbox import Backlog
from tests.acceptance.crash_ledger import Kept, Ledger, Promise, judge
from ticketing.ticket import EventKind, Fingerprint, Severity, Ticket, TicketEvent, TicketState

TICKET = Ticket(
    1, Fingerprint("site", "camera", "", "camera.silent"), Severity.HIGH, TicketState.ACKNOWLEDGED, 10.0, 9.0, events=2
)
EVENTS = (TicketEvent(1, 1, 10.0, EventKind.OPENED), TicketEvent(1, 2, 11.0, EventKind.ACKNOWLEDGED, "ann"))
KEPT = Kept([TICKET], EVENTS, {"hook": Backlog()})


def body(number: int = 1, *, again: bool = False, ticket: str = "T-000001") -> dict[str, Any]:
    return {"kind": "ticket", "possible_repeat": again, "ticket": {"id": ticket}, "event": {"number": number}}


def shown() -> Ledger:
    ledger = Ledger()
    ledger.show_ticket({"id": 1, "device": "camera", "component": "", "fault": "camera.silent", "opened_at": 10.0})
    ledger.show_event({"ticket": 1, "number": 1, "kind": "opened", "at": 10.0, "by": "", "text": ""})
    ledger.promises.append(Promise(1, EventKind.ACKNOWLEDGED, ""))
    ledger.deliver("key/1", 1, body())
    return ledger


def test_a_kept_word_is_no_violation() -> None:
    ledger = shown()
    ledger.deliver("key/1", 2, body(again=True))
    assert judge(ledger, KEPT) == []
    assert ledger.repeats == 1


@pytest.mark.parametrize(
    ("kept", "violation"),
    [
        (Kept([], (), {}), "ticket 1 (camera camera.silent) was shown and is lost"),
        (Kept([replace(TICKET, opened_at=12.0)], EVENTS, {}), "ticket 1 was shown as"),
        (Kept([replace(TICKET, events=1)], EVENTS[:1], {}), "was acknowledged 1× and is there 0×"),
        (Kept([TICKET], EVENTS[1:], {}), "event (1, 1) (opened) was shown and is lost"),
        (Kept([TICKET], (replace(EVENTS[0], at=1.0), EVENTS[1]), {}), "event (1, 1) was shown as"),
        (Kept([replace(TICKET, events=3)], EVENTS, {}), "should have 3 events"),
        (Kept([TICKET, replace(TICKET, id=2, events=0)], EVENTS, {}), "2 open tickets of site|camera||camera.silent"),
        (Kept([TICKET, TICKET], EVENTS, {}), "2 tickets of number 1"),
        (Kept([TICKET], EVENTS, {"hook": Backlog(waiting=1)}), "1 notifications wait"),
        (
            Kept([replace(TICKET, events=3)], (*EVENTS, TicketEvent(1, 3, 12.0, EventKind.RECOVERED)), {}),
            "the notification of ('T-000001', 3) is lost",
        ),
    ],
)
def test_what_the_database_lacks_is_seen(kept: Kept, violation: str) -> None:
    assert any(violation in found for found in judge(shown(), kept)), judge(shown(), kept)


def test_a_silent_repeat_is_seen() -> None:
    ledger = shown()
    ledger.deliver("key/1", 2, body(again=False))
    assert judge(ledger, KEPT) == ["key/1 came again and did not say so (attempt 2)"]


def test_one_event_under_two_keys_is_seen() -> None:
    ledger = shown()
    ledger.deliver("key/2", 1, body())
    assert judge(ledger, KEPT) == ["('T-000001', 1) was told under 2 keys"]


def test_one_key_with_two_meanings_is_seen() -> None:
    ledger = shown()
    ledger.deliver("key/1", 2, body(2, again=True))
    assert any("key/1 told of" in found for found in judge(ledger, KEPT))


def test_what_never_was_is_seen() -> None:
    ledger = shown()
    ledger.deliver("key/9", 1, body(ticket="T-000009"))
    assert judge(ledger, KEPT) == ["told of ('T-000009', 1), which never was"]


def test_a_note_written_twice_is_seen() -> None:
    note = TicketEvent(1, 3, 12.0, EventKind.NOTED, "ann", "look")
    ledger = shown()
    ledger.promises.append(Promise(1, EventKind.NOTED, "look"))
    twice = Kept([replace(TICKET, events=4)], (*EVENTS, note, replace(note, number=4)), {})
    assert judge(ledger, twice) == [f"{ledger.promises[-1]} was done 2×"]


def test_what_changes_between_two_answers_is_seen() -> None:
    ledger = shown()
    ledger.show_event({"ticket": 1, "number": 1, "kind": "opened", "at": 11.0, "by": "", "text": ""})
    assert len(judge(ledger, KEPT)) == 1
