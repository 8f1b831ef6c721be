"""Which profiles, rules and faults does a command go by: the shipped ones, and those of a site?"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import click

from monitor.cli.language import language_of
from monitor.core.plan import Fault, Rule
from monitor.settings.knowledge import shipped_knowledge
from monitor.settings.load import load
from monitor.settings.mistake import BadConfiguration
from probes.snmp.files import ProfileError
from probes.snmp.profile import Profiles
from probes.snmp.shelf import load_with


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of devices."""

    profiles: Profiles
    rules: tuple[Rule, ...]
    faults: dict[str, Fault]
    folders: tuple[Path, ...]  # of the site's own profiles


def gather(config: Path | None) -> Knowledge:
    """Read it. Raises click's exception that names every mistake."""
    if config is None:
        book, catalogue = shipped_knowledge()
        return Knowledge(load_with(()), tuple(book.rules.values()), dict(catalogue.faults), ())
    try:
        settings = load(config, lenient=True)
        profiles = load_with(settings.profile_folders)
    except BadConfiguration as error:
        told = (mistake.say(language_of(os.environ)) for mistake in error.mistakes)
        raise click.ClickException("\n".join(told)) from None
    except ProfileError as error:
        raise click.ClickException(str(error)) from None
    return Knowledge(profiles, settings.rules, dict(settings.faults), settings.profile_folders)
