"""What do the codes that an alarm panel reports mean: a fault of its own, an alarm, or neither?

SIA DC-03 (two letters) and SIA DC-05 (Contact ID: three digits with a qualifier, 1 new, 3 restored, 6 still so). Alarms
of the premises (burglary, fire, panic) are no faults of equipment: they are shown, and no rule goes by them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from probes.errors import Garbled
from probes.standing import State, Told

MAX_EVENTS = 16  # of one message
PASSING_SECONDS = 900.0  # what has no opposite is over then
OTHER = "other"

_CONTACT_ID = re.compile(r"([136])([0-9A-F]{3}) +([0-9A-F]{2}) +([0-9A-F]{3})$")
_OLD_OR_NEW = re.compile(r"^[NO](?=[a-z]|[A-Z]{2}(?:[0-9/]|$))")
_WRITTEN = re.compile(r"[\^*]")
_MODIFIER = re.compile(r"(?:ti[0-9]{2}:[0-9]{2}(?::[0-9]{2})?|(?:id|ri|pi)[0-9]{0,6})/?")
_CODE = re.compile(r"([A-Z]{2})([0-9A-F]{0,6})(?=$|[^A-Z0-9])")
_PARTITION = re.compile(r"ri([0-9]{1,6})")


def _ranges(*given: tuple[str, str]) -> Mapping[str, str]:
    """Codes, as `301` or `350-357`, and what they all are."""
    found: dict[str, str] = {}
    for codes, alarm in given:
        for code in codes.split():
            first, _, last = code.partition("-")
            found |= {str(number): alarm for number in range(int(first), int(last or first) + 1)}
    return found


CONTACT_ID: Mapping[str, str] = _ranges(  # of overlapping ranges the later one counts
    ("100-109", "medical"),
    ("110-119", "fire"),
    ("120-129", "panic"),
    ("130-149", "burglary"),
    ("150-169", "other_alarm"),
    ("300-319", "system_trouble"),
    ("301 342", "mains_lost"),
    ("302 309 311", "battery_low"),
    ("320-329", "siren_trouble"),
    ("330-349", "module_trouble"),
    ("342", "mains_lost"),
    ("344", "communication_failed"),
    ("137 144 145 341 383", "tamper"),
    ("350-359", "communication_failed"),
    ("370-382 385-399", "zone_trouble"),
    ("383", "tamper"),
    ("384", "zone_battery"),
    ("400-409 441 442 451-459", "disarmed"),
    ("570-579", "bypassed"),
)
"""Code -> alarm. 305 (reset) and 306 (programmed) pass; 6xx are tests."""

_PASSING = frozenset({"305", "306", "411", "412"})

_RAISE_AND_CLEAR = {
    "mains_lost": ("AT", "AR"),
    "battery_low": ("YT YM", "YR"),
    "tamper": ("TA ES", "TR EJ"),
    "communication_failed": ("YC YS NT LT XQ", "YK NR LR XH"),
    "zone_trouble": ("BT FT PT HT GT KT MT QT WT ZT UT TT", "BJ FJ PJ HJ GJ KJ MJ QJ WJ ZJ UJ TJ"),
    "zone_battery": ("XT", "XR"),
    "siren_trouble": ("YA", "YH"),
    "module_trouble": ("ET EM", "ER EN"),
    "system_trouble": ("YX YP YI YF", "YZ YQ YJ"),
    "burglary": ("BA", "BR BH"),
    "fire": ("FA", "FR FH"),
    "panic": ("PA HA", "PR PH HR HH"),
    "medical": ("MA QA", "MR MH QR QH"),
    "other_alarm": ("GA KA WA ZA UA", "GR GH KR KH WR WH ZR ZH UR UH"),
    "disarmed": ("OP OA OG", "CL CA CG"),
    "bypassed": ("BB UB", "BU UU"),
}
_RAISED = {code: alarm for alarm, (codes, _) in _RAISE_AND_CLEAR.items() for code in codes.split()}
_CLEARED = {code: alarm for alarm, (_, codes) in _RAISE_AND_CLEAR.items() for code in codes.split()}

_TESTS = frozenset({"RP", "RX", "TX", "RR"})  # they tell that the panel is there


def events_of(kind: str, data: str, zones: Mapping[str, str]) -> Iterator[Told]:
    """What the data of a message tells; a test report tells nothing. Garbled if there is no event in it."""
    if kind == "ADM-CID":
        yield from _contact_id(data, zones)
    else:
        yield from _sia(data, zones)


def _contact_id(data: str, zones: Mapping[str, str]) -> Iterator[Told]:
    found = _CONTACT_ID.search(data.upper().strip())
    if found is None:
        raise Garbled("no event of Contact ID")
    qualifier, code, partition, zone = found.groups()
    alarm = CONTACT_ID.get(code)
    if code in _PASSING or alarm is None:
        if not code.startswith("6"):
            yield Told(OTHER, f"E{code}", "raised", _text(f"E{code}", zone, zones), PASSING_SECONDS)
        return
    item = partition if alarm == "disarmed" else zone
    state: State = "cleared" if qualifier == "3" else "raised"
    yield Told(alarm, _number(item), state, _text(f"E{code}", zone, zones))


def _sia(data: str, zones: Mapping[str, str]) -> Iterator[Told]:
    """Like `Nri1/BA003`, `Nti10:23/id12/OP3`, `NBA01/TA02`; what a person wrote follows a star or a caret."""
    text = _OLD_OR_NEW.sub("", _WRITTEN.split(data, maxsplit=1)[0].strip())
    partition = _PARTITION.search(text)
    codes = _CODE.findall(_MODIFIER.sub(" ", text).replace("/", " "))
    if not codes:
        raise Garbled("no event of SIA")
    for code, zone in codes[:MAX_EVENTS]:
        if code in _TESTS:
            continue
        state: State = "cleared" if code in _CLEARED else "raised"
        alarm = _CLEARED.get(code) or _RAISED.get(code)
        if alarm is None:
            yield Told(OTHER, code, "raised", _text(code, zone, zones), PASSING_SECONDS)
            continue
        item = partition[1] if alarm == "disarmed" and partition else zone
        yield Told(alarm, _number(item), state, _text(code, zone, zones))


def _number(text: str) -> str:
    return text.lstrip("0")


def _text(code: str, zone: str, zones: Mapping[str, str]) -> str:
    number = _number(zone)
    name = zones.get(number) or zones.get(zone) or ""
    return " ".join(part for part in (code, number, name) if part)[:200]
