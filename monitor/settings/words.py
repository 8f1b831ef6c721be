"""In which words does the configuration speak, in both languages?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from monitor.core.plan import Text


def load_words(name: str) -> Mapping[str, Text]:
    """Code -> text of one of the YAML files beside this module; `{name}` in a text quotes a fact."""
    text = (Path(__file__).parent / f"{name}.yaml").read_text("utf-8")
    return {code: Text(words["en"], words["zh_CN"]) for code, words in yaml.load(text, yaml.CSafeLoader).items()}


MISTAKES = load_words("words")
"""Code of a mistake -> what is wrong, and what would put it right."""

QUOTED = Text('"{}"', "“{}”")
MEANT = Text("; did you mean {names}?", "；您是否想写 {names}？")
