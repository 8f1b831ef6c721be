"""Does what was committed come back, on SQLite and on PostgreSQL, and is trouble told so that nothing is lost?"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from monitor.core.change import (
    AddEvent,
    AddEvidence,
    CopyEvidence,
    DropCondition,
    Enqueue,
    KeepPicture,
    Message,
    PutCondition,
    PutTicket,
)
from monitor.core.condition import Condition, Key, State
from monitor.storage.database import Database, locate
from monitor.storage.errors import StoreError, StoreInUse, StoreUnavailable
from monitor.storage.reading import Wanted
from monitor.storage.retention import Retention
from monitor.storage.schema import METADATA
from monitor.storage.store import Store
from probes.observation import Picture
from tests.servers.postgres import Postgres
from ticketing.ticket import EventKind, Fingerprint, Severity, Ticket, TicketEvent, TicketState

PICTURE = Picture(b"\xff\xd8one", 640, 360)
OTHER = Picture(b"\xff\xd8two", 640, 360)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else request.getfixturevalue("postgres").new_database()


@pytest.fixture
async def store(url: str, tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store.open(url, tmp_path, busy_seconds=0.3)
    yield opened
    await opened.close()


def ticket(number: int, device: str = "camera-07", state: TicketState = TicketState.NEW, **more: object) -> Ticket:
    fingerprint = Fingerprint("site", device, "", "camera.no-picture")
    return Ticket(number, fingerprint, Severity.HIGH, state, 1_000.0 + number, 990.0, **more)  # type: ignore[arg-type]


def message(number: int, channel: str = "mail", **more: object) -> Message:
    plain = Message(f"k{number}", "office", channel, "en", number, 1, Severity.HIGH, 1_000.0, 1_000.0)
    return replace(plain, **more)  # type: ignore[arg-type]


async def test_what_was_committed_is_loaded_after_a_restart(url: str, tmp_path: Path) -> None:
    condition = Condition(
        Key("camera-07", "no-picture", "disk/\x00\\\ud800"), State.FIRING, since=990.25, firings=(1.5,)
    )
    gone = Condition(Key("camera-07", "gone"), State.PENDING)
    first = ticket(1, state=TicketState.CLOSED)
    again = ticket(2, children=("a", "b"), facts={"n": 2**70, "text": "图\x00", "yes": True}, previous=1)
    store = Store.open(url, tmp_path)
    await store.commit([PutCondition(condition), PutCondition(gone), PutTicket(first), PutTicket(ticket(2))])
    await store.commit([DropCondition(gone.key), PutTicket(again), KeepPicture("camera-07", "good", 7.0, PICTURE)])
    await store.close()

    store = Store.open(url, tmp_path)
    saved = await store.load()
    assert saved.conditions == (condition,)
    assert saved.tickets == (again,)
    assert saved.last_ticket == 2
    assert saved.closed == ((first.fingerprint, 1),)
    assert saved.pictures == (("camera-07", "good", 7.0),)
    assert await store.ticket(1) == first
    assert await store.ticket(3) is None
    await store.close()


async def test_a_kept_picture_becomes_evidence_as_it_was_then(store: Store) -> None:
    await store.commit([CopyEvidence(1, "before", "camera-07", "good"), KeepPicture("camera-07", "good", 5.0, PICTURE)])
    assert await store.evidence(1) == ()
    await store.commit([CopyEvidence(1, "before", "camera-07", "good"), KeepPicture("camera-07", "good", 9.0, OTHER)])
    await store.commit([AddEvidence(1, "now", 8.0, OTHER)])
    assert [(one.role, one.at) for one in await store.evidence(1)] == [("before", 5.0), ("now", 8.0)]
    kept = await store.evidence_picture(1, "before")
    assert kept is not None
    assert kept.picture == PICTURE
    latest = await store.device_picture("camera-07", "good")
    assert latest is not None
    assert latest.picture == OTHER


async def test_history_keeps_its_order_and_writing_it_again_changes_nothing(store: Store) -> None:
    lines = [TicketEvent(1, number, 10.0 + number, EventKind.NOTED, "li", f"第 {number} 行") for number in range(12)]
    await store.commit([AddEvent(line) for line in lines])
    await store.commit([AddEvent(line) for line in lines])
    assert await store.events(1) == tuple(lines)
    assert await store.events_between(12.0, 14.0) == tuple(lines[2:4])


async def test_tickets_are_found_by_state_severity_device_word_and_page(store: Store) -> None:
    await store.commit([PutTicket(ticket(number, f"camera-{number:02}")) for number in range(1, 8)])
    await store.commit(
        [PutTicket(ticket(8, "ups_1", TicketState.CLOSED, work="换了 100% 的电池")), PutTicket(ticket(9, "upsx1"))]
    )

    async def ids(**wanted: object) -> list[int]:
        return [found.id for found in await store.tickets(Wanted(**wanted))]  # type: ignore[arg-type]

    assert await ids(limit=3) == [9, 8, 7]
    assert await ids(limit=3, below=7) == [6, 5, 4]
    assert await ids(states=frozenset({TicketState.CLOSED})) == [8]
    assert await ids(severities=frozenset({Severity.LOW})) == []
    assert await ids(devices=frozenset({"camera-03", "camera-04"})) == [4, 3]
    assert await ids(words="T-000005") == [5]
    assert await ids(words="ups_") == [8]
    assert await ids(words="100% 电池") == [8]
    assert await ids(words="CAMERA-02 no-picture") == [2]
    assert await ids(words="gate", named={"gate": frozenset({"camera-06"})}) == [6]
    assert await ids(opened_from=1_004.0, opened_before=1_006.0) == [5, 4]
    assert await store.count(Wanted(words="camera")) == 9
    assert await store.counts() == {(TicketState.NEW, Severity.HIGH): 8, (TicketState.CLOSED, Severity.HIGH): 1}


async def test_reports_see_the_tickets_that_were_open_then(store: Store) -> None:
    over = ticket(1, state=TicketState.CLOSED, closed_at=1_100.0)
    await store.commit([PutTicket(over), PutTicket(ticket(500))])
    assert [found.id for found in await store.tickets_touching(1_050.0, 1_200.0)] == [1]
    assert [found.id for found in await store.tickets_touching(1_150.0, 1_600.0)] == [500]


async def test_retention_deletes_old_pictures_of_closed_tickets_and_old_messages_only(store: Store) -> None:
    day = 86_400.0
    await store.commit([PutTicket(ticket(n, state=TicketState.CLOSED, closed_at=n * day)) for n in range(1, 4)])
    await store.commit([PutTicket(ticket(4))])
    await store.commit([AddEvidence(n, "now", 1.0, PICTURE) for n in range(1, 5)])
    await store.commit([Enqueue(message(1)), Enqueue(message(2, "chat"))])
    (parcel,) = await store.claim(2_000.0, 60.0, resting=["chat"])
    await store.sent(parcel.key, 2_001.0)
    policy = Retention(picture_days=10, message_days=10)
    assert await store.purge(12.5 * day, policy) == (2, 1)
    assert [len(await store.evidence(n)) for n in range(1, 5)] == [0, 0, 1, 1]
    assert (await store.backlog())["chat"].waiting == 1


async def test_the_file_shrinks_when_pictures_go(tmp_path: Path) -> None:
    store = Store.open("", tmp_path)
    large = Picture(b"x" * 100_000, 1, 1)
    await store.commit([PutTicket(ticket(n, state=TicketState.CLOSED, closed_at=1.0)) for n in range(50)])
    await store.commit([AddEvidence(n, "now", 1.0, large) for n in range(50)])
    before = await store.size_bytes()
    await store.purge(1e9, Retention())
    assert await store.size_bytes() < before / 10
    await store.close()


async def test_the_tables_are_what_the_migrations_make(url: str, tmp_path: Path) -> None:
    await Store.open(url, tmp_path).close()
    database = Database(locate(url, tmp_path))
    with database.read() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), METADATA)
    database.close()
    assert difference == []


async def test_several_processes_may_make_the_tables_at_once(url: str, tmp_path: Path) -> None:
    stores = await asyncio.gather(*(asyncio.to_thread(Store.open, url, tmp_path) for _ in range(5)))
    await asyncio.gather(*(store.commit([PutTicket(ticket(number))]) for number, store in enumerate(stores, 1)))
    assert await stores[0].count() == 5
    for store in stores:
        await store.close()


async def test_a_newer_database_is_left_alone(url: str, tmp_path: Path) -> None:
    await Store.open(url, tmp_path).close()
    database = Database(locate(url, tmp_path))
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(StoreError, match=r"newer version.*9999.*restore a backup"):
        Store.open(url, tmp_path)


@pytest.mark.parametrize("url", ["postgresql://u:S3cret@127.0.0.1:bad/x", "postgresql://u:S3cret@127.0.0.1/x?foo=bar"])
def test_an_address_that_cannot_be_meant_is_told_without_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        Store.open(url, tmp_path)
    assert not isinstance(refused.value, StoreUnavailable)
    assert "S3cret" not in str(refused.value)


def modes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}


async def test_nobody_else_reads_what_is_kept(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = Store.open("", tmp_path, sole=True)
        await store.commit([PutTicket(ticket(1))])
        await store.backup(tmp_path / "copy.db")
    finally:
        os.umask(before)
    found = modes(tmp_path)
    await store.close()
    assert set(found.values()) == {0o600}, found
    assert found.keys() >= {"sitewarden.db", "sitewarden.db-wal", "sitewarden.db.lock", "copy.db"}


async def test_only_one_daemon_writes_to_a_database(url: str, tmp_path: Path) -> None:
    first = Store.open(url, tmp_path, sole=True)
    holder = "connection [0-9]+ of the server, from" if url else f"process {os.getpid()}"
    with pytest.raises(StoreInUse, match=rf"another sitewarden \({holder}.*stop it"):
        Store.open(url, tmp_path, sole=True)
    beside = Store.open(url, tmp_path)  # a report, while the daemon runs
    await beside.close()
    await first.close()
    await Store.open(url, tmp_path, sole=True).close()


def holds_the_lock(url: str, tmp_path: Path) -> Callable[[], None]:
    """Somebody else holds what the writer needs; the function lets go."""
    if url:
        other = psycopg.connect(url)
        other.execute("LOCK TABLE ticket, pulse IN ACCESS EXCLUSIVE MODE")
        return other.close
    lite = sqlite3.connect(tmp_path / "sitewarden.db", isolation_level=None)
    lite.execute("BEGIN IMMEDIATE")
    return lite.close


async def test_locked_is_told_and_passes(store: Store, url: str, tmp_path: Path) -> None:
    release = holds_the_lock(url, tmp_path)
    with pytest.raises(StoreUnavailable, match="locked"):
        await store.commit([PutTicket(ticket(1))])
    with pytest.raises(StoreUnavailable, match="locked"):
        await store.writable(1.0)
    release()
    await store.commit([PutTicket(ticket(1))])
    assert await store.ticket(1) == ticket(1)


async def test_a_full_disk_is_told_and_passes(tmp_path: Path) -> None:
    store = Store.open("", tmp_path)
    await store.commit([PutTicket(ticket(1))])
    database = store._database
    with database.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    large = [AddEvidence(1, "now", 1.0, Picture(b"x" * 100_000, 1, 1)), PutTicket(ticket(2))]
    with pytest.raises(StoreUnavailable, match="full"):
        await store.commit(large)
    assert await store.ticket(2) is None, "a batch is written whole or not at all"
    with database.write() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 100000")
    await store.commit(large)
    assert await store.ticket(2) == ticket(2)
    await store.close()


async def test_a_server_that_is_away_is_told_and_comes_back(postgres: Postgres, tmp_path: Path) -> None:
    store = Store.open(postgres.new_database(), tmp_path, sole=True)
    await store.commit([PutTicket(ticket(1))])
    postgres.stop()
    try:
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="does not answer"):
                await store.commit([PutTicket(ticket(2))])
        with pytest.raises(StoreUnavailable, match="does not answer"):
            await store.ticket(1)
    finally:
        postgres.start()
    await store.commit([PutTicket(ticket(2))])
    assert await store.ticket(2) == ticket(2)
    await store.close()


async def test_a_database_that_hangs_is_given_up_in_time(tmp_path: Path) -> None:
    store = Store.open("", tmp_path, patience_seconds=0.2)
    with store._database.write() as connection:
        connection.connection.dbapi_connection.create_function("hang", 0, lambda: time.sleep(1.0))  # type: ignore[union-attr]
    hanging = asyncio.create_task(store._write(lambda c: c.exec_driver_sql("SELECT hang()").all()))
    with pytest.raises(StoreUnavailable, match="hangs"):
        await hanging
    with pytest.raises(StoreUnavailable, match="hangs"):
        await store.commit([PutTicket(ticket(1))])
    await asyncio.sleep(1.0)
    assert await store.ticket(1) is None, "what was given up before it began must not happen later"
    await store.commit([PutTicket(ticket(1))])
    await store.close()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://x/y", "not known"),
        ("no address", "not a URL"),
        ("postgresql://u:secret@127.0.0.1:1/x", "does not answer"),
        ("sqlite:///", "not known"),
    ],
)
def test_a_wrong_address_is_told_without_its_password(url: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=told) as caught:
        Store.open(url, tmp_path)
    assert "secret" not in str(caught.value)
    assert caught.value.remedy


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "sitewarden.db").mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        Store.open("", tmp_path)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "sitewarden.db").write_bytes(b"GIF89a" * 1_000)
    with pytest.raises(StoreError, match="not a database"):
        Store.open("", tmp_path)


async def test_a_backup_made_while_others_write_is_whole(tmp_path: Path) -> None:
    store = Store.open("", tmp_path)
    await store.commit([PutTicket(ticket(number)) for number in range(1, 500)])
    copy = tmp_path / "copies"
    copy.mkdir()
    writing = asyncio.create_task(store.commit([PutTicket(ticket(number)) for number in range(500, 900)]))
    await store.backup(copy / "sitewarden.db")
    await writing
    await store.close()
    restored = Store.open("", copy)
    assert await restored.count() in (499, 899)
    assert await restored.size_bytes() > 100_000
    await restored.close()


async def test_a_backup_that_cannot_be_written_is_told(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no backup|pg_dump"):
        await store.backup(tmp_path / "missing" / "copy.db")
