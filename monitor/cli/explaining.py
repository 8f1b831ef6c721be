"""How is one look told to the person at a terminal: what is wrong, against which thresholds, and every measure?"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

import click

from monitor.cli import footage
from monitor.cli.language import _
from monitor.cli.replay import Look
from monitor.web.views.picture import MEASURES
from probes.frame.faults import ORDER
from probes.frame.job import Judged, Measured, Measures
from probes.frame.reference import unpack

WIDTH: Final = 34  # columns of a label
BAR: Final = 20  # columns; half of them is the threshold
RANGE: Final = 25  # columns of a measure's range


def tell(look: Look, known: bytes) -> None:
    """Everything about one look; `known`: the reference it was judged by."""
    if look.seen is None:
        click.echo(f"{look.shot.name}: {footage.said(look.shot.error)}")
        return
    judged = look.seen.judged
    click.secho(f"{look.shot.name}: {footage.verdict(judged.verdict.value)}", bold=True)
    if look.shot.error:
        click.echo("  " + footage.said(look.shot.error))
    if judged.unjudged:
        reasons = _(", ").join(footage.reason(code) for code in judged.unjudged)
        click.echo("  " + _("not judged: {reasons}").format(reasons=reasons))
    click.echo("  " + _against(judged, known))
    if judged.scores:
        click.echo("  " + _("Faults against their thresholds (1.00)"))
    for fault in (fault for fault in ORDER if fault in judged.scores):
        score = judged.scores[fault]
        bar = "█" * max(0, min(BAR, round(score * BAR / 2)))
        click.echo(f"    {_padded(footage.fault(fault.value))} {score:6.2f} {bar}")
    if judged.measures:
        click.echo("  " + _("Measures: value, and what is usual"))
        _tell_measures(judged.measures)
    elif look.seen.measures is not None:
        click.echo("  " + _("Of the picture by itself"))
        _tell_own(look.seen.measures)


def _against(judged: Judged, known: bytes) -> str:
    """Which state of the camera it was compared with."""
    if not known:
        return _("by fixed thresholds alone: give what is known of the camera by --reference")
    if judged.slot is None:
        return _("compared with none of the camera's states")
    slot = unpack(known).slots[judged.slot]
    light = _("infrared or mono") if slot.mono else _("in colour")
    say = _("compared with state {number} of {count}: {light}, brightness {level:.0f}, learned from {looks} pictures")
    return say.format(
        number=judged.slot + 1, count=judged.slots, light=light, level=slot.number("mean"), looks=slot.looks
    )


def _tell_measures(measures: Iterable[Measured]) -> None:
    for each in measures:
        sign = " " if each.low <= each.value <= each.high else "!"
        label = _padded(_(MEASURES[each.name]) if each.name in MEASURES else each.name)
        picture = _range(each)
        click.echo(f"   {sign}{label} {each.value:9.3f}  {each.low:9.3f} … {each.high:<9.3f} {picture}")


def _range(each: Measured) -> str:
    """The usual range as a line, and the value as a mark on it, as the console draws it."""
    room = max(each.high - each.low, 1e-6)
    begin = min(each.low - room, each.value)
    scale = (RANGE - 1) / (max(each.high + room, each.value) - begin)
    low, high, at = (round((part - begin) * scale) for part in (each.low, each.high, each.value))
    return "".join("●" if x == at else "─" if low <= x <= high else "·" for x in range(RANGE))


def _tell_own(own: Measures) -> None:
    for label, value in (
        (_("Brightness"), own.luma_mean),
        (_("Darkest level"), own.luma_p01),
        (_("Brightest level"), own.luma_p99),
        (_("Over-exposed share"), own.clipped_share),
        (_("Dark share"), own.dark_share),
        (_("Share of one colour"), own.dominant_share),
        (_("Steepest slopes"), own.texture),
    ):
        click.echo(f"    {_padded(label)} {value:9.3f}")


def _padded(label: str) -> str:
    """The label in so many columns; Chinese characters take two."""
    taken = sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in label)
    return label + " " * max(0, WIDTH - taken)
