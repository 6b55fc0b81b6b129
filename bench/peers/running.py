"""Runs one tool to its end and measures what it took; what it brought is counted elsewhere."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Final

from bench import serving
from bench.peers.tools import Job, Step, Tool, environment

UNIT: Final = 1024 * 1024 if sys.platform == "darwin" else 1024
"""Of `ru_maxrss`, in MiB."""


@dataclass(frozen=True)
class Measured:
    """What a tool took."""

    rest_requests: int
    graphql_requests: int
    points: int
    """Of GraphQL."""
    seconds: float
    peak_mib: float
    """The most memory that any of its processes held."""
    failure: str = ""
    """How it ended, unless well."""


def install(tool: Tool) -> None:
    """Make the tool's virtual environment, unless it is there with the same requirements."""
    made = tool.folder / ".made"
    wanted = "\n".join(tool.requirements)
    if not tool.requirements or (made.exists() and made.read_text(encoding="utf-8") == wanted):
        return
    print(f"Installing {wanted} into {tool.folder.relative_to(serving.ROOT)}.", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", tool.folder], check=True)
    pip = [str(tool.folder / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, *tool.requirements], check=True)
    made.write_text(wanted, encoding="utf-8")


def run(tool: Tool, job: Job, served: serving.Served) -> Measured:
    """Run all steps of a tool."""
    steps = tool.steps(job)
    served.reset()
    began = time.perf_counter()
    peak, failure = 0.0, ""
    for step in steps:
        code, step_peak = _run(step, job)
        peak = max(peak, step_peak)
        if code:
            failure = f"{step.command[1:3]} ended with {code}"
            break
    seconds = time.perf_counter() - began
    stats = served.stats()
    graphql, rest = stats["graphql"], stats["rest"]
    return Measured(rest["requests"], graphql["requests"], graphql["points"], seconds, peak, failure)


def _run(step: Step, job: Job) -> tuple[int, float]:
    """Run one command; its exit code and the most memory that it held, in MiB."""
    with (
        (job.folder / (step.output or "said.txt")).open("ab") as output,
        (job.folder / "errors.txt").open("ab") as errors,
    ):
        process = subprocess.Popen(step.command, cwd=job.folder, env=environment(job), stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss / UNIT
