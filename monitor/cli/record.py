"""What does a real device answer, redacted, so that it can be tested and served again? `sitewarden record DEVICE`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import uvloop

from monitor import __version__
from monitor.cli.address import ask_login, read_parts
from monitor.cli.language import _
from monitor.cli.site import find_device
from monitor.settings.model import Settings
from probes.discovery import Ports
from probes.errors import Trouble
from probes.panel.options import PanelOptions, PanelSettings
from probes.recording import Recording, write_folder
from probes.recording.capture import Captured, Leaky, capture
from probes.recording.reports import hear_reports
from probes.recording.tape import TapedTools
from probes.target import Secret, SnmpAccess, Target

_SCHEMES = {"onvif": "http", "http": "http", "onvifs": "https", "https": "https", "rtsp": "rtsp", "snmp": "snmp"}


@click.command(
    help=_(
        "Record what DEVICE answers into a folder, without serial numbers, MACs, addresses, names and passwords. "
        "DEVICE is a device of the site's file, or an address: onvif://HOST, https://HOST, rtsp://HOST, snmp://HOST. "
        "Nothing is changed on the device; look through the folder before you give it away."
    )
)
@click.argument("device")
@click.option("-c", "--config", type=click.Path(path_type=Path, exists=True), help=_("The site's file."))
@click.option(
    "--to", "folder", required=True, type=click.Path(path_type=Path, file_okay=False), help=_("A new folder.")
)
@click.option("--user", help=_("User name; the password comes from $SITEWARDEN_PASSWORD or is asked for."))
@click.option(
    "--community", envvar="SITEWARDEN_COMMUNITY",
    help=_("SNMP community; others cannot see it in $SITEWARDEN_COMMUNITY."),
)  # fmt: skip
@click.option("--picture", is_flag=True, help=_("Also take one picture; it shows what the camera sees."))
@click.option(
    "--reports", "minutes", type=click.FloatRange(0.01, 1_440), metavar="MINUTES",
    help=_("Of an alarm panel of the site's file: hear for so long what it reports. The daemon must be stopped."),
)  # fmt: skip
def record(
    device: str,
    *,
    config: Path | None,
    folder: Path,
    user: str | None,
    community: str | None,
    picture: bool,
    minutes: float | None,
) -> None:
    """Record one device, redacted."""
    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(_("{folder} is not empty.").format(folder=folder))
    if "://" in device:
        target, ports = _from_address(device, user, community)
    elif config is not None:
        target, ports = _from_site(device, config)
    else:
        raise click.UsageError(
            _("Say where the device is described, -c site.yaml, or give an address such as rtsp://…")
        )
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            if minutes is not None:
                reported = runner.run(_hear(device, config, minutes * 60.0))
                _write(reported, folder)
                return
            captured = runner.run(_capture(target, ports, picture))
    except Trouble as trouble:
        raise click.ClickException(str(trouble)) from None
    except Leaky as leaky:
        raise click.ClickException(
            _("Something private would remain, nothing was written: {where}").format(where=leaky)
        ) from None
    _write(captured.recording, folder)


def _write(recording: Recording, folder: Path) -> None:
    try:
        write_folder(recording, folder)
    except OSError as error:
        raise click.ClickException(f"{folder}: {error.strerror}") from None
    for name, value in recording.facts.items():
        click.echo(f"{name}: {value}" if len(value) < 200 else f"{name}: {value[:200]}…")
    click.echo(_("Written to {folder}. Look through it before you give it away.").format(folder=folder))


async def _hear(device: str, config: Path | None, seconds: float) -> Recording:
    """What a panel reports in that time, where the daemon would hear it."""
    settings, found = find_device(device, config) if config is not None else (None, None)
    check = settings.checks.get((device, "panel")) if settings is not None else None
    if settings is None or found is None or check is None:
        raise click.UsageError(_("--reports wants a device of the site's file with the check panel."))
    where = settings.listeners.get("panel") or PanelSettings()
    assert isinstance(where, PanelSettings)
    assert isinstance(check.options, PanelOptions)
    tools = TapedTools()
    try:
        reports = await hear_reports(found.target, check.options, where, tools, seconds)
    except OSError as error:
        raise click.ClickException(
            _("Port {port} cannot be had, stop the daemon meanwhile: {why}").format(port=where.port, why=error.strerror)
        ) from None
    finally:
        await tools.close()
    if not reports:
        raise click.ClickException(_("The panel reported nothing in that time."))
    facts = {"kind": "panel", "make": found.vendor, "model": found.model, "holds": f"{len(reports)} reports"}
    facts["recorded"] = f"{datetime.now(UTC):%Y-%m-%d} by sitewarden {__version__}"
    return Recording({name: value for name, value in facts.items() if value}, reports=reports)


async def _capture(target: Target, ports: Ports, picture: bool) -> Captured:
    tools = TapedTools()
    try:
        return await capture(target, ports, tools, picture=picture, version=__version__)
    finally:
        await tools.close()


def _from_site(device: str, config: Path) -> tuple[Target, Ports]:
    settings, found = find_device(device, config)
    return found.target, _ports_of(device, settings)


def _ports_of(device: str, settings: Settings) -> Ports:
    """The usual ports, and first those that the device's checks name."""
    ports = Ports()
    for check in settings.checks.values():
        port = getattr(check.options, "port", None)
        if check.device != device or not isinstance(port, int):
            continue
        if check.probe in ("onvif", "http"):
            kind = "https" if getattr(check.options, "tls", False) else "http"
            ports = replace(ports, **{kind: tuple(dict.fromkeys((port, *getattr(ports, kind))))})
        elif check.probe == "rtsp":
            ports = replace(ports, rtsp=tuple(dict.fromkeys((port, *ports.rtsp))))
        elif check.probe == "snmp":
            ports = replace(ports, snmp=(port,))
    return ports


def _from_address(text: str, user: str | None, community: str | None) -> tuple[Target, Ports]:
    kind, host, parts = read_parts(text, _SCHEMES)
    port, user = parts.port, user or parts.username
    login = ask_login(user) if user else None
    wants_agent = kind == "snmp" or community
    snmp = SnmpAccess(port=port if kind == "snmp" and port else 161, community=Secret(community or "public"))
    ports = Ports()
    if port and kind != "snmp":
        ports = replace(ports, **{kind: tuple(dict.fromkeys((port, *getattr(ports, kind))))})
    return Target(host, host, login, snmp if wants_agent else None), ports
