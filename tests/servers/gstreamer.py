"""How does a test get a real RTSP server with real H.264 and H.265?"""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.servers.processes import accepts, free_port, running, wait_until

SYSTEM_PYTHON = "/usr/bin/python3"  # only the system's has the bindings (Debian python3-gi)
SCRIPT = Path(__file__).with_name("_gstreamer_rtsp.py")
HOST = "127.0.0.1"
USERNAME, PASSWORD = "admin", "pass word:1"


@dataclass(frozen=True, slots=True)
class Stream:
    """One mount: `source` is the beginning of a GStreamer pipeline that gives raw video or decodes to it.

    A shared stream is one encoder for all viewers, who join it between two key frames as with a camera; but the server
    answers 503 while it takes the encoder of the last viewer down. Otherwise each viewer has his own.
    """

    path: str
    codec: str = "h264"
    width: int = 640
    height: int = 360
    fps: int = 10
    key_interval: int = 10  # frames from one key frame to the next
    source: str = "videotestsrc is-live=true pattern=smpte"
    login: bool = False
    shared: bool = False
    kbit_per_second: int = 0  # 0: what the encoder likes


STREAMS = (Stream("/h264"), Stream("/h265", codec="h265"), Stream("/auth", login=True))


@dataclass(frozen=True, slots=True)
class GstServer:
    """A running server: `port` speaks RTSP with Digest, `basic_port` the same with Basic, `tls_port` RTSPS."""

    port: int
    basic_port: int
    tls_port: int
    username: str = USERNAME
    password: str = field(default=PASSWORD, repr=False)
    host: str = HOST

    def url(self, path: str) -> str:
        return f"rtsp://{self.host}:{self.port}{path}"

    @property
    def h264(self) -> str:
        return self.url("/h264")

    @property
    def h265(self) -> str:
        return self.url("/h265")

    @property
    def auth(self) -> str:
        return self.url("/auth")

    @property
    def basic(self) -> str:
        return f"rtsp://{self.host}:{self.basic_port}/auth"

    @property
    def tls(self) -> str:
        return f"rtsps://{self.host}:{self.tls_port}/h264"


@contextlib.contextmanager
def gstreamer(folder: Path, *, port: int | None = None, streams: Sequence[Stream] = STREAMS) -> Iterator[GstServer]:
    """A server of its own, on `port` if one is given; `folder` takes its log and certificate. Ends with the context."""
    server = GstServer(port or free_port(), free_port(), free_port())
    certificate, key = folder / "gstreamer.crt", folder / "gstreamer.key"
    _write_certificate(certificate, key)
    secure = {"certificate": str(certificate), "key": str(key)}
    plain = {"certificate": "", "key": ""}
    plan = {
        "login": [USERNAME, PASSWORD],
        "streams": [asdict(stream) for stream in streams],
        "doors": [
            {"port": server.port, "basic": False, **plain},
            {"port": server.basic_port, "basic": True, **plain},
            {"port": server.tls_port, "basic": False, **secure},
        ],
    }
    log = folder / "gstreamer.log"
    with running([SYSTEM_PYTHON, SCRIPT, json.dumps(plan)], log) as process:

        def ready() -> bool:
            assert process.poll() is None, f"GStreamer's server ended: {log.read_text()[-2000:]}"
            return all(accepts(HOST, door) for door in (server.port, server.basic_port, server.tls_port))

        wait_until(ready, "GStreamer's RTSP server")
        yield server


@pytest.fixture(scope="session")
def gst_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GstServer]:
    """One server for the whole run, with /h264, /h265 and /auth."""
    with gstreamer(tmp_path_factory.mktemp("gstreamer")) as server:
        yield server


StartGst = Callable[..., contextlib.AbstractContextManager[GstServer]]


@pytest.fixture
def start_gst(tmp_path: Path) -> StartGst:
    """`with start_gst(port=…, streams=[…]) as server:` starts one, which ends with the block."""

    def start(
        *, port: int | None = None, streams: Sequence[Stream] = STREAMS
    ) -> contextlib.AbstractContextManager[GstServer]:
        return gstreamer(tmp_path, port=port, streams=streams)

    return start


def _write_certificate(certificate: Path, key: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "camera.test")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
