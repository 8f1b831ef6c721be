"""What do devices report by SNMP traps and informs, of version 1, 2c and 3?

listener    one socket, and who may speak on it
notice      what a datagram says, whatever its version
secure      the same for version 3: who signed it, and what is answered
book        which trap means what: YAML of `config/traps`
"""

from __future__ import annotations

from probes.listener import Listener
from probes.traps.listener import Traps
from probes.traps.options import TrapOptions, TrapSettings

__all__ = ["LISTENER"]

LISTENER = Listener(kind="traps", start=Traps, options=TrapOptions, settings=TrapSettings)
