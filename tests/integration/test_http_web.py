"""Does the HTTP client hold its bounds against devices that lie, drip, flood and redirect?"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from probes.errors import Denied, Garbled, Refused, Unresolved, Unsupported
from probes.target import Login, Secret
from probes.tools import Tools
from probes.web import Web, address
from tests.servers.gstreamer import _write_certificate
from tests.servers.scripted_http import HOST, Request, Serve, response

LOGIN = Login("admin", Secret("pa:ss"))


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    tools = Tools()
    yield tools.get(Web)
    await tools.close()


async def test_answer_comes_back_whole(web: Web, serve_http: Serve) -> None:
    async with serve_http(lambda *_: response(404, b"none", "X-Vendor: Ümlaut", "Set-Cookie: a=b")) as script:
        first = await web.fetch("POST", script.url("/a?b=c d"), host=HOST, body=b"question", headers={"X-Mine": "1"})
        await web.fetch("GET", script.url(), host=HOST)
    assert (first.status, first.body, first.headers["x-vendor"]) == (404, b"none", "Ümlaut")
    post, get = script.requests
    assert (post.method, post.target, post.body, post.headers["x-mine"]) == ("POST", "/a?b=c+d", b"question", "1")
    assert post.headers["accept-encoding"] == "identity"
    assert "cookie" not in get.headers


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
async def test_environment_says_nothing(
    web: Web, serve_http: Serve, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    async with serve_http(lambda *_: response(200)) as script:
        assert (await web.fetch("GET", script.url(), host=HOST)).status == 200


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.2/", "127.0.0.1"),
        ("http://127.0.0.1@127.0.0.2/", "127.0.0.1"),
        ("http://127.0.0.1.evil.test/", "127.0.0.1"),
        ("rtsp://127.0.0.1/", "127.0.0.1"),
        ("file:///etc/passwd", ""),
        ("http://127.0.0.1:99999/", "127.0.0.1"),
        ("http://[::1", "::1"),
        ("", "127.0.0.1"),
    ],
)
async def test_only_this_host_is_asked(web: Web, url: str, host: str) -> None:
    with pytest.raises(Garbled):
        await web.fetch("GET", url, host=host)


async def test_name_that_does_not_resolve(web: Web) -> None:
    with pytest.raises(Unresolved):
        await web.fetch("GET", "http://nobody.invalid/", host="nobody.invalid")


async def test_nobody_listens(web: Web) -> None:
    with pytest.raises(ConnectionRefusedError) as caught:
        await web.fetch("GET", "http://127.0.0.1:9/", host=HOST)
    assert caught.value.strerror == "Connection refused"


async def test_ten_gigabytes_announced_are_not_read(web: Web, serve_http: Serve) -> None:
    async with serve_http(lambda *_: b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\nabc") as script:
        with pytest.raises(Garbled, match="10737418240"):
            await web.fetch("GET", script.url(), host=HOST)


@pytest.mark.parametrize("chunked", [False, True])
async def test_endless_body_is_cut(web: Web, serve_http: Serve, chunked: bool) -> None:
    sent = 0

    async def flood(_: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n" + (b"Transfer-Encoding: chunked\r\n" if chunked else b"") + b"\r\n")
        while True:
            writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n" if chunked else b"x" * 0x4000)
            await writer.drain()
            sent += 0x4000

    async with serve_http(flood) as script:
        with pytest.raises(Garbled, match="larger than 100000"):
            await web.fetch("GET", script.url(), host=HOST, max_bytes=100_000)
    assert sent < 20_000_000  # what socket buffers on both sides hold


async def test_interim_answers_without_end_are_cut(web: Web, serve_http: Serve) -> None:
    """They are neither read nor kept: a fast server says a hundred thousand in a second."""
    sent = 0

    async def flood(_: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 4_000)
            sent += 4_000
            await writer.drain()

    async with serve_http(flood) as script:
        tracemalloc.start()
        try:
            with pytest.raises(Garbled, match="more than 8 interim answers"):
                async with asyncio.timeout(10):
                    await web.fetch("GET", script.url(), host=HOST)
            assert tracemalloc.get_traced_memory()[1] < 2_000_000
        finally:
            tracemalloc.stop()
    assert sent < 200_000


async def test_a_few_interim_answers_are_read_over(web: Web, serve_http: Serve) -> None:
    few = b"HTTP/1.1 102 Processing\r\n\r\n" * 8
    async with serve_http(lambda *_: few + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") as script:
        for _ in range(3):  # each answer may have as many
            assert (await web.fetch("GET", script.url(), host=HOST)).body == b"hi"


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"])
async def test_one_byte_at_a_time_is_cut_by_the_callers_timeout(web: Web, serve_http: Serve, head: bytes) -> None:
    async def drip(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with serve_http(drip) as script:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await web.fetch("GET", script.url(), host=HOST)


@pytest.mark.parametrize(
    "said",
    [
        b"\x00\x01\x02garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(500)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: minus\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
)
async def test_what_is_not_http(web: Web, serve_http: Serve, said: bytes) -> None:
    async def say(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(said)

    async with serve_http(say) as script:
        with pytest.raises((Garbled, Refused)):
            await web.fetch("GET", script.url(), host=HOST)


async def test_broken_off(web: Web, serve_http: Serve) -> None:
    async def stop(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf")

    async def hang_up(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with serve_http(stop) as script:
        with pytest.raises(Garbled, match="breaks off"):
            await web.fetch("GET", script.url(), host=HOST)
    async with serve_http(hang_up) as script:
        with pytest.raises(Refused, match="without an answer"):
            await web.fetch("GET", script.url(), host=HOST)


def _raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("GZIP", gzip.compress), ("deflate", zlib.compress), ("deflate", _raw_deflate)],
)
async def test_compression_that_nobody_asked_for(web: Web, serve_http: Serve, coding: str, pack) -> None:
    async with serve_http(lambda *_: response(200, pack(b"plain" * 9), f"Content-Encoding: {coding}")) as script:
        assert (await web.fetch("GET", script.url(), host=HOST)).body == b"plain" * 9
    bomb = pack(bytes(50_000_000))
    assert len(bomb) < 100_000
    async with serve_http(lambda *_: response(200, bomb, f"Content-Encoding: {coding}")) as script:
        with pytest.raises(Garbled, match="when uncompressed"):
            await web.fetch("GET", script.url(), host=HOST, max_bytes=100_000)


@pytest.mark.parametrize("coding", ["br", "gzip"])
async def test_compression_that_cannot_be_undone(web: Web, serve_http: Serve, coding: str) -> None:
    async with serve_http(lambda *_: response(200, b"\x00nonsense", f"Content-Encoding: {coding}")) as script:
        with pytest.raises(Garbled):
            await web.fetch("GET", script.url(), host=HOST)


async def test_redirects_on_the_same_host_are_followed(web: Web, serve_http: Serve) -> None:
    def reply(request: Request, _: object) -> bytes:
        nexts = {"/": "/two", "/two": "three?x=1", "/three?x=1": "/four"}
        if request.target in nexts:
            return response(302, b"", f"Location: {nexts[request.target]}")
        return response(200, request.method.encode() + b" " + request.body)

    async with serve_http(reply) as script:
        answer = await web.fetch("POST", script.url(), host=HOST, body=b"soap")
    assert answer.body == b"POST soap"
    assert [request.target for request in script.requests] == ["/", "/two", "/three?x=1", "/four"]


async def test_see_other_is_fetched_with_get(web: Web, serve_http: Serve) -> None:
    def reply(request: Request, _: object) -> bytes:
        return (
            response(303, b"", "Location: /done") if request.target == "/" else response(200, request.method.encode())
        )

    async with serve_http(reply) as script:
        assert (await web.fetch("POST", script.url(), host=HOST, body=b"x")).body == b"GET"


async def test_redirects_without_end(web: Web, serve_http: Serve) -> None:
    async with serve_http(lambda *_: response(301, b"", "Location: /again")) as script:
        with pytest.raises(Garbled, match="redirects"):
            await web.fetch("GET", script.url(), host=HOST)
    assert len(script.requests) == 4


@pytest.mark.parametrize(
    "location", ["http://127.0.0.2:{port}/", "//127.0.0.3/", "file:///etc/passwd", "http://[", "ftp://127.0.0.1/"]
)
async def test_redirect_to_elsewhere_is_not_followed(web: Web, serve_http: Serve, location: str) -> None:
    async with serve_http(lambda *_: response(302, b"", f"Location: {location}")) as script:
        assert (await web.fetch("GET", script.url(), host=HOST)).status == 302
    assert len(script.requests) == 1


def _digest_device(password: str, *, nonces: int = 1):
    """A device with Digest MD5, which finds the first `nonces - 1` nonces stale."""
    seen: list[str] = []

    def reply(request: Request, _: object) -> bytes:
        said = request.headers.get("authorization", "")
        seen.append(said)
        challenge = f'WWW-Authenticate: Digest realm="cam", nonce="n{len(seen)}", qop="auth"'
        if not said:
            return response(401, b"", challenge)
        if len(seen) <= nonces:
            return response(401, b"", challenge + ", stale=true")
        part = dict(piece.strip().split("=", 1) for piece in said.removeprefix("Digest ").split(","))
        part = {name: value.strip('"') for name, value in part.items()}
        ha1 = hashlib.md5(f"admin:cam:{password}".encode()).hexdigest()
        ha2 = hashlib.md5(f"{request.method}:{request.target}".encode()).hexdigest()
        wanted = f"{ha1}:{part['nonce']}:{part['nc']}:{part['cnonce']}:auth:{ha2}"
        good = part["response"] == hashlib.md5(wanted.encode()).hexdigest() and part["uri"] == request.target
        return response(200, b"in") if good else response(401, b"", challenge)

    return reply


@pytest.mark.parametrize(("nonces", "requests"), [(1, 2), (2, 3)])
async def test_digest(web: Web, serve_http: Serve, nonces: int, requests: int) -> None:
    async with serve_http(_digest_device("pa:ss", nonces=nonces)) as script:
        answer = await web.fetch("GET", script.url("/snap?channel=1&x=%2F"), host=HOST, login=LOGIN)
    assert (answer.status, answer.body, answer.signed) == (200, b"in", True)
    assert len(script.requests) == requests


@pytest.mark.parametrize("nonces", [1, 2])
async def test_wrong_password_is_tried_once(web: Web, serve_http: Serve, nonces: int) -> None:
    async with serve_http(_digest_device("other", nonces=nonces)) as script:
        with pytest.raises(Denied) as caught:
            await web.fetch("GET", script.url(), host=HOST, login=LOGIN)
    assert len(script.requests) == 1 + nonces
    assert "pa:ss" not in str(caught.value)


async def test_nonce_that_is_always_stale(web: Web, serve_http: Serve) -> None:
    async with serve_http(_digest_device("pa:ss", nonces=99)) as script:
        with pytest.raises(Denied):
            await web.fetch("GET", script.url(), host=HOST, login=LOGIN)
    assert len(script.requests) == 3


async def test_basic(web: Web, serve_http: Serve) -> None:
    def reply(request: Request, _: object) -> bytes:
        good = request.headers.get("authorization") == "Basic YWRtaW46cGE6c3M="
        return response(200) if good else response(401, b"", 'WWW-Authenticate: Basic realm="x"')

    async with serve_http(reply) as script:
        assert (await web.fetch("GET", script.url(), host=HOST, login=LOGIN)).status == 200
        assert (await web.fetch("GET", script.url(), host=HOST)).status == 401


@pytest.mark.parametrize("headers", [(), ("X: y",)])
async def test_401_without_a_challenge_is_returned(web: Web, serve_http: Serve, headers: tuple[str, ...]) -> None:
    async with serve_http(lambda *_: response(401, b"why", *headers)) as script:
        answer = await web.fetch("GET", script.url(), host=HOST, login=LOGIN)
    assert (answer.status, answer.body, len(script.requests)) == (401, b"why", 1)


@pytest.mark.parametrize("challenge", ["NTLM", 'Digest realm="\udcff", nonce="n", qop="auth"'])
async def test_challenge_that_cannot_be_answered(web: Web, serve_http: Serve, challenge: str) -> None:
    async with serve_http(lambda *_: response(401, b"", f"WWW-Authenticate: {challenge}")) as script:
        with pytest.raises(Unsupported):
            await web.fetch("GET", script.url(), host=HOST, login=LOGIN)
    assert len(script.requests) == 1


async def test_login_does_not_follow_from_tls_to_the_open_wire(web: Web, serve_http: Serve, tmp_path: Path) -> None:
    basic = 'WWW-Authenticate: Basic realm="x"'
    async with serve_http(lambda *_: response(401, b"", basic)) as plain:
        leads = f"Location: {plain.url()}"
        async with serve_http(lambda *_: response(302, b"", leads), tls=_server_tls(tmp_path)) as secure:
            answer = await web.fetch("GET", secure.url(scheme="https"), host=HOST, login=LOGIN)
    assert answer.status == 401
    assert all("authorization" not in request.headers for request in plain.requests)


async def test_self_signed_certificate_is_normal_unless_it_must_be_verified(
    web: Web, serve_http: Serve, tmp_path: Path
) -> None:
    async with serve_http(lambda *_: response(200), tls=_server_tls(tmp_path)) as script:
        assert (await web.fetch("GET", script.url(scheme="https"), host=HOST)).status == 200
        with pytest.raises(Refused, match="TLS"):
            await web.fetch("GET", script.url(scheme="https"), host=HOST, verify=True)


async def test_port_that_does_not_speak_tls(web: Web) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(response(400))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, HOST, 0) as server:
        with pytest.raises(Refused, match="TLS"):
            await web.fetch("GET", f"https://{HOST}:{server.sockets[0].getsockname()[1]}/", host=HOST)


def test_address() -> None:
    assert address("cam.lan", 8080, "onvif", tls=True) == "https://cam.lan:8080/onvif"
    assert address("fe80::1", 80, "/x?y") == "http://[fe80::1]:80/x?y"


def _server_tls(folder: Path) -> ssl.SSLContext:
    _write_certificate(folder / "crt", folder / "key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "crt", folder / "key")
    return context
