"""Is everything that a probe can deliver called by a name that people read?"""

from __future__ import annotations

import re

import pytest

from monitor.locale import LANGUAGES, Formats, translate
from monitor.settings.knowledge import shipped_knowledge
from monitor.settings.vocabulary import VOCABULARY
from monitor.web.views.numbers import NAMES, figure, label_of

DELIVERED = sorted(
    {name for one in VOCABULARY.values() for name in one.scalars}
    | {name for one in VOCABULARY.values() for columns in one.tables.values() for name in columns}
    | {"clock_uncertainty_seconds", "clock_set"}
)


@pytest.mark.parametrize("name", DELIVERED)
def test_every_value_has_a_name(name: str) -> None:
    assert name in NAMES


def test_every_parameter_of_a_rule_has_a_name_in_chinese() -> None:
    say = translate("zh_CN")
    for rule in shipped_knowledge()[0].rules.values():
        for name in rule.params:
            assert re.search(r"[\u4e00-\u9fff]", label_of(name, say)), (rule.id, name)


def test_what_a_probe_says_is_said_in_chinese() -> None:
    told = figure("detail", "no answer within 5 s", translate("zh_CN"), Formats("zh_CN", "UTC"))
    assert told.text == "5 秒内无应答"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_port_is_no_quantity(language: str) -> None:
    formats = Formats(language, "UTC")  # type: ignore[arg-type]
    assert figure("port", 8000, translate(language), formats).text == "8000"  # type: ignore[arg-type]
