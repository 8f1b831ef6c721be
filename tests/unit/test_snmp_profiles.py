"""Profiles: the shipped ones load, mistakes name file and line, the better clue wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from probes.snmp.ber import oid
from probes.snmp.files import MAX_FILE_OCTETS
from probes.snmp.profile import ProfileError, Profiles, load_profiles
from probes.snmp.schema import NEVER_WRITTEN
from probes.snmp.shelf import ProfileShelf, shipped_folder
from probes.tools import Tools

TABLES = {
    "disk": {"name", "state", "size_bytes", "free_bytes", "used_percent"},
    "storage": {"name", "size_bytes", "used_percent"},
    "channel": {"name", "state", "recording"},
    "poe_port": {"admin", "detect", "watts"},
    "poe": {"budget_watts", "used_watts", "supply"},
    "interface": {
        "name", "alias", "admin", "oper", "speed_bps", "in_errors", "out_errors", "in_discards", "out_discards",
    },
    "ups_alarm": {"alarm"},
    "sensor": {"name", "kind", "value", "status"},
}  # fmt: skip


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    return load_profiles((shipped_folder(),))


def test_rows_keep_to_the_vocabulary(profiles: Profiles) -> None:
    for profile in profiles.by_name.values():
        for table in profile.tables:
            if table.name.startswith("_"):
                continue
            values = {column.value for column in table.columns} | {step.value for step in table.spec.compute}
            values |= table.spec.constants.keys()
            shown = {value for value in values if not value.startswith("_")}
            assert shown <= TABLES[table.name], f"{profile.name}: {table.name}"


def test_every_object_names_its_source(profiles: Profiles) -> None:
    for profile in profiles.by_name.values():
        for symbol in profile.source.symbols:
            assert symbol.source or profile.source.source


def test_nothing_but_poe_ports_is_writable(profiles: Profiles) -> None:
    allowed = {(name, symbol) for name, profile in profiles.by_name.items() for symbol in profile.writable}
    assert {symbol for _, symbol in allowed} == {"poe_admin"}
    assert {name for name, _ in allowed} == set(profiles.descendants("poe-switch"))


def test_both_languages(profiles: Profiles) -> None:
    for profile in profiles.by_name.values():
        assert profile.source.title.en
        assert any("一" <= mark <= "鿿" for mark in profile.source.title.zh_CN), profile.name


@pytest.mark.parametrize(
    ("sysobjectid", "sysdescr", "found", "name"),
    [
        ("1.3.6.1.4.1.50001", "Hikvision company products", [], "hikvision-nvr"),
        ("", "", ["1.3.6.1.4.1.39165.1.1.0"], "hikvision-camera"),
        ("1.3.6.1.4.1.368.4", "", ["1.3.6.1.2.1.2.2.1.8.1"], "axis"),
        ("1.3.6.1.4.1.1004849.1.2", "", [], "dahua"),
        ("1.3.6.1.4.1.8072.3.2.10", "Linux", ["1.3.6.1.2.1.25.2.3.1.1.1"], "host-resources"),
        ("1.3.6.1.4.1.8072.3.2.10", "Linux", ["1.3.6.1.2.1.25.2.3.1.1.1", "1.3.6.1.4.1.2021.4.1.0"], "net-snmp"),
        (
            "1.3.6.1.4.1.8072.3.2.10",
            "Linux arc-cam",
            ["1.3.6.1.2.1.25.2.3.1.1.1", "1.3.6.1.4.1.3967.1.1.1.1.0"],
            "bosch",
        ),
        ("1.3.6.1.4.1.8072.3.2.10", "Linux nas", ["1.3.6.1.4.1.2021.4.1.0", "1.3.6.1.4.1.6574.1.1.0"], "synology-nas"),
        ("1.3.6.1.4.1.46202.2", "", [], "avigilon"),
        ("1.3.6.1.4.1.21701", "", [], "mobotix"),
        ("1.3.6.1.4.1.1004849.2", "Intelbras NVD 1408", [], "intelbras"),
        (
            "1.3.6.1.4.1.9.1.1208",
            "Cisco",
            ["1.3.6.1.2.1.105.1.1.1.3.1.1", "1.3.6.1.4.1.9.9.402.1.2.1.9.1.1"],
            "cisco-poe",
        ),
        (
            "1.3.6.1.4.1.11.2.3.7",
            "HP",
            ["1.3.6.1.2.1.105.1.1.1.3.1.1", "1.3.6.1.4.1.11.2.14.11.1.9.1.1.1.3.1.1"],
            "hpe-poe",
        ),
        ("1.3.6.1.4.1.14988.1", "RouterOS RB960PGS", ["1.3.6.1.2.1.17.1.1.0"], "mikrotik"),
        ("1.3.6.1.4.1.9.1.516", "Cisco", ["1.3.6.1.2.1.17.1.1.0", "1.3.6.1.2.1.2.2.1.8.1"], "if-mib"),
        ("1.3.6.1.4.1.9.1.516", "Cisco", ["1.3.6.1.2.1.17.1.1.0", "1.3.6.1.2.1.105.1.1.1.3.1.1"], "poe-switch"),
        ("1.3.6.1.4.1.705.1", "EATON", ["1.3.6.1.2.1.33.1.2.1.0", "1.3.6.1.4.1.534.1.2.1.0"], "ups-rfc1628"),
        ("1.3.6.1.4.1.9999", "Intrusion alarm panel X", ["1.3.6.1.2.1.99.1.1.1.1.1"], "generic-panel"),
        ("1.3.6.1.4.1.9999", "Rack probe", ["1.3.6.1.2.1.99.1.1.1.1.1"], "entity-sensor"),
        ("1.3.6.1.4.1.9999", "", [], "generic"),
        ("1.3.6.1.4.1.3681", "not Axis: the number only begins alike", [], "generic"),
    ],
)
def test_recognise(profiles: Profiles, sysobjectid: str, sysdescr: str, found: list[str], name: str) -> None:
    raw = oid(sysobjectid) if sysobjectid else b""
    assert profiles.recognise(raw, sysdescr, [oid(text) for text in found]).name == name


HEAD = "title: { en: A, zh_CN: 甲 }\nsource: a MIB\nconfidence: mib\n"
GENERIC = HEAD + "symbols:\n  - { value: uptime_seconds, OID: 1.3.6.1.2.1.1.3.0, type: ticks }\n"


def load(folder: Path, **files: str) -> Profiles:
    for name, text in ({"generic": GENERIC} | files).items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load_profiles((folder,))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (HEAD + "symbols:\n  - { value: a, OID: 1.3.x }\n", 5, "not an OID"),
        (HEAD + "symbols:\n  - { value: a, OID: 1.3.6 }\n  - { value: b, OID: 1.3.6, typ: text }\n", 6, "typ"),
        (HEAD + "symbols:\n  - { value: Bad Name, OID: 1.3.6 }\n", 5, "pattern"),
        (HEAD + "symbols:\n  - value: a\n    OID: 1.3.6\n    type: state\n", 5, "states"),
        (HEAD + "detect:\n  - { rank: 5 }\n", 5, "sysobjectid"),
        (HEAD + "detect:\n  - { sysdescr: '(' }\n", 5, "regular expression"),
        ("title: { en: A, zh_CN: 甲 }\nsymbols:\n  - { value: a, OID: 1.3.6 }\n", 1, "source and confidence"),
        (HEAD + "rank: 3\nrank: 4\n", 5, "given twice"),
        (HEAD + "vendor: &a x\nkind: *a\n", 5, "aliases"),
        (HEAD + "symbols: [\n", 5, "not YAML"),
        ("- 1\n", 1, "mapping"),
        (
            HEAD + "writable:\n  - symbol: restart\n    OID: 1.3.6.1.4.1.39165.1.5\n    values: { on: 1 }\n"
            "    source: a MIB\n    confidence: mib\n",
            5,
            "never written",
        ),
    ],
)
def test_a_mistake_names_file_and_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    with pytest.raises(ProfileError) as caught:
        load(tmp_path, broken=text)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/broken.yaml:{line}: "), message
    assert words in message


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ProfileError) as caught:
        load(tmp_path, one="title: 3\n", two="rank: high\n")
    assert "one.yaml" in str(caught.value)
    assert "two.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"one": HEAD + "extends: [nobody]\n"}, "no profile 'nobody'"),
        ({"one": HEAD + "extends: [two]\n", "two": HEAD + "extends: [one]\n"}, "circles"),
        (
            {"one": HEAD + "tables:\n  - { table: t, columns: [{ value: a, OID: 1.3.6 }], keep: { b: [1] } }\n"},
            "no value b",
        ),
        ({"one": "x" * (MAX_FILE_OCTETS + 1)}, "larger than"),
    ],
)
def test_profiles_that_do_not_fit_together(tmp_path: Path, files: dict[str, str], words: str) -> None:
    with pytest.raises(ProfileError, match=words):
        load(tmp_path, **files)


def test_missing_folder_and_missing_generic(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="no such folder"):
        load_profiles((tmp_path / "gone",))
    with pytest.raises(ProfileError, match="generic"):
        load_profiles((tmp_path,))


def test_the_nearer_symbol_counts(tmp_path: Path) -> None:
    child = (
        HEAD + "extends: [generic]\nsymbols:\n  - { value: uptime_seconds, OID: 1.3.6.1.2.1.25.1.1.0, type: ticks }\n"
    )
    profile = load(tmp_path, child=child).by_name["child"]
    assert [reading.oid for reading in profile.scalars] == [oid("1.3.6.1.2.1.25.1.1.0")]


def test_states_named_on_and_off_are_texts(tmp_path: Path) -> None:
    text = HEAD + "symbols:\n  - { value: a, OID: 1.3.6, type: state, states: { 1: on, 2: off, 3: yes } }\n"
    convert = load(tmp_path, child=text).by_name["child"].scalars[0].convert
    assert [convert(2, bytes([number])) for number in (1, 2, 3)] == ["on", "off", "yes"]


def test_a_users_folder_replaces_a_shipped_profile_and_a_bad_one_changes_nothing(tmp_path: Path) -> None:
    shelf = Tools().get(ProfileShelf)
    (tmp_path / "axis.yaml").write_text(GENERIC, encoding="utf-8")
    assert len(shelf.use([tmp_path]).by_name["axis"].tables) == 0
    (tmp_path / "axis.yaml").write_text("rank: high", encoding="utf-8")
    before = shelf.profiles
    with pytest.raises(ProfileError):
        shelf.use([tmp_path])
    assert shelf.profiles is before


def test_never_written_are_oids() -> None:
    for text in NEVER_WRITTEN:
        assert oid(text)


@pytest.mark.parametrize(
    ("make", "model", "name"),
    [
        ("HIKVISION", "DS-2CD2042WD-I", "hikvision-camera"),
        ("Hikvision", "DS-7608NI-K2/8P", "hikvision-nvr"),
        ("Dahua", "IPC-HFW1230S", "dahua-camera"),
        ("Dahua", "NVR4108HS", "dahua"),
        ("Dahua", "DH-HCVR5116", "dahua"),
        ("Intelbras", "VIP 1230", "intelbras-camera"),
        ("Intelbras", "VIP-3430-D-IA", "intelbras-camera"),
        ("Intelbras", "VIPC 1230 B G2", "intelbras-camera"),
        ("Intelbras", "iMHDX 3116", "intelbras"),
        ("Intelbras", "NVD 1432", "intelbras"),
        ("AXIS", "P3245-V", "axis"),
        ("Bosch", "FLEXIDOME indoor 5100i IR", "bosch"),
        ("Avigilon", "2.0C-H4A-D1", "avigilon"),
        ("MOBOTIX AG", "M73", "mobotix"),
        ("Hanwha Techwin", "XNV-8080R", "hanwha"),
        ("Acme", "Dome 4", "onvif-camera"),
        ("Acme", "A-NVR16", "onvif-recorder"),
        ("", "", None),
    ],
)
def test_recognise_by_onvif(profiles: Profiles, make: str, model: str, name: str | None) -> None:
    found = profiles.recognise_maker(make, model)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("make", "model", "kind", "name"),
    [
        ("Dahua", "Lobby", "camera", "dahua-camera"),  # a model that nobody knows: the make decides
        ("Dahua", "Lobby", "recorder", "dahua"),
        ("Hikvision", "X", "recorder", "hikvision-nvr"),
        ("Intelbras", "Portaria", "camera", "intelbras-camera"),
        ("Intelbras", "Portaria", "recorder", "intelbras"),
        ("Acme", "Dome 4", "recorder", "onvif-recorder"),
        ("Acme", "Dome 4", "camera", "onvif-camera"),
        ("Dahua", "Lobby", "switch", None),
        ("", "", "camera", None),
        ("", "", "recorder", None),
    ],
)
def test_recognise_by_onvif_with_a_kind(profiles: Profiles, make: str, model: str, kind: str, name: str | None) -> None:
    found = profiles.recognise_maker(make, model, kind)
    assert (found.name if found else None) == name


def test_who_extends_whom(profiles: Profiles) -> None:
    assert set(profiles.descendants("net-snmp")) == {"net-snmp", "synology-nas"}
    assert "huawei-ups" in profiles.descendants("ups-rfc1628")
    assert {"bosch", "net-snmp", "synology-nas", "hanwha"} <= set(profiles.descendants("host-resources"))
