"""How is an SNMPv3 message signed and hidden?

USM: RFC 3414; AES: RFC 3826; SHA-2: RFC 7860. AES-192 and AES-256 have no RFC: where the hash is shorter than the key,
agents stretch it by Blumenthal's draft (net-snmp) or by Reeder's (Cisco and those who followed). Both are here, and the
session finds out which one the agent means.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass
from enum import Enum

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from probes.errors import Garbled, LocalTrouble
from probes.target import SnmpAccess

MIN_PASSWORD = 8  # RFC 3414 section 11.2: shorter ones are refused by agents and by us

_HASHES = {  # name of the hash, octets of the signature that are sent
    "md5": ("md5", 12),
    "sha": ("sha1", 12),
    "sha224": ("sha224", 16),
    "sha256": ("sha256", 24),
    "sha384": ("sha384", 32),
    "sha512": ("sha512", 48),
}
_KEY_OCTETS = {"des": 16, "aes128": 16, "aes192": 24, "aes256": 32}
_MEGABYTE = 1_048_576


class Stretch(Enum):
    """Who wrote the draft by which a short key is made longer."""

    BLUMENTHAL = "blumenthal"
    REEDER = "reeder"


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """A user's keys, localized to one engine. No repr: they are secrets."""

    hash_name: str = ""
    signature_octets: int = 0
    auth: bytes = b""
    cipher: AES | TripleDES | None = None  # DES is three times one key
    des_salt: bytes = b""

    @property
    def flags(self) -> int:
        """msgFlags: 1 signed, 2 hidden."""
        return (1 if self.auth else 0) | (2 if self.cipher else 0)


@dataclass(frozen=True, slots=True, repr=False)
class Masters:
    """A user's keys before they are localized (RFC 3414 A.2): a megabyte is hashed for each, so keep them."""

    auth: bytes = b""
    priv: bytes = b""


def derive(access: SnmpAccess) -> Masters:
    """Hash the passwords. LocalTrouble when the configuration cannot work, whatever the device says."""
    if access.auth == "none":
        if access.priv != "none":
            raise LocalTrouble("SNMPv3 privacy needs authentication too")
        return Masters()
    hash_name = _HASHES[access.auth][0]
    auth = _stretch_password(hash_name, access.auth_key.reveal() if access.auth_key else "", "auth_key")
    if access.priv == "none":
        return Masters(auth)
    return Masters(auth, _stretch_password(hash_name, access.priv_key.reveal() if access.priv_key else "", "priv_key"))


def localize(access: SnmpAccess, masters: Masters, engine_id: bytes, stretch: Stretch) -> Keys:
    """The keys for one engine (RFC 3414 section 2.6)."""
    if access.auth == "none":
        return Keys()
    hash_name, signature_octets = _HASHES[access.auth]
    auth = _localized(hash_name, masters.auth, engine_id)
    if access.priv == "none":
        return Keys(hash_name, signature_octets, auth)
    wanted = _KEY_OCTETS[access.priv]
    priv = _localized(hash_name, masters.priv, engine_id)
    while len(priv) < wanted:
        if stretch is Stretch.BLUMENTHAL:
            priv += hashlib.new(hash_name, priv).digest()
        else:
            priv += _localized(hash_name, password_to_key(hash_name, priv), engine_id)
    if access.priv == "des":
        return Keys(hash_name, signature_octets, auth, TripleDES(priv[:8] * 3), priv[8:16])
    return Keys(hash_name, signature_octets, auth, AES(priv[:wanted]))


def is_stretched(access: SnmpAccess) -> bool:
    """Is the hash shorter than the key, so that it matters how it is stretched?"""
    if access.auth == "none" or access.priv == "none":
        return False
    return hashlib.new(_HASHES[access.auth][0]).digest_size < _KEY_OCTETS[access.priv]


def password_to_key(hash_name: str, password: bytes) -> bytes:
    """Hash of one megabyte of the repeated password (RFC 3414 A.2)."""
    times = _MEGABYTE // len(password) + 1
    return hashlib.new(hash_name, (password * times)[:_MEGABYTE]).digest()


def signature(keys: Keys, message: bytes) -> bytes:
    """Signature of a message whose msgAuthenticationParameters are zeros."""
    return hmac.digest(keys.auth, message, keys.hash_name)[: keys.signature_octets]


def is_signed(keys: Keys, message: bytes, at: int, end: int) -> bool:
    """Is `message[at:end]` the right signature of the rest?"""
    if end - at != keys.signature_octets:
        return False
    zeroed = message[:at] + bytes(keys.signature_octets) + message[end:]
    return hmac.compare_digest(signature(keys, zeroed), message[at:end])


def hide(keys: Keys, boots: int, engine_seconds: int, plain: bytes) -> tuple[bytes, bytes]:
    """Encrypted text and msgPrivacyParameters."""
    if isinstance(keys.cipher, TripleDES):
        salt = struct.pack(">I", boots & 0xFFFFFFFF) + secrets.token_bytes(4)
        return Cipher(keys.cipher, _des_mode(keys, salt)).encryptor().update(plain + bytes(-len(plain) % 8)), salt
    assert keys.cipher is not None
    salt = secrets.token_bytes(8)
    return Cipher(keys.cipher, _aes_mode(boots, engine_seconds, salt)).encryptor().update(plain), salt


def unhide(keys: Keys, boots: int, engine_seconds: int, salt: bytes, hidden: bytes) -> bytes:
    """Plain text, for DES with its padding; Garbled if it cannot be."""
    if len(salt) != 8:
        raise Garbled("SNMPv3 answer has malformed privacy parameters")
    if isinstance(keys.cipher, TripleDES):
        if not hidden or len(hidden) % 8:
            raise Garbled("SNMPv3 answer is not a whole number of DES blocks")
        return Cipher(keys.cipher, _des_mode(keys, salt)).decryptor().update(hidden)
    assert keys.cipher is not None
    return Cipher(keys.cipher, _aes_mode(boots, engine_seconds, salt)).decryptor().update(hidden)


def _stretch_password(hash_name: str, password: str, name: str) -> bytes:
    octets = password.encode()
    if len(octets) < MIN_PASSWORD:
        raise LocalTrouble(f"SNMPv3 {name} must have at least {MIN_PASSWORD} characters (RFC 3414)")
    return password_to_key(hash_name, octets)


def _localized(hash_name: str, master: bytes, engine_id: bytes) -> bytes:
    return hashlib.new(hash_name, master + engine_id + master).digest()


def _des_mode(keys: Keys, salt: bytes) -> CBC:
    return CBC(bytes(a ^ b for a, b in zip(keys.des_salt, salt, strict=True)))


def _aes_mode(boots: int, engine_seconds: int, salt: bytes) -> CFB:
    return CFB(struct.pack(">II", boots & 0xFFFFFFFF, engine_seconds & 0xFFFFFFFF) + salt)
