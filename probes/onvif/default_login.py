"""Does a device let a login of a list in that its maker may have delivered it with? One try, and no more.

Asked apart from all that is known of the device, so that its own login is never mixed with the one that is tried.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from probes.errors import Denied, Unsupported
from probes.observation import Answer
from probes.onvif.client import Client
from probes.onvif.inventory import read_identity
from probes.onvif.look import ServiceOptions, learn_clock, service_address
from probes.onvif.memory import Known
from probes.probe import Probe
from probes.target import Target
from probes.tools import Tools

_LOCKED: Final = re.compile(r"\block|attempt|too many|锁", re.IGNORECASE)


async def ask(target: Target, options: ServiceOptions, tools: Tools) -> Answer:
    """Log in as `target.login`. Values: state, username, locked (the device speaks of locking the account).

    `state`: "found" (it is let in), "refused", "open" (the device asks nobody, so that nothing is learned).
    Raises Unsupported where the login would have to be sent more than once, and what the calls raise.
    """
    assert target.login is not None
    known, url = Known(), service_address(target, options)
    try:
        await learn_clock(Client(tools, replace(target, login=None), known), url, tools)
    except Denied:
        raise Unsupported("it asks for a login even for its clock: one try would be two") from None
    username = target.login.username
    try:
        await read_identity(Client(tools, target, known), url)
    except Denied as denied:
        return Answer({"state": "refused", "username": username, "locked": bool(_LOCKED.search(str(denied)))})
    return Answer({"state": "found" if known.accepted else "open", "username": username, "locked": False})


PROBE = Probe("default_login", ask, ServiceOptions, every_seconds=86_400.0, timeout_seconds=10.0, uses_login=True)
