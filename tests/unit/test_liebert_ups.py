"""What is measured and judged of a UPS that speaks Liebert's own MIB alone?"""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.settings.identity import Identity, identify
from monitor.settings.knowledge import shipped_knowledge
from probes.snmp.shelf import load_with

ROOT = "1.3.6.1.4.1.476.1.42"
PROFILES = load_with(())
RULES = tuple(shipped_knowledge()[0].rules.values())
POWER, CONDITIONS = f"{ROOT}.3.5", f"{ROOT}.3.2"
INPUT, OUTPUT, BATTERY = (f"{POWER}.2.1.{number}" for number in (1, 5, 6))
WELL = {
    "1.3.6.1.2.1.1.1.0": ("4", "Liebert UPS"),
    "1.3.6.1.2.1.1.2.0": ("6", f"{ROOT}.4.2.27"),
    "1.3.6.1.2.1.1.3.0": ("67", "205301818"),
    f"{ROOT}.2.4.2.1.4.1": ("4", "GXT4-3000RT230"),
    f"{ROOT}.2.4.2.1.5.1": ("4", "U029D002"),
    f"{ROOT}.2.4.2.1.7.1": ("4", "1502300111BWF53"),
    f"{CONDITIONS}.2.0": ("66", "0"),
    f"{POWER}.1.8.0": ("2", "2"),
    f"{POWER}.1.14.0": ("2", "1"),
    f"{POWER}.1.18.0": ("2", "42"),
    f"{POWER}.1.19.0": ("2", "100"),
    f"{POWER}.1.26.0": ("2", "2"),
    f"{POWER}.2.3.1.3.1.1": ("6", INPUT),
    f"{POWER}.2.3.1.3.2.1": ("6", BATTERY),
    f"{POWER}.2.3.1.3.3.1": ("6", OUTPUT),
    f"{POWER}.2.3.1.9.1.1": ("2", "960"),
    f"{POWER}.2.3.1.9.3.1": ("2", "912"),
    f"{POWER}.2.3.1.19.3.1": ("2", "34"),
    f"{POWER}.2.3.1.20.1.1": ("2", "229"),
    f"{POWER}.2.3.1.20.3.1": ("2", "230"),
    f"{POWER}.3.55.0": ("2", "3"),
}


async def see(folder: Path, changed: dict[str, tuple[str, str] | None] | None = None) -> Identity:
    """What the daemon would see of this UPS with some objects changed, or without those that are None."""
    found = {name: said for name, said in {**WELL, **(changed or {})}.items() if said is not None}
    order = sorted(found, key=lambda name: [int(arc) for arc in name.split(".")])
    file = folder / "ups.snmprec"
    file.write_text("".join(f"{name}|{found[name][0]}|{found[name][1]}\n" for name in order), "utf-8")
    return await identify(file, PROFILES, RULES)


async def test_all_is_well(tmp_path: Path) -> None:
    seen = await see(tmp_path)
    assert (seen.profile.name, seen.faults) == ("liebert-ups", ())
    want = {
        "model": "GXT4-3000RT230", "serial": "1502300111BWF53", "battery_state": "normal", "self_test": "ok",
        "minutes_left": 42, "charge_percent": 100, "output_source": "normal", "input_volts": 229, "output_volts": 230,
        "load_percent": 34, "power_watts": 912,
    }  # fmt: skip
    assert {name: seen.answer.values.get(name) for name in want} == want
    assert not any(name.startswith("_") for name in seen.answer.values)
    known = {one.rule.id for one in seen.judgements if one.verdict is False}
    assert known >= {"mains-lost", "ups-battery-low", "ups-overload", "ups-bypass", "liebert-runtime"}


def condition(number: str, state: str = "1") -> dict[str, tuple[str, str] | None]:
    row = f"{CONDITIONS}.3.1"
    return {f"{row}.2.7": ("6", f"{CONDITIONS}.1.{number}"), f"{row}.12.7": ("2", state)}


@pytest.mark.parametrize(
    ("changed", "faults"),
    [
        ({f"{POWER}.3.55.0": ("2", "5")}, {"mains.lost"}),
        ({f"{POWER}.3.55.0": None, f"{POWER}.1.14.0": ("2", "4")}, {"mains.lost"}),  # an old card
        ({f"{POWER}.3.55.0": ("2", "4")}, {"ups.bypass"}),
        ({f"{POWER}.1.26.0": ("2", "3")}, {"ups.battery-low"}),
        ({f"{POWER}.2.3.1.19.3.1": ("2", "97")}, {"ups.overload"}),
        ({f"{POWER}.2.3.1.19.3.1": None, f"{POWER}.2.3.1.7.3.1": ("2", "97")}, {"ups.overload"}),
        ({f"{POWER}.1.18.0": ("2", "3")}, {"ups.runtime-short"}),
        ({f"{POWER}.1.18.0": ("2", "65535")}, set()),  # it does not know
        (condition("74"), {"ups.battery-bad"}),
        (condition("119"), {"ups.battery-bad"}),
        (condition("76"), {"ups.fault"}),
        (condition("43.3"), {"ups.fault"}),
        (condition("75"), {"ups.shutdown"}),
        (condition("102"), {"ups.shutdown"}),
        (condition("74", "2"), set()),  # over, and only not acknowledged
        (condition("4242"), set()),  # one of an air conditioner
    ],
)
async def test_what_is_wrong(tmp_path: Path, changed: dict[str, tuple[str, str] | None], faults: set[str]) -> None:
    assert {one.rule.fault for one in (await see(tmp_path, changed)).faults} == faults


async def test_three_phases_are_added_and_the_fullest_counts(tmp_path: Path) -> None:
    more: dict[str, tuple[str, str] | None] = {}
    for line, watts, share in ((2, 2_000, 70), (3, 500, 20)):
        more[f"{POWER}.2.3.1.3.3.{line}"] = ("6", OUTPUT)
        more[f"{POWER}.2.3.1.9.3.{line}"] = ("2", str(watts))
        more[f"{POWER}.2.3.1.19.3.{line}"] = ("2", str(share))
    values = (await see(tmp_path, more)).answer.values
    assert (values["power_watts"], values["load_percent"]) == (3_412, 70)


async def test_the_standard_mib_is_taken_where_it_is(tmp_path: Path) -> None:
    standard = {"1.3.6.1.2.1.33.1.2.1.0": ("2", "2"), "1.3.6.1.2.1.33.1.4.1.0": ("2", "3")}
    assert (await see(tmp_path, {**standard})).profile.name == "ups-rfc1628"


async def test_an_air_conditioner_is_none(tmp_path: Path) -> None:
    without = {name: None for name in WELL if name.startswith(POWER)}
    assert (await see(tmp_path, {**without, f"{ROOT}.3.4.1.2.1.0": ("2", "73")})).profile.name == "vertiv"
