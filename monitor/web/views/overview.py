"""How is the site right now?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import quantiles
from typing import Final

from monitor.core.plan import Device
from monitor.core.world import World
from monitor.engine.live import Live, Stats
from monitor.web.views.directory import Directory
from monitor.web.views.states import Glance, glance

MAX_TILES: Final = 240  # of one kind; beyond, only those that are not well


@dataclass(frozen=True, slots=True)
class Tile:
    """One device in the matrix."""

    device: Device
    glance: Glance


@dataclass(frozen=True, slots=True)
class Group:
    """All devices of one kind."""

    kind: str
    total: int
    counts: Mapping[Glance, int]  # those above 0, worst first
    tiles: tuple[Tile, ...]
    left_out: int  # devices without a tile


@dataclass(frozen=True, slots=True)
class Daemon:
    """The monitor itself."""

    troubles: Mapping[str, str]
    running_seconds: float
    looks: int
    looks_per_second: float
    lateness_p99_seconds: float
    uncommitted: int
    outbox_waiting: int
    outbox_oldest_seconds: float


def groups(world: World, directory: Directory) -> tuple[Group, ...]:
    """The devices by kind, each with its state."""
    by_kind: dict[str, list[tuple[Device, Glance]]] = {kind: [] for kind in directory.kinds}
    for device in directory.devices:
        by_kind[device.kind].append((device, glance(device, world, directory)))
    return tuple(_group(kind, found) for kind, found in by_kind.items())


def _group(kind: str, found: list[tuple[Device, Glance]]) -> Group:
    states = [state for _, state in found]
    counts = {state: number for state in Glance if (number := states.count(state))}
    shown = found
    if len(found) > MAX_TILES:
        shown = [one for one in found if one[1] is not Glance.OK]
        shown = sorted(shown, key=lambda one: one[1].rank)[:MAX_TILES]
    tiles = tuple(Tile(device, state) for device, state in shown)
    return Group(kind, len(found), counts, tiles, len(found) - len(tiles))


def daemon(live: Live) -> Daemon:
    """How the daemon itself is."""
    stats = live.stats
    running = max(1.0, live.now() - stats.started_at)
    looks = sum(stats.looks.values())
    return Daemon(
        dict(live.health.troubles),
        running,
        looks,
        looks / running,
        _p99(stats),
        stats.uncommitted,
        stats.outbox_waiting,
        stats.outbox_oldest_seconds,
    )


def _p99(stats: Stats) -> float:
    known = stats.lateness_seconds[: min(stats.lateness_count, len(stats.lateness_seconds))]
    return quantiles(known, n=100)[-1] if len(known) >= 2 else 0.0
