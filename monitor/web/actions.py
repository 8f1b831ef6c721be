"""What did a person write into a ticket's form, and which command is that?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monitor.locale import msg
from ticketing.commands import (
    MAX_TEXT,
    Acknowledge,
    Assign,
    Cancel,
    Command,
    Note,
    Pend,
    Resolve,
    Restore,
    Resume,
    Start,
    Waive,
)
from ticketing.ticket import PendingReason

Problems = Mapping[str, str]  # field -> message id

REQUIRED: Final = msg("This is required.")
TOO_LONG: Final = msg("At most 4,000 characters.")
CHOOSE: Final = msg("Choose one of these.")
UNKNOWN_USER: Final = msg("There is no such user.")

ACTIONS: Final[Mapping[str, type[Command]]] = {
    "acknowledge": Acknowledge,
    "start": Start,
    "note": Note,
    "pend": Pend,
    "resume": Resume,
    "restore": Restore,
    "resolve": Resolve,
    "waive": Waive,
    "cancel": Cancel,
    "assign": Assign,
}

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")


class BadForm(Exception):
    """Fields that must be corrected: name -> message id."""

    def __init__(self, problems: Problems) -> None:
        super().__init__(", ".join(problems))
        self.problems = problems


@dataclass(slots=True)
class _Reader:
    fields: Mapping[str, str]
    problems: dict[str, str]

    def text(self, name: str, *, required: bool = True) -> str:
        text = clean(self.fields.get(name, ""))
        if required and not text:
            self.problems[name] = REQUIRED
        elif len(text) > MAX_TEXT:
            self.problems[name] = TOO_LONG
        return text


def read_command(action: str, fields: Mapping[str, str], users: frozenset[str]) -> Command:
    """The command of a form; BadForm names every field that is wrong, LookupError: there is no such action."""
    reader = _Reader(fields, {})
    command: Command | None
    match action:
        case "acknowledge":
            command = Acknowledge()
        case "start":
            command = Start(on_site=fields.get("on_site", "") in ("1", "true", "on"))
        case "note":
            command = Note(reader.text("text"))
        case "pend":
            command = _pend(reader)
        case "resume":
            command = Resume()
        case "restore":
            command = Restore(reader.text("text"))
        case "resolve":
            command = Resolve(reader.text("cause"), reader.text("work"))
        case "waive":
            command = Waive(reader.text("reason"))
        case "cancel":
            command = _cancel(reader)
        case "assign":
            command = _assign(reader, users)
        case _:
            raise LookupError(action)
    if reader.problems or command is None:
        raise BadForm(reader.problems)
    return command


def _assign(reader: _Reader, users: frozenset[str]) -> Assign:
    assignee = reader.text("assignee")
    if assignee and assignee not in users:
        reader.problems["assignee"] = UNKNOWN_USER
    return Assign(assignee)


def _cancel(reader: _Reader) -> Cancel | None:
    reason = reader.text("reason")
    match reader.fields.get("lesson", ""):
        case "" | "false_alarm" | "new_view" as lesson:
            return Cancel(reason, lesson)
        case _:
            reader.problems["lesson"] = CHOOSE
            return None


def _pend(reader: _Reader) -> Pend | None:
    text = reader.text("text", required=False)
    try:
        return Pend(PendingReason(reader.fields.get("reason", "")), text)
    except ValueError:
        reader.problems["reason"] = CHOOSE
        return None


def clean(text: str) -> str:
    """What a person typed, without control characters and with plain line ends; composed (NFC), outer space removed."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(char for char in lines if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs"))
    return unicodedata.normalize("NFC", kept).strip()


def request_id(fields: Mapping[str, str], otherwise: str) -> str:
    """The form's own number, by which the same click acts once."""
    given = fields.get("request_id", "")
    return given if _REQUEST_ID.fullmatch(given) else otherwise
