"""How do the daemon and a decoder worker speak over a pipe?

A message is a head of 16 bytes (`SW`, version, kind, number of the look, length of the JSON, length of the bytes),
then JSON, then bytes. Secrets go this way and no other. What a worker says is checked as if a device had said it: its
decoder has read whatever the device sent.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Annotated, Final

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from probes.errors import Denied, Garbled, LocalTrouble, NoAnswer, Refused, Trouble, Unsupported
from probes.frame.job import Attached, Job, Known, Seen, StillJob, StreamJob
from probes.observation import Outcome
from probes.target import Login, Secret

VERSION: Final = 6  # raise it with every change of a message: an upgrade may replace the files under a running daemon
HEAD: Final = struct.Struct("!2sBBIII")
MAX_JSON: Final = 65_536
MAX_BYTES: Final = 16 * 1024 * 1024
MAX_TEXT: Final = 200

_Length = Annotated[int, Field(ge=0)]
_TROUBLES: Final[dict[Outcome, type[Trouble]]] = {
    kind.outcome: kind for kind in (NoAnswer, Refused, Denied, Unsupported, Garbled, LocalTrouble)
}


class Broken(Exception):
    """What came over the pipe is not a message of this version."""


class Kind(IntEnum):
    """What a message is."""

    HELLO = 1  # worker: ready
    LOOK = 2  # daemon: do this job
    CANCEL = 3  # daemon: nobody waits for that look any more
    SEEN = 4  # worker: this is what I saw
    TROUBLE = 5  # worker: the look failed


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `number` says which look."""

    kind: Kind
    number: int = 0
    json: bytes = b"{}"
    data: bytes = b""


def pack(message: Message) -> bytes:
    """The bytes of a message."""
    assert len(message.json) <= MAX_JSON
    assert len(message.data) <= MAX_BYTES
    head = HEAD.pack(b"SW", VERSION, message.kind, message.number, len(message.json), len(message.data))
    return head + message.json + message.data


def lengths(head: bytes) -> tuple[Kind, int, int, int]:
    """Kind, number, and lengths of the JSON and of the bytes that follow this head; raises Broken."""
    magic, version, kind, number, json_length, data_length = HEAD.unpack(head)
    if magic != b"SW" or version != VERSION:
        raise Broken("a decoder worker of another version")
    if json_length > MAX_JSON or data_length > MAX_BYTES:
        raise Broken("a message beyond its bounds")
    try:
        return Kind(kind), number, json_length, data_length
    except ValueError:
        raise Broken("an unknown kind of message") from None


def job_message(number: int, job: Job) -> Message:
    """The question for a worker."""
    known = job.known
    about = {
        "parts": [len(known.reference), len(known.glance)],
        "at": known.at,
        "tuning": dict(known.tuning),
        "confirmed_at": known.confirmed_at,
        "taken_back_at": known.taken_back_at,
        "presets": known.presets,
        "room_bytes": known.room_bytes,
        "hide_people": known.hide_people,
        "masks": known.masks,
        "burst": known.burst,
    }
    data = known.reference + known.glance
    match job:
        case StillJob():
            fields = {"seconds": job.seconds, "known": about}
            return Message(Kind.LOOK, number, orjson.dumps(fields), data + job.image)
        case StreamJob():
            login = None if job.login is None else [job.login.username, job.login.password.reveal()]
            fields = {
                "url": job.url,
                "login": login,
                "transport": job.transport,
                "gap_seconds": job.gap_seconds,
                "seconds": job.seconds,
                "burst": job.burst,
                "known": about,
            }
            return Message(Kind.LOOK, number, orjson.dumps(fields), data)


def read_job(message: Message) -> Job:
    """The question again, in the worker."""
    fields = orjson.loads(message.json)
    about = fields.pop("known")
    (reference, glance), rest = _split(message.data, about.pop("parts"))
    masks = tuple(tuple(mask) for mask in about.pop("masks"))
    known = Known(reference=reference, glance=glance, masks=masks, **about)
    if "url" not in fields:
        return StillJob(rest, fields["seconds"], known)
    login = fields.pop("login")
    return StreamJob(login=None if login is None else Login(login[0], Secret(login[1])), known=known, **fields)


def seen_message(number: int, seen: Seen, attached: Attached) -> Message:
    """A worker's answer."""
    parts = (attached.jpeg, attached.marked, attached.reference, attached.glance)
    fields = {"seen": asdict(seen), "parts": [len(part) for part in parts]}
    return Message(Kind.SEEN, number, orjson.dumps(fields, option=orjson.OPT_NON_STR_KEYS), b"".join(parts))


@dataclass(frozen=True, slots=True)
class _Answer:
    seen: Seen
    parts: tuple[_Length, _Length, _Length, _Length]


_ANSWER: Final = TypeAdapter(_Answer)


def read_seen(message: Message) -> tuple[Seen, Attached]:
    """What was seen, and what comes with it; raises Broken."""
    try:
        answer = _ANSWER.validate_json(message.json)
    except ValidationError:
        raise Broken("an answer of another shape") from None
    parts, rest = _split(message.data, answer.parts)
    if rest or sum(map(len, parts)) != sum(answer.parts):
        raise Broken("an answer of another length")
    attached = Attached(*parts)
    for jpeg, wanted in ((attached.jpeg, answer.seen.evidence is not None), (attached.marked, bool(attached.marked))):
        if wanted != jpeg.startswith(b"\xff\xd8"):
            raise Broken("evidence that is no JPEG")
    return answer.seen, attached


def _split(data: bytes, sizes: Iterable[int]) -> tuple[list[bytes], bytes]:
    """The parts of these sizes, and what follows."""
    parts, at = [], 0
    for size in sizes:
        parts.append(data[at : at + size])
        at += size
    return parts, data[at:]


def trouble_message(number: int, trouble: Trouble) -> Message:
    """A worker's failing."""
    fields = {"outcome": trouble.outcome, "text": str(trouble)[:MAX_TEXT]}
    return Message(Kind.TROUBLE, number, orjson.dumps(fields))


def read_trouble(message: Message) -> Trouble:
    """The trouble that the worker had, to be raised; raises Broken."""
    try:
        fields = orjson.loads(message.json)
        return _TROUBLES[Outcome(fields["outcome"])](str(fields["text"])[:MAX_TEXT])
    except (orjson.JSONDecodeError, KeyError, ValueError, TypeError):
        raise Broken("an answer of another shape") from None
