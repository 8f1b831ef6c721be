"""A file is not YAML: which of the usual slips is it, and where exactly?"""

from __future__ import annotations

import re

FULL_WIDTH = "：，｛｝［］“”"

_SLIPS = (
    (re.compile(r"^[ ]*(\t)"), "slip_tab"),
    (re.compile("^[ \t]*(\u3000)"), "slip_wide_space"),
    (re.compile(r"(?:^|[{,，])\s*(?:- +)?[A-Za-z_][\w.-]*\s*(：)"), "slip_full_width"),
    (re.compile(r"(，)\s*[A-Za-z_][\w.-]*\s*[:：]"), "slip_full_width"),
    (re.compile(r"^\s*(?:- +)?[A-Za-z_]\w*(:)[^\s:/][^:]*$"), "slip_colon"),
)


def slip(text: str, line: int) -> tuple[str, int, int, str] | None:
    """Code, line, column and character of the slip in that line or the last one above that says something.

    Lines and columns count from 1. A parser often notices only in the next line.
    """
    lines = text.split("\n")
    above = next((at for at in range(min(line, len(lines)) - 1, 0, -1) if lines[at - 1].strip()), line)
    for at in (line, above):
        if at <= len(lines):
            for pattern, code in _SLIPS:
                if found := pattern.search(lines[at - 1]):
                    return code, at, found.start(1) + 1, found[1]
    return None
