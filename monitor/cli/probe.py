"""Ask one device everything now, and show what it answered."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import orjson
import uvloop

from monitor.cli.address import AUTH, PRIV, Access, Question, read_address
from monitor.cli.language import LANGUAGE, _
from monitor.cli.site import find_device
from monitor.locale import Formats, translate
from monitor.locale.probe_lines import say_line
from monitor.web.views.labels import OUTCOMES
from monitor.web.views.numbers import NAMES, figure
from probes.ask import ask
from probes.bounds import line
from probes.observation import Observation, Outcome, Value
from probes.registry import probe as probe_of
from probes.snmp.shelf import ProfileShelf
from probes.target import Auth, Priv, Target
from probes.tools import Tools, start_transcript
from ticketing.ticket import Language

MAX_LINE = 500  # characters of a transcript's line; devices have a say in some


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
@click.option(
    "--auth", type=click.Choice(AUTH), default="sha", show_default=True,
    help=_("How snmp://USER@HOST signs (SNMPv3); the key comes from $SITEWARDEN_AUTH_KEY or is asked for."),
)  # fmt: skip
@click.option(
    "--priv", type=click.Choice(PRIV), default="aes128", show_default=True,
    help=_("How snmp://USER@HOST encrypts (SNMPv3); the key comes from $SITEWARDEN_PRIV_KEY or is asked for."),
)  # fmt: skip
@click.option("--timeout", type=click.FloatRange(0.1, 300), help=_("Seconds for each question."))
def probe(
    device: str,
    *,
    config: Path | None,
    as_json: bool,
    user: str | None,
    community: str | None,
    auth: Auth,
    priv: Priv,
    timeout: float | None,
) -> None:
    """Ask one device everything now and print what it answered."""
    folders: tuple[Path, ...] = ()
    if "://" in device:
        target, question = read_address(device, Access(user, community, auth, priv))
        questions = [question]
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
            click.echo(_line(look) if as_json else _page(look, transcript, LANGUAGE))
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


def _page(look: Observation, transcript: Sequence[str], language: Language) -> str:
    """The look for a person: names as rules use them, and in other languages than English what they are called."""
    took, say = f"{look.duration_seconds * 1000:.1f} ms", translate(language)
    head = _("{check}: {outcome} in {took}").format(check=look.check, outcome=look.outcome.value, took=took)
    if language != "en":
        head += f" · {say(OUTCOMES[look.outcome.value])}"
    lines = [click.style(head, fg="green" if look.outcome is Outcome.OK else "red", bold=True)]
    if look.detail:
        lines.append(f"  {say_line(look.detail, language)}")
    lines += [click.style(f"  · {line(say_line(said, language), MAX_LINE)}", dim=True) for said in transcript]
    width = max((len(name) for name in look.values), default=0)
    lines += [f"  {name:<{width}}  {_shown(name, value, language)}" for name, value in look.values.items()]
    for table, rows in look.rows.items():
        lines.append(f"  {table}:")
        lines += [
            f"    {key}: " + ", ".join(f"{name}={_plain(value)}" for name, value in row.items())
            for key, row in rows.items()
        ]
    if look.picture is not None:
        width, height, size = look.picture.width, look.picture.height, len(look.picture.jpeg)
        picture = _("picture: {width}×{height}, {size} bytes").format(width=width, height=height, size=size)
        lines.append(f"  {picture}")
    return "\n".join(lines) + "\n"


def _shown(name: str, value: Value, language: Language) -> str:
    plain = _plain(value)
    if language == "en" or name not in NAMES:
        return plain
    told = figure(name, value, translate(language), Formats(language))
    return f"{plain}  （{told.label}）" if told.text == plain else f"{plain}  （{told.label}：{told.text}）"


def _plain(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
