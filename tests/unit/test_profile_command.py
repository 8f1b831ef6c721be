"""`sitewarden profile` and `identify`: what they print, and what the linter says of mistakes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.cli import main
from monitor.settings.load import load
from monitor.settings.mistake import BadConfiguration, Findings
from monitor.settings.profiles import lint
from probes.snmp.files import ProfileError, read_file

RECORDINGS = Path(__file__).parents[1] / "recordings"
HEAD = "title: { en: A, zh_CN: 甲 }\nsource: a MIB\nconfidence: mib\n"
PROFILE = HEAD + (
    "kind: camera\nextends: [_system]\nrank: 99\ndetect:\n  - { sysobjectid: 1.3.6.1.4.1.99999 }\n"
    "symbols:\n  - { value: device_state, OID: 1.3.6.1.4.1.99999.1.0, type: state,"
    " states: { 1: normal, 2: abnormal } }\n"
)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def test_list_and_show() -> None:
    listed = run("profile", "list")
    assert listed.exit_code == 0
    assert any(line.split() == ["apc-ups", "UPS", "APC", "UPS"] for line in listed.output.splitlines())
    shown = run("profile", "show", "hikvision-nvr")
    assert "recorder-no-disk: Recorder has no disk (Urgent)" in shown.output
    assert "bring: Loaner for this model" in shown.output
    assert "1.3.6.1.4.1.50001.1.241.1.3" in shown.output
    assert "/Streaming/Channels/{channel}01" in shown.output
    data = orjson.loads(run("profile", "show", "cisco-poe", "--json").output)
    assert data["detect"] == [{"under": "1.3.6.1.4.1.9.9.402.1.2.1.9", "rank": 75}]


def test_in_chinese_nothing_is_left_in_english() -> None:
    """But for names that are written so in files, OIDs and MIBs."""
    for profile, words in {
        "hikvision-nvr": (
            "（真实设备录制）",
            "厂商匹配 hikvision",
            "录像机没有硬盘 (紧急)",
            "序列号",
            "该型号 的备用机",
        ),
        "cisco-poe": ("具有 1.3.6.1.4.1.9.9.402.1.2.1.9 之下的对象, 优先于排序值低于 75 的档案", "poe_port: PoE 端口"),
        "generic": ("无其他匹配",),
    }.items():
        command = [sys.executable, "-m", "monitor", "profile", "show", profile]
        shown = subprocess.run(command, env={**os.environ, "LC_ALL": "zh_CN.UTF-8"}, capture_output=True, check=True)
        text = shown.stdout.decode()
        assert all(word in text for word in words), text
        assert not re.search(r"urgent|\bhigh|under |rank|community|recording\)|nothing|Measured", text), text


def test_a_name_that_is_none() -> None:
    refused = run("profile", "show", "hikvison-nvr")
    assert refused.exit_code == 1
    assert "Did you mean hikvision-nvr?" in refused.output


def test_the_shipped_profiles_are_sound() -> None:
    tested = run("profile", "test")
    assert tested.exit_code == 0, tested.output


def test_identify(tmp_path: Path) -> None:
    text = "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.50001\n1.3.6.1.2.1.1.3.0|67|500\n1.3.6.1.4.1.50001.1.240.0|2|0\n"
    (tmp_path / "agent.snmprec").write_text(text, "utf-8")
    told = run("identify", tmp_path)
    assert told.exit_code == 0
    for part in ("hikvision-nvr: Hikvision recorder", "sysObjectID", "✗ recorder-no-disk: Recorder has no disk"):
        assert part in told.output
    data = orjson.loads(run("identify", "--json", tmp_path / "agent.snmprec").output)
    assert (data["profile"], data["known"]) == ("hikvision-nvr", True)
    assert data["reasons"] == {"sysObjectID": "1.3.6.1.4.1.50001"}
    assert {one["rule"] for one in data["judged"] if one["wrong"]} == {"recorder-no-disk"}


def test_identify_a_folder_without_an_agent() -> None:
    told = run("identify", RECORDINGS / "simulated-camera")
    assert told.exit_code == 0, told.output
    assert told.output.startswith("onvif-camera: Camera with ONVIF\n  why: speaks ONVIF; ")
    assert "camera, make and model: Example Optics SW-C2M" in told.output
    assert "checks that make sense: reach, onvif, events, rtsp, frame" in told.output
    data = orjson.loads(run("identify", "--json", RECORDINGS / "ipycam").output)
    assert (data["profile"], data["kind"], data["known"], data["vendor"]) == (
        "onvif-camera", "camera", True, "PythonCam & Söhne",
    )  # fmt: skip
    assert data["reasons"].keys() >= {"onvif", "rtsp", "maker_profile"}


def test_identify_a_maker_by_its_answers(tmp_path: Path) -> None:
    """A camera whose agent is no more than that of its Linux, and an answer that is damaged."""
    folder = shutil.copytree(RECORDINGS / "simulated-camera", tmp_path / "camera")
    told = folder / "answers" / "003-http-getdeviceinformation.xml"
    text = told.read_text("utf-8")
    told.write_text(text.replace("Example Optics", "Dahua").replace("SW-C2M", "IPC-HFW2831T"), "utf-8")
    shutil.copy(RECORDINGS / "net-snmp-host" / "agent.snmprec", folder)
    both = run("identify", folder)
    assert both.exit_code == 0
    assert both.output.startswith("dahua-camera: Dahua camera\n  why: ")
    assert "net-snmp: " in both.output
    told.write_bytes(b"<s:Envelope><s:Bo")
    (folder / "agent.snmprec").unlink()
    told_nothing = run("identify", folder)  # it speaks ONVIF, but names no maker
    assert told_nothing.exit_code == 1
    assert "unknown: no profile fits\n  why: speaks ONVIF" in told_nothing.output
    (folder / "answers.yaml").write_text("{}", "utf-8")
    assert "answers.yaml is no list" in run("identify", folder).output
    (tmp_path / "empty").mkdir()
    assert "is no recording" in run("identify", tmp_path / "empty").output


def test_identify_what_nobody_knows(tmp_path: Path) -> None:
    (tmp_path / "one.snmprec").write_text("1.3.6.1.4.1.77777.1.0|2|1\n", "utf-8")
    told = run("identify", tmp_path / "one.snmprec")
    assert told.exit_code == 1
    assert "unknown: no profile fits" in told.output
    (tmp_path / "two.snmprec").write_text("no recording\n", "utf-8")
    assert "line 1: not OID|TYPE|VALUE" in run("identify", tmp_path / "two.snmprec").output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "symbol: []\n", '4:1: symbol: unknown key; did you mean "symbols"?'),
        (
            HEAD + "symbols:\n  - { value: a, OID: 1.3.6, typ: text }\n",
            '5:29: symbols[0].typ: unknown key; did you mean "type"?',
        ),
        (HEAD + "symbols:\n  - { value: a, OID: 1.3.6, type: txet }\n", '5:35: symbols[0].type: "txet"'),
        (
            HEAD + "symbols:\n  - { value: a, OID: 1.3.x }\n",
            "5:22: symbols[0].OID: not possible: '1.3.x' is not an OID",
        ),
        (HEAD + "extends: [_systen]\n", '4:11: extends[0]: there is no profile _systen; did you mean "_system"?'),
        (HEAD + "rank: 400\n", "4:7: rank: "),
        (
            HEAD + "writable:\n  - { symbol: x, OID: 1.3.6.1.2.1.33.1.8.1, values: { on: 1 },"
            " source: MIB, confidence: mib }\n",
            "5:5: writable[0]: not possible: 1.3.6.1.2.1.33.1.8.1 is never written",
        ),
        ("- 1\n", "1:1: "),
    ],
)
def test_a_mistake_is_told_with_place_key_and_remedy(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text, "utf-8")
    findings = Findings()
    lint(file, "mine.yaml", findings)
    told = [mistake.say("en") for mistake in findings.mistakes]
    assert any(one.startswith(f"mine.yaml:{message}") for one in told), told
    assert all(mistake.say("zh_CN") for mistake in findings.mistakes)
    refused = run("profile", "test", file)
    assert refused.exit_code == 1


SITE = "site: { id: s, name: S }\nprofile_folders: own\nrule_files: []\ndevices:\n"
DEVICE = "  - { id: c, kind: camera, host: 192.0.2.1, credentials: r, checks: { snmp: { profile: mine } } }\n"
ACCESS = "credentials: { r: { snmp: { community: { env: C } } } }\n"


def site(folder: Path, profile: str) -> Path:
    (folder / "own").mkdir(exist_ok=True)
    (folder / "own" / "mine.yaml").write_text(profile, "utf-8")
    (folder / "site.yaml").write_text(SITE + DEVICE + ACCESS, "utf-8")
    return folder / "site.yaml"


RULES = (
    "rules:\n  - id: mine-bad\n    fault: device.abnormal\n    check: snmp\n"
    "    when: device_state == 'abnormal'\n    severity: high\n"
)


def test_a_sites_own_profile_and_its_rules(tmp_path: Path) -> None:
    found = load(site(tmp_path, PROFILE + RULES), env={"C": "x"})
    assert found.profile_folders == (tmp_path.absolute() / "own",)
    (rule,) = (rule for rule in found.rules if rule.id == "mine-bad")
    assert rule.when.verdict({"profile": "mine", "device_state": "abnormal"}) is True
    assert rule.when.verdict({"profile": "axis", "device_state": "abnormal"}) is False
    assert rule.when.verdict({}) is None


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        (PROFILE + RULES.replace("device.abnormal", "device.abnormall"), "device.abnormall"),
        (PROFILE + RULES.replace("check: snmp", "check: rtsp"), "rules of a profile read the check snmp, not rtsp"),
        (PROFILE + RULES.replace("device_state ==", "device_stat =="), "device_stat"),
        (PROFILE.replace("[_system]", "[mine]"), "circles"),
        (PROFILE.replace("kind: camera", "kind: camra"), "camra"),
    ],
)
def test_a_mistake_in_a_sites_profile_refuses_the_site(tmp_path: Path, profile: str, message: str) -> None:
    with pytest.raises(BadConfiguration, match=message):
        load(site(tmp_path, profile), env={"C": "x"})


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    file = site(tmp_path, PROFILE)
    file.write_text(file.read_text("utf-8").replace("own", "gone"), "utf-8")
    with pytest.raises(BadConfiguration, match=r"site\.yaml:2:18: profile_folders: .*no such folder"):
        load(file, env={"C": "x"})


_WORDS = st.sampled_from([
    "title", "en", "source", "symbols", "value", "OID", "1.3.6", "type", "text", "tables", "columns", "extends",
    "detect",
    "rank", "rules", "when", "compute", "percent", "&a", "*a", "!!python/name:os.system", "[", "]", "{", "}", ":", ": ",
    "- ", "\n", "\n  ", "'", "，", "\t", "~", "on", "99999999999999999999", "\x00",
])  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.lists(_WORDS, max_size=30).map("".join), cut=st.integers(0, len(PROFILE)))
def test_hostile_profiles_are_refused_in_words(tmp_path: Path, text: str, cut: int) -> None:
    file = tmp_path / "hostile.yaml"
    file.write_text(PROFILE[:cut] + text + PROFILE[cut:], "utf-8")
    findings = Findings()
    lint(file, "hostile.yaml", findings)
    for mistake in findings.mistakes:
        assert mistake.say("en").startswith("hostile.yaml")
    with suppress(ProfileError):
        read_file(file)
