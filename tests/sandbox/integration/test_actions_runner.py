"""A run ends also where the stand-in itself fails at it: whoever polls it is told, and so is the log."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from github_sandbox.actions.checkout import Order
from github_sandbox.actions.runner import Machine, Runner
from github_sandbox.actions.runs import Run
from github_sandbox.actions.workflows import Folder, Workflow

ORDER = Order({}, {}, {}, {})
HELLO = "on: workflow_dispatch\njobs: {one: {runs-on: ubuntu-latest, steps: [{run: echo hello}]}}\n"
ACT = """#!/bin/sh
echo '{"job": "one/one", "jobID": "one", "stepid": ["0"], "step": "hello", "msg": "Run Main hello", "level": "info"}'
exec sleep 60
"""


class Broken(Folder):
    """Files that cannot be read, for a reason that nobody has thought of."""

    def all(self) -> list[Workflow]:
        """Fail."""
        raise KeyError("unthought of")


def run_of(number: int) -> Run:
    return Run(number, 1, "o/r", Workflow(5, "one.yml", {}), "t", {}, "octo", 7, "main", "1" * 40, 1.0, 1.0)


def ended(runner_of: Any, source: Folder) -> tuple[Run, list[dict[str, Any]]]:
    """Carry one run out; what became of it, and what the loop heard."""
    heard: list[dict[str, Any]] = []

    async def carried_out() -> Run:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: heard.append(told))
        runner, run = runner_of(), run_of(11)
        runner.submit(run, source, ORDER)
        try:
            await asyncio.gather(*runner._tasks.values())
        finally:
            await runner.stop()
        return run

    return asyncio.run(carried_out()), heard


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "one.yml").write_text(HELLO)
    return folder


def test_a_run_that_cannot_be_prepared_is_a_failure_to_start(source: Path) -> None:
    run, heard = ended(lambda: Runner(Machine(), lambda: 2.0, lambda: 1), Broken("o/r", source))
    assert (run.status, run.conclusion, run.completed) == ("completed", "startup_failure", 2.0)
    assert [(each["message"], str(each["exception"])) for each in heard] == [
        ("github-sandbox failed at run 11", "'unthought of'")
    ]


def test_a_run_whose_log_cannot_be_followed_fails(source: Path, tmp_path: Path) -> None:
    act = tmp_path / "act"
    act.write_text(ACT)
    act.chmod(0o755)

    def number() -> int:
        raise KeyError("no number left")

    run, heard = ended(lambda: Runner(Machine(act=str(act)), lambda: 2.0, number), Folder("o/r", source))
    assert (run.status, run.conclusion) == ("completed", "startup_failure")
    assert [str(each["exception"]) for each in heard] == ["'no number left'"]
