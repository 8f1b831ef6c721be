"""The real daemon on a site that a benchmark makes up, and what its own counters say."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from monitor.web.users import new_token
from tests.servers.processes import accepts, free_port, running, wait_until

_LOOKS = re.compile(r"^sitewarden_looks_total\{(.+)\} (\S+)$", re.M)
_LABEL = re.compile(r'(\w+)="(\w+)"')
ROOT = Path(__file__).parents[2]


def address(number: int, network: int = 64) -> str:
    """A loopback address for each number below 4 million, of 127.64.0.0 and up."""
    return f"127.{network + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def device(number: int, kind: str, checks: dict[str, Any], host: str | None = None, **more: object) -> dict[str, Any]:
    """One device of the site's file."""
    return {"id": f"d{number:05d}", "kind": kind, "host": host or address(number), "checks": checks, **more}


@dataclass(frozen=True, slots=True)
class Daemon:
    """A running daemon."""

    pid: int
    port: int
    folder: Path
    token: str

    def get(self, path: str) -> bytes:
        """One page."""
        request = Request(f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {self.token}"})
        with urlopen(request, timeout=60) as answer:
            page: bytes = answer.read()
        return page

    def looks(self) -> Counter[tuple[str, str]]:
        """How many looks it has taken, by probe and outcome."""
        found: Counter[tuple[str, str]] = Counter()
        for labels, count in _LOOKS.findall(self.get("/metrics").decode()):
            named = dict(_LABEL.findall(labels))
            found[named["probe"], named["outcome"]] = int(float(count))
        return found

    def well(self, probe: str) -> float:
        """How many looks of that probe were answered. RuntimeError if others were not: their cost is another."""
        looks = self.looks()
        others = {outcome: count for (of, outcome), count in looks.items() if of == probe and outcome != "ok"}
        if sum(others.values()) > 0.02 * looks[probe, "ok"] + 5:
            raise RuntimeError(f"{probe}: {looks[probe, 'ok']} looks are ok, but {others}")
        return looks[probe, "ok"]


@contextlib.contextmanager
def watching(folder: Path, devices: Sequence[dict[str, Any]], **more: object) -> Iterator[Daemon]:
    """The daemon on these devices, with the shipped rules and SQLite in `folder`; `more` are parts of the file."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    token, digest = new_token()
    site = {
        "site": {"id": "bench", "name": "Benchmark"},
        "web": {"listen": f"127.0.0.1:{port}"},
        "users": [{"name": "bench", "password_hash": _HASH, "role": "manager", "tokens": [digest]}],
        "devices": list(devices),
        **more,
    }
    file = folder / "site.yaml"
    file.write_text(json.dumps(site))  # which is YAML, too
    command: list[str | Path] = [sys.executable, "-P", "-m", "monitor", "run", "-c", file, "--state", folder]
    log = folder / "daemon.log"
    with running(command, log, env={"PYTHONPATH": str(ROOT)}) as process:

        def ready() -> bool:
            if process.poll() is not None:
                raise RuntimeError(f"the daemon ended: {log.read_text()[-2000:]}")
            return accepts("127.0.0.1", port)

        wait_until(ready, "the daemon", seconds=120)
        yield Daemon(process.pid, port, folder, token)


_HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$Q2hhbmdlIG1lLCBJIG9wZW4gbm8gZG9vciBhdCBhbGwuLi4"
