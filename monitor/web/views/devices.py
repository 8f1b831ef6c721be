"""Which devices match a search, and how do they stand?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from monitor.core.plan import Device
from monitor.core.world import World
from monitor.web.views.directory import Directory
from monitor.web.views.states import Glance, glance, last_look

Order = Literal["state", "name", "kind", "place", "age"]

ORDERS: Final[tuple[Order, ...]] = ("state", "name", "kind", "place", "age")
PAGE: Final = 60
MAX_SEARCH: Final = 100  # characters


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked for. Empty texts match everything."""

    text: str = ""
    kind: str = ""
    state: str = ""
    order: Order = "state"
    page: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One device in the list."""

    device: Device
    glance: Glance
    seen_at: float | None
    parent: Device | None
    tickets: int


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found."""

    search: Search
    rows: tuple[Row, ...]
    total: int
    pages: int
    counts: Mapping[Glance, int]  # of everything that matches text and kind


def read_search(query: Mapping[str, str]) -> Search:
    """The search of an address; what makes no sense is left out."""
    order = query.get("order", "")
    state = query.get("state", "")
    page = query.get("page", "")
    return Search(
        query.get("q", "")[:MAX_SEARCH].strip(),
        query.get("kind", "")[:20],
        state if state in set(Glance) else "",
        next((known for known in ORDERS if known == order), "state"),
        max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
    )


def find(search: Search, world: World, directory: Directory) -> Found:
    """The page that was asked for; the last one if it lies beyond."""
    words = tuple(search.text.casefold().split()[:8])
    matching = [
        (device, glance(device, world, directory))
        for device in directory.devices
        if (not search.kind or device.kind == search.kind) and directory.matches(device.id, words)
    ]
    states = [state for _, state in matching]
    counts = {state: number for state in Glance if (number := states.count(state))}
    if search.state:
        matching = [one for one in matching if one[1] == search.state]
    matching.sort(key=_key(search.order, world, directory))
    pages = max(1, -(-len(matching) // PAGE))
    page = min(search.page, pages)
    tickets = _tickets(world)
    rows = tuple(
        Row(
            device, state, last_look(device.id, world, directory), _parent(device, directory), tickets.get(device.id, 0)
        )
        for device, state in matching[(page - 1) * PAGE : page * PAGE]
    )
    shown = Search(search.text, search.kind, search.state, search.order, page)
    return Found(shown, rows, len(matching), pages, counts)


def _key(order: Order, world: World, directory: Directory) -> Callable[[tuple[Device, Glance]], Any]:
    """Devices come sorted by name; the sort is stable, so that names order what is equal."""
    match order:
        case "state":
            return lambda one: one[1].rank
        case "kind":
            return lambda one: directory.kinds.index(one[0].kind)
        case "place":
            return lambda one: one[0].place.casefold()
        case "age":
            return lambda one: last_look(one[0].id, world, directory) or 0.0
        case "name":
            return lambda one: 0


def _parent(device: Device, directory: Directory) -> Device | None:
    return directory.plan.devices.get(device.parent) if device.parent else None


def _tickets(world: World) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for ticket in world.tickets.values():
        found[ticket.fingerprint.device] = found.get(ticket.fingerprint.device, 0) + 1
    return found
