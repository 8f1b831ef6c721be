"""Is a list of default passwords taken only with consent, from a file that others cannot read, and never shown?"""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.settings.load import load
from monitor.settings.mistake import BadConfiguration
from monitor.settings.model import Settings
from monitor.settings.planning import plan

SITE = "site: {id: s, name: S}\ndevices: [{id: a, kind: camera, host: 192.0.2.1}]\n"


def configure(folder: Path, section: str, text: str | bytes = "admin:hunter2\n", mode: int = 0o600) -> Settings:
    passwords = folder / "list"
    passwords.write_bytes(text.encode() if isinstance(text, str) else text)
    passwords.chmod(mode)
    (folder / "site.yaml").write_text(SITE + section, "utf-8")
    return load(folder / "site.yaml")


GOOD = "default_passwords: {list: list, consent: true}\n"


def test_off_by_default(tmp_path: Path) -> None:
    settings = configure(tmp_path, "")
    assert settings.default_logins == ()
    assert ("a", "default_login") not in plan(settings).rules


def test_the_list_in_its_order_each_once(tmp_path: Path) -> None:
    text = "\ufeff# makers\nadmin:hunter2\n\nroot:a:b c#d\nadmin:hunter2\nuser:\n"
    settings = configure(tmp_path, GOOD, text, 0o640)
    found = [(one.username, one.password.reveal()) for one in settings.default_logins]
    assert found == [("admin", "hunter2"), ("root", "a:b c#d"), ("user", "")]
    assert "hunter2" not in repr(settings)
    assert [rule.fault for rule in plan(settings).rules["a", "default_login"]] == ["login.default"]


@pytest.mark.parametrize(
    ("section", "text", "mode", "said"),
    [
        ("default_passwords: {list: list}\n", "a:b", 0o600, "consent: true"),
        ("default_passwords: {list: list, consent: false}\n", "a:b", 0o600, "consent: true"),
        (GOOD, "a:b", 0o644, "can be read by everybody"),
        (GOOD, "a:b", 0o604, "can be read by everybody"),
        (GOOD, "a:b\nhunter2\n", 0o600, "line 2"),
        (GOOD, ":hunter2\n", 0o600, "line 1"),
        (GOOD, "a:" + "hunter2" * 50, 0o600, "line 1"),
        (GOOD, "a:hunter2\x07", 0o600, "line 1"),
        (GOOD, "# nothing\n", 0o600, "one to 200 lines"),
        (GOOD, "".join(f"a{number}:hunter2\n" for number in range(201)), 0o600, "one to 200 lines"),
        (GOOD, b"\xff\xfe", 0o600, "one to 200 lines"),
        (GOOD, "a:hunter2\n" * 10_000, 0o600, "one to 200 lines"),
        ("default_passwords: {list: missing, consent: true}\n", "a:b", 0o600, "cannot be read"),
        ("default_passwords: {consent: true}\n", "a:b", 0o600, "list"),
    ],
)
def test_what_is_refused(tmp_path: Path, section: str, text: str | bytes, mode: int, said: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        configure(tmp_path, section, text, mode)
    (mistake,) = refused.value.mistakes
    assert said in mistake.say("en")
    assert mistake.say("zh_CN") != mistake.say("en")
    assert "hunter2" not in mistake.say("en") + mistake.say("zh_CN") + repr(refused.value)
