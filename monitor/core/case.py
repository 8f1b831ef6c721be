"""What does a rule say of a look: of the device, of each row of a table, or of the table as a whole?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from monitor.core.plan import Rule
from probes.observation import Observation, Value
from ticketing.ticket import Fact

MAX_FACTS = 60


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule says of the device itself ("") or of one row."""

    component: str
    values: Mapping[str, Value]
    verdict: bool | None


def variables(look: Observation) -> dict[str, Value]:
    """What every rule may name: the answer's values, how the look ended and how long it took."""
    return {**look.values, "outcome": look.outcome.value, "duration_seconds": look.duration_seconds}


def cases(rule: Rule, look: Observation, seen: Mapping[str, Value]) -> Iterator[Case]:
    """The device itself, every row of the rule's table, or the table as a whole: bad while any row is.

    `seen` are the look's `variables`: shared, for most rules add nothing to them.
    """
    base = seen
    if rule.params:
        base = {**seen, **rule.params, "outcome": seen["outcome"], "duration_seconds": seen["duration_seconds"]}
    if rule.each is None:
        yield Case("", base, rule.when.verdict(base))
        return
    if rule.each not in look.rows:
        return
    whole = Case("", base, False)
    for key, row in look.rows[rule.each].items():
        values = {**base, **row, "key": key}
        verdict = rule.when.verdict(values)
        if not rule.any_row:
            yield Case(f"{rule.each}/{key}", values, verdict)
        elif verdict is not False and not whole.verdict:
            whole = Case("", values, verdict)
    if rule.any_row:
        yield whole


def values_of(rule: Rule, component: str, look: Observation | None) -> Mapping[str, Value]:
    """The variables that the rule saw for that component; none without a look."""
    if look is None:
        return {}
    return next((case.values for case in cases(rule, look, variables(look)) if case.component == component), {})


def facts_of(rule: Rule, values: Mapping[str, Value], look: Observation | None) -> dict[str, Fact]:
    """What a ticket may quote of them."""
    facts: dict[str, Fact] = dict(list(values.items())[:MAX_FACTS])
    if look is not None and look.detail:
        facts["detail"] = look.detail
    facts["rule"] = rule.id
    return facts
