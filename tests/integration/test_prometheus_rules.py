"""Are rules, alerts, example and metrics what Prometheus's own tool wants, and do alerts fire when they must?"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.export.prometheus import Exporter
from probes.observation import Observation, Outcome
from tests.large_site import NOW, large_site

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "config" / "prometheus"


def promtool(*words: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["promtool", *map(str, words)], input=given, capture_output=True, timeout=60, check=False, cwd=ROOT
    )


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "sitewarden.alerts.yml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


async def test_promtool_finds_nothing_to_say_of_the_metrics() -> None:
    live = large_site(240, dark_share=0.1)
    live.world.saw(Observation("camera-00002", "reach", NOW, 0.1, Outcome.LOCAL))
    done = promtool("check", "metrics", given=await Exporter(live).text())
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_example_and_its_rules_are_good(tmp_path: Path) -> None:
    for file in FOLDER.iterdir():
        shutil.copy(file, tmp_path)
    done = promtool("check", "config", "--lint-fatal", tmp_path / "prometheus.example.yml")
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    assert b"2 rule files found" in done.stdout


def test_each_alert_fires_when_it_must() -> None:
    done = promtool("test", "rules", "tests/integration/prometheus_alerts.yaml")
    assert done.returncode == 0, done.stdout.decode()


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_each_alert_is_worded_in_both_languages(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"page", "ticket"}
    said = alert["annotations"]
    assert said["summary"].isascii()
    assert not said["summary_zh"].isascii()
    quoted = [set(re.findall(r"\$[\w.]+", said[name])) for name in ("summary", "summary_zh")]
    assert quoted[0] == quoted[1]
