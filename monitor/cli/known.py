"""What does the daemon know of the devices? Read from its database, where there is one, by commands beside it."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from monitor.app.state import state_place
from monitor.core.inventory import Identity, Item, identity
from monitor.core.outage import Outage
from monitor.storage import reading
from monitor.storage.database import Database, locate
from monitor.storage.errors import StoreError

Read = TypeVar("Read")


def read_known(url: str, state: Path | None) -> Mapping[str, Identity]:
    """Device -> its identity; nothing where there is no database. Raises as `_read` does."""
    by_device: dict[str, dict[str, Item]] = defaultdict(dict)
    for item in _read(url, state, reading.inventory) or ():
        by_device[item.device][item.name] = item
    return {device: identity(known) for device, known in by_device.items()}


def read_outages(url: str, state: Path | None) -> tuple[Outage, ...]:
    """When devices had no power, and what the loads of UPSs did; nothing where there is no database. As `_read`."""
    return _read(url, state, reading.outages) or ()


def _read(url: str, state: Path | None, what: Callable[[Connection], Read]) -> Read | None:
    """None where there is no database. StoreError: there is one, but it cannot be read. Nothing is written or made.

    `url` as in the site's file, "" for the usual file in the folder `state`.
    """
    place = locate(url, state_place(state, os.environ))
    if place.get_backend_name() == "sqlite":
        file = Path(place.database or "")
        if not file.exists():
            return None
        if not os.access(file, os.R_OK):
            raise StoreError("the database cannot be read", "run this as the daemon's user, or name another by --state")
    database = Database(place)
    try:
        with database.read() as connection:
            return what(connection)
    except SQLAlchemyError as error:  # such as one of another version
        why = type(getattr(error, "orig", None) or error).__name__
        raise StoreError(
            f"the database cannot be read ({why})", "let the daemon of this version open it once"
        ) from None
    finally:
        database.close()
