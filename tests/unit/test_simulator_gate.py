"""Does the simulated camera let in whom it should, once, and nobody else?"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.digest import authorization, stale
from probes.simulators.gate import LOCK_AFTER, LOCK_SECONDS, Gate, UsernameToken, Verdict
from probes.target import Login, Secret

NOW = 1_750_000_000.0
URI = "rtsp://127.0.0.1/Streaming/Channels/101"


class Clock:
    """Stands still until it is moved."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def gate(*algorithms: str, clock: Clock | None = None) -> Gate:
    return Gate("viewer", "secret", algorithms or ("MD5",), clock or Clock())


def answer(door: Gate, password: str = "secret", username: str = "viewer", uri: str = URI) -> str:
    return authorization(door.challenges(), "DESCRIBE", uri, Login(username, Secret(password)))


def token(password: str = "secret", *, at: float = NOW, nonce: bytes = b"0123456789abcdef") -> UsernameToken:
    created = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hashlib.sha1(nonce + created.encode() + password.encode()).digest()
    return UsernameToken("viewer", base64.b64encode(digest).decode(), base64.b64encode(nonce).decode(), created)


@pytest.mark.parametrize("algorithms", [("MD5",), ("SHA-256",), ("SHA-256", "MD5")])
def test_the_right_password_is_welcome(algorithms: tuple[str, ...]) -> None:
    door = gate(*algorithms)
    assert door.check_digest(answer(door), "DESCRIBE", URI, "rtsp") is Verdict.WELCOME
    assert (dict(door.accepted), dict(door.refused)) == ({"rtsp": 1}, {})


def test_what_is_wrong_is_refused_and_counted() -> None:
    door = gate()
    for header in (answer(door, "other"), answer(door, username="other"), answer(door, uri=URI + "/x")):
        assert door.check_digest(header, "DESCRIBE", URI, "rtsp") is Verdict.REFUSED
    assert door.check_digest(answer(door), "PLAY", URI, "rtsp") is Verdict.REFUSED
    assert door.refused["rtsp"] == 4


@pytest.mark.parametrize("header", [None, "", "Basic dmlld2VyOnNlY3JldA=="])
def test_no_digest_is_no_attempt(header: str | None) -> None:
    door = gate()
    assert door.check_digest(header, "DESCRIBE", URI, "rtsp") is Verdict.MISSING
    assert not door.refused


def test_an_old_challenge_is_stale() -> None:
    clock = Clock()
    door = gate(clock=clock)
    header = answer(door)
    clock.now += 1_000
    assert door.check_digest(header, "DESCRIBE", URI, "rtsp") is Verdict.STALE
    assert stale(door.challenges(stale=True))
    assert not door.refused


def test_the_account_locks_and_opens_again() -> None:
    clock = Clock()
    door = gate(clock=clock)
    for _ in range(LOCK_AFTER):
        assert not door.locked
        door.check_digest(answer(door, "other"), "DESCRIBE", URI, "rtsp")
    assert door.locked
    assert door.check_digest(answer(door), "DESCRIBE", URI, "rtsp") is Verdict.REFUSED
    clock.now += LOCK_SECONDS + 1
    assert door.check_digest(answer(door), "DESCRIBE", URI, "rtsp") is Verdict.WELCOME


def test_a_token_is_good_once_and_near_the_clock() -> None:
    door = gate()
    assert door.check_token(token(), NOW + 5, "onvif") is Verdict.WELCOME
    assert door.check_token(token(), NOW + 6, "onvif") is Verdict.REFUSED
    assert door.check_token(token(nonce=b"another"), NOW + 21, "onvif") is Verdict.REFUSED
    assert door.check_token(token("wrong", nonce=b"third"), NOW, "onvif") is Verdict.REFUSED
    assert door.check_token(None, NOW, "onvif") is Verdict.MISSING
    assert door.refused["onvif"] == 3


@given(st.text(max_size=200), st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=400, derandomize=True)
def test_nonsense_is_refused(header: str, digest: str, nonce: str, created: str) -> None:
    door = gate()
    assert door.check_digest(f"Digest {header}", "GET", "/", "http") in (Verdict.STALE, Verdict.REFUSED)
    assert door.check_token(UsernameToken("viewer", digest, nonce, created), NOW, "onvif") is Verdict.REFUSED
