"""What does the sweep do that somebody began in the console? One at a time; the site's file is read, never written."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from monitor.core.inventory import Identity
from monitor.discovery.comparison import Compared, compare
from monitor.discovery.site import Site, find_addresses, own_accesses, read_site
from monitor.locale import msg
from monitor.settings.mistake import BadConfiguration
from probes.discovery import Access, Ports, Progress, Ranges, Report, Scope, sweep
from probes.errors import LocalTrouble
from probes.snmp.shelf import ProfileShelf
from probes.tools import Tools

log = logging.getLogger(__name__)

HOSTS_AT_ONCE: Final = 64  # fewer than at the command line: the checks go on meanwhile
UNREADABLE: Final = msg("The site's file cannot be read or has mistakes now: run sitewarden check.")
NO_SOCKETS: Final = msg("This machine has no sockets left for it.")
FAILED: Final = msg("It failed by a fault of the program; the log says more.")


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asked for; `refusing` are devices whose login stands refused, which get none now."""

    by: str
    text: str
    ranges: Ranges
    ports: Ports
    ports_text: str
    login: str
    snmp: tuple[str, ...]
    refusing: Collection[str]


@dataclass(slots=True)
class Sweeping:
    """One sweep, under way or over. `trouble` is a message id. Times are seconds since the epoch."""

    order: Order
    file: Path
    began_at: float
    known: Mapping[str, Identity]  # device -> what the daemon knows of it
    state: Literal["running", "done", "stopped", "failed"] = "running"
    progress: Progress = field(default_factory=lambda: Progress(0, 0, 0, 0))
    site: Site | None = None
    report: Report | None = None
    lines: tuple[Compared, ...] = ()
    trouble: str = ""
    task: asyncio.Task[None] | None = None

    def start(self, stopping: asyncio.Event) -> None:
        """Begin; it ends by itself, by `stop`, or when the console stops."""
        self.progress = Progress(0, len(self.order.ranges), 0, 0)
        self.task = asyncio.get_running_loop().create_task(self._run(stopping), name="sweep")

    def stop(self) -> None:
        """End it now; what was found is dropped."""
        if self.task:
            self.task.cancel()

    async def _run(self, stopping: asyncio.Event) -> None:
        work = asyncio.create_task(self._sweep())
        ending = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait((work, ending), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ending.cancel()
            work.cancel()
            await asyncio.gather(work, ending, return_exceptions=True)
            if self.state == "running":
                self.state = "stopped"

    async def _sweep(self) -> None:
        tools = Tools()
        try:
            self.site = site = await asyncio.to_thread(read_site, self.file)
            if site.settings.profile_folders:
                await asyncio.to_thread(tools.get(ProfileShelf).use, site.settings.profile_folders)
            addresses = await find_addresses(site.devices, tools)
            asked = {name: address for name, address in addresses.items() if name not in self.order.refusing}
            nothing = Access("")
            scope = Scope(
                self.order.ranges,
                self.order.ports,
                site.accesses.get(self.order.login, nothing) if self.order.login else None,
                tuple(site.accesses[name] for name in self.order.snmp if name in site.accesses),
                own_accesses(site, asked),
                withheld=frozenset(addresses[name] for name in addresses.keys() - asked.keys()),
            )
            self.report = await sweep(scope, tools, tell=self._note, hosts_at_once=HOSTS_AT_ONCE)
            self.lines = compare(self.report.found, site.devices, addresses, self.order.ranges, self.known)
            self.state = "done"
        except (BadConfiguration, OSError):
            self.state, self.trouble = "failed", UNREADABLE
        except LocalTrouble:
            self.state, self.trouble = "failed", NO_SOCKETS
        except Exception:
            log.exception("discovery in the console has a bug")
            self.state, self.trouble = "failed", FAILED
        finally:
            await tools.close()

    def _note(self, progress: Progress) -> None:
        self.progress = progress
