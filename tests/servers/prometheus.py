"""How does a test get a real Prometheus that scrapes what the test runs?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml

from tests.servers.processes import accepts, free_port, running, wait_until

Sample = tuple[dict[str, str], float]


class Refused(Exception):
    """Prometheus does not understand the expression."""


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running Prometheus; its database is in the test's folder."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def query(self, expression: str, at: float | None = None) -> list[Sample]:
        """Labels and value of each series that the expression gives now. Raises Refused."""
        found = self._get("query", query=expression, **({} if at is None else {"time": at}))
        if found["resultType"] == "scalar":
            return [({}, float(found["result"][1]))]
        return [(one["metric"], float(one["value"][1])) for one in found["result"]]

    def targets(self) -> list[dict[str, Any]]:
        """What is scraped, and how that goes."""
        active: list[dict[str, Any]] = self._get("targets", state="active")["activeTargets"]
        return active

    def rules(self) -> list[dict[str, Any]]:
        """Every rule of every group, with its health."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def scraped(self) -> None:
        """Wait until every target has been scraped well."""

        def well() -> bool:
            targets = self.targets()
            return bool(targets) and all(target["health"] == "up" for target in targets)

        wait_until(well, "Prometheus to have scraped", seconds=30)

    def _get(self, what: str, **words: object) -> dict[str, Any]:
        try:
            with urlopen(f"{self.url}/api/v1/{what}?{urlencode(words)}", timeout=30) as answer:
                data: dict[str, Any] = json.load(answer)["data"]
                return data
        except HTTPError as refused:
            with refused:
                raise Refused(json.load(refused)["error"]) from None


@contextmanager
def prometheus(
    folder: Path, targets: Sequence[str], *, rules: Mapping[str, object] | None = None, interval: str = "1s"
) -> Iterator[Prometheus]:
    """Scrapes `targets` as the job sitewarden; `rules` are files by name."""
    folder.mkdir(exist_ok=True)
    for name, content in (rules or {}).items():
        (folder / name).write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    config = {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
        "rule_files": [str(folder / name) for name in rules or {}],
        "scrape_configs": [{"job_name": "sitewarden", "static_configs": [{"targets": list(targets)}]}],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")
    port = free_port()
    command = [
        "prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    ]  # fmt: skip
    log = folder / "prometheus.log"
    with running(command, log) as process:

        def ready() -> bool:
            assert process.poll() is None, f"Prometheus ended: {log.read_text()[-2000:]}"
            if not accepts("127.0.0.1", port):
                return False
            try:
                with urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5):
                    return True
            except HTTPError as early:
                early.close()
                return False

        wait_until(ready, "Prometheus", seconds=60)
        yield Prometheus(port)


StartPrometheus = Callable[..., AbstractContextManager[Prometheus]]


@pytest.fixture
def start_prometheus(tmp_path: Path) -> StartPrometheus:
    """`with start_prometheus(["127.0.0.1:8080"]) as prometheus:` starts one, which ends with the block."""

    def start(targets: Sequence[str], **more: Any) -> AbstractContextManager[Prometheus]:
        return prometheus(tmp_path / "prometheus", targets, **more)

    return start
