"""Pull requests a second through the whole path beside two floors, and memory; run as `python -m bench.capture`.

The sandbox has one core; the capture and its database have the others. The *floor* makes the calls of the store that a
capture made again on an equal database: the same rows by the same statements, no network, nothing decoded or planned.
The *driver's floor* is below it: the bare statements, handed to the driver. Captures and floors take turns, each in a
process of its own; the median of the ratios counts. Exits 1 when a capture reaches less than half of the floor.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import serving, worker

LEAST_RATIO: Final = 0.5
MORE_MIB, MOST_MB = 15.0, 150.0
SOURCES: Final = ("auto", "graphql")
FEW, MANY = 1_000, 100_000
LARGE: Final = 4_000
"""Pull requests whose speed is measured: the start, as long for every repository, weighs little beside them, and the
sandbox still holds them all ready (up to 5,000), so that it is asked, and not waited for."""


@dataclass(frozen=True)
class Round:
    """Seconds of a capture, and of the floors beside it."""

    capture: float
    calls: float
    statements: float


class Place:
    """Where databases are made: a folder of ours, or a server of ours."""

    def __init__(self, name: str, folder: Path, server: str | None) -> None:
        self.name = name
        self._folder = folder
        self._server = server
        self._made = 0

    def empty(self) -> AbstractContextManager[str]:
        """Give the address of an empty database."""
        return serving.database(self._server) if self._server else self._file()

    @contextmanager
    def _file(self) -> Iterator[str]:
        self._made += 1
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            yield str(Path(folder, "capture.db"))


def run(served: serving.Served, place: Place, *arguments: str) -> dict[str, Any]:
    """Run `bench.worker` on an empty database."""
    with place.empty() as url:
        environment = serving.environment(**serving.capture_settings(served.url, url))
        command = [sys.executable, "-m", "bench.worker", *arguments]
        ran = subprocess.run(command, cwd=serving.ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    figures: dict[str, Any] = json.loads(ran.stdout)
    return figures


def rounds(served: serving.Served, place: Place, source: str, count: int, folder: Path) -> tuple[int, list[Round]]:
    """Record one capture, which also makes the sandbox hold every pull request ready; then measure."""
    file = ("--file", str(folder / f"{place.name}-{source}"))
    recorded = run(served, place, "record", "--source", source, *file)
    done = [
        Round(
            run(served, place, "capture", "--source", source)["seconds"],
            run(served, place, "calls", *file)["seconds"],
            run(served, place, "statements", *file)["seconds"],
        )
        for _ in range(count)
    ]
    return recorded["pull_requests"], done


def speed(served: serving.Served, places: list[Place], count: int, folder: Path) -> bool:
    """Print the table of speeds, in pull requests a second; whether every bar is met."""
    print("| database | source | capture | floor | capture / floor | driver's floor | capture / driver's floor |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    met = True
    for place in places:
        for source in SOURCES:
            total, done = rounds(served, place, source, count, folder)
            capture, calls, bare = (
                f"{total / statistics.median(getattr(each, name) for each in done):,.0f}"
                for name in ("capture", "calls", "statements")
            )
            ratio = statistics.median(each.calls / each.capture for each in done)
            lowest = statistics.median(each.statements / each.capture for each in done)
            line = (place.name, source, capture, calls, f"{ratio:.2f}", bare, f"{lowest:.2f}")
            print(f"| {' | '.join(line)} |", flush=True)
            met &= ratio >= LEAST_RATIO
    return met


def peak_mib(size: int, options: str, core: set[int]) -> float:
    """Capture that many pull requests with `pc capture` as a user runs it; the most memory that the process held."""
    with (
        serving.sandbox([f"{worker.REPOSITORY}=generate:{size}{options}"], core=core) as served,
        tempfile.TemporaryDirectory() as folder,
    ):
        settings = serving.capture_settings(served.url, str(Path(folder, "capture.db")))
        command = [sys.executable, "-m", "progressive_capture", "capture", worker.REPOSITORY]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, env=serving.environment(**settings), **quiet)  # type: ignore[call-overload] # mypy cannot match keywords given so
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"the capture of {size:,} pull requests ended with {process.returncode}")
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return float(usage.ru_maxrss) / unit


def memory(many: int, options: str, core: set[int]) -> bool:
    """Print what a small and a large repository take; whether both bars are met."""
    small, large = peak_mib(FEW, options, core), peak_mib(many, options, core)
    print(f"most memory: {small:.1f} MiB for {FEW:,} pull requests, {large:.1f} MiB for {many:,} (generate:N{options})")
    return large - small <= MORE_MIB and large * 1.048576 < MOST_MB


def main() -> int:
    """Measure; 0 when every bar is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pull-requests", type=int, default=LARGE, help="of the repository whose speed is measured")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("sqlite", "postgresql", "memory"))
    parser.add_argument("--many", type=int, default=MANY, help="pull requests of the large repository")
    parser.add_argument("--options", default="", help="of the populations whose memory is measured, such as ,threads=1")
    wanted = parser.parse_args()
    core = serving.share_cores()
    met = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if wanted.only != "memory":
            source = f"{worker.REPOSITORY}=generate:{wanted.pull_requests}"
            with serving.sandbox([source], core=core) as served, serving.postgresql() as server:
                places = [Place("sqlite", folder, None), Place("postgresql", folder, server)]
                chosen = [place for place in places if wanted.only in {None, place.name}]
                met = speed(served, chosen, wanted.rounds, folder)
    if wanted.only in {None, "memory"}:
        met &= memory(wanted.many, wanted.options, core)
    if not met:
        print("A bar is missed.", file=sys.stderr)
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
