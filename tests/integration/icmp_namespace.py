"""Run in a network namespace of its own, whose only host lies: what does the ICMP probe see? Prints JSON.

The kernel there answers no echo request; a raw socket answers for 127.0.0.1 to 127.0.0.9, each host in its own way.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import socket
import struct
import sys
import threading
from pathlib import Path

import uvloop

from probes.ask import ask
from probes.icmp import PROBE, IcmpOptions
from probes.icmp_packets import checksum
from probes.icmp_socket import IcmpSocket
from probes.target import Target
from probes.tools import Tools

NOBODY = 65_534
HOSTS = {
    "alive": "127.0.0.1",
    "silent": "127.0.0.2",
    "unreachable": "127.0.0.3",
    "forged_token": "127.0.0.4",
    "first_lost": "127.0.0.5",
    "error_about_another": "127.0.0.6",
    "truncated": "127.0.0.7",
    "garbage": "127.0.0.8",
}


def set_up(kind: str) -> None:
    with socket.socket() as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", b"lo", 0x41))  # SIOCSIFFLAGS: up, running
    Path("/proc/sys/net/ipv4/icmp_echo_ignore_all").write_text("1")
    Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 0" if kind == "unprivileged" else "1 0")


def answer_as_hosts_do() -> None:
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
    seen: set[str] = set()

    def serve() -> None:
        while True:
            packet = sock.recv(2048)
            if packet[20] == 8:
                answers(packet)

    def answers(packet: bytes) -> None:
        host = socket.inet_ntoa(packet[16:20])
        request = packet[20:]
        reply = b"\0\0\0\0" + request[4:]
        match next((name for name, ip in HOSTS.items() if ip == host), ""):
            case "alive":
                send(host, reply)
            case "unreachable":
                send(host, b"\x03\x01\0\0" + bytes(4) + packet[:28])
            case "forged_token":
                send(host, reply[:8] + bytes(8) + reply[16:])
            case "first_lost" if host in seen:
                send(host, reply)
            case "error_about_another":
                send(host, b"\x03\x01\0\0" + bytes(4) + packet[:16] + socket.inet_aton("127.0.0.1") + packet[20:28])
            case "truncated":
                send(host, reply[:8])
            case "garbage":
                for size in range(0, 64, 2):
                    send(host, b"\x03\x01\0\0" + os.urandom(size))
        seen.add(host)

    def send(host: str, icmp: bytes) -> None:
        icmp = icmp[:2] + b"\0\0" + icmp[4:]
        icmp = icmp[:2] + checksum(icmp).to_bytes(2, "big") + icmp[4:]
        source = socket.inet_aton(host)
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, 1, 0, source, socket.inet_aton("127.0.0.1"))
        sock.sendto(head + icmp, ("127.0.0.1", 0))

    threading.Thread(target=serve, daemon=True).start()


async def look() -> dict[str, object]:
    tools = Tools()
    options = IcmpOptions(wait_seconds=0.6)
    asked = [
        ask(PROBE, Target(name, ip), options, tools, check="reach", timeout_seconds=5.0) for name, ip in HOSTS.items()
    ]
    seen = {one.device: one for one in await asyncio.gather(*asked)}
    often = IcmpOptions(packets=3, gap_seconds=0.05, wait_seconds=0.6)
    for name in ("alive", "unreachable", "silent"):
        target = Target(f"{name}_often", HOSTS[name])
        seen[target.device] = await ask(PROBE, target, often, tools, check="reach", timeout_seconds=5.0)
    await tools.close()
    return {
        name: {"outcome": one.outcome, "detail": one.detail, "loss_ratio": one.values.get("loss_ratio")}
        for name, one in seen.items()
    }


async def kind_of_socket() -> str:
    sock = IcmpSocket(socket.AF_INET)
    sock.close()
    return "raw" if sock.raw else "unprivileged"


def main() -> None:
    kind = sys.argv[1]
    set_up(kind)
    answer_as_hosts_do()
    if kind == "neither":
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        found = {"seen": uvloop.run(look())}
    else:
        found = {"seen": uvloop.run(look()), "socket": uvloop.run(kind_of_socket())}
    print(json.dumps(found))  # noqa: T201


main()
