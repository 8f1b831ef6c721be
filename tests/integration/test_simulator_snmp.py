"""Do Debian's SNMP tools understand the simulated agents, and does switching a port off really cut the power?"""

from __future__ import annotations

import subprocess

import pytest

from tests.servers.processes import accepts, wait_until
from tests.servers.simsite import SimSite, StartSimSite

_UPS, _POE, _HIK, _SENSOR = "1.3.6.1.2.1.33.1", "1.3.6.1.2.1.105.1", "1.3.6.1.4.1.50001.1", "1.3.6.1.2.1.99.1.1.1"
_ADMIN, _DETECT = f"{_POE}.1.1.3.1", f"{_POE}.1.1.6.1"


def snmp(
    tool: str, site: SimSite, name: str, *names: str, key: str = "", community: str = "", seconds: float = 3
) -> str:
    """What the tool prints, values alone; its error if it fails. Version 3 where no community is given."""
    keys = ("-a", "SHA", "-A", key or site.snmp_auth, "-x", "AES", "-X", site.snmp_priv)
    version_3 = ("-v3", "-l", "authPriv", "-u", site.snmp_user, *keys)
    access = ("-v2c", "-c", community) if community else version_3
    command = [tool, *access, "-On", "-Oq", "-Oe", "-Ov", "-t", str(seconds), "-r", "1", site.snmp_at(name), *names]
    told = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return (told.stdout + told.stderr).strip()


def test_version_2c_and_the_ups(simsite: SimSite) -> None:
    where = {"community": simsite.community}
    told = snmp("snmpget", simsite, "ups-01", f"{_UPS}.2.1.0", f"{_UPS}.2.4.0", f"{_UPS}.4.1.0", **where)
    assert told.split() == ["2", "100", "3"]
    walked = snmp("snmpwalk", simsite, "ups-01", _UPS, **where)
    assert walked == snmp("snmpbulkwalk", simsite, "ups-01", _UPS, **where)
    assert walked.count("\n") > 20


def test_on_battery(start_simsite: StartSimSite) -> None:
    with start_simsite(cameras=2, recorders=0, panels=0, switches=1, films=1, runtime_seconds=6) as site:
        where = {"community": site.community}
        site.fail("ups-01", "mains_lost")
        source, alarm = f"{_UPS}.4.1.0", f"{_UPS}.6.2.1.2.1"
        told = snmp("snmpget", site, "ups-01", source, alarm, f"{_UPS}.3.3.1.3.1", **where)
        assert told.split() == ["5", f".{_UPS}.6.3.2", "0"]
        seconds = f"{_UPS}.2.2.0"
        wait_until(lambda: int(snmp("snmpget", site, "ups-01", seconds, **where)) >= 2, "seconds on battery")
        assert int(snmp("snmpget", site, "ups-01", f"{_UPS}.2.4.0", **where)) < 90
        assert accepts(site.address("camera-01"), site.shape.rtsp_port)
        wait_until(lambda: bool(site.device("camera-01")["dark"]), "the battery to be empty")
        site.repair("ups-01", "mains_lost")
        wait_until(lambda: not site.device("camera-01")["dark"], "the power to be back")


def test_a_low_battery(simsite: SimSite) -> None:
    with simsite.failing("ups-01", "battery_low"):
        told = snmp("snmpget", simsite, "ups-01", f"{_UPS}.2.1.0", f"{_UPS}.2.4.0", community=simsite.community)
    assert told.split() == ["3", "12"]


def test_disks_of_a_recorder(simsite: SimSite) -> None:
    with simsite.failing("recorder-01", "disk_failed", 2):
        told = snmp("snmpwalk", simsite, "recorder-01", f"{_HIK}.241.1.3", community=simsite.community)
    assert told.split() == ["0", "3", "0", "0"]
    identity = snmp("snmpget", simsite, "recorder-01", "1.3.6.1.2.1.1.2.0", community=simsite.community)
    assert identity == f".{_HIK}"


def test_sensors_of_a_panel(simsite: SimSite) -> None:
    names, values = "1.3.6.1.2.1.47.1.1.1.1.7", f"{_SENSOR}.4"
    told = snmp("snmpwalk", simsite, "panel-01", names).replace('"', "").split()
    assert told[1:4] == ["ac_lost", "battery_low", "tamper"]
    assert snmp("snmpwalk", simsite, "panel-01", values).split()[:3] == ["2", "2", "2"]
    with simsite.failing("panel-01", "mains_lost"):
        assert snmp("snmpwalk", simsite, "panel-01", values).split()[:3] == ["1", "2", "2"]


def test_a_switched_port_cuts_the_power(simsite: SimSite) -> None:
    door = (simsite.address("camera-02"), simsite.shape.rtsp_port)
    assert snmp("snmpget", simsite, "switch-01", f"{_DETECT}.2") == "3"
    try:
        assert snmp("snmpset", simsite, "switch-01", f"{_ADMIN}.2", "i", "2") == "2"
        assert snmp("snmpget", simsite, "switch-01", f"{_DETECT}.2", "1.3.6.1.2.1.2.2.1.8.2").split() == ["1", "2"]
        assert not accepts(*door)
    finally:
        assert snmp("snmpset", simsite, "switch-01", f"{_ADMIN}.2", "i", "1") == "1"
    wait_until(lambda: accepts(*door), "camera-02 to start")


def test_what_a_switch_does_not_let_be_set(simsite: SimSite) -> None:
    assert "notWritable" in snmp("snmpset", simsite, "switch-01", "1.3.6.1.2.1.1.5.0", "s", "mine")
    assert "wrongValue" in snmp("snmpset", simsite, "switch-01", f"{_ADMIN}.2", "i", "7")
    assert "wrongType" in snmp("snmpset", simsite, "switch-01", f"{_ADMIN}.2", "s", "off")
    both = (f"{_ADMIN}.1", "i", "2", f"{_ADMIN}.2", "i", "7")
    assert "wrongValue" in snmp("snmpset", simsite, "switch-01", *both)
    assert snmp("snmpget", simsite, "switch-01", f"{_ADMIN}.1") == "1"  # all or nothing
    refused = snmp("snmpset", simsite, "ups-01", f"{_UPS}.8.1.0", "i", "1", community=simsite.community)
    assert "noAccess" in refused


def test_faults_of_ports(simsite: SimSite) -> None:
    with simsite.failing("switch-01", "poe_fault", 3):
        assert snmp("snmpget", simsite, "switch-01", f"{_DETECT}.3") == "4"
        assert simsite.device("camera-03")["dark"]
    wait_until(lambda: not simsite.device("camera-03")["dark"], "camera-03 to start")
    with simsite.failing("camera-03", "unplugged"):
        assert snmp("snmpget", simsite, "switch-01", f"{_DETECT}.3", f"{_ADMIN}.3").split() == ["2", "1"]


def test_a_lost_switch_takes_its_cameras_along(simsite: SimSite) -> None:
    with simsite.failing("switch-02", "lost"):
        dark = {name for name, device in simsite.state()["devices"].items() if device["dark"]}
        assert dark == {"switch-02", "camera-05", "camera-06", "camera-07", "camera-08"}
        assert "Timeout" in snmp("snmpget", simsite, "switch-02", "1.3.6.1.2.1.1.3.0", seconds=0.3)
    wait_until(lambda: not any(one["dark"] for one in simsite.state()["devices"].values()), "all to start")
    assert snmp("snmpget", simsite, "switch-02", f"{_DETECT}.1") == "3"


def test_wrong_credentials(simsite: SimSite) -> None:
    def refused(name: str) -> int:
        return int(simsite.device(name)["refused_logins"].get("snmp", 0))

    before = refused("panel-01")
    assert "Authentication failure" in snmp("snmpget", simsite, "panel-01", "1.3.6.1.2.1.1.3.0", key="wrong-wrong")
    assert refused("panel-01") > before
    assert "Timeout" in snmp("snmpget", simsite, "ups-01", "1.3.6.1.2.1.1.3.0", community="wrong", seconds=0.3)
    assert refused("ups-01") == 2  # net-snmp asks again


@pytest.mark.parametrize("name", ["panel-01", "recorder-01"])
def test_a_silent_agent(simsite: SimSite, name: str) -> None:
    community = "" if name.startswith("panel") else simsite.community
    with simsite.failing(name, "snmp_silent"):
        assert "Timeout" in snmp("snmpget", simsite, name, "1.3.6.1.2.1.1.3.0", community=community, seconds=0.3)
        assert accepts(simsite.address(name), simsite.shape.http_port)
    assert "Timeout" not in snmp("snmpget", simsite, name, "1.3.6.1.2.1.1.3.0", community=community)
