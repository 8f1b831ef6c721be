"""What would happen if this rule found something at this device? In words, for the one who writes the configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from monitor.core.plan import MONITOR, Device, Fault, Plan, Rule, Text
from monitor.core.topology import ancestors
from monitor.core.witness import judges
from monitor.settings.file.units import say_duration
from monitor.settings.mistake import did_you_mean
from monitor.settings.model import Settings
from monitor.settings.words import MEANT, QUOTED, load_words
from ticketing.policies import Route, ServiceTargets, carries
from ticketing.ticket import EventKind, Fingerprint, Language, Severity, Ticket, TicketState

WORDS = load_words("explain")

_QUOTE = re.compile(r"\{(\w+)\}")


class Unknown(LookupError):
    """There is no such device or rule; the text says what was probably meant."""


def explain(settings: Settings, plan: Plan, device_id: str, rule_id: str, language: Language) -> Iterator[str]:
    """Lines of text. Raises `Unknown`."""
    device = plan.devices.get(device_id)
    if device is None:
        raise Unknown(_not_found("unknown_device", device_id, tuple(plan.devices), language))
    shipped = {rule.id: rule for rule in settings.rules}
    if rule_id not in shipped:
        raise Unknown(_not_found("unknown_rule", rule_id, tuple(shipped), language))
    rule = plan.rule(device_id, rule_id)
    return _explain(plan, device, rule or shipped[rule_id], rule is not None, language)


def listed(names: Sequence[str], language: Language, last: Literal["and", "or"] = "and") -> str:
    """`a`, `a and b`, `a, b and c`; Chinese words and Latin names are set apart as elsewhere."""
    if len(names) < 2:
        return "".join(names)
    *first, before, end = names
    word = WORDS[last].get(language)
    left, right = (" " if edge.isascii() else "" for edge in (before[-1:], end[:1]))
    return WORDS["list_comma"].get(language).join([*first, f"{before}{left}{word}{right}{end}"])


def _explain(plan: Plan, device: Device, rule: Rule, holds: bool, language: Language) -> Iterator[str]:
    def say(code: str, **facts: object) -> str:
        return WORDS[code].get(language).format_map(facts)

    kind = say(f"a_{device.kind}")
    yield say("head", device=device.id, name=device.name, kind=kind, rule=rule.id, where=rule.where)
    yield ""
    if not holds:
        yield _why_not(plan, device, rule, language)
        return
    yield _asked(plan, device, rule, language)
    yield say("bad", when=rule.when.text)
    if rule.params:
        yield say(
            "params",
            params=WORDS["comma"].get(language).join(f"{name} = {value}" for name, value in rule.params.items()),
        )
    if rule.each is not None:
        yield say("any_row" if rule.any_row else "each", table=rule.each)
    yield _fires(plan, device, rule, language)
    if rule.needs:
        yield say("needs", needs=listed(rule.needs, language, "or"))
    beside = judges(plan, device.id, rule)
    for code, faults in (("judged_by", rule.judged_by), ("found_by", rule.found_by)):
        checks = sorted({one.check for one in beside if one.fault in faults})
        if checks:
            yield say(code, checks=listed(checks, language))
    above = list(ancestors(plan, device.id))
    if above:
        yield say("above", above=listed(above, language, "or"))
    if device.silenced:
        yield say("silenced")
    if rule.holds_children:
        yield say("holds", count=len(plan.below(device.id)))
    if rule.clear_when is not None:
        yield say("clear_when", when=rule.clear_when.text)
    yield say("clears", looks=rule.clear_looks, hold=say_duration(rule.clear_for_seconds))
    yield ""
    severity = say(f"severity_{rule.severity.value}")
    yield say("severity", severity=severity, targets=_targets(plan.targets.get(rule.severity), language))
    yield from _ticket(plan, device, plan.faults[rule.fault], language)
    yield ""
    yield from _told(plan, device, rule, language)


def _not_found(code: str, name: str, known: tuple[str, ...], language: Language) -> str:
    text = WORDS[code].get(language).format(name=name)
    meant = did_you_mean(name, known)
    return text + (MEANT.get(language).format(names=QUOTED.get(language).format(meant[0])) if meant else "")


def _why_not(plan: Plan, device: Device, rule: Rule, language: Language) -> str:
    if rule.kinds and device.kind not in rule.kinds:
        return WORDS["not_kind"].get(language).format(kinds=_kinds(rule, language))
    known = (device.id, rule.check) in plan.checks or (device.id, rule.check) in plan.rules
    return WORDS["turned_off" if known else "not_check"].get(language).format(check=rule.check)


def _kinds(rule: Rule, language: Language) -> str:
    return listed([WORDS[f"a_{kind}"].get(language) for kind in sorted(rule.kinds)], language)


def _asked(plan: Plan, device: Device, rule: Rule, language: Language) -> str:
    check = plan.checks.get((device.id, rule.check))
    if check is None:
        return WORDS["asked_self" if device.id == MONITOR else "asked_login"].get(language)
    if check.heard:
        return WORDS["heard"].get(language).format(check=check.name, host=device.target.host)
    return (
        WORDS["asked"]
        .get(language)
        .format(
            every=say_duration(check.every_seconds),
            check=check.name,
            host=device.target.host,
            probe=check.probe,
            timeout=say_duration(check.timeout_seconds),
        )
    )


def _fires(plan: Plan, device: Device, rule: Rule, language: Language) -> str:
    """The hold-down counts from the first bad look, which begins one interval after the fault at most."""
    if rule.looks == 1 and not rule.for_seconds:
        return WORDS["fires_at_once"].get(language)
    check = plan.checks.get((device.id, rule.check))
    facts = {"looks": str(rule.looks), "hold": say_duration(rule.for_seconds)}
    if check is None or check.heard:
        return WORDS["fires_later"].get(language).format_map(facts)
    looks = max(rule.for_seconds, rule.looks * check.timeout_seconds)
    return WORDS["fires"].get(language).format_map({**facts, "latest": say_duration(check.every_seconds + looks)})


def _targets(targets: ServiceTargets | None, language: Language) -> str:
    if targets is None:
        return WORDS["no_targets"].get(language)
    said = (
        ("response", targets.response_seconds),
        ("arrival", targets.arrival_seconds),
        ("fix", targets.fix_seconds),
    )
    parts = [WORDS[code].get(language).format(time=say_duration(one)) for code, one in said if one is not None]
    return WORDS["comma"].get(language).join(parts) or WORDS["no_targets"].get(language)


def _ticket(plan: Plan, device: Device, fault: Fault, language: Language) -> Iterator[str]:
    above = plan.devices.get(device.parent or "")
    facts = {
        "device": device.name,
        "host": device.target.host,
        "place": device.place,
        "model": device.model,
        "vendor": device.vendor,
        "port": device.port,
        "parent": above.name if above else "",
    }

    def fill(text: Text) -> str:
        return _QUOTE.sub(lambda match: facts.get(match[1]) or "…", re.sub(r"[][]", "", text.get(language)))

    yield WORDS["ticket"].get(language)
    yield f"  {fill(fault.title)}"
    yield f"  {fill(fault.text)}"
    for code, texts in (
        ("causes", [one.text for one in fault.causes]),
        ("remedies", fault.remedies),
        ("bring", fault.bring),
    ):
        if texts:
            yield f"  {WORDS[code].get(language)}"
            yield from (f"    - {fill(text)}" for text in texts)
    if fault.remote:
        yield f"  {WORDS['remote'].get(language)}"


def _told(plan: Plan, device: Device, rule: Rule, language: Language) -> Iterator[str]:
    fingerprint = Fingerprint(plan.site.id, device.id, "", rule.fault)
    ticket = Ticket(1, fingerprint, rule.severity, TicketState.NEW, 0.0, 0.0)
    routes = [route for route in plan.routes if carries(route, ticket, device.kind, EventKind.OPENED)]
    yield WORDS["told" if routes else "told_nobody"].get(language)
    for route in routes:
        hours = _hours(route, rule.severity, language)
        text = WORDS["route"].get(language)
        yield "  - " + text.format(route=route.name, channel=route.channel, language=route.language, hours=hours)


def _hours(route: Route, severity: Severity, language: Language) -> str:
    always = not route.days and (route.from_minute, route.to_minute) == (0, 1440)
    if always or (severity is Severity.URGENT and route.even_when_urgent_outside_hours):
        return WORDS["always"].get(language)
    days = listed([WORDS[f"day_{day}"].get(language) for day in sorted(route.days)], language)
    days = days or WORDS["every_day"].get(language)
    start, end = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in (route.from_minute, route.to_minute))
    return WORDS["hours"].get(language).format_map({"days": days, "from": start, "to": end})
