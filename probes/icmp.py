"""Does a device answer to ping, and how fast?"""

from __future__ import annotations

import asyncio
import statistics
from typing import Annotated

from pydantic import Field

from probes.errors import NoAnswer
from probes.icmp_socket import Echoed, Pinger
from probes.observation import Answer
from probes.probe import Options, Probe
from probes.resolve import Address, literal, resolve
from probes.target import Target
from probes.tools import Tools


class IcmpOptions(Options):
    """`packets` are sent `gap_seconds` apart; one that is not answered within `wait_seconds` is sent once more."""

    packets: Annotated[int, Field(ge=1, le=5)] = 1
    gap_seconds: Annotated[float, Field(ge=0.05, le=2.0)] = 0.2
    wait_seconds: Annotated[float, Field(ge=0.1, le=5.0)] = 1.0


async def ask(target: Target, options: IcmpOptions, tools: Tools) -> Answer:
    """Ping. Values: rtt_seconds (the median), loss_ratio (of all requests sent, those sent again included).

    Raises Unresolved, NoAnswer if no packet was answered, Refused if it is unreachable, LocalTrouble where ICMP is not
    allowed.
    """
    address = literal(target.host) or await resolve(target.host, tools)
    pinger = tools.get(Pinger)
    if options.packets == 1:
        echoed = await pinger.echo(address, options.wait_seconds)
        return Answer({"rtt_seconds": echoed.rtt_seconds, "loss_ratio": 1 - 1 / echoed.sent})
    return await _ping_often(address, options, pinger)


async def _ping_often(address: Address, options: IcmpOptions, pinger: Pinger) -> Answer:
    async def echo(number: int) -> Echoed | NoAnswer:
        await asyncio.sleep(number * options.gap_seconds)
        try:
            return await pinger.echo(address, options.wait_seconds)
        except NoAnswer as lost:
            return lost

    ended = await asyncio.gather(*(echo(number) for number in range(options.packets)), return_exceptions=True)
    answers = [one for one in ended if isinstance(one, Echoed)]
    if not answers:
        refusals = [one for one in ended if isinstance(one, BaseException) and not isinstance(one, NoAnswer)]
        raise refusals[0] if refusals else NoAnswer(f"no echo reply to {options.packets} packets, each sent twice")
    sent = sum(one.sent if isinstance(one, Echoed) else 2 for one in ended)
    rtt_seconds = statistics.median(one.rtt_seconds for one in answers)
    return Answer({"rtt_seconds": rtt_seconds, "loss_ratio": 1 - len(answers) / sent})


PROBE = Probe("icmp", ask, IcmpOptions, every_seconds=30.0, timeout_seconds=5.0)
