"""Which device profiles are there, what does one say, and are they sound?"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import click
import orjson

from monitor.cli.knowledge import Knowledge, gather
from monitor.cli.language import LANGUAGE, _, columns
from monitor.discovery.words import KINDS
from monitor.locale import msg
from monitor.notify import strings
from monitor.settings.identity import identify
from monitor.settings.mistake import Findings, Mistake, did_you_mean, in_order
from monitor.settings.profiles import lint
from monitor.settings.shipped import shipped_folder
from monitor.web.views.labels import CHECKS, TABLES
from monitor.web.views.numbers import NAMES
from probes.snmp.ber import to_oid
from probes.snmp.playback import BadRecording
from probes.snmp.profile import Profile, Reading

MAX_LINES = 1_000  # mistakes that are printed
MAX_OCTETS = 16 * 2**20  # of each recording that is tried

_SURE: Final = {
    "mib": msg("MIB"), "recording": msg("recorded device"), "community": msg("community, not verified"), "": "-",
}  # fmt: skip
_DETECT: Final = {
    "sysobjectid": msg("sysObjectID begins with {what}"), "sysdescr": msg("sysDescr fits {what}"),
    "under": msg("it has objects below {what}"), "make": msg("make fits {what}"), "model": msg("model fits {what}"),
    "rank": msg("before all profiles whose rank is below {what}"),
}  # fmt: skip

_ANY: Final = msg("any kind")

_config = click.option("-c", "--config", type=click.Path(path_type=Path, exists=True), help=_("The site's file."))
_json = click.option("--json", "as_json", is_flag=True, help=_("One line of JSON."))


@click.group(help=_("Device profiles: what is asked of which device, and what is judged."))
def profile() -> None:
    """Device profiles."""


@profile.command("list", help=_("List the profiles."))
@_config
@_json
def list_profiles(*, config: Path | None, as_json: bool) -> None:
    """List the profiles."""
    known = gather(config)
    found = [known.profiles.by_name[name] for name in known.profiles.names]
    if as_json:
        data = [{"name": one.name, "kind": one.source.kind, "title": one.source.title.model_dump()} for one in found]
        click.echo(orjson.dumps(data).decode())
        return
    width = max(len(one.name) for one in found)
    for one in found:
        kind = _(KINDS.get(one.source.kind, _ANY))
        click.echo(
            f"{one.name:<{width}}  {kind}{' ' * max(0, 12 - columns(kind))}  {getattr(one.source.title, LANGUAGE)}"
        )


@profile.command("show", help=_("Show one profile: how a device is recognised, what is measured, written and judged."))
@click.argument("name")
@_config
@_json
def show(name: str, *, config: Path | None, as_json: bool) -> None:
    """Show one profile."""
    known = gather(config)
    found = _named(name, known)
    if as_json:
        click.echo(orjson.dumps(found.source.model_dump(mode="json", exclude_defaults=True)).decode())
        return
    for text in _page(found, known):
        click.echo(text)


@profile.command(
    "test",
    help=_(
        "Test profiles: every mistake with its line and remedy. NAME is a profile or a file; without it all are tested."
    ),
)
@click.argument("name", required=False)
@click.option(
    "--recordings",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help=_("Also try every .snmprec below this folder."),
)
@_config
def test(name: str | None, *, recordings: Path | None, config: Path | None) -> None:
    """Test profiles."""
    findings = Findings()
    files = [Path(name)] if name is not None and name.endswith(".yaml") else None
    known = gather(config) if files is None or recordings is not None else None
    if files is None:
        assert known is not None
        folders = (shipped_folder() / "profiles", *known.folders)
        wanted = None if name is None else _named(name, known).name
        files = [file for folder in folders for file in sorted(folder.glob("*.yaml")) if wanted in (None, file.stem)]
    for file in files:
        lint(file, str(file), findings)
    _print(in_order(findings.mistakes))
    if findings.mistakes:
        click.echo(_("{count} mistakes").format(count=len(findings.mistakes)), err=True)
        sys.exit(1)
    click.echo(_("{count} profiles are sound").format(count=len(files)))
    if recordings is not None and known is not None:
        sys.exit(_try(recordings, name, known))


def _try(folder: Path, name: str | None, known: Knowledge) -> int:
    """Try every recording; 1 if one of them cannot be read."""
    bad = 0
    for file in sorted((*folder.rglob("*.snmprec"), *folder.rglob("*.snmprec.bz2"))):
        try:
            found = asyncio.run(identify(file, known.profiles, known.rules, max_octets=MAX_OCTETS))
        except (BadRecording, OSError) as error:
            click.echo(click.style(f"{file.relative_to(folder)}: {error}", fg="red"))
            bad = 1
            continue
        if name is not None and found.profile.name != name:
            continue
        shown = found.profile.name if found.is_known else _("unknown")
        wrong = ", ".join(f"{one.rule.id} {one.component}".strip() for one in found.faults)
        click.echo(f"{file.relative_to(folder)}: {shown}" + (click.style(f"  ✗ {wrong}", fg="red") if wrong else ""))
    return bad


def _named(name: str, known: Knowledge) -> Profile:
    found = known.profiles.by_name.get(name)
    if found is not None:
        return found
    text = _("There is no profile {name}.").format(name=name)
    if meant := did_you_mean(name, known.profiles.names):
        text += " " + _("Did you mean {name}?").format(name=meant[0])
    raise click.ClickException(text)


def _page(one: Profile, known: Knowledge) -> Iterator[str]:
    source = one.source
    yield click.style(f"{one.name}: {getattr(source.title, LANGUAGE)}", bold=True)
    yield "  " + _("source: {source} ({confidence})").format(
        source=source.source or "-", confidence=_(_SURE[source.confidence or ""])
    )
    yield click.style(_("Recognised by"), bold=True)
    for detect in source.detect:
        parts = detect.model_dump(exclude_none=True).items()
        yield "  " + ", ".join(_(_DETECT[key]).format(what=value) for key, value in parts)
    if not source.detect:
        yield "  " + _("nothing else fitted")
    if source.checks:
        yield (
            click.style(_("Checks"), bold=True) + ": " + ", ".join(f"{one} ({_(CHECKS[one])})" for one in source.checks)
        )
    if source.streams:
        yield click.style(_("Streams"), bold=True)
        yield from (f"  {stream.use}: {stream.path} ({_(_SURE[stream.confidence])})" for stream in source.streams)
    yield click.style(_("Measured"), bold=True)
    yield from _readings((*one.inventory, *one.scalars), "  ")
    for table in one.tables:
        if not table.name.startswith("_"):
            yield f"  {table.name}:" + (f" {_(TABLES[table.name])}" if table.name in TABLES else "")
            yield from _readings(table.columns, "    ")
    yield click.style(_("May be written"), bold=True)
    yield from (f"  {symbol}: {allowed.OID} {', '.join(allowed.values)}" for symbol, allowed in one.writable.items())
    if not one.writable:
        yield "  " + _("nothing")
    yield click.style(_("Rules of its own"), bold=True)
    own = [rule for rule in known.rules if one.name in rule.profiles]
    for rule in own:
        fault = known.faults[rule.fault]
        yield f"  {rule.id}: {fault.title.get(LANGUAGE)} ({strings.SEVERITY[rule.severity].get(LANGUAGE)})"
        for text in fault.bring:
            yield "    " + _("bring: {what}").format(what=text.get(LANGUAGE).replace("{model}", _("this model")))
        if fault.remote:
            yield "    " + _("bring: nothing, it is put right remotely")
    if not own:
        yield "  " + _("nothing")
    if source.notes:
        yield click.style(_("To know"), bold=True)
        yield from (f"  {getattr(note, LANGUAGE)}" for note in source.notes)


def _readings(readings: Iterable[Reading], indent: str) -> Iterator[str]:
    for one in readings:
        if not one.value.startswith("_"):
            name = _(NAMES[one.value]) if one.value in NAMES else ""
            yield f"{indent}{one.value:<20} {to_oid(one.oid):<32} {name}".rstrip()


def _print(mistakes: Iterable[Mistake]) -> None:
    for mistake in list(mistakes)[:MAX_LINES]:
        click.echo(mistake.say(LANGUAGE), err=True)
