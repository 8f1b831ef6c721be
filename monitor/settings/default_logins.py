"""Which logins may be tried at devices, because their makers deliver them so? A file of the site's owner says it."""

from __future__ import annotations

import stat
from typing import Final

from monitor.settings.file.base import mark_of
from monitor.settings.file.secret import Reading
from monitor.settings.file.site import DefaultPasswordsShape
from monitor.settings.tree import MarkedMap
from probes.target import Login, Secret

MAX_LOGINS: Final = 200
MAX_BYTES: Final = 65_536
MAX_CHARACTERS: Final = 128  # of a user name, and of a password

_KEY: Final = "default_passwords"


def read_default_logins(shape: DefaultPasswordsShape | None, root: MarkedMap, reading: Reading) -> tuple[Login, ...]:
    """The logins in the order of the file; none without the section. Mistakes go to the findings, without secrets.

    One `user:password` a line, `#` begins a comment at the start of a line. A file that everybody may read is refused,
    and so is one without consent.
    """
    branch = root.get(_KEY)
    if shape is None or not isinstance(branch, MarkedMap):
        return ()
    findings, path = reading.findings, reading.folder / shape.list
    mark, place = mark_of(branch, "list"), f"{_KEY}.list"
    if not shape.consent:
        findings.wrong(mark_of(branch, "consent"), f"{_KEY}.consent", "default_passwords_consent")
        return ()
    try:
        with path.open("rb") as stream:
            mode, raw = path.stat().st_mode, stream.read(MAX_BYTES + 1)
    except PermissionError:
        if reading.lenient:
            findings.warn(mark, place, "secret_forbidden", name=str(path))
        else:
            findings.wrong(mark, place, "secret_forbidden", name=str(path))
        return ()
    except (OSError, ValueError) as error:
        findings.wrong(mark, place, "secret_file", path=str(path), why=getattr(error, "strerror", None) or "?")
        return ()
    if mode & stat.S_IROTH:
        findings.wrong(mark, place, "default_passwords_open", path=str(path))
        return ()
    try:
        lines = raw.decode("utf-8-sig").splitlines() if len(raw) <= MAX_BYTES else []
    except UnicodeDecodeError:
        lines = []
    found: dict[Login, None] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        username, colon, password = line.partition(":")
        if not username or not colon or max(len(username), len(password)) > MAX_CHARACTERS or not line.isprintable():
            findings.wrong(mark, place, "default_passwords_line", path=str(path), number=number)
            return ()
        found[Login(username, Secret(password))] = None
    if not 0 < len(found) <= MAX_LOGINS:
        findings.wrong(mark, place, "default_passwords_count", path=str(path), most=MAX_LOGINS)
        return ()
    return tuple(found)
