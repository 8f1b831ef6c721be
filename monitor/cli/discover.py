"""What stands in these networks, and what should the site's file say of it? `sitewarden discover RANGE…`."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
import uvloop

from monitor.cli.address import ask_login
from monitor.cli.discover_page import as_json, as_page
from monitor.cli.known import read_known
from monitor.cli.language import LANGUAGE, _
from monitor.cli.progress import Bar
from monitor.core.inventory import Identity
from monitor.discovery.comparison import Compared, compare
from monitor.discovery.outline import NoList
from monitor.discovery.proposal import Proposal, propose, skeleton
from monitor.discovery.site import Site, find_addresses, own_accesses, read_site
from monitor.discovery.words import say_refused
from monitor.discovery.writing import Changed, replace_file
from monitor.locale.probe_lines import say_line
from monitor.settings.mistake import BadConfiguration, did_you_mean
from monitor.storage.errors import StoreError
from probes.discovery import Access, BadPorts, BadRange, Ports, Ranges, Report, Scope, parse_ports, parse_ranges, sweep
from probes.errors import LocalTrouble
from probes.snmp.shelf import ProfileShelf
from probes.target import Secret, SnmpAccess
from probes.tools import Tools

_FRESH_ID = "my-site"
FILES_WANTED = 8_192


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    ranges: Ranges
    ports: Ports
    credentials: str | None
    snmp: tuple[str, ...]
    user: str | None
    community: str | None
    multicast: bool


@click.command(
    help=_(
        "Find what stands in the RANGEs (10.1.0.0/22, 10.1.0.10-40, 10.1.0.5), say what it is, and propose the change "
        "of the site's file as a unified diff. Each login is tried once a device and never after a refusal."
    )
)
@click.argument("ranges", nargs=-1, required=True, metavar="RANGE…")
@click.option(
    "-c", "--config", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=_("The site's file: its credentials are used, and what is found is compared with it."),
)  # fmt: skip
@click.option("--credentials", metavar="NAME", help=_("Login of the site's file for devices that are not in it yet."))
@click.option("--snmp", multiple=True, metavar="NAME", help=_("SNMP access of the site's file; may be given again."))
@click.option("--user", help=_("User name; the password comes from $SITEWARDEN_PASSWORD or is asked for."))
@click.option(
    "--community", envvar="SITEWARDEN_COMMUNITY",
    help=_("SNMP community, where there is no site's file; others cannot see it in $SITEWARDEN_COMMUNITY."),
)  # fmt: skip
@click.option(
    "--state", type=click.Path(path_type=Path, file_okay=False),
    help=_("Folder of the daemon's database, by which devices are known again too; default: systemd's or XDG's."),
)  # fmt: skip
@click.option("--ports", multiple=True, metavar="NAME=LIST", help=_("Other ports, such as http=80,8080 or rtsp=8554."))
@click.option("--multicast", is_flag=True, help=_("Also send a WS-Discovery multicast into this machine's networks."))
@click.option("--json", "json", is_flag=True, help=_("One JSON document instead of tables."))
@click.option(
    "--write", "target", type=click.Path(path_type=Path, dir_okay=False),
    help=_("Apply the change to this file, or make it; the one before is kept beside it."),
)  # fmt: skip
def discover(
    *,
    ranges: tuple[str, ...],
    config: Path | None,
    credentials: str | None,
    snmp: tuple[str, ...],
    user: str | None,
    community: str | None,
    state: Path | None,
    ports: tuple[str, ...],
    multicast: bool,
    json: bool,
    target: Path | None,
) -> None:
    """Find what stands in the ranges and propose the change of the site's file."""
    try:
        wish = Wish(parse_ranges(ranges), parse_ports(ports), credentials, snmp, user, community, multicast)
    except (BadRange, BadPorts) as error:
        raise click.UsageError(say_refused(error, _)) from None
    file = config or (target if target and target.exists() else None)
    if target and config and target.resolve() != config.resolve():
        raise click.UsageError(_("--write and -c name different files."))
    site = _read(file) if file else None
    known = _known(site, state) if site else {}
    login, agents = _accesses(wish, site)
    _allow_many_files()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        report, lines = runner.run(_sweep(wish, site, known, login, agents))
    name = str(target or file or "site.yaml")
    before = site.text if site else ""
    proposal = _propose(before, name, lines, site, (login, *agents))
    click.echo(as_json(report, lines, proposal) if json else as_page(report, lines, proposal))
    if proposal.mistakes:
        told = "\n".join(mistake.say(LANGUAGE) for mistake in proposal.mistakes)
        raise click.ClickException(_("The changed file would not pass `sitewarden check`:") + "\n" + told)
    if target is not None:
        _write(target, proposal, quiet=json)


def _read(file: Path) -> Site:
    try:
        return read_site(file)
    except BadConfiguration as error:
        told = "\n".join(mistake.say(LANGUAGE) for mistake in error.mistakes)
        raise click.ClickException(told) from None
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None


def _known(site: Site, state: Path | None) -> Mapping[str, Identity]:
    """What the daemon knows; without it the file alone is compared."""
    try:
        return read_known(site.settings.store_url.reveal(), state)
    except StoreError as error:
        click.echo(_("Compared with the site's file only: {why}.").format(why=error.reason), err=True)
        return {}


def _accesses(wish: Wish, site: Site | None) -> tuple[Access | None, tuple[Access, ...]]:
    """The login and the SNMP accesses for devices that are not configured."""
    if site is None:
        if wish.credentials or wish.snmp:
            raise click.UsageError(_("--credentials and --snmp name entries of a site's file: give it by -c."))
        return _login(wish.user), _community(wish.community)
    if wish.user:
        raise click.UsageError(_("The site's file keeps logins under `credentials`: name one by --credentials."))
    login = _named(wish.credentials, site) if wish.credentials else None
    if login is not None and login.login is None:
        raise click.UsageError(_("{name} holds no login that can be read here.").format(name=wish.credentials))
    agents = tuple(_named(name, site) for name in wish.snmp)
    for one in agents:
        if one.snmp is None:
            raise click.UsageError(_("{name} holds no SNMP access that can be read here.").format(name=one.name))
    return login, agents


def _named(name: str, site: Site) -> Access:
    found = site.accesses.get(name)
    if found is None:
        text = _("{file} has no credentials {name} that can be read here.").format(file=site.file, name=name)
        if meant := did_you_mean(name, site.accesses):
            text += " " + _("Did you mean {device}?").format(device=meant[0])
        raise click.UsageError(text)
    return found


def _login(user: str | None) -> Access | None:
    return Access("devices", ask_login(user)) if user else None


def _community(community: str | None) -> tuple[Access, ...]:
    return (Access("agents", snmp=SnmpAccess(community=Secret(community))),) if community else ()


async def _sweep(
    wish: Wish, site: Site | None, known: Mapping[str, Identity], login: Access | None, agents: tuple[Access, ...]
) -> tuple[Report, tuple[Compared, ...]]:
    tools = Tools()
    if site is not None and site.settings.profile_folders:
        tools.get(ProfileShelf).use(site.settings.profile_folders)
    try:
        addresses = await find_addresses(site.devices, tools) if site else {}
        own = own_accesses(site, addresses) if site else {}
        scope = Scope(wish.ranges, wish.ports, login, agents, own, wish.multicast)
        with Bar(len(wish.ranges), _("asked {done} of {total}, found {found}")) as bar:
            report = await sweep(scope, tools, tell=lambda at: bar.show(at.done, found=at.found))
    except LocalTrouble as trouble:
        raise click.ClickException(say_line(str(trouble), LANGUAGE)) from None
    finally:
        await tools.close()
    return report, compare(report.found, site.devices if site else {}, addresses, wish.ranges, known)


def _propose(
    before: str, name: str, lines: Sequence[Compared], site: Site | None, accesses: Sequence[Access | None]
) -> Proposal:
    try:
        if site is not None:
            return propose(before, name, lines, site.snmp_ports)
        if not any(line.found and line.found.kind for line in lines):
            return Proposal("", "", "")
        fresh = skeleton(_FRESH_ID, [one for one in accesses if one])
        return propose(fresh, name, lines, {}).from_nothing(name)
    except NoList as error:
        raise click.ClickException(f"{name}: {error}") from None


def _write(target: Path, proposal: Proposal, *, quiet: bool) -> None:
    if proposal.before == proposal.after:
        click.echo(_("{file}: nothing to change.").format(file=target), err=quiet)
        return
    try:
        kept = replace_file(target, proposal.before, proposal.after, datetime.now().astimezone())
    except Changed:
        raise click.ClickException(_("{file} was changed meanwhile; run it again.").format(file=target)) from None
    except OSError as error:
        raise click.ClickException(f"{target}: {error.strerror}") from None
    click.echo(_("{file}: written.").format(file=target), err=quiet)
    if kept:
        click.echo(_("What it said before is in {file}.").format(file=kept), err=quiet)


def _allow_many_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, FILES_WANTED)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
