"""What does a simulated recorder tell over ISAPI? Its channels and its disks, which its SNMP agent does not know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from xml.sax.saxutils import escape

from probes.simulators.recorder import MODEL, Recorder

_NAMESPACE = "http://www.isapi.org/ver20/XMLSchema"
_STATES = {0: "ok", 3: "smartFailed"}


def device_info(recorder: Recorder) -> bytes:
    """`/ISAPI/System/deviceInfo`."""
    return _document(
        "DeviceInfo",
        f"<deviceName>{escape(recorder.blueprint.label)}</deviceName><model>{MODEL}</model>"
        f"<serialNumber>{recorder.serial}</serialNumber><firmwareVersion>V4.61.025</firmwareVersion>"
        "<deviceType>NVR</deviceType>",
    )


def channels(recorder: Recorder) -> bytes:
    """`/ISAPI/ContentMgmt/InputProxy/channels/status`."""
    return _document(
        "InputProxyChannelStatusList",
        "".join(
            f"<InputProxyChannelStatus><id>{one.number}</id><sourceInputPortDescriptor>"
            f"<ipAddress>{one.address}</ipAddress></sourceInputPortDescriptor><online>{str(one.online).lower()}</online>"
            f"<chanDetectResult>{'connect' if one.online else 'netUnreachable'}</chanDetectResult>"
            "</InputProxyChannelStatus>"
            for one in recorder.channels()
        ),
    )


def storage(recorder: Recorder) -> bytes:
    """`/ISAPI/ContentMgmt/Storage`: sizes in MB."""
    disks = "".join(
        f"<hdd><id>{disk.number}</id><hddName>hdd{disk.number}</hddName><hddType>SATA</hddType>"
        f"<status>{_STATES[disk.status]}</status><capacity>{disk.capacity_mb}</capacity>"
        f"<freeSpace>{disk.free_mb}</freeSpace><property>RW</property></hdd>"
        for disk in recorder.disks()
    )
    return _document("storage", f"<hddList>{disks}</hddList>")


PAGES: Mapping[str, Callable[[Recorder], bytes]] = {
    "/ISAPI/System/deviceInfo": device_info,
    "/ISAPI/ContentMgmt/InputProxy/channels/status": channels,
    "/ISAPI/ContentMgmt/Storage": storage,
}


def _document(root: str, inside: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} version="2.0" xmlns="{_NAMESPACE}">{inside}</{root}>\n'
    ).encode()
