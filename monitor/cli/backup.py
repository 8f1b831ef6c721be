"""Is everything that the daemon knows in a second place? A copy of its database, made while it runs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import sys
from pathlib import Path
from typing import NoReturn

import click

from monitor.app.state import state_folder
from monitor.cli.language import _, language_of
from monitor.core.plan import Text
from monitor.storage.database import Database, locate
from monitor.storage.errors import StoreError
from monitor.storage.store import PATIENCE_SECONDS, Store

WORDS = {
    "absent": Text(
        "there is no database at {file}; give its folder by --state", "{file} 没有数据库；请用 --state 指定其目录"
    ),
    "same": Text("that is the database itself; give another file", "这就是数据库本身；请指定另一个文件"),
    "damaged": Text("the copy is damaged and was removed: {why}", "副本已损坏并被删除：{why}"),
    "done": Text("{file}: {size:.1f} MB, {tickets} tickets, whole", "{file}：{size:.1f} MB，{tickets} 张工单，完整"),
}


class Damaged(Exception):
    """The copy does not hold what a database must hold; the text is SQLite's."""


@click.command(
    help=_("Copy the SQLite database while the daemon runs, and prove the copy whole. PostgreSQL has pg_dump.")
)
@click.option(
    "--to", "target", type=click.Path(path_type=Path, dir_okay=False), required=True, help=_("The copy's file.")
)
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), help=_("Folder of the database."))
@click.option("--database", type=click.Path(path_type=Path, dir_okay=False), help=_("Its file, if the site names one."))
def backup(target: Path, state: Path | None, database: Path | None) -> None:
    """Copy the SQLite database while the daemon runs, and prove the copy whole. PostgreSQL has pg_dump for this."""
    file = (database or (state or state_folder(None, os.environ)) / "sitewarden.db").absolute()
    if not file.is_file():
        _refuse("absent", file=file)
    if target.exists() and target.samefile(file):
        _refuse("same")
    try:
        asyncio.run(_copy(file, target.absolute()))
        tickets = _prove(target)
    except StoreError as error:
        click.echo(error.say(_), err=True)
        sys.exit(1)
    except Damaged as error:
        target.unlink(missing_ok=True)
        _refuse("damaged", why=error)
    click.echo(_say("done", file=target, size=target.stat().st_size / 1e6, tickets=tickets))


async def _copy(file: Path, target: Path) -> None:
    """The tables stay of the version that wrote them: this opens the database without bringing it up to date."""
    store = Store(Database(locate("", file.parent).set(database=str(file))), PATIENCE_SECONDS)
    try:
        await store.backup(target)
    finally:
        await store.close()


def _prove(copy: Path) -> int:
    """How many tickets the copy holds; raises Damaged."""
    try:
        with contextlib.closing(sqlite3.connect(f"{copy.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            said = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
            broken = connection.execute("PRAGMA foreign_key_check").fetchone()
            if said != ["ok"] or broken is not None:
                raise Damaged("; ".join(said) if broken is None else f"row of {broken[0]} without its {broken[2]}")
            (tickets,) = connection.execute("SELECT count(*) FROM ticket").fetchone()
            return int(tickets)
    except sqlite3.Error as error:
        raise Damaged(str(error)) from None


def _say(code: str, **facts: object) -> str:
    return WORDS[code].get(language_of(os.environ)).format_map(facts)


def _refuse(code: str, **facts: object) -> NoReturn:
    click.echo(_say(code, **facts), err=True)
    sys.exit(1)
