"""Do the shipped rules say of every look what a technician would say?"""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.core.expression import Expression
from monitor.core.plan import DeviceKind, Rule
from monitor.engine.gate import Gate
from monitor.engine.live import Health, Stats
from monitor.engine.selfwatch import SelfWatch
from monitor.settings.defaults import CHECKS
from monitor.settings.load import load
from monitor.settings.model import Settings
from monitor.settings.planning import plan
from monitor.settings.vocabulary import FUNCTIONS, VOCABULARY
from probes.observation import Observation, Outcome
from ticketing.ticket import Severity

CONFIG = Path(__file__).parents[2] / "config"
OUTCOMES = [outcome.value for outcome in Outcome]
DEVICE_TROUBLE = {"no_answer", "refused", "garbled", "unsupported"}


@pytest.fixture(scope="module")
def shipped() -> Settings:
    return load(CONFIG / "example.site.yaml", env={}, lenient=True)


@pytest.fixture(scope="module")
def rules(shipped: Settings) -> dict[str, Rule]:
    return {rule.id: rule for rule in shipped.rules}


def verdict(rule: Rule, /, **values: Any) -> bool | None:
    return rule.when.verdict({"outcome": "ok", "duration_seconds": 0.1, **rule.params, **values})


def clear(rule: Rule, /, **values: Any) -> bool | None:
    assert isinstance(rule.clear_when, Expression)
    return rule.clear_when.verdict({**rule.params, **values})


SILENT = ("camera-silent", "recorder-silent", "switch-silent", "gateway-silent", "ups-silent", "panel-silent")


@pytest.mark.parametrize("name", [*SILENT, "device-silent", "rtsp-silent", "onvif-silent", "picture-missing",
                                  "snmp-silent", "http-silent"])  # fmt: skip
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_silence_is_trouble_and_a_refused_password_is_not_silence(
    rules: dict[str, Rule], name: str, outcome: str
) -> None:
    found = verdict(rules[name], outcome=outcome, firmware_change="")
    if outcome in ("no_answer", "refused"):
        assert found is True
    if outcome in ("ok", "denied") or outcome not in DEVICE_TROUBLE:
        assert found is False


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("login-refused", {"state": "refused"}, True),
        ("login-refused", {"state": "ok"}, False),
        ("snmp-login-refused", {"state": "refused"}, True),
        ("administrator-added", {"administrator_change": "admin → admin, root"}, True),
        ("administrator-added", {"administrator_change": ""}, False),
        ("default-login", {"state": "found"}, True),
        ("default-login", {"state": "refused"}, False),
        ("default-login", {"state": "open"}, False),
        ("users-changed", {"user_change": "admin, view → admin"}, True),
        ("onvif-disabled", {"outcome": "unsupported"}, True),
        ("onvif-disabled", {"outcome": "refused", "firmware_change": "1 → 2"}, True),
        ("onvif-disabled", {"outcome": "refused", "firmware_change": ""}, False),
        ("onvif-disabled", {}, False),
        ("onvif-silent", {"outcome": "unsupported"}, False),
        ("onvif-silent", {"outcome": "refused", "firmware_change": "1 → 2"}, False),
        ("clock-drift", {"clock_offset_seconds": 30.5}, True),
        ("clock-drift", {"clock_offset_seconds": -3600}, True),
        ("clock-drift", {"clock_offset_seconds": 29.0}, False),
        ("clock-drift", {}, None),
        ("picture-no-signal", {"no_signal": True}, True),
        ("picture-no-signal", {"no_signal": False}, False),
        ("picture-no-signal", {"outcome": "no_answer"}, None),
        ("picture-black", {"black": True}, True),
        ("picture-black", {"black": False}, False),
        ("picture-black", {"verdict": "unjudged"}, None),
        ("picture-blue", {"blue": True}, True),
        ("picture-dark", {"dark": True}, True),
        ("picture-over-exposed", {"over_exposed": True}, True),
        ("picture-frozen", {"frozen": True}, True),
        ("picture-garbled", {"garbled": True}, True),
        ("picture-covered", {"covered": True}, True),
        ("picture-moved", {"moved": True}, True),
        ("picture-partly-covered", {"partly_covered": True}, True),
        ("picture-obscured", {"obscured": True}, True),
        ("picture-blurred", {"blurred": True}, True),
        ("picture-noisy", {"noisy": True}, True),
        ("picture-snow", {"snow": True}, True),
        ("picture-stripes", {"stripes": True}, True),
        ("picture-fog", {"fog": True}, True),
        ("picture-colour-cast", {"colour_cast": True}, True),
        ("picture-ir-cut", {"ir_cut": True}, True),
        ("picture-text-missing", {"text_missing": True}, True),
        ("picture-ptz-away", {"away": True}, True),
        ("picture-ptz-away", {"away": False}, False),
        ("picture-ptz-away", {"verdict": "unjudged"}, None),
        ("picture-flicker", {"flicker": True}, True),
        ("picture-flicker", {"verdict": "ok"}, None),
        ("picture-jitter", {"jitter": True}, True),
        ("picture-jitter", {"jitter": False}, False),
        ("picture-moved", {"moved": False}, False),
        ("picture-moved", {"verdict": "unjudged"}, None),
        ("disk-failed", {"state": "abnormal", "key": "1"}, True),
        ("disk-failed", {"state": "smart_failed"}, True),
        ("disk-failed", {"state": "offline"}, True),
        *(("disk-failed", {"state": state}, False) for state in
          ("normal", "idle", "empty", "formatting", "repairing", "unformatted", "unknown")),
        ("disk-unformatted", {"state": "unformatted"}, True),
        ("storage-full", {"used_percent": 95}, True),
        ("storage-full", {"used_percent": 100.0, "size_bytes": 45_977_600, "name": "/"}, False),
        ("storage-full", {"used_percent": 100.0, "size_bytes": 398_021_632, "name": "/var/log"}, True),
        ("storage-full", {"used_percent": 94.9}, False),
        ("channel-offline", {"state": "offline"}, True),
        ("channel-offline", {"state": "online", "recording": False}, False),
        ("poe-fault", {"detect": "fault"}, True),
        ("poe-fault", {"detect": "other_fault"}, True),
        *(("poe-fault", {"detect": state}, False) for state in ("searching", "delivering", "disabled", "test")),
        ("poe-supply", {"supply": "faulty"}, True),
        ("poe-supply", {"supply": "off"}, False),
        ("poe-overload", {"used_watts": 356, "budget_watts": 370}, True),
        ("poe-overload", {"used_watts": 300.5, "budget_watts": 370}, False),
        ("poe-overload", {"used_watts": 0, "budget_watts": 0}, False),
        ("device-hot", {"temperature_celsius": 76}, True),
        ("device-hot", {"temperature_celsius": 60.5}, False),
        ("device-hot", {}, None),
        ("sensor-failed", {"status": "nonoperational"}, True),
        ("sensor-failed", {"status": "unavailable"}, False),
        ("sensor-out-of-bounds", {"status": "out_of_bounds"}, True),
        ("housing-open", {"status": "open"}, True),
        ("device-abnormal", {"device_state": "abnormal"}, True),
        ("device-abnormal", {"device_state": "unknown"}, False),
        ("mains-lost", {"output_source": "battery"}, True),
        *(("mains-lost", {"output_source": state}, False) for state in
          ("normal", "bypass", "booster", "reducer", "other", "none")),
        ("ups-battery-low", {"battery_state": "low"}, True),
        ("ups-battery-low", {"battery_state": "depleted"}, True),
        ("ups-battery-low", {"battery_state": "unknown"}, False),
        ("ups-battery-bad", {"alarm": "battery_bad"}, True),
        ("ups-battery-bad", {"alarm": "on_battery"}, False),
        ("ups-fault", {"alarm": "fan_failure"}, True),
        ("ups-fault", {"alarm": "on_battery"}, False),
        ("ups-fault", {"alarm": "test_in_progress"}, False),
        ("ups-shutdown", {"alarm": "shutdown_imminent"}, True),
        ("ups-overload", {"load_percent": 96}, True),
        ("ups-bypass", {"output_source": "bypass"}, True),
        ("ups-hot", {"battery_celsius": 41}, True),
        ("panel-mains", {"kind": "truth", "value": 1, "name": "AC mains lost"}, True),
        ("panel-mains", {"kind": "truth", "value": 1.0, "name": "ac_lost"}, True),
        ("panel-mains", {"kind": "truth", "value": 1, "name": "交流断电"}, True),
        ("panel-mains", {"kind": "truth", "value": 2, "name": "AC mains lost"}, False),
        ("panel-mains", {"kind": "truth", "value": 1, "name": "AC mains"}, False),
        ("panel-mains", {"kind": "volts", "value": 1, "name": "AC mains lost"}, False),
        ("panel-battery", {"kind": "truth", "value": 1, "name": "Battery low"}, True),
        ("panel-battery", {"kind": "truth", "value": 1, "name": "battery_low"}, True),
        ("panel-battery", {"kind": "truth", "value": 1, "name": "Battery voltage"}, False),
        ("panel-battery", {"kind": "truth", "value": 1, "name": "蓄电池欠压"}, True),
        ("panel-tamper", {"kind": "truth", "value": 1, "name": "Housing open"}, True),
        ("panel-tamper", {"kind": "truth", "value": 1, "name": "tamper"}, True),
        ("panel-tamper", {"kind": "truth", "value": 1, "name": "防拆"}, True),
        ("panel-tamper", {"kind": "truth", "value": 1, "name": "Siren"}, False),
        ("http-unexpected", {"outcome": "garbled", "status": 500}, True),
        ("http-unexpected", {"status": 200}, False),
        ("certificate-ends", {"days_left": 20.9}, True),
        ("certificate-ends", {"days_left": 21}, False),
        ("certificate-ends-soon", {"days_left": 6.5}, True),
        ("certificate-ends-soon", {"days_left": -3.0}, True),
        ("certificate-ends-soon", {"days_left": 20.9}, False),
        ("monitor-database", {"database_writable": False}, True),
        ("monitor-database", {"database_writable": True}, False),
        ("monitor-delivery", {"outbox_failing": True, "outbox_oldest_seconds": 301.0}, True),
        ("monitor-delivery", {"outbox_failing": True, "outbox_oldest_seconds": 10.0}, False),
        ("monitor-delivery", {"outbox_failing": False, "outbox_oldest_seconds": 40_000.0}, False),
        ("monitor-probe-bug", {"probe_bugs": 1}, True),
        ("monitor-probe-bug", {"probe_bugs": 0}, False),
        ("monitor-cannot-ask", {"local_trouble_ratio": 0.2}, True),
        ("monitor-cannot-ask", {"local_trouble_ratio": 0.0}, False),
        ("monitor-names", {"unresolved_ratio": 0.2}, True),
        ("monitor-clock", {"clock_jump_seconds": -3600.0}, True),
        ("monitor-clock", {"clock_jump_seconds": 0.0}, False),
        ("monitor-late", {"lateness_p99_seconds": 5.5}, True),
        ("monitor-decoder", {"decode_deaths": 10}, True),
        ("monitor-decoder", {"decode_deaths": 9}, False),
        ("monitor-config", {"config_refused": True}, True),
        ("monitor-config", {"config_refused": False}, False),
        ("monitor-listener", {"listener_failing": True}, True),
        ("monitor-listener", {"listener_failing": False}, False),
        *((name, {value: text}, text != "") for text in ("", "A → B") for name, value in (
            ("device-swapped", "identity_change"), ("device-reset", "reset_change"),
            ("firmware-changed", "firmware_change"), ("stream-changed", "stream_change"),
            ("model-changed", "model_change"))),
        *((f"events-{name}", {"alarm": alarm, "state": state}, state == "raised") for state in ("raised", "cleared")
          for name, alarm in (("tamper", "tamper"), ("tamper", "scene_change"), ("image", "image_blurry"),
                              ("video-lost", "video_lost"), ("channel-lost", "video_lost"), ("hardware", "fan_failed"),
                              ("storage", "storage_failed"), ("recording", "recording_failed"))),
        ("events-tamper", {"alarm": "image_dark", "state": "raised"}, False),
        ("events-image", {"alarm": "tamper", "state": "raised"}, False),
        ("events-video-lost", {"alarm": "tamper", "state": "raised"}, False),
        ("events-channel-lost", {"alarm": "tamper", "state": "raised"}, False),
        ("events-hardware", {"alarm": "storage_failed", "state": "raised"}, False),
        ("events-storage", {"alarm": "fan_failed", "state": "raised"}, False),
        ("events-recording", {"alarm": "storage_failed", "state": "raised"}, False),
        ("events-input", {"alarm": "digital_input", "state": "raised", "item": "DI1"}, False),
        ("events-input", {"alarm": "digital_input", "state": "raised", "item": "DI1", "names": "^DI1$"}, True),
        ("events-left-alone", {"left_alone": True}, True),
        ("events-left-alone", {"left_alone": False}, False),
        *((name, {"alarm": alarm, "state": state}, state == "raised")
          for name, alarm in (("trap-ups-overload", "overload"), ("trap-ups-bypass", "on_bypass"))
          for state in ("raised", "cleared")),
        *(("trap-ups-fault", {"alarm": alarm, "state": "raised"}, False) for alarm in ("overload", "on_bypass")),
        ("trap-mains-lost", {"alarm": "on_battery", "state": "raised"}, True),
        ("trap-mains-lost", {"alarm": "on_battery", "state": "cleared"}, False),
        ("trap-ups-battery-low", {"alarm": "battery_depleted", "state": "raised"}, True),
        ("trap-ups-battery-bad", {"alarm": "test_failed", "state": "raised"}, True),
        ("trap-ups-fault", {"alarm": "charger_failed", "state": "raised"}, True),
        ("trap-ups-fault", {"alarm": "test_in_progress", "state": "raised"}, False),
        ("trap-ups-fault", {"alarm": "charger_failed", "state": "cleared"}, False),
        ("trap-ups-shutdown", {"alarm": "shutdown_imminent", "state": "raised"}, True),
        ("trap-link-down", {"alarm": "link_down", "state": "raised", "item": "7"}, False),
        ("trap-link-down", {"alarm": "link_down", "state": "raised", "item": "7", "names": "^7$"}, True),
        ("trap-restarts", {"alarm": "restarted", "state": "raised", "times": 3}, True),
        ("trap-restarts", {"alarm": "restarted", "state": "raised", "times": 2}, False),
        ("trap-wrong-login", {"alarm": "wrong_login", "state": "raised", "times": 10}, True),
        ("trap-wrong-login", {"alarm": "wrong_login", "state": "raised", "times": 9}, False),
        ("trap-video-lost", {"alarm": "video_lost", "state": "raised"}, True),
        ("trap-video-covered", {"alarm": "video_covered", "state": "cleared"}, False),
        ("trap-video-covered", {"alarm": "motion", "state": "raised"}, False),
        ("trap-storage", {"alarm": "storage_failed", "state": "raised"}, True),
        ("trap-storage-smart", {"alarm": "storage_smart", "state": "raised"}, True),
        ("trap-storage-full", {"alarm": "storage_full", "state": "raised"}, True),
        ("trap-storage", {"alarm": "storage_changed", "state": "raised"}, False),
        ("trap-device-alarm", {"alarm": "device_alarm", "state": "raised"}, True),
        ("trap-device-alarm", {"alarm": "device_notice", "state": "raised"}, True),
        ("trap-device-alarm", {"alarm": "other", "state": "raised"}, False),
        ("trap-flood", {"flooding": True}, True),
        ("trap-flood", {"flooding": False}, False),
        *((f"trap-panel-{name}", {"alarm": alarm, "state": state}, state == "raised") for state in ("raised", "cleared")
          for name, alarm in (("mains", "mains_lost"), ("battery", "battery_low"), ("tamper", "tamper"),
                              ("communication", "communication_failed"), ("zone", "zone_trouble"))),
        ("panel-unheard", {"outcome": "no_answer"}, True),
        ("panel-unheard", {"outcome": "ok"}, False),
        *((name, {"alarm": alarm, "state": state}, state == "raised") for state in ("raised", "cleared")
          for name, alarm in (("panel-reports-mains", "mains_lost"), ("panel-reports-battery", "battery_low"),
                              ("panel-reports-tamper", "tamper"), ("panel-reports-zone", "zone_trouble"),
                              ("panel-reports-communication", "communication_failed"),
                              ("panel-reports-zone", "zone_battery"), ("panel-reports-fault", "siren_trouble"))),
        *((f"panel-reports-{name}", {"alarm": alarm, "state": "raised"}, False) for alarm in ("burglary", "disarmed")
          for name in ("mains", "battery", "tamper", "zone", "communication", "fault")),
        ("trap-panel-mains", {"alarm": "burglary", "state": "raised"}, False),
        ("trap-panel-battery", {"alarm": "other", "state": "raised"}, False),
        ("trap-panel-tamper", {"alarm": "other", "state": "raised"}, False),
        ("trap-panel-communication", {"alarm": "other", "state": "raised"}, False),
        ("trap-panel-zone", {"alarm": "other", "state": "raised"}, False),
        *(("recorder-mute", {"outcome": outcome}, bad) for outcome, bad in
          (("garbled", True), ("no_answer", True), ("unsupported", None), ("denied", False), ("ok", False))),
        *(("recorder-mute", {"outcome": "unsupported", "lost": lost}, lost != "") for lost in ("", "footage")),
        *(("recorder-tells-less", {"outcome": "ok", "lost": lost}, lost != "") for lost in ("", "disk_states")),
        ("recorder-tells-less", {"outcome": "unsupported", "lost": "disk_states"}, False),
        ("recorder-channel-offline", {"state": "offline"}, True),
        ("recorder-channel-offline", {"state": "disabled"}, False),
        ("recorder-channel-offline", {"state": "unknown"}, False),
        ("recorder-channel-not-recording", {"state": "online", "recording": False}, True),
        ("recorder-channel-not-recording", {"state": "unknown", "recording": False}, True),
        ("recorder-channel-not-recording", {"state": "offline", "recording": False}, False),
        ("recorder-channel-not-recording", {"state": "online"}, None),
        ("recorder-disk-failed", {"state": "abnormal"}, True),
        ("recorder-disk-failed", {"state": "empty"}, False),
        ("recorder-disk-unformatted", {"state": "unformatted"}, True),
        ("recorder-disk-full", {"overwrite": False, "used_percent": 99.5}, True),
        ("recorder-disk-full", {"overwrite": True, "used_percent": 100.0}, False),
        ("recorder-disk-full", {"used_percent": 100.0}, None),
        ("recorder-retention-short", {"retention": "short", "retention_basis": "channels"}, True),
        ("recorder-retention-short", {"retention": "short", "retention_basis": "total"}, False),
        ("recorder-retention-total", {"retention": "short", "retention_basis": "total"}, True),
        *(("recorder-retention-short", {"retention": state}, False) for state in
          ("enough", "not_told", "not_asked", "not_yet")),
        ("recorder-footage-gap", {"missing_days": 1}, True),
        ("recorder-footage-gap", {"missing_days": 0}, False),
        ("recorder-footage-gap", {}, None),
        ("recorder-footage-hours", {"longest_gap_hours": 8_760}, False),
        ("recorder-footage-hours", {"longest_gap_hours": 10_001}, True),
    ],
)  # fmt: skip
def test_verdicts(rules: dict[str, Rule], name: str, values: dict[str, Any], expected: bool | None) -> None:
    assert verdict(rules[name], **values) is expected


def test_every_rule_has_been_tried(rules: dict[str, Rule]) -> None:
    source = Path(__file__).read_text("utf-8")
    source += (Path(__file__).parent / "test_identify_recordings.py").read_text("utf-8")  # those of profiles
    assert [name for name in rules if f'"{name}"' not in source] == []


def test_hysteresis_leaves_room(rules: dict[str, Rule]) -> None:
    """A value at the limit is neither bad nor good, so nothing flaps there."""
    limits: dict[str, tuple[str, float, float]] = {
        "clock-drift": ("clock_offset_seconds", 20.0, 10.0),
        "storage-full": ("used_percent", 93.0, 80.0),
        "device-hot": ("temperature_celsius", 70.0, 50.0),
        "ups-overload": ("load_percent", 90.0, 50.0),
        "ups-hot": ("battery_celsius", 38.0, 25.0),
        "monitor-cannot-ask": ("local_trouble_ratio", 0.02, 0.0),
        "monitor-names": ("unresolved_ratio", 0.02, 0.0),
        "monitor-late": ("lateness_p99_seconds", 3.0, 0.1),
    }
    with_clear = {rule.id for rule in rules.values() if rule.clear_when is not None and not rule.profiles}
    assert with_clear == {
        *limits,
        "poe-overload",
        "recorder-disk-full",
        "recorder-retention-short",
        "recorder-retention-total",
    }
    for name, (value, between, well) in limits.items():
        rule = rules[name]
        assert verdict(rule, **{value: between}) is False
        assert clear(rule, **{value: between}) is False
        assert clear(rule, **{value: well}) is True
    disk = rules["recorder-disk-full"]
    assert clear(disk, overwrite=False, used_percent=93.0) is False
    assert clear(disk, overwrite=False, used_percent=50.0) is True
    assert clear(disk, overwrite=True, used_percent=100.0) is True
    short = rules["recorder-retention-short"]
    assert clear(short, retention="not_yet") is False, "after a restart nothing is known; the ticket stays"
    assert clear(short, retention="enough") is True
    watts = rules["poe-overload"]
    assert clear(watts, used_watts=345, budget_watts=370) is False
    assert clear(watts, used_watts=300, budget_watts=370) is True


@pytest.mark.parametrize("kind", CHECKS)
def test_every_kind_that_is_silent_has_one_ticket(rules: dict[str, Rule], kind: DeviceKind) -> None:
    silent = [rule for rule in rules.values() if rule.check == "reach" and (not rule.kinds or kind in rule.kinds)]
    assert len(silent) == 1
    assert silent[0].holds_children == (kind in ("recorder", "switch", "gateway", "ups"))


def test_holds_are_thought_through(rules: dict[str, Rule]) -> None:
    for rule in rules.values():
        assert (rule.looks == 1) == (rule.for_seconds == 0), rule.id
        if rule.check == "frame":
            assert rule.looks >= 3, "a picture is looked at again before anybody is called"
            assert {"reach", "rtsp"} <= set(rule.needs)
        if rule.check != "reach" and "no_answer" in rule.when.text:
            assert "reach" in rule.needs, "one that is gone is told once"
        if rule.severity is Severity.URGENT:
            assert rule.for_seconds <= 300, "an urgent fault must not wait"
        if rule.check == "self":
            assert rule.kinds == {"monitor"}


def test_severities_follow_the_contract(rules: dict[str, Rule]) -> None:
    urgent = {name for name, rule in rules.items() if rule.severity is Severity.URGENT}
    assert {"camera-silent", "recorder-silent", "switch-silent", "panel-silent", "picture-missing", "disk-failed",
            "mains-lost", "panel-tamper", "monitor-database"} <= urgent  # fmt: skip
    assert not urgent & {"onvif-silent", "clock-drift", "picture-dark", "certificate-ends", "snmp-silent"}


def test_profiles_give_no_name_that_rules_cannot_use() -> None:
    scalars: set[str] = set()
    tables: dict[str, set[str]] = {}
    for file in (CONFIG / "profiles").glob("*.yaml"):
        profile = yaml.safe_load(file.read_text("utf-8"))
        scalars |= {one["value"] for key in ("symbols", "compute") for one in profile.get(key, ())}
        for table in profile.get("tables", ()):
            columns = tables.setdefault(table["table"], set())
            columns |= {one["value"] for key in ("columns", "compute") for one in table.get(key, ())}
            columns |= table.get("constants", {}).keys()
            scalars |= {one["value"] for one in table.get("scalars", ())}
    words = VOCABULARY["snmp"]
    assert {name for name in scalars if name[0] != "_"} - words.scalars == set()
    for name, columns in tables.items():
        if name[0] != "_":
            assert {column for column in columns if column[0] != "_"} - words.tables.get(name, set()) == set()


@pytest.mark.parametrize("check", ["reach", "rtsp", "onvif", "frame", "http", "tls", "recorder"])
def test_probes_write_every_name_that_rules_may_use(check: str) -> None:
    modules = {"reach": ("icmp", "tcp"), "frame": ("frame",), "recorder": ("nvr",)}.get(check, (check,))
    written: set[str] = set()
    for module in modules:
        spec = find_spec(f"probes.{module}")
        assert spec is not None
        assert spec.origin is not None
        path = Path(spec.origin)
        for file in path.parent.glob("*.py") if path.name == "__init__.py" else [path]:
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    written.add(node.value)
                elif isinstance(node, ast.AnnAssign | ast.keyword | ast.arg):
                    name = node.target if isinstance(node, ast.AnnAssign) else node.arg
                    written.add(name.id if isinstance(name, ast.Name) else str(name))
    words = VOCABULARY[check]
    names = words.scalars.union(words.tables, *words.tables.values())
    concluded = {"onvif": {"firmware_change", "disabled_by"}}  # of what else is known: monitor.core.circumstances
    assert names - written == concluded.get(check, set())


def test_the_daemon_gives_exactly_its_own_names() -> None:
    watch = SelfWatch(
        Stats(), Health(), now=lambda: 0.0, jumped=lambda: 0.0, database_trouble_since=lambda: None,
        sink=lambda look: None, on_jump=lambda seconds: None,
    )  # fmt: skip
    assert watch.look().values.keys() == VOCABULARY["self"].scalars
    refused = Gate(lambda: 0.0).learn(Observation("d", "rtsp", 0.0, 0.1, Outcome.DENIED), "login")
    assert refused is not None
    assert refused.values.keys() == VOCABULARY["login"].scalars == VOCABULARY["snmp_login"].scalars


def test_every_function_that_rules_may_call_is_there() -> None:
    calls = {
        "size": "size('ab') == 2", "contains": "'ab'.contains('a')", "startsWith": "'ab'.startsWith('a')",
        "endsWith": "'ab'.endsWith('b')", "matches": "'ab'.matches('^a.$')", "int": "int(2.5) == 2",
        "double": "double(2) * 0.5 == 1.0", "string": "string(1) == '1'",
    }  # fmt: skip
    assert calls.keys() == FUNCTIONS
    for text in calls.values():
        assert Expression(text).verdict({}) is True, text


def test_a_plan_of_the_example_binds_every_kind(shipped: Settings) -> None:
    wanted = plan(shipped)
    assert {rule.id for rule in wanted.rules_of("sitewarden")} == {
        rule.id for rule in shipped.rules if rule.check == "self"
    }
    assert "mains-lost" in {rule.id for rule in wanted.rules_of("ups-1")}
    assert "mains-lost" not in {rule.id for rule in wanted.rules_of("nvr-1")}
