"""Which device of the site's file does a command mean?"""

from __future__ import annotations

import os
from pathlib import Path

import click

from monitor.cli.language import _, language_of
from monitor.core.plan import Device
from monitor.settings.load import load
from monitor.settings.mistake import BadConfiguration, did_you_mean
from monitor.settings.model import Settings


def find_device(device: str, config: Path) -> tuple[Settings, Device]:
    """The settings and that device of them; ClickException with every mistake, or with what may have been meant."""
    try:
        settings = load(config)
    except BadConfiguration as error:
        told = (mistake.say(language_of(os.environ)) for mistake in error.mistakes)
        raise click.ClickException("\n".join(told)) from None
    found = settings.devices.get(device)
    if found is None:
        text = _("{file} has no device {device}.").format(file=config, device=device)
        if meant := did_you_mean(device, settings.devices):
            text += " " + _("Did you mean {device}?").format(device=meant[0])
        raise click.ClickException(text)
    return settings, found
