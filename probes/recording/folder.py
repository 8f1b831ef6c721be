"""How does a recording lie on disk?

`manifest.txt` says in plain lines what it is, `answers.yaml` lists the files of `answers/`, `agent.snmprec` holds the
SNMP agent in the form of snmpsim, `reports.yaml` what an alarm panel reported, `picture.jpg` is there only if somebody
agreed to it. What is read may come from anybody: sizes and counts are bounded, and no name leads out of the folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

import yaml

MAX_FILE = 1_048_576  # bytes of one answer
MAX_ANSWERS = 500
MAX_VARIABLES = 20_000
MAX_SNMPREC = 8_000_000  # bytes
MAX_PICTURE = 8_000_000
MAX_REPORTS = 500
MAX_REPORT = 200  # characters of one
MAX_AFTER_SECONDS = 86_400.0  # `sitewarden record --reports` listens for a day at most

_SAFE = re.compile(r"[a-z0-9][a-z0-9.-]{0,80}")
_KIND = re.compile(r"SIA-DCS|ADM-CID|NULL")
_UNSAFE = re.compile(r"[^a-z0-9]+")


class BadRecording(ValueError):
    """A folder that is no recording, or goes beyond a bound."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One answer. `operation` and `token` tell ONVIF calls apart: the name of the call, the profile that it is for."""

    method: str
    path: str
    status: int
    body: bytes
    operation: str = ""
    token: str = ""
    content_type: str = ""
    server: str = ""


@dataclass(frozen=True, slots=True)
class RtspAnswer:
    """One answer to OPTIONS or DESCRIBE."""

    method: str
    path: str
    status: int
    body: bytes
    server: str = ""
    public: str = ""


@dataclass(frozen=True, slots=True)
class Variable:
    """One SNMP variable: dotted OID, BER tag, and its value as snmprec writes it (`4x`: hex of octets)."""

    oid: str
    tag: str
    value: str


@dataclass(frozen=True, slots=True)
class Report:
    """One message of an alarm panel: SIA-DCS, ADM-CID or NULL, what it says, and when (seconds after the first)."""

    kind: str
    data: str = ""
    after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Recording:
    """One device. `facts` are the lines of the manifest."""

    facts: Mapping[str, str] = field(default_factory=dict)
    http: tuple[HttpAnswer, ...] = ()
    rtsp: tuple[RtspAnswer, ...] = ()
    snmp: tuple[Variable, ...] = ()
    picture: bytes = b""
    reports: tuple[Report, ...] = ()


def write_folder(recording: Recording, folder: Path) -> None:
    """Write into a new or empty folder. Raises OSError, FileExistsError if there is something in it."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(17, "the folder is not empty", str(folder))
    lines = ["One device, recorded and redacted by sitewarden. Each line: what, and what it is.", ""]
    lines += [f"{name}: {value}" for name, value in recording.facts.items()]
    (folder / "manifest.txt").write_text("\n".join(lines) + "\n", "utf-8")
    index: list[dict[str, Any]] = []
    if recording.http or recording.rtsp:
        (folder / "answers").mkdir()
    answers: tuple[HttpAnswer | RtspAnswer, ...] = (*recording.http, *recording.rtsp)
    for at, answer in enumerate(answers, 1):
        kind = "http" if isinstance(answer, HttpAnswer) else "rtsp"
        shown = {name: getattr(answer, name) for name in answer.__dataclass_fields__ if name != "body"}
        name = f"{at:03d}-{kind}-{_slug(answer)}{_suffix(answer)}"
        (folder / "answers" / name).write_bytes(answer.body)
        index.append({"kind": kind, "file": name} | {key: value for key, value in shown.items() if value})
    if index:
        text = yaml.safe_dump(index, allow_unicode=True, sort_keys=False, width=120)
        (folder / "answers.yaml").write_text(text, "utf-8")
    if recording.snmp:
        text = "".join(f"{one.oid}|{one.tag}|{one.value}\n" for one in recording.snmp)
        (folder / "agent.snmprec").write_text(text, "utf-8")
    if recording.reports:
        text = yaml.safe_dump([asdict(one) for one in recording.reports], sort_keys=False, width=120)
        (folder / "reports.yaml").write_text(text, "utf-8")
    if recording.picture:
        (folder / "picture.jpg").write_bytes(recording.picture)


def read_folder(folder: Path) -> Recording:
    """Read what `write_folder` wrote. Raises BadRecording, OSError."""
    facts = read_manifest(_read(folder / "manifest.txt", MAX_FILE).decode("utf-8", "replace"))
    http: list[HttpAnswer] = []
    rtsp: list[RtspAnswer] = []
    for entry in _read_index(folder):
        name = str(entry.pop("file", ""))
        if not _SAFE.fullmatch(name):
            raise BadRecording(f"{name[:80]!r} is no name of an answer")
        body = _read(folder / "answers" / name, MAX_FILE)
        kind = entry.pop("kind", "")
        try:
            if kind == "http":
                http.append(HttpAnswer(body=body, **entry))
            elif kind == "rtsp":
                rtsp.append(RtspAnswer(body=body, **entry))
            else:
                raise BadRecording(f"{name}: no kind of answer")
        except TypeError:
            raise BadRecording(f"{name}: an entry of answers.yaml with unknown or missing keys") from None
    agent = folder / "agent.snmprec"
    snmp = read_variables(_read(agent, MAX_SNMPREC).decode("utf-8", "replace")) if agent.exists() else ()
    picture = folder / "picture.jpg"
    shown = _read(picture, MAX_PICTURE) if picture.exists() else b""
    return Recording(facts, tuple(http), tuple(rtsp), snmp, shown, tuple(_read_reports(folder)))


def read_manifest(text: str) -> dict[str, str]:
    """The lines `what: value` of a manifest."""
    facts: dict[str, str] = {}
    for line in text.splitlines()[2:200]:
        name, colon, value = line.partition(":")
        if colon:
            facts[name.strip()] = value.strip()
    return facts


def read_variables(text: str) -> tuple[Variable, ...]:
    """The lines of a snmprec file; comments and lines of other forms are left out. Raises BadRecording."""
    found: list[Variable] = []
    for line in text.splitlines():
        parts = line.split("|", 2)
        if len(parts) == 3 and re.fullmatch(r"\d{1,10}(?:\.\d{1,10}){1,127}", parts[0]):
            found.append(Variable(*parts))
        if len(found) > MAX_VARIABLES:
            raise BadRecording(f"more than {MAX_VARIABLES} variables")
    return tuple(found)


def _read_index(folder: Path) -> list[dict[str, Any]]:
    index = _read_list(folder / "answers.yaml", MAX_ANSWERS)
    for entry in index:
        for name, value in entry.items():
            if not isinstance(value, int if name == "status" else str):
                raise BadRecording(f"answers.yaml: {str(name)[:40]!r} is of another type")
            if isinstance(value, str) and not _is_text(value):
                raise BadRecording(f"answers.yaml: {str(name)[:40]!r} is no text")
    return index


def _is_text(value: str) -> bool:
    """YAML lets half a surrogate pair be escaped, which nobody can send."""
    return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)


def _read_reports(folder: Path) -> Iterator[Report]:
    for entry in _read_list(folder / "reports.yaml", MAX_REPORTS):
        kind, data, after = (entry.get(name, "") for name in ("kind", "data", "after_seconds"))
        if not isinstance(kind, str) or not _KIND.fullmatch(kind) or not isinstance(data, str):
            raise BadRecording("reports.yaml: an entry without kind and data")
        if len(data) > MAX_REPORT or not data.isprintable() or not _is_pause(after):
            raise BadRecording("reports.yaml: an entry that no panel would send")
        yield Report(kind, data, float(after))


def _is_pause(after: object) -> TypeGuard[float]:
    """Seconds within the longest time that a panel is listened to; neither NaN nor infinity is."""
    return isinstance(after, int | float) and 0 <= after <= MAX_AFTER_SECONDS


def _read_list(file: Path, most: int) -> list[dict[str, Any]]:
    if not file.exists():
        return []
    try:
        found = yaml.safe_load(_read(file, MAX_FILE).decode("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise BadRecording(f"{file.name}: {error}") from None
    if not isinstance(found, list) or len(found) > most or not all(isinstance(one, dict) for one in found):
        raise BadRecording(f"{file.name} is no list of at most {most} entries")
    return found


def _read(file: Path, most: int) -> bytes:
    with file.open("rb") as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise BadRecording(f"{file.name} is larger than {most} bytes")
    return data


def _slug(answer: HttpAnswer | RtspAnswer) -> str:
    named = answer.operation if isinstance(answer, HttpAnswer) else answer.method
    return (_UNSAFE.sub("-", f"{named or answer.path}".lower()).strip("-") or "front")[:48]


def _suffix(answer: HttpAnswer | RtspAnswer) -> str:
    if isinstance(answer, RtspAnswer):
        return ".sdp" if answer.body else ".txt"
    return ".html" if "html" in answer.content_type else ".xml" if "xml" in answer.content_type else ".txt"
