"""How does a test get a mail server that keeps what it is given, or refuses it as told?"""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.processes import free_port

LOGIN = ("warden", "open-sesame")


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail as it arrived."""

    sender: str
    to: tuple[str, ...]
    mail: EmailMessage
    login: str


@dataclass(slots=True)
class MailServer:
    """A server on a loopback port. Change its moods while it runs."""

    port: int = field(default_factory=free_port)
    letters: list[Letter] = field(default_factory=list)
    answer: str = "250 OK"  # to the whole mail
    refused: dict[str, str] = field(default_factory=dict)  # reader -> answer
    hangs_seconds: float = 0.0  # after it took a mail, before it says so
    _controller: Controller | None = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            mail = email.message_from_bytes(content, policy=email.policy.default)
            login = session.auth_data.login.decode() if session.auth_data else ""
            assert isinstance(mail, EmailMessage)
            self.letters.append(Letter(str(envelope.mail_from), tuple(envelope.rcpt_tos), mail, login))
            await asyncio.sleep(self.hangs_seconds)
        return self.answer

    def start(self) -> None:
        """Serve."""
        self._controller = Controller(
            self, hostname="127.0.0.1", port=self.port, authenticator=_authenticate, auth_require_tls=False
        )
        self._controller.start()

    def stop(self) -> None:
        """Serve no more."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, auth_data: LoginPassword
) -> AuthResult:
    right = (auth_data.login.decode(), auth_data.password.decode()) == LOGIN
    return AuthResult(success=right, handled=False, auth_data=auth_data if right else None)


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A running mail server."""
    server = MailServer()
    server.start()
    yield server
    server.stop()
