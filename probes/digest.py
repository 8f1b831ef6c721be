"""Which Authorization header answers the challenges of a device?

HTTP and RTSP alike: RFC 7616, 2617 and 2069 (Digest), RFC 7617 (Basic), RFC 9110 section 11 (the grammar).
Header texts are `str` decoded from UTF-8 with `surrogateescape`, and are to be encoded alike.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from probes.errors import Garbled, LocalTrouble, Unsupported
from probes.target import Login

MAX_CHARACTERS = 16_384  # of all challenges together
MAX_CHALLENGES = 16
MAX_PARAMETERS = 32  # of one challenge

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_TOKEN68 = re.compile(r"[ \t]+[A-Za-z0-9._~+/-]+=*[ \t]*(?=,|$)")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_BARE = re.compile(r'[^\s,"]*')  # wider than a token: cameras leave nonces and realms unquoted
_SEPARATORS = re.compile(r"[ \t,]*")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_ESCAPED = re.compile(r"\\(.)")
_TO_ESCAPE = re.compile(r'(["\\])')

_STRENGTH = {"SHA-256": 4, "SHA-256-SESS": 3, "MD5": 2, "MD5-SESS": 1}


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge: scheme in lower case, parameters with names in lower case and values unescaped."""

    scheme: str
    parameters: Mapping[str, str]


def authorization(
    challenges: Sequence[str], method: str, uri: str, login: Login, *, nonce_count: int = 1, cnonce: str | None = None
) -> str:
    """The value of the Authorization header for the strongest of these WWW-Authenticate values.

    `uri` is the request's target exactly as it is sent. `nonce_count` is 1 for a nonce's first use, then 2, 3, …;
    `cnonce` is random unless given. Basic is answered only where no Digest is offered.
    Raises Unsupported if no challenge can be answered, Garbled if they are malformed or too large.
    """
    parsed = parse(challenges)
    digests = [one for one in parsed if one.scheme == "digest" and _strength(one)]
    if digests:
        best = max(digests, key=_strength)  # the first among equals, as the device prefers
        counters = (f"{nonce_count:08x}", cnonce or secrets.token_hex(16))
        return _digest(best.parameters, (method, uri), login, counters)
    if any(one.scheme == "basic" for one in parsed):
        return _basic(login)
    offered = ", ".join(sorted({_name(one) for one in parsed}))
    raise Unsupported(f"cannot answer its kind of authentication ({offered[:100] or 'none named'})")


def stale(challenges: Sequence[str]) -> bool:
    """Was only the nonce too old, so that the same login may be tried once more? Raises Garbled."""
    return any(
        one.scheme == "digest" and one.parameters.get("stale", "").lower() == "true" for one in parse(challenges)
    )


def parse(challenges: Sequence[str]) -> list[Challenge]:
    """All challenges of these header values, each of which may hold several. Raises Garbled."""
    if sum(map(len, challenges)) > MAX_CHARACTERS:
        raise Garbled(f"challenges of more than {MAX_CHARACTERS} characters")
    parsed: list[Challenge] = []
    for text in challenges:
        parsed.extend(_parse_header(text))
        if len(parsed) > MAX_CHALLENGES:
            raise Garbled(f"more than {MAX_CHALLENGES} challenges")
    return parsed


def _parse_header(text: str) -> list[Challenge]:
    if _CONTROL.search(text):
        raise Garbled("control characters in a challenge")
    found: list[Challenge] = []
    parameters: dict[str, str] = {}
    at = _end(_SEPARATORS, text, 0)
    while at < len(text):
        token = _TOKEN.match(text, at)
        if not token:
            raise Garbled("malformed challenge")
        at = token.end()
        equals = _EQUALS.match(text, at)
        if equals and found:
            value, at = _value(text, equals.end())
            parameters.setdefault(token[0].lower(), value)
            if len(parameters) > MAX_PARAMETERS:
                raise Garbled(f"a challenge of more than {MAX_PARAMETERS} parameters")
        elif equals:
            raise Garbled("a challenge without a scheme")
        else:
            parameters = {}
            found.append(Challenge(token[0].lower(), parameters))
            if found[-1].scheme not in {"digest", "basic"}:  # NTLM, Negotiate: one token68 instead of parameters
                at = _end(_TOKEN68, text, at)
        at = _end(_SEPARATORS, text, at)
    return found


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    matched = pattern.match(text, at)
    return matched.end() if matched else at


def _value(text: str, at: int) -> tuple[str, int]:
    quoted = _QUOTED.match(text, at)
    if quoted:
        return _ESCAPED.sub(r"\1", quoted[1]), quoted.end()
    bare = _BARE.match(text, at)
    assert bare  # it matches the empty text
    if text[bare.end() : bare.end() + 1] == '"':
        raise Garbled("a challenge with an unclosed quotation")
    return bare[0], bare.end()


def _strength(challenge: Challenge) -> int:
    """0 for what cannot be answered."""
    parameters = challenge.parameters
    if "nonce" not in parameters or "realm" not in parameters or _qop(parameters) is None:
        return 0
    return _STRENGTH.get(parameters.get("algorithm", "MD5").upper(), 0)


def _qop(parameters: Mapping[str, str]) -> str | None:
    """The quality of protection to answer with: auth, empty where none is offered (RFC 2069), None if only others."""
    offered = {word.strip().lower() for word in parameters.get("qop", "").split(",")} - {""}
    return "auth" if "auth" in offered else None if offered else ""


def _name(challenge: Challenge) -> str:
    words = (challenge.scheme, challenge.parameters.get("algorithm", ""), challenge.parameters.get("qop", ""))
    return " ".join(word for word in words if word.isascii() and word.isprintable() and word)


def _basic(login: Login) -> str:
    if ":" in login.username:
        raise Unsupported("it offers only Basic, which cannot carry a user name with a colon")
    pair = _bytes(f"{login.username}:{login.password.reveal()}")
    return "Basic " + base64.b64encode(pair).decode("ascii")


def _digest(challenge: Mapping[str, str], request: tuple[str, str], login: Login, counters: tuple[str, str]) -> str:
    name = challenge.get("algorithm", "MD5").upper()
    realm, nonce, qop = challenge["realm"], challenge["nonce"], _qop(challenge)
    count, cnonce = counters
    secret = _hash(name, f"{login.username}:{realm}:{login.password.reveal()}")
    if name.endswith("-SESS"):
        secret = _hash(name, f"{secret}:{nonce}:{cnonce}")
    asked = _hash(name, ":".join(request))
    middle = f"{nonce}:{count}:{cnonce}:{qop}" if qop else nonce
    fields = [
        _username(challenge, name, login.username),
        f"realm={_quoted(realm)}",
        f"nonce={_quoted(nonce)}",
        f"uri={_quoted(request[1])}",
        f'response="{_hash(name, f"{secret}:{middle}:{asked}")}"',
    ]
    if "algorithm" in challenge:
        fields.append(f"algorithm={challenge['algorithm']}")
    if "opaque" in challenge:
        fields.append(f"opaque={_quoted(challenge['opaque'])}")
    if qop:
        fields += [f"qop={qop}", f"nc={count}"]
    if qop or name.endswith("-SESS"):
        fields.append(f"cnonce={_quoted(cnonce)}")
    if challenge.get("userhash", "").lower() == "true":
        fields.append("userhash=true")
    return "Digest " + ", ".join(fields)


def _username(challenge: Mapping[str, str], algorithm: str, username: str) -> str:
    if _CONTROL.search(username):
        raise LocalTrouble("the configured user name has control characters")
    if challenge.get("userhash", "").lower() == "true":
        return f'username="{_hash(algorithm, username + ":" + challenge["realm"])}"'
    if not username.isascii() and challenge.get("charset", "").upper() == "UTF-8":
        return f"username*=UTF-8''{quote(username, safe='')}"  # RFC 7616 section 3.4, RFC 5987
    return f"username={_quoted(username)}"


def _hash(algorithm: str, text: str) -> str:
    hashed = hashlib.sha256 if algorithm.startswith("SHA-256") else hashlib.md5
    return hashed(_bytes(text), usedforsecurity=False).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _quoted(text: str) -> str:
    return '"' + _TO_ESCAPE.sub(r"\\\1", text) + '"'
