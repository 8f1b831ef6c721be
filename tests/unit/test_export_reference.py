"""Does the page about the metrics say what the code does?"""

from __future__ import annotations

from monitor.export import reference


def test_the_page_is_up_to_date() -> None:
    assert reference.FILE.read_text("utf-8") == reference.page(), "run: python -m monitor.export.reference"
