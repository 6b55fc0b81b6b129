"""A repository of workflows behind a sandbox that runs them with act, and our installation that dispatches to it."""

import asyncio
import base64
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import anyio
import httpx
import psycopg
from nacl.public import PublicKey, SealedBox

from progressive_capture.capture.report import Silent
from progressive_capture.capture.run import look_up
from progressive_capture.capture.session import LEASE
from progressive_capture.domain.jobs import JobType, Processor, Trigger
from progressive_capture.domain.requests import JobRequest, Queued
from progressive_capture.domain.scope import Scope
from progressive_capture.engines.actions.rendering import render
from progressive_capture.github.clock import utc_now
from progressive_capture.wiring import Overrides, Wired, wire
from tests.support import postgres, services
from tests.support.given import settings_of
from tests.support.offices import rows
from tests.support.stand_ins import Running, Start

NAME: Final = "octo/jobs"
SMALL: Final = "octo/small"
JOBS: Final = "progressive_capture_jobs"
OTHER: Final = "octo/other"
TOKENS: Final = ("ghp_" + "c" * 36, "ghp_" + "d" * 36)
WITHIN: Final = 120.0
LOOK_EVERY: Final = 0.1
"""Seconds between two looks at a run: it has the machine meanwhile."""


@dataclass
class JobsRepository:
    """`octo/jobs`, with all our workflows and what they need."""

    sandbox: Running
    database_url: str
    http: httpx.Client
    more: dict[str, Any] = field(default_factory=dict)
    """Settings beside the usual ones."""
    ahead: timedelta = timedelta()
    """By how much our clock and the sandbox's go before the real one."""

    def equip(self) -> None:
        """Set the secrets and variables, as an installation does, and make the database."""
        self.rows(JOBS)
        self.keep_secret("DATABASE_URL", self.database_url)
        self.keep_secret("PC_GITHUB_TOKENS", "\n".join(TOKENS))
        self.set_variable("PC_INSTALL", f'echo "{Path(sys.executable).parent}" >> "$GITHUB_PATH"')
        self.set_variable("PC_HYBRID_ROLLOUT_PERCENTAGE", "100")

    def keep_secret(self, name: str, value: str) -> None:
        """Seal a secret and hand it over, as `gh secret set` does."""
        key = self.http.get("secrets/public-key").json()
        sealed = SealedBox(PublicKey(base64.b64decode(key["key"]))).encrypt(value.encode())
        body = {"encrypted_value": base64.b64encode(sealed).decode(), "key_id": key["key_id"]}
        self.http.put(f"secrets/{name}", json=body).raise_for_status()

    def set_variable(self, name: str, value: str) -> None:
        """Set a variable, as `gh variable set` does."""
        self.http.post("variables", json={"name": name, "value": value}).raise_for_status()

    def start(self, file: str, **inputs: str) -> int:
        """Start a workflow by hand; its run's id."""
        body = {"ref": "main", "inputs": inputs, "return_run_details": True}
        answer = self.http.post(f"workflows/{file}/dispatches", json=body).raise_for_status()
        return int(answer.json()["workflow_run_id"])

    def ended(self, run_id: int) -> dict[str, Any]:
        """Wait for the end of a run; what GitHub says of it."""
        run: dict[str, Any] = self.until(lambda: self._completed(run_id))
        return run

    def _completed(self, run_id: int) -> dict[str, Any] | None:
        run = self.run(run_id)
        return run if run["status"] == "completed" else None

    def run(self, run_id: int) -> dict[str, Any]:
        """What GitHub says of a run."""
        found: dict[str, Any] = self.http.get(f"runs/{run_id}").json()
        return found

    def jobs(self, run_id: int) -> dict[str, str]:
        """How the jobs of a run ended, by their names."""
        listed = self.http.get(f"runs/{run_id}/jobs").json()["jobs"]
        return {each["name"]: each["conclusion"] for each in listed}

    def logs(self, run_id: int) -> str:
        """All that the jobs of a run wrote."""
        listed = self.http.get(f"runs/{run_id}/jobs").json()["jobs"]
        return "\n".join(self.http.get(f"jobs/{each['id']}/logs", follow_redirects=True).text for each in listed)

    def until(self, what: Callable[[], Any]) -> Any:
        """Look again and again until there is something to see."""
        end, patience = time.monotonic() + WITHIN, threading.Event()
        while not (found := what()):
            assert time.monotonic() < end, "it took too long"
            patience.wait(LOOK_EVERY)
        return found

    @property
    def environment(self) -> dict[str, str]:
        """The settings of whoever dispatches."""
        return {
            "PC_GITHUB_API_URL": self.sandbox.url,
            "PC_GITHUB_TOKENS": ",".join(TOKENS),
            "PC_ACTIONS_REPOSITORY": NAME,
            "PC_HYBRID_ROLLOUT_PERCENTAGE": "100",
            "DATABASE_URL": self.database_url,
        } | self.more

    @asynccontextmanager
    async def wired(self) -> AsyncIterator[Wired]:
        """Put our installation together."""
        async with wire(
            settings_of(self.environment),
            create=True,
            reporter=Silent(),
            pause=asyncio.sleep,
            stopping=lambda: False,
            overrides=Overrides(clock=lambda: utc_now() + self.ahead),
        ) as wired:
            yield wired

    def dispatch(self, job_type: JobType, scope: Scope, name: str = SMALL) -> int:
        """Submit a job and hand it over, as the queue does; the id of its run."""
        return asyncio.run(self._dispatch(job_type, scope, name))

    async def _dispatch(self, job_type: JobType, scope: Scope, name: str) -> int:
        async with self.wired() as wired, wired.engines() as engines:
            async with wired.tools(name) as (tools, *_):
                repository = (await look_up(tools, name, scope)).row
            request = JobRequest(
                host_id=wired.host_id,
                repository_id=repository.id,
                repository_name=name,
                job_type=job_type,
                scope=scope,
                trigger=Trigger.SCHEDULED,
                who="test",
            )
            submitted = await asyncio.to_thread(wired.queue().submit, request)
            assert isinstance(submitted, Queued)
            assert submitted.route.processor is Processor.GITHUB_ACTIONS
            (dispatcher,) = wired.elsewhere().dispatchers(engines)
            assert await dispatcher.dispatch() == 1
            return _run_of(wired, submitted.job_id)

    def resume(self, job_id: str) -> int:
        """Ask GitHub after a job once its lease is over, and hand it over again; the id of its new run."""
        self.ahead += LEASE * 2
        body = {"advance": (LEASE * 2).total_seconds()}
        self.http.post(f"{self.sandbox.url}/_sandbox/clock", json=body).raise_for_status()
        return asyncio.run(self._resume(job_id))

    async def _resume(self, job_id: str) -> int:
        async with self.wired() as wired, wired.engines() as engines:
            assert (await wired.elsewhere().reconcile()).back == 1
            (dispatcher,) = wired.elsewhere().dispatchers(engines)
            with anyio.fail_after(WITHIN):
                # GitHub's clock, which has whole seconds, may put the present before the moment it was put in line.
                while not await dispatcher.dispatch():  # noqa: ASYNC110 - time alone makes it due
                    await asyncio.sleep(LOOK_EVERY)
            return _run_of(wired, job_id)

    def job_of(self, run_id: int) -> dict[str, Any]:
        """The row of the job that a run worked on."""
        return next(each for each in self.rows(JOBS) if each["workflow_run_id"] == run_id)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table."""

        async def read() -> list[dict[str, Any]]:
            async with self.wired() as wired:
                return rows(wired.database, table)

        return asyncio.run(read())

    def gaps(self, name: str = SMALL) -> int:
        """How many gaps a repository has, of all pull requests and kinds."""

        async def count() -> int:
            async with self.wired() as wired:
                return (await wired.verify(name, live=False)).gap_count

        return asyncio.run(count())


def _run_of(wired: Wired, job_id: str) -> int:
    return next(int(each["workflow_run_id"]) for each in rows(wired.database, JOBS) if each["id"] == job_id)


@contextmanager
def jobs_repository(
    serve: Start, folder: Path, server: services.Server, admin: psycopg.Connection, pulls: int
) -> Iterator[JobsRepository]:
    """Serve `octo/jobs` with the workflows, which are rendered into a folder, and two repositories to capture."""
    for name, text in render().items():
        (folder / name).write_text(text)
    sizes = {NAME: 1, SMALL: pulls, OTHER: pulls}
    repositories = [flag for name, size in sizes.items() for flag in ("--repo", f"{name}=generate:{size}")]
    sandbox = serve(*repositories, "--workflows", f"{NAME}={folder}")
    with sandbox.client() as http, postgres.database(admin) as name:
        http.base_url = httpx.URL(f"{sandbox.url}/repos/{NAME}/actions")
        made = JobsRepository(sandbox, postgres.url(server, name), http)
        made.equip()
        yield made
