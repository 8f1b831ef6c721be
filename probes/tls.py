"""How long is a device's certificate still good, and would a browser trust it?"""

from __future__ import annotations

import ssl
from functools import cache
from typing import Annotated

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from pydantic import Field

from probes.errors import Garbled, Trouble
from probes.observation import Answer, Value
from probes.probe import Options, Probe
from probes.resolve import literal
from probes.stream import connect, lenient_context, start_tls
from probes.target import Target
from probes.tools import Tools, trace

MAX_NAME = 200  # characters of issuer and subject
HOST_NAME = r"^[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*$"
DAY = 86_400.0
MAX_DAYS = 36_500.0  # RFC 5280 writes "no end" as the end of the year 9999


class TlsOptions(Options):
    """`sni`: the name to ask for and to find in the certificate, where it is not the device's host."""

    port: Annotated[int, Field(ge=1, le=65_535)] = 443
    sni: Annotated[str, Field(min_length=1, max_length=253, pattern=HOST_NAME)] | None = None


async def ask(target: Target, options: TlsOptions, tools: Tools) -> Answer:
    """Shake hands, whatever the certificate is worth, and read it.

    Values: days_left (negative once expired), ends_at (seconds since the epoch), version, issuer, subject,
    fingerprint_sha256, trusted: whether this machine's authorities vouch for it and for the name, which a second
    handshake tells. Raises Unresolved, Refused, NoAnswer, Garbled.
    """
    host, port = target.host, options.port
    address = literal(host)
    name = options.sni or (address.ip if address else host)
    tcp = await connect(host, port, tools)
    stream = await start_tls(tcp, lenient_context(), None if literal(name) else name)
    stream.close()
    written = stream.tls.getpeercert(binary_form=True)
    if not written:
        raise Garbled("the device showed no certificate")
    certificate, days_left, issuer, subject = _read(written, tools.now())
    doubt = "expired" if days_left < 0 else await _doubt(host, port, name, tools)
    values: dict[str, Value] = {
        "days_left": days_left,
        "version": stream.tls.version() or "unknown",
        "issuer": issuer,
        "subject": subject,
        "fingerprint_sha256": certificate.fingerprint(hashes.SHA256()).hex(),
        "trusted": not doubt,
    }
    if days_left < MAX_DAYS:
        values["ends_at"] = tools.now() + days_left * DAY
    detail = (
        f"expired {-days_left:.1f} days ago" if days_left < 0 else f"{days_left:.1f} days left, {doubt or 'trusted'}"
    )
    return Answer(values, detail=detail)


def _read(written: bytes, now: float) -> tuple[x509.Certificate, float, str, str]:
    """The certificate, days left, issuer and subject. Raises Garbled: cameras make certificates that break X.509."""
    try:
        certificate = x509.load_der_x509_certificate(written)
        days_left = (certificate.not_valid_after_utc.timestamp() - now) / DAY
        return certificate, days_left, _text(certificate.issuer), _text(certificate.subject)
    except (ValueError, TypeError, x509.InvalidVersion) as error:
        raise Garbled(f"malformed certificate ({type(error).__name__})") from None


def _text(name: x509.Name) -> str:
    return name.rfc4514_string()[:MAX_NAME]


async def _doubt(host: str, port: int, name: str, tools: Tools) -> str:
    """Why the certificate is not to be trusted, empty if it is."""
    try:
        stream = await start_tls(await connect(host, port, tools), _strict_context(), name)
    except ssl.SSLCertVerificationError as error:
        trace("not trusted: %s", error.verify_message)
        return error.verify_message or "not trusted"
    except Trouble as trouble:  # too weak for the defaults of today: a browser would not open it either
        trace("not trusted: %s", trouble)
        return str(trouble)
    stream.close()
    return ""


@cache
def _strict_context() -> ssl.SSLContext:
    """As browsers do it: the authorities of this machine, names checked, nothing below TLS 1.2."""
    return ssl.create_default_context()


PROBE = Probe("tls", ask, TlsOptions, every_seconds=3600.0, timeout_seconds=10.0)
