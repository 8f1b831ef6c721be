"""What is said of these pictures, and why? `sitewarden frame explain`, `sitewarden frame replay`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
import orjson

from monitor.cli import report
from monitor.cli.language import _, language_of
from monitor.cli.progress import Bar
from monitor.cli.replay import Look, Replay
from monitor.locale import Formats, translate
from monitor.web.views.numbers import figure, written
from probes.frame import places
from probes.frame.faults import ORDER
from probes.frame.footage import Camera, DatedBy, Footage, LeftOut, NoFootage, search
from probes.frame.reference import MAX_BYTES, BadReference, unpack
from probes.frame.shots import Shot, Span, count, shots

TOLD: Final = 20  # files that are left out, one a line; the report has all
_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"])
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
    known = _read(reference, place)
    found = _search(files, together=True, interval=0.0, keep_undated=True)
    for look in Replay(known, learning=False).run(shots(found.cameras[0], tell=_tell)):
        if as_json:
            click.echo(orjson.dumps(report.row(look)).decode())
        else:
            _explain(look)


@frame.command(
    help=_(
        "Run pictures or videos, in the order of their times, through all that the daemon does with them, and write a "
        "report in JSON: every look with its verdicts, scores and measures, and the tickets. Folders that are not "
        "named by date are cameras, each learned by itself. Ends with 0 when the report is written, whatever it says, "
        "with 1 when there is nothing that can be looked at."
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
@click.option("--from", "since", type=_MOMENT, help=_("Only what was taken then or later (UTC, 2024-06-13T03:11:46)."))
@click.option("--until", type=_MOMENT, help=_("Only what was taken before."))
@click.option("--camera", "only", multiple=True, help=_("Only this camera, of several; may be repeated."))
@click.option("--one-camera", is_flag=True, help=_("All folders and videos are of one camera."))
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
    since: datetime | None,
    until: datetime | None,
    only: tuple[str, ...],
    one_camera: bool,
    learn: Path | None,
    no_learning: bool,
    save: Path | None,
    out: Path | None,
    marked: Path | None,
) -> None:
    """Run footage through the production line and write a report."""
    known = _read(reference, place)
    span = Span(interval, _seconds(since, float("-inf")), _seconds(until, float("inf")))
    found = _search(files, together=one_camera, interval=interval)
    cameras = _chosen(found, only)
    if len(cameras) > 1 and (reference or learn or save):
        names = ", ".join(camera.name for camera in cameras)
        say = _("several cameras are there, name one by --camera, or say --one-camera: {names}")
        raise click.ClickException(say.format(names=names))
    _tell_cameras(cameras)
    if learn is not None:
        known = _learned(known, learn, interval)
    left_out = list(found.left_out)
    for each in left_out[:TOLD]:
        _tell(each)
    rows: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    sizes: dict[str, int] = {}

    def note(each: LeftOut) -> None:
        left_out.append(each)
        _tell(each)

    for camera in cameras:
        line = Replay(known, learning=not no_learning)
        for look in line.run(
            _shown(shots(camera, span, note), camera, span, _("{camera}: looked at {done} of {total}"))
        ):
            rows.append(report.row(look, camera.name))
            if marked is not None and rows[-1]["fault"] is not None:
                marked.mkdir(parents=True, exist_ok=True)
                name = f"{look.shot.name}.{rows[-1]['verdict']}.jpg".replace("/", "_")
                (marked / name).write_bytes(look.marked or look.jpeg)
        if not sum(line.counts.values()):
            continue
        events += [{"camera": camera.name, **event} for event in line.events]
        sizes[camera.name] = len(line.reference)
        if save is not None:
            save.write_bytes(line.reference)
    if not rows:
        raise click.ClickException(_("no picture was taken in that time"))
    whole = report.whole(rows, events, left_out, sizes)
    written_report = orjson.dumps(whole, option=orjson.OPT_INDENT_2)
    if out is None:
        sys.stdout.buffer.write(written_report + b"\n")
    else:
        out.write_bytes(written_report)
    click.echo(orjson.dumps(whole["summary"]).decode(), err=True)
    if all(one["state"] == "unreadable" for one in rows):
        raise click.ClickException(_("no picture could be read; the first: {why}").format(why=rows[0]["error"]))


def _learned(known: bytes, learn: Path, interval: float) -> bytes:
    """What is known after those pictures."""
    cameras = _search((learn,), together=True, interval=interval).cameras
    line = Replay(known)
    for camera in cameras:
        span = Span(interval)
        for _look in line.run(_shown(shots(camera, span, _tell), camera, span, _("learned from {done} of {total}"))):
            pass
    return line.reference


def _search(files: tuple[Path, ...], *, together: bool, interval: float, keep_undated: bool = False) -> Footage:
    try:
        return search(files, together=together, undated_seconds=interval, keep_undated=keep_undated)
    except NoFootage as nothing:
        raise click.ClickException(str(nothing)) from None


def _chosen(found: Footage, only: tuple[str, ...]) -> tuple[Camera, ...]:
    """The cameras that are wanted."""
    missing = set(only) - {camera.name for camera in found.cameras}
    if missing:
        names = ", ".join(camera.name for camera in found.cameras)
        raise click.ClickException(_("no such camera, there are: {names}").format(names=names))
    return tuple(camera for camera in found.cameras if not only or camera.name in only)


def _tell_cameras(cameras: tuple[Camera, ...]) -> None:
    """What was taken for what, so that a person sees where that was wrong."""
    if len(cameras) > 1:
        names = ", ".join(f"{camera.name} ({len(camera.files)})" for camera in cameras[:TOLD])
        say = _("{count} cameras, one for each folder or undated video: {names}. If they are one, say --one-camera.")
        click.echo(say.format(count=len(cameras), names=names), err=True)
    for camera in cameras:
        stills = [file for file in camera.files if not file.is_video]
        by = {file.dated_by for file in stills}
        if DatedBy.FILE in by:
            click.echo(
                _("{camera}: times are those of the files' last change, as nothing else says any").format(
                    camera=camera.name
                ),
                err=True,
            )
        if DatedBy.ORDER in by and len(stills) > 1:
            click.echo(
                _(
                    "{camera}: nothing says when they were taken, so they follow each other as they are numbered, "
                    "{seconds:g} s apart"
                ).format(camera=camera.name, seconds=stills[1].at - stills[0].at),
                err=True,
            )


def _shown(found: Iterator[Shot], camera: Camera, span: Span, words: str) -> Iterator[Shot]:
    """The same shots, while standard error shows how many of them have been looked at."""
    with Bar(count(camera, span), words) as bar:
        for number, shot in enumerate(found, 1):
            yield shot
            bar.show(number, camera=camera.name)


def _tell(each: LeftOut) -> None:
    click.echo(f"{each.name}: {each.why}", err=True)


def _seconds(moment: datetime | None, otherwise: float) -> float:
    return otherwise if moment is None else moment.replace(tzinfo=UTC).timestamp()


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
