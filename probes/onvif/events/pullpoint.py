"""How is a pull point made, asked, prolonged and given back?

ONVIF Core Specification, section 9.2 (real-time pull-point notification); WS-BaseNotification 1.3 (Renew, Unsubscribe);
WS-Addressing 1.0 (reference parameters).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

from probes.errors import Garbled, Unsupported
from probes.onvif.addresses import parse_address, port_of, rehost
from probes.onvif.client import Client
from probes.onvif.events.messages import Event, read_messages
from probes.onvif.events.times import read_time, write_time
from probes.onvif.inventory import read_services
from probes.onvif.soap import DEVICE, EVENTS, Call
from probes.onvif.xml import Node

LIFE_SECONDS: Final = 600.0  # of a subscription that is not prolonged: a lost one is free again after ten minutes
RENEW_SHARE: Final = 0.8  # of its life, after which it is prolonged: 8 of 10 minutes
SHORTEST_LIFE_SECONDS: Final = 20.0
MESSAGE_LIMIT: Final = 64
MAX_PARAMETERS: Final = 8

_WSN: Final = "http://docs.oasis-open.org/wsn/b-2"
_WSN_ACTION: Final = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager"
_WSA: Final = "http://www.w3.org/2005/08/addressing"
_HTTP: Final = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True)
class Subscription:
    """One pull point: its address on our host, the header that its calls carry (XML), its life in seconds."""

    url: str
    header: str
    life_seconds: float


async def find_events(client: Client, url: str) -> str:
    """The address of the event service on our host; where none is named the device service, which often serves it.

    `url` is the device service. The capability flag says nothing: it is wrong in both directions.
    """
    services = await read_services(client, url)
    named = parse_address(services.get(EVENTS, ""), _HTTP)
    device = parse_address(services.get(DEVICE, ""), _HTTP)
    if named is None:
        return url
    theirs = port_of(device or named)
    return rehost(named, client.target.host, ours=urlsplit(url), theirs=theirs)


async def create(client: Client, service: str, now: float) -> Subscription:
    """Make a pull point for all topics. `now` is our clock; the end is told as an absolute time of the device's clock.

    Raises Unsupported (no events), Garbled and what `Client.call` raises.
    """
    action = f"{EVENTS}/EventPortType/CreatePullPointSubscriptionRequest"
    end = f"<InitialTerminationTime>{_end(client, now)}</InitialTerminationTime>"
    call = Call(EVENTS, "CreatePullPointSubscription", end, action, _addressed(action, service, ""))
    response = await client.call(service, call)
    reference = response.find("SubscriptionReference")
    if reference is None:
        raise Garbled("CreatePullPointSubscription: the answer names no subscription")
    said = reference.read("Address")
    named = parse_address(said, _HTTP)
    if named is None:
        raise Garbled("CreatePullPointSubscription: no usable address")
    url = rehost(named, client.target.host, ours=urlsplit(service), theirs=client.known.theirs or port_of(named))
    parameters = reference.find("ReferenceParameters") or reference.find("ReferenceProperties")
    scope = {**response.attributes, **reference.attributes}
    header = "" if parameters is None else _repeated(parameters, {**scope, **parameters.attributes})
    return Subscription(url, f"<To xmlns={_quoted(_WSA)}>{escape(said)}</To>{header}", _life(response))


async def pull(client: Client, subscription: Subscription, wait_seconds: float) -> list[Event]:
    """Wait at the device for at most so long; what it reported, oldest first."""
    action = f"{EVENTS}/PullPointSubscription/PullMessagesRequest"
    what = f"<Timeout>PT{int(wait_seconds)}S</Timeout><MessageLimit>{MESSAGE_LIMIT}</MessageLimit>"
    call = Call(EVENTS, "PullMessages", what, action, _action(action) + subscription.header)
    return read_messages(await client.call(subscription.url, call))


async def renew(client: Client, subscription: Subscription, now: float) -> float:
    """Prolong it; its new life in seconds. Raises Unsupported where the firmware cannot: then make a new one."""
    action = f"{_WSN_ACTION}/RenewRequest"
    end = f"<TerminationTime>{_end(client, now)}</TerminationTime>"
    call = Call(_WSN, "Renew", end, action, _action(action) + subscription.header)
    return _life(await client.call(subscription.url, call))


async def unsubscribe(client: Client, subscription: Subscription) -> None:
    """Give it back."""
    action = f"{_WSN_ACTION}/UnsubscribeRequest"
    await client.call(subscription.url, Call(_WSN, "Unsubscribe", "", action, _action(action) + subscription.header))


def _end(client: Client, now: float) -> str:
    """Absolute, for many get relative ones wrong; on the device's clock, for that is the one that ends it."""
    return write_time(now + client.known.ahead_seconds + LIFE_SECONDS)


def _life(response: Node) -> float:
    """How long it lives, by the device's own two times; what was asked for where those are broken."""
    began, ends = read_time(response.read("CurrentTime")), read_time(response.read("TerminationTime"))
    if began is None or ends is None or ends <= began:
        return LIFE_SECONDS
    return min(max(ends - began, SHORTEST_LIFE_SECONDS), LIFE_SECONDS)


def _addressed(action: str, to: str, more: str) -> str:
    return f"{_action(action)}<To xmlns={_quoted(_WSA)}>{escape(to)}</To>{more}"


def _action(action: str) -> str:
    return f"<Action xmlns={_quoted(_WSA)}>{escape(action)}</Action>"


def _repeated(parameters: Node, scope: dict[str, str]) -> str:
    """The reference parameters as header elements: some devices know their subscription by these alone."""
    found = []
    if len(parameters.children) > MAX_PARAMETERS:
        raise Unsupported(f"CreatePullPointSubscription: more than {MAX_PARAMETERS} reference parameters")
    for one in parameters.children:
        declared = f"xmlns:{one.prefix}" if one.prefix else "xmlns"
        namespace = {**scope, **one.attributes}.get(declared, "")[:200]
        if one.name.isidentifier() and len(one.name) <= 64:
            found.append(
                f"<p:{one.name} xmlns:p={_quoted(namespace)} xmlns:a={_quoted(_WSA)} "
                f'a:IsReferenceParameter="true">{escape(one.read())}</p:{one.name}>'
            )
    return "".join(found)


def _quoted(text: str) -> str:
    return quoteattr(text)
