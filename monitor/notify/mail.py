"""How does a notification become a mail? SMTP (RFC 5321), text and HTML with the picture inside (RFC 2387)."""

from __future__ import annotations

import hashlib
import logging
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

import aiosmtplib

from monitor.notify.envelope import Envelope, Undelivered
from monitor.settings.channels import MailChannel
from ticketing.ticket import Severity

log = logging.getLogger(__name__)


class Mail:
    """One mail server and its readers."""

    def __init__(self, channel: MailChannel) -> None:
        self._channel = channel
        self.timeout_seconds = channel.timeout_seconds
        self._tls = None
        if channel.security != "none":
            self._tls = ssl.create_default_context(cafile=channel.ca_file or None)
        self._left: dict[str, tuple[str, ...]] = {}  # key -> readers for whom the server said "later"

    async def deliver(self, envelope: Envelope) -> None:
        """Hand it to the server for every reader, or only to those who were put off at the last attempt."""
        channel = self._channel
        to = self._left.get(envelope.key, channel.to)
        try:
            answers, _ = await aiosmtplib.send(
                compose(envelope, channel),
                sender=parseaddr(channel.sender)[1],
                recipients=[parseaddr(reader)[1] for reader in to],
                hostname=channel.host,
                port=channel.port,
                username=channel.username or None,
                password=channel.password.reveal() if channel.username and channel.password else None,
                use_tls=channel.security == "tls",
                start_tls=channel.security == "starttls",
                tls_context=self._tls,
                timeout=channel.timeout_seconds,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = {one.recipient: one.code for one in error.recipients}
        except aiosmtplib.SMTPAuthenticationError as error:
            raise Undelivered(f"the mail server refused the login ({error.code})", denied=True) from None
        except aiosmtplib.SMTPResponseException as error:
            raise Undelivered(f"the mail server answered {error.code}", temporary=error.code < 500) from None
        except aiosmtplib.SMTPNotSupported:
            raise Undelivered("the mail server does not offer the encryption or login that is configured") from None
        except (aiosmtplib.SMTPConnectError, ssl.SSLError) as error:
            raise Undelivered(f"no connection to the mail server ({type(error).__name__})") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Undelivered(f"the mail server went away ({type(error).__name__})", unsure=True) from None
        else:
            refused = {reader: answer.code for reader, answer in answers.items()}
        self._settle(envelope.key, to, refused)

    def _settle(self, key: str, to: tuple[str, ...], refused: dict[str, int]) -> None:
        self._left.pop(key, None)
        later = tuple(reader for reader, code in refused.items() if code < 500)
        if later:
            self._left[key] = later
            raise Undelivered(f"the mail server put off {len(later)} of {len(to)} readers ({refused[later[0]]})")
        if refused and len(refused) == len(to):
            code = next(iter(refused.values()))
            raise Undelivered(f"the mail server refused every reader ({code})", temporary=False)
        if refused:
            log.warning("mail: %d of %d readers refused for good, key %s", len(refused), len(to), key)

    async def close(self) -> None:
        """Nothing stays open between mails."""


def compose(envelope: Envelope, channel: MailChannel) -> EmailMessage:
    """The mail. Its Message-ID follows from the key, so that a repetition is recognised as such."""
    domain = parseaddr(channel.sender)[1].rpartition("@")[2] or "sitewarden.invalid"
    mail = EmailMessage()
    mail["From"] = channel.sender
    mail["To"] = ", ".join(channel.to)
    mail["Subject"] = envelope.subject
    mail["Date"] = format_datetime(datetime.fromtimestamp(envelope.said_at, UTC))
    mail["Message-ID"] = _message_id(envelope.key, domain)
    if envelope.ticket:  # one thread a ticket
        mail["References"] = _message_id(f"{envelope.site}/{envelope.ticket}", domain)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    if envelope.severity is Severity.URGENT and not envelope.ended:
        mail["Importance"] = "high"
    mail["X-Sitewarden-Key"] = envelope.key
    mail["X-Sitewarden-Attempt"] = str(envelope.attempt)
    mail.set_content(envelope.text)
    mail.add_alternative(envelope.html, subtype="html")
    html = mail.get_payload(1)
    assert isinstance(html, EmailMessage)
    for picture in envelope.pictures:
        html.add_related(
            picture.jpeg,
            "image",
            "jpeg",
            cid=f"<{picture.role}@sitewarden>",
            filename=f"{envelope.ticket}-{picture.role}.jpg",
            disposition="inline",
        )
    return mail


def _message_id(key: str, domain: str) -> str:
    return f"<{hashlib.sha256(key.encode('utf-8', 'backslashreplace')).hexdigest()[:32]}@{domain}>"
