"""Ask one device everything now, and show what it answered."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click
import orjson
import uvloop
from pydantic import ValidationError

from monitor.cli.language import _
from monitor.cli.site import find_device
from probes.ask import ask
from probes.bounds import line
from probes.observation import Observation, Outcome
from probes.probe import Options
from probes.registry import probe as probe_of
from probes.snmp.shelf import ProfileShelf
from probes.target import Login, Secret, SnmpAccess, Target
from probes.tools import Tools, start_transcript

_SCHEMES = {
    "rtsp": "rtsp",
    "rtsps": "rtsp",
    "onvif": "onvif",
    "onvifs": "onvif",
    "snmp": "snmp",
    "http": "http",
    "https": "http",
    "tcp": "tcp",
    "tls": "tls",
    "icmp": "icmp",
}
MAX_LINE = 500  # characters of a transcript's line; devices have a say in some
_PASSWORD_VARIABLE = "SITEWARDEN_PASSWORD"  # noqa: S105 - the name of it


@dataclass(frozen=True, slots=True)
class Question:
    """One question as this command puts it."""

    check: str
    kind: str
    options: Options
    timeout_seconds: float


@click.command(
    help=_(
        "Ask DEVICE everything now. DEVICE is a device of the site's file, or an address without any file: "
        "rtsp://HOST/PATH, onvif://HOST, snmp://HOST, https://HOST/, tcp://HOST:PORT, tls://HOST, icmp://HOST."
    )
)
@click.argument("device")
@click.option("-c", "--config", type=click.Path(path_type=Path, exists=True), help=_("The site's file."))
@click.option("--json", "as_json", is_flag=True, help=_("One line of JSON a question instead of a transcript."))
@click.option("--user", help=_("User name; the password comes from $SITEWARDEN_PASSWORD or is asked for."))
@click.option(
    "--community",
    envvar="SITEWARDEN_COMMUNITY",
    help=_("SNMP community for snmp:// (default: public); others cannot see it in $SITEWARDEN_COMMUNITY."),
)
@click.option("--timeout", type=click.FloatRange(0.1, 300), help=_("Seconds for each question."))
def probe(
    device: str,
    *,
    config: Path | None,
    as_json: bool,
    user: str | None,
    community: str | None,
    timeout: float | None,
) -> None:
    """Ask one device everything now and print what it answered."""
    folders: tuple[Path, ...] = ()
    if "://" in device:
        target, questions = _from_address(device, user, community)
    elif config is not None:
        target, questions, folders = _from_site(device, config)
    else:
        raise click.UsageError(
            _("Say where the device is described, -c site.yaml, or give an address such as rtsp://…")
        )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        looks = runner.run(_ask_all(target, questions, timeout, as_json, folders))
    sys.exit(0 if all(look.outcome is Outcome.OK for look in looks) else 1)


def _from_site(device: str, config: Path) -> tuple[Target, list[Question], tuple[Path, ...]]:
    settings, found = find_device(device, config)
    questions = [
        Question(check.name, check.probe, check.options, check.timeout_seconds)
        for check in settings.checks.values()
        if check.device == device and not check.heard
    ]
    return found.target, questions, settings.profile_folders


def _from_address(address: str, user: str | None, community: str | None) -> tuple[Target, list[Question]]:
    parts = urlsplit(address)
    kind = _SCHEMES.get(parts.scheme)
    if kind is None:
        known_schemes = ", ".join(f"{each}://" for each in _SCHEMES)
        raise click.UsageError(_("{scheme}:// is none of {known}").format(scheme=parts.scheme, known=known_schemes))
    if parts.password is not None:
        raise click.UsageError(_("No password in the address, others can see it: use --user and $SITEWARDEN_PASSWORD."))
    try:
        port = parts.port
    except ValueError as error:
        raise click.UsageError(f"{address}: {error}") from None
    if not parts.hostname:
        raise click.UsageError(_("{address} names no host.").format(address=address))
    user = user or parts.username
    login = None
    if user:
        password = os.environ.get(_PASSWORD_VARIABLE) or click.prompt(
            _("Password of {user}").format(user=user), hide_input=True, err=True
        )
        login = Login(user, Secret(password))
    snmp = SnmpAccess(port=port or 161, community=Secret(community or "public")) if kind == "snmp" else None
    known = probe_of(kind)
    given: dict[str, object] = {}
    if port and "port" in known.options.model_fields and kind != "snmp":
        given["port"] = port
    if "path" in known.options.model_fields and parts.path not in ("", "/"):
        given["path"] = parts.path + (f"?{parts.query}" if parts.query else "")
    if "tls" in known.options.model_fields:
        given["tls"] = parts.scheme in ("rtsps", "onvifs", "https")
    try:
        options = known.options(**given)
    except ValidationError as error:
        raise click.UsageError("; ".join(f"{each['loc'][0]}: {each['msg']}" for each in error.errors())) from None
    return Target(parts.hostname, parts.hostname, login, snmp), [Question(kind, kind, options, known.timeout_seconds)]


async def _ask_all(
    target: Target,
    questions: Sequence[Question],
    timeout_seconds: float | None,
    as_json: bool,
    profile_folders: tuple[Path, ...] = (),
) -> list[Observation]:
    """One after the other, and none with a login after a login was refused."""
    tools = Tools()
    if profile_folders:
        tools.get(ProfileShelf).use(profile_folders)
    looks: list[Observation] = []
    refused = False
    try:
        for question in questions:
            kind = probe_of(question.kind)
            if refused and (kind.uses_login or kind.uses_snmp):
                said = _("{check}: not asked, the password was refused").format(check=question.check)
                click.echo(said + "\n", err=as_json)
                continue
            transcript = start_transcript()
            look = await ask(
                kind,
                target,
                question.options,
                tools,
                check=question.check,
                timeout_seconds=timeout_seconds or question.timeout_seconds,
            )
            refused = refused or look.outcome is Outcome.DENIED
            looks.append(look)
            click.echo(_line(look) if as_json else _page(look, transcript))
    finally:
        await tools.close()
    return looks


def _line(look: Observation) -> str:
    found = {
        "device": look.device,
        "check": look.check,
        "at": look.at,
        "duration_seconds": round(look.duration_seconds, 6),
        "outcome": look.outcome.value,
        "detail": look.detail,
        "values": dict(look.values),
        "rows": {table: {key: dict(row) for key, row in rows.items()} for table, rows in look.rows.items()},
        "picture": None if look.picture is None else {"width": look.picture.width, "height": look.picture.height},
    }
    return orjson.dumps(found).decode()


def _page(look: Observation, transcript: Sequence[str]) -> str:
    head = f"{look.check}: {look.outcome.value} in {look.duration_seconds * 1000:.1f} ms"
    lines = [click.style(head, fg="green" if look.outcome is Outcome.OK else "red", bold=True)]
    if look.detail:
        lines.append(f"  {look.detail}")
    lines += [click.style(f"  · {line(said, MAX_LINE)}", dim=True) for said in transcript]
    width = max((len(name) for name in look.values), default=0)
    lines += [f"  {name:<{width}}  {_shown(value)}" for name, value in look.values.items()]
    for table, rows in look.rows.items():
        lines.append(f"  {table}:")
        lines += [
            f"    {key}: " + ", ".join(f"{name}={_shown(value)}" for name, value in row.items())
            for key, row in rows.items()
        ]
    if look.picture is not None:
        lines.append(f"  picture: {look.picture.width}×{look.picture.height}, {len(look.picture.jpeg)} bytes")
    return "\n".join(lines) + "\n"


def _shown(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
