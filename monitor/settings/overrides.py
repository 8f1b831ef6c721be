"""What does this site change of a rule, and for which devices?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from monitor.core.plan import Device, Rule
from monitor.settings.file.rule import OverrideShape
from probes.observation import Value
from ticketing.ticket import Severity


@dataclass(frozen=True, slots=True)
class Override:
    """Changes of the rules whose id matches `rule`; None: unchanged. Empty `devices`, `kinds`, `tags` match all."""

    rule: str  # `*` and `?` stand for anything, as in `devices`
    devices: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)
    off: bool = False
    severity: Severity | None = None
    for_seconds: float | None = None
    looks: int | None = None
    clear_for_seconds: float | None = None
    clear_looks: int | None = None
    params: Mapping[str, Value] = field(default_factory=dict)

    @classmethod
    def of(cls, rule: str, shape: OverrideShape) -> Override:
        """From the file's shape."""
        return cls(
            rule,
            tuple(shape.devices),
            frozenset(shape.kinds),
            shape.tags,
            shape.off,
            shape.severity,
            shape.hold,
            shape.looks,
            shape.clear_for,
            shape.clear_looks,
            shape.params,
        )

    def names(self, rule_id: str) -> bool:
        """Does it speak of that rule?"""
        return fnmatchcase(rule_id, self.rule)

    def covers(self, device: Device) -> bool:
        """Does it speak of that device?"""
        return (
            (not self.devices or any(fnmatchcase(device.id, glob) for glob in self.devices))
            and (not self.kinds or device.kind in self.kinds)
            and all(device.tags.get(name) == value for name, value in self.tags.items())
        )

    def change(self, rule: Rule) -> Rule:
        """The rule as changed. Parameters that it does not have are left out: a glob may cover many rules."""
        return replace(
            rule,
            severity=self.severity or rule.severity,
            for_seconds=rule.for_seconds if self.for_seconds is None else self.for_seconds,
            looks=self.looks or rule.looks,
            clear_for_seconds=rule.clear_for_seconds if self.clear_for_seconds is None else self.clear_for_seconds,
            clear_looks=self.clear_looks or rule.clear_looks,
            params={name: _like(default, self.params.get(name, default)) for name, default in rule.params.items()},
        )


def _like(default: Value, value: Value) -> Value:
    """A whole number in place of a decimal one becomes decimal: CEL does not multiply the two."""
    return float(value) if isinstance(default, float) and isinstance(value, int) else value
