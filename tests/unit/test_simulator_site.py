"""Do simulated devices lose and regain power, charge and faults as their place says, and read requests with care?"""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.simulators import FAULTS, Shape, describe_site, rtsp, site_yaml
from probes.simulators.blueprint import PASSWORD, Blueprint, lay_out
from probes.simulators.camera import Camera
from probes.simulators.clip import Clip
from probes.simulators.control import Mistake, switch_fault
from probes.simulators.device import Device
from probes.simulators.film import Films
from probes.simulators.gate import Verdict
from probes.simulators.onvif import Malformed, answer, read_call
from probes.simulators.recorder import Recorder
from probes.simulators.site import SimulatedSite, powered_devices
from probes.simulators.snmp import ber
from probes.simulators.snmp.pdu import Status
from probes.simulators.switch import Switch
from probes.simulators.turret import PRESETS, Turret
from probes.simulators.ups import Ups

CLIP = Clip(b"\x67\x42\xc0\x1e", b"\x68\xce", (((b"\x65" + bytes(50),),),))
FILMS = Films((CLIP,), {"covered": Clip(b"\x67\x01\x02\x03", b"\x68\xce", CLIP.groups)})
POE_ADMIN = (1, 3, 6, 1, 2, 1, 105, 1, 1, 1, 3, 1)
ENVELOPE = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>%s</s:Body></s:Envelope>'


def camera(number: int = 1) -> Camera:
    port = f"1.{number}"
    return Camera(
        Blueprint(f"camera-{number:02d}", "Gate", "camera", number, "127.9.1.1", "switch-01", port, "switch-01"), FILMS
    )


@pytest.fixture
def devices() -> dict[str, Device]:
    """A UPS, a switch on it, two cameras on that."""
    cameras = [camera(1), camera(2)]
    ups = Ups(Blueprint("ups-01", "UPS", "ups", 1, "127.9.0.96"), runtime_seconds=100.0)
    switch = Switch(Blueprint("switch-01", "Switch", "switch", 1, "127.9.0.48", power="ups-01"), cameras, lambda: None)
    return {one.name: one for one in (ups, switch, *cameras)}


@pytest.mark.parametrize(("cameras", "switches", "widest"), [(24, 2, 12), (500, 1, 500), (7, 3, 3), (0, 0, 0)])
def test_every_device_has_a_place_of_its_own(cameras: int, switches: int, widest: int) -> None:
    laid = lay_out(Shape(cameras=cameras, switches=switches))
    addresses = [ipaddress.IPv4Address(one.address) for one in laid]
    assert len(set(addresses)) == len(laid)
    assert all(one.is_loopback for one in addresses)
    ports = [(one.parent, one.port) for one in laid if one.kind == "camera"]
    assert len(set(ports)) == cameras
    assert max([int(port[2:]) for _, port in ports], default=0) == widest
    names = [one.name for one in laid]
    assert all(one.power is None or names.index(one.power) < names.index(one.name) for one in laid)


@pytest.mark.parametrize(
    "shape", [Shape(base="10.0.0.0"), Shape(base="127.255.255.0"), Shape(cameras=9_999), Shape(recorders=99)]
)
def test_shapes_that_do_not_fit(shape: Shape) -> None:
    with pytest.raises(ValueError, match=r"fit|127"):
        lay_out(shape)


def test_power_runs_down_the_tree(devices: dict[str, Device]) -> None:
    assert all(powered_devices(devices).values())
    devices["camera-01"].set_fault("unplugged", None)
    assert [name for name, on in powered_devices(devices).items() if not on] == ["camera-01"]
    devices["switch-01"].set_fault("poe_fault", 2)
    assert [name for name, on in powered_devices(devices).items() if not on] == ["camera-01", "camera-02"]
    devices["camera-01"].clear_fault("unplugged")
    devices["switch-01"].clear_fault("poe_fault")
    devices["ups-01"].set_fault("lost", None)
    assert not any(powered_devices(devices).values())


def test_a_port_can_be_switched_and_nothing_else(devices: dict[str, Device]) -> None:
    switch = devices["switch-01"]
    off = switch.prepare((*POE_ADMIN, 2), ber.INTEGER, b"\x02")
    assert not isinstance(off, Status)
    assert powered_devices(devices)["camera-02"]
    off()
    assert not powered_devices(devices)["camera-02"]
    assert switch.prepare((*POE_ADMIN, 3), ber.INTEGER, b"\x02") is Status.NOT_WRITABLE
    assert switch.prepare((*POE_ADMIN, 2), ber.INTEGER, b"\x07") is Status.WRONG_VALUE
    assert switch.prepare((*POE_ADMIN, 2), ber.OCTETS, b"\x02") is Status.WRONG_TYPE
    assert devices["camera-01"].prepare((*POE_ADMIN, 2), ber.INTEGER, b"\x02") is Status.NOT_WRITABLE


def test_a_battery_empties_and_fills(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr("probes.simulators.ups.time.monotonic", lambda: now)
    ups = Ups(Blueprint("ups-01", "UPS", "ups", 1, "127.9.0.96"), runtime_seconds=100.0)
    ups.set_fault("mains_lost", None)
    now += 60
    assert ups.charge == pytest.approx(0.4)
    assert ups.powers
    now += 60
    assert ups.charge == 0
    assert not ups.powers
    ups.clear_fault("mains_lost")
    assert ups.powers
    now += 100
    assert ups.charge == pytest.approx(0.25)
    now += 1_000
    assert ups.charge == 1


def test_views_of_a_camera() -> None:
    one = camera()
    assert one.clip() is CLIP
    one.set_fault("covered", None)
    assert one.clip() is FILMS.lost["covered"]
    one.clear_fault("covered")
    one.set_fault("garbled", None)
    assert one.clip().groups != CLIP.groups


def test_a_changed_password_and_a_drifted_clock() -> None:
    one = camera()
    one.set_fault("wrong_password", None)
    assert one.gate.password != PASSWORD
    one.clear_fault("wrong_password")
    assert one.gate.password == PASSWORD
    before = one.clock()
    one.set_fault("clock_drift", 500)
    assert one.clock() - before == pytest.approx(500, abs=5)
    assert not one.ntp


def test_a_recorder_loses_the_channel_of_a_dark_camera() -> None:
    cameras = [camera(1), camera(2), camera(3)]
    recorder = Recorder(Blueprint("recorder-01", "Recorder", "recorder", 1, "127.9.0.16"), cameras)
    cameras[0].dark = True
    recorder.set_fault("channel_lost", 3)
    assert [channel.online for channel in recorder.channels()] == [False, True, False]
    recorder.set_fault("disk_full", 2)
    assert [disk.free_mb == 0 for disk in recorder.disks()] == [False, True, False, False]


def test_faults_of_another_kind_are_unknown() -> None:
    with pytest.raises(KeyError):
        camera().set_fault("mains_lost", None)
    with pytest.raises(KeyError):
        camera().clear_fault("tamper")
    assert all(name == fault.name for faults in FAULTS.values() for name, fault in faults.items())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["device", "fault", "on"]), inner),
        max_leaves=6,
    )
)
@settings(max_examples=300, derandomize=True)
def test_orders_are_refused_with_a_reason(order: object) -> None:
    site = SimulatedSite(Shape(), Path("films"))
    with pytest.raises(Mistake, match=r"object|device"):
        switch_fault(site, order)


@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
@settings(max_examples=400, derandomize=True)
def test_rtsp_requests_parse_or_are_malformed(lines: list[str]) -> None:
    try:
        rtsp.parse_request(lines)
    except rtsp.Malformed:
        return


def test_an_rtsp_request() -> None:
    request = rtsp.parse_request(["PLAY rtsp://x/1 RTSP/1.0", "CSeq: 4", "Session:abc;timeout=60"])
    assert (request.method, request.url) == ("PLAY", "rtsp://x/1")
    assert request.headers == {"cseq": "4", "session": "abc;timeout=60"}


@given(st.binary(max_size=300) | st.text(max_size=120).map(lambda inside: ENVELOPE % inside.encode()))
@settings(max_examples=400, derandomize=True)
def test_calls_parse_or_are_malformed(body: bytes) -> None:
    try:
        read_call(body)
    except Malformed:
        return


def test_xml_bombs_do_not_explode() -> None:
    entities = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
    bomb = f'<!DOCTYPE x [<!ENTITY a0 "boom">{entities}]>'.encode() + ENVELOPE % b"<GetServices>&a9;</GetServices>"
    outside = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + ENVELOPE % b"<Call>&a;</Call>"
    deep = ENVELOPE % (b"<a>" * 10_000)
    for body in (bomb, outside, deep):
        reply = answer(camera(), Shape(), body, lambda: Verdict.MISSING)
        assert reply.status in (400, 500)
        assert len(reply.body) < 2_000


def test_the_configuration_names_every_device() -> None:
    shape = Shape(base="127.9.0.0", cameras=3)
    described = describe_site(shape)
    assert [one["id"] for one in described["devices"]] == [one.name for one in lay_out(shape)]
    text = site_yaml(shape)
    assert yaml.safe_load(text) == described
    assert "北门3号枪机" in text
    assert "&id" not in text


def test_a_dome_turns_tours_and_never_sends_the_same_picture_twice() -> None:
    now = 1_000.0
    turret = Turret(1, lambda: now)
    gate, yard, fence = (aim for _, aim in PRESETS.values())
    assert (turret.aim(), turret.moving) == (gate, False)
    turret.go(yard)
    now += 0.5
    assert turret.moving
    assert gate.pan < turret.aim().pan < yard.pan
    now += 10
    assert (turret.aim(), turret.moving) == (yard, False)
    turret.tour(6.0)
    stops, pictures = set(), []
    for _ in range(24):
        now += 1.0
        stops.add(turret.aim() if not turret.moving else None)
        pictures.append(turret.clip(int(now)).key_picture(int(now)))
    assert {gate, yard, fence, None} == stops
    assert all(pictures[at] != pictures[at + 2] for at in range(22))
    turret.tour(None)
    assert not turret.moving
