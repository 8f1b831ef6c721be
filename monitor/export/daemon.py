"""How is the daemon itself doing, as samples?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import chain

from monitor.core.condition import State
from monitor.engine.live import Health, Live, Stats
from monitor.export.families import Family
from monitor.export.page import Page, labels
from probes.observation import Outcome
from ticketing import clocks
from ticketing.ticket import OVER, Severity, Ticket, TicketState

PARTS = ("clock", "config", "database", "listeners", "names", "outbox")  # of the daemon's health
QUANTILES = (0.5, 0.9, 0.99)

SITE = Family("sitewarden_site_info", "Always 1; which site this daemon watches.", ("site", "name", "timezone"))
BUILD = Family("sitewarden_build_info", "Always 1; the version that runs.", ("version",))
STARTED = Family("sitewarden_start_timestamp_seconds", "When the daemon started.")
READY = Family("sitewarden_ready", "1 if nothing is wrong with the daemon itself.")
TROUBLE = Family("sitewarden_trouble", "1 while that part of the daemon is not well.", ("part",))
CONDITIONS = Family("sitewarden_conditions", "Conditions that are not ok, by state.", ("state",))
HELD_BACK = Family("sitewarden_conditions_untold", "Conditions that hold but are held back or not told yet.")
TICKETS = Family("sitewarden_tickets", "Tickets that are not over.", ("state", "severity"))
OPENED = Family("sitewarden_tickets_opened_total", "Tickets ever opened at this site.", (), "counter")
BREACHED = Family(
    "sitewarden_sla_breached_tickets",
    "Tickets that are not over and whose clock has run out.",
    ("clock", "severity"),
)
NEXT_DUE = Family(
    "sitewarden_sla_next_due_timestamp_seconds",
    "When the next clock of a ticket runs out; absent if none runs.",
    ("clock",),
)
LOOKS = Family("sitewarden_looks_total", "Looks by probe and outcome.", ("probe", "outcome"), "counter")
LOOK_SECONDS = Family("sitewarden_look_duration_seconds_total", "Time spent in looks.", ("probe",), "counter")
RUNNING = Family("sitewarden_lane_running", "Looks under way.", ("lane",))
WAITING = Family("sitewarden_lane_waiting", "Looks that wait for a place.", ("lane",))
SKIPPED = Family(
    "sitewarden_skipped_ticks_total", "Turns skipped because the last one still ran.", ("lane",), "counter"
)
LATENESS = Family(
    "sitewarden_lateness_seconds",
    "How late looks start; the quantiles are of the last 1,024.",
    ("quantile",),
    "summary",
)
QUEUE = Family("sitewarden_queue_depth", "Inputs that wait to be decided.")
DECISIONS = Family("sitewarden_decisions_total", "Inputs decided.", (), "counter")
CHANGES = Family("sitewarden_changes_total", "Changes that decisions made.", (), "counter")
COMMITS = Family("sitewarden_commits_total", "Transactions committed.", (), "counter")
COMMIT_SECONDS = Family("sitewarden_commit_duration_seconds_total", "Time spent in commits.", (), "counter")
COMMIT_FAILURES = Family(
    "sitewarden_commit_failures_total", "Transactions that the database did not take.", (), "counter"
)
UNCOMMITTED = Family("sitewarden_uncommitted_changes", "Changes that wait for the database.")
DATABASE_SIZE = Family("sitewarden_database_size_bytes", "Room that the database takes; absent while not known.")
DEATHS = Family("sitewarden_decoder_deaths_total", "Decoder processes that hung or died.", (), "counter")
OUTBOX = Family("sitewarden_outbox_waiting", "Messages that wait to be delivered.")
OUTBOX_AGE = Family("sitewarden_outbox_oldest_seconds", "Age of the oldest of them.")
DELIVERIES = Family(
    "sitewarden_deliveries_total",
    "Parcels by channel and result; given_up counts messages that will not be tried again.",
    ("channel", "result"),
    "counter",
)
RELOADS = Family("sitewarden_reloads_total", "Reloads of the configuration.", ("result",), "counter")

HEARD = Family(
    "sitewarden_heard_total",
    "Messages that devices sent by themselves, by listener: taken, or why not.",
    ("listener", "result"),
    "counter",
)
LISTENER_FAILURES = Family(
    "sitewarden_listener_failures_total", "How often a listener ended and was started anew.", ("listener",), "counter"
)

OF_DAEMON = (
    SITE, BUILD, STARTED, READY, TROUBLE, CONDITIONS, HELD_BACK, TICKETS, OPENED, BREACHED, NEXT_DUE, LOOKS,
    LOOK_SECONDS, RUNNING, WAITING, SKIPPED, LATENESS, QUEUE, DECISIONS, CHANGES, COMMITS, COMMIT_SECONDS,
    COMMIT_FAILURES, UNCOMMITTED, DATABASE_SIZE, DEATHS, OUTBOX, OUTBOX_AGE, DELIVERIES, RELOADS, HEARD,
    LISTENER_FAILURES,
)  # fmt: skip


def write_daemon(live: Live, version: str, page: Page) -> None:
    """Everything that does not speak of one device."""
    site = live.plan.site
    _add(page, SITE, 1, site.id, site.name, site.timezone)
    _add(page, BUILD, 1, version)
    _add(page, STARTED, live.stats.started_at)
    _write_health(live.health, page)
    _write_conditions(live, page)
    _write_tickets(live.world.tickets.values(), page)
    _add(page, OPENED, live.world.last_ticket)
    _write_looks(live.stats, page)
    _write_pipeline(live.stats, page)
    _write_outbox(live.stats, page)
    _write_heard(live.stats, page)


def _add(page: Page, family: Family, value: float, *values: str) -> None:
    page.add(family, labels(family.labels, values), value)


def _write_health(health: Health, page: Page) -> None:
    _add(page, READY, health.ready)
    for part in sorted({*PARTS, *health.troubles}):
        _add(page, TROUBLE, part in health.troubles, part)


def _write_conditions(live: Live, page: Page) -> None:
    of_devices = live.world.conditions.values()
    counts = Counter(condition.state for of_device in of_devices for condition in of_device.values())
    for state in State:
        if state is not State.OK:
            _add(page, CONDITIONS, counts[state], state.value)
    _add(page, HELD_BACK, len(live.world.untold))


def _write_tickets(tickets: Collection[Ticket], page: Page) -> None:
    by_state = Counter((ticket.state, ticket.severity) for ticket in tickets)
    for state in TicketState:
        for severity in () if state in OVER else Severity:
            _add(page, TICKETS, by_state[state, severity], state.value, severity.value)
    for name in clocks.BREACHES:
        breached = Counter(ticket.severity for ticket in tickets if clocks.get(ticket, name).breached)
        for severity in Severity:
            _add(page, BREACHED, breached[severity], name, severity.value)
        running = (clock.due_at for ticket in tickets if (clock := clocks.running(ticket, name)))
        due = min((at for at in running if at is not None), default=None)
        if due is not None:
            _add(page, NEXT_DUE, due, name)


def _write_looks(stats: Stats, page: Page) -> None:
    for probe in sorted({probe for probe, _ in stats.looks}):
        for outcome in Outcome:
            _add(page, LOOKS, stats.looks[probe, outcome.value], probe, outcome.value)
    for probe, seconds in stats.look_seconds.items():
        _add(page, LOOK_SECONDS, seconds, probe)
    for family, counts in ((RUNNING, stats.running), (WAITING, stats.waiting), (SKIPPED, stats.skipped_ticks)):
        for lane in sorted(set(chain(stats.running, stats.waiting, stats.skipped_ticks))):
            _add(page, family, counts[lane], lane)
    ring = sorted(stats.lateness_seconds[: stats.lateness_count])
    for quantile in QUANTILES if ring else ():
        _add(page, LATENESS, ring[int(len(ring) * quantile)], str(quantile))
    page.add(LATENESS, "", stats.lateness_sum_seconds, suffix="_sum")
    page.add(LATENESS, "", stats.lateness_count, suffix="_count")


def _write_pipeline(stats: Stats, page: Page) -> None:
    _add(page, QUEUE, stats.queue_depth)
    _add(page, DECISIONS, stats.decisions)
    _add(page, CHANGES, stats.changes)
    _add(page, COMMITS, stats.commits)
    _add(page, COMMIT_SECONDS, stats.commit_seconds)
    _add(page, COMMIT_FAILURES, stats.commit_failures)
    _add(page, UNCOMMITTED, stats.uncommitted)
    _add(page, DEATHS, stats.decode_deaths)
    if stats.database_bytes:
        _add(page, DATABASE_SIZE, stats.database_bytes)
    for result in ("ok", "refused"):
        _add(page, RELOADS, stats.reloads[result], result)


def _write_heard(stats: Stats, page: Page) -> None:
    for (listener, result), count in sorted(stats.heard.items()):
        _add(page, HEARD, count, listener, result)
    for listener, count in sorted(stats.listener_failures.items()):
        _add(page, LISTENER_FAILURES, count, listener)


def _write_outbox(stats: Stats, page: Page) -> None:
    _add(page, OUTBOX, stats.outbox_waiting)
    _add(page, OUTBOX_AGE, stats.outbox_oldest_seconds)
    for (channel, result), count in stats.delivered.items():
        _add(page, DELIVERIES, count, channel, result)
