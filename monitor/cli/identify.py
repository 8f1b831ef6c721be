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
from monitor.discovery.words import KINDS, say_reason
from monitor.settings.identity import Identity, Judgement, identify, identify_folder
from probes.bounds import line
from probes.discovery import Found
from probes.observation import Value
from probes.recording import BadRecording as BadFolder
from probes.snmp.playback import BadRecording
from probes.snmp.profile import Profile

AGENT, MANIFEST = "agent.snmprec", "manifest.txt"
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
    file = recording / AGENT if recording.is_dir() else recording
    known = gather(config)
    agent: Identity | None = None
    named: Found | None = None
    try:
        if recording.is_dir() and not file.exists() and not (recording / MANIFEST).exists():
            raise click.ClickException(_("{folder} is no recording.").format(folder=recording))
        if not recording.is_dir() or file.exists():
            agent = asyncio.run(identify(file, known.profiles, known.rules))
        if recording.is_dir() and (recording / MANIFEST).exists():
            named = identify_folder(recording, known.profiles, agent if agent and agent.is_known else None)
    except (BadRecording, BadFolder) as error:
        raise click.ClickException(f"{recording}: {error}") from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or recording}: {error.strerror or error}") from None
    click.echo(orjson.dumps(_as_data(recording, agent, named)).decode() if as_json else _page(agent, named, known))
    sys.exit(0 if (agent and agent.is_known) or (named and named.profile) else 1)


def _counts(agent: Identity | None, named: Found | None) -> bool:
    """Does what it says by ONVIF or its web server lead to another profile than its agent, if it has one?"""
    return named is not None and (agent is None or (bool(named.profile) and named.profile != agent.profile.name))


def _as_data(recording: Path, agent: Identity | None, named: Found | None) -> dict[str, object]:
    data: dict[str, object] = as_data(agent) if agent is not None else {"file": str(recording)}
    if named is not None and _counts(agent, named):
        data |= {
            "known": bool(named.profile),
            "profile": named.profile or "generic",
            "kind": named.kind,
            "reasons": {one.code: one.what or one.profile for one in named.evidence},
        }
    if named is not None:
        data |= {"vendor": named.vendor, "model": named.model, "checks": named.worth}
    return data


def _page(agent: Identity | None, named: Found | None, known: Knowledge) -> str:
    if named is None or not _counts(agent, named):
        assert agent is not None
        return page(agent, known)
    lines = _named(named, known)
    if agent is not None and agent.is_known:
        lines += page(agent, known).splitlines()
    return "\n".join(lines)


def _named(found: Found, known: Knowledge) -> list[str]:
    """What a device is by ONVIF, ISAPI or its web server, and what would be asked of it."""
    why = "; ".join(say_reason(one, _) for one in found.evidence) or _("nothing that a profile looks for")
    lines = [_head(known.profiles.by_name.get(found.profile)), "  " + _("why: {reasons}").format(reasons=why)]
    kind = _(KINDS[found.kind])
    lines.append(
        "  "
        + _("{kind}, make and model: {model}").format(kind=kind, model=f"{found.vendor} {found.model}".strip() or "-")
    )
    if found.worth:
        lines.append("  " + _("checks that make sense: {checks}").format(checks=", ".join(found.worth)))
    return lines


def _head(profile: Profile | None) -> str:
    if profile is None:
        return click.style(_("unknown: no profile fits"), fg="yellow", bold=True)
    title = profile.source.title
    name = title.zh_CN if language_of(os.environ) == "zh_CN" else title.en
    return click.style(f"{profile.name}: {name}", fg="green", bold=True)


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
    head = _head(found.profile if found.is_known else None)
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
