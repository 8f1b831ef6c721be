"""Is the unit what systemd wants, closed as it says it is, and does the daemon do its work inside?"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.run import EXIT_CONFIG
from monitor.engine.systemd import STUCK_SECONDS
from monitor.export.process import OF_PROCESS
from tests.integration.systemd_confinement import allowed_calls, read_unit

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "systemd"
UNIT = FOLDER / "sitewarden.service"
WANTED_EXPOSURE = 2.0


def run(*words: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 or not check, done.stdout + done.stderr
    return done


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    program = tmp_path / "sitewarden"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "sitewarden.service"
    unit.write_text(UNIT.read_text("utf-8").replace("/opt/sitewarden/bin/sitewarden", str(program)), "utf-8")
    done = run("systemd-analyze", "verify", "--man=no", unit)
    assert "sitewarden" not in done.stderr, done.stderr


def test_it_is_closed_and_the_documentation_says_how_much() -> None:
    told = run("systemd-analyze", "security", "--offline=true", "--no-pager", UNIT).stdout
    found = re.search(r"Overall exposure level for sitewarden.service: ([0-9.]+)", told)
    assert found, told
    assert float(found[1]) <= WANTED_EXPOSURE
    assert f"**{found[1]}**" in (ROOT / "docs" / "install.md").read_text("utf-8")


def test_it_agrees_with_the_program() -> None:
    unit = read_unit(UNIT)
    assert unit["RestartPreventExitStatus"] == [str(EXIT_CONFIG)]
    assert unit["ExecStart"] == ["/opt/sitewarden/bin/sitewarden run -c /etc/sitewarden/site.yaml"]
    assert unit["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert unit["Type"] == ["notify"]
    (watchdog,) = unit["WatchdogSec"]
    assert int(watchdog) / 3 + STUCK_SECONDS < int(watchdog), "a feed may come late by one turn"


def test_dangerous_calls_are_refused_and_needed_ones_are_not() -> None:
    allowed = allowed_calls(read_unit(UNIT))
    assert allowed.isdisjoint({
        "mount", "ptrace", "reboot", "init_module", "bpf", "setuid", "chown", "chroot", "sched_setaffinity",
        "perf_event_open", "swapon", "clock_settime", "kexec_load"
    })  # fmt: skip
    needed = (
        "epoll_wait fdatasync fcntl futex io_setup prlimit64 setpriority sendmmsg execve clone pidfd_open memfd_create"
    )
    assert allowed >= set(needed.split())


def test_user_and_folders(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    run("systemd-sysusers", f"--root={tmp_path}", FOLDER / "sysusers.d" / "sitewarden.conf")
    entry = next(line for line in (tmp_path / "etc" / "passwd").read_text().splitlines() if "sitewarden" in line)
    name, _, number, group, _, home, shell = entry.split(":")
    assert (name, home, shell) == ("sitewarden", "/var/lib/sitewarden", "/usr/sbin/nologin")
    run("systemd-tmpfiles", f"--root={tmp_path}", "--create", FOLDER / "tmpfiles.d" / "sitewarden.conf")
    configuration, credentials = tmp_path / "etc" / "sitewarden", tmp_path / "etc" / "sitewarden" / "credentials"
    assert (configuration.stat().st_mode & 0o777, credentials.stat().st_mode & 0o777) == (0o750, 0o700)
    if os.geteuid() == 0:
        assert (configuration.stat().st_uid, configuration.stat().st_gid) == (0, int(group))
    assert int(number) < 1_000


def test_pings_need_no_privilege() -> None:
    lines = (FOLDER / "sysctl.d" / "60-sitewarden.conf").read_text("utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["net.ipv4.ping_group_range = 0 2147483647"]


def test_installing_takes_fewer_than_ten_commands_and_copies_what_there_is() -> None:
    parts = re.split(r"^## (.+)$", (ROOT / "docs" / "install.md").read_text("utf-8"), flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    blocks = {name: re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL) for name, text in sections.items()}
    wanted = [blocks["Install"][0], blocks["The site"][0], blocks["Start"][0]]
    assert sum(block.count("\n") for block in wanted) < 10
    for name in re.findall(r"shipped/([a-z.]+\.yaml)", "".join(wanted)):
        assert (ROOT / "config" / name).is_file()
    assert "shipped/systemd && cp -r *.d /etc/ && cp *.service /etc/systemd/system/" in wanted[0]
    assert {path.name for path in FOLDER.glob("*.d")} == {"sysusers.d", "tmpfiles.d", "sysctl.d"}
    shell = "".join(block for of_section in blocks.values() for block in of_section)
    run("bash", "-n", "-c", shell)


@pytest.fixture(scope="module")
def confined(tmp_path_factory: pytest.TempPathFactory, films: Path) -> dict[str, Any]:
    """The daemon at work under the unit's restrictions, in namespaces of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root can put another user's process into namespaces")
    folder = tmp_path_factory.mktemp("confined")
    for above in (folder, *folder.parents):
        if above.stat().st_mode & 0o005 != 0o005:
            above.chmod(above.stat().st_mode | 0o055)
    done = subprocess.run(
        ["unshare", "--net", "--mount", sys.executable, "-m", "tests.integration.systemd_confined", folder, films],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        cwd=ROOT,
    )
    if "Operation not permitted: unshare" in done.stderr:
        pytest.skip("namespaces are not allowed here")
    assert done.returncode == 0, done.stderr[-3_000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_kind_of_check_works_inside(confined: dict[str, Any]) -> None:
    kinds = {re.search(r'check="(\w+)"', labels)[1] for labels in confined["checks"]}  # type: ignore[index]
    assert kinds == {"reach", "rtsp", "onvif", "frame", "snmp"}, confined["log"]
    assert '{device="ping",check="reach"}' in confined["checks"], "pings without privileges"
    assert set(confined["checks"].values()) == {1}, confined["log"]


def test_inside_it_still_knows_itself(confined: dict[str, Any]) -> None:
    assert {line.split()[0] for line in confined["process"]} == {family.name for family in OF_PROCESS}


def test_inside_it_has_no_power(confined: dict[str, Any]) -> None:
    status = confined["status"]
    assert set(status["Uid"].split()) == {"65534"}
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_inside_the_way_out_is_closed(confined: dict[str, Any]) -> None:
    assert confined["tried"] == {
        "write /etc": "Read-only file system",
        "write state": "done",
        "raw socket": "Operation not permitted",
        "packet socket": "Address family not supported by protocol",
        "ping socket": "done",
        "writable code": "Operation not permitted",
        "namespace": "Operation not permitted",
        "mount": "Operation not permitted",
        "chroot": "Operation not permitted",
        "home": [],
        "processes": [],
    }


def test_systemd_is_told_and_the_state_is_kept(confined: dict[str, Any]) -> None:
    told = confined["told"]
    assert told[0] == "READY=1"
    assert "WATCHDOG=1" in told
    assert told[-1] == "STOPPING=1"
    assert confined["ended"] == 0
    assert {"sitewarden.db", "session.key"} <= set(confined["files"])
