"""How are rules, faults and what a site changes of them written?"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from monitor.core.plan import DeviceKind, Text
from monitor.settings.file.base import Shape
from monitor.settings.file.units import Identifier, Params, Seconds
from monitor.settings.tree import MarkedMap
from ticketing.ticket import Severity

Looks = Annotated[int, Field(ge=1, le=100)]


class RuleShape(Shape):
    """One rule of a rules file."""

    id: Identifier
    fault: Identifier = Field(description="code of a fault in the catalogue")
    check: str = Field(description="the check whose looks it reads")
    kinds: frozenset[DeviceKind] = Field(frozenset(), description="kinds of device; empty: all")
    when: str = Field(description="CEL: true means that something is wrong")
    clear_when: str | None = Field(None, description="CEL: while firing, clear only when this is true")
    each: str | None = Field(None, description="table: one condition for each of its rows")
    any_row: bool = Field(False, description="with `each`: one condition for the whole table, bad while any row is")
    severity: Severity
    hold: Seconds = Field(60.0, alias="for", description="how long it must be bad before it fires")
    looks: Looks = Field(2, description="how many bad looks in a row before it fires")
    clear_for: Seconds = Field(60.0, description="how long it must be good before it clears")
    clear_looks: Looks = 2
    needs: list[str] = Field([], description="checks of the same device that must be well, else this one is held back")
    asks: list[str] = Field([], description="checks of the same device that are put at once when this may be wrong")
    judged_by: list[str] = Field(
        [], description="for what is heard: faults by which a look at the same device says whether it is so"
    )
    found_by: list[str] = Field(
        [], description="for what is heard: faults by which a look at the same device may find it as well"
    )
    holds_children: bool = Field(False, description="while it fires, the devices behind this one are held back")
    params: Params = Field({}, description="numbers and names that `when` uses and a site may change")


class TextShape(Shape):
    """A text in both languages."""

    en: Annotated[str, Field(min_length=1, max_length=1_000)]
    zh_CN: Annotated[str, Field(min_length=1, max_length=1_000)]

    def text(self) -> Text:
        """As the core knows it."""
        return Text(self.en.strip(), self.zh_CN.strip())


PortState = Literal["searching", "delivering", "disabled", "fault"]


class CauseShape(TextShape):
    """A probable cause, in both languages."""

    port: frozenset[PortState] = Field(
        frozenset(), description="states of the PoE port above that fit this cause; empty: all"
    )


class FaultShape(Shape):
    """One fault of the catalogue."""

    title: TextShape
    text: TextShape = Field(
        description="what was seen; `{name}` quotes a fact, `[ … {name} … ]` is left out where it is not known"
    )
    causes: list[CauseShape] = Field(
        [], description="probable causes, the likeliest first; one that quotes a known fact stands alone"
    )
    remedies: list[TextShape] = Field([], description="what to do, in this order")
    bring: list[TextShape] = Field([], description="tools and parts to take along; may quote `{model}`")
    remote: bool = Field(False, description="it is put right from a desk; instead of `bring`")


class OverrideShape(Shape):
    """What a site changes of a rule. Without `devices`, `kinds` and `tags`: everywhere."""

    devices: list[str] = Field([], description="device ids, `*` and `?` stand for anything")
    kinds: frozenset[DeviceKind] = frozenset()
    tags: dict[str, str] = Field({}, description="devices that carry all of these")
    off: bool = False
    severity: Severity | None = None
    hold: Seconds | None = Field(None, alias="for")
    looks: Looks | None = None
    clear_for: Seconds | None = None
    clear_looks: Looks | None = None
    params: Params = Field({}, description="changes the rule's numbers")


def _overrides(value: Any) -> Any:
    if value == "off":
        return [{"off": True}]
    return [value] if isinstance(value, MarkedMap) else value


Overrides = Annotated[
    list[OverrideShape],
    BeforeValidator(_overrides),
    WithJsonSchema({}),  # `off`, one or several: monitor.settings.schema puts it in
]
