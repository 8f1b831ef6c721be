"""What is said of these pictures, and why? `sitewarden frame explain`, `sitewarden frame replay`."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
import orjson

from monitor.cli import explaining, report
from monitor.cli import footage as files_of
from monitor.cli.language import _
from monitor.cli.replay import Look, Replay
from probes.frame.footage import Camera, LeftOut
from probes.frame.shots import Span, shots

INTERRUPTED: Final = 130
_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"])
_FILES = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
_REFERENCE = click.option(
    "--reference",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=_("What is known of the camera: a file that --save or the console wrote."),
)
_PLACE = click.option("--place", help=_("Of a camera that turns: the place, by its preset's name or its number."))
_MARKED = click.option(
    "--marked", type=click.Path(path_type=Path, file_okay=False), help=_("Write every alarmed picture there.")
)
_BLUR = click.option(
    "--blur-people", is_flag=True, help=_("In what --marked writes, show whatever may be a person in coarse squares.")
)


@click.group(help=_("Judge pictures of one camera as the daemon does."))
def frame() -> None:
    """Judge pictures of one camera as the daemon does."""


@frame.command(
    help=_(
        "Say what is wrong with each picture and why: every measure beside what is usual. Ends with 1 when none of "
        "them could be read."
    )
)
@_FILES
@_REFERENCE
@_PLACE
@_MARKED
@_BLUR
@click.option("--json", "as_json", is_flag=True, help=_("One line of JSON a picture."))
def explain(
    files: tuple[Path, ...],
    *,
    reference: Path | None,
    place: str | None,
    marked: Path | None,
    blur_people: bool,
    as_json: bool,
) -> None:
    """Say what is wrong with each picture and why."""
    known = files_of.read_reference(reference, place)
    found = files_of.find(files, together=True, keep_undated=True)
    line = Replay(known, learning=False, hide_people=blur_people)
    for look in line.run(shots(found.cameras[0], tell=files_of.tell)):
        if as_json:
            click.echo(orjson.dumps(report.row(look)).decode())
        else:
            explaining.tell(look, known)
        _write_marked(marked, look)
    if set(line.counts) <= {"unreadable"}:
        raise click.ClickException(_("no picture could be read"))


@frame.command(
    help=_(
        "Run pictures or videos, in the order of their times, through all that the daemon does with them, and write a "
        "report in JSON: every look with its verdicts, scores and measures, and the tickets. Folders that are not "
        "named by date are cameras, each learned by itself; in one folder, cameras are told apart by what stands "
        "before the date in the names. Where something seems wrong and the footage has more pictures than the interval "
        "takes, it looks again sooner, as the daemon does. Ends with 0 when the report is written, whatever it says, "
        "with 1 when there is nothing that can be looked at, with 130 when it was interrupted (what was looked at is "
        "written)."
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
@click.option("--by-folder", is_flag=True, help=_("Each folder is one camera, whatever its files are called."))
@click.option(
    "--presets", is_flag=True, help=_("It goes from preset to preset by itself: views that are not known are no fault.")
)
@click.option(
    "--learn", type=click.Path(path_type=Path, exists=True), help=_("Learn from these healthy pictures first.")
)
@click.option("--no-learning", is_flag=True, help=_("Learn nothing from FILES."))
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help=_("Write what was learned there."))
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help=_("The report; else standard output.")
)
@_MARKED
@_BLUR
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
    by_folder: bool,
    presets: bool,
    learn: Path | None,
    no_learning: bool,
    save: Path | None,
    out: Path | None,
    marked: Path | None,
    blur_people: bool,
) -> None:
    """Run footage through the production line and write a report."""
    known = files_of.read_reference(reference, place)
    span = Span(interval, _seconds(since, float("-inf")), _seconds(until, float("inf")))
    found = files_of.find(files, together=one_camera, by_folder=by_folder, undated_seconds=interval)
    cameras = files_of.choose(found, only)
    if len(cameras) > 1 and (reference or learn or save):
        names = ", ".join(camera.name for camera in cameras)
        say = _("several cameras are there, name one by --camera, or say --one-camera: {names}")
        raise click.ClickException(say.format(names=names))
    files_of.tell_cameras(cameras)
    files_of.tell_left_out(list(found.left_out))
    if learn is not None:
        known = _learned(known, learn, interval, presets=presets)
    made = _Made(list(found.left_out))
    try:
        for camera in cameras:
            line = Replay(known, learning=not no_learning, presets=presets, hide_people=blur_people)
            made.run(line, camera, span, marked)
            if save is not None and line.counts:
                save.write_bytes(line.reference)
    except KeyboardInterrupt:
        made.complete = False
    if not made.rows:
        raise click.ClickException(_("no picture was taken in that time"))
    options = {"interval": interval, "learning": not no_learning, "presets": presets, "reference": bool(known)}
    whole = report.whole(made.rows, made.events, made.left_out, made.sizes, options, complete=made.complete)
    _write(out, orjson.dumps(whole, option=orjson.OPT_INDENT_2))
    files_of.tell_summary(whole["summary"])
    if not made.complete:
        click.echo(_("interrupted; the report has what was looked at until then"), err=True)
        sys.exit(INTERRUPTED)
    if all(one["state"] == "unreadable" for one in made.rows):
        why = files_of.said(made.rows[0]["error"])
        raise click.ClickException(_("no picture could be read; the first: {why}").format(why=why))


@dataclass(slots=True)
class _Made:
    """What the report is made of."""

    left_out: list[LeftOut]
    rows: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    complete: bool = True

    def run(self, line: Replay, camera: Camera, span: Span, marked: Path | None) -> None:
        """Look at one camera's footage."""
        words = _("{camera}: looked at {done} of {total}")
        found = shots(camera, span, self._note, lambda: line.soon)
        try:
            for look in line.run(files_of.show(found, camera, span, words)):
                self.rows.append(report.row(look, camera.name))
                _write_marked(marked, look)
        finally:
            if line.counts:
                self.events += [{"camera": camera.name, **event} for event in line.events]
                self.sizes[camera.name] = len(line.reference)

    def _note(self, each: LeftOut) -> None:
        self.left_out.append(each)
        files_of.tell(each)


def _learned(known: bytes, learn: Path, interval: float, *, presets: bool) -> bytes:
    """What is known after those pictures."""
    camera = files_of.find((learn,), together=True, undated_seconds=interval).cameras[0]
    line, span = Replay(known, presets=presets), Span(interval)
    words = _("learned from {done} of {total}")
    for _look in line.run(files_of.show(shots(camera, span, files_of.tell), camera, span, words)):
        pass
    return line.reference


def _write_marked(folder: Path | None, look: Look) -> None:
    """The picture of a look that found a fault, with what is wrong marked on it."""
    if folder is None or look.seen is None or not look.jpeg:
        return
    fault = report.row(look)["fault"]
    if fault is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{look.shot.name}.{fault}.jpg".replace("/", "_")).write_bytes(look.marked or look.jpeg)


def _write(out: Path | None, data: bytes) -> None:
    if out is None:
        sys.stdout.buffer.write(data + b"\n")
    else:
        out.write_bytes(data)


def _seconds(moment: datetime | None, otherwise: float) -> float:
    return otherwise if moment is None else moment.replace(tzinfo=UTC).timestamp()
