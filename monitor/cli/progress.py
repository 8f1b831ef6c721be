"""How far is something that takes a while? A bar on a terminal, a line now and then elsewhere; on standard error."""

from __future__ import annotations

import shutil
import sys
import time
from types import TracebackType
from typing import Self

DRAW_SECONDS = 0.1
LINE_SECONDS = 10.0
MAX_WIDTH = 40


class Bar:
    """`words` has `{done}` and `{total}`, and whatever else `show` is given."""

    def __init__(self, total: int, words: str) -> None:
        self._total, self._words = max(total, 1), words
        self._drawn = -LINE_SECONDS
        self._terminal = sys.stderr.isatty()
        self._width = 0
        self._last = ""

    def __enter__(self) -> Self:
        self._began = self._drawn = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._terminal:
            sys.stderr.write("\r" + " " * self._width + "\r")
        elif self._last and kind is None:
            sys.stderr.write(self._last + "\n")
        sys.stderr.flush()

    def settle(self, done: int, **facts: object) -> None:
        """That was all, whatever was thought before."""
        self._total = max(done, 1)
        self._last = self._words.format(done=done, total=done, **facts)

    def show(self, done: int, **facts: object) -> None:
        """So much is done; draws at most every DRAW_SECONDS."""
        now = time.monotonic()
        self._total = max(self._total, done)
        self._last = self._words.format(done=done, total=self._total, **facts)
        if now - self._drawn < (DRAW_SECONDS if self._terminal else LINE_SECONDS):
            return
        self._drawn = now
        if self._terminal:
            room = min(MAX_WIDTH, shutil.get_terminal_size().columns - len(self._last) * 2 - 4)
            full = int(max(room, 0) * done / self._total)
            line = f"[{'#' * full}{'.' * (max(room, 0) - full)}] {self._last}"
            sys.stderr.write("\r" + line)
            self._width = max(self._width, len(line) * 2)
        else:
            sys.stderr.write(self._last + "\n")
        sys.stderr.flush()
