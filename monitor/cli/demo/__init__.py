"""Show the main job on a simulated site: faults become tickets, repairs are proven."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import click
import orjson

from monitor.cli.demo.play import Play, Result
from monitor.cli.demo.script import FAST, SLOW
from monitor.cli.demo.stage import Stage, StageError
from monitor.cli.demo.words import WORDS
from monitor.cli.language import _, language_of
from monitor.core.plan import Text


@click.command(
    help=_("Watch a simulated site and let things fail: 24 cameras, recorders, panel, switches, UPS on loopback.")
)
@click.option("--headless", is_flag=True, help=_("Play the script once, fast, without waiting for anybody."))
@click.option("--port", type=click.IntRange(0, 65_535), default=None, help=_("Port of the console (default: 8080)."))
@click.option("--folder", type=click.Path(path_type=Path), help=_("Where everything is kept; default: a new folder."))
@click.option("--lang", type=click.Choice(["en", "zh_CN"]), help=_("Language of what is printed."))
def demo(headless: bool, port: int | None, folder: Path | None, lang: str | None) -> None:
    """Watch a simulated site and let things fail: 24 cameras, recorders, panel, switches, UPS on loopback."""
    language = lang or language_of(os.environ)
    kept = folder is not None
    place = folder or Path(tempfile.mkdtemp(prefix="sitewarden-demo-"))
    place.mkdir(parents=True, exist_ok=True)
    try:
        result = asyncio.run(_show(headless, 8080 if port is None else port, place, language))
    except StageError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except (KeyboardInterrupt, asyncio.CancelledError):
        click.echo(WORDS["stopped"].get(language), err=True)
        sys.exit(130 if headless else 0)
    finally:
        if not kept:
            shutil.rmtree(place, ignore_errors=True)
    if headless:
        click.echo(orjson.dumps(result.summary()).decode())
        sys.exit(0 if result.is_right() else 1)


async def _show(headless: bool, port: int, folder: Path, language: str) -> Result:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)

    def say(word: str, **facts: object) -> None:
        said = {name: fact.get(language) if isinstance(fact, Text) else fact for name, fact in facts.items()}
        click.echo(WORDS[word].get(language).format(**said), err=headless)

    pace = FAST if headless else SLOW
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sitewarden" / "films"
    async with Stage(folder, cache, pace, 0 if headless else port, say, language=language) as stage:
        play = Play(stage, pace, say)
        if headless:
            return await play.once()
        say("welcome", address=stage.address, user=stage.user, password=stage.password)
        await play.again_and_again()
        raise AssertionError("unreachable")
