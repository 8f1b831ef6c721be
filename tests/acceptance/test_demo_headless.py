"""Does the demo's script, played for real, end with every fault its one right ticket, and with nothing left running?"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.servers.processes import running, wait_until

PATIENCE_SECONDS = 240.0  # twenty to forty seconds on two idle cores


def descendants(root: int) -> set[int]:
    """The process and all that it has started, directly or not."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended meanwhile
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


@pytest.mark.timeout(PATIENCE_SECONDS + 30)
def test_the_whole_script(tmp_path: Path, films: Path) -> None:
    cache = films.parent / "demo-cache"
    (cache / "sitewarden").mkdir(parents=True, exist_ok=True)
    shared = cache / "sitewarden" / "films"
    if not shared.exists():
        shared.symlink_to(films, target_is_directory=True)
    command = [sys.executable, "-m", "monitor", "demo", "--headless", "--lang", "en", "--folder", tmp_path / "demo"]
    out = tmp_path / "out"
    started: dict[int, str] = {}

    with running(command, out, env={"XDG_CACHE_HOME": str(cache)}) as process:

        def ended() -> bool:
            if process.poll() is not None:
                return True
            started.update((pid, command_line(pid)) for pid in descendants(process.pid))
            return False

        wait_until(ended, "the demo", PATIENCE_SECONDS)
    lines = out.read_text().splitlines()
    story = "\n".join(lines[-60:])
    assert process.returncode == 0, story
    result = json.loads(lines[-1])
    wanted = result["faults_injected"]
    assert wanted >= 8
    assert (result["tickets_right"], result["tickets_opened"], result["verified"]) == (wanted, wanted, wanted), story
    assert result["tickets_false"] == 0, story
    assert result["notifications"] > 0
    assert len(started) >= 4, started  # itself, the site, the daemon, a decoder
    left = {pid: line for pid, line in started.items() if line and command_line(pid) == line}
    assert left == {}
