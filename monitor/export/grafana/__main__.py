"""Write every dashboard in every language: `python -m monitor.export.grafana`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from monitor.export.grafana.daemon import DAEMON
from monitor.export.grafana.dashboard import LANGUAGES, render
from monitor.export.grafana.device import DEVICE
from monitor.export.grafana.site import SITE

FOLDER = Path(__file__).resolve().parent.parent.parent.parent / "config" / "grafana"


def files() -> Iterator[tuple[str, str]]:
    """Name and text of each file."""
    for dashboard in (SITE, DEVICE, DAEMON):
        for language in LANGUAGES:
            text = json.dumps(render(dashboard, language), indent=2, ensure_ascii=False) + "\n"
            yield f"{dashboard.name}.{language}.json", text


def write() -> None:
    """Write them anew."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in files():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
