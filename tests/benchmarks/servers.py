"""What is watched in the benchmarks? Real servers in processes of their own, on loopback."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from tests.servers.gstreamer import _write_certificate as write_certificate
from tests.servers.processes import free_port, running, wait_until
from tests.servers.snmpd import AUTH_KEY, PRIV_KEY, run_snmpd

_LISTENERS = """
import asyncio, resource, socket, ssl, sys, uvloop
accepting, dark, http, tls = map(int, sys.argv[1:5])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
class Door(asyncio.Protocol):
    pass
class Page(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        if data.endswith(b"\\r\\n\\r\\n"):
            self.transport.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\nConnection: close\\r\\n\\r\\nok\\n")
            self.transport.close()
async def main():
    loop = asyncio.get_running_loop()
    await loop.create_server(Door, "0.0.0.0", accepting, backlog=4096)
    await loop.create_server(Page, "0.0.0.0", http, backlog=4096)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*sys.argv[5:7])
    await loop.create_server(Door, "0.0.0.0", tls, backlog=4096, ssl=context)
    # A queue of length 0 that is full: the kernel drops every further SYN, as a dark device does.
    door = socket.socket(); door.bind(("0.0.0.0", dark)); door.listen(0)
    fill = [socket.socket() for _ in range(4)]
    for one in fill:
        one.setblocking(False); one.connect_ex(("127.0.0.1", dark))
    silent = socket.socket(type=socket.SOCK_DGRAM); silent.bind(("0.0.0.0", dark))
    print("up", flush=True)
    await asyncio.Event().wait()
uvloop.run(main())
"""


@dataclass(frozen=True, slots=True)
class Listeners:
    """Ports on every loopback address: one accepts, one answers neither TCP nor UDP, two speak HTTP and TLS."""

    accepting: int
    dark: int
    http: int
    tls: int


@contextlib.contextmanager
def listeners(folder: Path) -> Iterator[Listeners]:
    """All of them, in one process."""
    doors = Listeners(free_port(), free_port(), free_port(), free_port())
    certificate, key = folder / "listeners.crt", folder / "listeners.key"
    write_certificate(certificate, key)
    log = folder / "listeners.log"
    ports = [str(port) for port in astuple(doors)]
    with running([sys.executable, "-c", _LISTENERS, *ports, certificate, key], log):
        wait_until(lambda: "up" in log.read_text(), "the listeners")
        yield doors


SERVER_OIDS = (  # what profile host-resources asks at every look: sysUpTime, memory of UCD-SNMP-MIB
    "1.3.6.1.2.1.1.3.0", "1.3.6.1.4.1.2021.4.5.0", "1.3.6.1.4.1.2021.4.6.0", "1.3.6.1.4.1.2021.4.14.0",
    "1.3.6.1.4.1.2021.4.15.0",
)  # fmt: skip
_APC = "1.3.6.1.4.1.318.1.1.1"
_UPS_VALUES = {  # what profile apc-ups asks at every look, beside sysUpTime
    f"{_APC}.2.1.1.0": "integer 2", f"{_APC}.2.1.2.0": "timeticks 0", f"{_APC}.2.2.1.0": "gauge 100",
    f"{_APC}.2.2.2.0": "gauge 25", f"{_APC}.2.2.3.0": "timeticks 360000", f"{_APC}.3.2.1.0": "gauge 230",
    f"{_APC}.4.1.1.0": "integer 2", f"{_APC}.4.2.1.0": "gauge 230", f"{_APC}.4.2.3.0": "gauge 30",
}  # fmt: skip
UPS_OIDS = ("1.3.6.1.2.1.1.3.0", *_UPS_VALUES)

SNMP_ACCESS: dict[str, dict[str, Any]] = {  # as the site's file says it, without the port
    "2c": {"version": "2c", "community": "public"},
    "3": {
        "version": "3",
        "username": "bench",
        "auth": "sha",
        "auth_key": AUTH_KEY,
        "priv": "aes128",
        "priv_key": PRIV_KEY,
    },
}
EXPORTER_ACCESS: dict[str, dict[str, Any]] = {
    "2c": {"version": 2, "auth": {"community": "public"}},
    "3": {
        "version": 3,
        "auth": {
            "username": "bench", "security_level": "authPriv", "password": AUTH_KEY, "auth_protocol": "SHA",
            "priv_protocol": "AES", "priv_password": PRIV_KEY,
        },
    },
}  # fmt: skip
PLUGIN_ACCESS: dict[str, Sequence[str]] = {
    "2c": ("-P", "2c", "-C", "public"),
    "3": ("-P", "3", "-L", "authPriv", "-U", "bench", "-a", "SHA", "-A", AUTH_KEY, "-x", "AES", "-X", PRIV_KEY),
}


@contextlib.contextmanager
def snmp_agent(folder: Path) -> Iterator[int]:
    """net-snmp's agent on every loopback address; gives its port."""
    port = free_port(kind=socket.SOCK_DGRAM)
    lines = [
        f"agentAddress udp:{port}",
        "rocommunity public",
        f'createUser bench SHA "{AUTH_KEY}" AES "{PRIV_KEY}"',
        "rouser bench priv",
        *(f"override -rw {oid} {value}" for oid, value in _UPS_VALUES.items()),
    ]
    configuration = folder / "snmpd.conf"
    configuration.write_text("\n".join(lines) + "\n")
    with run_snmpd(configuration, folder):
        wait_until(lambda: _bound(port), "snmpd")
        yield port


def _bound(port: int) -> bool:
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
