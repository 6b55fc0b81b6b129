"""One measured run in a process of its own: a capture, or the replay of what one wrote; prints its figures as JSON."""

import argparse
import asyncio
import gc
import json
import time
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from bench import calls, statements
from progressive_capture.capture.report import Silent
from progressive_capture.domain.scope import Scope, SourceChoice
from progressive_capture.operator.memory import keep_little
from progressive_capture.settings import Settings
from progressive_capture.wiring import Wired, wire

REPOSITORY = "bench/app"


async def capture(source: str, *recorders: statements.Recorder | calls.Recorder) -> dict[str, Any]:
    """Capture the repository with the settings of the environment, from an open database to the proof."""
    async with wired() as everything:
        for recorder in recorders:
            recorder.on = True
        began = time.perf_counter()
        captured = await everything.capture(REPOSITORY, Scope(source=SourceChoice(source)))
        seconds = time.perf_counter() - began
    if captured.gap_count:
        raise RuntimeError(f"{captured.gap_count} gaps: what is incomplete is not worth measuring")
    return {"seconds": seconds, "pull_requests": captured.pull_requests}


async def record(source: str, file: Path) -> dict[str, Any]:
    """Capture it, and write down the statements and the calls of the store."""
    by_driver, by_store = statements.Recorder(), calls.Recorder()
    with by_driver.listening(), by_store.listening():
        figures = await capture(source, by_driver, by_store)
    by_driver.save(file.with_suffix(".statements"))
    by_store.save(file.with_suffix(".calls"))
    return figures


async def replay_calls(file: Path) -> dict[str, Any]:
    """Make the calls of the store again."""
    transactions = calls.load(file.with_suffix(".calls"))
    gc.freeze()  # what is about to be stored is no garbage
    async with wired() as everything:
        began = time.perf_counter()
        calls.replay(everything.database, transactions)
        return {"seconds": time.perf_counter() - began}


async def replay_statements(file: Path) -> dict[str, Any]:
    """Send the statements again."""
    transactions = statements.load(file.with_suffix(".statements"))
    gc.freeze()  # as above
    async with wired() as everything:
        url = everything.settings.database_url.get_secret_value()
    return {"seconds": statements.replay(url, transactions)}


def wired() -> AbstractAsyncContextManager[Wired]:
    """Open the database and bring it to where a capture begins."""
    return wire(Settings.read(), create=True, reporter=Silent(), pause=asyncio.sleep, stopping=lambda: False)


def main() -> None:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("capture", "record", "calls", "statements"))
    parser.add_argument("--source", default="auto")
    parser.add_argument("--file", type=Path, default=Path("recording"))
    wanted = parser.parse_args()
    keep_little()  # as `pc` does
    actions = {
        "capture": lambda: capture(wanted.source),
        "record": lambda: record(wanted.source, wanted.file),
        "calls": lambda: replay_calls(wanted.file),
        "statements": lambda: replay_statements(wanted.file),
    }
    print(json.dumps(asyncio.run(actions[wanted.action]())))


if __name__ == "__main__":
    main()
