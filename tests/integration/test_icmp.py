from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from probes.ask import ask
from probes.errors import LocalTrouble
from probes.icmp import PROBE, IcmpOptions
from probes.icmp_socket import Pinger
from probes.observation import Observation, Outcome
from probes.resolve import literal
from probes.target import Target
from probes.tools import Tools

NAMESPACE = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-r", "-n"]
SCRIPT = Path(__file__).with_name("icmp_namespace.py")
ROOT = Path(__file__).parents[2]


async def may_ping() -> bool:
    tools = Tools()
    try:
        await tools.get(Pinger).echo(literal("127.0.0.1"), 1.0)  # type: ignore[arg-type]
    except LocalTrouble:
        return False
    finally:
        await tools.close()
    return True


@pytest.fixture
async def tools() -> Any:
    if not await may_ping():
        pytest.skip("neither net.ipv4.ping_group_range nor CAP_NET_RAW allows ICMP here")
    made = Tools()
    yield made
    await made.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost"])
async def test_a_host_that_answers(tools: Tools, host: str) -> None:
    seen = await ask(PROBE, Target("d", host), IcmpOptions(), tools, check="reach", timeout_seconds=5)
    assert seen.outcome is Outcome.OK
    assert 0 < float(seen.values["rtt_seconds"]) < 1
    assert seen.values["loss_ratio"] == 0


async def test_several_packets(tools: Tools) -> None:
    options = IcmpOptions(packets=5, gap_seconds=0.05)
    seen = await ask(PROBE, Target("d", "127.0.0.1"), options, tools, check="reach", timeout_seconds=5)
    assert seen.values["loss_ratio"] == 0
    assert seen.duration_seconds >= 0.2


async def test_ten_thousand_hosts_as_the_lane_lets_them(tools: Tools) -> None:
    """As many at once as the daemon asks; a burst of all may overrun the socket's buffer on a busy machine."""
    lane = asyncio.Semaphore(500)

    async def look(n: int) -> Observation:
        target = Target(str(n), f"127.{n // 62500}.{n // 250 % 250}.{n % 250 + 1}")
        async with lane:
            return await ask(PROBE, target, IcmpOptions(), tools, check="reach", timeout_seconds=30)

    seen = await asyncio.gather(*map(look, range(10_000)))
    assert Counter(one.outcome for one in seen) == {Outcome.OK: 10_000}


async def test_nothing_is_kept_of_a_look_that_was_cancelled(tools: Tools) -> None:
    pinger = tools.get(Pinger)
    await pinger.echo(literal("127.0.0.1"), 1.0)  # type: ignore[arg-type]
    (sock,) = pinger._sockets.values()
    waiting = asyncio.ensure_future(pinger.echo(literal("127.0.0.1"), 1.0))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    assert len(sock._requests) == 1
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert not sock._requests


def in_namespace(kind: str) -> dict[str, Any]:
    if not shutil.which("unshare") or subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no network namespaces here")
    if kind == "neither" and os.geteuid():
        pytest.skip("only root can become nobody")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [*NAMESPACE, sys.executable, str(SCRIPT), kind]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=60)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


@pytest.mark.parametrize("kind", ["unprivileged", "raw"])
def test_hosts_that_are_dark_far_or_lie(kind: str) -> None:
    found = in_namespace(kind)
    assert found["socket"] == kind
    seen = found["seen"]
    assert seen["alive"]["outcome"] == "ok"
    assert seen["unreachable"] == {
        "outcome": "refused", "detail": "127.0.0.3: host unreachable", "loss_ratio": None,
    }  # fmt: skip
    assert seen["first_lost"] == {"outcome": "ok", "detail": "", "loss_ratio": 0.5}
    for name in ("silent", "forged_token", "error_about_another", "truncated", "garbage"):
        assert seen[name]["outcome"] == "no_answer", name
        assert seen[name]["detail"] == "no echo reply to 2 requests"
    assert seen["alive_often"]["loss_ratio"] == 0
    assert seen["unreachable_often"]["outcome"] == "refused"
    assert seen["silent_often"]["outcome"] == "no_answer"


def test_without_permission_the_monitor_says_what_to_do() -> None:
    alive = in_namespace("neither")["seen"]["alive"]
    assert alive["outcome"] == "local"
    assert "ping_group_range" in alive["detail"]
    assert "CAP_NET_RAW" in alive["detail"]
