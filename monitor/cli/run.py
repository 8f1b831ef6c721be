"""Watch a site: `sitewarden run -c site.yaml`."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from pathlib import Path

import click
import uvloop

from monitor.app.daemon import PartEnded, start
from monitor.app.state import state_folder
from monitor.cli.language import LANGUAGE, _
from monitor.settings.mistake import BadConfiguration
from monitor.storage.errors import StoreError, StoreInUse

EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h: systemd need not try again


@click.command(help=_("Watch a site until SIGTERM; SIGHUP reads the configuration again."))
@click.option("-c", "--config", type=click.Path(path_type=Path), required=True, help=_("The site's file."))
@click.option(
    "--state", type=click.Path(path_type=Path), help=_("Folder of the database; default: systemd's or XDG's.")
)
@click.option("-v", "--verbose", is_flag=True, help=_("Say more."))
def run(config: Path, state: Path | None, verbose: bool) -> None:
    """Watch a site until SIGTERM; SIGHUP reads the configuration again."""
    log_to_journal(logging.DEBUG if verbose else logging.INFO)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the daemon listens to it: the file is being read anyway
    try:
        folder = state_folder(state, os.environ)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            try:
                daemon = runner.run(start(config, folder))
            except BadConfiguration as error:
                click.echo("\n".join(mistake.say(LANGUAGE) for mistake in error.mistakes), err=True)
                sys.exit(EXIT_CONFIG)
            except StoreError as error:
                click.echo(error.say(_), err=True)
                sys.exit(1 if isinstance(error, StoreInUse) else EXIT_CONFIG)
            _spare_collector()
            runner.run(daemon.run())
    except (PartEnded, asyncio.CancelledError):  # the log says why; systemd starts it again
        sys.exit(1)
    except OSError as error:
        click.echo(f"{error.strerror or error}: {error.filename or config}", err=True)
        sys.exit(1)


def _spare_collector() -> None:
    """What was built at the start stays, and the rest is looked through every few minutes.

    A full collection at 10,000 devices holds up the loop for a quarter of a second and more; left alone, Python does
    one every few seconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 20, 500)


def log_to_journal(level: int) -> None:
    """Key and value lines on standard error; under systemd with the journal's priority prefix, without the time."""
    journal = bool(os.environ.get("JOURNAL_STREAM"))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Prefixed() if journal else logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler])
    for noisy in ("aiohttp.access", "asyncio", "apprise", "alembic", "aiosmtplib", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # below it: a line for each visitor that speaks no HTTP


class _Prefixed(logging.Formatter):
    """sd-daemon(3): `<3>` for errors and so on."""

    _PRIORITY = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (0, 7))

    def format(self, record: logging.LogRecord) -> str:
        priority = next(number for level, number in self._PRIORITY if record.levelno >= level)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).splitlines())
