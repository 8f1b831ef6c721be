"""Does `sitewarden backup` give a copy that can be lived on, while the daemon writes?"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli import backup as command
from monitor.core.change import PutTicket
from monitor.storage.store import Store
from tests.letters import a_ticket


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A database with one ticket."""
    folder = tmp_path / "state"

    async def write() -> None:
        store = await asyncio.to_thread(Store.open, "", folder)
        await store.commit([PutTicket(a_ticket(1))])
        await store.close()

    asyncio.run(write())
    return folder


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(command.backup, [str(word) for word in words])
    return done.exit_code, done.output


async def test_while_the_daemon_writes(tmp_path: Path) -> None:
    store = await asyncio.to_thread(Store.open, "", tmp_path / "state", sole=True)
    await store.commit([PutTicket(a_ticket(1))])
    going = True

    async def write() -> int:
        number = 1
        while going:
            number += 1
            await store.commit([PutTicket(a_ticket(number))])
        return number

    writing = asyncio.create_task(write())
    ended, said = await asyncio.to_thread(run, "--state", tmp_path / "state", "--to", tmp_path / "copy.db")
    going = False
    written = await writing
    await store.close()
    assert ended == 0, said
    assert "tickets, whole" in said
    copy = await asyncio.to_thread(Store.open, "", _placed(tmp_path / "copy.db", tmp_path / "again"))
    assert 1 <= len((await copy.load()).tickets) <= written
    await copy.close()
    assert sorted(os.listdir(tmp_path)) == ["again", "state"]


def _placed(copy: Path, folder: Path) -> Path:
    """As the documentation restores it."""
    folder.mkdir()
    copy.rename(folder / "sitewarden.db")
    return folder


def test_it_says_how_many_tickets_and_leaves_nothing_beside(state: Path, tmp_path: Path) -> None:
    assert run("--state", state, "--to", tmp_path / "copy.db") == (
        0,
        f"{tmp_path / 'copy.db'}: 0.1 MB, 1 tickets, whole\n",
    )
    assert run("--database", state / "sitewarden.db", "--to", tmp_path / "copy.db")[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "state"]
    assert (tmp_path / "copy.db").stat().st_mode & 0o007 == 0


def test_nothing_is_made_where_no_database_is(tmp_path: Path) -> None:
    ended, said = run("--state", tmp_path / "nowhere", "--to", tmp_path / "copy.db")
    assert ended == 1
    assert "no database" in said
    assert list(tmp_path.iterdir()) == []


def test_the_database_is_no_copy_of_itself(state: Path) -> None:
    ended, said = run("--state", state, "--to", state / "sitewarden.db")
    assert (ended, said) == (1, "that is the database itself; give another file\n")


def test_a_damaged_database_is_not_kept_as_a_copy(state: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(state / "sitewarden.db")) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'ticket'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with (state / "sitewarden.db").open("r+b") as file:
        file.seek((root - 1) * size + 3)
        file.write(b"\xff" * 64)
    ended, said = run("--state", state, "--to", tmp_path / "copy.db")
    assert ended == 1
    assert "damaged" in said
    assert not (tmp_path / "copy.db").exists()
