"""Make a password hash or an API token for the configuration."""

from __future__ import annotations

import sys

import click

from monitor.cli.language import _
from monitor.web.users import hash_password, new_token


@click.command(help=_("Make the hash of a password, or an API token, for the site's file."))
@click.option("--token", is_flag=True, help=_("An API token instead of a password."))
def password(token: bool) -> None:
    """Make the hash of a password (asked for twice, never shown; from a pipe its first line), or an API token."""
    if token:
        secret, digest = new_token()
        click.echo(_("Give this to the program, it is shown once: {secret}").format(secret=secret), err=True)
        click.echo(digest)
        return
    click.echo(hash_password(_ask() if sys.stdin.isatty() else _read()))


def _ask() -> str:
    while True:
        first = str(click.prompt(_("Password"), hide_input=True, err=True))
        if first == click.prompt(_("The same again"), hide_input=True, err=True):
            return first
        click.echo(_("These are not the same."), err=True)


def _read() -> str:
    """From a pipe: the first line."""
    first = sys.stdin.readline().removesuffix("\n")
    if not first:
        raise click.UsageError(_("No password came in."))
    return first
