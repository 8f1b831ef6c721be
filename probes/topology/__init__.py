"""What hangs on what, as switches, routers and recorders themselves have learned it?

tables     LLDP neighbours, bridge tables, ARP and PoE ports of one device, by SNMP
channels   the cameras that a recorder names
"""

from probes.topology.channels import Channel, read_channels
from probes.topology.tables import Neighbour, Tables, read_arp, read_own_mac, read_tables

__all__ = ["Channel", "Neighbour", "Tables", "read_arp", "read_channels", "read_own_mac", "read_tables"]
