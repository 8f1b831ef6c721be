"""Do secrets come from where they should, and never out again?"""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from monitor.settings.load import load
from monitor.settings.mistake import BadConfiguration
from monitor.settings.model import Settings
from probes.target import Secret, redact


def settings_with(folder: Path, password: str, *, lenient: bool = False, **env: str) -> Settings:
    file = folder / "site.yaml"
    file.write_text(
        "site: {id: s, name: S}\n"
        f"credentials: {{c: {{username: u, password: {password}}}}}\n"
        "devices: [{id: cam, kind: camera, host: 192.0.2.1, credentials: c}]\n"
    )
    return load(file, env=env, lenient=lenient)


def password_of(settings: Settings) -> str:
    login = settings.devices["cam"].target.login
    assert login is not None
    return login.password.reveal()


def test_from_a_systemd_credential(tmp_path: Path) -> None:
    (tmp_path / "cam").write_text("pass word\n")
    settings = settings_with(tmp_path, "{credential: cam}", CREDENTIALS_DIRECTORY=str(tmp_path))
    assert password_of(settings) == "pass word"
    assert "secret_world_readable" not in {warning.code for warning in settings.warnings}


def test_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("密码\r\n", "utf-8")
    secret.chmod(0o600)
    settings = settings_with(tmp_path, "{file: secret}")
    assert password_of(settings) == "密码"
    assert "secret_world_readable" not in {warning.code for warning in settings.warnings}
    secret.chmod(0o644)
    assert "secret_world_readable" in {warning.code for warning in settings_with(tmp_path, "{file: secret}").warnings}


def test_from_the_environment(tmp_path: Path) -> None:
    assert password_of(settings_with(tmp_path, "{env: CAM}", CAM="pw")) == "pw"


def test_plain_text_is_taken_but_warned_of(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, "0123")
    assert password_of(settings) == "0123"
    warning = next(one for one in settings.warnings if one.code == "plain_secret")
    assert (warning.mark.line, warning.mark.column, warning.key) == (2, 42, "password")
    assert "0123" not in warning.say("en") + repr(settings.warnings)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "secret_empty"),
        (b"\xff\xfe", "secret_not_text"),
        (b"a\nb\n", "secret_lines"),
        (b"x" * 70_000, "secret_large"),
    ],
)
def test_files_that_hold_no_secret(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(BadConfiguration) as caught:
        settings_with(tmp_path, "{file: secret}")
    assert [mistake.code for mistake in caught.value.mistakes] == [code]


def test_endless_files_are_not_read(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration) as caught:
        settings_with(tmp_path, "{file: /dev/zero}")
    assert caught.value.mistakes[0].code == "secret_large"


def test_what_only_the_service_can_see_is_no_mistake_for_who_checks_by_hand(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, "{credential: cam}", lenient=True)
    assert password_of(settings) == ""
    assert "secret_no_credentials" in {warning.code for warning in settings.warnings}
    with pytest.raises(BadConfiguration):
        settings_with(tmp_path, "{credential: cam}")
    with pytest.raises(BadConfiguration):  # a file that is not there is not there for the service either
        settings_with(tmp_path, "{file: gone}", lenient=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("pw")
    (tmp_path / "secret").chmod(0)
    with pytest.raises(BadConfiguration) as caught:
        settings_with(tmp_path, "{file: secret}")
    assert caught.value.mistakes[0].code == "secret_forbidden"
    assert password_of(settings_with(tmp_path, "{file: secret}", lenient=True)) == ""


def test_settings_do_not_print_what_they_hold(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, "hunter2")
    assert "hunter2" not in f"{settings!r} {settings} {settings.devices['cam'].target}"


def test_a_secret_survives_its_way_to_a_worker() -> None:
    assert pickle.loads(pickle.dumps(Secret("a"))) == Secret("a")


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("rtsp://h/user=admin_password=tlJwpbo6_channel=1_stream=0.sdp", "rtsp://h/user=admin_password=***_channel=1_stream=0.sdp"),
        ("http://h/snap?usr=a&pwd=b&c=d", "http://h/snap?usr=a&pwd=***&c=d"),
        ("http://h/snap?Password=", "http://h/snap?Password=***"),
        ("rtsp://h/live?channel=1&subtype=0", "rtsp://h/live?channel=1&subtype=0"),
    ],
)  # fmt: skip
def test_redact(uri: str, shown: str) -> None:
    assert redact(uri) == shown
