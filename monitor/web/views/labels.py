"""How are the program's own words (states, kinds, names of checks and of numbers) said to people?

Every text is a message id of the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from monitor.locale import msg

STATES: Final[Mapping[str, str]] = {
    "new": msg("New"),
    "acknowledged": msg("Acknowledged"),
    "in_progress": msg("In progress"),
    "pending": msg("Waiting"),
    "restored": msg("Restored for now"),
    "resolved": msg("Being verified"),
    "verified": msg("Verified"),
    "signed": msg("Signed"),
    "closed": msg("Closed"),
    "recovered": msg("Recovered by itself"),
    "cancelled": msg("Cancelled"),
}

SEVERITIES: Final[Mapping[str, str]] = {
    "urgent": msg("Urgent"),
    "high": msg("High"),
    "normal": msg("Normal"),
    "low": msg("Low"),
}

REASONS: Final[Mapping[str, str]] = {
    "customer": msg("for the customer"),
    "parts": msg("for parts"),
    "vendor": msg("for the vendor"),
    "access": msg("for access to the place"),
    "scheduled": msg("for the agreed date"),
    "weather": msg("for better weather"),
}

EVENTS: Final[Mapping[str, str]] = {
    "opened": msg("Ticket opened"),
    "recurred": msg("Fault seen again"),
    "raised": msg("Urgency raised"),
    "confirmed": msg("Confirmed by a look: the device had only told it"),
    "asked": msg("Asked whether it is meant to be so: for more than a day"),
    "children": msg("More devices are affected"),
    "acknowledged": msg("Acknowledged"),
    "started": msg("Work started"),
    "noted": msg("Note"),
    "pended": msg("Work on hold"),
    "resumed": msg("Work resumed"),
    "restored": msg("Restored for now"),
    "cleared": msg("Fault no longer seen"),
    "recovered": msg("Recovered by itself"),
    "resolved": msg("Repaired, to be verified"),
    "verify_failed": msg("Verification failed: the fault is still there"),
    "verified": msg("Repair verified by a new check"),
    "waived": msg("Closed without proof"),
    "reopened": msg("Reopened"),
    "closed": msg("Closed"),
    "cancelled": msg("Cancelled"),
    "response_breached": msg("Response overdue"),
    "arrival_breached": msg("Arrival overdue"),
    "fix_breached": msg("Repair overdue"),
}

KINDS: Final[Mapping[str, str]] = {
    "camera": msg("Camera"),
    "recorder": msg("Recorder"),
    "panel": msg("Alarm panel"),
    "switch": msg("Switch"),
    "ups": msg("UPS"),
    "gateway": msg("Gateway"),
    "server": msg("Server"),
    "sensor": msg("Sensor"),
    "monitor": msg("Monitor"),
}

GROUPS: Final[Mapping[str, str]] = {
    "camera": msg("Cameras"),
    "recorder": msg("Recorders"),
    "panel": msg("Alarm panels"),
    "switch": msg("Switches"),
    "ups": msg("UPSs"),
    "gateway": msg("Gateways"),
    "server": msg("Servers"),
    "sensor": msg("Sensors"),
    "monitor": msg("This monitor"),
}

GLANCES: Final[Mapping[str, str]] = {
    "fault": msg("Fault"),
    "warning": msg("Warning"),
    "held": msg("Held back"),
    "suspect": msg("Being checked"),
    "unknown": msg("Unknown"),
    "silenced": msg("Silenced"),
    "ok": msg("OK"),
}

CONDITIONS: Final[Mapping[str, str]] = {
    "pending": msg("Suspected"),
    "firing": msg("Confirmed"),
    "clearing": msg("Clearing"),
    "flapping": msg("Flapping"),
}

OUTCOMES: Final[Mapping[str, str]] = {
    "ok": msg("Answered"),
    "no_answer": msg("No answer"),
    "refused": msg("Refused"),
    "denied": msg("Wrong credentials"),
    "unsupported": msg("Not supported"),
    "garbled": msg("Garbled answer"),
    "unresolved": msg("Name does not resolve"),
    "withheld": msg("Not checked on purpose"),
    "local": msg("Monitor could not check"),
    "bug": msg("Error in the monitor"),
}

CHECKS: Final[Mapping[str, str]] = {
    "reach": msg("Reachability"),
    "rtsp": msg("Video stream"),
    "onvif": msg("ONVIF"),
    "frame": msg("Picture"),
    "snmp": msg("SNMP"),
    "recorder": msg("Recordings"),
    "traps": msg("SNMP traps"),
    "events": msg("ONVIF events"),
    "panel": msg("Reports of the alarm panel"),
    "inventory": msg("Inventory"),
    "default_login": msg("Default passwords"),
    "http": msg("Web page"),
    "tls": msg("Certificate"),
    "self": msg("Self-check"),
}

FAMILY_BY: Final[Mapping[str, str]] = {
    "site": msg("as configured"),
    "snmp": msg("by its SNMP agent"),
    "onvif": msg("by make and model that ONVIF tells"),
}

PICTURES: Final[Mapping[str, str]] = {
    "before": msg("Last good picture"),
    "now": msg("At the fault"),
    "marked": msg("What is wrong, marked"),
    "after": msg("After the repair"),
    "latest": msg("Latest picture"),
    "good": msg("Last good picture"),
}

LESSONS: Final[Mapping[str, str]] = {
    "": msg("Nothing"),
    "false_alarm": msg("False alarm: ask for more before this is told again"),
    "new_view": msg("The camera is meant to look there: learn the new view"),
}

CLOCKS: Final[Mapping[str, str]] = {
    "response": msg("Response"),
    "arrival": msg("Arrival"),
    "fix": msg("Repair"),
}

ROLES: Final[Mapping[str, str]] = {
    "viewer": msg("Viewer"),
    "technician": msg("Technician"),
    "manager": msg("Manager"),
}

TABLES: Final[Mapping[str, str]] = {
    "profile": msg("Profiles"),
    "measure": msg("Measures of the picture"),
    "fault": msg("Faults of the picture"),
    "disk": msg("Disks"),
    "storage": msg("Storage"),
    "channel": msg("Channels"),
    "poe_port": msg("PoE ports"),
    "poe": msg("PoE budget"),
    "interface": msg("Interfaces"),
    "ups_alarm": msg("UPS alarms"),
    "sensor": msg("Sensors"),
    "alarm": msg("Reported"),
    "footage": msg("Footage"),
}

COMPONENTS: Final[Mapping[str, str]] = {
    "disk": msg("Disk"),
    "storage": msg("Storage"),
    "channel": msg("Channel"),
    "poe_port": msg("PoE port"),
    "poe": msg("PoE budget"),
    "interface": msg("Interface"),
    "ups_alarm": msg("UPS alarm"),
    "sensor": msg("Sensor"),
    "footage": msg("Footage of channel"),
    "alarm": msg("Reported"),
}
"""The part of a device that a condition or ticket speaks of, by the table it is a row of."""

ON_SITE: Final = msg("on site")
REMOTE: Final = msg("remotely")
