"""Every recorded device of snmpsim-data: which profile it gets, and that nothing is called a fault that is none."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from monitor.core.plan import Rule
from monitor.settings.identity import identify
from monitor.settings.knowledge import shipped_knowledge
from probes.snmp.profile import Profiles
from probes.snmp.shelf import load_with

MAX_OCTETS = 1_500_000  # of each: who it is and its ports stand at the beginning, behind them are routes and addresses

SPECIAL = {
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
    "iot/geist-temperature-sensor": "geist-sensor",
    "network/appliance/tripplite-poweralert": "tripplite",
}
HOSTS = {"net-snmp", "host-resources"}
UNKNOWN = {  # what was recorded of them is not who they are: no sysUpTime, or a maker's own objects only
    "UPS/juniper-ac",
    "network/appliance/huawei-ism",
    "network/appliance/meru-networks-controller",
    "network/appliance/network-research-squid",
    "network/appliance/ucdavis-sic",
    "network/appliance/vss-monitoring-optimizer-2400-span",
    "network/switch/h3c-comware-lsq1wcmd0",
    "network/wifi/aruba-7010",
    "network/wifi/aruba-7020",
    "network/wifi/juniper-wlc2800",
    "os/linux/zte-embsys-cgel",
    "unclassified/02",
    "unclassified/03",
}
FAULTS = {
    ("os/linux/unknown-007", "storage-full", "storage/6"): "/var/log, 398 MB, is full to the last block",
    ("os/windows/XP", "storage-full", "storage/1"): "drive C: is 96.5 % full",
}


def data() -> Path:
    found = find_spec("snmpsim_data")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "data"


RECORDINGS = {
    str(file.relative_to(data())).partition(".snmprec")[0]: file
    for file in sorted((*data().rglob("*.snmprec"), *data().rglob("*.snmprec.bz2")))
}


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    return load_with(())


@pytest.fixture(scope="module")
def rules() -> tuple[Rule, ...]:
    return tuple(shipped_knowledge()[0].rules.values())


def test_there_is_something_to_try() -> None:
    assert len(RECORDINGS) > 100
    assert SPECIAL.keys() | UNKNOWN | {name for name, _, _ in FAULTS} <= RECORDINGS.keys()


@pytest.mark.parametrize("name", RECORDINGS)
async def test_identified_or_named_unknown_without_a_false_fault(
    name: str, profiles: Profiles, rules: tuple[Rule, ...]
) -> None:
    found = await identify(RECORDINGS[name], profiles, rules, max_octets=MAX_OCTETS)
    assert found.is_known is (name not in UNKNOWN)
    if name in SPECIAL:
        assert found.profile.name == SPECIAL[name]
    elif found.is_known:
        assert found.profile.name in HOSTS | {"if-mib"}
        assert found.reasons
    wrong = {(name, one.rule.id, one.component) for one in found.faults}
    assert wrong == {fault for fault in FAULTS if fault[0] == name}


async def test_a_recorder_that_loses_its_disk_is_a_fault(
    tmp_path: Path, profiles: Profiles, rules: tuple[Rule, ...]
) -> None:
    text = "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.50001\n1.3.6.1.2.1.1.3.0|67|5000\n1.3.6.1.4.1.50001.1.240.0|2|{disks}\n"
    for disks, wanted in ((0, ["recorder-no-disk"]), (1, [])):
        (tmp_path / "nvr.snmprec").write_text(text.format(disks=disks), "utf-8")
        found = await identify(tmp_path / "nvr.snmprec", profiles, rules)
        assert [one.rule.id for one in found.faults] == wanted


MADE = {
    "avigilon-card": "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.46202\n1.3.6.1.4.1.46202.1.1.1.5.0|2|10\n",
    "bosch-no-signal": "1.3.6.1.4.1.3967.1.1.1.1.0|4|A\n1.3.6.1.4.1.3967.1.3.1.1.1.1|2|1\n",
    "axis-no-signal": "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.368.4\n1.3.6.1.4.1.368.4.1.4.1.2.1|2|2\n",
    "raid-degraded": "1.3.6.1.4.1.6574.1.1.0|2|1\n1.3.6.1.4.1.6574.3.1.1.2.0|4|Volume 1\n"
    "1.3.6.1.4.1.6574.3.1.1.3.0|2|11\n",
    "synology-power": "1.3.6.1.4.1.6574.1.1.0|2|1\n1.3.6.1.4.1.6574.1.3.0|2|2\n",
    "synology-fan": "1.3.6.1.4.1.6574.1.1.0|2|1\n1.3.6.1.4.1.6574.1.4.1.0|2|2\n",
    "apc-battery": "1.3.6.1.4.1.318.1.1.1.2.1.1.0|2|2\n1.3.6.1.4.1.318.1.1.1.2.2.4.0|2|2\n",
    "ups-runtime": "1.3.6.1.2.1.33.1.2.1.0|2|2\n1.3.6.1.2.1.33.1.2.3.0|2|3\n1.3.6.1.2.1.33.1.2.4.0|2|100\n"
    "1.3.6.1.2.1.33.1.4.1.0|2|3\n",
    "eaton-runtime": "1.3.6.1.4.1.534.1.2.1.0|2|120\n1.3.6.1.4.1.534.1.2.4.0|2|100\n1.3.6.1.4.1.534.1.4.5.0|2|3\n",
    "apc-runtime": "1.3.6.1.4.1.318.1.1.1.2.1.1.0|2|2\n1.3.6.1.4.1.318.1.1.1.2.2.1.0|66|100\n"
    "1.3.6.1.4.1.318.1.1.1.2.2.3.0|67|12000\n1.3.6.1.4.1.318.1.1.1.4.1.1.0|2|2\n",
    "liebert-runtime": "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.476.1.42.4.2.27\n1.3.6.1.4.1.476.1.42.3.5.1.18.0|2|3\n"
    "1.3.6.1.4.1.476.1.42.3.5.1.19.0|2|100\n1.3.6.1.4.1.476.1.42.3.5.3.55.0|2|3\n",
    "host-memory": "".join(
        f"1.3.6.1.4.1.2021.4.{column}.0|2|{kilobytes}\n"
        for column, kilobytes in ((3, 1000), (4, 10), (5, 1000), (6, 10), (14, 5), (15, 5))
    ),
    "cabinet-hot": "1.3.6.1.4.1.21239.5.1.1.1.0|4|G\n1.3.6.1.4.1.21239.5.1.2.1.4.1|66|1\n"
    "1.3.6.1.4.1.21239.5.1.2.1.5.1|2|512\n",
}


@pytest.mark.parametrize("rule", MADE)
async def test_each_rule_of_a_profile_can_fire(
    rule: str, tmp_path: Path, profiles: Profiles, rules: tuple[Rule, ...]
) -> None:
    (tmp_path / "one.snmprec").write_text("1.3.6.1.2.1.1.3.0|67|5000\n" + MADE[rule], "utf-8")
    found = await identify(tmp_path / "one.snmprec", profiles, rules)
    assert [one.rule.id for one in found.faults] == [rule]


def test_no_rule_of_a_profile_is_untried(rules: tuple[Rule, ...]) -> None:
    assert {rule.id for rule in rules if rule.profiles} == MADE.keys() | {"recorder-no-disk"}


WATTS = {
    "cisco-poe": "1.3.6.1.4.1.9.9.402.1.2.1.9.1.3|66|6400\n",
    "hpe-poe": "1.3.6.1.4.1.11.2.14.11.1.9.1.1.1.3.1.3|2|6400\n",
    "netgear-poe": "1.3.6.1.4.1.4526.10.15.1.1.1.2.1.3|66|6400\n",
    "edgeswitch-poe": "1.3.6.1.4.1.4413.1.1.15.1.1.1.2.1.3|66|6400\n",
}


@pytest.mark.parametrize("name", WATTS)
async def test_watts_stand_in_the_row_of_the_port(
    name: str, tmp_path: Path, profiles: Profiles, rules: tuple[Rule, ...]
) -> None:
    port = "1.3.6.1.2.1.1.3.0|67|1\n1.3.6.1.2.1.105.1.1.1.3.1.3|2|1\n1.3.6.1.2.1.105.1.1.1.6.1.3|2|3\n"
    (tmp_path / "one.snmprec").write_text(port + WATTS[name], "utf-8")
    found = await identify(tmp_path / "one.snmprec", profiles, rules)
    assert found.profile.name == name
    assert dict(found.answer.rows["poe_port"]["1.3"]) == {"admin": True, "detect": "delivering", "watts": 6.4}
    assert not found.faults
