"""What is read out of notifications, and how does each thing stand then?"""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.errors import Garbled
from probes.onvif.events.messages import MAX_MESSAGES, MAX_TEXT, Event, read_messages, read_topic, read_truth
from probes.onvif.events.table import MAX_ROWS, PULSE_SECONDS, Table
from probes.onvif.events.times import read_time, write_time
from probes.onvif.events.topics import meaning
from probes.onvif.soap import EVENTS, Call, read
from probes.onvif.xml import parse

PULL = Call(EVENTS, "PullMessages")


def answer(*messages: str) -> bytes:
    inside = "".join(messages)
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:wsnt="w" xmlns:tt="t"><s:Body>'
        f"<tev:PullMessagesResponse>{inside}</tev:PullMessagesResponse></s:Body></s:Envelope>"
    ).encode()


def message(topic: str, value: str, operation: str = "Changed", item: str = "State", source: str = "vs") -> str:
    kind = f' PropertyOperation="{operation}"' if operation else ""
    return (
        f"<wsnt:NotificationMessage><wsnt:Topic>{topic}</wsnt:Topic><wsnt:Message>"
        f'<tt:Message UtcTime="2026-01-02T03:04:05Z"{kind}><tt:Source><tt:SimpleItem Name="Source" Value="{source}"/>'
        f'</tt:Source><tt:Data><tt:SimpleItem Name="{item}" Value="{value}"/></tt:Data></tt:Message></wsnt:Message>'
        "</wsnt:NotificationMessage>"
    )


def events(*messages: str) -> list[Event]:
    return read_messages(read(PULL, 200, answer(*messages)))


def told(*messages: str, table: Table | None = None, now: float = 0.0) -> dict[str, str]:
    table = table or Table()
    for event in events(*messages):
        table.take(event, now)
    return {key: str(row["state"]) for key, row in table.rows().items()}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-02T03:04:05Z", 1_767_323_045),
        ("2026-01-02T03:04:05", 1_767_323_045),
        ("2026-01-02T11:04:05.5+08:00", 1_767_323_045.5),
        ("2026-01-02T00:61:16Z", 1_767_315_676),
        ("2023-05-15T-07:10:32Z", 1_684_084_232),
        ("0000-00-00T00:00:00Z", None),
        ("2026-13-02T03:04:05Z", None),
        ("PT60S", None),
        ("", None),
    ],
)
def test_times_as_firmware_writes_them(text: str, seconds: float | None) -> None:
    assert read_time(text) == seconds


@given(st.integers(0, 4_000_000_000))
def test_what_is_written_is_read(at: int) -> None:
    assert read_time(write_time(at)) == at


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("tns1:VideoSource/ImageTooDark/ImagingService", "VideoSource/ImageTooDark/ImagingService"),
        ("tns1:RuleEngine/TamperDetector/Tamper//.", "RuleEngine/TamperDetector/Tamper"),
        ("tns1:VideoSource/tnsaxis:Tampering/.", "VideoSource/Tampering"),
        ("//.", ""),
        ("", ""),
    ],
)
def test_topics_are_one_whatever_their_prefixes_and_ends(text: str, topic: str) -> None:
    assert read_topic(text) == topic


@pytest.mark.parametrize(
    ("text", "truth"), [("1", True), ("TRUE", True), ("0", False), (" false ", False), ("on", None)]
)
def test_booleans(text: str, truth: bool | None) -> None:
    assert read_truth(text) is truth


@pytest.mark.parametrize(
    ("topic", "item", "bad", "good", "alarm"),
    [
        ("tns1:RuleEngine/TamperDetector/Tamper//.", "IsTamper", "1", "0", "tamper"),
        ("tns1:VideoSource/GlobalSceneChange/ImagingService", "State", "true", "false", "scene_change"),
        ("tns1:VideoSource/ImageTooBlurry/AnalyticsService", "State", "true", "false", "image_blurry"),
        ("tns1:VideoSource/SignalLoss", "State", "true", "false", "video_lost"),
        ("tns1:Device/HardwareFailure/FanFailure", "Failed", "true", "false", "fan_failed"),
        ("tns1:Device/HardwareFailure/StorageFailure/.", "Failed", "1", "0", "storage_failed"),
        ("tns1:Device/HardwareFailure/TemperatureCritical", "Critical", "true", "false", "temperature_critical"),
        ("tns1:Device/Trigger/DigitalInput", "LogicalState", "true", "false", "digital_input"),
        ("tns1:Device/Trigger/Relay", "LogicalState", "active", "inactive", "relay"),
        ("tns1:RecordingConfig/JobState", "State", "Error", "Active", "recording_failed"),
        ("tns1:Monitoring/LinkStatus", "Link", "Down", "Up", "link_down"),
    ],
)
def test_every_kind_comes_and_goes(topic: str, item: str, bad: str, good: str, alarm: str) -> None:
    table = Table()
    assert told(message(topic, good, "Initialized", item), table=table) == {f"{alarm} vs": "cleared"}
    assert told(message(topic, bad, "Changed", item), table=table) == {f"{alarm} vs": "raised"}
    assert told(message(topic, good, "Changed", item), table=table) == {f"{alarm} vs": "cleared"}
    told(message(topic, bad, "Changed", item), table=table)
    assert told(message(topic, bad, "Deleted", item), table=table) == {f"{alarm} vs": "cleared"}


@pytest.mark.parametrize(("value", "percent"), [("0.5", 50.0), ("73", 73), ("1", 100), ("nan", None), ("x", None)])
def test_a_load_is_a_share_or_per_cent(value: str, percent: float | None) -> None:
    table = Table()
    for event in events(message("tns1:Monitoring/ProcessorUsage", value, "Changed", "Value")):
        table.take(event, 0.0)
    assert table.rows().get("processor vs", {}).get("number") == percent


def test_what_is_no_property_is_over_by_itself() -> None:
    table = Table()
    assert told(message("tns1:VideoSource/SignalLoss", "true", ""), table=table, now=5.0) == {"video_lost vs": "raised"}
    assert table.next_end() == 5.0 + PULSE_SECONDS
    assert not table.expire(5.0 + PULSE_SECONDS - 1)
    assert table.expire(5.0 + PULSE_SECONDS)
    assert table.rows()["video_lost vs"]["state"] == "cleared"


def test_after_a_new_start_only_what_is_told_again_still_stands() -> None:
    table = Table(["fan_failed f1", "tamper vs"])
    assert {row["state"] for row in table.rows().values()} == {"raised"}
    table.begin()
    told(message("tns1:Device/HardwareFailure/FanFailure", "true", "Initialized", "Failed", "f1"), table=table)
    assert table.settle()
    assert {key: row["state"] for key, row in table.rows().items()} == {
        "fan_failed f1": "raised",
        "tamper vs": "cleared",
    }
    assert not table.settle()


def test_a_device_cannot_fill_the_memory() -> None:
    table = Table()
    for number in range(MAX_ROWS * 3):
        told(message("tns1:Device/Trigger/DigitalInput", "true", "Changed", "LogicalState", f"i{number}"), table=table)
    assert len(table.rows()) == MAX_ROWS
    many = [message("tns1:VideoSource/SignalLoss", "true")] * (MAX_MESSAGES + 50)
    assert len(events(*many)) == MAX_MESSAGES
    long = events(message("tns1:" + "a" * 300 + "/b" * 40, "v" * 300, source="s" * 300))[0]
    assert len(long.source) <= MAX_TEXT
    assert all(len(level) <= MAX_TEXT for level in long.topic.split("/"))


def test_a_message_without_its_inner_half_and_motion_do_no_harm() -> None:
    bare = "<wsnt:NotificationMessage><wsnt:Topic>tns1:VideoSource/SignalLoss</wsnt:Topic></wsnt:NotificationMessage>"
    assert told(bare, message("tns1:RuleEngine/CellMotionDetector/Motion", "true", item="IsMotion")) == {}
    assert meaning("RuleEngine/CellMotionDetector/Motion") is None


_TEXT = st.text(string.printable, max_size=30)
_GOOD = answer(
    message("tns1:RuleEngine/TamperDetector/Tamper//.", "1", item="IsTamper"),
    message("tns1:Monitoring/ProcessorUsage", "0.4", item="Value"),
)


@given(st.data())
def test_any_damage_is_read_or_garbled(data: st.DataObject) -> None:
    body = bytearray(_GOOD)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(body) - 1))
        match data.draw(st.integers(0, 2)):
            case 0:
                body[at] = data.draw(st.integers(0, 255))
            case 1:
                del body[at : at + data.draw(st.integers(1, 40))]
            case _:
                body[at:at] = data.draw(st.binary(max_size=20))
        if not body:
            return
    try:
        found = read_messages(parse(bytes(body)))
    except Garbled:
        return
    table = Table()
    for event in found:
        table.take(event, 0.0)
    table.expire(1e9)


@given(st.lists(st.tuples(_TEXT, _TEXT, _TEXT, _TEXT), max_size=5))
def test_any_text_in_a_message_is_told_within_bounds(items: list[tuple[str, str, str, str]]) -> None:
    table = Table()
    for topic, operation, source, value in items:
        event = Event(read_topic(topic), "", source, {"state": value, operation.lower(): value}, read_time(value))
        table.take(event, 0.0)
    assert len(table.rows()) <= MAX_ROWS
