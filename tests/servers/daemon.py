"""How does a test get the real daemon as a process of its own, over a site of its choice?"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import yaml

from monitor.web.users import digest, new_token
from probes.simulators import Shape
from probes.simulators.configuration import describe_site
from tests.servers.processes import free_port, running, wait_until

FAST = {"reach": "2s", "rtsp": "3s", "onvif": "3s", "frame": "6s", "snmp": "2s", "http": "3s", "tls": "3s"}
AT_ONCE = {"*": {"for": "1s", "looks": 2, "clear_for": "1s", "clear_looks": 2}}


@dataclass(slots=True)
class Daemon:
    """A running daemon; `file` is its configuration."""

    file: Path
    folder: Path
    port: int
    token: str
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "daemon.log"

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page."""
        request = Request(f"http://{self.address}{path}", headers={"Authorization": f"Bearer {self.token}"})
        try:
            with urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()

    def api(self, path: str) -> Any:
        """What the REST API answers."""
        status, text = self.get(f"/api/v1{path}")
        assert status == 200, text
        return json.loads(text)

    def write(self, config: Mapping[str, Any]) -> None:
        """Write the configuration, its console and its token put in."""
        user = {"name": "tester", "password_hash": "$argon2id$none", "role": "manager", "tokens": [digest(self.token)]}
        whole = {**config, "web": {"listen": self.address}, "users": [user]}
        self.file.write_text(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False), "utf-8")
        self.file.chmod(0o600)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def wait_until_it_lives(self) -> None:
        """Wait until it answers."""

        def lives() -> bool:
            assert self.process.poll() is None, f"the daemon ended: {self.log.read_text()[-3000:]}"
            try:
                return self.get("/livez")[0] == 200
            except URLError:
                return False

        wait_until(lives, "the daemon", seconds=60)


def watching(shape: Shape, every: Mapping[str, str] = FAST) -> dict[str, Any]:
    """A configuration that watches a simulated site at a quick pace."""
    config = describe_site(shape)
    for kind, common in config["defaults"].items():
        for name, check in common["checks"].items():
            common["checks"][name] = {**check, "every": every.get(name, "5s")}
        if kind != "camera":
            common["checks"]["snmp"] = {"every": every["snmp"]}
    return {**config, "rules": AT_ONCE}


def prepared_daemon(folder: Path, config: Mapping[str, Any]) -> Daemon:
    """Everything but the process."""
    folder.mkdir(exist_ok=True)
    token, _ = new_token()
    daemon = Daemon(folder / "site.yaml", folder, free_port(), token)
    daemon.write(config)
    return daemon


@contextmanager
def running_daemon(
    daemon: Daemon, *, before: tuple[str, ...] = (), env: Mapping[str, str] | None = None, wait: bool = True
) -> Iterator[Daemon]:
    """The process, ended with the block. `before` stands before the command (setpriv, unshare)."""
    command = [
        *before, sys.executable, "-m", "monitor", "run", "-c", str(daemon.file), "--state", str(daemon.folder / "state")
    ]  # fmt: skip
    with running(command, daemon.log, env=env) as daemon.process:
        if wait:
            daemon.wait_until_it_lives()
        yield daemon
