"""Requests and points per 1,000 pull requests, and how well `pc plan` knew them before; run as `python -m bench.costs`.

Points and requests are counted by the sandbox. Exits 1 when a bar is missed.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import serving

REPOSITORY: Final = "bench/app"


@dataclass(frozen=True)
class Bar:
    """One way of capturing, with the most that it may cost per 1,000 pull requests."""

    source: str
    rounding: str
    points: float
    requests: float


@dataclass(frozen=True)
class Population:
    """One repository, and by how much its forecast may be wrong."""

    name: str
    source: str
    error: float


BARS: Final = (Bar("auto", "nearest", 60, 90), Bar("graphql", "nearest", 80, 90), Bar("auto", "up", 90, 115))
POPULATIONS: Final = (
    Population("click", str(serving.DATA / "prs" / "click.jsonl.gz"), 0.05),
    Population("generate:10000", "generate:10000", 0.05),
    Population("generate:10000,threads=9.0", "generate:10000,threads=9.0", 0.10),
)


@dataclass(frozen=True)
class Cost:
    """What one capture took, and what was expected."""

    pull_requests: int
    requests: int
    points: int
    expected_requests: int
    expected_points: int

    @property
    def error(self) -> float:
        """How far off the worse of the two forecasts was, as a share."""
        return max(abs(self.expected_requests / self.requests - 1), abs(self.expected_points / self.points - 1))

    def per_thousand(self, amount: int) -> float:
        """Break an amount down."""
        return amount * 1_000 / self.pull_requests


def measure(population: Population, bar: Bar, core: set[int]) -> Cost:
    """Plan, then capture into an empty database."""
    flags = ("--rounding", bar.rounding)
    with (
        serving.sandbox([f"{REPOSITORY}={population.source}"], *flags, core=core) as served,
        tempfile.TemporaryDirectory() as folder,
    ):
        planned = _said(served, Path(folder), "plan", bar.source)
        served.reset()
        captured = _said(served, Path(folder), "capture", bar.source)
        stats = served.stats()
    if not captured["complete"]:
        raise RuntimeError(f"the capture of {population.name} is not complete")
    requests = stats["graphql"]["requests"] + stats["rest"]["requests"]
    return Cost(
        captured["pull_requests_read"], requests, stats["graphql"]["points"], planned["requests"], planned["points"]
    )


def _said(served: serving.Served, folder: Path, command: str, source: str) -> dict[str, Any]:
    """Run `pc` on a database of its own for each command: a plan leaves nothing behind that helps the capture."""
    environment = serving.environment(**serving.capture_settings(served.url, str(folder / f"{command}.db")))
    arguments = [sys.executable, "-m", "progressive_capture", command, REPOSITORY, "--source", source, "--json"]
    ran = subprocess.run(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    (said,) = json.loads(ran.stdout)["repositories"]
    answer: dict[str, Any] = said
    return answer


def main() -> int:
    """Print the table; 0 when every bar is met."""
    core = serving.share_cores()
    print("| population | source | rounding | requests / 1,000 | points / 1,000 | forecast wrong by at most |")
    print("| --- | --- | --- | ---: | ---: | ---: |")
    met = True
    for population in POPULATIONS:
        for bar in BARS:
            cost = measure(population, bar, core)
            requests, points = cost.per_thousand(cost.requests), cost.per_thousand(cost.points)
            way = f"{population.name} | {bar.source} | {bar.rounding}"
            print(f"| {way} | {requests:.1f} | {points:.1f} | {cost.error:.1%} |", flush=True)
            dear = "threads" not in population.name and (requests > bar.requests or points > bar.points)
            met &= not dear and cost.error <= population.error
    if not met:
        print("A bar is missed.", file=sys.stderr)
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
