"""Which rules hold for which device, as the site has changed them, and at what price?"""

from __future__ import annotations

import gc
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from monitor.core.plan import MONITOR, Plan
from monitor.settings.load import load
from monitor.settings.mistake import BadConfiguration
from monitor.settings.planning import plan
from ticketing.ticket import Severity

HEAD = "site: {id: s, name: S}\ncredentials: {c: {username: u, password: {env: P}, snmp: {community: {env: P}}}}\n"
CAMERAS = """
devices:
  - {id: cam-1, kind: camera, host: 192.0.2.1, credentials: c, tags: {floor: "1"}}
  - {id: cam-2, kind: camera, host: 192.0.2.2, credentials: c, tags: {floor: "2"}}
  - {id: nvr, kind: recorder, host: 192.0.2.3}
"""


@pytest.fixture
def planned(tmp_path: Path) -> Any:
    def plan_of(text: str) -> Plan:
        file = tmp_path / "site.yaml"
        file.write_text(HEAD + text, "utf-8")
        return plan(load(file, env={"P": "password"}))

    return plan_of


def test_rules_are_bound_by_kind_and_check(planned: Any) -> None:
    wanted = planned(CAMERAS)
    assert [rule.id for rule in wanted.rules["cam-1", "reach"]] == ["camera-silent"]
    assert [rule.id for rule in wanted.rules["nvr", "reach"]] == ["recorder-silent"]
    assert [rule.id for rule in wanted.rules["cam-1", "login"]] == ["login-refused"]
    assert ("cam-1", "snmp_login") not in wanted.rules, "a camera is not asked by SNMP unless it says so"
    assert ("nvr", "login") not in wanted.rules
    assert ("nvr", "snmp") not in wanted.rules
    assert (MONITOR, "self") in wanted.rules
    assert wanted.rule("cam-1", "clock-drift") is wanted.rule("cam-2", "clock-drift")
    for rules in wanted.rules.values():
        assert len({rule.id for rule in rules}) == len(rules)


def test_a_need_that_is_not_checked_is_no_need(planned: Any) -> None:
    wanted = planned("devices: [{id: a, kind: camera, host: 192.0.2.1, checks: {rtsp: off, reach: off}}]\n")
    assert wanted.rule("a", "picture-black").needs == ()
    assert planned(CAMERAS).rule("cam-1", "picture-black").needs == ("reach", "rtsp")


@pytest.mark.parametrize(
    ("rules", "cam_1", "cam_2"),
    [
        ("{}", (60, "urgent"), (60, "urgent")),
        ("{camera-silent: {for: 5m}}", (300, "urgent"), (300, "urgent")),
        ("{camera-silent: {for: 5m, devices: [cam-1]}}", (300, "urgent"), (60, "urgent")),
        ("{camera-silent: {severity: low, tags: {floor: '2'}}}", (60, "urgent"), (60, "low")),
        ("{camera-silent: off}", None, None),
        ("{camera-silent: [{off: true, devices: [cam-*]}]}", None, None),
        ("{camera-silent: {off: true, kinds: [recorder]}}", (60, "urgent"), (60, "urgent")),
        ("{camera-silent: [{for: 5m}, {for: 7m, devices: [cam-2]}]}", (300, "urgent"), (420, "urgent")),
        ("{'*': {for: 1s}, camera-silent: {severity: high}}", (1, "high"), (1, "high")),
        ("{'*-silent': off}", None, None),
    ],
)
def test_the_site_changes_rules(planned: Any, rules: str, cam_1: Any, cam_2: Any) -> None:
    wanted = planned(CAMERAS + f"rules: {rules}\n")
    for device, expected in (("cam-1", cam_1), ("cam-2", cam_2)):
        rule = wanted.rule(device, "camera-silent")
        assert (rule and (rule.for_seconds, rule.severity)) == (expected and (expected[0], Severity(expected[1])))


def test_parameters_change_what_is_bad(planned: Any) -> None:
    changed = "{params: {limit_seconds: 5, clear_seconds: 2}, looks: 1, clear_looks: 4, clear_for: 9s}"
    rule = planned(CAMERAS + f"rules: {{clock-drift: {changed}}}\n").rule("cam-1", "clock-drift")
    assert rule.when.verdict({**rule.params, "clock_offset_seconds": 6.5}) is True
    assert (rule.looks, rule.clear_looks, rule.clear_for_seconds) == (1, 4, 9)
    assert planned(CAMERAS).rule("cam-1", "clock-drift").params["limit_seconds"] == 30


def test_a_whole_number_in_place_of_a_decimal_one_still_multiplies(planned: Any) -> None:
    device = "devices: [{id: sw, kind: switch, host: 192.0.2.1, credentials: c}]\n"
    rule = planned(device + "rules: {poe-overload: {params: {limit_share: 1}}}\n").rule("sw", "poe-overload")
    assert rule.when.verdict({**rule.params, "used_watts": 400, "budget_watts": 370}) is True


def big(count: int, folder: Path, each: str) -> Path:
    file = folder / "big.yaml"
    lines = [
        HEAD + "groups:",
        *(f"  g{n}: {{kind: camera, parent: sw-{n}, credentials: c}}" for n in range(100)),
        "devices:",
    ]
    lines += [f"  - {{id: sw-{n}, kind: switch, host: 10.0.{n}.1, credentials: c}}" for n in range(100)]
    lines += [
        f'  - {{id: cam-{n}, name: "Camera {n}", host: 10.{n % 100}.{n // 250}.{n % 250}, group: g{n % 100}{each}}}'
        for n in range(count - 100)
    ]
    file.write_text("\n".join(lines) + "\n")
    return file


ALIKE, EACH_ITS_OWN = "", ', port: "1.7", checks: {rtsp: {path: /live}, frame: {every: 10m}}'


def test_ten_thousand_devices_load_in_seconds(tmp_path: Path) -> None:
    file = big(10_000, tmp_path, EACH_ITS_OWN)
    started = time.process_time()
    wanted = plan(load(file, env={"P": "password"}))
    assert time.process_time() - started < 20, "seconds of CPU; 1.5 to 3 on the machine where it was written"
    assert len(wanted.devices) == 10_001


@pytest.mark.parametrize("each", [ALIKE, EACH_ITS_OWN])
def test_a_device_is_small(tmp_path: Path, each: str) -> None:
    few, many = big(200, tmp_path, each), 600
    plan(load(few, env={"P": "password"}))
    tracemalloc.start()
    try:
        held = [plan(load(few, env={"P": "password"}))]
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        held.append(plan(load(big(200 + many, tmp_path, each), env={"P": "password"})))
        gc.collect()
        per_device = (tracemalloc.get_traced_memory()[0] - before) / (200 + many)
    finally:
        tracemalloc.stop()
    assert per_device < 4_096, f"{per_device:.0f} bytes"


def test_a_mistake_in_ten_thousand_lines_is_told_in_seconds(tmp_path: Path) -> None:
    file = big(10_000, tmp_path, ", hots: x")
    started = time.process_time()
    with pytest.raises(BadConfiguration) as caught:
        load(file, env={"P": "password"})
    assert len(caught.value.mistakes) == 9_900
    assert time.process_time() - started < 30
