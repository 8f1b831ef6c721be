"""Is every mistake told at its place, with what would put it right? Each invalid configuration is a file of its own.

Beside NAME.yaml stands NAME.txt: what `sitewarden check NAME.yaml --lang en` must say, line by line.
"""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from monitor.settings.load import load
from monitor.settings.mistake import BadConfiguration
from monitor.settings.words import MISTAKES

FOLDER = Path(__file__).parent / "config_errors"
ENV = {"PASSWORD": "long-enough", "SHORT": "short", "HASH": "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaA"}
FILES = sorted(path.stem for path in FOLDER.glob("*.yaml"))

SOURCES = [path.read_text("utf-8") for path in (Path(__file__).parents[2] / "monitor" / "settings").rglob("*.py")]


def refusal(name: str, monkeypatch: pytest.MonkeyPatch) -> BadConfiguration:
    monkeypatch.chdir(FOLDER)
    with pytest.raises(BadConfiguration) as caught:
        load(f"{name}.yaml", env=ENV)
    return caught.value


@pytest.mark.parametrize("name", FILES)
def test_says_what_is_wrong_and_where_in_both_languages_and_no_secret(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = refusal(name, monkeypatch)
    said = [mistake.say("en").replace(f"{FOLDER}/", "") for mistake in refused.mistakes]
    assert said == (FOLDER / f"{name}.txt").read_text("utf-8").splitlines()
    for mistake in refused.mistakes:
        assert re.search(r"[\u4e00-\u9fff]", mistake.say("zh_CN")), mistake
        assert "hunter2" not in repr(mistake) + mistake.say("zh_CN")
    assert not re.search("hunter2|long-enough", str(refused) + repr(refused) + "".join(said))


def test_every_expected_text_has_its_file() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == FILES


@pytest.mark.parametrize("code", MISTAKES)
def test_every_text_is_used_and_quotes_the_same_in_both_languages(code: str) -> None:
    assert any(f'"{code}"' in source for source in SOURCES), "nobody says this"
    text = MISTAKES[code]
    quoted = [{name for _, name, _, _ in string.Formatter().parse(said) if name} for said in (text.en, text.zh_CN)]
    assert quoted[0] == quoted[1]
    assert re.search(r"[\u4e00-\u9fff]", text.zh_CN)
    assert not re.search(r"[\u4e00-\u9fff]", text.en)


def test_large_files_are_not_read(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_bytes(b"#" * 10_000_001)
    with pytest.raises(BadConfiguration, match="larger than 10 MB"):
        load(file, env={})


def test_names_the_byte_that_is_not_utf8(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_bytes(b"site:\n  name: Caf\xe9\n")
    with pytest.raises(BadConfiguration, match=r"site\.yaml:2:12: not UTF-8"):
        load(file, env={})


def test_names_the_character_that_yaml_does_not_allow(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_bytes(b"site:\n  name: a\x07b\n")
    with pytest.raises(BadConfiguration, match=r"site\.yaml:2.*U\+0007"):
        load(file, env={})


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="cannot be read: Is a directory"):
        load(tmp_path, env={})
