"""What does one question bring, if it may fail in every way that devices know?"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import TypeVar

from probes.errors import Denied, Garbled, NoAnswer, Refused, Trouble
from probes.tools import trace

T = TypeVar("T")

log = logging.getLogger(__name__)


async def hear(question: Awaitable[T], seconds: float) -> T | Trouble:
    """The answer, or the trouble that came instead of it within `seconds`; a bug of ours is logged and is Garbled."""
    try:
        async with asyncio.timeout(seconds):
            return await question
    except Trouble as trouble:
        trace("%s", trouble)
        return trouble
    except TimeoutError:
        return NoAnswer(f"no answer within {seconds:g} s")
    except OSError as error:
        return Refused(error.strerror or type(error).__name__)
    except Exception as error:
        log.exception("discovery has a bug")
        return Garbled(f"{type(error).__name__} in the monitor")


def denied(answer: object) -> Denied | None:
    """The refusal, if it is one."""
    return answer if isinstance(answer, Denied) else None
