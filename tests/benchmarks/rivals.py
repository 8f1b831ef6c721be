"""How do others do the same? Debian's Prometheus with its exporters, monitoring-plugins and FFmpeg, really run."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

from tests.benchmarks.cpu import Watched
from tests.servers.processes import accepts, free_port, running, wait_until

PLUGINS = Path("/usr/lib/nagios/plugins")
EXPORTERS = {"snmp": "/usr/bin/prometheus-snmp-exporter", "blackbox": "/usr/bin/prometheus-blackbox-exporter"}
_SCRAPES = re.compile(r'^prometheus_target_interval_length_seconds_count\{interval="1s"\} (\S+)$', re.M)


@dataclass(frozen=True, slots=True)
class Scraper:
    """A Prometheus that scrapes every target through an exporter once a second."""

    prometheus_pid: int
    exporter_pid: int
    port: int
    targets: int

    def scrapes(self) -> float:
        """How many scrapes there were. RuntimeError if targets do not answer: their cost is another."""
        if not self.is_up():
            raise RuntimeError(f"only {self._up():.0f} of {self.targets} targets answer to the exporter")
        found = _SCRAPES.search(_read(f"http://127.0.0.1:{self.port}/metrics"))
        return float(found[1]) if found else 0.0

    def is_up(self) -> bool:
        """Do nearly all targets answer?"""
        try:
            return self._up() >= 0.97 * self.targets
        except OSError:
            return False  # Prometheus says 503 while it starts

    @property
    def watched(self) -> tuple[Watched, Watched]:
        """The exporter, and Prometheus."""
        return Watched((self.exporter_pid,), self.scrapes), Watched((self.prometheus_pid,), self.scrapes)

    def _up(self) -> float:
        return self._ask('sum(up{job="bench"} == 1 unless probe_success == 0)')

    def _ask(self, query: str) -> float:
        answer = json.loads(_read(f"http://127.0.0.1:{self.port}/api/v1/query?query={quote(query)}"))
        result = answer["data"]["result"]
        return float(result[0]["value"][1]) if result else 0.0


@contextlib.contextmanager
def scraping(
    folder: Path, exporter: str, module: Mapping[str, Any], targets: Sequence[str], copies: int = 1
) -> Iterator[Scraper]:
    """Prometheus and that exporter with one module, on these targets, each so many times."""
    folder.mkdir(parents=True, exist_ok=True)
    port, exporter_port = free_port(), free_port()
    modules = {"bench": module} if exporter == "snmp" else {"modules": {"bench": module}}
    (folder / "exporter.yml").write_text(json.dumps(modules))
    job = {
        "job_name": "bench",
        "metrics_path": "/snmp" if exporter == "snmp" else "/probe",
        "params": {"module": ["bench"]},
        "static_configs": [{"targets": list(targets), "labels": {"copy": str(copy)}} for copy in range(copies)],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": f"127.0.0.1:{exporter_port}"},
        ],
    }
    every = {"scrape_interval": "1s", "scrape_timeout": "1s"}
    (folder / "prometheus.yml").write_text(json.dumps({"global": every, "scrape_configs": [job]}))
    asks = [
        EXPORTERS[exporter],
        f"--config.file={folder}/exporter.yml",
        f"--web.listen-address=127.0.0.1:{exporter_port}",
    ]
    scrapes = [
        "/usr/bin/prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
    ]  # fmt: skip
    with running(asks, folder / "exporter.log") as asking, running(scrapes, folder / "prometheus.log") as scraping_now:
        wait_until(lambda: accepts("127.0.0.1", port) and accepts("127.0.0.1", exporter_port), "Prometheus", seconds=60)
        scraper = Scraper(scraping_now.pid, asking.pid, port, len(targets) * copies)
        wait_until(scraper.is_up, "all targets to answer to the exporter", seconds=30)
        yield scraper


def _read(url: str) -> str:
    with urlopen(url, timeout=30) as answer:
        page: bytes = answer.read()
    return page.decode()


def snmp_module(oids: Sequence[str], access: Mapping[str, Any]) -> dict[str, Any]:
    """A module of snmp_exporter that gets these instances; `access` is `version` and `auth`."""
    metrics = [
        {"name": f"value{number}", "oid": oid.rpartition(".")[0], "type": "gauge", "help": "a value"}
        for number, oid in enumerate(oids)
    ]
    return {"get": list(oids), "metrics": metrics, **access}
