"""Are the tables as this version wants them? Older ones are brought up to date, by one process at a time."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from monitor.locale import msg
from monitor.storage.database import MIGRATION_LOCK, Database
from monitor.storage.errors import StoreError

MIGRATION_SECONDS = 3_600.0


def migrate(database: Database) -> None:
    """Bring the tables up to date, in one transaction. StoreError if they are of a newer version."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    with database.read() as connection:  # a report beside the daemon waits for no lock
        if not _behind(connection, scripts):
            return
    with database.write() as connection:
        if database.file is None:
            _wait_for_others(connection)
        if _behind(connection, scripts):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _behind(connection: Connection, scripts: ScriptDirectory) -> bool:
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(
            msg("the database was written by a newer version (its tables are at {current})"),
            msg("install that version again, or restore a backup that was made before it"),
            current=current,
        )
    return current != scripts.get_current_head()


def _wait_for_others(connection: Connection) -> None:
    for setting in ("statement_timeout", "lock_timeout"):
        connection.execute(text(f"SET LOCAL {setting} = '{MIGRATION_SECONDS:.0f}s'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
