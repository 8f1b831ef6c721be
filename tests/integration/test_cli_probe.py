"""`sitewarden probe`: one device, asked from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.probe import probe as command
from probes.simulators import site_yaml
from probes.simulators.blueprint import COMMUNITY, PASSWORD, USERNAME
from tests.servers.simsite import SimSite
from tests.servers.snmpd import AUTH_KEY, PRIV_KEY, Agent, user_name


def probe(*words: str, password: str | None = PASSWORD, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command; the password goes by the environment, never by the command line."""
    given = {**os.environ, "LANG": "C", "LC_ALL": "C", **env}
    if password is not None:
        given["SITEWARDEN_PASSWORD"] = password
    return subprocess.run(
        [sys.executable, "-m", "monitor", "probe", *words],
        env=given, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture
def file(simsite: SimSite, tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(site_yaml(simsite.shape), "utf-8")
    return path


def test_a_device_of_the_site_is_asked_everything(simsite: SimSite, file: Path) -> None:
    done = probe("camera-01", "-c", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    for said in ("reach: ok", "rtsp: ok", "onvif: ok", "frame: ok", "verdict", "clock_offset_seconds", "picture: "):
        assert said in done.stdout
    assert PASSWORD not in done.stdout + done.stderr


def test_for_programs_it_is_one_line_of_json_a_question(simsite: SimSite, file: Path) -> None:
    done = probe("recorder-01", "-c", str(file), "--json")
    looks = {look["check"]: look for look in map(json.loads, done.stdout.splitlines())}
    assert {"reach", "snmp"} <= set(looks)
    assert looks["snmp"]["outcome"] == "ok"
    assert looks["snmp"]["rows"]["disk"]
    assert done.returncode == 0


def test_addresses_need_no_configuration(simsite: SimSite) -> None:
    seen = probe(simsite.rtsp_url("camera-02", login=False), "--user", USERNAME)
    assert "rtsp: ok" in seen.stdout, seen.stdout + seen.stderr
    assert "codec" in seen.stdout
    agent = simsite.address("ups-01")
    asked = probe(f"snmp://{agent}:{simsite.shape.snmp_port}", "--community", COMMUNITY, password=None)
    assert "battery_state" in asked.stdout, asked.stdout + asked.stderr
    camera = simsite.address("camera-02")
    clock = probe(f"onvif://{camera}:{simsite.shape.http_port}", "--user", USERNAME)
    assert "clock_offset_seconds" in clock.stdout, clock.stdout + clock.stderr


def test_a_wrong_password_is_sent_once(simsite: SimSite, file: Path) -> None:
    before = sum(simsite.device("camera-03")["refused_logins"].values())
    file.write_text(file.read_text("utf-8").replace(PASSWORD, "not-the-password"), "utf-8")
    done = probe("camera-03", "-c", str(file))
    assert done.returncode == 1
    assert "denied" in done.stdout
    assert "not asked, the password was refused" in done.stdout
    assert sum(simsite.device("camera-03")["refused_logins"].values()) == before + 1


def in_process(*words: str, **env: str) -> Result:
    """The same without a process of its own."""
    return CliRunner(env=env).invoke(command, list(words))


@pytest.mark.parametrize(
    ("auth", "priv", "words"),
    [
        ("sha", "aes128", []),
        ("sha256", "aes256", ["--auth", "sha256", "--priv", "aes256"]),
        ("md5", "none", ["--auth", "md5", "--priv", "none"]),
        ("none", "none", ["--auth", "none", "--priv", "none"]),
    ],
)
def test_a_user_of_snmp_is_one_of_version_3(snmpd: Agent, auth: str, priv: str, words: list[str]) -> None:
    address = f"snmp://{user_name(auth, priv)}@{snmpd.host}:{snmpd.port}"
    done = in_process(address, *words, SITEWARDEN_AUTH_KEY=AUTH_KEY, SITEWARDEN_PRIV_KEY=PRIV_KEY)
    assert done.exit_code == 0, done.output
    assert "uptime_seconds" in done.output
    assert AUTH_KEY not in done.output
    assert PRIV_KEY not in done.output


def test_keys_of_snmp_are_asked_for_and_a_wrong_one_is_refused(snmpd: Agent) -> None:
    address = f"snmp://{user_name('sha', 'aes128')}@{snmpd.host}:{snmpd.port}"
    done = CliRunner().invoke(command, [address], input=f"{AUTH_KEY}\nnot-the-key-at-all\n")
    assert "signs (sha)" in done.output
    assert "encrypts (aes128)" in done.output
    assert done.exit_code == 1
    assert "snmp: denied" in done.output
    assert "not-the-key" not in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["snmp://u@127.0.0.1", "--community", "c"], "give one of them"),
        (["snmp://u@127.0.0.1", "--auth", "none"], "--priv none too"),
        (["snmp://u@127.0.0.1"], "at least 8 characters"),
    ],
)
def test_what_does_not_fit_together_is_not_sent(words: list[str], said: str) -> None:
    done = in_process(*words, SITEWARDEN_AUTH_KEY="short")
    assert done.exit_code == 2
    assert said in done.output
    assert "short" not in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rtsp://admin:secret@127.0.0.1/x"], "No password in the address"),
        (["gopher://127.0.0.1/"], "gopher:// is none of rtsp://"),
        (["tcp://127.0.0.1:99999"], "99999"),
        (["rtsp:///path"], "names no host"),
        (["camera-01"], "-c site.yaml"),
    ],
)
def test_a_mistake_is_a_sentence_that_helps(words: list[str], said: str) -> None:
    done = probe(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_device_is_named(file: Path) -> None:
    done = probe("camera-99", "-c", str(file))
    assert done.returncode == 1
    assert "has no device camera-99" in done.stderr


def test_it_speaks_chinese() -> None:
    done = probe("camera-01", LANG="zh_CN.UTF-8", LC_ALL="zh_CN.UTF-8")
    assert "配置文件" in done.stderr
    closed = probe("tcp://127.0.0.1:9", LANG="zh_CN.UTF-8", LC_ALL="zh_CN.UTF-8")
    assert "tcp: refused，用时" in closed.stdout
    assert "拒绝连接" in closed.stdout
    assert "主机在线，端口 9 已关闭" in closed.stdout
