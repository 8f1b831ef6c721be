"""Do the rules as they are shipped open the tickets that a service manager wants, and no others?"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from monitor.core.change import AddEvent, PutCondition
from monitor.core.condition import State
from monitor.core.plan import MONITOR, Plan
from monitor.notify.wording import describe
from monitor.settings.load import load
from probes.observation import Outcome
from probes.registry import HEARD
from tests.acceptance.score import START, WELL
from tests.acceptance.site_default import Site, plan
from tests.acceptance.site_noise import flap, live_through, try_battery
from ticketing.ticket import Severity

EXAMPLE = Path(__file__).parents[2] / "config" / "example.site.yaml"
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
WARM = 6 * MINUTE  # every check but that of certificates has been made
URGENT, HIGH, NORMAL, LOW = Severity
VERDICTS = ("no_signal", "black", "blue", "covered", "frozen", "garbled", "dark", "over_exposed")

Fail = Callable[[Site], None]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan(tmp_path_factory.mktemp("small"), 6)


@pytest.fixture(scope="module")
def mall(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan(tmp_path_factory.mktemp("mall"), 60)


def events(site: Site, ticket: int) -> list[str]:
    found = [
        one.event.kind.value for _, one in site.changes if isinstance(one, AddEvent) and one.event.ticket == ticket
    ]
    return [kind for kind in found if kind != "children" and not kind.endswith("breached")]


@dataclass(frozen=True)
class Case:
    """One fault, and the one ticket that it must become: at `device`, with that severity."""

    fault: str
    severity: Severity
    device: str
    fail: Fail
    component: str = ""
    clears_within: float = 30 * MINUTE

    def within_seconds(self, made: Plan) -> float:
        """From the fault to its ticket: an interval, the hold-down, the timeouts of first and last look, a second."""
        rule = next(one for one in made.rules_of(self.device) if one.fault == self.fault)
        asking = {"login": "onvif", "snmp_login": "snmp", "inventory": "onvif"}.get(rule.check, rule.check)
        check = made.checks.get((self.device, asking))
        every, timeout = (check.every_seconds, check.timeout_seconds) if check else (5.0, 0.0)
        return every + rule.for_seconds + 2 * timeout + 1.0


def says(device: str, check: str, **values: bool | float | str) -> Fail:
    return lambda site: site.say(device, check, **values)


def judged(fault: str) -> Fail:
    return lambda site: site.say("cam-05", "frame", verdict=fault, **{fault: True})


def row(device: str, table: str, key: str, **columns: bool | float | str) -> Fail:
    return lambda site: site.row(device, table, key, **columns)


def streams(device: str, **columns: bool | float | str) -> Fail:
    def change(site: Site) -> None:
        answer = WELL["onvif"]
        profile = {**answer.rows["profile"]["main"], **columns}
        site.answer(device, "onvif", replace(answer, rows={"profile": {"main": profile}}))

    return change


def fails(device: str, outcome: Outcome, *checks: str) -> Fail:
    return lambda site: site.fail(device, outcome, *checks)


def dies(device: str) -> Fail:
    return lambda site: site.cut(device)


def itself(**values: bool | float) -> Fail:
    return lambda site: site.say(MONITOR, "self", **values)


NO_ANSWER, REFUSED, DENIED, UNSUPPORTED = Outcome.NO_ANSWER, Outcome.REFUSED, Outcome.DENIED, Outcome.UNSUPPORTED

CASES = (
    Case("camera.silent", URGENT, "cam-05", dies("cam-05")),
    Case("rtsp.silent", URGENT, "cam-05", fails("cam-05", REFUSED, "rtsp", "frame")),
    Case("onvif.silent", NORMAL, "cam-05", fails("cam-05", NO_ANSWER, "onvif")),
    Case("onvif.silent", NORMAL, "cam-05", fails("cam-05", REFUSED, "onvif")),
    Case("onvif.disabled", NORMAL, "cam-05", fails("cam-05", UNSUPPORTED, "onvif")),
    Case("clock.drift", NORMAL, "cam-05", says("cam-05", "onvif", clock_offset_seconds=-3_600.0)),
    Case("device.swapped", HIGH, "cam-05", says("cam-05", "onvif", serial="B2", firmware="5.8.0")),
    Case("device.reset", HIGH, "cam-05", says("cam-05", "onvif", hostname="IPC", clock_source="manual")),
    Case("users.administrator-added", HIGH, "cam-05", says("cam-05", "onvif", administrators="admin, root")),
    Case("users.changed", LOW, "cam-05", says("cam-05", "onvif", users="admin")),
    Case("firmware.changed", NORMAL, "cam-05", says("cam-05", "onvif", firmware="5.8.0")),
    Case("stream.changed", NORMAL, "cam-05", streams("cam-05", kbps=512)),
    Case("model.changed", LOW, "cam-05", says("cam-05", "onvif", model="C3")),
    Case("camera.no-picture", URGENT, "cam-05", fails("cam-05", NO_ANSWER, "frame")),
    Case("camera.no-signal", URGENT, "cam-05", judged("no_signal")),
    Case("camera.black", URGENT, "cam-05", judged("black")),
    Case("camera.blue", URGENT, "cam-05", judged("blue")),
    Case("camera.covered", URGENT, "cam-05", judged("covered")),
    Case("camera.frozen", URGENT, "cam-05", judged("frozen")),
    Case("camera.garbled", HIGH, "cam-05", judged("garbled")),
    Case("camera.dark", LOW, "cam-05", judged("dark")),
    Case("camera.over-exposed", LOW, "cam-05", judged("over_exposed")),
    Case("camera.moved", HIGH, "cam-05", judged("moved")),
    Case("camera.partly-covered", HIGH, "cam-05", judged("partly_covered")),
    Case("camera.obscured", LOW, "cam-05", judged("obscured"), clears_within=2 * HOUR),
    Case("camera.blurred", NORMAL, "cam-05", judged("blurred")),
    Case("camera.noisy", LOW, "cam-05", judged("noisy")),
    Case("camera.snow", HIGH, "cam-05", judged("snow")),
    Case("camera.stripes", NORMAL, "cam-05", judged("stripes")),
    Case("camera.fog", LOW, "cam-05", judged("fog"), clears_within=HOUR),
    Case("camera.colour-cast", LOW, "cam-05", judged("colour_cast"), clears_within=HOUR),
    Case("camera.ir-cut", NORMAL, "cam-05", judged("ir_cut"), clears_within=HOUR),
    Case("camera.text-missing", LOW, "cam-05", judged("text_missing")),
    Case("picture.ptz-away", LOW, "cam-05", says("cam-05", "frame", away=True, away_seconds=2_000.0)),
    Case("camera.flicker", NORMAL, "cam-05", judged("flicker"), clears_within=HOUR),
    Case("camera.jitter", NORMAL, "cam-05", judged("jitter"), clears_within=3 * HOUR),
    Case("login.refused", HIGH, "cam-05", fails("cam-05", DENIED, "onvif", "frame"), clears_within=HOUR),
    Case("switch.silent", URGENT, "sw-1", dies("sw-1")),
    Case("gateway.silent", URGENT, "gw", dies("gw")),
    Case("snmp.silent", NORMAL, "sw-1", fails("sw-1", NO_ANSWER, "snmp")),
    Case("snmp.login-refused", NORMAL, "nvr-1", fails("nvr-1", DENIED, "snmp"), clears_within=HOUR),
    Case("poe.fault", HIGH, "sw-1", row("sw-1", "poe_port", "1.22", detect="fault"), "poe_port/1.22"),
    Case("poe.supply", URGENT, "sw-1", row("sw-1", "poe", "1", supply="faulty"), "poe/1"),
    Case("poe.overload", NORMAL, "sw-1", row("sw-1", "poe", "1", used_watts=362), "poe/1"),
    Case("device.hot", HIGH, "sw-1", says("sw-1", "snmp", temperature_celsius=81.0)),
    Case("sensor.failed", NORMAL, "rack", row("rack", "sensor", "1", status="nonoperational"), "sensor/1"),
    Case("sensor.out-of-bounds", HIGH, "rack", row("rack", "sensor", "1", status="out_of_bounds"), "sensor/1"),
    Case("device.opened", HIGH, "rack", row("rack", "sensor", "2", status="open"), "sensor/2"),
    Case("device.abnormal", NORMAL, "nvr-1", says("nvr-1", "snmp", device_state="abnormal")),
    Case("mains.lost", URGENT, "ups-1", says("ups-1", "snmp", output_source="battery", input_volts=0.0)),
    Case("ups.silent", HIGH, "ups-1", lambda site: site.dark("ups-1")),
    Case("ups.battery-low", URGENT, "ups-1", says("ups-1", "snmp", battery_state="low", charge_percent=11.0)),
    Case("ups.battery-bad", HIGH, "ups-1", row("ups-1", "ups_alarm", "1", alarm="battery_bad")),
    Case("ups.overload", HIGH, "ups-1", says("ups-1", "snmp", load_percent=104.0)),
    Case("ups.bypass", HIGH, "ups-1", says("ups-1", "snmp", output_source="bypass")),
    Case("ups.fault", HIGH, "ups-1", row("ups-1", "ups_alarm", "1", alarm="charger_failed")),
    Case("ups.shutdown", URGENT, "ups-1", row("ups-1", "ups_alarm", "1", alarm="shutdown_imminent")),
    Case("ups.hot", NORMAL, "ups-1", says("ups-1", "snmp", battery_celsius=44.0), clears_within=40 * MINUTE),
    Case("panel.silent", URGENT, "panel-1", dies("panel-1")),
    Case("panel.mains-lost", HIGH, "panel-1", row("panel-1", "sensor", "1", value=1.0), "sensor/1"),
    Case("panel.battery", HIGH, "panel-1", row("panel-1", "sensor", "2", value=1.0), "sensor/2"),
    Case("panel.tamper", URGENT, "panel-1", row("panel-1", "sensor", "3", value=1.0), "sensor/3"),
    Case("recorder.silent", URGENT, "nvr-1", dies("nvr-1")),
    Case("disk.failed", URGENT, "nvr-1", row("nvr-1", "disk", "3", state="smart_failed"), "disk/3"),
    Case("disk.unformatted", HIGH, "nvr-1", row("nvr-1", "disk", "3", state="unformatted"), "disk/3"),
    Case("channel.offline", HIGH, "nvr-2", row("nvr-2", "channel", "4", state="offline"), "channel/4"),
    Case("storage.full", NORMAL, "vms", row("vms", "storage", "1", used_percent=97.0), "storage/1"),
    Case("device.silent", HIGH, "vms", dies("vms")),
    Case("http.silent", NORMAL, "vms", fails("vms", REFUSED, "http")),
    Case("http.unexpected", NORMAL, "vms", fails("vms", Outcome.GARBLED, "http")),
    Case("tls.ends", NORMAL, "vms", says("vms", "tls", days_left=20.0), clears_within=7 * HOUR),
    Case("monitor.database", URGENT, MONITOR, itself(database_writable=False)),
    Case("monitor.delivery", HIGH, MONITOR, itself(outbox_failing=True, outbox_oldest_seconds=301.0)),
    Case("monitor.probe-bug", NORMAL, MONITOR, itself(probe_bugs=1)),
    Case("monitor.cannot-ask", HIGH, MONITOR, itself(local_trouble_ratio=0.2)),
    Case("monitor.names", HIGH, MONITOR, itself(unresolved_ratio=0.2)),
    Case("monitor.clock", NORMAL, MONITOR, itself(clock_jump_seconds=-3_600.0)),
    Case("monitor.late", NORMAL, MONITOR, itself(lateness_p99_seconds=12.0)),
    Case("monitor.decoder", NORMAL, MONITOR, itself(decode_deaths=11)),
    Case("monitor.config", NORMAL, MONITOR, itself(config_refused=True)),
    Case("monitor.listener", HIGH, MONITOR, itself(listener_failing=True)),
)


def test_every_fault_of_the_catalogue_has_its_case(small: Plan) -> None:
    """But for those that devices tell by themselves: they are tried with real messages (test_traps, test_panel).

    And those of profiles, which are tried with the bytes of their devices (test_identify_recordings), and what a
    recorder tells (test_recorders, test_recorder_tickets), and default passwords (test_default_logins).
    """
    rules = load(EXAMPLE, env={}, lenient=True).rules
    elsewhere = {*HEARD, "recorder", "default_login"}
    asked = {rule.fault for rule in rules if rule.check not in elsewhere and not rule.profiles}
    assert {case.fault for case in CASES} == asked
    assert asked <= set(small.faults)


@pytest.mark.parametrize("case", CASES, ids=[case.fault for case in CASES])
def test_a_fault_becomes_its_one_ticket_and_recovers(small: Plan, case: Case) -> None:
    site = Site(small)
    within = case.within_seconds(small)
    site.at(WARM, case.fail, site)
    site.run(WARM + within)
    assert site.told() == [(case.device, case.fault, "new")]
    (ticket,) = site.tickets()
    assert (ticket.severity, ticket.fingerprint.component) == (case.severity, case.component)
    site.run(WARM + within + 25 * MINUTE)  # nothing follows from it
    assert events(site, 1) == ["opened"]
    assert len(site.messages()) == 1
    heal(site, case.device)
    site.run(WARM + within + 25 * MINUTE + case.clears_within)
    assert site.told() == [(case.device, case.fault, "recovered")]
    assert len(site.messages()) == 2


def heal(site: Site, device: str) -> None:
    if device == MONITOR:
        site.well(MONITOR)
    else:
        site.restore(device)


def test_a_lost_switch_with_twenty_cameras_is_one_ticket_and_one_notification(mall: Plan) -> None:
    site = Site(mall)
    site.at(WARM, site.cut, "sw-2")
    site.run(WARM + HOUR)
    assert site.told() == [("sw-2", "switch.silent", "new")]
    (ticket,) = site.tickets()
    assert len(ticket.children) == 20
    assert len(site.messages()) == 1
    site.well("sw-2")
    site.at(WARM + HOUR + 70, site.restore, "sw-2")  # its cameras boot
    site.run(WARM + 2 * HOUR)
    assert site.told() == [("sw-2", "switch.silent", "recovered")]
    assert len(site.messages()) == 2


def test_the_uplink_is_one_ticket(mall: Plan) -> None:
    site = Site(mall)
    site.at(WARM, site.cut, "gw")
    site.run(WARM + 20 * MINUTE)
    assert site.told() == [("gw", "gateway.silent", "new")]
    (ticket,) = site.tickets()
    assert set(ticket.children) == set(mall.devices) - {"gw", MONITOR}
    site.restore("gw")
    site.run(WARM + HOUR)
    assert site.told() == [("gw", "gateway.silent", "recovered")]
    assert len(site.messages()) == 2


def test_no_power_for_poe_is_the_switchs_fault_not_of_twenty_cameras(mall: Plan) -> None:
    site = Site(mall)
    site.at(WARM, row("sw-2", "poe", "1", supply="faulty", used_watts=0), site)
    site.at(WARM, site.cut, *mall.below("sw-2"))
    site.run(WARM + HOUR)
    assert site.told() == [("sw-2", "poe.supply", "new")]


@pytest.mark.parametrize("camera", ["cam-25", "cam-26"])
def test_a_shorted_cable_is_the_ports_fault(mall: Plan, camera: str) -> None:
    port = mall.devices[camera].port
    site = Site(mall)
    site.at(WARM, site.cut, camera)
    site.at(WARM, row("sw-2", "poe_port", port, detect="fault"), site)
    site.run(WARM + HOUR)
    assert site.told() == [("sw-2", "poe.fault", "new")]
    (ticket,) = site.tickets()
    assert (ticket.fingerprint.component, ticket.children) == (f"poe_port/{port}", (camera,))
    site.at(WARM + HOUR, site.cut, "cam-27")  # its neighbour dies for a reason of its own
    site.run(WARM + 2 * HOUR)
    assert site.told()[1:] == [("cam-27", "camera.silent", "new")]
    site.restore(camera, "cam-27")
    site.run(WARM + 3 * HOUR)
    assert {state for *_, state in site.told()} == {"recovered"}


@pytest.mark.parametrize("camera", ["cam-25", "cam-26"], ids=["silent recorder", "recorder that tells its channels"])
def test_a_dead_camera_is_one_ticket_whatever_its_recorder_says(mall: Plan, camera: str) -> None:
    site = Site(mall)
    site.at(WARM, site.cut, camera)
    site.run(WARM + HOUR)
    assert site.told() == [(camera, "camera.silent", "new")]
    site.well(camera)  # the recorder finds its stream only three minutes later
    site.at(WARM + HOUR + 3 * MINUTE, site.restore, camera)
    site.run(WARM + 2 * HOUR)
    assert site.told() == [(camera, "camera.silent", "recovered")]


def test_a_channel_that_stays_away_after_its_camera_came_back_gets_its_own(mall: Plan) -> None:
    site = Site(mall)
    site.at(WARM, site.cut, "cam-26")
    site.at(WARM + HOUR, site.well, "cam-26")
    site.run(WARM + 2 * HOUR)
    assert site.told() == [("cam-26", "camera.silent", "recovered"), ("nvr-2", "channel.offline", "new")]


def test_a_long_power_cut_is_told_in_three_steps(mall: Plan) -> None:
    """On battery; the battery is nearly empty; all is dark: each wants another act of people. The rest is behind it."""
    site = Site(mall)
    site.at(WARM, says("ups-1", "snmp", output_source="battery", input_volts=0.0), site)
    site.at(WARM + 30 * MINUTE, says("ups-1", "snmp", battery_state="low", minutes_left=2.0), site)
    site.at(WARM + 32 * MINUTE, site.cut, "ups-1")
    site.run(WARM + HOUR)
    assert [fault for _, fault, _ in site.told()] == ["mains.lost", "ups.battery-low", "ups.silent"]
    assert len(site.messages()) == 3
    assert set(site.tickets()[2].children) == set(mall.devices) - {"gw", "ups-1", MONITOR}
    site.well("ups-1")
    for seconds, kind in ((60, "switch"), (90, "recorder"), (90, "server"), (40, "panel"), (20, "sensor")):
        site.at(WARM + HOUR + seconds, site.well, *(one.id for one in mall.devices.values() if one.kind == kind))
    site.at(WARM + HOUR + 2.5 * MINUTE, site.restore, "ups-1")  # the cameras were the last
    site.run(WARM + 2 * HOUR)
    assert {(device, state) for device, _, state in site.told()} == {("ups-1", "recovered")}
    assert len(site.messages()) == 6


def test_faults_that_have_nothing_to_do_with_each_other_are_told_apart(mall: Plan) -> None:
    site = Site(mall)
    site.at(WARM, site.cut, "cam-03")
    site.at(WARM, row("nvr-1", "disk", "2", state="abnormal"), site)
    site.at(WARM + 20, row("panel-1", "sensor", "3", value=1.0), site)
    site.run(WARM + HOUR)
    assert sorted(site.told()) == [
        ("cam-03", "camera.silent", "new"), ("nvr-1", "disk.failed", "new"), ("panel-1", "panel.tamper", "new"),
    ]  # fmt: skip


def test_every_fault_of_a_camera_at_once_each_at_another_camera(mall: Plan) -> None:
    site = Site(mall)
    wanted: dict[str, str] = {}
    for number, verdict in enumerate(VERDICTS, 1):
        wanted[f"cam-{number:02d}"] = f"camera.{verdict.replace('_', '-')}"
        site.at(WARM, says(f"cam-{number:02d}", "frame", verdict=verdict, **{verdict: True}), site)
    others: tuple[tuple[str, str, Fail], ...] = (
        ("cam-41", "camera.silent", dies("cam-41")),
        ("cam-42", "rtsp.silent", fails("cam-42", REFUSED, "rtsp", "frame")),
        ("cam-43", "onvif.disabled", fails("cam-43", UNSUPPORTED, "onvif")),
        ("cam-44", "clock.drift", says("cam-44", "onvif", clock_offset_seconds=45.0)),
        ("cam-45", "camera.no-picture", fails("cam-45", NO_ANSWER, "frame")),
        ("cam-46", "login.refused", fails("cam-46", DENIED, "onvif", "frame")),
    )
    for camera, fault, fail in others:
        wanted[camera] = fault
        site.at(WARM, fail, site)
    site.run(WARM + 2.5 * HOUR)
    assert sorted((device, fault) for device, fault, _ in site.told()) == sorted(wanted.items())


def test_a_changed_password_is_tried_once_and_is_one_ticket(small: Plan) -> None:
    site = Site(small)
    site.at(WARM, fails("cam-05", DENIED, "onvif", "frame"), site)
    site.run(WARM + 14 * MINUTE)
    assert site.told() == [("cam-05", "login.refused", "new")]
    assert site.refusals["cam-05"] == 1
    site.run(WARM + DAY)
    assert len(site.told()) == 1
    assert site.refusals["cam-05"] <= 8  # 15 min, 30 min, 1 h, …: no account is locked by that


def test_a_certificate_that_nobody_renews_is_one_ticket_that_gets_worse(small: Plan) -> None:
    site = Site(small)
    site.say("vms", "tls", days_left=20.5)
    site.at(DAY / 2, says("vms", "tls", days_left=6.5), site)
    site.run(DAY)
    assert site.told() == [("vms", "tls.ends", "new")]
    assert events(site, 1) == ["opened", "raised"]
    assert site.tickets()[0].severity is HIGH


def test_the_ticket_of_a_certificate_says_how_long_it_is_good_when_it_is_read(small: Plan) -> None:
    site = Site(small)
    site.say("vms", "tls", days_left=20.5, ends_at=START + 20.5 * DAY)
    site.run(DAY / 2)
    (ticket,) = site.tickets()
    for language, valid, expired in (
        ("en", "is valid for 20 d more; then", " expired 2 d ago: browsers"),
        ("zh_CN", "证书有效期还剩 20 天，到期后", "证书已于 2 天前过期，浏览器"),
    ):
        for now, words in ((site.now, valid), (START + 22.5 * DAY, expired)):
            assert words in describe(ticket, small, language, now).what  # type: ignore[arg-type]


@pytest.mark.parametrize(("cameras", "days"), [(60, 1), (8, 7)], ids=["a mall for a day", "a shop for a week"])
def test_what_happens_at_a_healthy_site_opens_nothing(tmp_path: Path, cameras: int, days: int) -> None:
    site = Site(plan(tmp_path, cameras), noise=0.005, itself_every=MINUTE)
    live_through(site, days, random.Random(7))
    site.run(days * DAY)
    assert site.told() == []
    assert site.messages() == []
    doubts = [one for _, one in site.changes if isinstance(one, PutCondition) and one.condition.state is State.PENDING]
    assert len(doubts) > 10 * cameras * days  # the rules had something to think about
    assert site.looks > 4_000 * cameras * days


def test_three_minutes_of_a_flapping_link_are_hardly_ever_told(mall: Plan) -> None:
    """Only where every one of six looks within a minute found the camera gone: that is worth a line in the morning."""
    told = []
    for seed in range(2):
        site, chance = Site(mall), random.Random(seed)
        for number in range(1, 61):
            flap(site, f"cam-{number:02d}", WARM + chance.uniform(0, 5 * MINUTE), chance)
        site.run(WARM + HOUR)
        told += site.told()
    assert len(told) <= 0.05 * 120
    assert {state for *_, state in told} <= {"recovered"}
    assert len({device for device, *_ in told}) >= len(told) - 1  # hardly two for one link


def test_a_self_test_of_a_ups_is_no_power_cut(small: Plan) -> None:
    """Twenty seconds on battery, begun at any moment between two looks."""
    site = Site(small)
    for number in range(40):
        try_battery(site, WARM + number * 10 * MINUTE + number / 2)
    site.run(WARM + 7 * HOUR)
    assert site.told() == []
