"""`python -m tests.benchmarks.frames [--folder PATH] [--quick] [--json FILE]`: who is right about faulty pictures?"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.benchmarks.frames import cameras, report, sheet
from tests.benchmarks.frames.faults import BY_NAME, FAULTS, STRENGTHS
from tests.benchmarks.frames.judges import OURS, RIVALS
from tests.benchmarks.frames.pool import each_camera, say
from tests.benchmarks.frames.protocol import Plan, Result, cpu_ms, measure

SHEETS = Path("var/bench-frames")


def main() -> int:
    """0: it could be measured, whatever came out; 2: there is no footage."""
    options = _parse()
    paths = cameras.find(options.folder) if options.folder else cameras.shared()
    if options.camera:
        paths = [path for path in paths if any(name in path.name for name in options.camera)]
    if not paths:
        say(f"NO FOOTAGE: {options.folder or cameras.SHARED} is not there; give a folder of your own with --folder.")
        return 2
    began = time.monotonic()
    plan = _plan(options)
    _say_table(plan)
    results = _run(paths, plan, options.workers)
    if not results:
        return 2
    cpu = {} if options.quick or options.no_cpu else cpu_ms(paths[0], plan)
    judges = list(plan.judges)
    say(report.write(results, judges, cpu))
    for result in results:
        for file in sheet.write(result.tiles, options.sheets, result.camera):
            say(f"alarmed clean pictures of {result.camera}: {file}")
    say(f"seed {plan.seed}, {time.monotonic() - began:.0f} s, load average {os.getloadavg()[0]:.1f}")
    if options.json:
        options.json.write_text(json.dumps(report.as_json(results, judges, cpu), indent=1, ensure_ascii=False) + "\n")
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.frames", description=__doc__)
    parser.add_argument("--folder", type=Path, help="pictures or videos of your own: each folder or video is a camera")
    parser.add_argument("--camera", action="append", help="part of a camera's name; may be repeated")
    parser.add_argument("--fault", action="append", choices=sorted(BY_NAME), help="these alone; may be repeated")
    parser.add_argument(
        "--quick", action="store_true", help="a third of the faults, a third of the pictures, no rivals"
    )
    parser.add_argument("--tuning", action="store_true", help="only what thresholds may be set on")
    parser.add_argument("--no-rivals", action="store_true")
    parser.add_argument("--no-cpu", action="store_true", help="without the processor time at 1920×1080")
    parser.add_argument("--judge", metavar="MODULE:CLASS", help="in place of ours")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--sheets", type=Path, default=SHEETS, help="where contact sheets go (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def _plan(options: argparse.Namespace) -> Plan:
    ours = {"ours": options.judge} if options.judge else dict(OURS)
    rivals = {} if options.no_rivals or options.quick else dict(RIVALS)
    samples, thin = ((5, 2), 3) if options.quick else ((16, 5), 1)
    return Plan(ours | rivals, options.seed, samples, thin, tuple(options.fault or ()), options.tuning)


def _say_table(plan: Plan) -> None:
    say(f"{'fault':24} {' / '.join(STRENGTHS):22} in what; rightly called")
    for fault in FAULTS:
        if not plan.faults or fault.name in plan.faults:
            amounts = " / ".join(f"{amount:g}" for amount in fault.amounts)
            say(f"  {fault.name:22} {amounts:22} {fault.unit}, {fault.layer}; {', '.join(fault.names)}")


def _run(paths: Sequence[Path], plan: Plan, workers: int) -> list[Result]:
    if plan.until_tuned:
        paths = [path for path in paths if path.stem in cameras.TUNED_ON]
    found: list[Result] = []
    for result in each_camera(paths, partial(measure, plan=plan), workers):
        if isinstance(result, str):
            say(f"not measured: {result}")
        else:
            say(f"measured: {result.camera}")
            found.append(result)
    return sorted(found, key=lambda result: result.camera)


if __name__ == "__main__":
    sys.exit(main())
