"""How is a site's file replaced, so that nobody ever reads half of it and its predecessor is kept?"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from datetime import datetime
from pathlib import Path


class Changed(Exception):
    """The file is no longer what the change was made from."""


def replace_file(file: Path, before: str, after: str, now: datetime) -> Path | None:
    """Write `after`, keep what was there beside it, and say where; None if there was nothing.

    Mode and owner stay. Raises Changed and OSError; then the file is as it was.
    """
    real = file.resolve()
    old = real.read_bytes() if real.exists() else b""
    if old.decode("utf-8-sig") != before:
        raise Changed(str(file))
    kept = real.with_name(f"{real.name}.{now:%Y%m%d-%H%M%S}.bak") if old else None
    fresh = real.with_name(f".{real.name}.{os.getpid()}.new")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as out:
            out.write((b"\xef\xbb\xbf" if old.startswith(b"\xef\xbb\xbf") else b"") + after.encode())
            out.flush()
            os.fsync(out.fileno())
        if kept is not None:
            shutil.copymode(real, fresh)
            with suppress(PermissionError):
                owner = real.stat()
                os.chown(fresh, owner.st_uid, owner.st_gid)
            shutil.copy2(real, kept)
        fresh.replace(real)
    finally:
        fresh.unlink(missing_ok=True)
    return kept
