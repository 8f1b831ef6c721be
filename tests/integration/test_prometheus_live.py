"""Does every expression of every dashboard, rule and alert get data from a real Prometheus that scrapes a live daemon?

The site has one fault of each sort, so that what speaks of faults has something to say. Comparisons are taken out of
alerts: what stands in them must exist, not be wrong.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.export.grafana.dashboard import LANGUAGES
from monitor.settings.load import shipped_folder
from tests.servers.daemon import Daemon, prepared_daemon, running_daemon, watching
from tests.servers.processes import accepts, free_port, running, wait_until
from tests.servers.prometheus import Prometheus, prometheus
from tests.servers.simsite import SimSite, simulated_site
from tests.servers.snmpd import Agent, StartAgent

CONFIG = shipped_folder()
FAULTS = (
    ("camera-01", "unplugged", None),
    ("camera-02", "frozen", None),
    ("camera-03", "clock_drift", 300.0),
    ("recorder-01", "disk_failed", 2.0),
    ("ups-01", "mains_lost", None),
)
AGENT = (
    "override 1.3.6.1.2.1.25.3.3.1.2.196608 integer 12",  # load of a processor, which snmpd knows after a minute only
    "override 1.3.6.1.4.1.368.4.1.3.1.3.1 integer 1",  # a temperature sensor that is well
    "override 1.3.6.1.4.1.368.4.1.3.1.4.1 integer 41",
    "override 1.3.6.1.4.1.368.4.1.4.1.2.1 integer 1",  # a video channel with its signal
)
NEVER_TRUE_HERE = re.compile(r"\s*(==|!=|>=|<=|>|<)\s*(bool\s+)?-?[0-9.]+(e[0-9]+)?")
SETTLING_SECONDS = 90.0


@dataclass(frozen=True)
class Watched:
    site: SimSite
    daemon: Daemon
    prometheus: Prometheus


def rules_for_the_test() -> dict[str, Any]:
    """The shipped files; groups that run by the hour run by the second here."""
    found = {}
    for file in sorted((CONFIG / "prometheus").glob("sitewarden.*.yml")):
        content = yaml.safe_load(file.read_text("utf-8"))
        for group in content["groups"]:
            group["interval"] = "1s"
        found[file.name] = content
    return found


def configuration(site: SimSite, tls_port: int, agent: Agent) -> dict[str, Any]:
    """The simulated site, a server, and something whose agent has what the simulated ones have not."""
    config = watching(site.shape)
    config["defaults"]["camera"]["checks"]["rtsp"]["depth"] = "play"
    common: dict[str, Any] = {"host": agent.host, "credentials": "agents"}
    config["credentials"]["agents"] = {"snmp": {"version": "2c", "port": agent.port, "community": agent.community}}
    everything = {
        "reach": {"every": "2s"},
        "tls": {"port": tls_port, "every": "3s"},
        "http": {"port": site.state_port, "path": "/state", "every": "3s"},
        "snmp": {"profile": "host-resources", "every": "3s"},
    }
    config["devices"] += [
        {"id": "server-01", "name": "Server", "kind": "server", "checks": everything, **common},
        {"id": "sensor-01", "name": "Encoder", "kind": "sensor", **common}
        | {"checks": {"reach": {"every": "2s"}, "snmp": {"profile": "axis", "every": "3s"}}},
    ]
    config["service"] = {
        severity: {"response": "1s", "arrival": "1h", "fix": "2h"} for severity in ("urgent", "high", "normal", "low")
    }
    config["channels"] = {"nobody": {"kind": "webhook", "url": f"http://127.0.0.1:{free_port()}/"}}
    config["routes"] = [{"name": "all", "channel": "nobody"}]
    return config


@contextlib.contextmanager
def tls_server(folder: Path) -> Iterator[int]:
    """A server whose certificate ends in ten days."""
    port = free_port()
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "10", "-subj", "/CN=server-01"]
    pair = ["-keyout", folder / "key.pem", "-out", folder / "certificate.pem"]
    subprocess.run([*make, *pair], check=True, capture_output=True)
    serve = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-www", "-quiet"]
    with running([*serve, "-key", pair[1], "-cert", pair[3]], folder / "tls.log"):
        wait_until(lambda: accepts("127.0.0.1", port), "openssl")
        yield port


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, films: Path, start_snmpd: StartAgent) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    with contextlib.ExitStack() as stack:
        site = stack.enter_context(simulated_site(folder, films, cameras=4, recorders=1, switches=2))
        port = stack.enter_context(tls_server(folder))
        daemon = prepared_daemon(folder / "daemon", configuration(site, port, start_snmpd(AGENT)))
        stack.enter_context(running_daemon(daemon))
        server = stack.enter_context(prometheus(folder / "prometheus", [daemon.address], rules=rules_for_the_test()))
        server.scraped()
        wait_until(
            lambda: len(server.query('sitewarden_picture_verdict{verdict=~"ok|unjudged"}')) == 4,
            "pictures",
            SETTLING_SECONDS,
        )
        for device, fault, value in FAULTS:
            site.fail(device, fault, value)
        wait_until(
            lambda: len(server.query("sitewarden_device_tickets")) >= len(FAULTS), "the tickets", SETTLING_SECONDS
        )
        wait_until(lambda: bool(server.query('sitewarden_trouble{part="outbox"} == 1')), "the outbox", SETTLING_SECONDS)
        wait_until(lambda: bool(server.query("device:sitewarden_device_up:avg30d")), "the rules", SETTLING_SECONDS)
        time.sleep(3)  # rates want several samples of what appeared last
        yield Watched(site, daemon, server)


def test_all_rules_are_well(watched: Watched) -> None:
    rules = watched.prometheus.rules()
    assert len(rules) == sum(len(group["rules"]) for file in rules_for_the_test().values() for group in file["groups"])
    assert {rule["name"]: rule.get("lastError") for rule in rules if rule["health"] != "ok"} == {}


def recorded_and_alerted() -> Iterator[tuple[str, str]]:
    for content in rules_for_the_test().values():
        for group in content["groups"]:
            for rule in group["rules"]:
                yield rule.get("alert") or rule["record"], rule["expr"]


@pytest.mark.parametrize(("name", "expression"), [pytest.param(*rule, id=rule[0]) for rule in recorded_and_alerted()])
def test_rule(watched: Watched, name: str, expression: str) -> None:
    without = NEVER_TRUE_HERE.sub("", expression)
    if without.startswith("absent("):
        without = without.removeprefix("absent(").removesuffix(")")
    assert watched.prometheus.query(without), f"{name}: {without}"


def shown() -> Iterator[tuple[str, str, str]]:
    for file in sorted((CONFIG / "grafana").glob("*.en.json")):
        for panel in json.loads(file.read_text("utf-8"))["panels"]:
            for target in panel.get("targets", ()):
                yield file.name, panel["title"], target["expr"]


BY_KIND = (
    ("sitewarden_(ups|device_uptime)", "ups-01"),
    ("sitewarden_disk", "recorder-01"),
    ("sitewarden_(channel|device_temperature)", "sensor-01"),
    ("sitewarden_(poe|interface)", "switch-01"),
    ("sitewarden_(sensor)", "panel-01"),
    ("sitewarden_(storage|device_cpu|device_memory|icmp)", "server-01"),
    ("sitewarden_(tcp|rtsp)", "camera-04"),
    ("", "camera-03"),
)


@pytest.mark.parametrize(
    ("file", "panel", "expression"),
    [pytest.param(*one, id=f"{one[0].split('.')[0]}-{number}-{one[1]}") for number, one in enumerate(shown())],
)
def test_panel(watched: Watched, file: str, panel: str, expression: str) -> None:
    device = next(device for pattern, device in BY_KIND if re.search(pattern, expression))
    asked = expression.replace("$instance", watched.daemon.address).replace("$device", device)
    asked = re.sub(r"\$__(range|rate_interval|interval)\b", "1m", asked)
    assert watched.prometheus.query(NEVER_TRUE_HERE.sub("", asked)), f"{file}, {panel}: {asked}"


def test_the_variables_find_the_site_and_its_devices(watched: Watched) -> None:
    device = json.loads((CONFIG / "grafana" / "device.en.json").read_text("utf-8"))
    found = {}
    for variable in device["templating"]["list"]:
        if variable["type"] == "query":
            query = variable["definition"].removeprefix("query_result(").removesuffix(")")
            pattern = re.compile(variable["regex"].strip("/").replace("(?<", "(?P<"))
            series = watched.prometheus.query(query.replace("$instance", watched.daemon.address))
            matches = [pattern.search(as_grafana_sees(labels)) for labels, _ in series]
            found[variable["name"]] = {match["value"]: match["text"] for match in matches if match}
    assert found["instance"] == {watched.daemon.address: "Simulated site 模拟站点"}
    assert found["device"]["camera-03"] == "北门3号枪机"
    assert len(found["device"]) == len(watched.site.blueprints) + 2


def as_grafana_sees(labels: dict[str, str]) -> str:
    """As the result of query_result is matched against the variable's expression: name{labels in order} value time."""
    inside = ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()) if name != "__name__")
    return f"{labels.get('__name__', '')}{{{inside}}} 1 0"


def test_both_languages_ask_the_same() -> None:
    for file in (CONFIG / "grafana").glob("*.en.json"):
        asked = [
            [
                target["expr"]
                for panel in json.loads(one.read_text("utf-8"))["panels"]
                for target in panel.get("targets", ())
            ]
            for one in (file.with_name(file.name.replace("en.json", f"{language}.json")) for language in LANGUAGES)
        ]
        assert asked[0] == asked[1]
