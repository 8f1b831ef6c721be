"""Do five hundred cameras that are lost with their switch make one ticket and one notification, for real?"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from probes.simulators import Shape
from probes.simulators.configuration import describe_site
from tests.acceptance.main_receivers import Receiver, receiving
from tests.servers.daemon import Daemon, prepared_daemon, running_daemon
from tests.servers.processes import wait_until
from tests.servers.simsite import StartSimSite

CAMERAS = 500
PATIENCE = 90.0  # of each step; on two idle cores the whole takes forty seconds


def configure(shape: Shape, receiver: Receiver) -> dict[str, Any]:
    """The cameras are asked whether they are there and whether they stream; a second stands for ten."""
    config = describe_site(shape)
    for kind in ("camera", "switch"):
        checks = config["defaults"][kind]["checks"]
        checks["reach"] |= {"every": "4s", "timeout": "2s"}
        checks["snmp"] = {"every": "4s"}
    config["defaults"]["camera"]["checks"] |= {"onvif": "off", "frame": "off"}
    config["defaults"]["camera"]["checks"]["rtsp"] |= {"every": "10s"}
    quick = {"for": "6s", "looks": 4, "clear_for": "6s", "clear_looks": 3}
    config["rules"] = {
        "*": {"kinds": ["camera", "switch"], **quick},
        "poe-overload": "off",  # rightly told: no switch can feed so many
    }
    config["channels"] = {"duty": {"kind": "webhook", "url": receiver.url("/duty")}}
    config["routes"] = [{"name": "duty", "channel": "duty"}]
    return config


def states(daemon: Daemon) -> Counter[str]:
    return Counter({state: count for state, count in daemon.api("/site")["devices"].items() if count})


@pytest.mark.timeout(3 * PATIENCE)
def test_five_hundred_cameras_lost_with_one_switch(start_simsite: StartSimSite, tmp_path: Path) -> None:
    shape = {"cameras": CAMERAS, "switches": 1, "recorders": 0, "panels": 0, "upses": 0, "films": 1}
    with start_simsite(**shape, boot_seconds=2.0) as site, receiving() as receiver:
        daemon = prepared_daemon(tmp_path / "daemon", configure(site.shape, receiver))
        with running_daemon(daemon):
            everything = CAMERAS + 1
            wait_until(lambda: states(daemon) == {"ok": everything}, "everything to be well", PATIENCE)
            assert daemon.api("/tickets")["items"] == []

            lost_at = time.time()
            site.fail("switch-01", "lost")
            wait_until(lambda: bool(daemon.api("/tickets")["items"]), "the ticket", PATIENCE)
            (ticket,) = daemon.api("/tickets")["items"]
            assert (ticket["device"], ticket["fault"]) == ("switch-01", "switch.silent")
            wait_until(
                lambda: states(daemon) == {"held": CAMERAS, "fault": 1}, "every camera to be held back", PATIENCE
            )
            (ticket,) = daemon.api("/tickets")["items"]
            assert ticket["children"] == CAMERAS
            assert len(daemon.api(f"/tickets/{ticket['id']}")["held_back"]) == CAMERAS
            print(  # noqa: T201
                f"{ticket['opened_at'] - lost_at:.1f} s to the ticket, {time.time() - lost_at:.1f} s to all children"
            )
            assert [post.said["event"]["kind"] for post in receiver.posts] == ["opened"]

            site.repair("switch-01", "lost")
            wait_until(lambda: states(daemon) == {"ok": everything}, "everything to be well again", PATIENCE)
            (ticket,) = daemon.api("/tickets")["items"]
            assert ticket["state"] == "recovered"
            wait_until(lambda: len(receiver.posts) > 1, "the good news", PATIENCE)
            assert [post.said["event"]["kind"] for post in receiver.posts] == ["opened", "recovered"]
            assert daemon.api("/site")["troubles"] == {}
