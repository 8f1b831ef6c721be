"""Is every text of the console said in every language, with the same things to put in?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import monitor
from monitor.locale import LANGUAGES, catalogue, translate
from monitor.locale.catalogue import read_catalogue

ROOMS = ("web", "cli", "discovery", "locale", "storage")
KEYWORDS = {"_": None, "gettext": None, "msg": None, "ngettext": (1, 2)}
PLACES = re.compile(r"%\(\w+\)s|\{\w*\}|…")


def messages() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    root = Path(monitor.__file__).parent
    methods = [("**/templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
    options = {"**/templates/**.html": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}}
    for room in ROOMS:
        for file, line, message, _, _ in extract_from_dir(root / room, methods, options, keywords=KEYWORDS):
            yield f"{room}/{file}:{line}", message


ALL = [(where, message) for where, message in messages() if message]
OTHERS = [language for language in LANGUAGES if language != "en"]


def test_the_extraction_sees_templates_and_python() -> None:
    assert len(ALL) > 300
    assert any(".html" in where for where, _ in ALL)
    assert any(".py" in where for where, _ in ALL)


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language: str) -> None:
    known = read_catalogue(language)  # type: ignore[arg-type]
    missing = []
    for where, message in ALL:
        id_ = message if isinstance(message, str) else message[0]
        found = known.get(id_)
        texts = (
            [found.string]
            if found is not None and isinstance(found.string, str)
            else list(found.string)
            if found
            else []
        )
        if found is None or found.fuzzy or not texts or not all(texts):
            missing.append(f"{where}: {id_}")
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("language", OTHERS)
def test_translations_put_in_the_same_things(language: str) -> None:
    wrong = []
    for message in read_catalogue(language):  # type: ignore[arg-type]
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        texts = [message.string] if isinstance(message.string, str) else list(message.string)
        wanted = set(PLACES.findall(ids[-1])) - {"…"}
        wrong += [f"{ids[0]} -> {text}" for text in texts if set(PLACES.findall(text)) - {"…"} != wanted]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_translated_that_nobody_says(language: str) -> None:
    said = {message if isinstance(message, str) else message[0] for _, message in ALL}
    known = {m.id if isinstance(m.id, str) else m.id[0] for m in read_catalogue(language) if m.id}  # type: ignore[arg-type]
    assert known - said == set()


def test_english_is_its_own_source_and_chinese_is_chinese() -> None:
    assert translate("en")("Tickets") == "Tickets"
    assert translate("zh_CN")("Tickets") == "工单"
    assert catalogue("zh_CN").ngettext("%(num)s ticket", "%(num)s tickets", 2) == "%(num)s 张工单"
    assert translate("zh_CN")("never heard of") == "never heard of"
