"""What does an alarm panel report, without what tells whose it is? Heard where it reports, in the daemon's place."""

from __future__ import annotations

import asyncio
import re
from typing import Final

from probes.listener import Heard
from probes.observation import Answer
from probes.panel.frame import Content, Frame
from probes.panel.listener import Panels
from probes.panel.options import PanelOptions, PanelSettings
from probes.recording.folder import MAX_REPORT, MAX_REPORTS, Report
from probes.target import Target
from probes.tools import Tools

_WRITTEN: Final = re.compile(r"[*^].*")  # what a person called a zone or a user (ANSI/SIA DC-09 5.5.1.8, SIA DC-03)
_CODE: Final = re.compile(r"[A-Za-z0-9/:, |#-]*")


async def hear_reports(
    target: Target, options: PanelOptions, settings: PanelSettings, tools: Tools, seconds: float
) -> tuple[Report, ...]:
    """Everything that the panel reports in that time, acknowledged as the daemon does. OSError: the port is taken.

    Neither account nor key nor time of day is kept, and of texts that people wrote nothing but their place.
    """
    found: list[Report] = []
    loop = asyncio.get_running_loop()
    first = 0.0

    def take(frame: Frame, content: Content) -> None:
        nonlocal first
        if len(found) < MAX_REPORTS:
            first = first or loop.time()
            found.append(Report(frame.kind, redact(content.data, options.account), round(loop.time() - first, 1)))

    panels = Panels(settings, _Quiet(), tools)
    panels.tap = take
    panels.attend({target.device: Heard(target, options)})
    try:
        async with asyncio.timeout(seconds):
            await panels.run()
    except TimeoutError:
        pass
    return tuple(found)


def redact(data: str, account: str) -> str:
    """The event of a message: its codes and numbers; the account in it is 0000, a written text is "*text"."""
    event = data.partition("|")[2] if data.startswith("#") else data
    codes = _WRITTEN.sub("", event)
    kept = "".join(_CODE.findall(codes)).replace(account, "0" * len(account))
    return (kept + ("*text" if codes != event else ""))[:MAX_REPORT]


class _Quiet:
    """Nobody decides anything here."""

    def say(self, device: str, answer: Answer) -> None:
        """Not told."""

    async def kept(self) -> bool:
        """Nobody waits for a database."""
        return True

    def count(self, result: str, number: int = 1) -> None:
        """Not counted."""

    def may_log_in(self, device: str) -> bool:
        """Nobody logs in."""
        return False
