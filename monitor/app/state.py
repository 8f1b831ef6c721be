"""Where does the daemon keep what is its own: the database, the key that signs sessions?"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

KEY_BYTES = 32


def state_folder(given: Path | None, env: Mapping[str, str]) -> Path:
    """The folder as `state_place` says. It is made if need be; OSError if it cannot be made."""
    folder = state_place(given, env)
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    return folder


def state_place(given: Path | None, env: Mapping[str, str]) -> Path:
    """The folder as given, else systemd's StateDirectory, else the user's state folder (XDG). It may not be there."""
    if given is not None:
        return given
    if env.get("STATE_DIRECTORY"):
        return Path(env["STATE_DIRECTORY"].split(":")[0])
    return Path(env.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "sitewarden"


def session_key(folder: Path) -> bytes:
    """The key that signs sessions and forms; made once, readable by the daemon's own user only."""
    file = folder / "session.key"
    try:
        key = file.read_bytes()
    except FileNotFoundError:
        key = b""
    if len(key) != KEY_BYTES:
        key = secrets.token_bytes(KEY_BYTES)
        fresh = file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(key)
        fresh.replace(file)
    return key
