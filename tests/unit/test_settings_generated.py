"""Do the schemas and the reference say what the code does? `make generated` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.settings import device_pages, reference, schema

CONFIG = Path(__file__).parents[2] / "config"


@pytest.mark.parametrize("name", ["site", "rules", "faults", "profile"])
def test_the_schemas_are_not_stale(name: str) -> None:
    written = (CONFIG / "schema" / f"{name}.schema.json").read_text("utf-8")
    assert written == schema.text_of(schema.schemas()[name]), "run: python -m monitor.settings.schema"


def test_the_pages_of_devices_are_not_stale() -> None:
    wanted = device_pages.pages()
    written = {f"devices/{file.name}" for file in (device_pages.DOCS / "devices").iterdir()} | {"devices.md"}
    assert written == wanted.keys(), "run: python -m monitor.settings.device_pages"
    for name, text in wanted.items():
        assert (device_pages.DOCS / name).read_text("utf-8") == text, "run: python -m monitor.settings.device_pages"


def test_the_reference_is_not_stale() -> None:
    assert reference.FILE.read_text("utf-8") == reference.page(), "run: python -m monitor.settings.reference"
