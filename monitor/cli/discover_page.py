"""How is a sweep shown: as tables for people, as one JSON document for programs?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

import click
import orjson

from monitor.cli.language import LANGUAGE, _, columns
from monitor.discovery.comparison import Change, Compared
from monitor.discovery.proposal import Proposal
from monitor.discovery.words import CHANGES, KINDS, say_login, say_reason
from monitor.locale.probe_lines import say_line
from probes.discovery import Found, Report

_COLOURS = {
    Change.NEW: "green", Change.MOVED: "yellow", Change.SWAPPED: "yellow", Change.GONE: "red", Change.SAME: None,
}  # fmt: skip
MAX_CELL = 34  # columns of the terminal


def as_json(report: Report, lines: Sequence[Compared], proposal: Proposal) -> str:
    """Everything, codes with their texts in the reader's language; nothing in it is a secret."""
    found = {
        "asked": report.asked,
        "answered": report.answered,
        "seconds": round(report.seconds, 3),
        "without_ping": report.unpinged,
        "strangers": report.strangers,
        "left_out": report.cut,
        "devices": [
            {
                "change": line.change.value,
                "device": line.device.id if line.device else None,
                "reason": line.reason,
                "found": _found(line.found) if line.found else None,
            }
            for line in lines
        ],
        "difference": proposal.difference,
        "mistakes": [mistake.say(LANGUAGE) for mistake in proposal.mistakes],
    }
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()


def _found(found: Found) -> dict[str, object]:
    evidence = [{**asdict(one), "text": say_reason(one, _)} for one in found.evidence]
    return {**asdict(found), "evidence": evidence}


def as_page(report: Report, lines: Sequence[Compared], proposal: Proposal) -> str:
    """A table of what was found, then what was refused, what is gone, and the difference."""
    parts = [_table(lines)] if lines else []
    parts += _refused(lines)
    parts += _gone(lines)
    parts.append(_summary(report, lines))
    if proposal.difference:
        parts.append("".join(_coloured(line) for line in proposal.difference.splitlines(keepends=True)).rstrip("\n"))
    return "\n\n".join(parts)


def _table(lines: Sequence[Compared]) -> str:
    heads = (_("Address"), _("Kind"), _("Make and model"), _("Serial number"), _("Name"), _("Offers"), _("Streams"), "")
    rows = [(line.change, _row(line, line.found)) for line in lines if line.found]
    if not rows:
        return _("Nothing was found.")
    widths = [max(columns(cells[at]) for cells in (heads, *(row for _, row in rows))) for at in range(len(heads))]
    told = [click.style(_laid(heads, widths), bold=True)]
    told += [click.style(_laid(cells, widths), fg=_COLOURS[change]) for change, cells in rows]
    return "\n".join(told)


def _row(line: Compared, found: Found) -> tuple[str, ...]:
    codecs = Counter(one.codec for one in found.streams if one.codec)
    change = _(CHANGES[line.change])
    if line.device:
        change += f" ({line.device.id})"
    cells = (
        found.host,
        _(KINDS[found.kind]),
        f"{found.vendor} {found.model}".strip(),
        found.serial,
        found.name,
        ", ".join(found.offers),
        ", ".join(f"{count}×{codec}" for codec, count in codecs.items()),
        "; ".join(filter(None, (change, say_login(found, _)))),
    )
    return (*(_cut(cell) for cell in cells[:-1]), cells[-1])


def _refused(lines: Sequence[Compared]) -> list[str]:
    refused = [(line.found, one) for line in lines if line.found for one in line.found.refusals]
    if not refused:
        return []
    told = [_("Refused logins; these devices were asked nothing more with one:")]
    told += [
        f"  {found.host}: {one.credentials} ({one.protocol}: {say_line(one.detail, LANGUAGE)})"
        for found, one in refused
    ]
    return [click.style("\n".join(told), fg="red")]


def _gone(lines: Sequence[Compared]) -> list[str]:
    gone = [line.device for line in lines if line.change is Change.GONE and line.device]
    if not gone:
        return []
    told = [_("Configured in these ranges, and not there (the file is left as it is):")]
    told += [f"  {device.id} {device.target.host} {device.name}" for device in gone]
    return [click.style("\n".join(told), fg="red")]


def _summary(report: Report, lines: Sequence[Compared]) -> str:
    counts = Counter(line.change for line in lines)
    told = ", ".join(f"{_(CHANGES[change])} {counts[change]}" for change in Change if counts[change])
    text = _("{asked} addresses in {seconds:.1f} s: {answered} answer, {found} offer something").format(
        asked=report.asked, seconds=report.seconds, answered=report.answered, found=len(report.found)
    )
    rest = [f"{text} ({told})." if told else f"{text}."]
    nameless = sum(1 for line in lines if line.change is Change.NEW and line.found and not line.found.kind)
    if nameless:
        rest.append(_("{count} are of no known kind; they are not proposed.").format(count=nameless))
    if report.unpinged:
        rest.append(_("No pings were sent: {why}").format(why=say_line(report.unpinged, LANGUAGE)))
    if report.strangers:
        hosts = ", ".join(report.strangers[:20])
        rest.append(
            _("Answered the multicast from outside the ranges, and were not asked: {hosts}").format(hosts=hosts)
        )
    if report.cut:
        rest.append(_("{count} more were left out.").format(count=report.cut))
    return "\n".join(rest)


def _coloured(line: str) -> str:
    if line.startswith("+") and not line.startswith("+++"):
        return click.style(line, fg="green")
    return click.style(line, fg="red") if line.startswith("-") and not line.startswith("---") else line


def _laid(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell + " " * (width - columns(cell)) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _cut(text: str) -> str:
    while columns(text) > MAX_CELL:
        text = text[:-2].rstrip("…") + "…"
    return text
