"""Is everything that a probe can deliver called by a name that people read?"""

from __future__ import annotations

import pytest

from monitor.locale import LANGUAGES, Formats, translate
from monitor.settings.vocabulary import VOCABULARY
from monitor.web.views.numbers import NAMES, figure

DELIVERED = sorted(
    {name for one in VOCABULARY.values() for name in one.scalars}
    | {name for one in VOCABULARY.values() for columns in one.tables.values() for name in columns}
    | {"clock_uncertainty_seconds", "clock_set"}
)


@pytest.mark.parametrize("name", DELIVERED)
def test_every_value_has_a_name(name: str) -> None:
    assert name in NAMES


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_port_is_no_quantity(language: str) -> None:
    formats = Formats(language, "UTC")  # type: ignore[arg-type]
    assert figure("port", 8000, translate(language), formats).text == "8000"  # type: ignore[arg-type]
