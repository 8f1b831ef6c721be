"""Which judges are compared? The first is ours, and its alarms go onto the contact sheets."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Final, cast

from tests.benchmarks.frames.judge import Make

OURS: Final[Mapping[str, str]] = {"ours": "tests.benchmarks.frames.ours:Learned"}
RIVALS: Final[Mapping[str, str]] = {
    "ours, fixed": "tests.benchmarks.frames.judge:Thresholds",
    "fixed rules": "tests.benchmarks.frames.rivals:Rules",
    "FFmpeg": "tests.benchmarks.frames.rivals:FFmpeg",
    "Laplacian": "tests.benchmarks.frames.rivals:Laplacian",
}


def make(where: str) -> Make:
    """The class that is named "module:attribute"; RuntimeError if there is none."""
    module, _, attribute = where.partition(":")
    try:
        return cast(Make, getattr(importlib.import_module(module), attribute))
    except (ImportError, AttributeError) as error:
        raise RuntimeError(f"no judge {where}: {error}") from None
