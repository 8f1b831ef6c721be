"""How does the whole daemon start, reload and stop?"""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from monitor import __version__
from monitor.app.pictures import Pictures
from monitor.app.state import session_key
from monitor.app.upkeep import keep_up
from monitor.core.plan import MONITOR, Plan
from monitor.core.world import Saved
from monitor.engine.engine import Engine
from monitor.engine.scheduler import SLOW
from monitor.engine.systemd import feed_watchdog, is_supervised, notify, reloading
from monitor.export.prometheus import Exporter
from monitor.export.serving import serve_metrics
from monitor.notify.courier import Courier
from monitor.notify.envelope import Transport
from monitor.notify.rendering import Rendering
from monitor.notify.transports import open_transports
from monitor.settings.load import load
from monitor.settings.mistake import BadConfiguration
from monitor.settings.model import Settings
from monitor.settings.planning import plan as plan_of
from monitor.storage.errors import StoreInUse, StoreUnavailable
from monitor.storage.outbox import Grouping
from monitor.storage.store import Store
from monitor.storage.threads import Threads
from monitor.web.app import create_app
from monitor.web.console import Options
from monitor.web.serving import Listen, bind, serve
from monitor.web.users import Role, User
from probes.frame.decoder import PLACES
from probes.frame.memory import Memory
from probes.frame.pool import DecodePool
from probes.probe import Lane
from probes.snmp import ProfileError, Profiles, ProfileShelf
from probes.snmp.shelf import load_with

log = logging.getLogger(__name__)

FILES_WANTED = 65_536
RELOAD_SECONDS = 600.0
RETRY_STORE_SECONDS = 5.0
ENDING_SECONDS = 45.0  # TimeoutStopSec of the unit: by then systemd has ended the one before
ENDING_BY_HAND_SECONDS = 2.0
RETRY_ENDING_SECONDS = 0.2


class PartEnded(Exception):
    """A part of the daemon ended by itself; the log says why."""


@dataclass(slots=True)
class Daemon:
    """One running daemon. `file` is read again at every reload."""

    file: Path
    settings: Settings
    folder: Path
    store: Store
    engine: Engine
    courier: Courier
    users: Mapping[str, User]

    async def run(self, listening: socket.socket | None = None) -> None:
        """Watch until SIGTERM or SIGINT; SIGHUP reloads. Then stop in the order of the line."""
        bound = listening or bind(_listen(self.settings))
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        reload_wanted = asyncio.Event()
        loop.add_signal_handler(signal.SIGHUP, reload_wanted.set)
        app = create_app(
            self.engine.live,
            self.store,
            lambda: self.users,
            session_key(self.folder),
            options=Options(secure_cookies=self.settings.web.secure_cookies),
            metrics=None if self.settings.metrics else Exporter(self.engine.live).pieces,
            site_file=self.file,
        )
        apart = self.settings.metrics
        numbers = [bind(Listen(apart.host, apart.port))] if apart else []
        try:
            async with self.engine.running():
                tasks = [
                    asyncio.create_task(self.courier.run(), name="courier"),
                    asyncio.create_task(serve(app, _listen(self.settings), bound), name="console"),
                    *(asyncio.create_task(serve_metrics(self.engine.live, sock), name="metrics") for sock in numbers),
                    asyncio.create_task(self._reload_forever(reload_wanted), name="reload"),
                    asyncio.create_task(self._keep_up(), name="upkeep"),
                    asyncio.create_task(feed_watchdog(self.engine.progress), name="watchdog"),
                    asyncio.create_task(stop.wait(), name="stop"),
                ]
                host, port = bound.getsockname()[:2]
                log.info("watching %s on http://%s:%d", self._count(), host, port)
                notify("READY=1", f"STATUS=watching {self._count()}")
                try:
                    await _until_one_ends(tasks)
                finally:
                    notify("STOPPING=1")
                    log.info("stopping")
                    await self._stop(tasks)
        finally:
            await self.store.close()

    async def reload(self) -> bool:
        """Read the configuration again and take it over whole, or refuse it whole and go on as before.

        It is read in a thread: ten thousand devices take seconds.
        """
        health, stats = self.engine.health, self.engine.stats
        try:
            settings, plan, transports, profiles = await self._reading.call(lambda: _read(self.file), RELOAD_SECONDS)
        except Exception as error:
            if isinstance(error, BadConfiguration | OSError | ProfileError):
                log.error("reload refused, going on as before:\n%s", error)
            else:
                log.exception("reload refused, going on as before: a bug in reading the configuration")
            health.troubles["config"] = "the new configuration was refused; run: sitewarden check"
            stats.reloads["refused"] += 1
            return False
        for name in ("store_url", "web", "metrics", "limits", "digest", "listeners"):
            if getattr(settings, name) != getattr(self.settings, name):
                log.warning("reload: a change of %s counts after a restart", name.removesuffix("_url"))
        self.settings, self.users = settings, users_of(settings)
        self.engine.reload(plan, settings.default_logins)
        self.engine.tools.get(ProfileShelf).put(profiles)
        self._using = asyncio.get_running_loop().create_task(self.courier.use(transports))
        health.troubles.pop("config", None)
        stats.reloads["ok"] += 1
        log.info("reloaded: watching %s", self._count())
        return True

    _using: asyncio.Task[None] | None = None
    _reading: Threads = field(default_factory=lambda: Threads("reload", 1))

    async def _reload_forever(self, wanted: asyncio.Event) -> None:
        while True:
            await wanted.wait()
            wanted.clear()
            reloading()
            await self.reload()
            notify("READY=1", f"STATUS=watching {self._count()}")

    async def _keep_up(self) -> None:
        engine = self.engine
        await keep_up(engine.live, self.store, self.courier, engine.tools, engine.pipeline.note_database)

    async def _stop(self, tasks: Sequence[asyncio.Task[Any]]) -> None:
        """The console and the helpers at once; what the courier has under way may end within the grace."""
        self.courier.stop()
        courier, *others = tasks
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.wait([courier], timeout=self.settings.limits.stop_seconds)
        courier.cancel()
        await asyncio.gather(courier, return_exceptions=True)

    def _count(self) -> str:
        plan = self.engine.live.plan
        return f"{len(plan.devices) - (MONITOR in plan.devices)} devices by {len(plan.checks)} checks"


async def start(file: Path, folder: Path) -> Daemon:
    """Everything that can fail does so here, before anything is watched: BadConfiguration, StoreError, OSError.

    A database that is only away is waited for: after a power cut its server may be the last to come back.
    """
    settings = load(file)
    for warning in settings.warnings:
        log.warning("%s", warning.say())
    _allow_many_files()
    store, saved = await _open_store(settings, folder)
    try:
        limits = settings.limits
        courier: Courier | None = None
        engine = Engine(
            plan_of(settings),
            saved,
            store,
            limits={
                Lane.WIRE.value: limits.wire,
                SLOW: limits.slow,
                Lane.DECODE.value: limits.decode_workers * PLACES,
            },
            credentials_backoff_seconds=limits.password_retry_seconds,
            listeners=settings.listeners,
            default_logins=settings.default_logins,
            on_commit=lambda: courier.wake() if courier else None,
        )
        engine.tools.get(DecodePool).size = limits.decode_workers
        engine.tools.get(Memory).load = Pictures(store, engine.live.world).learned
        engine.tools.get(ProfileShelf).put(load_with(settings.profile_folders))
        courier = Courier(
            store,
            open_transports(settings.channels, settings.site.id),
            Rendering(store, lambda: engine.live.plan, engine.clock, settings.web.public_url),
            engine.clock,
            grouping=Grouping(settings.digest.messages, settings.digest.within_seconds),
        )
    except BaseException:
        await store.close()
        raise
    log.info("Sitewarden %s, site %s", __version__, settings.site.id)
    return Daemon(file, settings, folder, store, engine, courier, users_of(settings))


async def _open_store(settings: Settings, folder: Path) -> tuple[Store, Saved]:
    """Wait for a database that is locked, full or away; of another daemon's end only as long as a daemon needs to end.

    Raises StoreInUse where that one goes on.
    """
    told, started = "", monotonic()
    patience_seconds = ENDING_SECONDS if is_supervised() else ENDING_BY_HAND_SECONDS
    while True:
        try:
            store = Store.open(settings.store_url.reveal(), folder, sole=True)
            try:
                return store, await store.load()
            except BaseException:
                await store.close()
                raise
        except StoreInUse as error:
            if monotonic() - started >= patience_seconds:
                raise
            if str(error) != told:
                told = str(error)
                log.warning("%s; waiting up to %.0f s for it to end", error.reason, patience_seconds)
                notify(f"STATUS=waiting up to {patience_seconds:.0f} s: {error.reason}")
            await asyncio.sleep(RETRY_ENDING_SECONDS)
        except StoreUnavailable as error:
            if str(error) != told:
                told = str(error)
                log.error("waiting for the database: %s", told)
                notify(f"STATUS=waiting for the database: {error.reason}")
            await asyncio.sleep(RETRY_STORE_SECONDS)


def _read(file: Path) -> tuple[Settings, Plan, dict[str, Transport], Profiles]:
    """Everything of a reload that takes time or can fail. BadConfiguration, OSError, ProfileError."""
    settings = load(file)
    profiles = load_with(settings.profile_folders)
    return settings, plan_of(settings), open_transports(settings.channels, settings.site.id), profiles


def users_of(settings: Settings) -> dict[str, User]:
    """The people of the configuration, as the console knows them."""
    return {
        user.name: User(user.name, Role(user.role), user.password_hash.reveal(), user.language, "", user.tokens)
        for user in settings.users.values()
    }


def _listen(settings: Settings) -> Listen:
    return Listen(settings.web.listen.host, settings.web.listen.port)


async def _until_one_ends(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Any of them that ends by itself ends the daemon: PartEnded, so that systemd starts it again."""
    endless = [task for task in tasks if task.get_name() != "watchdog"]
    done, _ = await asyncio.wait(endless, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        if task.get_name() == "stop":
            continue
        error = None if task.cancelled() else task.exception()
        log.critical("%s ended: %r", task.get_name(), error, exc_info=error)
        raise PartEnded(task.get_name())


def _allow_many_files() -> None:
    """As many open files as the system lets this process have; a site of 10,000 devices needs a socket each."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, FILES_WANTED)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
