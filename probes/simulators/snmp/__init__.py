"""How does a simulated device answer over SNMP? Version 1, 2c and 3, on one UDP socket a device."""
