"""What does a simulated recorder tell over ISAPI? Its channels, disks and footage, with the quirks of real ones.

A bay without a disk is told as a faulty disk, the recorder's local time carries a Z, and what this model does not have
is answered with 403.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.sax.saxutils import escape

from probes.simulators.recorder import KEPT_DAYS, MODEL, Recorder

_NAMESPACE = "http://www.isapi.org/ver20/XMLSchema"
_OLD_NAMESPACE = "http://www.hikvision.com/ver10/XMLSchema"  # parts of new firmware still carry it
_STATES = {0: "ok", 3: "smartFailed"}
_FIELD = re.compile(r"<(\w+)>([^<]{0,64})</")
_CALENDAR = re.compile(r"/ISAPI/ContentMgmt/record/tracks/(\d{1,4})01/dailyDistribution")
_SMART = re.compile(r"/ISAPI/ContentMgmt/Storage/hdd/(\d)/SMARTTest/status")
_EVERY_DAY = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Reply:
    """HTTP status and body."""

    status: int
    body: bytes


def answer(recorder: Recorder, method: str, path: str, body: bytes) -> Reply:
    """What it answers to a client that is logged in."""
    if "api_off" not in recorder.faults:
        if method == "GET" and path in PAGES:
            return Reply(200, PAGES[path](recorder))
        fields = dict(_FIELD.findall(body[:8_192].decode("utf-8", "replace")))
        calendar, smart = _CALENDAR.fullmatch(path), _SMART.fullmatch(path)
        if method == "POST" and calendar:
            return Reply(200, _month(recorder, int(calendar[1]), fields))
        if method == "POST" and path == "/ISAPI/ContentMgmt/search":
            return Reply(200, _search(recorder, fields))
        if method == "GET" and smart:
            return Reply(200, _smart(recorder, int(smart[1])))
    return Reply(403, _document("ResponseStatus",
                                f"<requestURL>{escape(path[:200])}</requestURL><statusCode>4</statusCode>"
                                "<statusString>Invalid Operation</statusString>"
                                "<subStatusCode>notSupport</subStatusCode>"))  # fmt: skip


def device_info(recorder: Recorder) -> bytes:
    """`/ISAPI/System/deviceInfo`."""
    return _document(
        "DeviceInfo",
        f"<deviceName>{escape(recorder.blueprint.label)}</deviceName><model>{MODEL}</model>"
        f"<serialNumber>{recorder.serial}</serialNumber><firmwareVersion>V4.61.025</firmwareVersion>"
        "<deviceType>NVR</deviceType>",
    )


def clock(recorder: Recorder) -> bytes:
    """`/ISAPI/System/time`."""
    local = f"{recorder.now():%Y-%m-%dT%H:%M:%S}+08:00"
    return _document("Time", f"<timeMode>NTP</timeMode><localTime>{local}</localTime><timeZone>CST-8:00:00</timeZone>")


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


def names(recorder: Recorder) -> bytes:
    """`/ISAPI/ContentMgmt/InputProxy/channels`."""
    return _document(
        "InputProxyChannelList",
        "".join(
            f"<InputProxyChannel><id>{one.number}</id><name>{escape(one.name)}</name><sourceInputPortDescriptor>"
            f"<proxyProtocol>ONVIF</proxyProtocol><addressingFormatType>ipaddress</addressingFormatType>"
            f"<ipAddress>{one.address}</ipAddress><managePortNo>80</managePortNo><srcInputPort>1</srcInputPort>"
            "</sourceInputPortDescriptor></InputProxyChannel>"
            for one in recorder.channels()
        ),
    )


def storage(recorder: Recorder) -> bytes:
    """`/ISAPI/ContentMgmt/Storage`: sizes in MB; one bay is empty."""
    disks = "".join(
        f"<hdd><id>{disk.number}</id><hddName>hdd{disk.number}</hddName><hddType>SATA</hddType>"
        f"<status>{_STATES[disk.status]}</status><capacity>{disk.capacity_mb}</capacity>"
        f"<freeSpace>{disk.free_mb}</freeSpace><property>RW</property></hdd>"
        for disk in recorder.disks()
    )
    bay = len(recorder.disks()) + 1
    empty = f"<hdd><id>{bay}</id><hddName></hddName><hddType>SATA</hddType><status>error</status>"
    empty += "<capacity>0</capacity><freeSpace>0</freeSpace><property>RW</property></hdd>"
    return _document("storage", f"<hddList>{disks}{empty}</hddList><nasList/>")


def tracks(recorder: Recorder) -> bytes:
    """`/ISAPI/ContentMgmt/record/tracks`: the plan, all day, each day."""
    schedule = "".join(
        f"<ScheduleAction><id>{number}</id><ScheduleActionStartTime><DayOfWeek>{day}</DayOfWeek><TimeOfDay>00:00:00"
        f"</TimeOfDay></ScheduleActionStartTime><ScheduleActionEndTime><DayOfWeek>{day}</DayOfWeek><TimeOfDay>24:00:00"
        "</TimeOfDay></ScheduleActionEndTime><Actions><Record>true</Record><ActionRecordingMode>CMR"
        "</ActionRecordingMode></Actions></ScheduleAction>"
        for number, day in enumerate(_EVERY_DAY, 1)
    )
    plans = "".join(
        f"<Track><id>{one.number}01</id><Channel>{one.number}01</Channel><Enable>{str(one.recorded).lower()}</Enable>"
        f"<Duration>P{KEPT_DAYS}DT0H</Duration><DefaultRecordingMode>CMR</DefaultRecordingMode><LoopEnable>true"
        f"</LoopEnable><TrackSchedule><ScheduleBlockList><ScheduleBlock>{schedule}</ScheduleBlock></ScheduleBlockList>"
        "</TrackSchedule></Track>"
        for one in recorder.channels()
    )
    return _document("TrackList", plans, _OLD_NAMESPACE)


PAGES: Mapping[str, Callable[[Recorder], bytes]] = {
    "/ISAPI/System/deviceInfo": device_info,
    "/ISAPI/System/time": clock,
    "/ISAPI/ContentMgmt/InputProxy/channels/status": channels,
    "/ISAPI/ContentMgmt/InputProxy/channels": names,
    "/ISAPI/ContentMgmt/Storage": storage,
    "/ISAPI/ContentMgmt/record/tracks": tracks,
}


def _month(recorder: Recorder, channel: int, fields: Mapping[str, str]) -> bytes:
    """Days 1 to 31, whatever the month."""
    month = (int(fields.get("year", "0")), int(fields.get("monthOfYear", "0")))
    recorded = {day.day for day in recorder.footage(channel) if (day.year, day.month) == month}
    days = "".join(
        f"<day><id>{day}</id><dayOfMonth>{day}</dayOfMonth><record>{str(day in recorded).lower()}</record>"
        + ("<recordType>time</recordType></day>" if day in recorded else "</day>")
        for day in range(1, 32)
    )
    return _document("trackDailyDistribution", f"<dayList>{days}</dayList>", _OLD_NAMESPACE)


def _search(recorder: Recorder, fields: Mapping[str, str]) -> bytes:
    first, last = (
        datetime.fromisoformat(fields.get(name, "2000-01-01T00:00:00Z").removesuffix("Z"))
        for name in ("startTime", "endTime")
    )
    channel, most = int(fields.get("trackID", "101")) // 100, int(fields.get("maxResults", "1"))
    found = [span for span in recorder.files(channel) if span[1] >= first and span[0] <= last]
    state = "NO MATCHES" if not found else "MORE" if len(found) > most else "OK"
    items = "".join(
        f"<searchMatchItem><sourceID>{{0}}</sourceID><trackID>{channel}01</trackID><timeSpan><startTime>"
        f"{begin:%Y-%m-%dT%H:%M:%SZ}</startTime><endTime>{end - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}</endTime>"
        "</timeSpan></searchMatchItem>"
        for begin, end in found[:most]
    )
    return _document(
        "CMSearchResult",
        f"<searchID>{escape(fields.get('searchID', ''))}</searchID><responseStatus>true</responseStatus>"
        f"<responseStatusStrg>{state}</responseStatusStrg><numOfMatches>{min(most, len(found))}</numOfMatches>"
        f"<matchList>{items}</matchList>",
    )


def _smart(recorder: Recorder, number: int) -> bytes:
    failed = any(disk.number == number and disk.status == 3 for disk in recorder.disks())
    return _document(
        "SmartTestStatus",
        f"<id>{number}</id><temprature>38</temprature><powerOnDay>412</powerOnDay><selfEvaluaingStatus>"
        f"{'error' if failed else 'ok'}</selfEvaluaingStatus><allEvaluaingStatus>"
        f"{'fault' if failed else 'functional'}</allEvaluaingStatus>",
    )


def _document(root: str, inside: str, namespace: str = _NAMESPACE) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} version="2.0" xmlns="{namespace}">{inside}</{root}>\n'
    ).encode()
