"""The site of the main job: servers that others wrote, as the daemon's configuration names them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import yaml

from monitor.web.users import new_token
from tests.servers.daemon import Daemon, prepared_daemon
from tests.servers.gstreamer import GstServer, Stream
from tests.servers.ipycam import Ipycam
from tests.servers.mosquitto import Mosquitto
from tests.servers.prometheus import Prometheus
from tests.servers.smtp import MailServer
from tests.servers.snmpd import AUTH_KEY, PRIV_KEY, Agent, user_name

SITE = "depot"
SECRET = "a secret between two programs"
KINDS = ("camera", "recorder", "server", "ups", "switch")
H264, H265 = (Stream("/live", codec=codec) for codec in ("h264", "h265"))
REACH_EVERY, HOLD = 2.0, 6.0  # seconds
RECORDED = {
    "recorder": ("recorder", "camera/hikvision-network-video-recorder"),
    "hik-camera": ("server", "camera/hikvision"),  # its agent only: nobody recorded its stream
    "pdu": ("ups", "UPS/apc-8932"),
    "ups": ("ups", "UPS/eaton-93e-80"),
    "switch": ("switch", "network/switch/cisco-c3560"),
}


@dataclass(frozen=True, slots=True)
class Others:
    """Servers that are there for the whole run: a camera, an agent, recorded devices, where people read."""

    ipycam: Ipycam
    agent: Agent
    recordings: Agent
    mail: MailServer
    broker: Mosquitto


def configure(h264: GstServer, h265: GstServer, others: Others, web_port: int) -> dict[str, Any]:
    """All of it at a quick pace; the holds are short, and nothing else is changed."""

    def camera(name: str, port: int, **checks: Any) -> dict[str, Any]:
        knock = {"probe": "tcp", "port": port, "every": f"{REACH_EVERY:g}s"}
        return {"id": name, "name": name, "kind": "camera", "host": "127.0.0.1", "checks": {"reach": knock, **checks}}

    def stream(server: GstServer) -> dict[str, Any]:
        where = {"port": server.port, "path": "/live"}
        return {
            "rtsp": {**where, "depth": "play", "every": "4s"},
            "frame": {**where, "every": "6s"},
            "onvif": "off",
        }

    def asked_by_snmp(name: str, kind: str, credentials: str) -> dict[str, Any]:
        checks = {"reach": {"every": "3s"}, "snmp": {"every": "10s", "timeout": "9s"}}
        return {"id": name, "kind": kind, "host": "127.0.0.1", "credentials": credentials, "checks": checks}

    ipycam, agent = others.ipycam, others.agent
    onvif = {"port": ipycam.port}
    return {
        "site": {"id": SITE, "name": "Depot 货场", "timezone": "Asia/Shanghai"},
        "credentials": {
            "ipycam": {"username": ipycam.username, "password": ipycam.password},
            "v2c": {"snmp": {"version": "2c", "port": agent.port, "community": agent.community}},
            "v3": {"snmp": _snmpv3(agent.port)},
            **{
                name: {"snmp": {"version": "2c", "port": others.recordings.port, "community": recording}}
                for name, (_, recording) in RECORDED.items()
            },
        },
        "devices": [
            camera("yard", h264.port, **stream(h264)) | {"name": "Yard gate", "model": "GStreamer H.264"},
            camera("hall", h265.port, **stream(h265)),
            camera(
                "gate", ipycam.port, onvif={**onvif, "every": "5s"},
                rtsp={"port": ipycam.rtsp_port, "every": "5s"}, frame={"onvif": onvif, "every": "8s"},
            ) | {"credentials": "ipycam"},
            asked_by_snmp("server-v2c", "server", "v2c"),
            asked_by_snmp("server-v3", "server", "v3"),
            *(asked_by_snmp(name, kind, name) for name, (kind, _) in RECORDED.items()),
        ],
        "rules": {
            "*": {"kinds": list(KINDS), "for": f"{HOLD:g}s", "looks": 3, "clear_for": "3s", "clear_looks": 2},
            "snmp-silent": {"for": "90s"},  # the simulator of recordings is slow on a busy machine
            "storage-full": "off",  # the agent shows the disks of whatever machine this is
        },
        "picture_every": "3s",
        "channels": {
            "office": {"kind": "mail", "host": "127.0.0.1", "port": others.mail.port, "security": "none",
                       "sender": "sitewarden@depot.example", "to": ["service@depot.example"]},
            "broker": {"kind": "mqtt", "host": "127.0.0.1", "port": others.broker.port},
            "helpdesk": {"kind": "webhook", "url": f"http://127.0.0.1:{web_port}/helpdesk", "secret": SECRET},
            "chat": {"kind": "apprise", "url": f"json://127.0.0.1:{web_port}/chat"},
        },
        "routes": [
            {"name": "office", "channel": "office", "language": "en"},
            {"name": "office-zh", "channel": "office", "language": "zh_CN"},
            {"name": "broker", "channel": "broker", "language": "zh_CN"},
            {"name": "helpdesk", "channel": "helpdesk", "language": "en"},
            {"name": "chat", "channel": "chat", "language": "zh_CN"},
        ],
    }  # fmt: skip


def _snmpv3(port: int) -> dict[str, Any]:
    keys = {"auth": "sha256", "auth_key": AUTH_KEY, "priv": "aes128", "priv_key": PRIV_KEY}
    return {"version": "3", "port": port, "username": user_name("sha256", "aes128"), **keys}


@dataclass(frozen=True, slots=True)
class Technician:
    """Works on tickets through the REST API, as what an installer's own program would do."""

    daemon: Daemon
    token: str
    name: str = "wang"

    def act(self, ticket: int, command: str, **fields: object) -> dict[str, Any]:
        """The ticket after the command."""
        order = json.dumps({"command": command, **fields}).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        url = f"http://{self.daemon.address}/api/v1/tickets/{ticket}/commands"
        with urlopen(Request(url, order, headers), timeout=20) as answer:
            after: dict[str, Any] = json.load(answer)
            return after


def prepare(folder: Path, config: Mapping[str, Any]) -> tuple[Daemon, Technician]:
    """The daemon, not yet started, and a technician among its users."""
    daemon = prepared_daemon(folder, config)
    token, proof = new_token()
    whole = yaml.safe_load(daemon.file.read_text("utf-8"))
    whole["users"].append({"name": "wang", "password_hash": "$argon2id$none", "role": "technician", "tokens": [proof]})
    daemon.file.write_text(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False), "utf-8")
    return daemon, Technician(daemon, token)


def fetch(daemon: Daemon, path: str) -> bytes:
    """Bytes from the REST API."""
    headers = {"Authorization": f"Bearer {daemon.token}"}
    with urlopen(Request(f"http://{daemon.address}/api/v1{path}", headers=headers), timeout=20) as answer:
        found: bytes = answer.read()
        return found


def graph(prometheus: Prometheus, expression: str, since: float) -> list[float]:
    """The values of a query over time, one a second; nothing where there is none."""
    words = urlencode({"query": expression, "start": since, "end": time.time(), "step": 1})
    with urlopen(f"{prometheus.url}/api/v1/query_range?{words}", timeout=30) as answer:
        result = json.load(answer)["data"]["result"]
    assert len(result) <= 1, result
    return [float(value) for _, value in result[0]["values"]] if result else []


@dataclass(slots=True)
class Story:
    """What happened when: printed, and kept in a file. Times are seconds since the beginning."""

    file: Path
    began: float = field(default_factory=time.time)

    def tell(self, text: str, at: float | None = None) -> None:
        line = f"{(at or time.time()) - self.began:7.1f} s  {text}"
        print(line, flush=True)  # noqa: T201
        with self.file.open("a", encoding="utf-8") as out:
            out.write(line + "\n")
