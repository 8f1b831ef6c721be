"""How much processor time did a process and all that it started use? User and system, from proc(5)."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_TICK = 1.0 / os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """The process and its living descendants."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            children.setdefault(int(_fields(stat)[1]), []).append(int(stat.parent.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def cpu_seconds(*pids: int) -> float:
    """Processor time of these processes and their descendants, those that have ended included."""
    total = 0.0
    for pid in {each for root in pids for each in tree(root)}:
        with contextlib.suppress(OSError):
            ended = _fields(Path(f"/proc/{pid}/stat"))[13:15]  # cutime, cstime: its children that it has waited for
            total += time.clock_gettime((~pid << 3) | 2) + sum(map(int, ended)) * _TICK  # clock_getcpuclockid(3)
    return total


def resident_bytes(pid: int) -> int:
    """Memory that only this process has in use: resident, without what it shares with files (RssAnon)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise LookupError("RssAnon")


def _fields(stat: Path) -> list[str]:
    """What follows the name, which may hold anything: state, ppid, …"""
    return stat.read_text().rpartition(")")[2].split()


@dataclass(frozen=True, slots=True)
class Watched:
    """Processes, and a counter of what they have done."""

    pids: tuple[int, ...]
    done: Callable[[], float]


def ms_each(watched: Sequence[Watched], seconds: float, windows: int = 3) -> list[float]:
    """Milliseconds of processor time per thing done, of each; all are measured in the same windows.

    Asking for the counter may itself cost time, so rates are compared, each over its own span. The median counts.
    """
    found: list[list[float]] = [[] for _ in watched]
    for _ in range(windows):
        before = [_count(one) for one in watched]
        used = [(time.monotonic(), cpu_seconds(*one.pids)) for one in watched]
        time.sleep(seconds / windows)
        used_after = [(time.monotonic(), cpu_seconds(*one.pids)) for one in watched]
        after = [_count(one) for one in watched]
        for at, (begun, ended, cpu, cpu_after) in enumerate(zip(before, after, used, used_after, strict=True)):
            things = (ended[1] - begun[1]) / (ended[0] - begun[0])
            cost = (cpu_after[1] - cpu[1]) / (cpu_after[0] - cpu[0])
            if things > 0:
                found[at].append(cost / things * 1_000.0)
    return [median(each) if each else float("nan") for each in found]


def _count(watched: Watched) -> tuple[float, float]:
    done = watched.done()
    return time.monotonic(), done


def ms_of_command(command: Sequence[str | Path], times: int) -> float:
    """Milliseconds of processor time of one run of a command, the median of so many; it must succeed (0 or 1)."""
    used = []
    for _ in range(times):
        before = _ended()
        done = subprocess.run([str(part) for part in command], capture_output=True, check=False, timeout=60)
        if done.returncode > 1:
            raise RuntimeError(f"{command[0]}: {(done.stdout + done.stderr)[-300:]!r}")
        used.append(_ended() - before)
    return median(used) * 1_000.0


def _ended() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
