"""Does the daemon keep its word over 10 kills? `make crash` plays 200."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "10"))


@pytest.mark.timeout(900)
def test_the_daemon_keeps_its_word_when_it_is_killed() -> None:
    command = [sys.executable, "-m", "tests.acceptance.crash", "--rounds", str(ROUNDS)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    print(done.stdout)  # noqa: T201 - the seed, if it fails
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-4_000:]
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["rounds"] == ROUNDS
    assert summary["violations"] == 0
    assert summary["tickets"] >= ROUNDS / 4, "too little happened to prove anything"
    assert summary["notifications"] >= ROUNDS / 4
