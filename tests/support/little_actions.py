"""A few workflow runs behind a transport within the process: started, listed, ended and cancelled as a test says."""

import json
import re
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from progressive_capture.domain.scope import github_time
from progressive_capture.engines.actions.engine import WANTED
from progressive_capture.github.answer import Answer
from progressive_capture.github.transport import Lack, NoAnswer, Received, Request
from tests.support.offices import MoodyGitHub

FLOWS = "team/flows"
ACTIONS = f"/repos/{FLOWS}/actions"
DISPATCH = re.compile(rf"{ACTIONS}/workflows/([\w.-]+)/dispatches$")
RUN = re.compile(rf"{ACTIONS}/runs/(\d+)(/jobs|/cancel)?$")
SETTINGS = {"PC_ACTIONS_REPOSITORY": FLOWS, "PC_ACTIONS_TOKEN": "ghp_starter"}


@dataclass
class LittleActions(MoodyGitHub):
    """A GitHub that also has one repository of workflows."""

    started: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Files and bodies of the dispatches that began a run."""
    runs: dict[int, dict[str, Any]] = field(default_factory=dict)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    """Of whichever run."""
    tells: bool = True
    """Whether a dispatch is answered with the run's id."""
    knows_details: bool = True
    """Whether it may be asked for it."""
    loses: bool = False
    """Whether answers to dispatches get lost."""
    shown_after: int = 0
    """How many looks it takes until a run is in the list."""
    workflows: list[dict[str, str]] = field(
        default_factory=lambda: [{"path": f".github/workflows/{name}", "state": "active"} for name in sorted(WANTED)]
    )
    tokens: set[str] = field(default_factory=set)
    """Who asked for anything of these."""

    async def send(self, request: Request) -> Received | NoAnswer:  # type: ignore[override] # an answer may get lost
        """Answer as GitHub's Actions API does."""
        target = urlsplit(request.url)
        if not target.path.startswith(ACTIONS) or any(part in request.url for part in self.moods):
            return await super().send(request)
        self.tokens.add(request.headers.get("authorization", ""))
        self.asked.append(f"{request.method} {target.path}")
        body = json.loads(request.body) if request.body else {}
        query = {name: values[0] for name, values in parse_qs(target.query).items()}
        status, answer = self._act(request.method, target.path, query, body)
        if self.loses and request.method == "POST":
            return NoAnswer(Lack.CONNECTION, "The connection to GitHub failed: it was reset.")
        headers = {"date": format_datetime(self.now, usegmt=True)}
        return Received(Answer(status, headers, b"" if answer is None else json.dumps(answer).encode()), 9)

    def _act(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        if found := DISPATCH.search(path):
            return self._dispatch(found[1], body)
        if found := RUN.search(path):
            return self._run(method, int(found[1]), found[2])
        if path == f"{ACTIONS}/runs":
            self.shown_after -= 1
            first = (int(query["page"]) - 1) * 100
            since = query["created"].removeprefix(">=")
            newest = sorted(
                (run for run in self.runs.values() if run["created_at"] >= since), key=lambda run: -run["id"]
            )
            return 200, {"workflow_runs": newest[first : first + 100] if self.shown_after < 0 else []}
        if path == f"{ACTIONS}/workflows":
            return 200, {"workflows": self.workflows}
        return 404, {"message": "Not Found"}

    def _dispatch(self, file: str, body: dict[str, Any]) -> tuple[int, Any]:
        if "return_run_details" in body and not self.knows_details:
            return 422, {"message": 'Invalid request. "return_run_details" is not a permitted key.'}
        self.started.append((file, body))
        run = self.add(f"capture {body['inputs']['job_id']}")
        if "return_run_details" not in body or not self.tells:
            return 204, None
        return 200, {"workflow_run_id": run["id"], "html_url": f"https://github.com/{FLOWS}/actions/runs/{run['id']}"}

    def add(self, title: str, **more: Any) -> dict[str, Any]:
        """Add a run of that name, queued."""
        number = 901 + len(self.runs)
        self.runs[number] = {"id": number, "display_title": title, "status": "queued", "conclusion": None} | more
        self.runs[number].setdefault("created_at", github_time(self.now))
        return self.runs[number]

    def _run(self, method: str, run_id: int, below: str | None) -> tuple[int, Any]:
        run = self.runs.get(run_id)
        if run is None:
            return 404, {"message": "Not Found"}
        if below == "/jobs":
            return 200, {"jobs": self.jobs}
        if below is None:
            return 200, run
        assert method == "POST"
        if run["status"] == "completed":
            return 409, {"message": "Cannot cancel a workflow run that is completed."}
        run |= {"status": "completed", "conclusion": "cancelled"}
        return 202, {}
