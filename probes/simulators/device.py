"""What do all simulated devices have in common? A place, faults, power, logins, and perhaps an SNMP agent's objects."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping

from probes.simulators.blueprint import Blueprint
from probes.simulators.faults import FAULTS, NO_POWER
from probes.simulators.snmp.ber import Oid
from probes.simulators.snmp.pdu import Commit, Status, View

WATTS: Mapping[str, int] = {"camera": 6, "recorder": 60, "panel": 8, "switch": 20, "ups": 0}
_VIEW_SECONDS = 1.0  # objects that change by themselves are as old as that at most


class Device:
    """One simulated device. `faults` holds those that are on, with their values.

    `dark` is set by the site: without power, or starting. `changed()` is to be called after anything has changed.
    """

    def __init__(self, blueprint: Blueprint) -> None:
        self.blueprint = blueprint
        self.name = blueprint.name
        self.faults: dict[str, float] = {}
        self.dark = False
        self.refused: Counter[str] = Counter()
        self.started = time.time()
        self._view: View | None = None
        self._viewed = 0.0

    def set_fault(self, fault: str, value: float | None) -> None:
        """Switch a fault on, by its own value unless one is given; KeyError names one that this kind does not know."""
        known = FAULTS[self.blueprint.kind][fault]
        self.faults[fault] = known.value if value is None else value
        self.changed()

    def clear_fault(self, fault: str) -> None:
        """Switch a fault off, if it is on; KeyError as above."""
        self.faults.pop(FAULTS[self.blueprint.kind][fault].name, None)
        self.changed()

    @property
    def powers(self) -> bool:
        """Is it well enough to have power, if what feeds it has?"""
        return not NO_POWER & self.faults.keys()

    @property
    def watts(self) -> int:
        """What it draws as long as it has power."""
        return WATTS[self.blueprint.kind] if self.powers else 0

    def feeds(self, port: str) -> bool:  # only a switch has ports
        """Does what hangs on that port get power from it, while it has power itself?"""
        return True

    @property
    def uptime_seconds(self) -> float:
        """Seconds since it has started."""
        return time.time() - self.started

    def restart(self) -> None:
        """Power is back: it starts anew."""
        self.started = time.time()
        self.changed()

    def changed(self) -> None:
        """Something that its agent tells is another now."""
        self._view = None

    def view(self) -> View:
        """Its SNMP objects as they are now."""
        now = time.monotonic()
        if self._view is None or now - self._viewed > _VIEW_SECONDS:
            self._view, self._viewed = View.of(self.objects()), now
        return self._view

    def objects(self) -> Mapping[Oid, bytes]:
        """Each SNMP object with its encoded value."""
        return {}

    def prepare(self, name: Oid, tag: int, content: bytes) -> Status | Commit:  # nothing is writable
        """Why this SNMP object may not have that value, or what sets it."""
        return Status.NOT_WRITABLE

    def refused_login(self, protocol: str) -> None:
        """Somebody came with the wrong community, user or password."""
        self.refused[protocol] += 1

    def state(self) -> dict[str, object]:
        """What the control page tells of it."""
        mine = self.blueprint
        return {
            "name": mine.name,
            "label": mine.label,
            "kind": mine.kind,
            "address": mine.address,
            "parent": mine.parent,
            "port": mine.port,
            "power": mine.power,
            "dark": self.dark,
            "faults": dict(self.faults),
            "refused_logins": dict(self.refused),
        }
