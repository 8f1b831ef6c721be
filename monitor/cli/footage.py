"""Which cameras' footage is run, and what is the person at the terminal told about it?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import click

from monitor.cli.language import LANGUAGE, _
from monitor.cli.progress import Bar
from monitor.locale import Formats, translate
from monitor.locale.probe_lines import say_line
from monitor.web.views.numbers import figure, written
from probes.frame import places
from probes.frame.footage import Camera, DatedBy, Footage, LeftOut, NoFootage, search
from probes.frame.reference import MAX_BYTES, BadReference, unpack
from probes.frame.shots import Shot, Span, count

TOLD: Final = 20  # files that are left out, one a line; the report has all
_SAY, _FORMATS = translate(LANGUAGE), Formats(LANGUAGE)


def find(files: Iterable[Path], **how: Any) -> Footage:
    """As `footage.search`; what hinders it ends the command."""
    try:
        return search(tuple(files), **how)
    except NoFootage as nothing:
        raise click.ClickException(said(str(nothing))) from None


def said(line: str) -> str:
    """A line about a file, in the reader's language."""
    return say_line(line, LANGUAGE)


def choose(found: Footage, only: tuple[str, ...]) -> tuple[Camera, ...]:
    """The cameras that are wanted."""
    missing = set(only) - {camera.name for camera in found.cameras}
    if missing:
        names = ", ".join(camera.name for camera in found.cameras)
        raise click.ClickException(_("no such camera, there are: {names}").format(names=names))
    return tuple(camera for camera in found.cameras if not only or camera.name in only)


def tell_cameras(cameras: tuple[Camera, ...]) -> None:
    """What was taken for what, so that a person sees where that was wrong."""
    if len(cameras) > 1:
        names = ", ".join(f"{camera.name} ({len(camera.files)})" for camera in cameras[:TOLD])
        say = _(
            "{count} cameras, by folders, by what stands before the date in names, and by undated videos: {names}. If "
            "they are one, say --one-camera; if each folder is one, --by-folder."
        )
        click.echo(say.format(count=len(cameras), names=names), err=True)
    for camera in cameras:
        stills = [file for file in camera.files if not file.is_video]
        by = {file.dated_by for file in stills}
        if DatedBy.FILE in by:
            say = _("{camera}: times are those of the files' last change, as nothing else says any")
            click.echo(say.format(camera=camera.name), err=True)
        if DatedBy.ORDER in by and len(stills) > 1:
            say = _(
                "{camera}: nothing says when they were taken, so they follow each other as they are numbered, "
                "{seconds:g} s apart"
            )
            click.echo(say.format(camera=camera.name, seconds=stills[1].at - stills[0].at), err=True)


def tell_left_out(left_out: list[LeftOut]) -> None:
    """The first files that are not looked at, and how many more there are."""
    for each in left_out[:TOLD]:
        tell(each)
    if len(left_out) > TOLD:
        click.echo(
            _("and {count} more files that are left out; the report names all").format(count=len(left_out) - TOLD),
            err=True,
        )


def tell(each: LeftOut) -> None:
    """A file that is not looked at."""
    click.echo(_("{name}: {why}").format(name=each.name, why=said(each.why)), err=True)


def show(found: Iterator[Shot], camera: Camera, span: Span, words: str) -> Iterator[Shot]:
    """The same shots, while standard error shows how many of them have been looked at."""
    number = 0
    with Bar(count(camera, span), words) as bar:
        for number, shot in enumerate(found, 1):
            yield shot
            bar.show(number, camera=camera.name)
        bar.settle(number, camera=camera.name)


def tell_summary(summary: dict[str, Any]) -> None:
    """What came of it, one line a camera."""
    for name, one in (summary.get("cameras") or {"": summary}).items():
        verdicts = _(", ").join(f"{verdict(key)} {many}" for key, many in one["verdicts"].items())
        line = _("{frames} looks, {days} days: {verdicts}; tickets opened: {tickets}").format(
            frames=one["frames"], days=_FORMATS.number(one["days"]), verdicts=verdicts, tickets=one["tickets"]
        )
        click.echo(_("{name}: {why}").format(name=name, why=line) if name else line, err=True)


def verdict(code: str) -> str:
    """A verdict, as people call it."""
    return _("unreadable") if code == "unreadable" else written("verdict", code, _SAY, _FORMATS)


def reason(code: str) -> str:
    """Why something could not be judged."""
    return written("unjudged", code, _SAY, _FORMATS)


def fault(code: str) -> str:
    """A fault, as people call it."""
    return figure(code, True, _SAY, _FORMATS).label


def read_reference(reference: Path | None, place: str | None) -> bytes:
    """What is known of the camera; of one that turns, what was learned at that place."""
    if reference is None:
        return b""
    try:
        with reference.open("rb") as file:
            data = file.read(MAX_BYTES * 2)
        known = places.unpack(data).places
        if known:
            data = _choose(known, reference, place)
        unpack(data)
    except BadReference as error:
        raise click.ClickException(f"{reference}: {said(str(error))}") from None
    except OSError as error:
        raise click.ClickException(f"{reference}: {said(error.strerror or str(error))}") from None
    return data


def _choose(known: tuple[places.Place, ...], reference: Path, place: str | None) -> bytes:
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
