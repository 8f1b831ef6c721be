"""The database is locked, full or away: does the daemon go on, say so, and catch up with nothing lost?"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.trouble import Site, watched, watched_apart
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.timeout(180)


async def suffers_and_catches_up(site: Site, heal: Callable[[], object], says: str) -> None:
    """The database takes nothing as from now: a device fails, is told of in memory, and all is there afterwards."""
    await site.door.shut()
    assert says in await site.until_trouble("database")
    assert await site.metric("sitewarden_ready") == 0
    await site.goes_on()
    await site.until(lambda: site.speaks_of_itself("monitor-database"), "a ticket about itself")
    assert (await site.api("/site"))["tickets"]["new"] == 2, "the door's and its own"
    assert await site.metric("sitewarden_uncommitted_changes") > 0
    await site.until(lambda: site.metric("sitewarden_commit_failures_total"), "a commit that failed")
    assert site.told == [], "nobody is told what is not committed"

    heal()
    await site.until_trouble("database", gone=True)
    await site.door.open()
    for fault in ("device.silent", "monitor.database"):
        await site.until(lambda fault=fault: site.told_of(fault, "recovered"), f"the recovery of {fault} to be told")  # type: ignore[misc]
    tickets = await site.tickets()
    assert {fault: len(of_fault) for fault, of_fault in tickets.items()} == {"device.silent": 1, "monitor.database": 1}
    for fault, (ticket,) in tickets.items():
        events = await site.api(f"/tickets/{ticket['id']}/events")
        assert [event["number"] for event in events] == list(range(1, len(events) + 1))
        assert [event["kind"] for event in events] == ["opened", "recovered"]
        assert site.told_of(fault, "opened") == 1
    assert await site.ready()
    assert await site.metric("sitewarden_uncommitted_changes") == 0


async def test_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with watched(tmp_path / "site", monkeypatch) as site:
        with contextlib.closing(sqlite3.connect(tmp_path / "site" / "sitewarden.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await suffers_and_catches_up(site, lambda: other.execute("ROLLBACK"), "locked")


async def test_locked_while_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with watched(tmp_path / "site", monkeypatch) as site:
        with contextlib.closing(sqlite3.connect(tmp_path / "site" / "sitewarden.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert "locked" in await site.until_trouble("database")
            await site.until(lambda: site.speaks_of_itself("monitor-database"), "a ticket about itself")
            other.execute("ROLLBACK")
            await site.until(lambda: site.told_of("monitor.database", "recovered"), "its recovery to be told")
            assert await site.ready()


NAMESPACE = ("unshare", "-m") if os.geteuid() == 0 else ("unshare", "-r", "-m")


@pytest.fixture
def namespace() -> tuple[str, ...]:
    """What gives a command a view of its own of what is mounted."""
    if subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no mount namespaces here")
    return NAMESPACE


def fill(ballast: Path) -> None:
    """Until the disk is full."""
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass


async def test_full(tmp_path: Path, namespace: tuple[str, ...]) -> None:
    """The database lies on a small disk of its own, and somebody fills that."""
    folder = tmp_path / "site"
    mounted = f'mkdir -p {folder}/state && mount -t tmpfs -o size=8m tmpfs {folder}/state && exec "$@"'
    async with watched_apart(folder, *namespace, "sh", "-c", mounted, "sh") as (site, pid):
        ballast = Path(f"/proc/{pid}/root{folder}/state/ballast")  # as the daemon sees it
        fill(ballast)
        await suffers_and_catches_up(site, ballast.unlink, "full")


async def test_postgresql_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: Postgres) -> None:
    store = {"url": postgres.new_database()}
    async with watched(tmp_path / "site", monkeypatch, store=store) as site:
        postgres.stop()
        try:
            await suffers_and_catches_up(site, postgres.start, "does not answer")
        finally:
            with contextlib.suppress(AssertionError):
                if not postgres._serves():
                    postgres.start()
