"""How is a device by SNMP v1, v2c or v3, asked after what its profile names?

look          one look: recognise, scalars, tables, one Observation's values
profile       what is asked of which family: YAML of `config/profiles`, compiled
question      GET and walks in few datagrams, with the quirks of agents
session       one agent in its version of SNMP; `wire` carries the datagrams of all
setting       what may be set, which is what a profile allows and nothing else
"""

from __future__ import annotations

from probes.probe import Probe
from probes.snmp.files import ProfileError
from probes.snmp.look import SnmpOptions, ask
from probes.snmp.profile import Profile, Profiles, load_profiles
from probes.snmp.setting import NotSet, set_value
from probes.snmp.shelf import ProfileShelf, shipped_folder

__all__ = [
    "PROBE",
    "NotSet",
    "Profile",
    "ProfileError",
    "ProfileShelf",
    "Profiles",
    "SnmpOptions",
    "ask",
    "load_profiles",
    "set_value",
    "shipped_folder",
]

PROBE = Probe(kind="snmp", ask=ask, options=SnmpOptions, every_seconds=60.0, timeout_seconds=5.0, uses_snmp=True)
