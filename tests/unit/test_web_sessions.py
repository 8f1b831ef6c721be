from __future__ import annotations

from dataclasses import replace
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.web.sessions import IDLE_SECONDS, LONGEST_SECONDS, RENEW_SECONDS, Sessions, safe_next
from monitor.web.throttle import FORGET_SECONDS, FREE_TRIES, MAX_KEYS, Throttle
from monitor.web.users import Role, User, bearer, digest, new_token
from ticketing.commands import Acknowledge, Cancel

WANG = User("wang", Role.TECHNICIAN, "$argon2id$one")


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def sessions(clock: Clock, key: bytes = b"0123456789abcdef") -> Sessions:
    return Sessions(key, clock)


def test_a_session_is_read_back_until_it_is_idle_or_old() -> None:
    clock = Clock()
    keeper = sessions(clock)
    session = keeper.begin(WANG)
    cookie = keeper.write(session)
    assert keeper.read(cookie, {"wang": WANG}) == session
    clock.now += IDLE_SECONDS + 1
    assert keeper.read(cookie, {"wang": WANG}) is None
    begun = session
    while clock.now - begun.began < LONGEST_SECONDS:
        session = keeper.renewed(session)
        clock.now += IDLE_SECONDS - 1
    assert keeper.read(keeper.write(session), {"wang": WANG}) is None


def test_a_session_ends_with_logout_new_password_and_removed_user() -> None:
    keeper = sessions(Clock())
    session = keeper.begin(WANG)
    cookie = keeper.write(session)
    assert keeper.read(cookie, {}) is None
    assert keeper.read(cookie, {"wang": replace(WANG, password="$argon2id$two")}) is None
    assert keeper.read(cookie, {"wang": WANG}) is not None
    keeper.end(session)
    assert keeper.read(cookie, {"wang": WANG}) is None


def test_a_cookie_is_renewed_only_now_and_then() -> None:
    clock = Clock()
    keeper = sessions(clock)
    session = keeper.begin(WANG)
    assert not keeper.due(session)
    clock.now += RENEW_SECONDS + 1
    assert keeper.due(session)
    assert not keeper.due(keeper.renewed(session))


@settings(max_examples=500, derandomize=True)
@given(st.text(max_size=100))
def test_forged_cookies_open_nothing(cookie: str) -> None:
    assert sessions(Clock()).read(cookie, {"wang": WANG, "": WANG}) is None


def test_another_key_opens_nothing() -> None:
    clock = Clock()
    cookie = sessions(clock).write(sessions(clock).begin(WANG))
    assert sessions(clock, b"another key of 16").read(cookie, {"wang": WANG}) is None
    with pytest.raises(ValueError, match="16 bytes"):
        sessions(clock, b"short")


def test_form_tokens_fit_one_browser() -> None:
    keeper = sessions(Clock())
    assert keeper.form_token_fits("one", keeper.form_token("one"))
    assert not keeper.form_token_fits("two", keeper.form_token("one"))
    assert not keeper.form_token_fits("one", "")
    assert not keeper.form_token_fits("one", "é")


@settings(max_examples=2_000, derandomize=True)
@given(st.one_of(st.text(max_size=60), st.text(alphabet="/\\:@.a?#\t\n%", max_size=20)))
@example("//evil.example")
@example("/\\evil.example")
@example("/\t/evil.example")
@example("https://evil.example")
@example("javascript:alert(1)")
def test_login_never_leads_away(target: str) -> None:
    went = safe_next(target)
    assert went.startswith("/")
    assert urlsplit(urljoin("http://here.example/login", went)).netloc == "here.example"
    assert "\\" not in went
    assert not went.startswith("//")


def test_login_leads_back_where_one_came_from() -> None:
    assert safe_next("/tickets/12?x=1") == "/tickets/12?x=1"


def test_waits_double_and_are_bounded() -> None:
    throttle = Throttle(longest_seconds=60)
    for _ in range(FREE_TRIES - 1):
        throttle.strike("name", 0.0)
    assert throttle.wait_seconds("name", 0.0) == 0
    waits = []
    for _ in range(8):
        throttle.strike("name", 0.0)
        waits.append(throttle.wait_seconds("name", 0.0))
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    assert throttle.wait_seconds("another", 0.0) == 0
    assert throttle.wait_seconds("name", 61.0) == 0
    throttle.strike("name", FORGET_SECONDS + 1)
    assert throttle.wait_seconds("name", FORGET_SECONDS + 1) == 0


def test_the_right_password_forgives_and_memory_is_bounded() -> None:
    throttle = Throttle(60)
    for _ in range(20):
        throttle.strike("name", 0.0)
    throttle.forgive("name")
    assert throttle.wait_seconds("name", 0.0) == 0
    for number in range(MAX_KEYS + 50):
        throttle.strike(str(number), 0.0)
    assert len(throttle._strikes) == MAX_KEYS


def test_tokens_are_known_by_their_digest_only() -> None:
    token, known = new_token()
    assert digest(token) == known
    assert token not in known
    user = replace(WANG, tokens=(known,))
    assert bearer({"wang": user}, token) is user
    assert bearer({"wang": user}, token + "x") is None
    assert bearer({"wang": WANG}, "") is None


def test_roles_include_one_another() -> None:
    roles = [replace(WANG, role=role) for role in Role]
    assert [user.may(Acknowledge) for user in roles] == [False, True, True]
    assert [user.may(Cancel) for user in roles] == [False, False, True]


def test_a_user_does_not_print_the_hash() -> None:
    assert "argon2" not in repr(WANG)
