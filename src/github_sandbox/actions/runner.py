"""Runs carried out by act, some at a time, bounded and stopped by process id; never what the API says of them.

https://github.com/nektos/act
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from github_sandbox.actions import stopping
from github_sandbox.actions.checkout import prepare
from github_sandbox.actions.job_names import JobNames
from github_sandbox.actions.transcript import Transcript, masks_of

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable, Mapping

    from github_sandbox.actions.checkout import Order
    from github_sandbox.actions.runs import Run
    from github_sandbox.actions.workflows import Folder

READ_AT_ONCE = 65_536
LONGEST_LINE = 1_000_000


@dataclass(frozen=True, slots=True)
class Machine:
    """What runs are carried out with.

    `act` is the program; `runners` is how many runs go on at once, and others queue (0: all do); `minutes` is how long
    one may take; `environment` is what steps find beside what the workflow gives them.
    """

    act: str = "act"
    runners: int = 4
    minutes: float = 360.0
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    grace: stopping.Grace = field(default_factory=stopping.Grace)


class Runner:
    """Carries out runs in the order in which they come."""

    def __init__(self, machine: Machine, now: Callable[[], float], job_number: Callable[[], int]) -> None:
        """Use `machine`; tell times by `now`; number jobs by `job_number`."""
        self._machine = machine
        self._now = now
        self._job_number = job_number
        self._slots = asyncio.Semaphore(machine.runners)
        self._mark = str(uuid.uuid4())
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._processes: dict[int, psutil.Process] = {}
        self._stops: set[asyncio.Task[None]] = set()
        self._guard: Process | None = None
        self._guarding = asyncio.Lock()
        self._root: Path | None = None

    def submit(self, run: Run, source: Folder, order: Order) -> None:
        """Queue a run."""
        task = asyncio.get_running_loop().create_task(self._queued(run, source, order))
        self._tasks[run.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(run.id, None))

    def cancel(self, run: Run, *, force: bool) -> None:
        """End a run that has not ended: one that waits at once, one that goes on in GitHub's order, or by `force`."""
        process = self._processes.get(run.id)
        again, run.stopping = run.stopping, True
        if run.started is None:
            self._tasks[run.id].cancel()
            run.finish("cancelled", self._now())
        elif process is not None and force:
            stopping.kill_tree(process)
        elif process is not None and not again:
            self._stop_in_order(run, process)

    async def stop(self) -> None:
        """End every run at once, and whatever they started, and remove their files."""
        for task in (*self._tasks.values(), *self._stops):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), *self._stops, return_exceptions=True)
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            await self._guard.wait()

    def _stop_in_order(self, run: Run, process: psutil.Process) -> None:
        async def stop() -> None:
            await stopping.stop_steps(process, self._machine.grace)
            await asyncio.sleep(self._machine.grace.always)
            stopping.kill_tree(process)

        task = asyncio.get_running_loop().create_task(stop())
        self._stops.add(task)
        task.add_done_callback(self._stops.discard)
        self._tasks[run.id].add_done_callback(lambda _: task.cancel())

    async def _queued(self, run: Run, source: Folder, order: Order) -> None:
        async with self._slots:
            run.start(self._now())
            try:
                failed = await self._carried_out(run, source, order)
            except OSError as error:
                failed = True
                sys.stderr.write(f"github-sandbox: run {run.id} could not be started: {error}\n")
            except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait for a run that never ends
                failed = True
                told = {"message": f"github-sandbox failed at run {run.id}", "exception": error}
                asyncio.get_running_loop().call_exception_handler(told)
            finally:
                self._processes.pop(run.id, None)
            if run.stopping:
                run.finish("cancelled", self._now())
            elif failed:
                run.finish("failure" if run.jobs else "startup_failure", self._now())
            else:
                run.finish("success", self._now())

    async def _carried_out(self, run: Run, source: Folder, order: Order) -> bool:
        """Carry out `run`, and tell whether it failed."""
        folder = await self._folder(run)
        try:
            prepared = await asyncio.to_thread(prepare, folder, source, run, order)
            mark = f"{self._mark}:{run.id}"
            names = JobNames(run.workflow, source.all())
            transcript = Transcript(run, names, masks_of(order.secrets), self._now, self._job_number)
            process = await asyncio.create_subprocess_exec(
                self._machine.act,
                *prepared.arguments,
                cwd=prepared.folder,
                env={**self._machine.environment, **prepared.environment, stopping.MARK: mark},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                return await self._followed(run, process, transcript)
            finally:
                _kill(process)
                await asyncio.to_thread(stopping.kill_marked, mark)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _followed(self, run: Run, process: Process, transcript: Transcript) -> bool:
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended already
            self._processes[run.id] = psutil.Process(process.pid)
            if run.stopping:  # asked for while the folder was made
                self._stop_in_order(run, self._processes[run.id])
        late = asyncio.get_running_loop().call_later(self._machine.minutes * 60, self._overdue, run)
        try:
            await _read(process, transcript)
            code = await process.wait()
        finally:
            late.cancel()
        return code != 0

    def _overdue(self, run: Run) -> None:
        self.cancel(run, force=False)

    async def _folder(self, run: Run) -> Path:
        """Make the folder of a run, under one that a guard removes however the stand-in ends."""
        async with self._guarding:
            if self._root is None:
                self._root = Path(tempfile.mkdtemp(prefix="github-sandbox-"))
                command = (sys.executable, "-m", "github_sandbox.actions.guard", self._mark, str(self._root))
                pipe = asyncio.subprocess.PIPE
                self._guard = await asyncio.create_subprocess_exec(*command, stdin=pipe, start_new_session=True)
        folder = self._root / str(run.id)
        folder.mkdir(mode=0o700)
        return folder


def _kill(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
        if process.returncode is None:
            stopping.kill_tree(psutil.Process(process.pid))


async def _read(process: Process, transcript: Transcript) -> None:
    """Hand over each whole line; what is longer than any line that is kept is dropped."""
    assert process.stdout is not None
    held = b""
    while chunk := await process.stdout.read(READ_AT_ONCE):
        *lines, held = (held + chunk).split(b"\n")
        for line in lines:
            transcript.take(line)
        if len(held) > LONGEST_LINE:
            held = b""
    transcript.take(held)
