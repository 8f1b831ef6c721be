"""What stands in a network, what is it, and what does it offer?

ranges        which addresses are meant
scope         on which ports, and with which credentials
sweep         every address, many at once, within bounds
knock         is anybody there, and which ports are open?
ration        the login of one host: tried once, never after a refusal
interview     everything that one host is asked
front, device_service, matches, agent, streams, isapi    what it answers to HTTP, ONVIF, WS-Discovery, SNMP, RTSP, ISAPI
identity      what all of that makes of it
"""

from probes.discovery.found import Found, Refusal, Report, StreamSeen
from probes.discovery.ranges import MAX_ADDRESSES, BadRange, Ranges, parse_ranges
from probes.discovery.scope import Access, BadPorts, Own, Ports, Scope, parse_ports
from probes.discovery.sweep import Progress, sweep

__all__ = [
    "MAX_ADDRESSES",
    "Access",
    "BadPorts",
    "BadRange",
    "Found",
    "Own",
    "Ports",
    "Progress",
    "Ranges",
    "Refusal",
    "Report",
    "Scope",
    "StreamSeen",
    "parse_ports",
    "parse_ranges",
    "sweep",
]
