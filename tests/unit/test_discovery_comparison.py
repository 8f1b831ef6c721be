"""New, moved, swapped, gone: what is said of which device?"""

from __future__ import annotations

from monitor.core.inventory import Identity
from monitor.core.plan import MONITOR, Device
from monitor.discovery.comparison import Change, compare
from monitor.discovery.entry import name_id, write_entry
from monitor.discovery.proposal import propose
from probes.discovery import Found, StreamSeen, parse_ranges
from probes.target import Target

RANGES = parse_ranges(["10.0.0.0/24"])


def device(name: str, host: str, serial: str = "", mac: str = "") -> Device:
    return Device(name, name, "camera", Target(name, host), serial=serial, mac=mac)


def said(found: list[Found], devices: list[Device]) -> dict[str, tuple[str, str | None]]:
    known = {one.id: one for one in [*devices, Device(MONITOR, "", "monitor", Target(MONITOR, "localhost"))]}
    addresses = {one.id: one.target.host for one in devices}
    lines = compare(found, known, addresses, RANGES)
    return {
        (line.found.host if line.found else f"gone {line.device.id}" if line.device else ""): (
            line.change.value, line.device.id if line.device else None
        )
        for line in lines
    }  # fmt: skip


def test_changes() -> None:
    found = [
        Found("10.0.0.1", "camera", serial="A", mac="00:00:00:00:00:01"),
        Found("10.0.0.2", "camera", serial="X"),
        Found("10.0.0.33", "camera", serial="C"),
        Found("10.0.0.4", "camera", serial="N"),
        Found("10.0.0.5", "camera", mac="00:00:00:00:00:55"),
        Found("10.0.0.66", "camera", mac="00:00:00:00:00:06"),
        Found("10.0.0.7", "camera"),
    ]
    devices = [
        device("same", "10.0.0.1", "A"),
        device("swapped", "10.0.0.2", "B"),
        device("moved", "10.0.0.3", "C"),
        device("swapped-mac", "10.0.0.5", mac="00:00:00:00:00:05"),
        device("moved-mac", "10.0.0.6", mac="00:00:00:00:00:06"),
        device("bare", "10.0.0.7"),
        device("gone", "10.0.0.8", "Z"),
        device("elsewhere", "10.0.9.8", "Q"),
    ]
    assert said(found, devices) == {
        "10.0.0.1": ("same", "same"),
        "10.0.0.2": ("swapped", "swapped"),
        "10.0.0.33": ("moved", "moved"),
        "10.0.0.4": ("new", None),
        "10.0.0.5": ("swapped", "swapped-mac"),
        "10.0.0.66": ("moved", "moved-mac"),
        "10.0.0.7": ("same", "bare"),
        "gone gone": ("gone", "gone"),
    }


def test_two_devices_that_changed_places_have_both_moved() -> None:
    found = [Found("10.0.0.1", "camera", serial="B"), Found("10.0.0.2", "camera", serial="A")]
    devices = [device("a", "10.0.0.1", "A"), device("b", "10.0.0.2", "B")]
    assert said(found, devices) == {"10.0.0.1": ("moved", "b"), "10.0.0.2": ("moved", "a")}


def test_a_serial_number_that_many_show_identifies_nobody() -> None:
    found = [Found(f"10.0.0.{at}", "camera", serial="123456") for at in (1, 2)]
    devices = [device("a", "10.0.0.9", "123456")]
    assert said(found, devices)["10.0.0.1"] == ("new", None)
    lines = compare(found, {}, {}, RANGES)
    assert all(line.serial == "" for line in lines)


def test_several_devices_at_one_address_are_there_together() -> None:
    devices = [device("channel-1", "10.0.0.1"), device("channel-2", "10.0.0.1")]
    assert said([Found("10.0.0.1", "recorder")], devices) == {"10.0.0.1": ("same", "channel-1")}


def test_ids_are_taken_once() -> None:
    taken: set[str] = set()
    for host, name in (
        ("10.0.0.1", "Gate 1"),
        ("10.0.0.2", "Gate 1"),
        ("10.0.0.3", "北门"),
        ("10.0.0.4", "7"),
        ("10.0.0.5", ""),
    ):
        taken.add(name_id(Found(host, "camera", name=name), taken))
    assert taken == {"gate-1", "gate-1-2", "camera-0-3", "camera-0-4", "camera-0-5"}


def test_a_camera_is_written_with_what_differs_from_its_kind() -> None:
    stream = StreamSeen("/live/ch0", 8554, codec="h264", confirmed=True)
    found = Found(
        "10.0.0.9", "camera", "Acme", "X1", "S9", http_port=8000, rtsp_port=8554, onvif_port=8000,
        onvif_path="/onvif/device_service", login="cams", streams=(stream,),
    )  # fmt: skip
    entry = write_entry(found, set(), {"vendor": "Acme", "credentials": "cams"}, {})
    assert entry == {
        "id": "camera-0-9", "kind": "camera", "host": "10.0.0.9", "model": "X1", "serial": "S9",
        "checks": {
            "reach": {"probe": "tcp", "port": 8000}, "rtsp": {"path": "/live/ch0", "port": 8554},
            "onvif": {"port": 8000},
        },
    }  # fmt: skip
    secret = Found(
        "10.0.0.9", "camera", pings=True, rtsp_port=554, streams=(StreamSeen("/user=a_password=***", 554, secret=True),)
    )
    assert write_entry(secret, set(), {}, {})["checks"] == {"onvif": False, "frame": False}


def test_a_proposal_that_the_check_refuses_is_told() -> None:
    text = "site: {id: s, name: S}\ndevices:\n  - {id: a, kind: camera, host: 10.0.0.1}\n"
    good = propose(text, "site.yaml", compare([Found("10.0.0.9", "camera", pings=True)], {}, {}, RANGES), {})
    assert good.mistakes == ()
    assert "+  - {id: camera-0-9, kind: camera, host:" in good.difference
    bad = propose(text, "site.yaml", compare([Found("10.0.0.9", "camera", login="nobody")], {}, {}, RANGES), {})
    assert [mistake.code for mistake in bad.mistakes] == ["unknown_credential"]
    assert propose(text, "site.yaml", compare([Found("10.0.0.9")], {}, {}, RANGES), {}).difference == ""
    chosen = compare([Found("10.0.0.9", "camera"), Found("10.0.0.8", "camera")], {}, {}, RANGES)
    assert propose(text, "s", chosen, {}, frozenset({"10.0.0.8"})).after.count("camera-0-") == 1


def test_moved_is_not_new() -> None:
    lines = compare(
        [Found("10.0.0.2", "camera", serial="A")], {"a": device("a", "10.0.0.1", "A")}, {"a": "10.0.0.1"}, RANGES
    )
    assert [line.change for line in lines] == [Change.MOVED]
    text = "site: {id: s, name: S}\ndevices:\n  - {id: a, kind: camera, host: 10.0.0.1, serial: A}  # gate\n"
    assert propose(text, "s", lines, {}).after == text.replace("10.0.0.1", "10.0.0.2")


def test_the_daemons_inventory_knows_who_the_file_only_names() -> None:
    """A serial number of the file counts before that of the database; what goes into the file is not changed by it."""
    devices = {one.id: one for one in (device("moved", "10.0.0.1"), device("swapped", "10.0.0.2"),
                                       device("gone", "10.0.0.3"), device("written", "10.0.0.4", "W"))}  # fmt: skip
    known = {"moved": Identity("A"), "swapped": Identity("", "00:00:00:00:00:02"), "gone": Identity("C"),
             "written": Identity("old"), "taken out": Identity("T")}  # fmt: skip
    found = [Found("10.0.0.11", "camera", serial="A"), Found("10.0.0.2", "camera", mac="00:00:00:00:00:99"),
             Found("10.0.0.4", "camera", serial="W"), Found("10.0.0.5", "camera", serial="T")]  # fmt: skip
    addresses = {name: one.target.host for name, one in devices.items()}
    lines = compare(found, devices, addresses, RANGES, known)
    said = {(line.device.id if line.device else ""): line.change for line in lines}
    assert said == {"moved": Change.MOVED, "swapped": Change.SWAPPED, "written": Change.SAME, "": Change.NEW,
                    "gone": Change.GONE}  # fmt: skip
    assert all(line.device is devices[line.device.id] for line in lines if line.device)
    without = compare(found, devices, addresses, RANGES)
    assert {line.change for line in without if line.device and line.device.id in ("moved", "swapped")} == {
        Change.GONE, Change.SAME,
    }  # fmt: skip
