"""What is said of these pictures, and why? `sitewarden frame explain`, `sitewarden frame replay`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import orjson

from monitor.cli.language import _, language_of
from monitor.cli.replay import Look, Replay
from monitor.locale import Formats, translate
from monitor.web.views.numbers import figure, written
from probes.frame import places
from probes.frame.faults import ORDER
from probes.frame.footage import NoFootage, Shot, count, find, shots
from probes.frame.reference import MAX_BYTES, BadReference, unpack

_FILES = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
_REFERENCE = click.option(
    "--reference",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=_("What is known of the camera: a file that --save or the console wrote."),
)
_PLACE = click.option("--place", help=_("Of a camera that turns: the place, by its preset's name or its number."))


@click.group(help=_("Judge pictures of one camera as the daemon does."))
def frame() -> None:
    """Judge pictures of one camera as the daemon does."""


@frame.command(help=_("Say what is wrong with each picture and why: every measure beside what is usual."))
@_FILES
@_REFERENCE
@_PLACE
@click.option("--json", "as_json", is_flag=True, help=_("One line of JSON a picture."))
def explain(files: tuple[Path, ...], reference: Path | None, place: str | None, as_json: bool) -> None:
    """Say what is wrong with each picture and why."""
    replay = Replay(_read(reference, place), learning=False)
    for look in replay.run(_shots(files, 0.0)):
        if as_json:
            click.echo(orjson.dumps(look.report()).decode())
        else:
            _explain(look)


@frame.command(
    help=_(
        "Run pictures or videos of one camera, in the order of their times, through all that the daemon does with "
        "them, and write a report in JSON: every look with its verdicts, scores and measures, and the tickets."
    )
)
@_FILES
@_REFERENCE
@_PLACE
@click.option(
    "--interval",
    default=0.0,
    type=click.FloatRange(0, 86_400),
    help=_("Seconds between looks: of a video 1 if not given; pictures that are closer are passed over."),
)
@click.option(
    "--learn", type=click.Path(path_type=Path, exists=True), help=_("Learn from these healthy pictures first.")
)
@click.option("--no-learning", is_flag=True, help=_("Learn nothing from FILES."))
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help=_("Write what was learned there."))
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help=_("The report; else standard output.")
)
@click.option(
    "--marked", type=click.Path(path_type=Path, file_okay=False), help=_("Write every alarmed picture there.")
)
def replay(
    files: tuple[Path, ...],
    *,
    reference: Path | None,
    place: str | None,
    interval: float,
    learn: Path | None,
    no_learning: bool,
    save: Path | None,
    out: Path | None,
    marked: Path | None,
) -> None:
    """Run footage through the production line and write a report."""
    line = Replay(_read(reference, place))
    if learn is not None:
        for _look in line.run(_shown(_shots((learn,), interval), (learn,), interval, _("learning"))):
            pass
        line = Replay(line.reference)
    line.learning = not no_learning
    looks = []
    for look in line.run(_shown(_shots(files, interval), files, interval, _("looking"))):
        looks.append(look.report())
        if marked is not None and look.seen is not None and looks[-1]["verdicts"]:
            marked.mkdir(parents=True, exist_ok=True)
            name = f"{look.shot.name}.{looks[-1]['verdict']}.jpg".replace("/", "_")
            (marked / name).write_bytes(look.marked or look.jpeg)
    report = {"frames": looks, "events": line.events, "summary": _summary(looks, line)}
    written_report = orjson.dumps(report, option=orjson.OPT_INDENT_2)
    if out is None:
        sys.stdout.buffer.write(written_report + b"\n")
    else:
        out.write_bytes(written_report)
    if save is not None:
        save.write_bytes(line.reference)
    click.echo(orjson.dumps(report["summary"]).decode(), err=True)


def _summary(looks: list[dict[str, Any]], line: Replay) -> dict[str, Any]:
    times = [look["time"] for look in looks]
    return {
        "frames": len(looks),
        "days": round((max(times) - min(times)) / 86_400, 3) if times else 0.0,
        "verdicts": dict(line.counts.most_common()),
        "tickets": sum(event["event"] == "opened" for event in line.events),
        "reference_bytes": len(line.reference),
        "cpu_ms_median": sorted(look.get("cpu_ms", 0.0) for look in looks)[len(looks) // 2] if looks else 0.0,
    }


def _read(reference: Path | None, place: str | None) -> bytes:
    if reference is None:
        return b""
    try:
        with reference.open("rb") as file:
            data = file.read(MAX_BYTES * 2)
        known = places.unpack(data).places
        if known:
            data = _choose(known, reference, place)
        unpack(data)
    except (BadReference, OSError) as error:
        raise click.ClickException(f"{reference}: {error}") from None
    return data


def _choose(known: tuple[places.Place, ...], reference: Path, place: str | None) -> bytes:
    """What was learned at that place."""
    found = [one for number, one in enumerate(known, 1) if place in (one.name, str(number))]
    if not found and len(known) == 1 and place is None:
        found = [known[0]]
    if not found:
        say = (
            _("no such place, there are: {names}")
            if place
            else _("several places are in it, name one by --place: {names}")
        )
        names = ", ".join(f"{number} {one.name}".strip() for number, one in enumerate(known, 1))
        raise click.ClickException(f"{reference}: {say.format(names=names)}")
    return found[0].reference


def _shots(files: tuple[Path, ...], interval: float) -> Iterator[Shot]:
    try:
        yield from shots(find(files), interval)
    except NoFootage as nothing:
        raise click.ClickException(str(nothing)) from None


def _shown(found: Iterator[Shot], files: tuple[Path, ...], interval: float, what: str) -> Iterator[Shot]:
    """The same with a progress bar on standard error, where a person looks at it."""
    if not sys.stderr.isatty():
        yield from found
        return
    try:
        length = count(find(files), interval)
    except NoFootage as nothing:
        raise click.ClickException(str(nothing)) from None
    with click.progressbar(found, length=length, label=what, file=sys.stderr) as bar:
        yield from bar


def _explain(look: Look) -> None:
    language = language_of(os.environ)
    say, formats = translate(language), Formats(language)
    if look.seen is None:
        click.echo(f"{look.shot.name}: {look.shot.error}")
        return
    judged = look.seen.judged
    click.secho(f"{look.shot.name}: {written('verdict', judged.verdict.value, say, formats)}", bold=True)
    if judged.unjudged:
        reasons = ", ".join(written("unjudged", reason, say, formats) for reason in judged.unjudged)
        click.echo("  " + _("not judged: {reasons}").format(reasons=reasons))
    for fault in ORDER:
        if fault in judged.scores:
            score = judged.scores[fault]
            bar = "█" * max(0, min(20, round(score * 10)))
            click.echo(f"  {figure(fault.value, True, say, formats).label:<24} {score:6.2f} {bar}")
    for each in judged.measures:
        sign = " " if each.low <= each.value <= each.high else "!"
        click.echo(f" {sign}{each.name:<12} {each.value:9.3f}   {each.low:9.3f} … {each.high:.3f}")
