"""Whatever a host answers to discovery: is something read within bounds, or is it a Trouble, and nothing else?"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from monitor.discovery.entry import write_entry
from probes.discovery.agent import Spoken
from probes.discovery.device_service import ask_service, find_service
from probes.discovery.found import MAX_EVIDENCE, MAX_STREAMS, MAX_TEXT
from probes.discovery.front import Front, read_front
from probes.discovery.identity import Said, identify
from probes.discovery.isapi import read_device_info
from probes.discovery.matches import MAX_ADDRESSES, MAX_SCOPES, Service, read_match
from probes.discovery.neighbours import is_mac, read_neighbours, tidy_mac
from probes.discovery.ration import Ration
from probes.discovery.scope import Access
from probes.errors import Garbled, Trouble
from probes.snmp.ber import INTEGER, OCTETS, oid, sub_id
from probes.snmp.playback import Playback
from probes.snmp.shelf import load_with
from probes.target import Login, Secret, Target
from probes.tools import Tools
from probes.topology import read_arp, read_channels, read_tables
from probes.web import Response
from tests.unit.test_onvif_look import ANSWERS, SCOPES, Device, Site

HOST = "198.51.100.7"
LOGIN = Login("admin", Secret("right"))
PROFILES = load_with(())
MATCH = (
    b'<s:Envelope xmlns:s="x"><s:Body><d:ProbeMatches><d:ProbeMatch><d:Types>dn:NetworkVideoTransmitter</d:Types>'
    b"<d:Scopes>onvif://www.onvif.org/name/North%20gate onvif://www.onvif.org/hardware/X-1 onvif://[</d:Scopes>"
    b"<d:XAddrs>http://192.0.2.1:8899/onvif/device_service https://[::1]/x http://a:0/</d:XAddrs></d:ProbeMatch>"
    b"</d:ProbeMatches></s:Body></s:Envelope>"
)
INFO = (
    b"<DeviceInfo><deviceName>Gate</deviceName><model>DS-7608NI</model><serialNumber>0820220101CCRR1</serialNumber>"
    b"<firmwareVersion>V4.1</firmwareVersion><macAddress>44:19:b6:01:02:03</macAddress><deviceType>NVR</deviceType>"
    b"</DeviceInfo>"
)
CHANNELS = (
    b"<InputProxyChannelStatusList><InputProxyChannelStatus><id>1</id><sourceInputPortDescriptor>"
    b"<ipAddress>192.0.2.9</ipAddress></sourceInputPortDescriptor></InputProxyChannelStatus>"
    b"</InputProxyChannelStatusList>"
)
INTERFACES = "<NetworkInterfaces><Info><HwAddress>44-19-B6-01-02-03</HwAddress></Info></NetworkInterfaces>"
PIECES = (
    b"<", b">", b"&", b"</s:Body>", b"\xff", b"\x00", b"9" * 400, b"http://[", b"//", b" " * 300, b"%e2%80%ae%0a",
    b"&#x202e;", b"&#99999999;", "\u0661".encode() * 12, b"rtsp://h:99999/", b"-", b"1e309", b"onvif://x/name/" * 80,
)  # fmt: skip
quick = settings(max_examples=150, deadline=None, derandomize=True)


def spoil(body: bytes, dice: random.Random) -> bytes:
    """Up to four places are overwritten, or have something put in."""
    bad = bytearray(body)
    for _ in range(dice.randint(0, 4)):
        at = dice.randrange(len(bad))
        bad[at : at + dice.choice([0, 0, 1, 8, 40])] = dice.choice(PIECES)
    return bytes(bad)


def sound(*texts: str) -> None:
    """Each is a line for people that can be written anywhere."""
    for text in texts:
        assert len(text) <= MAX_TEXT, text
        assert "\n" not in text
        assert "\x1b" not in text
        text.encode()


@dataclass
class Told:
    """What every HTTP question of discovery is answered."""

    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    async def fetch(self, *_: object, **__: object) -> Response:
        return Response(200, CIMultiDictProxy(CIMultiDict(self.headers)), self.body)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Told:
    told = Told()

    class FakeWeb:
        def __init__(self, _: Tools) -> None:
            self.fetch = told.fetch

    for module in ("discovery.front", "discovery.isapi", "topology.channels"):
        monkeypatch.setattr(f"probes.{module}.Web", FakeWeb)
    return told


def test_a_match_is_read_or_garbled() -> None:
    dice, read = random.Random(3), 0
    for _ in range(600):
        try:
            match = read_match(spoil(MATCH, dice))
        except Garbled:
            continue
        read += 1
        assert len(match.services) <= MAX_ADDRESSES
        assert all(0 < one.port < 65_536 and one.path.startswith("/") for one in match.services)
        assert len(match.scopes) <= MAX_SCOPES
        sound(match.types, *match.scopes)
    assert 100 < read < 600


@quick
@given(st.binary(max_size=300))
def test_noise_is_no_match(datagram: bytes) -> None:
    with pytest.raises(Garbled):
        read_match(datagram)


async def test_front_pages_and_documents_of_makers(web: Told) -> None:
    dice, tools, found = random.Random(5), Tools(), 0
    page = "<title>北门 &amp; NVR</title>"
    for _ in range(400):
        raw = spoil(page.encode(dice.choice(["utf-8", "gb18030"])), dice)
        header = {"Server": b"App-webs/", "WWW-Authenticate": b'Digest realm="AXIS_00408CAABBCC", nonce="1"'}
        web.headers = {name: spoil(value, dice).decode("utf-8", "surrogateescape") for name, value in header.items()}
        web.body = raw
        front = await read_front(HOST, 80, tools, tls=False)
        sound(front.server, front.title, front.realm)
        web.body = spoil(INFO, dice)
        try:
            info = await read_device_info(HOST, 80, LOGIN, tools, tls=False)
        except Trouble:
            info = None
        else:
            found += 1
            sound(info.name, info.model, info.serial, info.firmware, info.mac, info.kind)
        told(Said(HOST, fronts=(front,), info=info))
        web.body = spoil(CHANNELS, dice)
        try:
            channels = await read_channels(Target("r", HOST, LOGIN), 80, tools)
        except Trouble:
            continue
        for one in channels:
            sound(one.number, one.address)
    assert 40 < found < 400


def told(said: Said) -> None:
    """Whatever was said can be identified and written into a site's file."""
    found = identify(said, PROFILES)
    assert not found.mac or is_mac(found.mac)
    assert len(found.evidence) <= MAX_EVIDENCE
    assert len(found.streams) <= MAX_STREAMS
    sound(found.vendor, found.model, found.serial, found.name, found.firmware)
    entry = write_entry(found, frozenset(), {}, {})
    assert yaml.safe_load(yaml.safe_dump(entry, allow_unicode=True)) == entry


TEXTS = st.text(max_size=MAX_TEXT, alphabet=st.characters(categories=["L", "N", "P", "S", "Zs"])) | st.sampled_from(
    ["Hikvision", "AXIS_00408CAABBCC", "NVR", "login to " + "a" * 60, "DS-2CD2143", "UPS switch router", "- &a *b {x"]
)


@quick
@given(st.lists(st.builds(Front, st.just(80), st.booleans(), TEXTS, TEXTS, TEXTS, st.integers(100, 599)), max_size=3),
       st.builds(Spoken, st.just(161), st.just("agent"), TEXTS, TEXTS, TEXTS, TEXTS, TEXTS))  # fmt: skip
def test_any_words_can_be_identified_and_written(fronts: list[Front], spoken: Spoken) -> None:
    told(Said(HOST, ports=frozenset({37777}), fronts=tuple(fronts), spoken=spoken))


async def test_a_device_service_that_answers_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    dice, seen = random.Random(7), 0
    said = {**ANSWERS, "GetScopes": SCOPES, "GetNetworkInterfaces": INTERFACES}
    for _ in range(120):
        device = Device(
            dice.choice(["nothing", "token"]),
            answers=said,
            mutate=lambda body: spoil(body, dice) if dice.random() < 0.2 else body,
        )
        site = Site(device, LOGIN, monkeypatch)
        served = await find_service(HOST, [Service(8001, "/onvif/device_service", False)], site.tools, likely=True)
        if served is None:
            continue
        service = await ask_service(HOST, served, None, Ration(Access("cams", LOGIN)), site.tools)
        seen += bool(service.identity[0])
        assert len(service.streams) <= MAX_STREAMS
        assert not service.mac or is_mac(service.mac)
        for one in service.streams:
            assert 0 < one.port < 65_536
            sound(one.name)
        assert "right" not in repr([one for one in service.streams if not one.secret])
        told(Said(HOST, told=service, streams=service.streams))
    assert seen > 20


COLUMNS = [oid(text) for text in (
    "1.0.8802.1.1.2.1.4.1.1.4", "1.0.8802.1.1.2.1.4.1.1.5", "1.0.8802.1.1.2.1.4.1.1.9", "1.0.8802.1.1.2.1.4.2.1.3",
    "1.0.8802.1.1.2.1.3.7.1.3", "1.3.6.1.2.1.17.1.1", "1.3.6.1.2.1.17.1.4.1.2", "1.3.6.1.2.1.17.7.1.2.2.1.2",
    "1.3.6.1.2.1.31.1.1.1.1", "1.3.6.1.2.1.105.1.1.1.6", "1.3.6.1.2.1.4.22.1.2",
)]  # fmt: skip
ARCS = st.sampled_from([0, 1, 4, 6, 255, 256, 2**32 - 1])
ROWS = st.tuples(
    st.sampled_from(COLUMNS),
    st.lists(ARCS, min_size=1, max_size=12),
    st.sampled_from([(INTEGER, b"\x04"), (INTEGER, b"\xff" * 8), (OCTETS, b"\x44\x19\xb6\x01\x02\x03"), (OCTETS, b""),
                     (OCTETS, b"\x1b[2J\xff\n"), (5, b""), (6, b"\x2b\x06"), (0x41, b"\x7f")]),
)  # fmt: skip


@quick
@given(st.lists(ROWS, max_size=20, unique_by=lambda row: (row[0], tuple(row[1]))))
async def test_tables_of_switches(rows: list[tuple[bytes, list[int], tuple[int, bytes]]]) -> None:
    binds = [(name + b"".join(map(sub_id, arcs)), tag, raw) for name, arcs, (tag, raw) in rows]
    try:
        tables = await read_tables(Playback(binds), ["44:19:b6:01:02:03"])
        addresses = await read_arp(Playback(binds))
    except Trouble:
        return
    sound(*tables.names.values(), *tables.lldp_ports.values(), *(one.name for one in tables.neighbours))
    assert all(map(is_mac, addresses.values()))
    assert all(is_mac(one.mac) for one in tables.neighbours if one.mac)


@quick
@given(st.text("0aF:-.\u0661\u00b2", min_size=12, max_size=17))
@example("\u0661" * 12)
@example(":".join(["\u0661\u0661"] * 6))
def test_a_mac_is_six_octets_in_ascii(text: str) -> None:
    mac = tidy_mac(text)
    assert mac.isascii()
    assert not mac or bytes.fromhex(mac.replace(":", ""))
    if is_mac(text):
        assert len(bytes.fromhex(text.replace(":", ""))) == 6


@quick
@given(st.binary(max_size=200))
def test_a_table_of_neighbours_is_read_or_empty(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    table: Path = tmp_path_factory.getbasetemp() / "arp"
    table.write_bytes(b"IP address\n10.0.0.1 0x1 0x2 44:19:b6:01:02:03 * eth0\n" + raw)
    assert all(map(is_mac, read_neighbours(table).values()))
