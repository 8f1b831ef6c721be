"""Which profile would this recorded device get, and what would be measured and judged?"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import click
import orjson

from monitor.cli.knowledge import Knowledge, gather
from monitor.cli.language import _, language_of
from monitor.core.plan import Fault
from monitor.settings.identity import Identity, Judgement, identify
from probes.bounds import line
from probes.observation import Value
from probes.snmp.playback import BadRecording

MAX_ROWS = 200  # of a table that are printed
MAX_TEXT = 200  # characters of a value

_GIVEN = {"sysObjectID": _("its sysObjectID is below {what}"), "sysDescr": _("its sysDescr fits {what}"),
          "has": _("it has objects below {what}")}  # fmt: skip


@click.command(
    "identify",
    help=_(
        "Say which profile the device in RECORDING would get, why, and what would be measured and judged. RECORDING is "
        "a .snmprec file, also packed as .bz2, or a folder that `sitewarden record` made."
    ),
)
@click.argument("recording", type=click.Path(path_type=Path, exists=True))
@click.option("-c", "--config", type=click.Path(path_type=Path, exists=True), help=_("The site's file."))
@click.option("--json", "as_json", is_flag=True, help=_("One line of JSON."))
def identify_recording(recording: Path, *, config: Path | None, as_json: bool) -> None:
    """Say which profile a recorded device gets, why, and what is measured and judged."""
    file = recording / "agent.snmprec" if recording.is_dir() else recording
    known = gather(config)
    try:
        found = asyncio.run(identify(file, known.profiles, known.rules))
    except BadRecording as error:
        raise click.ClickException(f"{file}: {error}") from None
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror or error}") from None
    click.echo(orjson.dumps(as_data(found)).decode() if as_json else page(found, known))
    sys.exit(0 if found.is_known else 1)


def as_data(found: Identity) -> dict[str, object]:
    """As JSON gives it."""
    return {
        "file": str(found.file),
        "known": found.is_known,
        "profile": found.profile.name,
        "kind": found.profile.source.kind,
        "reasons": dict(found.reasons),
        "sysObjectID": found.facts.dotted,
        "sysDescr": found.facts.sysdescr,
        "whole": found.is_whole,
        "values": dict(found.answer.values),
        "rows": {table: {key: dict(row) for key, row in rows.items()} for table, rows in found.answer.rows.items()},
        "judged": [
            {"rule": one.rule.id, "fault": one.rule.fault, "component": one.component, "wrong": one.verdict}
            for one in found.judgements
        ],
    }


def page(found: Identity, known: Knowledge) -> str:
    """As people read it."""
    language = language_of(os.environ)
    title = found.profile.source.title
    name = title.zh_CN if language == "zh_CN" else title.en
    if found.is_known:
        head = click.style(f"{found.profile.name}: {name}", fg="green", bold=True)
    else:
        head = click.style(_("unknown: no profile fits"), fg="yellow", bold=True)
    why = [_GIVEN[kind].format(what=what) for kind, what in found.reasons] or [_("nothing that a profile looks for")]
    lines = [head, "  " + _("why: {reasons}").format(reasons=_("; ").join(why))]
    described = line(found.facts.sysdescr, MAX_TEXT) or "-"
    lines.append(f"  sysObjectID {found.facts.dotted or '-'}, sysDescr {described}")
    if not found.is_whole:
        lines.append("  " + _("the recording is very large; its end was left unread"))
    lines += [click.style(_("Measured"), bold=True), *_measured(found)]
    lines += [click.style(_("Judged"), bold=True), *_judged(found.judgements, known.faults, language)]
    return "\n".join(lines)


def _measured(found: Identity) -> list[str]:
    values = {name: value for name, value in found.answer.values.items() if name != "profile"}
    width = max((len(name) for name in values), default=0)
    lines = [f"  {name:<{width}}  {_shown(value)}" for name, value in values.items()]
    for table, rows in found.answer.rows.items():
        lines.append(f"  {table}: {len(rows)}")
        lines += [
            f"    {key}: " + ", ".join(f"{name}={_shown(value)}" for name, value in row.items())
            for key, row in list(rows.items())[:MAX_ROWS]
        ]
        if len(rows) > MAX_ROWS:
            lines.append("    " + _("… and {count} more").format(count=len(rows) - MAX_ROWS))
    return lines or ["  " + _("nothing")]


def _judged(judgements: tuple[Judgement, ...], faults: dict[str, Fault], language: str) -> list[str]:
    """The faults, then by how many judgements each other rule found nothing wrong."""
    lines: list[str] = []
    for one in judgements:
        if one.verdict:
            where = f" ({one.component})" if one.component else ""
            text = f"  ✗ {one.rule.id}{where}: {faults[one.rule.fault].title.get(language)}"
            lines.append(click.style(text, fg="red"))
    good: dict[str, int] = {}
    for one in judgements:
        if one.verdict is False:
            good[one.rule.id] = good.get(one.rule.id, 0) + 1
    lines += [f"  ✓ {rule}" + (f" × {count}" if count > 1 else "") for rule, count in good.items()]
    blind = sorted({one.rule.id for one in judgements if one.verdict is None} - good.keys())
    if blind:
        lines.append("  " + click.style(_("not known here: {rules}").format(rules=", ".join(blind)), dim=True))
    return lines or ["  " + _("nothing")]


def _shown(value: Value) -> str:
    return f"{value:.6g}" if isinstance(value, float) else line(str(value), MAX_TEXT)
