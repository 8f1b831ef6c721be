"""Does the fault catalogue tell a technician what he needs, in both languages?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.core.plan import Fault, Text
from monitor.locale.state_words import WORDS
from monitor.notify import strings
from monitor.notify.wording import describe
from monitor.settings.load import load
from monitor.settings.model import Settings
from monitor.settings.planning import plan
from monitor.web.views.ticket import what_matters
from ticketing.ticket import Fingerprint, Language, Severity, Ticket, TicketState

HAN = re.compile(r"[\u4e00-\u9fff]")
LATIN_PUNCTUATION = re.compile(r"[\u4e00-\u9fff][,;:?!]|[,;:?!][\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def shipped() -> Settings:
    return load(Path(__file__).parents[2] / "config" / "example.site.yaml", env={}, lenient=True)


@pytest.fixture(scope="module")
def faults(shipped: Settings) -> dict[str, Fault]:
    return dict(shipped.faults)


def texts(fault: Fault) -> Iterator[Text]:
    yield from (fault.title, fault.text, *(one.text for one in fault.causes), *fault.remedies, *fault.bring)


def test_every_fault_has_its_rule_and_every_rule_its_fault(shipped: Settings, faults: dict[str, Fault]) -> None:
    assert {rule.fault for rule in shipped.rules} == faults.keys()


def test_every_text_is_in_both_languages(faults: dict[str, Fault]) -> None:
    for fault in faults.values():
        for text in texts(fault):
            assert HAN.search(text.zh_CN) or re.fullmatch(r"\{\w+\}", text.zh_CN), (fault.code, text)
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
        assert not [one for one in fault.causes if ";" in one.text.en], "the sentence puts them between causes"
    remote = {code for code, fault in faults.items() if fault.remote}
    assert {"firmware.changed", "tls.ends", "monitor.config"} <= remote
    assert not remote & {code for code in faults if code.endswith(".silent") and code not in ("snmp.silent",)}


def test_words_of_probes_are_words_of_people(shipped: Settings, faults: dict[str, Fault]) -> None:
    """A state such as `smart_failed` that a rule fires on, and its ticket quotes, is said in both languages."""
    judged = 0
    for rule in shipped.rules:
        fault = faults[rule.fault]
        for name in strings.WORDED & set(re.findall(r"\{(\w+)", fault.text.en)):
            for literal in re.findall(rf"\b{name} (?:==|in) (\[[^]]*\]|\"\w+\")", rule.when.text):
                for word in re.findall(r"\"(\w+)\"", literal):
                    assert word in strings.WORDS or word in WORDS, (rule.id, word)
                    judged += 1
    assert judged > 20


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_no_quoted_state_stays_raw(shipped: Settings, language: Language) -> None:
    the_plan = plan(shipped)
    facts = {"state": "smart_failed", "key": "2", "detect": "other_fault", "clock_offset_seconds": -3600.0,
             "clock_cause": "ntp_fails", "charge_percent": 18, "minutes_left": 7.0}  # fmt: skip
    said = {
        code: describe(
            Ticket(1, Fingerprint("s", "cam", "", code), Severity.HIGH, TicketState.NEW, 0.0, 0.0, facts=facts),
            the_plan, language, 0.0,
        )
        for code in ("disk.failed", "clock.drift", "ups.battery-low", "mains.lost", "poe.fault")
    }  # fmt: skip
    assert "_" not in "".join(one.sentence for one in said.values())
    english = language == "en"
    assert ("S.M.A.R.T. failed" if english else "S.M.A.R.T.") in said["disk.failed"].what
    assert said["clock.drift"].sentence.count("time server" if english else "时间服务器") == 1
    assert len(said["clock.drift"].causes) == 1
    assert ("is 1 h behind." if english else "时钟慢 1 小时。") in said["clock.drift"].what
    low = said["ups.battery-low"].what
    assert (
        "is low: 18% charged, enough for 7 min. What" if english else "电量低，剩余电量 18%，约可维持 7 分钟，"
    ) in low
    bare = replace(the_plan.faults["ups.battery-low"])
    ticket = Ticket(1, Fingerprint("s", "cam", "", bare.code), Severity.HIGH, TicketState.NEW, 0.0, 0.0)
    assert ("is low. What" if english else "电池电量低，其下设备") in describe(ticket, the_plan, language, 0.0).what


def test_a_ticket_shows_first_what_it_was_judged_by(shipped: Settings) -> None:
    the_plan = plan(shipped)
    device = next(one for one in the_plan.devices if the_plan.rule(one, "recorder-disk-failed"))
    facts = {"state": "smart_failed", "name": "hdd2", "vendor": "x", "channels": 12, "rule": "recorder-disk-failed"}
    ticket = Ticket(1, Fingerprint("s", device, "disk/2", "disk.failed"), Severity.HIGH, TicketState.NEW, 0, 0, facts)
    matters = what_matters(ticket, the_plan)
    assert {"state", "name", "used_percent", "detail"} <= matters
    assert not matters & {"vendor", "channels", "rule"}
    assert what_matters(replace(ticket, facts={"vendor": "x"}), the_plan) == {"vendor"}, (
        "nobody knows the rule any more"
    )
