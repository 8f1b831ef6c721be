"""Does this SNMPv3 message come from the user that it names, and what does it say?

User-based Security Model: RFC 3414, RFC 3826 (AES), RFC 7860 (SHA-2).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

_BLOCK = 16
_MAC_BYTES = {"md5": 12, "sha": 12, "sha224": 16, "sha256": 24, "sha384": 32, "sha512": 48}
_HASH = {"sha": "sha1"}


@dataclass(frozen=True, slots=True)
class User:
    """A USM user: `auth` names its hash (md5, sha, sha224, … sha512); privacy is AES-128. Passwords, not keys."""

    name: str
    auth: str
    auth_password: str
    priv_password: str


@dataclass(frozen=True, slots=True)
class Keys:
    """A user's keys, localized to one engine."""

    auth: str
    auth_key: bytes
    priv_key: bytes

    @property
    def mac_bytes(self) -> int:
        """Length of the digest in the message."""
        return _MAC_BYTES[self.auth]

    def mac(self, message: bytes) -> bytes:
        """The digest of a message in which the digest's own place is zero."""
        return hmac.digest(self.auth_key, message, _name(self.auth))[: self.mac_bytes]

    def encrypt(self, plain: bytes, boots: int, seconds: int) -> tuple[bytes, bytes]:
        """AES-128 in CFB mode: the ciphertext and its salt."""
        salt = secrets.token_bytes(8)
        encryptor = _blocks(self.priv_key)
        feedback = _start(boots, seconds, salt)
        out = bytearray()
        for at in range(0, len(plain), _BLOCK):
            feedback = _xor(encryptor.update(feedback), plain[at : at + _BLOCK])
            out += feedback
        return bytes(out), salt

    def decrypt(self, secret: bytes, salt: bytes, boots: int, seconds: int) -> bytes:
        """The plaintext; what does not parse afterwards was encrypted with another key."""
        stream = _blocks(self.priv_key).update(_padded(_start(boots, seconds, salt) + secret))
        return _xor(stream, secret)


def localize(user: User, engine: bytes) -> Keys:
    """The user's keys at this engine (RFC 3414 section 2.6)."""
    auth_key = _localize(user.auth, user.auth_password, engine)
    return Keys(user.auth, auth_key, _localize(user.auth, user.priv_password, engine)[:_BLOCK])


def _localize(auth: str, password: str, engine: bytes) -> bytes:
    key = _stretch(auth, password)
    return hashlib.new(_name(auth), key + engine + key, usedforsecurity=False).digest()


@cache
def _stretch(auth: str, password: str) -> bytes:
    raw = password.encode()
    million = 1 << 20
    return hashlib.new(_name(auth), (raw * (million // len(raw) + 1))[:million], usedforsecurity=False).digest()


def _name(auth: str) -> str:
    return _HASH.get(auth, auth)


def _start(boots: int, seconds: int, salt: bytes) -> bytes:
    return boots.to_bytes(4, "big") + seconds.to_bytes(4, "big") + salt


def _blocks(key: bytes) -> CipherContext:
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305  # CFB is built of single blocks


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _BLOCK)


def _xor(stream: bytes, data: bytes) -> bytes:
    size = len(data)
    mixed = int.from_bytes(stream[:size], "big") ^ int.from_bytes(data, "big")
    return mixed.to_bytes(size, "big")
