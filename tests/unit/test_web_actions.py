from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.web.actions import (
    ACTIONS,
    CHOOSE,
    REQUIRED,
    TOO_LONG,
    UNKNOWN_USER,
    BadForm,
    clean,
    read_command,
    request_id,
)
from ticketing.commands import Acknowledge, Assign, Cancel, Note, Pend, Resolve, Start
from ticketing.ticket import PendingReason

USERS = frozenset({"wang", "li"})


@pytest.mark.parametrize(
    ("action", "fields", "command"),
    [
        ("acknowledge", {}, Acknowledge()),
        ("start", {}, Start(on_site=False)),
        ("start", {"on_site": "1"}, Start(on_site=True)),
        ("note", {"text": "  seen \r\n twice "}, Note("seen \n twice")),
        ("pend", {"reason": "parts"}, Pend(PendingReason.PARTS, "")),
        ("resolve", {"cause": "cable", "work": "new plug"}, Resolve("cable", "new plug")),
        ("cancel", {"reason": "误报"}, Cancel("误报")),
        ("assign", {"assignee": "li"}, Assign("li")),
    ],
)
def test_a_form_becomes_a_command(action: str, fields: dict[str, str], command: object) -> None:
    assert read_command(action, fields, USERS) == command


@pytest.mark.parametrize(
    ("action", "fields", "problems"),
    [
        ("note", {}, {"text": REQUIRED}),
        ("note", {"text": " \0\n\t "}, {"text": REQUIRED}),
        ("note", {"text": "x" * 4_001}, {"text": TOO_LONG}),
        ("resolve", {"cause": " ", "work": ""}, {"cause": REQUIRED, "work": REQUIRED}),
        ("pend", {"reason": "lunch", "text": "y" * 5_000}, {"reason": CHOOSE, "text": TOO_LONG}),
        ("assign", {"assignee": "nobody"}, {"assignee": UNKNOWN_USER}),
    ],
)
def test_what_is_wrong_is_named_by_field(action: str, fields: dict[str, str], problems: dict[str, str]) -> None:
    with pytest.raises(BadForm) as caught:
        read_command(action, fields, USERS)
    assert caught.value.problems == problems


def test_an_unknown_action_is_none() -> None:
    with pytest.raises(LookupError):
        read_command("explode", {}, USERS)


@settings(max_examples=500, derandomize=True)
@given(st.text(max_size=200))
def test_cleaned_text_is_storable_and_stays_as_it_is(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not any(char not in "\n\t" and unicodedata.category(char) in ("Cc", "Cs") for char in once)
    once.encode()


@settings(max_examples=500, derandomize=True)
@given(
    st.sampled_from(sorted(ACTIONS)),
    st.dictionaries(st.sampled_from(["text", "reason", "cause", "work", "assignee", "on_site"]), st.text(max_size=50)),
)
def test_any_form_is_a_command_or_named_problems(action: str, fields: dict[str, str]) -> None:
    problems: object = None
    command = None
    try:
        command = read_command(action, fields, USERS)
    except BadForm as bad:
        problems = bad.problems
    assert problems or isinstance(command, ACTIONS[action])


def test_request_ids_are_taken_only_in_their_form() -> None:
    assert request_id({"request_id": "abcd-1234"}, "own") == "abcd-1234"
    for odd in ("", "short", "x" * 65, "äöüäöüäö", "abcd 1234"):
        assert request_id({"request_id": odd}, "own") == "own"
