"""Run in a network namespace of its own: is a dark network swept in little time, and multicast heard?

`dark`: a /24 behind an interface that swallows everything; `multicast`: a device that answers WS-Discovery only by
multicast, and one from outside the ranges. Prints JSON.
"""

from __future__ import annotations

import fcntl
import json
import socket
import struct
import subprocess
import sys
import threading
import tracemalloc

import uvloop

from probes.discovery import Scope, parse_ranges, sweep
from probes.tools import Tools

MATCH = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><d:ProbeMatches '
    'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><d:ProbeMatch><d:Types>dn:NetworkVideoTransmitter'
    "</d:Types><d:Scopes>onvif://www.onvif.org/name/North%20gate onvif://www.onvif.org/hardware/X-1</d:Scopes>"
    "<d:XAddrs>http://192.0.2.1:8899/onvif/device_service</d:XAddrs></d:ProbeMatch></d:ProbeMatches></s:Body>"
    "</s:Envelope>"
)


def set_up(kind: str) -> None:
    with socket.socket() as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", b"lo", 0x41))  # SIOCSIFFLAGS: up, running
    commands = {
        "dark": [  # nobody takes in what comes out at the other end
            "ip link add hole type veth peer name end",
            "ip link set hole arp off",
            "ip address add 10.66.4.1/21 dev hole",
            "ip link set end up",
            "ip link set hole up",
        ],
        "multicast": ["ip link set lo multicast on", "ip route add 224.0.0.0/4 dev lo"],
    }
    for command in commands[kind]:
        subprocess.run(command.split(), check=True)


def answer_multicasts() -> None:
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("239.255.255.250", 3702))
    group = socket.inet_aton("239.255.255.250") + socket.inet_aton("127.0.0.1")
    listening.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
    answering = []
    for host in ("127.5.0.7", "127.9.9.9"):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((host, 0))
        answering.append(sock)

    def serve() -> None:
        while True:
            _, asker = listening.recvfrom(65_535)
            for sock in answering:
                sock.sendto(b"\xff\x00 not XML", asker)
                sock.sendto(MATCH.encode(), asker)

    threading.Thread(target=serve, daemon=True).start()


async def look(kind: str) -> dict[str, object]:
    tools = Tools()
    text = "10.66.0.0/24" if kind == "dark" else "127.5.0.1-16"
    tracemalloc.start()
    report = await sweep(Scope(parse_ranges([text]), multicast=kind == "multicast"), tools)
    peak = tracemalloc.get_traced_memory()[1]
    await tools.close()
    return {
        "asked": report.asked,
        "answered": report.answered,
        "seconds": report.seconds,
        "strangers": report.strangers,
        "peak_bytes": peak,
        "found": [[one.host, one.kind, one.name, one.model] for one in report.found],
    }


def main() -> None:
    set_up(sys.argv[1])
    sys.modules["probes.discovery.sweep"].MULTICAST_SECONDS = 0.6  # type: ignore[attr-defined]
    if sys.argv[1] == "multicast":
        answer_multicasts()
    print(json.dumps(uvloop.run(look(sys.argv[1]))))  # noqa: T201


main()
