"""Which metrics are there, as a page for people? `python -m monitor.export.reference` writes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from monitor.export.daemon import OF_DAEMON
from monitor.export.devices import LONGEST_NAME, MAX_ROWS
from monitor.export.families import OF_DEVICES, RECORDER_TABLES, TABLES, VALUES, Family
from monitor.export.page import LONGEST_LABEL
from monitor.export.process import OF_PROCESS

FILE = Path(__file__).resolve().parent.parent.parent / "docs" / "metrics.md"

_HEAD = f"""\
# Metrics

<!-- Written by `python -m monitor.export.reference` from the code; change it there. -->

`/metrics` speaks Prometheus's text format, compressed if asked for. It is served with the console, to this machine and
to API tokens only, or to everybody at an address of its own (`metrics: {{listen: "0.0.0.0:9115"}}`). `/livez` answers
while the daemon turns, `/readyz` with 200, or with 503 and what is wrong with the daemon itself. Neither says anything
about the site: a camera that is down leaves the daemon ready.

`config/prometheus/` has an example of what to scrape, recording rules and alerts; `config/grafana/` has dashboards, in
English and in Chinese. Tickets stay the way by which people are told of faults; the alerts are for what the daemon
cannot tell, above all that it is dead itself.

- Units are base units: seconds, bytes, ratios from 0 to 1, degrees Celsius.
- A sample is as old as the look that it comes from: `time() - sitewarden_check_last_look_timestamp_seconds` says how
  old. What the latest look did not see is absent, not 0.
- Of one table of one device at most {MAX_ROWS} rows are given, of a name that a device gave {LONGEST_NAME} characters,
  of any label {LONGEST_LABEL}. Labels that are empty are left out.
- Names, places and models are in `sitewarden_device_info`; join them by
  `… * on (instance, device) group_left (name) sitewarden_device_info`.
- `python_gc_…` and `python_info` are the interpreter's own, as prometheus-client gives them.
"""


def write() -> None:
    """Write the page anew."""
    FILE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The page as Markdown."""
    return "\n".join([_HEAD, *_sections()])


def _sections() -> Iterator[str]:
    yield from _section("Devices and checks", OF_DEVICES)
    for check, values in VALUES.items():
        yield from _section(f"What `{check}` measures", (measured.family for measured in values.values()))
    for name, table in TABLES.items():
        yield from _section(f"Table `{name}` of `snmp`", (measured.family for _, measured in table.columns))
    for name, table in RECORDER_TABLES.items():
        yield from _section(f"Table `{name}` of `recorder`", (measured.family for _, measured in table.columns))
    yield from _section("The site and the daemon", OF_DAEMON)
    yield from _section("The daemon's process", OF_PROCESS)


def _section(title: str, families: Iterable[Family]) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| Metric | Type | Labels | |\n|---|---|---|---|"
    for family in families:
        labels = ", ".join(f"`{label}`" for label in family.labels)
        yield f"| `{family.name}` | {family.kind} | {labels} | {family.help} |"
    yield ""


if __name__ == "__main__":
    write()
