from __future__ import annotations

import asyncio
import contextlib
import datetime
import ssl
import time
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from probes import tls
from probes.ask import ask
from probes.observation import Observation, Outcome
from probes.registry import probe
from probes.target import Target
from probes.tls import TlsOptions
from probes.tools import Tools
from tests.servers.gstreamer import GstServer

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Identity:
    certificate: x509.Certificate
    key: Key


def name_of(text: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "厂"), x509.NameAttribute(NameOID.COMMON_NAME, text)]
    )


def make(subject: str, days: float, issuer: Identity | None = None, key: Key | None = None) -> Identity:
    key = key or ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(subject))
        .issuer_name(issuer.certificate.subject if issuer else name_of(subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=400))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = builder.add_extension(authority, critical=False)
    return Identity(builder.sign((issuer or Identity(None, key)).key, hashes.SHA256()), key)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def serving(
    folder: Path, identity: Identity, chain: tuple[Identity, ...] = (), version: ssl.TLSVersion | None = None
) -> AsyncIterator[int]:
    encoding = serialization.Encoding.PEM
    written = [one.certificate.public_bytes(encoding) for one in (identity, *chain)]
    secret = identity.key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(secret + b"".join(written))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if version:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that is the point
            context.maximum_version = version
    context.load_cert_chain(folder / "server.pem")

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0.02)  # the loop closes what the client left


@contextlib.asynccontextmanager
async def saying(data: bytes, endless: bool = False) -> AsyncIterator[int]:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read(1024)
            writer.write(data)
            while endless:
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    server = await asyncio.start_server(say, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0.02)


async def look(port: int, sni: str | None = None) -> Observation:
    tools = Tools()
    try:
        return await ask(
            probe("tls"),
            Target("d", "127.0.0.1"),
            TlsOptions(port=port, sni=sni),
            tools,
            check="tls",
            timeout_seconds=10,
        )
    finally:
        await tools.close()


async def test_a_certificate_that_the_device_made_itself(tmp_path: Path) -> None:
    identity = make("camera.test", days=29.5)
    async with serving(tmp_path, identity) as port:
        seen = await look(port)
    assert seen.outcome is Outcome.OK, seen.detail
    assert float(seen.values["days_left"]) == pytest.approx(29.5, abs=0.01)
    assert seen.values["subject"] == seen.values["issuer"] == "CN=camera.test,O=厂"
    assert seen.values["fingerprint_sha256"] == identity.certificate.fingerprint(hashes.SHA256()).hex()
    assert seen.values["version"] == "TLSv1.3"
    assert seen.values["trusted"] is False
    assert "self-signed" in seen.detail


async def test_an_expired_certificate(tmp_path: Path) -> None:
    async with serving(tmp_path, make("camera.test", days=-3)) as port:
        seen = await look(port)
    assert seen.outcome is Outcome.OK
    assert float(seen.values["days_left"]) == pytest.approx(-3, abs=0.01)
    assert seen.values["trusted"] is False
    assert seen.detail == "expired 3.0 days ago"
    assert float(seen.values["ends_at"]) == pytest.approx(time.time() - 3 * 86_400, abs=900)


async def test_a_certificate_without_an_end(tmp_path: Path) -> None:
    """RFC 5280 writes it as the year 9999, which few calendars of ours can show."""
    async with serving(tmp_path, make("camera.test", days=365 * 7_900)) as port:
        seen = await look(port)
    assert seen.outcome is Outcome.OK
    assert "ends_at" not in seen.values


async def test_a_certificate_of_an_authority_is_trusted_for_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = make("authority.test", days=100)
    context = ssl.create_default_context(cadata=authority.certificate.public_bytes(serialization.Encoding.DER))
    monkeypatch.setattr(tls, "_strict_context", lambda: context)
    async with serving(tmp_path, make("camera.test", 50, authority), (authority,)) as port:
        seen = await look(port, sni="camera.test")
        assert seen.values["trusted"] is True
        assert seen.values["issuer"] == "CN=authority.test,O=厂"
        other = await look(port, sni="other.test")
        unnamed = await look(port)
    assert other.values["trusted"] is unnamed.values["trusted"] is False
    assert "other.test" in other.detail


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_2])
async def test_an_old_device_with_a_short_key_is_read_but_not_trusted(tmp_path: Path, version: ssl.TLSVersion) -> None:
    key = rsa.generate_private_key(65_537, 1024)
    async with serving(tmp_path, make("camera.test", 10, key=key), version=version) as port:
        seen = await look(port)
    assert seen.outcome is Outcome.OK, seen.detail
    assert seen.values["version"] == {"TLSv1": "TLSv1", "TLSv1_2": "TLSv1.2"}[version.name]
    assert seen.values["trusted"] is False


async def test_a_chain_without_measure_is_garbled(tmp_path: Path) -> None:
    identity = make("camera.test", 10)
    async with serving(tmp_path, identity, (identity,) * 300) as port:
        seen = await look(port)
    assert seen.outcome is Outcome.GARBLED
    assert "excessive message size" in seen.detail


@pytest.mark.parametrize("data", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-dropbear\r\n", bytes(4000)])
async def test_what_is_not_tls_is_garbled(data: bytes) -> None:
    async with saying(data) as port:
        seen = await look(port)
    assert seen.outcome is Outcome.GARBLED, seen


async def test_a_handshake_without_end_is_garbled() -> None:
    async with saying(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc" + bytes(16_380), endless=True) as port:
        seen = await look(port)
    assert seen.outcome is Outcome.GARBLED, seen


async def test_an_alert_and_hanging_up_are_refusals() -> None:
    async with saying(b"\x15\x03\x03\x00\x02\x02\x28") as port:
        seen = await look(port)
    assert seen.outcome is Outcome.REFUSED
    assert "alert handshake failure" in seen.detail
    async with saying(b"") as port:
        assert (await look(port)).outcome is Outcome.REFUSED


async def test_a_server_that_others_wrote(gst_server: GstServer) -> None:
    seen = await look(gst_server.tls_port)
    assert seen.outcome is Outcome.OK
    assert seen.values["subject"] == "CN=camera.test"
    assert 29 < float(seen.values["days_left"]) <= 30


@pytest.mark.parametrize("sni", ["", "a b", ".test", "a..b", "x" * 64, "a.test\r\n"])
def test_names_that_cannot_be(sni: str) -> None:
    with pytest.raises(ValidationError):
        TlsOptions(sni=sni)
