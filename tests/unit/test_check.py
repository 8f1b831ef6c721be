"""Does `sitewarden check` say what an installer needs to hear?"""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.check import check, language_of
from monitor.settings.explain import WORDS, listed

EXAMPLE = str(Path(__file__).parents[2] / "config" / "example.site.yaml")


def run(*args: str, **env: str) -> Result:
    return CliRunner().invoke(check, args, env={"LC_ALL": "C", **env}, catch_exceptions=False)


def test_a_good_file_is_summed_up() -> None:
    result = run(EXAMPLE)
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == f"{EXAMPLE}: good"
    assert lines[1] == "  Riverside Mall: cameras 4, switches 2, gateways 1, UPSs 1, recorders 1, alarm panels 1"
    assert lines[2].startswith("  checks: 32; looks a minute: ")
    assert "camera-password" in lines[4]
    assert not any(line.startswith("warning: ") for line in lines)


def test_what_is_unwise_is_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text("site: {id: s, name: S}\ndevices: [{id: a, kind: ups, host: 192.0.2.1}]")
    result = run(str(file))
    assert result.exit_code == 0
    assert any(line.startswith("warning: ") for line in result.output.splitlines())


def test_it_speaks_the_language_of_the_terminal() -> None:
    assert "配置正确" in run(EXAMPLE, LC_ALL="zh_CN.UTF-8").output
    assert "配置正确" in run(EXAMPLE, "--lang", "zh_CN").output
    assert ": good" in run(EXAMPLE, "--lang", "en", LC_ALL="zh_CN.UTF-8").output


@pytest.mark.parametrize(
    ("env", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE", "LC_MESSAGES": "zh_TW"}, "zh_CN"),
    ],
)
def test_languages(env: dict[str, str], language: str) -> None:
    assert language_of(env) == language


def test_every_mistake_is_told_and_the_exit_is_not_zero(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(
        "site: {id: s, name: S}\ndevices:\n  - {id: a, kind: camera, hots: 192.0.2.1}\n  - {id: b, kind: camra}\n"
    )
    result = run(str(file))
    assert result.exit_code == 1
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines[0] == f'{file}:3:27: devices[0].hots: unknown key; did you mean "host"?'
    assert lines[-1] == "mistakes: 3"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = run(str(tmp_path / "gone.yaml"))
    assert result.exit_code == 1
    assert "No such file" in result.stderr


def test_explains_a_rule_at_a_device() -> None:
    result = run(EXAMPLE, "--explain", "cam-hall-01", "camera-silent")
    assert result.exit_code == 0
    for line in (
        "Every 30s, check reach asks 192.0.2.101 by icmp and waits up to 5s.",
        "If the device does not answer because sw-hall, gw or ups-1 fails, no ticket opens here: "
        "the one above lists it.",
        "Severity urgent. Targets: response within 5m, on site within 2h, repaired within 12h.",
        "  Camera does not answer",
        "    - Spare camera DS-2CD2143G2-I or of the same kind",
        "  - route on-duty, channel duty-chat (zh_CN), at any time",
    ):
        assert line in result.output.splitlines()


@pytest.mark.parametrize(
    ("device", "rule", "said"),
    [
        ("cam-garage-01", "camera-silent", "Severity high."),
        ("cam-garage-01", "picture-dark", "turned off for this device"),
        ("cam-garage-01", "clock-drift", "the device has no check onvif"),
        ("cam-hall-01", "mains-lost", "it is for UPS"),
        ("cam-hall-01", "login-refused", "The first bad look opens the ticket."),
        ("cam-hall-01", "picture-over-exposed", "turned off"),
        ("cam-garage-02", "camera-silent", "The device is silenced"),
        ("nvr-1", "disk-failed", "for each row of the table disk"),
        ("ups-1", "ups-fault", "one condition for the whole table ups_alarm"),
        ("ups-1", "ups-overload", "with limit_percent = 95, clear_percent = 85"),
        ("sw-hall", "switch-silent", "devices behind this one"),
        ("cam-hall-01", "clock-drift", "Mon, Tue, Wed, Thu and Fri 08:00-18:00; outside these hours it waits"),
        ("sitewarden", "monitor-database", "The monitor looks at itself"),
    ],
)
def test_explains_what_is_special(device: str, rule: str, said: str) -> None:
    result = run(EXAMPLE, "--explain", device, rule)
    assert result.exit_code == 0
    assert said in result.output
    assert run(EXAMPLE, "--explain", device, rule, "--lang", "zh_CN").exit_code == 0


@pytest.mark.parametrize(
    ("device", "rule", "said"),
    [
        ("cam-hall-1", "camera-silent", 'no device "cam-hall-1"; did you mean "cam-hall-01"?'),
        ("cam-hall-01", "camera-silnt", 'no rule "camera-silnt"; did you mean "camera-silent"?'),
    ],
)
def test_names_what_is_not_there(device: str, rule: str, said: str) -> None:
    result = run(EXAMPLE, "--explain", device, rule)
    assert (result.exit_code, result.stderr.strip()) == (2, said)


def test_tells_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(
        "site: {id: s, name: S}\ncredentials: {c: {username: u, password: hunter2}}\n"
        "devices: [{id: a, kind: camera, host: 192.0.2.1, credentials: c}]\n"
    )
    result = run(str(file))
    assert result.exit_code == 0
    assert "a secret in plain text" in result.stderr
    assert "hunter2" not in result.output


def test_every_word_is_in_both_languages() -> None:
    for code, text in WORDS.items():
        assert text.en, code
        assert text.zh_CN, code


def test_lists_are_read_as_lists() -> None:
    told = [listed(["a", "b", "c"][:count], "en") for count in range(4)]
    assert told == ["", "a", "a and b", "a, b and c"]
    assert listed(["reach", "snmp"], "en", "or") == "reach or snmp"
    assert listed(["周一", "周二", "周三"], "zh_CN") == "周一、周二和周三"
    assert listed(["reach", "snmp"], "zh_CN", "or") == "reach 或 snmp"
