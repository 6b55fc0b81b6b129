"""One measured run in a process of its own: a capture, or the replay of what one wrote; prints its figures as JSON."""

import argparse
import asyncio
import gc
import json
import time
from pathlib import Path
from typing import Any

from bench import statements
from progressive_capture.capture.report import Silent
from progressive_capture.domain.scope import Scope, SourceChoice
from progressive_capture.settings import Settings
from progressive_capture.wiring import Wired, wire

REPOSITORY = "bench/app"


async def capture(source: str, recorder: statements.Recorder) -> dict[str, Any]:
    """Capture the repository with the settings of the environment, from an open database to the proof."""
    async with wired() as everything:
        recorder.on = True
        began, cpu = time.perf_counter(), time.process_time()
        captured = await everything.capture(REPOSITORY, Scope(source=SourceChoice(source)))
        seconds, busy = time.perf_counter() - began, time.process_time() - cpu
    if captured.gap_count:
        raise RuntimeError(f"{captured.gap_count} gaps: what is incomplete is not worth measuring")
    return {
        "seconds": seconds,
        "cpu": busy,
        "pull_requests": captured.pull_requests,
        "rows": sum(captured.held.values()),
    }


def wired() -> Any:  # noqa: ANN401 - a context manager of `Wired`
    """Open and migrate the database."""
    return wire(Settings.read(), create=True, reporter=Silent(), pause=asyncio.sleep, stopping=lambda: False)


async def prepare() -> str:
    """Bring the database to where a capture begins; its address."""
    async with wired() as everything:
        assert isinstance(everything, Wired)
        return everything.settings.database_url.get_secret_value()


def main() -> None:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("capture", "record", "replay"))
    parser.add_argument("--source", default="auto")
    parser.add_argument("--file", type=Path)
    wanted = parser.parse_args()
    if wanted.action == "replay":
        transactions = statements.load(wanted.file)
        gc.freeze()  # what is about to be sent is no garbage
        url = asyncio.run(prepare())
        print(json.dumps(statements.replay(url, transactions)))
        return
    recorder = statements.Recorder()
    if wanted.action == "capture":
        figures = asyncio.run(capture(wanted.source, recorder))
    else:
        with recorder.listening():
            figures = asyncio.run(capture(wanted.source, recorder))
        recorder.save(wanted.file)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
