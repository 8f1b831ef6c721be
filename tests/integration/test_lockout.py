"""How many wrong passwords reach a camera? One, and one more each time a person says that it is right."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from tests.servers.daemon import Daemon, prepared_daemon, running_daemon, watching
from tests.servers.processes import wait_until
from tests.servers.simsite import SimSite, StartSimSite

CAMERA = "camera-01"


def refused(site: SimSite) -> int:
    counted: dict[str, int] = site.device(CAMERA)["refused_logins"]
    return sum(counted.values())


def post(daemon: Daemon, path: str, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {daemon.token}", "Content-Type": "application/json"}
    request = Request(f"http://{daemon.address}/api/v1{path}", json.dumps(body).encode(), headers)
    with urlopen(request, timeout=60) as answer:
        return json.load(answer)


def ticket(daemon: Daemon) -> dict[str, Any]:
    found: list[dict[str, Any]] = daemon.api(f"/tickets?device={CAMERA}")["items"]
    return next((one for one in found if one["fault"] == "login.refused"), {})


def test_a_wrong_password_is_sent_once(start_simsite: StartSimSite, tmp_path: Path) -> None:
    with start_simsite(cameras=1, recorders=0, panels=0, switches=1, upses=0, films=1) as site:
        config = watching(site.shape)
        del config["rules"]  # as shipped
        config["credentials"]["cameras"]["password"] = "this is not it"
        config["defaults"]["camera"]["checks"]["http"] = {"port": site.shape.http_port, "path": "/onvif/snapshot"}
        daemon = prepared_daemon(tmp_path / "daemon", config)
        with running_daemon(daemon):
            wait_until(lambda: ticket(daemon) != {}, "the ticket")
            time.sleep(3.0)  # every check had its turn
            assert refused(site) == 1
            looks = post(daemon, f"/devices/{CAMERA}/look")
            assert {look["check"] for look in looks if look["outcome"] == "withheld"} >= {"rtsp", "onvif", "frame"}
            daemon.signal(signal.SIGHUP)
            time.sleep(3.0)
            assert refused(site) == 1
            number = ticket(daemon)["id"]
            for order in ({"command": "start"}, {"command": "resolve", "cause": "mistyped", "work": "set anew"}):
                post(daemon, f"/tickets/{number}/commands", order)
            wait_until(lambda: refused(site) == 2, "the one try that the technician asked for")
            time.sleep(17.0)  # the proof is asked for every 15 s
            assert refused(site) == 2
            assert ticket(daemon)["state"] == "resolved"
        with running_daemon(daemon):
            time.sleep(5.0)
            assert refused(site) == 2
            config["credentials"]["cameras"]["password"] = site.password
            daemon.write(config)
            daemon.signal(signal.SIGHUP)
            wait_until(lambda: ticket(daemon)["state"] == "closed", "the proof", seconds=30)
        assert refused(site) == 2
        assert "this is not it" not in daemon.log.read_text()
