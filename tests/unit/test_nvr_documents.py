"""Is what recorders write read as it is meant, and does nothing that they write break the reader?"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.bounds import bounded
from probes.errors import Garbled, Trouble, Unsupported
from probes.nvr import cgi, isapi
from probes.nvr.days import draw, footage_row, hours_covered, months
from probes.nvr.door import tidy
from probes.nvr.facts import MAX_CHANNELS, MAX_DISKS, Footage
from probes.nvr.profile_g import judge_jobs, read_recordings, read_results
from probes.nvr.times import read_time, read_utc
from probes.observation import Answer
from probes.onvif.xml import parse

NOON = datetime.fromisoformat("2026-03-10T12:00:00")


def day(number: int, month: int = 3) -> date:
    return date(2026, month, number)


def hdd(number: int, status: str, capacity: str = "3815447", free: str = "0") -> str:
    return (
        f"<hdd><id>{number}</id><hddName>hdd{number}</hddName><status>{status}</status><capacity>{capacity}</capacity>"
        f"<freeSpace>{free}</freeSpace></hdd>"
    )


def storage(*disks: str) -> dict[str, str]:
    found = isapi.read_disks(parse(f"<storage xmlns='urn:any'><hddList>{''.join(disks)}</hddList></storage>".encode()))
    return {key: disk.state for key, disk in found.items()}


@pytest.mark.parametrize(
    ("status", "state"),
    [("ok", "normal"), ("idle", "idle"), ("unformatted", "unformatted"), ("error", "abnormal"), ("offline", "offline"),
     ("smartFailed", "smart_failed"), ("mismatch", "mismatch"), ("notexist", "empty"), ("reparing", "repairing"),
     ("formating", "formatting"), ("something new", "unknown"), ("", "unknown")],
)  # fmt: skip
def test_states_of_disks(status: str, state: str) -> None:
    assert storage(hdd(1, status)) == {"1": state}


def test_an_empty_bay_is_no_faulty_disk() -> None:
    assert storage(hdd(1, "ok"), hdd(2, "error", "0"), hdd(3, "offline", "0"), hdd(4, "ok", "0")) == {
        "1": "normal", "2": "empty", "3": "offline", "4": "empty",
    }  # fmt: skip


def test_network_disks_have_keys_of_their_own() -> None:
    network = "<nasList><nas><id>1</id><path>/nfs</path><status>offline</status></nas></nasList>"
    found = isapi.read_disks(parse(f"<storage><hddList>{hdd(1, 'ok')}</hddList>{network}</storage>".encode()))
    assert {key: (disk.state, disk.size_bytes) for key, disk in found.items()} == {
        "1": ("normal", 3815447 * 2**20), "nas-1": ("offline", None),
    }  # fmt: skip


def test_channels_of_old_and_new_firmware() -> None:
    """Prefixes that nobody declared, 1 for true, a name that is not UTF-8."""
    status = parse(
        b"<x:InputProxyChannelStatusList><x:InputProxyChannelStatus><x:id>1</x:id><x:online>1</x:online>"
        b"</x:InputProxyChannelStatus><x:InputProxyChannelStatus><id>2</id><online>false</online>"
        b"</x:InputProxyChannelStatus><InputProxyChannelStatus><id>3</id></InputProxyChannelStatus>"
        b"</x:InputProxyChannelStatusList>"
    )
    named = parse(
        '<?xml version="1.0" encoding="GB2312"?><InputProxyChannelList><InputProxyChannel>'
        "<id>1</id><name>北门 & 车库</name>"
        "<sourceInputPortDescriptor><ipAddress>192.0.2.7</ipAddress></sourceInputPortDescriptor></InputProxyChannel>"
        "<InputProxyChannel><id>9</id><name>unused</name></InputProxyChannel></InputProxyChannelList>".encode("gb18030")
    )
    found = isapi.describe(isapi.read_states(status), named)
    assert {number: one.state for number, one in found.items()} == {"1": "online", "2": "offline", "3": "unknown"}
    assert (found["1"].name, found["1"].address) == ("北门 & 车库", "192.0.2.7")


def test_analogue_inputs() -> None:
    text = "".join(
        f"<VideoInputChannel><id>{number}</id><name>n</name><videoInputEnabled>{enabled}</videoInputEnabled>"
        f"<resDesc>{said}</resDesc></VideoInputChannel>"
        for number, enabled, said in ((1, "true", "1080P25"), (2, "true", "NO VIDEO"), (3, "false", "NO VIDEO"))
    )
    found = isapi.read_inputs(parse(f"<VideoInputChannelList>{text}</VideoInputChannelList>".encode()))
    assert [one.state for one in found.values()] == ["online", "offline", "disabled"]


@pytest.mark.parametrize(
    ("own", "whole", "state"),
    [("ok", "functional", "normal"), ("error", "functional", "smart_failed"), ("ok", "fault", "smart_failed")],
)
@pytest.mark.parametrize("root", ["SmartTestStatus", "SMARTTest"])
def test_smart(root: str, own: str, whole: str, state: str) -> None:
    text = f"<selfEvaluaingStatus>{own}</selfEvaluaingStatus><allEvaluaingStatus>{whole}</allEvaluaingStatus>"
    assert isapi.read_health(f"<{root}>{text}</{root}>".encode()) == state


def test_smart_that_is_not_told() -> None:
    with pytest.raises(Unsupported):
        isapi.read_health(b"<SMARTTest><id>1</id></SMARTTest>")


def action(day_: str, begin: str, end: str, mode: str = "CMR") -> str:
    return (
        f"<ScheduleAction><ScheduleActionStartTime><DayOfWeek>{day_}</DayOfWeek><TimeOfDay>{begin}</TimeOfDay>"
        f"</ScheduleActionStartTime><ScheduleActionEndTime><TimeOfDay>{end}</TimeOfDay></ScheduleActionEndTime>"
        f"<Actions><Record>true</Record><ActionRecordingMode>{mode}</ActionRecordingMode></Actions></ScheduleAction>"
    )


@pytest.mark.parametrize(
    ("actions", "always"),
    [
        (action("Tuesday", "00:00:00", "24:00:00"), True),  # NOON is a Tuesday
        (action("Tuesday", "00:00", "00:00:00"), True),  # midnight as its end
        (action("Tuesday", "00:00:00", "24:00:00", "MOTION"), False),
        (action("Monday", "00:00:00", "24:00:00"), False),
        (action("Tuesday", "08:00:00", "12:10:00"), True),
        (action("Tuesday", "11:50:00", "20:00:00"), False),  # it has only just begun
        (action("Tuesday", "25:00:00", "99:00:00"), False),
    ],
)
def test_only_a_plan_without_a_pause_proves_that_footage_is_missing(actions: str, always: bool) -> None:
    text = (
        f"<TrackList><Track><id>101</id><Enable>true</Enable><LoopEnable>true</LoopEnable><TrackSchedule>"
        f"<ScheduleBlockList><ScheduleBlock>{actions}</ScheduleBlock></ScheduleBlockList></TrackSchedule></Track>"
        "<Track><id>102</id><Enable>false</Enable></Track><Track><id>201</id><Enable>false</Enable></Track></TrackList>"
    )
    tracks = isapi.read_tracks(parse(text.encode()))
    assert tracks.keys() == {"1", "2"}, "sub streams are not asked for"
    assert (tracks["1"].loop, tracks["2"].enabled) == (True, False)
    assert tracks["1"].is_continuous(datetime.fromisoformat("2026-03-10T11:30:00"), NOON) is always


def test_a_month_of_31_days_in_february() -> None:
    days = "".join(f"<day><id>{n}</id><dayOfMonth>{n}</dayOfMonth><record>true</record></day>" for n in range(1, 32))
    text = f"<trackDailyDistribution><dayList>{days}</dayList></trackDailyDistribution>"
    assert isapi.read_month(text.encode(), 2026, 2) == {date(2026, 2, n) for n in range(1, 29)}


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2026-03-10T12:00:00Z", "2026-03-10T12:00:00"),  # local time, whatever the letter says
        ("2026-03-10T12:00:00+08:00", "2026-03-10T12:00:00"),
        ("2026-3-1 1:02:03", "2026-03-01T01:02:03"),
        ("2026-03-10T00:61:16", "2026-03-10T01:01:16"),
        ("2023-05-15T-07:10:32Z", "2023-05-15T07:10:32"),
        ("0000-00-00T00:00:00Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("2026-13-01 00:00:00", None),
        ("", None),
        ("soon", None),
    ],
)
def test_times(text: str, means: str | None) -> None:
    found = read_time(text)
    assert (found.isoformat() if found else None) == means


def test_times_of_onvif_have_a_zone() -> None:
    assert read_utc("2026-03-10T12:00:00+08:00") == datetime.fromisoformat("2026-03-10T04:00:00")
    assert read_utc("2026-03-10T12:00:00-0330") == datetime.fromisoformat("2026-03-10T15:30:00")
    assert read_utc("2026-03-10T12:00:00Z") == read_utc("2026-03-10T12:00:00") == NOON


def test_dahua_channels_by_the_loss_of_video() -> None:
    titles = cgi.read_table("table.ChannelTitle[0].Name=Gate\r\ntable.ChannelTitle[1].Name=车库\r\n".encode("gb18030"))
    remotes = cgi.read_table(
        b"table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_0.Address=192.0.2.7\r\n"
        b"table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_0.Enable=true\r\n"
        b"table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_0.Password=secret\r\n"
        b"table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_1.Address=0.0.0.0\r\n"
        b"table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_1.Enable=true\r\n"
        b"table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_2.Enable=false\r\n"
    )
    modes = {0: "1", 1: "2"}
    found = cgi.merge(cgi.read_titles(titles), cgi.read_remotes(remotes), None, {1}, modes)
    assert {number: (one.name, one.address, one.state, one.recording) for number, one in found.items()} == {
        "1": ("Gate", "192.0.2.7", "online", None),
        "2": ("车库", "", "offline", False),
        "3": ("", "", "disabled", None),
    }
    assert "secret" not in repr(found)


def test_dahua_channels_by_their_connection() -> None:
    states = cgi.read_states(cgi.read_table(
        b"states[0].Channel=0\nstates[0].ConnectionState=Conneted\nstates[1].channel=1\nstates[1].connectionState=Unconnect"
    ))  # fmt: skip
    assert states == {0: "online", 1: "offline"}


def test_dahua_disks_are_the_sum_of_their_partitions() -> None:
    found = cgi.read_disks(cgi.read_table(
        b"list.info[0].Name=/dev/sda\r\nlist.info[0].State=Success\r\nlist.info[0].Detail[0].TotalBytes=100.000000\r\n"
        b"list.info[0].Detail[0].UsedBytes=60.0\r\nlist.info[0].Detail[1].TotalBytes=50\r\n"
        b"list.info[0].Detail[1].UsedBytes=50\r\nlist.info[1].Name=/dev/sdb\r\nlist.info[1].State=Success\r\n"
        b"list.info[1].Detail[0].IsError=true\r\nlist.info[2].Name=/dev/sdc\r\nlist.info[2].State=Failure\r\n"
    ))  # fmt: skip
    assert {key: (one.state, one.size_bytes, one.free_bytes) for key, one in found.items()} == {
        "sda": ("normal", 150, 40), "sdb": ("abnormal", None, None), "sdc": ("abnormal", None, None),
    }  # fmt: skip


@pytest.mark.parametrize("said", [b"Error: No Events", b"Error\r\nBad Request!\r\n", b"<html>", b'{"a": 1}'])
def test_dahua_errors(said: bytes) -> None:
    with pytest.raises(Unsupported):
        cgi.read_table(said)


def test_dahua_files_with_stray_blanks() -> None:
    table = cgi.read_table(
        b"found=1\r\nitems[0]. StartTime =2026-3-10 11:00:00\r\nitems[0]. EndTime =2026-3-10 12:00:00"
    )
    assert cgi.read_files(table) == [(datetime.fromisoformat("2026-03-10T11:00:00"), NOON)]


def test_recordings_of_profile_g() -> None:
    found = read_results(parse(
        b"<ResultList><RecordingInformation><RecordingToken>a</RecordingToken><Source><Name>Gate</Name>"
        b"<Address>http://192.0.2.7/onvif</Address></Source><EarliestRecording>2026-01-01T00:00:00Z</EarliestRecording>"
        b"<RecordingStatus>Recording</RecordingStatus></RecordingInformation><RecordingInformation><RecordingToken>b"
        b"</RecordingToken><RecordingStatus>Stopped</RecordingStatus></RecordingInformation></ResultList>"
    ))  # fmt: skip
    assert (found["a"].name, found["a"].address, found["a"].recording) == ("Gate", "192.0.2.7", True)
    assert found["b"].recording is None, "one that waits for an event has stopped as well"
    assert [judge_jobs(states) for states in (["Idle", "Active"], ["Error"], ["Idle"], [])] == [True, False, None, None]


def test_the_calendar() -> None:
    footage = Footage(NOON, datetime.fromisoformat("2026-03-03T08:00:00"), frozenset(map(day, (3, 4, 6, 9))))
    assert draw(footage, 10) == "--1101001?"
    row = footage_row(footage, 10)
    assert (row["missing_days"], row["longest_gap_days"], row["first_day"]) == (3, 2, "2026-03-01")
    assert draw(Footage(NOON, NOON, frozenset()), 3) == "--?"
    assert draw(Footage(NOON, None, None), 3) == "???"
    assert "missing_days" not in footage_row(Footage(NOON, NOON), 3), "no gap is invented where none is told"
    assert list(months(day(10), 40)) == [(2026, 3), (2026, 2), (2026, 1)]
    spans = [("2026-03-01T00:00:00", "2026-03-08T00:00:00"), ("2026-03-09T23:00:00", "2026-03-20T00:00:00")]
    found = hours_covered([(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in spans], day(10), 3)
    assert set(found) == {day(9), day(10)}


XML_BITS = ("id", "online", "hddList", "hdd", "status", "capacity", "Track", "TrackSchedule", "ScheduleBlockList",
            "ScheduleBlock", "ScheduleAction", "ScheduleActionStartTime", "ScheduleActionEndTime", "TimeOfDay",
            "DayOfWeek", "Actions", "ActionRecordingMode", "InputProxyChannelStatus", "dayList", "day", "dayOfMonth",
            "record", "matchList", "searchMatchItem", "timeSpan", "startTime", "RecordingInformation", "RecordingToken",
            "Source", "Address", "RecordingItem", "Configuration", "VideoInputChannel")  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(["1", "101", "true", "CMR", "Monday", "24:00:00", "2026-03-10T12:00:00Z", "-1", "1e9", "9" * 40,
                     "²", "\u202e", "ok", "http://[::1/", "31"]),
    st.text(max_size=20),
)  # fmt: skip


def element(name: str, inside: str | list[str]) -> str:
    text = inside if isinstance(inside, str) else "".join(inside)
    return f"<{name}>{text}</{name}>"


escaped = TEXTS.map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;"))
documents = st.recursive(
    st.builds(element, st.sampled_from(XML_BITS), escaped),
    lambda inner: st.builds(element, st.sampled_from(XML_BITS), st.lists(inner, max_size=4)),
    max_leaves=20,
)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    st.sampled_from(["storage", "TrackList", "trackDailyDistribution", "CMSearchResult"]),
    st.lists(documents, max_size=6),
)
def test_no_document_breaks_a_reader(root: str, inside: list[str]) -> None:
    body = element(root, inside).encode("utf-8", "replace")
    with suppress(Garbled):
        node = parse(body)
        disks = isapi.read_disks(node)
        channels = isapi.describe(isapi.read_states(node), node) | isapi.read_inputs(node)
        assert len(disks) <= MAX_DISKS
        assert len(channels) <= 2 * MAX_CHANNELS
        isapi.read_tracks(node)
        isapi.read_search(node)
        read_results(node)
        read_recordings(node)
        bounded(Answer(rows={"disk": {key: one.row() for key, one in disks.items()},
                             "channel": {key: one.row() for key, one in channels.items()}}))  # fmt: skip
    for read in (lambda: isapi.read_month(body, 2026, 2), lambda: isapi.read_health(body)):
        with suppress(Trouble):
            read()


KEYS = st.sampled_from(["table.ChannelTitle[0].Name", "ChannelTitle[99999].Name",
                        "RemoteDevice.NETCAMERA_INFO_1.Address",
                        "list.info[0].Detail[0].TotalBytes", "list.info[1].State",
                        "list.info[0].Detail[0].UsedBytes", "list.info[²].Name", "states[0].channel", "channels[0]",
                        "states[0].connectionState", "items[0].StartTime", "items[0].EndTime", "RecordMode[1].Mode",
                        "items[", "list.info[-1].Name", "list.info[9999].Name"])  # fmt: skip


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.one_of(st.binary(max_size=200), st.lists(st.tuples(KEYS, TEXTS), max_size=20).map(
    lambda lines: "\r\n".join(f"{key}={value}" for key, value in lines).encode("utf-8", "replace"))))  # fmt: skip
def test_no_table_breaks_a_reader(body: bytes) -> None:
    with suppress(Trouble):
        table = cgi.read_table(body)
        found = cgi.merge(cgi.read_titles(table), cgi.read_remotes(table), cgi.read_states(table),
                          cgi.read_indexes(table), cgi.read_modes(table))  # fmt: skip
        assert len(found) <= MAX_CHANNELS
        assert len(cgi.read_disks(table)) <= MAX_DISKS
        cgi.read_files(table)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=60))
def test_no_text_is_a_time_that_breaks(text: str) -> None:
    read_time(text)
    read_utc(text)
    assert len(tidy(text)) <= 64
    assert "\n" not in tidy(text)
    tidy(text).encode()


def test_hours_without_footage() -> None:
    """Noon of the tenth; kept since the eighth, 06:30. What runs, and the hour before it, is not over."""
    spans = [("2026-03-08T06:30", "2026-03-08T18:00"), ("2026-03-09T00:00", "2026-03-10T03:00"),
             ("2026-03-10T05:59", "2026-03-10T06:00"), ("2026-03-10T07:00", "2026-03-10T11:00"),
             ("2026-03-09T01:00", "2026-03-09T02:00")]  # fmt: skip
    hours = hours_covered(
        [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in spans], date(2026, 3, 10), 5
    )
    assert {day.day: [hour for hour in range(24) if bits >> hour & 1] for day, bits in hours.items()} == {
        8: list(range(6, 18)), 9: list(range(24)), 10: [0, 1, 2, 5, 7, 8, 9, 10],
    }  # fmt: skip
    noon = datetime.fromisoformat("2026-03-10T12:00")
    footage = Footage(noon, datetime.fromisoformat("2026-03-08T06:30"), frozenset(hours), hours)
    row = footage_row(footage, 5)
    assert (row["days"], row["missing_days"]) == ("--h1h", 0)
    assert (row["missing_hours"], row["longest_gap_hours"]) == (6 + 3, 6)
    whole = Footage(
        noon, footage.oldest, frozenset(hours), {**hours, date(2026, 3, 8): 0xFFFFC0, date(2026, 3, 10): 0x7FF}
    )
    assert footage_row(whole, 5)["days"] == "--111"


def test_a_recorder_that_makes_up_files_costs_little() -> None:
    year = [(datetime(2025, 1, 1, 0, 0, second % 60), datetime(2026, 12, 31)) for second in range(3_200)]  # noqa: DTZ001
    began = time.process_time()
    assert len(hours_covered(year, date(2026, 3, 10), 365)) == 365
    assert time.process_time() - began < 1.0
