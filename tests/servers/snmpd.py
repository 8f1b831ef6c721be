"""Real SNMP agents: Debian's snmpd (net-snmp), with users of every kind and with objects that a test makes up."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from probes.target import Secret, SnmpAccess, Target
from tests.servers.processes import free_port, running, wait_until

AUTH_KEY, PRIV_KEY = "a long auth password", "a long priv password"

HASHES = {
    "md5": "MD5",
    "sha": "SHA",
    "sha224": "SHA-224",
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
}
CIPHERS = {"des": "DES", "aes128": "AES", "aes192": "AES-192", "aes256": "AES-256"}
REEDER_CIPHERS = {"aes192": "AES-192-C", "aes256": "AES-256-C"}


@dataclass(frozen=True)
class Agent:
    """A running agent: `community` may read, `writer` may write."""

    port: int
    host: str = "127.0.0.1"
    community: str = "public"
    writer: str = "private"

    def target(self, device: str = "agent", **access: object) -> Target:
        """A target for it, v2c with the reading community unless `access` says more."""
        fields: dict[str, object] = {"port": self.port, "community": Secret(self.community)} | access
        return Target(device, self.host, snmp=SnmpAccess(**fields))  # type: ignore[arg-type]


def user_name(auth: str, priv: str, *, reeder: bool = False) -> str:
    """Name of the agent's user with that hash and cipher."""
    return f"{auth}_{priv}{'_c' if reeder else ''}"


def user_access(auth: str, priv: str, *, reeder: bool = False) -> dict[str, object]:
    """Fields of SnmpAccess for that user."""
    return {
        "version": "3",
        "username": user_name(auth, priv, reeder=reeder),
        "auth": auth,
        "auth_key": Secret(AUTH_KEY) if auth != "none" else None,
        "priv": priv,
        "priv_key": Secret(PRIV_KEY) if priv != "none" else None,
    }


def _users() -> Iterator[str]:
    yield "createUser none_none"
    yield "rouser none_none noauth"
    for auth, hashed in HASHES.items():
        name = user_name(auth, "none")
        yield f'createUser {name} {hashed} "{AUTH_KEY}"'
        yield f"rouser {name} auth"
        ciphers = [(priv, cipher, False) for priv, cipher in CIPHERS.items()]
        ciphers += [(priv, cipher, True) for priv, cipher in REEDER_CIPHERS.items()]
        for priv, cipher, reeder in ciphers:
            name = user_name(auth, priv, reeder=reeder)
            yield f'createUser {name} {hashed} "{AUTH_KEY}" {cipher} "{PRIV_KEY}"'
            yield f"rwuser {name} priv"


StartAgent = Callable[..., Agent]


@pytest.fixture(scope="session")
def start_snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartAgent]:
    """Starts one more snmpd with `lines` in its configuration (`override -rw OID TYPE VALUE` makes objects up)."""
    with ExitStack() as agents:

        def start(lines: Sequence[str] = (), *, hosts: Sequence[str] = ("127.0.0.1",)) -> Agent:
            folder = tmp_path_factory.mktemp("snmpd")
            port = free_port(kind=socket.SOCK_DGRAM)
            configuration = folder / "snmpd.conf"
            configuration.write_text(
                "\n".join(
                    [
                        f"agentAddress {','.join(f'{_transport(host)}:{host}:{port}' for host in hosts)}",
                        "rocommunity public",
                        "rwcommunity private",
                        *lines,
                    ]
                )
                + "\n"
            )
            agents.enter_context(run_snmpd(configuration, folder))
            agent = Agent(port, hosts[0])
            wait_until(lambda: _answers(agent), f"snmpd on {port}")
            return agent

        yield start


def _transport(host: str) -> str:
    return "udp6" if host.startswith("[") else "udp"


def run_snmpd(configuration: Path, folder: Path):  # type: ignore[no-untyped-def]
    """The process, in the foreground, with nothing of the machine's own configuration."""
    command = ["/usr/sbin/snmpd", "-f", "-Lf", folder / "agent.log", "-C", "-c", configuration, "-I", "-smux"]
    return running(
        command,
        folder / "snmpd.log",
        env={"SNMP_PERSISTENT_DIR": str(folder / "state"), "MIBS": "", "PATH": os.environ["PATH"]},
    )


@pytest.fixture(scope="session")
def snmpd(start_snmpd: StartAgent) -> Agent:
    """One agent that shows this machine, with SNMPv3 users of every hash and cipher (`user_access`)."""
    return start_snmpd([*_users()])


def _answers(agent: Agent) -> bool:
    """Does it answer to sysUpTime with SNMP v2c?"""
    question = bytes.fromhex("302602010104067075626c6963a019020101020100020100300e300c06082b060102010103000500")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.5)
        sock.connect((agent.host, agent.port))
        try:
            sock.send(question)
            return bool(sock.recv(1500))
        except OSError:
            return False
