"""How is one question put so that an observation always comes back?"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import time

from probes.bounds import bounded, line
from probes.errors import Trouble
from probes.observation import MAX_DETAIL, Observation, Outcome
from probes.probe import Options, Probe
from probes.target import Target
from probes.tools import Tools

log = logging.getLogger(__name__)

_LOCAL_ERRNOS = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EACCES, errno.EPERM, errno.EADDRNOTAVAIL}
)


async def ask(
    probe: Probe, target: Target, options: Options, tools: Tools, *, check: str, timeout_seconds: float
) -> Observation:
    """Put one question to one device. Never raises for trouble; cancellation passes through."""
    at = tools.now()
    started = time.perf_counter()
    try:
        async with asyncio.timeout(timeout_seconds):
            answer = await probe.ask(target, options, tools)
    except Trouble as trouble:
        outcome, detail = trouble.outcome, str(trouble)
    except TimeoutError:
        outcome, detail = Outcome.NO_ANSWER, f"no answer within {timeout_seconds:g} s"
    except socket.gaierror as error:
        outcome, detail = Outcome.UNRESOLVED, f"name {target.host} does not resolve ({error.strerror})"
    except (ConnectionError, OSError) as error:
        local = error.errno in _LOCAL_ERRNOS
        outcome = Outcome.LOCAL if local else Outcome.REFUSED
        detail = error.strerror or type(error).__name__
    except MemoryError:
        outcome, detail = Outcome.LOCAL, "the monitor has no memory left"
    except Exception as error:
        log.exception("probe %s has a bug, device %s", probe.kind, target.device)
        outcome, detail = Outcome.BUG, f"{type(error).__name__} in probe {probe.kind}"
    else:
        values, rows = bounded(answer)
        return Observation(
            target.device, check, at, time.perf_counter() - started, answer.outcome, values, rows, answer.picture,
            line(answer.detail, MAX_DETAIL), answer.marked, answer.learned,
        )  # fmt: skip
    return Observation(
        target.device, check, at, time.perf_counter() - started, outcome, detail=line(detail, MAX_DETAIL)
    )
