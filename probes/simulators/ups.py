"""How does a simulated UPS behave? Its charge falls while the mains are lost, and what it feeds dies with it."""

from __future__ import annotations

import time
from collections.abc import Mapping

from probes.simulators.blueprint import Blueprint
from probes.simulators.device import Device
from probes.simulators.snmp import mib
from probes.simulators.snmp.ber import Oid
from probes.simulators.snmp.mib import DOCUMENTATION, UpsState

IDENTITY: Oid = (*DOCUMENTATION, 1, 2)

MODEL = "SW-U3000"

_RATED_WATTS = 800
_NORMAL, _LOW, _DEPLETED = 2, 3, 4
_SOURCE_NONE, _SOURCE_MAINS, _SOURCE_BATTERY = 2, 3, 5
_ALARM_ON_BATTERY, _ALARM_LOW, _ALARM_DEPLETED = 2, 3, 4
_RECHARGES = 4.0  # times as slowly as it empties
_LOW_CHARGE = 0.2
_LOW_FAULT_CHARGE = 0.12  # of full, that a battery shows which is made to be low


class Ups(Device):
    """One UPS that lasts `runtime_seconds` from full."""

    def __init__(self, blueprint: Blueprint, runtime_seconds: float) -> None:
        super().__init__(blueprint)
        self._runtime = runtime_seconds
        self._charge, self._at = 1.0, time.monotonic()  # share of full, and when it was that
        self._lost_at: float | None = None
        self.fed: tuple[Device, ...] = ()  # the site tells

    @property
    def charge(self) -> float:
        """Share of full, 0 to 1."""
        passed = time.monotonic() - self._at
        change = -passed / self._runtime if self._lost_at is not None else passed / self._runtime / _RECHARGES
        charge = min(max(self._charge + change, 0.0), 1.0)
        return min(charge, _LOW_FAULT_CHARGE) if "battery_low" in self.faults else charge

    @property
    def powers(self) -> bool:
        """It feeds as long as it has mains or charge."""
        return super().powers and (self._lost_at is None or self.charge > 0)

    def changed(self) -> None:
        """The mains came or went."""
        lost = "mains_lost" in self.faults
        if lost != (self._lost_at is not None):
            self._charge, self._at = self.charge, time.monotonic()
            self._lost_at = self._at if lost else None
        super().changed()

    def objects(self) -> Mapping[Oid, bytes]:
        """System and UPS-MIB."""
        mine = self.blueprint
        system = mib.system(f"UPS {MODEL}, firmware 1.12", IDENTITY, mine.name, mine.label, self.uptime_seconds)
        return system | mib.ups(self._state(), maker="Example Power", model=MODEL, firmware="1.12")

    def state(self) -> dict[str, object]:
        """As of every device, and its charge."""
        return super().state() | {"charge_percent": round(self.charge * 100)}

    def _state(self) -> UpsState:
        watts = sum(one.watts for one in self.fed)
        charge, lost = self.charge, self._lost_at is not None
        battery = _DEPLETED if charge <= 0 else _LOW if charge <= _LOW_CHARGE else _NORMAL
        alarms = [_ALARM_ON_BATTERY] if lost else []
        if battery != _NORMAL:
            alarms.append(_ALARM_LOW if battery == _LOW else _ALARM_DEPLETED)
        source = _SOURCE_MAINS if not lost else _SOURCE_BATTERY if charge > 0 else _SOURCE_NONE
        return UpsState(
            battery=battery,
            source=source,
            seconds_on_battery=int(time.monotonic() - self._lost_at) if self._lost_at is not None else 0,
            minutes_left=int(charge * self._runtime / 60),
            charge_percent=round(charge * 100),
            input_volts=0 if lost else 231,
            load_watts=watts,
            load_percent=round(100 * watts / _RATED_WATTS),
            alarms=alarms,
        )
