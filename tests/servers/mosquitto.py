"""How does a test get an MQTT broker of its own, which it may stop and start again?"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.servers.processes import accepts, free_port, running, wait_until


@dataclass(slots=True)
class Mosquitto:
    """A broker on a loopback port; without a login unless `login` (name, password) is given."""

    folder: Path
    login: tuple[str, str] | None = None
    port: int = field(default_factory=free_port)
    _stack: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Start it and wait until it serves."""
        lines = [f"listener {self.port} 127.0.0.1", "persistence false", f"user {_user()}"]
        if self.login is None:
            lines.append("allow_anonymous true")
        else:
            passwords = self.folder / "passwords"
            passwords.touch(mode=0o600)
            subprocess.run(["mosquitto_passwd", "-b", passwords, *self.login], check=True, capture_output=True)
            lines += ["allow_anonymous false", f"password_file {passwords}"]
        settings = self.folder / "mosquitto.conf"
        settings.write_text("\n".join(lines) + "\n")
        program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        assert program, "mosquitto is not installed"
        self._stack.enter_context(running([program, "-c", settings], self.folder / "mosquitto.log"))
        wait_until(lambda: accepts("127.0.0.1", self.port), "mosquitto")

    def stop(self) -> None:
        """Stop it; its clients lose their connections."""
        self._stack.close()


def _user() -> str:
    """Stay who we are: root's folders of a test are closed to the user that Mosquitto would become."""
    return pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running broker that lets everybody in."""
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    broker = Mosquitto(folder)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def guarded_mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running broker that wants the login warden / open-sesame."""
    folder = tmp_path / "guarded-mosquitto"
    folder.mkdir()
    broker = Mosquitto(folder, ("warden", "open-sesame"))
    broker.start()
    yield broker
    broker.stop()
