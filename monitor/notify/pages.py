"""How does a notification look, as plain lines and as a page of HTML?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from monitor.core.change import EvidenceRole
from monitor.notify import strings
from monitor.notify.announcing import Digest, Notice
from ticketing.ticket import Language, Severity

_COLOURS = {Severity.URGENT: "#b3261e", Severity.HIGH: "#c8590a", Severity.NORMAL: "#8a6d00", Severity.LOW: "#3b5f8a"}
_WELL = "#1e7d44"


@dataclass(frozen=True, slots=True)
class Page:
    """The same in both forms, before it is formed."""

    language: Language
    severity: Severity
    ended: bool
    subject: str
    lead: str = ""
    paragraph: tuple[str, ...] = ()
    lists: tuple[tuple[str, tuple[str, ...]], ...] = ()  # title, items
    rows: tuple[tuple[str, str, bool], ...] = ()  # title, text, is it late
    link: str = ""
    footer: str = ""

    def text(self) -> str:
        """Plain lines, without the subject."""
        blocks = [
            [self.lead],
            list(self.paragraph),
            *([f"{title}{self._colon}".rstrip(), *(f"- {item}" for item in items)] for title, items in self.lists),
            [f"{title}{self._colon}{text}" for title, text, _ in self.rows],
            [self.link],
            [self.footer],
        ]
        filled = ["\n".join(line for line in block if line) for block in blocks]
        return "\n\n".join(block for block in filled if block) + "\n"

    @property
    def _colon(self) -> str:
        return strings.COLON.get(self.language)

    def html(self, pictures: Sequence[tuple[EvidenceRole, str]] = ()) -> str:
        """HTML for mail readers: no scripts, no styles of its own, pictures by their content ids."""
        return _template().render(
            language="zh-CN" if self.language == "zh_CN" else "en",
            colour=_WELL if self.ended else _COLOURS[self.severity],
            subject=self.subject,
            lead=self.lead,
            paragraph=self.paragraph,
            lists=self.lists,
            rows=self.rows,
            pictures=pictures,
            link=self.link,
            footer=self.footer,
        )


@cache
def _template() -> Template:
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template("mail.html")


def page_of_notice(notice: Notice, language: Language, severity: Severity, link: str, footer: str) -> Page:
    """One event: the needed first, the clocks and the identity below."""
    told = notice.description

    def label(name: str) -> str:
        return strings.LABEL[name].get(language)

    bring = (strings.REMOTE_ITEM.get(language),) if told.remote else told.bring
    lists = () if notice.ended else (("causes", told.causes), ("remedies", told.remedies), ("bring", bring))
    rows = [] if notice.ended else [(clock.label, clock.text, clock.late) for clock in told.deadlines if not clock.met]
    rows += [(label(name), text, False) for name, text in
             (("device", told.device), ("place", told.place), ("cabling", told.cabling))]  # fmt: skip
    rows += [(label("ticket"), told.ticket, False), (label("state"), told.state, False)]
    return Page(
        language=language,
        severity=severity,
        ended=notice.ended,
        subject=notice.subject,
        lead=notice.lead,
        paragraph=(told.opening, told.what, *(() if notice.ended else told.around)),
        lists=tuple((label(name), items) for name, items in lists if items),
        rows=tuple(row for row in rows if row[1]),
        link=link,
        footer=footer,
    )


def page_of_digest(digest: Digest, language: Language, severity: Severity, link: str, footer: str) -> Page:
    """Many events: one line each."""
    return Page(language, severity, False, digest.subject, paragraph=digest.lines, link=link, footer=footer)
