"""`python -m tests.benchmarks [--json FILE] [--only NAME] [--seconds S]`: how fast is it, and how fast are others?"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

from monitor import __version__
from tests.benchmarks import cameras, checks, crowd, deciding, reaction, storm
from tests.benchmarks.checks import Runs
from tests.benchmarks.figure import Figure, table

BENCHES: dict[str, Runs] = {
    "snmp-v2c": checks.snmp_v2c,
    "snmp-v3": checks.snmp_v3,
    "tcp": checks.tcp,
    "icmp": checks.icmp,
    "rtsp": checks.rtsp,
    "onvif": checks.onvif,
    "frame": checks.frame,
    "cameras": cameras.cameras,
    "commits": deciding.commits,
    "reaction": reaction.reaction,
    "crowd": crowd.crowd,
    "start": crowd.start,
    "storm": storm.storm,
}
SECONDS = 6.0


def main() -> int:
    """0: every figure could be measured; goals that were missed are told, not judged."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="every figure with its rivals and ratios")
    parser.add_argument("--only", action="append", choices=BENCHES, help="may be repeated")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="that each figure is measured (%(default)s)")
    options = parser.parse_args()
    figures: list[Figure] = []
    failed: dict[str, str] = {}
    began = time.monotonic()
    for name in options.only or BENCHES:
        folder = Path(tempfile.mkdtemp(prefix=f"sitewarden-bench-{name}-"))
        try:
            found = BENCHES[name](folder, options.seconds)
        except (OSError, RuntimeError, AssertionError) as error:
            failed[name] = f"{type(error).__name__}: {error}"
            say(f"{name}: {failed[name]}; see {folder}")
            continue
        figures += found
        say(table(found))
        shutil.rmtree(folder, ignore_errors=True)
    say(f"{time.monotonic() - began:.0f} s, load average {os.getloadavg()[0]:.1f}")
    if options.json:
        report = {
            "version": __version__,
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": {"processor": _processor(), "cores": os.cpu_count(), "python": platform.python_version()},
            "load_average": os.getloadavg()[0],
            "figures": [figure.as_json() for figure in figures],
            "failed": failed,
        }
        options.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    return 1 if failed else 0


def say(text: str) -> None:
    """Print it at once."""
    print(text, flush=True)  # noqa: T201


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    sys.exit(main())
