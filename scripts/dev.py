"""Runs an installation on this machine: sandbox, web, worker, and an Inngest server where INNGEST_BIN names one.

Each is a process of its own, its lines shown behind its name. Ctrl-C ends all of them, and so does the end of one.
"""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

REPOSITORY: Final = "sandbox/demo"
USUAL_PORTS: Final = {"sandbox": 8901, "web": 8080, "inngest": 8288, "gateway": 8289}
STOP_SECONDS: Final = 30
"""For the pages at work."""
MADE_UP_TOKEN: Final = "made-up-for-the-sandbox"  # noqa: S105 - it opens nothing
# No real service is asked, and no key of yours reaches the sandbox.
SERVICES: Final = ("PC_", "GITHUB_", "GH_", "CONTRIBUTOR_", "INNGEST_")


class Stage:
    """The processes of an installation, in the order in which they were started."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start them with this environment."""
        self.environment = dict(environment)
        self.processes: dict[str, Process] = {}
        self._showing: set[asyncio.Task[None]] = set()

    async def start(self, name: str, *command: str, ready: str) -> str:
        """Start one; its first line that holds `ready`.

        Raises:
            SystemExit: it ended before it said so.
        """
        # A session of its own: Ctrl-C is ours, and they end in their turn.
        process = await asyncio.create_subprocess_exec(
            *command, stdout=PIPE, stderr=STDOUT, env=self.environment, start_new_session=True
        )
        self.processes[name] = process
        while line := await _line(process):
            show(name, line)
            if ready in line:
                task = asyncio.create_task(self._show(name, process))
                self._showing.add(task)
                return line
        sys.exit(f"{name} did not start; it says why above.")

    async def first_end(self) -> str:
        """Wait until one ends; its name."""
        waiting = {asyncio.create_task(process.wait()): name for name, process in self.processes.items()}
        try:
            ended, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        return waiting[ended.pop()]

    async def stop(self) -> None:
        """End all, the last started first: nobody loses what it relies on before its end."""
        for name, process in reversed(self.processes.items()):
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                show("dev", f"{name} does not end, and is killed")
                process.kill()
                await process.wait()
        await asyncio.gather(*self._showing)

    async def _show(self, name: str, process: Process) -> None:
        while line := await _line(process):
            show(name, line)


async def _line(process: Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode(errors="replace")


def show(name: str, line: str) -> None:
    """Print a line of a process."""
    print(f"{name:>8} | {line.rstrip()}", flush=True)


def port(name: str) -> str:
    """Give the usual port when nobody listens there, else any free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for number in (USUAL_PORTS[name], 0):
            with suppress(OSError):
                probe.bind(("127.0.0.1", number))
                return str(probe.getsockname()[1])
    sys.exit("This machine has no free port.")


async def run() -> int:
    """Run it until somebody asks to stop, or one of its processes ends; the exit code."""
    given = dict(os.environ)  # noqa: TID251 - the children's environment, no setting of ours
    server = given.get("INNGEST_BIN")
    stage = Stage({name: value for name, value in given.items() if not name.startswith(SERVICES)})
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        beginning = asyncio.create_task(begin(stage, server))
        stop = asyncio.create_task(stopped.wait())
        await asyncio.wait({beginning, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not stop.done():
            await beginning
            ending = asyncio.create_task(stage.first_end())
            await asyncio.wait({ending, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not stop.done():
                show("dev", f"{ending.result()} has ended, so all others are stopped")
                return 1
            ending.cancel()
        beginning.cancel()
        show("dev", "stopping")
        return 0
    finally:
        await stage.stop()


async def begin(stage: Stage, server: str | None) -> None:
    """Start everything, and ask for a first capture."""
    said = await stage.start("sandbox", "github-sandbox", "serve", "--port", port("sandbox"), ready="ready ")
    stage.environment |= {"PC_GITHUB_API_URL": said.split()[-1], "PC_GITHUB_TOKENS": MADE_UP_TOKEN}
    web = port("web")
    if server is not None:
        await begin_inngest(stage, server, web)
    await stage.start("web", "pc", "serve", "--port", web, "--no-worker", ready="Serving ")
    await stage.start("worker", "pc", "worker", ready="worker started")
    track = await asyncio.create_subprocess_exec("pc", "track", REPOSITORY, env=stage.environment)
    await track.wait()
    with_address = f"with PC_GITHUB_API_URL={stage.environment['PC_GITHUB_API_URL']}"
    healthy = f"http://127.0.0.1:{web}/healthz"
    show("dev", f"all is running: {healthy}; from this folder `pc` finds the same database, {with_address}")


async def begin_inngest(stage: Stage, server: str, web: str) -> None:
    """Start the Inngest server, which calls the web process once that serves."""
    own, gateway = port("inngest"), port("gateway")
    where = ("--host", "127.0.0.1", "--port", own, "--connect-gateway-port", gateway)
    called = ("-u", f"http://127.0.0.1:{web}/api/inngest")
    await stage.start("inngest", server, "dev", "--no-discovery", *where, *called, ready=own)
    stage.environment["INNGEST_DEV"] = f"http://127.0.0.1:{own}"


if __name__ == "__main__":
    sys.exit(asyncio.run(run()))
