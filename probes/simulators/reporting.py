"""What does a simulated alarm panel report by itself? Heartbeats, and what begins and ends, by SIA DC-09, encrypted."""

from __future__ import annotations

import asyncio
from typing import Final

from probes.simulators.blueprint import ALARM_KEY, Blueprint
from probes.simulators.panel import Panel
from probes.simulators.sia import SiaPanel

BEAT_SECONDS: Final = 10.0
LOOK_SECONDS: Final = 0.2  # how soon a panel notices what has happened to it
AGAIN_SECONDS: Final = 1.0  # after its receiver was not to be had
_SILENT: Final = frozenset({"snmp_silent"})  # its communicator hangs, whatever it speaks

CODES: Final = {"mains_lost": ("AT00", "AR00"), "battery_low": ("YT00", "YR00"), "tamper": ("TA01", "TR01")}
"""Fault -> the SIA code of its begin and of its end, with the zone."""


def account_of(panel: Blueprint) -> str:
    """The account that the panel reports under."""
    return f"{1000 + panel.number}"


async def keep_reporting(panel: Panel, port: int) -> None:
    """Report for ever. What was not acknowledged is reported again: nothing is lost while nobody hears."""
    line = SiaPanel(port, account_of(panel.blueprint), bytes.fromhex(ALARM_KEY), source=panel.blueprint.address)
    loop = asyncio.get_running_loop()
    told: frozenset[str] = frozenset()
    beat_at = loop.time()
    while True:
        faults = frozenset(panel.faults) & CODES.keys()
        if panel.dark or panel.faults.keys() & _SILENT:
            await asyncio.sleep(LOOK_SECONDS)
            continue
        try:
            for fault in sorted(faults ^ told):
                code = CODES[fault][0 if fault in faults else 1]
                await _report(line, "SIA-DCS", f"Nri0/{code}")
                told, beat_at = told ^ {fault}, loop.time() + BEAT_SECONDS
            if loop.time() >= beat_at:
                await _report(line, "NULL")
                beat_at = loop.time() + BEAT_SECONDS
        except (TimeoutError, OSError):
            await asyncio.sleep(AGAIN_SECONDS)
        await asyncio.sleep(LOOK_SECONDS)


async def _report(line: SiaPanel, kind: str, data: str = "") -> None:
    """TimeoutError unless it was acknowledged: NAK and DUH are no thanks."""
    if b"ACK" not in await line.report(kind, data):
        raise TimeoutError
