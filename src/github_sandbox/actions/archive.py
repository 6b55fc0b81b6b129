"""Logs as they are downloaded, a text or a ZIP, and the addresses that give them for one minute; never writes a log.

https://docs.github.com/en/rest/actions/workflow-runs#download-workflow-run-logs
"""

from __future__ import annotations

import io
import secrets
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from github_sandbox.http.messages import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from github_sandbox.actions.runs import Job, Run

PREFIX = "/_downloads/"
VALID_FOR = 60
TEXT, ZIP = "text/plain; charset=utf-8", "application/zip"
_EXPIRED = b'<?xml version="1.0" encoding="utf-8"?><Error><Code>AuthenticationFailed</Code></Error>'


@dataclass(frozen=True, slots=True)
class _Link:
    kind: str
    until: float
    write: Callable[[], bytes]


@dataclass(slots=True)
class Downloads:
    """Addresses outside of the API: whoever has one may read what is there, without a token, until it expires."""

    now: Callable[[], float]
    _links: dict[str, _Link] = field(default_factory=dict)

    def link(self, kind: str, write: Callable[[], bytes]) -> str:
        """Give the path of a new address that answers with what `write` makes, of type `kind`."""
        now = self.now()
        self._links = {name: each for name, each in self._links.items() if each.until > now}
        name = secrets.token_urlsafe(24)
        self._links[name] = _Link(kind, now + VALID_FOR, write)
        return PREFIX + name

    def answer(self, path: str) -> Response:
        """Answer for an address; one that is unknown or too old is refused."""
        link = self._links.get(path.removeprefix(PREFIX))
        if link is None or link.until <= self.now():
            return Response(403, {"content-type": "application/xml"}, _EXPIRED)
        return Response(200, {"content-type": link.kind}, link.write())


def log_of(job: Job) -> bytes:
    """Write the log of one job."""
    return _text(job.lines)


def logs_of(run: Run) -> bytes:
    """Write the logs of a run: a file for each job, and a folder with a file for each of its steps."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, job in enumerate(run.jobs):
            name = _file(job.name)
            archive.writestr(f"{number}_{name}.txt", log_of(job))
            for step in job.steps:
                archive.writestr(f"{name}/{step.number}_{_file(step.name)}.txt", _text(step.lines))
    return held.getvalue()


def _text(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def _file(name: str) -> str:
    """Give a name without the characters that file names must not have."""
    return "".join(each for each in name if each not in '/\\:*?"<>|')[:90].strip()
