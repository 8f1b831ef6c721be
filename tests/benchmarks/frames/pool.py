"""How is one thing done to many cameras, and people told of it?"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def each_camera(paths: Sequence[Path], work: Callable[[Path], T], workers: int) -> Iterator[T]:
    """Each camera in a process of its own, the longest first; the results as they come."""
    order = sorted(paths, key=lambda path: -sum(1 for _ in path.iterdir()) if path.is_dir() else 0)
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as pool:
        for future in as_completed([pool.submit(work, path) for path in order]):
            yield future.result()


def say(text: str) -> None:
    """Print it at once."""
    print(text, flush=True)  # noqa: T201
