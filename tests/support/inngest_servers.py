"""Inngest as a server that a program calls over HTTP and that calls it: one of INNGEST_BIN, or the little one.

https://www.inngest.com/docs/dev-server
"""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response

from progressive_capture.web.server import listen
from tests.support.forking import Child
from tests.support.little_gateway import Server
from tests.support.little_inngest import PATH, Answered, LittleInngest

BIN = "INNGEST_BIN"
LOOK_EVERY = 0.05
LONGEST_SECONDS = 60.0


class InngestServer(Protocol):
    """What tests want of either."""

    url: str

    async def app_is_up(self, address: str) -> None:
        """Hear where the program serves, also when it does so again."""
        ...


@dataclass
class _Little:
    """The little one, with its interface served and its runs worked off, one after the other."""

    inngest: LittleInngest
    url: str
    address: str = ""
    up: asyncio.Event = field(default_factory=asyncio.Event)
    until: datetime | None = None

    async def app_is_up(self, address: str) -> None:
        """Have it register; runs that found nobody go on."""
        self.address = address
        async with httpx.AsyncClient() as client:
            (await client.put(address + PATH)).raise_for_status()
        self.up.set()

    async def call(self, function: str, body: dict[str, Any]) -> Answered:
        """Call the program; who finds nobody there waits until it is back, as a retry does."""
        if self.until is not None:
            await asyncio.sleep(min((self.until - datetime.now(UTC)).total_seconds(), LONGEST_SECONDS))
            self.until = None
        await self.up.wait()
        try:
            async with httpx.AsyncClient(timeout=LONGEST_SECONDS) as client:
                response = await client.post(f"{self.address}{PATH}?fnId={function}&stepId=step", json=body)
        except httpx.TransportError as error:
            self.up.clear()
            return Answered(502, {"message": f"nobody answered ({type(error).__name__})"}, is_final=False)
        return Answered(response.status_code, response.json(), response.headers.get("x-inngest-no-retry") == "true")

    def sleep(self, until: datetime) -> None:
        """Let a run sleep."""
        self.until = until

    async def work(self) -> None:
        """Work runs off as they come."""
        while True:
            await self.inngest.work()
            await asyncio.sleep(LOOK_EVERY / 5)


@asynccontextmanager
async def little_server(_: Path, port: int = 0) -> AsyncIterator[_Little]:
    """Serve the little one, on a free port unless it is to be where another one was."""
    inngest, app = LittleInngest(is_dev=True), FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def everything(request: Request) -> Response:
        sent = httpx.Request(request.method, str(request.url), content=await request.body())
        answer = await inngest.answer(sent)
        return Response(answer.content, answer.status_code, media_type="application/json")

    with listen("127.0.0.1", port) as listening:
        little = _Little(inngest, f"http://127.0.0.1:{listening.getsockname()[1]}")
        inngest.over, inngest.sleep = little.call, little.sleep
        server = Server(uvicorn.Config(app, log_config=None, ws="none", lifespan="off"))
        serving = asyncio.ensure_future(server.serve(sockets=[listening]))
        working = asyncio.ensure_future(little.work())
        try:
            yield little
        finally:
            working.cancel()
            server.should_exit = server.force_exit = True
            await serving
            await asyncio.gather(working, return_exceptions=True)


@dataclass
class _Real:
    """A dev server of INNGEST_BIN."""

    url: str

    async def app_is_up(self, address: str) -> None:
        """Have the program register, which it need do once."""
        async with httpx.AsyncClient(timeout=LONGEST_SECONDS) as client:
            (await client.put(address + PATH)).raise_for_status()


@asynccontextmanager
async def real_server(folder: Path) -> AsyncIterator[_Real]:
    """Run a dev server on free ports; skips the test where there is none."""
    binary = os.environ.get(BIN)  # noqa: TID251 - a setting of tests, not of the program
    if not binary:
        pytest.skip(f"no Inngest server: set {BIN} to the path of one")
    with listen("127.0.0.1", 0) as free:
        port = str(free.getsockname()[1])
    # A retry comes later than a program that was killed is back.
    flags = ["--no-discovery", "--no-poll", "--host", "127.0.0.1", "--tick", "20", "--retry-interval", "5"]
    with (folder / "inngest.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            binary, "dev", *flags, "--port", port, cwd=folder, stdout=log, stderr=log
        )
        try:
            await _until_healthy(f"http://127.0.0.1:{port}", process)
            yield _Real(f"http://127.0.0.1:{port}")
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _until_healthy(url: str, process: asyncio.subprocess.Process) -> None:
    async with httpx.AsyncClient() as client, asyncio.timeout(LONGEST_SECONDS):
        while True:
            assert process.returncode is None, "the server ended by itself"
            try:
                if (await client.get(f"{url}/health")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(LOOK_EVERY)


SERVERS: dict[str, Any] = {"little": little_server, "real": real_server}


def server_of(kind: str, folder: Path) -> AbstractAsyncContextManager[InngestServer]:
    """One of both, for as long as the context lasts."""
    server: AbstractAsyncContextManager[InngestServer] = SERVERS[kind](folder)
    return server


@dataclass
class Listened:
    """A program whose log is read as it comes, so that it never waits for a reader."""

    process: Child
    lines: deque[str] = field(default_factory=deque)

    async def hear(self) -> None:
        """Read until it ends."""
        await asyncio.to_thread(self._read)

    def _read(self) -> None:
        for line in self.process.stderr:
            self.lines.append(line)

    def said(self, words: str) -> str | None:
        """The first line that holds `words`."""
        return next((line for line in list(self.lines) if words in line), None)
