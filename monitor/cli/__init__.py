"""The commands."""

from __future__ import annotations

from importlib import import_module

import click

from monitor import __version__
from monitor.cli.language import _

_COMMANDS = {
    "run": ("monitor.cli.run", "run"),
    "check": ("monitor.cli.check", "check"),
    "probe": ("monitor.cli.probe", "probe"),
    "frame": ("monitor.cli.frame", "frame"),
    "demo": ("monitor.cli.demo", "demo"),
    "discover": ("monitor.cli.discover", "discover"),
    "record": ("monitor.cli.record", "record"),
    "topology": ("monitor.cli.topology", "topology"),
    "identify": ("monitor.cli.identify", "identify_recording"),
    "profile": ("monitor.cli.profile", "profile"),
    "password": ("monitor.cli.password", "password"),
    "backup": ("monitor.cli.backup", "backup"),
}


class _Commands(click.Group):
    """Commands by name; each is imported only when it is used, so that `check` does not load the decoders."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        found = getattr(import_module(module), name)
        assert isinstance(found, click.Command)
        return found


@click.command(cls=_Commands, help=_("Sitewarden watches the equipment that watches a site."))
@click.version_option(__version__, prog_name="sitewarden")
def main() -> None:
    """Sitewarden watches the equipment that watches a site."""
