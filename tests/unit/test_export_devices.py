"""Which samples does the daemon give of its devices and of itself?"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.core.condition import Condition, Key, State
from monitor.core.plan import MONITOR
from monitor.engine.live import Live
from monitor.export.devices import LONGEST_NAME, MAX_ROWS
from monitor.export.prometheus import Exporter
from probes.observation import Observation, Outcome
from tests.large_site import NOW, SILENT, large_site

Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]


async def samples(live: Live) -> Samples:
    """Metric -> labels -> value; a sample that comes twice is an error."""
    found: Samples = {}
    for family in text_string_to_metric_families((await Exporter(live).text()).decode()):
        for sample in family.samples:
            of_name = found.setdefault(sample.name, {})
            key = tuple(sorted(sample.labels.items()))
            assert key not in of_name, sample
            of_name[key] = sample.value
    return found


def value(found: Samples, metric: str, /, **labels: str) -> float | None:
    return found.get(f"sitewarden_{metric}", {}).get(tuple(sorted(labels.items())))


@pytest.fixture
def live() -> Live:
    return large_site(48, dark_share=0.0)


def see(live: Live, device: str, check: str, outcome: Outcome = Outcome.OK, **more: object) -> None:
    live.world.saw(Observation(device, check, NOW, 0.25, outcome, **more))  # type: ignore[arg-type]


async def test_a_look(live: Live) -> None:
    see(live, "camera-00002", "reach", values={"rtt_seconds": 0.002, "loss_ratio": 0.0})
    see(live, "camera-00002", "onvif", values={"clock_offset_seconds": -31.5})
    found = await samples(live)
    camera = {"device": "camera-00002"}
    assert value(found, "check_up", **camera, check="reach") == 1
    assert value(found, "check_duration_seconds", **camera, check="reach") == 0.25
    assert value(found, "check_last_look_timestamp_seconds", **camera, check="reach") == NOW
    assert value(found, "check_interval_seconds", **camera, check="reach") == 60
    assert value(found, "icmp_round_trip_seconds", **camera) == 0.002
    assert value(found, "clock_offset_seconds", **camera) == -31.5


async def test_units_become_base_units(live: Live) -> None:
    see(live, "ups-00003", "snmp", values={
        "minutes_left": 12, "charge_percent": 57, "output_source": "battery", "battery_state": "low",
        "load_percent": "?",
    })  # fmt: skip
    see(live, "switch-00000", "tls", values={"days_left": 0.5})
    found = await samples(live)
    assert value(found, "ups_runtime_left_seconds", device="ups-00003") == 720
    assert value(found, "ups_battery_charge_ratio", device="ups-00003") == 0.57
    assert value(found, "ups_on_battery", device="ups-00003") == 1
    assert value(found, "ups_battery_low", device="ups-00003") == 1
    assert value(found, "ups_load_ratio", device="ups-00003") is None
    assert value(found, "tls_certificate_remaining_seconds", device="switch-00000") == 43_200


async def test_pictures(live: Live) -> None:
    see(live, "camera-00002", "frame", values={"verdict": "frozen", "luma_mean": 80.5})
    found = await samples(live)
    assert value(found, "picture_ok", device="camera-00002") == 0
    assert value(found, "picture_ok", device="camera-00004") == 1
    assert value(found, "picture_verdict", device="camera-00002", verdict="frozen") == 1
    assert value(found, "frame_luma_mean", device="camera-00002") == 80.5


async def test_rows_are_bounded_and_named(live: Live) -> None:
    rows = {str(key): {"name": "x" * 1_000, "state": "normal", "used_percent": 50} for key in range(MAX_ROWS + 100)}
    see(live, "recorder-00001", "snmp", rows={"disk": rows, "made_up": {"1": {"a": 1}}})
    disks = (await samples(live))["sitewarden_disk_used_ratio"]
    assert len(disks) == MAX_ROWS
    assert all(dict(labels)["name"] == "x" * LONGEST_NAME for labels in disks)
    assert set(disks.values()) == {0.5}


async def test_while_the_monitor_cannot_look_nothing_is_said_of_the_device(live: Live) -> None:
    for check in ("reach", "rtsp", "onvif", "frame", "http"):
        see(live, "camera-00002", check, Outcome.LOCAL)
    found = await samples(live)
    assert value(found, "check_up", device="camera-00002", check="reach") is None
    assert value(found, "device_up", device="camera-00002", kind="camera") is None
    assert value(found, "device_fault_severity", device="camera-00002", kind="camera") is None
    assert value(found, "check_duration_seconds", device="camera-00002", check="reach") == 0.25


async def test_up_is_what_the_rules_decided(live: Live) -> None:
    camera = {"device": "camera-00002", "kind": "camera"}
    see(live, "camera-00002", "reach", Outcome.NO_ANSWER)
    assert value(await samples(live), "device_up", **camera) == 1, "one lost look is no fault"
    key = Key("camera-00002", SILENT.id)
    live.world.conditions["camera-00002"] = {key: Condition(key, State.PENDING)}
    assert value(await samples(live), "device_up", **camera) == 1
    live.world.conditions["camera-00002"] = {key: Condition(key, State.FIRING)}
    found = await samples(live)
    assert value(found, "device_up", **camera) == 0
    assert value(found, "device_fault_severity", **camera) == 4
    assert value(found, "device_faults", device="camera-00002", fault="camera.silent", severity="urgent") == 1
    assert value(found, "conditions", state="firing") == 1


async def test_a_device_that_is_not_pinged_is_up_while_anything_answers(live: Live) -> None:
    checks = {key: check for key, check in live.plan.checks.items() if key != ("camera-00002", "reach")}
    live.plan = replace(live.plan, checks=checks)
    del live.world.looks["camera-00002", "reach"]
    camera = {"device": "camera-00002", "kind": "camera"}
    for check in ("rtsp", "onvif", "frame"):
        see(live, "camera-00002", check, Outcome.NO_ANSWER)
    assert value(await samples(live), "device_up", **camera) == 1
    see(live, "camera-00002", "http", Outcome.REFUSED)
    assert value(await samples(live), "device_up", **camera) == 0


async def test_the_daemon_itself_is_no_device_that_is_asked(live: Live) -> None:
    see(live, MONITOR, "self", values={"database_writable": True})
    found = await samples(live)
    named = {name for name, of_name in found.items() if any(dict(key).get("device") == MONITOR for key in of_name)}
    assert named == {"sitewarden_device_info"}, "its tickets can be joined with its name, and that is all"


async def test_silenced_devices(live: Live) -> None:
    assert "sitewarden_device_silenced" not in await samples(live)
    quiet = replace(live.plan.devices["camera-00002"], silenced=True)
    live.plan = replace(live.plan, devices={**live.plan.devices, quiet.id: quiet})
    assert (await samples(live))["sitewarden_device_silenced"] == {(("device", "camera-00002"),): 1}


async def test_the_daemon(live: Live) -> None:
    live.health.troubles["outbox"] = "the mail server is away"
    found = await samples(live)
    assert value(found, "ready") == 0
    assert value(found, "trouble", part="outbox") == 1
    assert value(found, "trouble", part="database") == 0
    assert value(found, "lateness_seconds", quantile="0.99") == 0.5
    assert value(found, "lateness_seconds", quantile="0.5") == 0.2
    assert value(found, "lateness_seconds_sum") == 0.75
    assert value(found, "lateness_seconds_count") == 3
    assert value(found, "deliveries_total", channel="mail", result="ok") == 7
    assert value(found, "site_info", site="large", name="Large site 大站点", timezone="Asia/Shanghai") == 1
    for name in ("process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_max_fds"):
        assert found[name][()] > 0


async def test_tickets_and_service_levels() -> None:
    live = large_site(480, dark_share=0.1)
    found = await samples(live)
    count = len(live.world.tickets)
    assert count > 10
    assert value(found, "tickets", state="new", severity="urgent") == count
    assert value(found, "tickets", state="pending", severity="low") == 0
    assert value(found, "tickets", state="closed", severity="low") is None
    assert value(found, "sla_breached_tickets", clock="response", severity="urgent") == count // 2
    assert value(found, "sla_next_due_timestamp_seconds", clock="fix") == NOW + 9_000
    assert value(found, "sla_next_due_timestamp_seconds", clock="arrival") is None
    assert value(found, "tickets_opened_total") == 480
    assert sum(found["sitewarden_device_tickets"].values()) == count


async def test_askers_at_once_get_one_page(live: Live) -> None:
    exporter = Exporter(live)
    pages = await asyncio.gather(*(exporter.pieces() for _ in range(20)))
    assert len({id(page) for page in pages}) == 1
    assert await exporter.pieces() is not pages[0]


async def test_one_asker_who_leaves_does_not_spoil_it_for_the_other(live: Live) -> None:
    exporter = Exporter(live)
    one, other = asyncio.create_task(exporter.pieces()), asyncio.create_task(exporter.pieces())
    await asyncio.sleep(0)
    one.cancel()
    assert len(await other) > 10


async def test_the_loop_goes_on_while_a_large_page_is_written() -> None:
    live = large_site(2_000)
    exporter, stalls, going = Exporter(live), [], True

    async def beat() -> None:
        before = time.thread_time()
        while going:
            await asyncio.sleep(0)
            now = time.thread_time()
            stalls.append(now - before)
            before = now

    beating = asyncio.create_task(beat())
    await exporter.pieces()
    going = False
    await beating
    assert len(stalls) > 100
    assert sorted(stalls)[int(len(stalls) * 0.9)] < 0.02
