"""Does a device accept TCP connections?"""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

from pydantic import Field

from probes.errors import Trouble
from probes.observation import Answer
from probes.probe import Options, Probe
from probes.stream import connect
from probes.target import Target
from probes.tools import Tools

Port = Annotated[int, Field(ge=1, le=65_535)]


class TcpOptions(Options):
    """`port`: one port, or up to 8 of which any may answer."""

    port: Port | Annotated[tuple[Port, ...], Field(min_length=1, max_length=8)] = (80, 443, 554)


async def ask(target: Target, options: TcpOptions, tools: Tools) -> Answer:
    """Connect and hang up. Values: connect_seconds, port.

    With several ports all are tried at once and the first that answers counts. Raises Unresolved, Refused, NoAnswer.
    """
    if isinstance(options.port, int):
        return await _knock(target.host, options.port, tools)
    if len(options.port) == 1:
        return await _knock(target.host, options.port[0], tools)
    knocks = [asyncio.ensure_future(_knock(target.host, port, tools)) for port in options.port]
    refusal: Exception | None = None
    try:
        for knock in asyncio.as_completed(knocks):
            try:
                return await knock
            except (Trouble, OSError) as error:
                refusal = refusal or error
        assert refusal
        raise refusal
    finally:
        for one in knocks:
            one.cancel()
        await asyncio.gather(*knocks, return_exceptions=True)


async def _knock(host: str, port: int, tools: Tools) -> Answer:
    started = time.perf_counter()
    stream = await connect(host, port, tools)
    seconds = time.perf_counter() - started
    stream.close()
    return Answer({"connect_seconds": seconds, "port": port})


PROBE = Probe("tcp", ask, TcpOptions, every_seconds=60.0, timeout_seconds=5.0)
