"""Run in network and mount namespaces of its own: does the daemon do its work under the restrictions of its unit?

Prints JSON: what each check saw, what the process may, what was tried and refused, and what systemd was told.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from probes.simulators.blueprint import PASSWORD
from tests.integration.systemd_confinement import (
    NOBODY,
    become_nobody,
    close_the_house,
    own_mounts,
    read_unit,
    seccomp,
)
from tests.servers.daemon import prepared_daemon, watching
from tests.servers.simsite import simulated_site

ROOT = Path(__file__).resolve().parent.parent.parent
UNIT = ROOT / "systemd" / "sitewarden.service"
SYSCTL = ROOT / "systemd" / "sysctl.d" / "60-sitewarden.conf"
PATIENCE_SECONDS = 80.0
BESIDE = ("events", "inventory", "recorder")  # what comes by itself, or has tests of its own
EXPECTED_CHECKS = 2 * 4 + 4 * 2 + 1  # two cameras; recorder, panel, switch, UPS; the ping
TRIES = """
import ctypes, json, mmap, os, socket
def told(act):
    try:
        act()
    except OSError as error:
        return os.strerror(error.errno)
    return "done"
libc = ctypes.CDLL(None, use_errno=True)
def call(done):
    if done < 0:
        raise OSError(ctypes.get_errno(), "")
print(json.dumps({
    "write /etc": told(lambda: open("/etc/sitewarden-was-here", "w")),
    "write state": told(lambda: open(os.environ["STATE_DIRECTORY"] + "/tried", "w")),
    "raw socket": told(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)),
    "packet socket": told(lambda: socket.socket(17, socket.SOCK_RAW, 0)),
    "ping socket": told(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 1)),
    "writable code": told(lambda: mmap.mmap(-1, 4096, prot=7)),
    "namespace": told(lambda: call(libc.unshare(0x10000000))),
    "mount": told(lambda: call(libc.mount(b"none", b"/tmp", b"tmpfs", 0, None))),
    "chroot": told(lambda: os.chroot("/tmp")),
    "home": sorted(os.listdir("/home")),
    "processes": sorted(name for name in os.listdir("/proc") if name.isdigit() and name != str(os.getpid())),
}))
"""


def open_loopback() -> None:
    with socket.socket() as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", b"lo", 0x41))  # SIOCSIFFLAGS: up, running
    for line in SYSCTL.read_text("utf-8").splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            (Path("/proc/sys") / name.strip().replace(".", "/")).write_text(value.strip())


def configuration(site: Any) -> dict[str, Any]:
    config = watching(site.shape)
    config["defaults"]["camera"]["checks"]["rtsp"]["depth"] = "play"
    config["credentials"]["cameras"]["password"] = {"credential": "camera-password"}
    ping = {"reach": {"probe": "icmp", "every": "2s"}}
    config["devices"].append({"id": "ping", "name": "Ping", "kind": "server", "host": "127.0.0.1", "checks": ping})
    return config


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    wanted = ("Uid", "CapEff", "CapBnd", "NoNewPrivs", "Seccomp")
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines) if name in wanted}


def seen(text: str) -> dict[str, int]:
    found = {}
    for line in text.splitlines():
        if line.startswith("sitewarden_check_up{") and not any(f'check="{name}"' in line for name in BESIDE):
            labels, value = line.removeprefix("sitewarden_check_up").rsplit(" ", 1)
            found[labels] = int(value)
    return found


def watch(folder: Path, films: Path) -> dict[str, Any]:
    open_loopback()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.settimeout(0.2)
    with simulated_site(folder, films, cameras=2, recorders=1, switches=1) as site:
        daemon = prepared_daemon(folder / "daemon", configuration(site))
        state, credentials, runtime = (folder / name for name in ("state", "credentials", "run"))
        for own in (state, credentials, runtime, daemon.folder):
            own.mkdir(exist_ok=True)
            os.chown(own, NOBODY, NOBODY)
        (credentials / "camera-password").write_text(PASSWORD)
        for file in (daemon.file, credentials / "camera-password"):
            os.chown(file, NOBODY, NOBODY)
        listening.bind(str(runtime / "notify"))
        os.chown(runtime / "notify", NOBODY, NOBODY)
        env = {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "STATE_DIRECTORY": str(state),
            "CREDENTIALS_DIRECTORY": str(credentials),
            "NOTIFY_SOCKET": str(runtime / "notify"),
            "WATCHDOG_USEC": "3000000",
        }
        unit = read_unit(UNIT)
        load = seccomp(unit)

        def confine() -> None:
            os.setsid()
            own_mounts()
            close_the_house(unit, [state, runtime], [ROOT, folder / "venv", daemon.folder, credentials])
            become_nobody()
            load()

        (folder / "venv").mkdir()
        python = find_python(folder)
        tried = run([python, "-c", TRIES], env, confine)
        log = (folder / "confined.log").open("wb")
        process = start([python, "-m", "monitor", "run", "-c", str(daemon.file)], env, confine, log)
        told: list[str] = []
        checks: dict[str, int] = {}
        metrics = ""
        deadline = time.monotonic() + PATIENCE_SECONDS
        status = {}
        while time.monotonic() < deadline and process.poll() is None:
            told += listen(listening)
            if "READY=1" in told and not status:
                status = status_of(process.pid)
            if status:
                metrics = daemon.get("/metrics")[1]
                checks = seen(metrics)
                if len(checks) >= EXPECTED_CHECKS and all(checks.values()) and "WATCHDOG=1" in told:
                    break
        files = sorted(path.name for path in state.iterdir())
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        ended = process.wait(30)
        told += listen(listening)
        return {
            "checks": checks,
            "process": [line for line in metrics.splitlines() if line.startswith("process_")],
            "status": status,
            "tried": json.loads(tried),
            "told": told,
            "ended": ended,
            "files": files,
            "log": (folder / "confined.log").read_text("utf-8", "replace")[-4_000:],
        }


def find_python(folder: Path) -> str:
    """This interpreter if another user can reach it, else an environment on Debian's that finds the same packages."""
    path = Path(sys.executable).resolve()
    if all(above.stat().st_mode & 0o001 for above in path.parents):
        return sys.executable
    made = folder / "venv"
    subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", made], check=True)
    (packages,) = made.glob("lib/python3*/site-packages")
    (packages / "here.pth").write_text("\n".join(path for path in sys.path if path))
    return str(made / "bin" / "python")


def start(
    command: list[str], env: dict[str, str], confine: Callable[[], None], out: IO[bytes]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=out,
        cwd="/",
        preexec_fn=confine,  # noqa: PLW1509  no threads
    )


def run(command: list[str], env: dict[str, str], confine: Callable[[], None]) -> str:
    with tempfile.TemporaryFile() as out:
        ended = start(command, env, confine, out).wait(60)
        out.seek(0)
        told = out.read().decode()
    assert ended == 0, told
    return told


def listen(sock: socket.socket) -> list[str]:
    told = []
    with contextlib.suppress(TimeoutError):
        while True:
            told += sock.recv(4_096).decode().splitlines()
    return told


if __name__ == "__main__":
    print(json.dumps(watch(Path(sys.argv[1]), Path(sys.argv[2]))))  # noqa: T201
