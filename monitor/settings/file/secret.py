"""Where does a secret come from? A systemd credential, a file, the environment, or (not advised) the file itself."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from monitor.settings.mistake import Findings, Mark
from monitor.settings.tree import MarkedMap, Scalar
from probes.target import Secret

MAX_SECRET_BYTES = 65_536
_SOURCES = ("credential", "file", "env")


@dataclass(slots=True)
class Reading:
    """What validators need to know while a file is read."""

    findings: Findings
    folder: Path  # of the file; relative paths start here
    env: Mapping[str, str]
    lenient: bool = False  # a secret that only the daemon's own user can see is a warning, not a mistake
    profiles: set[str] = field(default_factory=set)  # names of SNMP profiles that checks may name


def _read(value: object, info: ValidationInfo) -> Secret:
    reading = info.context
    assert isinstance(reading, Reading)
    if isinstance(value, str):
        if isinstance(value, Scalar):
            reading.findings.warn(value.mark, info.field_name or "", "plain_secret")
        return _checked(str(value))
    if not isinstance(value, MarkedMap) or len(value) != 1:
        raise PydanticCustomError("want_secret", "not a secret")
    ((source, name),) = value.items()
    if source not in _SOURCES or not isinstance(name, str) or not name:
        raise PydanticCustomError("want_secret", "not a secret")
    match source:
        case "env":
            if name not in reading.env:
                return _absent(reading, value.mark, "secret_env", name)
            return _checked(reading.env[name])
        case "credential":
            if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,254}", name):
                raise PydanticCustomError("want_credential_name", "not a name of a credential")
            folder = reading.env.get("CREDENTIALS_DIRECTORY")
            if not folder:
                return _absent(reading, value.mark, "secret_no_credentials", name)
            return _from_file(Path(folder) / name, reading, value.mark, private=True)
        case _:
            return _from_file(reading.folder / name, reading, value.mark, private=False)


def _from_file(path: Path, reading: Reading, mark: Mark, *, private: bool) -> Secret:
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_SECRET_BYTES + 1)
        readable_by_all = path.stat().st_mode & stat.S_IROTH
    except PermissionError:
        return _absent(reading, mark, "secret_forbidden", str(path))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "?"
        raise PydanticCustomError("secret_file", "no such file", {"path": str(path), "why": why}) from None
    if readable_by_all and not private:
        reading.findings.warn(mark, "", "secret_world_readable", path=path)
    if len(raw) > MAX_SECRET_BYTES:
        raise PydanticCustomError("secret_large", "too large")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise PydanticCustomError("secret_not_text", "not text") from None
    return _checked(text.removesuffix("\n").removesuffix("\r"))


def _absent(reading: Reading, mark: Mark, code: str, name: str) -> Secret:
    """Only the daemon can see it: when a person checks the file, that is no mistake of the file."""
    if not reading.lenient:
        raise PydanticCustomError(code, "not to be had", {"name": name})
    reading.findings.warn(mark, "", code, name=name)
    return Secret("")


def _checked(text: str) -> Secret:
    if not text:
        raise PydanticCustomError("secret_empty", "empty")
    if "\0" in text or "\n" in text:
        raise PydanticCustomError("secret_lines", "more than one line")
    return Secret(text)


def _read_url(value: object, info: ValidationInfo) -> Secret:
    """A URL is a secret only when it holds a password."""
    if isinstance(value, str):
        try:
            harmless = urlsplit(value).password is None
        except ValueError:
            harmless = True
        if harmless:
            return _checked(str(value))
    return _read(value, info)


_SCHEMA = WithJsonSchema(
    {
        "anyOf": [
            *(
                {
                    "type": "object",
                    "properties": {source: {"type": "string"}},
                    "required": [source],
                    "additionalProperties": False,
                }
                for source in _SOURCES
            ),
            {"type": "string", "description": "plain text: not advised, `sitewarden check` warns"},
        ]
    }
)

SecretText = Annotated[Secret, BeforeValidator(_read), _SCHEMA]
SecretUrl = Annotated[Secret, BeforeValidator(_read_url), _SCHEMA]
