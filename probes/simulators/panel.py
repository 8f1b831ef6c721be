"""How does a simulated alarm panel behave? It tells mains, tamper and battery as truth sensors over SNMPv3."""

from __future__ import annotations

from collections.abc import Mapping

from probes.simulators.device import Device
from probes.simulators.snmp import mib
from probes.simulators.snmp.ber import Oid
from probes.simulators.snmp.mib import DOCUMENTATION, FALSE, TRUE, Sensor

IDENTITY: Oid = (*DOCUMENTATION, 1, 3)

MODEL = "SW-A64"

_VOLTS_DC, _CELSIUS, _TRUTH = 4, 8, 12


class Panel(Device):
    """One alarm panel. Its truths are true while the trouble is there."""

    def objects(self) -> Mapping[Oid, bytes]:
        """System, its housing and its sensors."""
        mine, faults = self.blueprint, self.faults
        weak = "battery_low" in faults
        rows = (
            Sensor("ac_lost", "AC mains lost", _TRUTH, TRUE if "mains_lost" in faults else FALSE),
            Sensor("battery_low", "Battery low", _TRUTH, TRUE if weak else FALSE),
            Sensor("tamper", "Housing open", _TRUTH, TRUE if "tamper" in faults else FALSE),
            Sensor("battery", "Battery voltage", _VOLTS_DC, 108 if weak else 136, precision=1),
            Sensor("housing", "Housing temperature", _CELSIUS, 31),
        )
        system = mib.system(f"Alarm panel {MODEL}, 64 zones", IDENTITY, mine.name, mine.label, self.uptime_seconds)
        return system | mib.sensors(MODEL, f"SWA64{mine.number:06d}", "3.8.0", rows)
