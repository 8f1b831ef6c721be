"""Is ONVIF that was switched off told apart from a device that is silent, and is the cause named?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from monitor.core import decide
from monitor.core.plan import Plan
from monitor.core.world import World
from monitor.locale.probe_lines import say_line
from monitor.notify.wording import describe
from monitor.settings.load import load
from monitor.settings.planning import plan
from probes.observation import Observation, Outcome
from ticketing.ticket import Language

EXAMPLE = Path(__file__).parents[2] / "config" / "example.site.yaml"
CAMERA = "cam-hall-01"


@pytest.fixture(scope="module")
def made() -> Plan:
    return plan(load(EXAMPLE, env={}, lenient=True))


class Camera:
    """One camera; `looks` go on for an hour after what has happened to it."""

    def __init__(self, made: Plan) -> None:
        self.plan, self.world, self.now = made, World(), 1_800_000_000.0
        self.hour(Outcome.OK)

    def see(self, check: str, outcome: Outcome = Outcome.OK, **values: Any) -> None:
        look = Observation(CAMERA, check, self.now, 0.1, outcome, values, detail="HTTP status 404")
        decide.observe(self.plan, self.world, look)

    def hour(self, onvif: Outcome, *, reach: Outcome = Outcome.OK, server: str = "Cam 1.0", **snmp: Any) -> None:
        for _ in range(12):
            self.now += 300
            for _ in range(4):
                self.now += 30
                self.see("reach", reach)
            if reach is Outcome.OK:
                self.see("rtsp", server=server)
            if snmp:
                self.see("snmp", uptime_seconds=self.now - snmp["started_at"])
            seen = {"firmware": "1.0", "vendor": "A"} if onvif is Outcome.OK else {}
            self.see("onvif", onvif, **seen)

    @property
    def told(self) -> dict[str, str | None]:
        tickets = (one for one in self.world.tickets.values() if one.fingerprint.fault.startswith("onvif"))
        return {one.fingerprint.fault: one.facts.get("disabled_by") for one in tickets}  # type: ignore[misc]


@pytest.mark.parametrize("outcome", [Outcome.NO_ANSWER, Outcome.REFUSED, Outcome.GARBLED])
def test_what_does_not_answer_is_silent(made: Plan, outcome: Outcome) -> None:
    camera = Camera(made)
    camera.hour(outcome)
    assert camera.told == {"onvif.silent": None}


def test_a_web_server_without_onvif_is_switched_off(made: Plan) -> None:
    camera = Camera(made)
    camera.hour(Outcome.UNSUPPORTED)
    assert camera.told == {"onvif.disabled": None}
    camera.hour(Outcome.OK)
    assert [ticket.state.value for ticket in camera.world.tickets.values()] == ["recovered"]


def test_a_device_that_is_dark_is_not_blamed_for_onvif(made: Plan) -> None:
    camera = Camera(made)
    camera.hour(Outcome.NO_ANSWER, reach=Outcome.NO_ANSWER)
    assert camera.told == {}


@pytest.mark.parametrize("outcome", [Outcome.UNSUPPORTED, Outcome.REFUSED])
def test_another_firmware_explains_it(made: Plan, outcome: Outcome) -> None:
    camera = Camera(made)
    camera.hour(outcome, server="Cam 2.0")  # a port of ONVIF's own is closed then
    assert camera.told == {"onvif.disabled": "upgrade"}
    (ticket,) = camera.world.tickets.values()
    assert ticket.facts["firmware_change"] == "Cam 1.0 → Cam 2.0"


def test_a_server_that_names_itself_otherwise_is_no_ticket(made: Plan) -> None:
    camera = Camera(made)
    camera.hour(Outcome.OK, server="Cam 2.0")
    camera.hour(Outcome.OK, server="Cam 1.0")
    assert not camera.world.tickets


def test_a_restart_is_named(made: Plan) -> None:
    camera = Camera(made)
    camera.hour(Outcome.UNSUPPORTED, started_at=camera.now - 60)
    assert camera.told == {"onvif.disabled": "restart"}
    dark = Camera(made)
    dark.hour(Outcome.NO_ANSWER, reach=Outcome.NO_ANSWER)
    dark.hour(Outcome.UNSUPPORTED)
    assert dark.told == {"onvif.disabled": "restart"}


def test_what_happened_long_ago_does_not_explain_it(made: Plan) -> None:
    camera = Camera(made)
    camera.hour(Outcome.UNSUPPORTED, started_at=camera.now - 86_400)
    assert camera.told == {"onvif.disabled": None}


@pytest.mark.parametrize(("language", "said"), [("en", "a firmware upgrade"), ("zh_CN", "固件升级")])
def test_the_text_names_cause_and_answer(made: Plan, language: Language, said: str) -> None:
    camera = Camera(made)
    camera.hour(Outcome.UNSUPPORTED, server="Cam 2.0")
    (ticket,) = camera.world.tickets.values()
    told = describe(ticket, made, language, camera.now)
    assert said in told.causes[0].casefold()
    assert say_line("HTTP status 404", language) in told.what
