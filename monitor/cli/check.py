"""Is the configuration good, and what would it do? `sitewarden check site.yaml`."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from typing import Literal

import click

from monitor.cli.language import _, language_of
from monitor.core.plan import MONITOR
from monitor.settings.explain import WORDS, Unknown, explain
from monitor.settings.load import load
from monitor.settings.mistake import BadConfiguration, Mistake
from monitor.settings.model import Settings
from monitor.settings.planning import plan as plan_of
from probes.probe import Lane
from ticketing.ticket import Language

MAX_LINES = 1_000  # mistakes or warnings that are printed


@click.command(help=_("Check a site's file: every mistake with its line and what would put it right."))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--explain", "explained", nargs=2, metavar="DEVICE RULE", help=_("Say what this rule would do there."))
@click.option("--lang", type=click.Choice(["en", "zh_CN"]), help=_("Default: as LANG says."))
def check(file: Path, explained: tuple[str, str] | None, lang: Literal["en", "zh_CN"] | None) -> None:
    """Check a site's file: every mistake with its line and what would put it right."""
    language = lang or language_of(os.environ)
    try:
        settings = load(file, lenient=True)
    except BadConfiguration as refused:
        _print(refused.mistakes, "{text}", language)
        click.echo(_say("refused", language, count=len(refused.mistakes)), err=True)
        sys.exit(1)
    if explained is None:
        _summarize(settings, language)
        return
    try:
        for line in explain(settings, plan_of(settings), *explained, language):
            click.echo(line)
    except Unknown as unknown:
        click.echo(str(unknown), err=True)
        sys.exit(2)


def _summarize(settings: Settings, language: Language) -> None:
    kinds = Counter(device.kind for device in settings.devices.values() if device.id != MONITOR)
    rates = dict.fromkeys(Lane, 0.0)
    for one in settings.checks.values():
        rates[one.lane] += 0.0 if one.heard else 60 / one.every_seconds
    counted = (f"{_say(f'kind_{kind}', language)} {count}" for kind, count in kinds.most_common())
    click.echo(_say("good", language, file=settings.file))
    click.echo("  " + _say("site", language, site=settings.site.name, kinds=_say("list_comma", language).join(counted)))
    looks, pictures = sum(rates.values()), rates[Lane.DECODE]
    click.echo("  " + _say("checks", language, checks=len(settings.checks), looks=looks, pictures=pictures))
    rest = ("rules", "faults", "channels", "routes", "users")
    click.echo("  " + _say("rest", language, **{name: len(getattr(settings, name)) for name in rest}))
    credentials = {one.facts["name"] for one in settings.warnings if one.code == "secret_no_credentials"}
    if credentials:
        click.echo("  " + _say("credentials", language, names=_say("list_comma", language).join(sorted(credentials))))
    warnings = tuple(one for one in settings.warnings if one.code != "secret_no_credentials")
    _print(warnings, WORDS["warning"].get(language), language)


def _say(code: str, language: Language, **facts: object) -> str:
    return WORDS[code].get(language).format_map(facts)


def _print(mistakes: tuple[Mistake, ...], form: str, language: Language) -> None:
    for mistake in mistakes[:MAX_LINES]:
        click.echo(form.format(text=mistake.say(language)), err=True)
    if len(mistakes) > MAX_LINES:
        click.echo(_say("more", language, count=len(mistakes) - MAX_LINES), err=True)
