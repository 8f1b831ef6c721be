"""Recordings on disk and their redaction: hostile folders, and what must not remain."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.recording import BadRecording, HttpAnswer, Recording, RtspAnswer, Variable, read_folder, write_folder
from probes.recording.redaction import Private, Redactor, leaks, redact
from probes.recording.walk import MAX_LEARNED, walk_agent
from probes.simulators.recorded import read_objects
from probes.snmp.playback import read_recording
from probes.topology.tables import read_tables


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    recording = Recording(
        {"make": "Acme", "model": "X: 1"},
        (HttpAnswer("GET", "/", 200, b"<title>x</title>", content_type="text/html"),),
        (RtspAnswer("DESCRIBE", "/live?ch=1", 200, b"v=0\r\n", "server"),),
        (Variable("1.3.6.1.2.1.1.1.0", "4", "a|b"), Variable("1.3.6.1.2.1.1.3.0", "67", "5")),
        b"\xff\xd8picture",
    )
    write_folder(recording, tmp_path / "one")
    assert read_folder(tmp_path / "one") == recording
    with pytest.raises(FileExistsError):
        write_folder(recording, tmp_path / "one")


@pytest.mark.parametrize(
    "index",
    [
        "- {kind: http, file: ../../etc/passwd, method: GET, path: /, status: 200}",
        "- {kind: http, file: /etc/passwd, method: GET, path: /, status: 200}",
        "- {kind: ftp, file: a.txt}",
        "- {kind: http, file: a.txt, method: GET, path: /, status: many}",
        "- {kind: http, file: a.txt, method: GET}",
        "- {kind: http, file: a.txt, method: GET, path: /, status: 200, body: x}",
        "- !!python/object/apply:os.system [id]",
        "a: 1",
        "[" * 500,
        "- 7",
        '- {kind: http, file: a.txt, method: GET, path: "/\\ud800", status: 200}',
        "\n".join("- {kind: http}" for _ in range(600)),
    ],
)
def test_hostile_folders_are_refused(tmp_path: Path, index: str) -> None:
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "a.txt").write_text("x")
    (tmp_path / "manifest.txt").write_text("x\n\nmake: Acme\n")
    (tmp_path / "answers.yaml").write_text(index)
    with pytest.raises(BadRecording):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("tag", "value"), [("2", "x"), ("4x", "zz"), ("6", "1.x"), ("64", "1.2.3"), ("99", "1"), ("", "")]
)
def test_hostile_variables_are_refused(tag: str, value: str) -> None:
    with pytest.raises(BadRecording):
        read_objects((Variable("1.3.6.1.2.1.1.1.0", tag, value),))


SECRET, SERIAL, NAME = "hunter22", "DS-2CD2143G0-I20200101AAWRE1234567", "North gate"


def redacted(body: str) -> str:
    answer = HttpAnswer("GET", "/", 200, body.encode())
    found, redactor = redact(Recording(http=(answer,)), Private((SECRET,), (SERIAL,), (NAME,), ("V5.1.2.3",)), ())
    assert leaks(found, redactor) == ()
    return found.http[0].body.decode()


def test_everything_private_is_replaced_alike() -> None:
    text = redacted(
        f"<a>{SERIAL} {NAME} {SECRET} 10.1.2.3 10.1.2.3 44:19:B6:AA:BB:CC 44-19-b6-aa-bb-cc 4419b6aabbcc fe80::1234 "
        "urn:uuid:4d454930-0000-1000-8001-4419b6aabbcc li@example.cn V5.1.2.3 0.0.0.0 239.255.255.250</a>"
    )
    for private in (SERIAL, NAME, SECRET, "10.1.2.3", "aa:bb:cc", "aa-bb-cc", "aabbcc", "AA:BB:CC", "1234", "li@"):
        assert private not in text, private
    words = text.removeprefix("<a>").removesuffix("</a>").split()
    serial, name, secret, first, second, mac, dashed, bare, *_, version, nowhere, group = words
    assert (name, secret, first, second) == ("name-1", "***", "192.0.2.1", "192.0.2.1")
    assert mac.lower().replace(":", "") == dashed.replace("-", "") == bare
    assert mac.startswith("44:19:B6:")  # the maker stays
    assert (len(serial), serial[2], serial[:2].isupper()) == (len(SERIAL), "-", True)
    assert (version, nowhere, group) == ("V5.1.2.3", "0.0.0.0", "239.255.255.250")


def test_names_are_not_replaced_in_tags() -> None:
    found, _ = redact(
        Recording(http=(HttpAnswer("GET", "/", 200, b'<Device id="Device"><Name>Device</Name></Device>'),)),
        Private(names=("Device",)),
        (),
    )
    assert found.http[0].body == b'<Device id="Device"><Name>name-1</Name></Device>'


def test_names_of_the_agent_and_its_ports_are_learned() -> None:
    snmp = (
        Variable("1.3.6.1.2.1.1.1.0", "4", "Linux secret-host 6.1 #1"),
        Variable("1.3.6.1.2.1.1.5.0", "4", "gate-server"),
        Variable("1.3.6.1.2.1.31.1.1.1.18.3", "4", "Vault door"),
        Variable("1.3.6.1.2.1.47.1.1.1.1.11.1", "4", "FOC1234X0AB"),
        Variable("1.3.6.1.2.1.2.2.1.6.1", "4x", "4419b6aabbcc"),
        Variable("1.3.6.1.2.1.14.1.0", "64", "10.9.8.7"),
        Variable("1.3.6.1.4.1.9.1.0", "4", "Vault door of gate-server FOC1234X0AB"),
    )
    found, redactor = redact(Recording(snmp=snmp), Private(), ())
    values = " ".join(one.value for one in found.snmp)
    for private in ("secret-host", "gate-server", "Vault door", "FOC1234X0AB", "aabbcc", "10.9.8.7"):
        assert private not in values
    assert leaks(found, redactor) == ()
    assert leaks(Recording(snmp=snmp), redactor) != ()


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_names_in_chinese_are_learned_and_replaced_too(encoding: str) -> None:
    def octets(text: str) -> str:
        return text.encode(encoding).hex()

    snmp = (
        Variable("1.3.6.1.2.1.1.6.0", "4x", octets("和平路9号机房") + "00"),
        Variable("1.3.6.1.2.1.31.1.1.1.18.3", "4x", octets("北门")),
        Variable("1.3.6.1.2.1.31.1.1.1.1.3", "4x", octets("端口3")),
        Variable("1.3.6.1.4.1.9.1.0", "4x", octets("北门，和平路9号机房")),
        Variable("1.3.6.1.4.1.9.2.0", "4x", "fffe80"),
    )
    page = HttpAnswer("GET", "/", 200, "<a>北门 通道</a>".encode(encoding))
    assert leaks(Recording(snmp=snmp, http=(page,)), Redactor(Private(serials=("和平路9号机房",)))) != ()
    found, _ = redact(Recording(snmp=snmp, http=(page,)), Private(), ())
    shown = [bytes.fromhex(one.value).decode(encoding, "replace") for one in found.snmp]
    assert not any("北门" in one or "和平路" in one for one in (*shown, found.http[0].body.decode()))
    assert shown[1] == "端口3"  # the maker's own
    assert found.snmp[-1].value == "fffe80"
    assert "通道" in found.http[0].body.decode()


@pytest.mark.parametrize("after", ["-1", ".inf", ".nan", "1" + "0" * 400, "soon", "[]"])
def test_a_report_is_sent_within_a_day(tmp_path: Path, after: str) -> None:
    (tmp_path / "manifest.txt").write_text("x\n\nmake: Acme\n")
    (tmp_path / "reports.yaml").write_text(f"- {{kind: 'NULL', data: '', after_seconds: {after}}}")
    with pytest.raises(BadRecording):
        read_folder(tmp_path)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_page_can_be_redacted(body: bytes) -> None:
    Redactor(Private((SECRET,), (SERIAL,), (NAME,))).body(body)


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_a_secret_never_remains(before: str, after: str) -> None:
    redactor = Redactor(Private((SECRET,), (SERIAL,), ()))
    text = redactor.body(f"{before}{SECRET}{after}{SERIAL}{before}".encode("utf-8", "replace")).decode()
    assert SECRET not in text
    assert SERIAL not in text


SWITCH = (
    ("1.3.6.1.2.1.1.1.0", "4", "A switch"),
    ("1.3.6.1.2.1.17.1.1.0", "4x", "020000000001"),
    ("1.3.6.1.2.1.17.1.4.1.2.7", "2", "1007"),
    ("1.3.6.1.2.1.17.4.3.1.1.68.25.182.1.2.3", "4x", "4419b6010203"),
    ("1.3.6.1.2.1.17.4.3.1.2.68.25.182.1.2.3", "2", "7"),
    ("1.3.6.1.2.1.17.7.1.2.2.1.2.10.68.25.182.1.2.3", "2", "7"),
    ("1.3.6.1.2.1.17.7.1.4.3.1.1.10", "4", "Cashiers"),
    ("1.3.6.1.2.1.31.1.1.1.1.1007", "4", "ge7"),
    ("1.0.8802.1.1.2.1.3.7.1.3.7", "4", "ge7"),
    ("1.0.8802.1.1.2.1.4.1.1.4.0.7.1", "2", "4"),
    ("1.0.8802.1.1.2.1.4.1.1.5.0.7.1", "4x", "4419b6010203"),
    ("1.0.8802.1.1.2.1.4.1.1.9.0.7.1", "4", "Vault camera"),
    ("1.0.8802.1.1.2.1.4.2.1.3.0.7.1.1.4.10.11.12.13", "2", "2"),
)


async def test_neighbours_and_learned_macs_are_recorded_under_other_names(tmp_path: Path) -> None:
    """The same device has the same other MAC and address in every table, in values and in the names of rows."""
    lines = "".join(f"{oid}|{tag}|{value}\n" for oid, tag, value in SWITCH)
    (tmp_path / "real.snmprec").write_text(lines)
    walked = await walk_agent(read_recording(tmp_path / "real.snmprec"))
    recording, redactor = redact(Recording(snmp=walked), Private(), [])
    assert leaks(recording, redactor) == ()
    write_folder(recording, tmp_path / "kept")
    everything = (tmp_path / "kept" / "agent.snmprec").read_text()
    for private in ("4419b6010203", "68.25.182.1.2.3", "10.11.12.13", "Vault", "Cashiers"):
        assert private not in everything
    served = read_recording(tmp_path / "kept" / "agent.snmprec")
    (neighbour,) = (await read_tables(served, [])).neighbours
    assert neighbour.mac.startswith("44:19:b6:")
    assert (neighbour.port, neighbour.address) == (7, "192.0.2.1")
    assert neighbour.name.startswith("name-")
    tables = await read_tables(served, [neighbour.mac])
    assert (tables.learned, tables.index, tables.lldp_ports) == ({neighbour.mac: 7}, {7: 1007}, {7: "ge7"})
    by_vlan = ".".join(str(int(octet, 16)) for octet in neighbour.mac.split(":"))
    assert f"1.3.6.1.2.1.17.7.1.2.2.1.2.10.{by_vlan}|2|7" in everything


async def test_a_core_switch_is_not_recorded_whole(tmp_path: Path) -> None:
    macs = [f"2.0.{number // 65_536}.{number // 256 % 256}.{number % 256}.9" for number in range(MAX_LEARNED + 500)]
    lines = [f"1.3.6.1.2.1.17.4.3.1.2.{mac}|2|1" for mac in macs] + ["1.3.6.1.2.1.31.1.1.1.1.7|4|ge7"]
    (tmp_path / "core.snmprec").write_text("\n".join(lines))
    walked = await walk_agent(read_recording(tmp_path / "core.snmprec"))
    assert len(walked) == MAX_LEARNED + 1
    assert walked[-1].value == "ge7", "the walk goes on behind the table"
