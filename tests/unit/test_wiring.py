"""What hangs on what: uplinks, clones, LLDP against bridge tables, and which way is up."""

from __future__ import annotations

from monitor.core.plan import Device
from monitor.discovery.telling import keys_of
from monitor.discovery.wiring import Proposal, infer
from probes.target import Target
from probes.topology import Channel, Neighbour, Tables

CAM = "02:00:00:01:00:{:02x}"
EDGE, CORE, GATE = "02:00:00:02:00:01", "02:00:00:02:00:02", "02:00:00:03:00:01"
NAMES = {at: f"GigabitEthernet1/0/{at}" for at in range(1, 25)}
POE = frozenset(f"1.{at}" for at in range(1, 25))


def device(name: str, kind: str = "camera", **more: str) -> Device:
    return Device(name, name, kind, Target(name, more.pop("host", "10.0.0.1")), **more)  # type: ignore[arg-type]


def table(mac: str, learned: dict[str, int], *neighbours: Neighbour, poe: frozenset[str] = POE) -> Tables:
    return Tables(mac, learned, {at: at for at in NAMES}, NAMES, neighbours, NAMES, poe)


def place(
    devices: list[Device],
    macs: dict[str, str],
    tables: dict[str, Tables],
    channels: dict[str, tuple[Channel, ...]] | None = None,
) -> dict[str, Proposal]:
    addresses = {one.id: one.target.host for one in devices}
    found = infer({one.id: one for one in devices}, macs, addresses, tables, channels or {})
    return {one.device: one for one in found}


def test_a_mac_that_every_switch_has_learned_hangs_at_the_edge() -> None:
    devices = [device("a"), device("b"), device("edge", "switch"), device("core", "switch")]
    macs = {"a": CAM.format(1), "b": CAM.format(2), "edge": EDGE, "core": CORE}
    tables = {
        "edge": table(EDGE, {CAM.format(1): 7, CAM.format(2): 8, CORE: 24}),
        "core": table(CORE, {CAM.format(1): 1, CAM.format(2): 1, EDGE: 1}),
    }
    found = place(devices, macs, tables)
    assert [(one.parent, one.port) for one in found.values()] == [("edge", "1.7"), ("edge", "1.8")]
    assert found["a"].evidence[0].port == "GigabitEthernet1/0/7"


def test_without_knowing_the_other_switch_the_less_crowded_port_wins() -> None:
    devices = [device("a"), device("b"), device("edge", "switch"), device("core", "switch")]
    macs = {"a": CAM.format(1), "b": CAM.format(2)}
    tables = {
        "core": table("", {CAM.format(1): 1, CAM.format(2): 1}),
        "edge": table("", {CAM.format(1): 7, CAM.format(2): 8}),
    }
    assert {one.parent for one in place(devices, macs, tables).values()} == {"edge"}


def test_lldp_outweighs_the_bridge_table() -> None:
    devices = [device("a", host="10.0.0.7"), device("one", "switch"), device("two", "switch")]
    tables = {"one": table("", {CAM.format(1): 3}), "two": table("", {}, Neighbour(5, address="10.0.0.7"))}
    found = place(devices, {"a": CAM.format(1)}, tables)["a"]
    assert (found.parent, found.port, [one.kind for one in found.evidence]) == ("two", "1.5", ["lldp"])


def test_clones_say_nothing() -> None:
    devices = [device("a"), device("b"), device("edge", "switch")]
    assert place(devices, dict.fromkeys("ab", CAM.format(1)), {"edge": table(EDGE, {CAM.format(1): 7})}) == {}


def test_standing_against_the_file() -> None:
    devices = [
        device("same", parent="edge", port="1.1"),
        device("portless", parent="edge"),
        device("elsewhere", parent="core", port="1.3"),
        device("edge", "switch"),
        device("core", "switch"),
    ]
    macs = {name: CAM.format(at) for at, name in enumerate(("same", "portless", "elsewhere"), 1)}
    found = place(devices, macs, {"edge": table(EDGE, {mac: at for at, mac in enumerate(macs.values(), 1)})})
    assert {name: one.standing for name, one in found.items()} == {
        "same": "agrees", "portless": "new", "elsewhere": "differs",
    }  # fmt: skip


def test_a_switch_hangs_on_the_neighbour_on_its_way_to_the_gateway() -> None:
    devices = [device("edge", "switch"), device("core", "switch"), device("gw", "gateway", host="10.0.0.254")]
    macs = {"edge": EDGE, "core": CORE, "gw": GATE}
    tables = {
        "edge": table(EDGE, {GATE: 24, CORE: 24}, Neighbour(24, CORE, "core")),
        "core": table(
            CORE, {GATE: 2, EDGE: 1}, Neighbour(1, EDGE, "edge"), Neighbour(2, name="router", address="10.0.0.254")
        ),
    }
    found = place(devices, macs, tables)
    assert {name: one.parent for name, one in found.items()} == {"edge": "core", "core": "gw"}
    without = place(devices[:2], {"edge": EDGE, "core": CORE}, tables)
    assert without == {}  # nothing says which way is up


def test_a_channel_is_no_word_against_the_file() -> None:
    devices = [
        device("a", host="10.0.0.7", parent="edge", port="1.3"),
        device("edge", "switch"),
        device("r", "recorder"),
    ]
    channels = {"r": (Channel("2", "10.0.0.7"),)}
    assert place(devices, {}, {}, channels) == {}
    devices[0] = device("a", host="10.0.0.7", parent="r")
    assert place(devices, {}, {}, channels)["a"].standing == "agrees"


def test_a_channel_counts_where_no_switch_has_seen_the_camera() -> None:
    devices = [device("a", host="10.0.0.7"), device("nvr", "recorder", host="10.0.0.9")]
    found = place(devices, {}, {}, {"nvr": (Channel("3", "10.0.0.7"),)})["a"]
    assert (found.parent, found.port, found.evidence[0].port) == ("nvr", "", "3")


def test_a_port_without_poe_is_called_by_its_name() -> None:
    devices = [device("a"), device("edge", "switch")]
    found = place(devices, {"a": CAM.format(1)}, {"edge": table(EDGE, {CAM.format(1): 7}, poe=frozenset())})
    assert found["a"].port == "GigabitEthernet1/0/7"


def test_the_port_of_another_parent_goes_with_it() -> None:
    moved = device("a", parent="edge", port="1.7")
    assert keys_of(Proposal("a", "core", "", "differs", ()), moved) == {"parent": "core", "port": None}
    assert keys_of(Proposal("a", "core", "1.3", "differs", ()), moved) == {"parent": "core", "port": "1.3"}
    assert keys_of(Proposal("a", "edge", "", "agrees", ()), moved) == {}
    assert keys_of(Proposal("a", "ups", "", "new", (), link="power"), moved) == {"power": "ups"}
