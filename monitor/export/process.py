"""What does the daemon's process take of the machine? Under the names that all exporters give these numbers.

Only /proc/self is read: more of /proc the unit does not show (ProcSubset=pid).
"""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

from monitor.export.families import Family
from monitor.export.page import Page

CPU = Family("process_cpu_seconds_total", "Processor time of the daemon, without its decoders.", (), "counter")
RESIDENT = Family("process_resident_memory_bytes", "Memory of the daemon that is in RAM, without its decoders.")
VIRTUAL = Family("process_virtual_memory_bytes", "Address space of the daemon.")
FILES = Family("process_open_fds", "Open files and sockets.")
MAX_FILES = Family("process_max_fds", "As many files and sockets may be open.")
STARTED = Family("process_start_time_seconds", "When the daemon started.")

OF_PROCESS = (CPU, RESIDENT, VIRTUAL, FILES, MAX_FILES, STARTED)

_STATM, _FILES = Path("/proc/self/statm"), Path("/proc/self/fd")


def write_process(started_at: float, page: Page) -> None:
    """The process as it is now."""
    virtual, resident = (int(pages) * resource.getpagesize() for pages in _STATM.read_text("ascii").split()[:2])
    page.add(CPU, "", time.process_time())
    page.add(RESIDENT, "", resident)
    page.add(VIRTUAL, "", virtual)
    page.add(FILES, "", len(os.listdir(_FILES)))
    page.add(MAX_FILES, "", resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    page.add(STARTED, "", started_at)
