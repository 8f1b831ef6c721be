"""Does the fault catalogue tell a technician what he needs, in both languages?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.core.plan import Fault, Text
from monitor.settings.load import load
from monitor.settings.model import Settings

HAN = re.compile(r"[\u4e00-\u9fff]")
LATIN_PUNCTUATION = re.compile(r"[\u4e00-\u9fff][,;:?!]|[,;:?!][\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def shipped() -> Settings:
    return load(Path(__file__).parents[2] / "config" / "example.site.yaml", env={}, lenient=True)


@pytest.fixture(scope="module")
def faults(shipped: Settings) -> dict[str, Fault]:
    return dict(shipped.faults)


def texts(fault: Fault) -> Iterator[Text]:
    yield from (fault.title, fault.text, *fault.causes, *fault.remedies, *fault.bring)


def test_every_fault_has_its_rule_and_every_rule_its_fault(shipped: Settings, faults: dict[str, Fault]) -> None:
    assert {rule.fault for rule in shipped.rules} == faults.keys()


def test_every_text_is_in_both_languages(faults: dict[str, Fault]) -> None:
    for fault in faults.values():
        for text in texts(fault):
            assert HAN.search(text.zh_CN), (fault.code, text)
            assert not HAN.search(text.en), (fault.code, text)
            assert not LATIN_PUNCTUATION.search(text.zh_CN), (fault.code, text.zh_CN)


def test_both_languages_quote_the_same(faults: dict[str, Fault]) -> None:
    for fault in faults.values():
        for text in texts(fault):
            quoted = [set(re.findall(r"\{(\w+)\}", one)) for one in (text.en, text.zh_CN)]
            if text is fault.text:
                quoted = [names - {"host"} for names in quoted]
            assert quoted[0] == quoted[1], (fault.code, text)


def test_titles_are_short_and_quote_nothing(faults: dict[str, Fault]) -> None:
    """They are subjects of mails and lines of lists."""
    for fault in faults.values():
        assert len(fault.title.en) <= 45, fault.code
        assert len(fault.title.zh_CN) <= 20, fault.code
        assert "{" not in fault.title.en + fault.title.zh_CN
        assert not fault.title.en.endswith(".")
    titles = [fault.title.en for fault in faults.values()]
    assert len(set(titles)) == len(titles)


def test_every_fault_says_why_and_what_to_do(faults: dict[str, Fault]) -> None:
    for fault in faults.values():
        assert fault.causes, fault.code
        assert fault.remedies, fault.code
        assert fault.text.en.endswith("."), fault.code
        assert fault.text.zh_CN.endswith("。"), fault.code


def test_every_fault_says_what_to_bring_or_that_nobody_needs_to_go(faults: dict[str, Fault]) -> None:
    for fault in faults.values():
        assert fault.remote != bool(fault.bring), fault.code
        assert len(fault.bring) <= 5, "a list that long is not carried"
    remote = {code for code, fault in faults.items() if fault.remote}
    assert {"firmware.changed", "tls.ends", "monitor.config"} <= remote
    assert not remote & {code for code in faults if code.endswith(".silent") and code not in ("snmp.silent",)}
