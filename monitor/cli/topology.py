"""What hangs on what, as the switches have learned it? `sitewarden topology` proposes, a person confirms."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import click
import orjson
import uvloop

from monitor.cli.known import read_outages
from monitor.cli.language import LANGUAGE, _
from monitor.core.plan import MONITOR, Device
from monitor.discovery.feeding import infer_power
from monitor.discovery.proposal import amend
from monitor.discovery.site import Site, find_addresses, read_site
from monitor.discovery.telling import changed_keys, say_evidence, say_proposal
from monitor.discovery.wiring import Proposal, infer
from monitor.locale import Formats
from monitor.locale.probe_lines import say_line
from monitor.settings.mistake import BadConfiguration
from monitor.storage.errors import StoreError
from probes.discovery.neighbours import read_neighbours
from probes.discovery.patience import hear
from probes.errors import Denied, Trouble
from probes.snmp.look import SnmpOptions, ask
from probes.snmp.recognition import AUTO
from probes.snmp.session import Sessions
from probes.tools import Tools
from probes.topology import Channel, Tables, read_arp, read_channels, read_own_mac, read_tables

AT_ONCE: Final = 32
SECONDS: Final = 60.0  # of one device


@dataclass(slots=True)
class Learned:
    """What the devices told, and who told nothing and why."""

    macs: dict[str, str] = field(default_factory=dict)
    tables: dict[str, Tables] = field(default_factory=dict)
    channels: dict[str, tuple[Channel, ...]] = field(default_factory=dict)
    silent: dict[str, str] = field(default_factory=dict)
    coarse: list[str] = field(default_factory=list)  # UPSs that tell no watts


@click.command(
    help=_(
        "Say on which switch and port each device of the site's file hangs, by LLDP, bridge tables, ARP and the "
        "channels of recorders, and which UPS feeds it, by what the UPS's load did whenever it had no power; propose "
        "`parent`, `port` and `power` as a unified diff, with the evidence."
    )
)
@click.option(
    "-c", "--config", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True,
    help=_("The site's file."),
)  # fmt: skip
@click.option(
    "--state", type=click.Path(path_type=Path, file_okay=False),
    help=_("Folder of the daemon's database, which knows what the loads of UPSs did; default: systemd's or XDG's."),
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help=_("One JSON document instead of tables."))
def topology(*, config: Path, state: Path | None, as_json: bool) -> None:
    """Propose what hangs on what."""
    try:
        site = read_site(config)
    except BadConfiguration as error:
        told = "\n".join(mistake.say(LANGUAGE) for mistake in error.mistakes)
        raise click.ClickException(told) from None
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        learned, proposals = runner.run(_look(site))
    proposals += _powers(site, state)
    amended = amend(site.text, str(config), changed_keys(proposals, site.devices))
    if amended.mistakes:
        told = "\n".join(mistake.say(LANGUAGE) for mistake in amended.mistakes)
        raise click.ClickException(_("The changed file would not pass `sitewarden check`:") + "\n" + told)
    diff = amended.difference
    if as_json:
        found = {
            "proposals": [asdict(one) for one in proposals],
            "silent": learned.silent,
            "coarse": learned.coarse,
            "difference": diff,
        }
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        return
    formats = Formats(LANGUAGE, site.settings.site.timezone)
    for one in proposals:
        _say(one, formats)
    for name in learned.coarse:
        click.echo(_("{ups} tells its load in per cent only: too coarse to see what it feeds.").format(ups=name))
    for name, why in learned.silent.items():
        click.echo(_("{device} told nothing: {why}").format(device=name, why=say_line(why, LANGUAGE)), err=True)
    seen = {one.device for one in proposals if one.link == "network"}
    silent = [name for name in site.devices if name != MONITOR and name not in seen]
    click.echo(_("{count} devices were seen nowhere.").format(count=len(silent)))
    click.echo(("\n" + diff.rstrip("\n")) if diff else _("{file}: nothing to change.").format(file=config))


def _powers(site: Site, state: Path | None) -> tuple[Proposal, ...]:
    try:
        return infer_power(site.devices, read_outages(site.settings.store_url.reveal(), state))
    except StoreError as error:
        click.echo(_("Nothing is known of the loads of UPSs: {why}.").format(why=error.reason), err=True)
        return ()


def _say(one: Proposal, formats: Formats) -> None:
    colour = {"new": "green", "differs": "yellow"}.get(one.standing)
    click.echo(click.style(say_proposal(one, _), fg=colour))
    if one.standing != "agrees":
        for said in one.evidence:
            click.echo("  " + say_evidence(said, _, formats))


async def _look(site: Site) -> tuple[Learned, tuple[Proposal, ...]]:
    tools = Tools()
    try:
        addresses = await find_addresses(site.devices, tools)
        learned = Learned()
        arp = read_neighbours()
        places = asyncio.Semaphore(AT_ONCE)
        agents = [one for one in site.devices.values() if one.target.snmp and one.kind in ("switch", "gateway")]
        await asyncio.gather(*(_read_arp(one, tools, places, arp, learned) for one in agents))
        for name, device in site.devices.items():
            mac = device.mac or arp.get(addresses.get(name, ""), "")
            if mac and name != MONITOR:
                learned.macs.setdefault(name, mac)
        switches = [one for one in agents if one.kind == "switch" and one.id not in learned.silent]
        recorders = [one for one in site.devices.values() if one.kind == "recorder" and one.target.login]
        upses = [one for one in site.devices.values() if one.kind == "ups" and one.target.snmp]
        await asyncio.gather(
            *(_read_ups(one, tools, places, learned) for one in upses),
            *(_read_switch(one, tools, places, learned) for one in switches),
            *(_read_recorder(one, site, tools, places, learned) for one in recorders),
        )
    finally:
        await tools.close()
    return learned, infer(site.devices, learned.macs, addresses, learned.tables, learned.channels)


async def _read_arp(
    device: Device, tools: Tools, places: asyncio.Semaphore, arp: dict[str, str], learned: Learned
) -> None:
    session = tools.get(Sessions).get(device.target)
    async with places, session.lock:
        own = await hear(read_own_mac(session), SECONDS)
        answer = await hear(read_arp(session), SECONDS) if not isinstance(own, Trouble) else own
    if isinstance(own, str) and own and device.kind == "switch":
        learned.macs[device.id] = own
    if isinstance(answer, Trouble):
        learned.silent[device.id] = str(answer)
    else:
        arp.update(answer)


async def _read_switch(device: Device, tools: Tools, places: asyncio.Semaphore, learned: Learned) -> None:
    session = tools.get(Sessions).get(device.target)
    async with places, session.lock:
        answer = await hear(read_tables(session, learned.macs.values()), SECONDS)
    if isinstance(answer, Trouble):
        learned.silent[device.id] = str(answer)
    else:
        learned.tables[device.id] = answer


async def _read_ups(device: Device, tools: Tools, places: asyncio.Semaphore, learned: Learned) -> None:
    async with places:
        options = SnmpOptions(profile=device.profile or AUTO, tables=False)
        answer = await hear(ask(device.target, options, tools), SECONDS)
    if isinstance(answer, Trouble):
        learned.silent[device.id] = str(answer)
    elif "power_watts" not in answer.values:
        learned.coarse.append(device.id)


async def _read_recorder(device: Device, site: Site, tools: Tools, places: asyncio.Semaphore, learned: Learned) -> None:
    """The login is shown once; at most two ports are tried, none after a refusal."""
    named = [
        (port, bool(getattr(check.options, "tls", False)))
        for check in site.settings.checks.values()
        if check.device == device.id and check.probe in ("onvif", "http", "tcp")
        if isinstance(port := getattr(check.options, "port", None), int)
    ]
    for port, tls in list(dict.fromkeys((*named, (80, False))))[:2]:
        async with places:
            answer = await hear(read_channels(device.target, port, tools, tls=tls), SECONDS)
        if isinstance(answer, Denied):
            learned.silent[device.id] = str(answer)
            return
        if not isinstance(answer, Trouble):
            learned.channels[device.id] = answer
            return
