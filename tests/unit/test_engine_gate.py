"""A refused password: one try, then patience."""

from __future__ import annotations

from dataclasses import replace

from monitor.engine.gate import LONGEST_BACKOFF_SECONDS, Gate
from probes.observation import Observation, Outcome
from probes.rtsp.options import RtspOptions
from probes.target import Login, Secret, Target
from tests.acceptance.plans import plan_of


class Now:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def look(check: str, outcome: Outcome) -> Observation:
    return Observation("cam", check, 0.0, 0.1, outcome)


def test_everybody_may_before_a_refusal_and_nobody_after() -> None:
    gate = Gate(now := Now(), 900.0)
    assert gate.admits("cam", "login", "rtsp")
    news = gate.learn(look("rtsp", Outcome.DENIED), "login")
    assert news is not None
    assert (news.check, news.values["state"], news.outcome) == ("login", "refused", Outcome.OK)
    assert not gate.admits("cam", "login", "rtsp")
    assert not gate.admits("cam", "login", "onvif")
    assert gate.admits("cam", "snmp_login", "snmp")
    assert gate.admits("other", "login", "rtsp")
    now.seconds += 899.0
    assert not gate.admits("cam", "login", "rtsp")
    now.seconds += 1.0
    assert gate.admits("cam", "login", "rtsp")
    assert not gate.admits("cam", "login", "onvif")  # only who was refused tries again


def test_the_wait_doubles_up_to_a_day() -> None:
    gate = Gate(now := Now(), 900.0)
    waits = []
    for _ in range(12):
        gate.learn(look("rtsp", Outcome.DENIED), "login")
        retry_at = gate.retry_at("cam", "login")
        assert retry_at is not None
        waits.append(retry_at - now.seconds)
        now.seconds = retry_at
    assert waits[:3] == [900.0, 1_800.0, 3_600.0]
    assert waits[-1] == LONGEST_BACKOFF_SECONDS


def test_only_the_refused_check_can_prove_the_password() -> None:
    gate = Gate(Now(), 900.0)
    gate.learn(look("onvif", Outcome.DENIED), "login")
    assert gate.learn(look("rtsp", Outcome.OK), "login") is None  # perhaps it asks for no password at all
    assert not gate.admits("cam", "login", "rtsp")
    news = gate.learn(look("onvif", Outcome.OK), "login")
    assert news is not None
    assert news.values["state"] == "ok"
    assert gate.admits("cam", "login", "rtsp")


def test_a_person_may_ask_for_one_try_now() -> None:
    gate = Gate(Now(), 900.0)
    assert gate.open("cam", "login") is None
    gate.learn(look("onvif", Outcome.DENIED), "login")
    assert gate.open("cam", "login") == "onvif"
    assert gate.admits("cam", "login", "onvif")
    assert not gate.admits("cam", "login", "rtsp")


def test_a_restart_does_not_try_at_once() -> None:
    gate = Gate(now := Now(), 900.0)
    gate.remember("cam", "login", "rtsp")
    assert not gate.admits("cam", "login", "rtsp")
    now.seconds += 900.0
    assert gate.admits("cam", "login", "rtsp")
    assert not gate.admits("cam", "login", "onvif")
    gate.remember("cam", "login", "")  # nobody knows any more by which check
    now.seconds += 900.0
    assert gate.admits("cam", "login", "onvif")


def test_a_check_that_can_no_longer_say_lets_another_try() -> None:
    """Refused by ONVIF, which somebody then switched off: the stream must not wait for it for ever."""
    gate = Gate(now := Now(), 900.0)
    gate.learn(look("onvif", Outcome.DENIED), "login")
    now.seconds += 900.0
    assert gate.learn(look("onvif", Outcome.REFUSED), "login") is None
    assert gate.admits("cam", "login", "rtsp")
    news = gate.learn(look("rtsp", Outcome.OK), "login")
    assert news is not None
    assert news.values["state"] == "ok"
    gate.learn(look("rtsp", Outcome.DENIED), "login")
    assert not gate.admits("cam", "login", "onvif")


def test_an_account_is_its_address_ports_and_password() -> None:
    plan = plan_of({name: {"checks": ["rtsp"]} for name in ("one", "two", "forwarded", "elsewhere", "other", "open")})
    login, devices, checks = Login("viewer", Secret("wrong")), dict(plan.devices), dict(plan.checks)
    for name in plan.devices:
        host = "127.0.0.9" if name == "elsewhere" else "127.0.0.1"
        own = Login("viewer", Secret("another")) if name == "other" else None if name == "open" else login
        options = RtspOptions(port=5_554) if name == "forwarded" else RtspOptions()
        devices[name] = replace(devices[name], target=Target(name, host, own))
        checks[name, "rtsp"] = replace(checks[name, "rtsp"], uses_login=True, options=options)
    gate = Gate(Now(), 900.0)
    gate.plan(replace(plan, devices=devices, checks=checks))
    gate.learn(Observation("one", "rtsp", 0.0, 0.1, Outcome.DENIED), "login")
    admitted = {name for name in devices if gate.admits(name, "login", "rtsp")}
    assert admitted == {"forwarded", "elsewhere", "other", "open"}
    news = gate.learn(Observation("two", "rtsp", 0.0, 0.0, Outcome.WITHHELD), "login")
    assert news is not None
    assert news.values["state"] == "refused"
