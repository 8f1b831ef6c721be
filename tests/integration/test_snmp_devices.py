"""SNMP against recorded devices and made-up ones: each is recognised, and its values make sense."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator

import pytest

from probes.ask import ask
from probes.errors import Denied
from probes.observation import Observation, Outcome
from probes.snmp import PROBE, NotSet, SnmpOptions, set_value, wire
from probes.target import Secret, Target
from probes.tools import Tools
from tests.servers.snmpd import Agent, StartAgent, user_access
from tests.servers.snmpsim import RECORDINGS, recorded


@pytest.fixture
async def tools(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Tools]:
    monkeypatch.setattr(wire, "RESEND_SECONDS", 5.0)  # the simulator takes its time, above all on a busy machine
    monkeypatch.setattr(wire, "GIVE_UP_SECONDS", 20.0)
    made = Tools()
    yield made
    await made.close()


async def look(tools: Tools, target: Target, **options: object) -> Observation:
    return await ask(PROBE, target, SnmpOptions(**options), tools, check="snmp", timeout_seconds=60)


PROFILES = {
    "UPS/apc-7902b": "apc-pdu",
    "UPS/apc-8641": "apc-pdu",
    "UPS/apc-8932": "apc-pdu",
    "UPS/eastpower-istars-swv053": "ups-rfc1628",
    "UPS/eaton-93e-80": "ups-rfc1628",
    "UPS/eaton-9px-partial": "eaton-ups",
    "UPS/emerson-network-power": "emerson-ups",
    "UPS/huawei-gse200m": "huawei-ups",
    "UPS/ingrasys-power-switch": "ups-rfc1628",
    "UPS/phoenixtec-power": "ups-rfc1628",
    "UPS/vertiv-power": "vertiv",
    "camera/hikvision": "hikvision-camera",
    "camera/hikvision-network-video-recorder": "hikvision-nvr",
    "camera/samsung-ipolis": "hanwha",
    "camera/semac-ipcam-500": "net-snmp",
    "camera/wds-ips-1022": "if-mib",
    "network/appliance/tripplite-poweralert": "tripplite",
    "network/switch/cisco-c3560": "if-mib",
    "network/switch/cisco-c3750": "if-mib",
    "network/switch/cts-media-converter": "if-mib",
    "network/switch/h3c-e528-2": "if-mib",
    "network/switch/metel-poe-box": "if-mib",
    "os/linux/slackware": "net-snmp",
    "os/windows/XP": "host-resources",
}

SANE = {
    "uptime_seconds": (0, 2**32 / 100),
    "cpu_percent": (0, 100),
    "memory_percent": (0, 100),
    "charge_percent": (0, 100),
    "load_percent": (0, 200),
    "minutes_left": (1, 100_000),
    "battery_celsius": (1, 60),
    "temperature_celsius": (1, 60),
    "input_volts": (90, 260),
    "output_volts": (90, 260),
    "power_watts": (0, 50_000),  # of three phases
    "used_percent": (0, 100),
    "size_bytes": (0, 10**15),
    "speed_bps": (0, 10**12),
}


@pytest.mark.parametrize("recording", RECORDINGS)
async def test_recorded_device_is_recognised(tools: Tools, snmpsim: Agent, recording: str) -> None:
    seen = await look(tools, recorded(snmpsim, recording))
    assert seen.outcome is Outcome.OK, seen
    assert seen.values["profile"] == PROFILES[recording]
    rows = [row for table in seen.rows.values() for row in table.values()]
    for values in (seen.values, *rows):
        for name, value in values.items():
            assert not name.startswith("_")
            if name in SANE:
                low, high = SANE[name]
                assert isinstance(value, int | float)
                assert math.isfinite(value)
                assert low <= value <= high, (name, value)


@pytest.mark.parametrize(
    "recording", ["camera/hikvision-network-video-recorder", "UPS/eaton-93e-80", "network/switch/metel-poe-box"]
)
async def test_version_1_sees_what_version_2c_sees(tools: Tools, snmpsim: Agent, recording: str) -> None:
    newer = await look(tools, recorded(snmpsim, recording))
    older = await look(tools, recorded(snmpsim, recording, "1"))
    assert older.outcome is Outcome.OK, older
    assert older.values == newer.values
    assert older.rows == newer.rows


async def test_hikvision_camera(tools: Tools, snmpsim: Agent) -> None:
    seen = await look(tools, recorded(snmpsim, "camera/hikvision"))
    assert seen.values["model"] == "DS-2CD4C36FWD-AP"
    assert seen.values["firmware"] == "V5.5.80 build 190131"
    assert seen.values["cpu_percent"] == 52
    assert seen.values["memory_percent"] == 75
    assert seen.values["disk_bytes"] == 0


async def test_hikvision_recorder(tools: Tools, snmpsim: Agent) -> None:
    seen = await look(tools, recorded(snmpsim, "camera/hikvision-network-video-recorder"))
    assert seen.values["serial"] == "0820161024CCRR666108343WCVU"
    assert seen.values["device_state"] == "normal"
    assert seen.rows["disk"]["1"]["state"] == "normal"
    assert seen.rows["disk"]["1"]["size_bytes"] == 2_861_588 * 2**20


async def test_huawei_gives_tenths_of_a_volt(tools: Tools, snmpsim: Agent) -> None:
    seen = await look(tools, recorded(snmpsim, "UPS/huawei-gse200m"))
    assert seen.values["input_volts"] == pytest.approx(236.9)
    assert "charge_percent" not in seen.values  # it says -1


async def test_three_phases_report_the_fullest(tools: Tools, snmpsim: Agent) -> None:
    seen = await look(tools, recorded(snmpsim, "UPS/eastpower-istars-swv053"))
    assert seen.values["load_percent"] == 30
    assert "minutes_left" not in seen.values  # it says 0 with a full battery


async def test_switch_shows_its_ports(tools: Tools, snmpsim: Agent) -> None:
    seen = await look(tools, recorded(snmpsim, "network/switch/cisco-c3560"))
    assert seen.values["model"] == "WS-C3560G-48TS-E"
    ports = seen.rows["interface"]
    assert len(ports) == 52
    assert ports["10101"]["name"] == "Gi0/1"
    assert {row["admin"] for row in ports.values()} <= {"up", "down"}


POE = [
    "override 1.3.6.1.2.1.1.1.0 octet_str 'Eight-port PoE switch'",
    *(f"override -rw 1.3.6.1.2.1.105.1.1.1.3.1.{port} integer 1" for port in range(1, 9)),
    *(f"override 1.3.6.1.2.1.105.1.1.1.6.1.{port} integer {4 if port == 7 else 3}" for port in range(1, 9)),
    "override 1.3.6.1.2.1.105.1.3.1.1.2.1 uinteger 120",
    "override 1.3.6.1.2.1.105.1.3.1.1.3.1 integer 3",
    "override 1.3.6.1.2.1.105.1.3.1.1.4.1 uinteger 61",
]


@pytest.fixture(scope="module")
def poe_switch(start_snmpd: StartAgent) -> Agent:
    users = ['createUser boss SHA-256 "a long auth password" AES "a long priv password"', "rwuser boss priv"]
    return start_snmpd([*POE, *users])


async def test_poe_switch(tools: Tools, poe_switch: Agent) -> None:
    seen = await look(tools, poe_switch.target())
    assert seen.values["profile"] == "poe-switch"
    assert len(seen.rows["poe_port"]) == 8
    assert seen.rows["poe_port"]["1.7"] == {"admin": True, "detect": "fault"}
    assert seen.rows["poe"] == {"1": {"budget_watts": 120, "supply": "faulty", "used_watts": 61}}


async def test_poe_port_is_switched_and_read_back(tools: Tools, poe_switch: Agent) -> None:
    writer = poe_switch.target(community=Secret("private"))
    boss = poe_switch.target(**{**user_access("sha256", "aes128"), "username": "boss"})
    for target, value, admin in ((writer, "off", False), (boss, "on", True)):
        await set_value(tools, target, "poe-switch", "poe_admin", row="1.3", value=value)
        seen = await look(tools, poe_switch.target())
        assert seen.rows["poe_port"]["1.3"]["admin"] is admin
        assert seen.rows["poe_port"]["1.2"]["admin"] is True


@pytest.mark.parametrize(
    "wanted",
    [
        ("poe-switch", "poe_admin", "1.3", "2"),
        ("poe-switch", "poe_admin", "1.3", "cycle"),
        ("poe-switch", "poe_admin", "1.x", "off"),
        ("poe-switch", "poe_admin", "9.9", "off"),  # no such port
        ("poe-switch", "oper", "1", "down"),
        ("hikvision-camera", "restart", "0", "on"),
        ("no-such-profile", "poe_admin", "1.3", "off"),
    ],
)
async def test_what_is_not_allowed_is_not_set(
    tools: Tools, poe_switch: Agent, wanted: tuple[str, str, str, str]
) -> None:
    profile, symbol, row, value = wanted
    target = poe_switch.target(community=Secret("private"))
    before = await look(tools, target)
    with pytest.raises(NotSet):
        await set_value(tools, target, profile, symbol, row=row, value=value)
    assert (await look(tools, target)).rows["poe_port"] == before.rows["poe_port"]


async def test_a_reader_may_not_write(tools: Tools, poe_switch: Agent) -> None:

    for version in ("1", "2c"):
        with pytest.raises(Denied):
            await set_value(
                tools, poe_switch.target(version=version), "poe-switch", "poe_admin", row="1.4", value="off"
            )


async def test_alarm_panel(tools: Tools, start_snmpd: StartAgent) -> None:
    lines = ["override 1.3.6.1.2.1.1.1.0 octet_str 'Intrusion alarm panel, 16 zones'"]
    for number, (name, kind, scale, precision, value) in enumerate(
        [("AC mains", 12, 9, 0, 2), ("Battery", 4, 8, 0, 13650), ("Tamper", 12, 9, 0, 1)], 1
    ):
        lines += [
            f"override 1.3.6.1.2.1.47.1.1.1.1.7.{number} octet_str '{name}'",
            f"override 1.3.6.1.2.1.99.1.1.1.1.{number} integer {kind}",
            f"override 1.3.6.1.2.1.99.1.1.1.2.{number} integer {scale}",
            f"override 1.3.6.1.2.1.99.1.1.1.3.{number} integer {precision}",
            f"override 1.3.6.1.2.1.99.1.1.1.4.{number} integer {value}",
            f"override 1.3.6.1.2.1.99.1.1.1.5.{number} integer 1",
        ]
    seen = await look(tools, start_snmpd(lines).target())
    assert seen.values["profile"] == "generic-panel"
    assert seen.rows["sensor"] == {
        "1": {"kind": "truth", "value": 2, "status": "ok", "name": "AC mains"},
        "2": {"kind": "volts", "value": 13.65, "status": "ok", "name": "Battery"},
        "3": {"kind": "truth", "value": 1, "status": "ok", "name": "Tamper"},
    }


async def test_ups_on_battery_with_alarms(tools: Tools, start_snmpd: StartAgent) -> None:
    agent = start_snmpd(
        [
            "override 1.3.6.1.2.1.33.1.1.2.0 octet_str 'UPS 1500'",
            "override 1.3.6.1.2.1.33.1.2.1.0 integer 3",
            "override 1.3.6.1.2.1.33.1.2.2.0 integer 95",
            "override 1.3.6.1.2.1.33.1.2.3.0 integer 4",
            "override 1.3.6.1.2.1.33.1.2.4.0 integer 17",
            "override 1.3.6.1.2.1.33.1.3.3.1.3.1 integer 0",
            "override 1.3.6.1.2.1.33.1.4.1.0 integer 5",
            "override 1.3.6.1.2.1.33.1.4.4.1.5.1 integer 40",
            "override 1.3.6.1.2.1.33.1.6.2.1.2.1 object_id 1.3.6.1.2.1.33.1.6.3.2",
            "override 1.3.6.1.2.1.33.1.6.2.1.2.8 object_id 1.3.6.1.2.1.33.1.6.3.3",
            "override 1.3.6.1.2.1.33.1.6.2.1.2.9 object_id 1.3.6.1.4.1.9999.1",
        ]
    )
    seen = await look(tools, agent.target())
    assert seen.values["profile"] == "ups-rfc1628"
    want = {
        "model": "UPS 1500",
        "battery_state": "low",
        "on_battery_seconds": 95,
        "minutes_left": 4,
        "charge_percent": 17,
        "input_volts": 0,
        "output_source": "battery",
        "load_percent": 40,
    }
    assert {name: seen.values.get(name) for name in want} == want
    assert seen.rows["ups_alarm"] == {
        "1": {"alarm": "on_battery"},
        "8": {"alarm": "low_battery"},
        "9": {"alarm": "other"},
    }
