"""What was seen around the fault, in sentences? Source: the facts of `monitor.core.topology.surroundings`."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.core.plan import Plan, Text
from monitor.locale.formats import Formats
from monitor.notify import strings
from monitor.notify.quoting import cut, named, printable, quoted
from ticketing.ticket import Fact, Language, Ticket

MAX_SEEN = 20
MAX_HOPS = 8  # of cables that are told

Seen = Mapping[str, Fact]


def cabling(plan: Plan, device_id: str, language: Language) -> str:
    """The way of the cables from the top down to the device; "" for one that hangs on nothing."""
    way: list[str] = []
    at, below = plan.devices.get(device_id), ""
    while at is not None and len(way) < MAX_HOPS:
        port = strings.AT_PORT.get(language).format(port=printable(below)) if below else ""
        way.append(named(plan, at.id) + port)
        below, at = at.port, plan.devices.get(at.parent or "")
    return " › ".join(reversed(way)) if len(way) > 1 else ""


def around(ticket: Ticket, plan: Plan, formats: Formats) -> tuple[str, ...]:
    """One sentence a fact that can be said; the others are left out."""
    sentences: list[str] = []
    for seen in ticket.surroundings[:MAX_SEEN]:
        match seen.get("what"):
            case "poe_port":
                sentences += _port(seen, plan, formats)
            case "parent":
                sentences += _parent(seen, plan, formats)
            case "heard" if seen.get("fault") != ticket.fingerprint.fault:  # else the ticket says nothing else
                sentences += _heard(seen, plan, formats)
    return tuple(sentences)


def port_state(surroundings: tuple[Seen, ...]) -> str:
    """What the port above shows: searching, delivering, disabled, fault; "" where it is not known."""
    for seen in surroundings:
        if seen.get("what") == "poe_port":
            state = "disabled" if seen.get("admin") is False else str(seen.get("detect"))
            return "fault" if state == "other_fault" else state if state in strings.PORT else ""
    return ""


def _port(seen: Seen, plan: Plan, formats: Formats) -> list[str]:
    state = "disabled" if seen.get("admin") is False else str(seen.get("detect"))
    text = strings.PORT.get(state)
    if text is None:
        return []
    watts = seen.get("watts")
    measured = strings.WATTS.get(formats.language) if isinstance(watts, int | float) else ""
    place = {
        "port": printable(str(seen.get("port", ""))),
        "parent": named(plan, str(seen.get("parent", ""))),
        "watts": measured.format(watts=quoted(watts or 0.0, formats)),
    }
    return [text.get(formats.language).format_map(place)]


def _parent(seen: Seen, plan: Plan, formats: Formats) -> list[str]:
    language = formats.language
    state = strings.PARENT_FAILS if seen.get("state") == "fails" else strings.PARENT_ANSWERS
    sentences = [state.get(language).format_map({"parent": named(plan, str(seen.get("parent", "")))})]
    count, failing = seen.get("neighbours"), seen.get("neighbours_failing", 0)
    if isinstance(count, int) and isinstance(failing, int) and count > 0:
        text = _neighbours(count, failing)
        sentences.append(text.get(language).format_map({"count": count, "failing": failing}))
    return sentences


def _neighbours(count: int, failing: int) -> Text:
    if count == 1:
        return strings.NEIGHBOUR_FAILS if failing > 0 else strings.NEIGHBOUR_FINE
    if failing <= 0:
        return strings.NEIGHBOURS_FINE
    if failing >= count:
        return strings.ALL_NEIGHBOURS_FAIL
    return strings.ONE_NEIGHBOUR_FAILS if failing == 1 else strings.NEIGHBOURS_FAIL


def _heard(seen: Seen, plan: Plan, formats: Formats) -> list[str]:
    fault = plan.faults.get(str(seen.get("fault", "")))
    if fault is None:
        return []
    title, text = fault.title.get(formats.language), cut(str(seen.get("text", "")))
    said = strings.HEARD_TEXT if text else strings.HEARD
    return [said.get(formats.language).format_map({"title": title, "text": text})]
