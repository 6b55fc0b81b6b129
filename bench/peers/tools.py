"""The tools compared: versions, settings, and how each is made to ask the sandbox; they are run elsewhere."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import serving
from bench.peers import counting

VENVS: Final = serving.ROOT / ".venv-peers"
PROGRAMS: Final = Path(__file__).parent / "programs"
LONGEST_SECONDS: Final = 3_600


@dataclass(frozen=True)
class Job:
    """One tool's task: the sandbox, the repository, and a folder of its own."""

    url: str
    repository: str
    folder: Path


@dataclass(frozen=True)
class Step:
    """One command; what it prints goes to a file of the folder, or nowhere."""

    command: list[str]
    output: str | None = None


@dataclass(frozen=True)
class Tool:
    """A tool, and how it is run at its best."""

    name: str
    requirements: tuple[str, ...]
    """What its environment holds; empty for ourselves."""
    settings: str
    """What was chosen for it, in words."""
    steps: Callable[[Job], list[Step]]
    """Makes what its steps read, and tells them; asks the sandbox nothing that is counted."""
    count: counting.Count

    @property
    def folder(self) -> Path:
        """Its virtual environment."""
        return VENVS / self.name


def program(tool: str, name: str) -> str:
    """A program of a tool's environment."""
    return str(VENVS / tool / "bin" / name)


def _github_to_sqlite(job: Job) -> list[Step]:
    command = [program("github-to-sqlite", "python"), str(PROGRAMS / "github_to_sqlite_here.py")]
    database = str(job.folder / "github.db")
    return [Step([*command, what, database, job.repository]) for what in ("pull-requests", "issues", "issue-comments")]


def _perceval(job: Job) -> list[Step]:
    owner, name = job.repository.split("/")
    options = ["-t", "x", "--enterprise-url", job.url, "--no-archive", "--json-line"]
    return [
        Step(
            [program("perceval", "perceval"), "github", owner, name, "--category", category, *options],
            f"{category}.jsonl",
        )
        for category in ("pull_request", "issue")
    ]


def _tap_github(job: Job) -> list[Step]:
    python, wrapper = program("tap-github", "python"), str(PROGRAMS / "tap_github_here.py")
    config = _written(
        job.folder / "tap.json",
        {
            "repositories": [job.repository],
            "auth_token": "x",
            "api_url_base": job.url,
            "start_date": "2000-01-01T00:00:00Z",
            "skip_parent_streams": True,
        },
    )
    catalog = json.loads(_output([python, wrapper, "--config", config, "--discover"], job))
    wanted = {"pull_requests", "pull_request_commits", "reviews", "review_comments", "issue_comments"}
    for stream in catalog["streams"]:
        whole = next(each for each in stream["metadata"] if not each["breadcrumb"])
        whole["metadata"]["selected"] = stream["tap_stream_id"] in wanted
    chosen = _written(job.folder / "catalog.json", catalog)
    return [Step([python, wrapper, "--config", config, "--catalog", chosen], "tap.jsonl")]


def _airbyte(job: Job) -> list[Step]:
    source = program("airbyte", "source-github")
    config = _written(
        job.folder / "config.json",
        {
            "credentials": {"option_title": "PAT Credentials", "personal_access_token": "x"},
            "repositories": [job.repository],
            "api_url": job.url,
            "start_date": "2000-01-01T00:00:00Z",
            "page_size_for_large_streams": 100,
            "num_workers": 10,
        },
    )
    said = map(json.loads, _output([source, "discover", "--config", config], job).splitlines())
    streams = next(each["catalog"]["streams"] for each in said if each["type"] == "CATALOG")
    wanted = {"pull_requests", "pull_request_stats", "pull_request_commits", "reviews", "review_comments", "comments"}
    whole = {"sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
    chosen = [{"stream": stream, **whole} for stream in streams if stream["name"] in wanted]
    catalog = _written(job.folder / "catalog.json", {"streams": chosen})
    return [Step([source, "read", "--config", config, "--catalog", catalog], "read.jsonl")]


def _dlt(job: Job) -> list[Step]:
    return [Step([program("dlt", "python"), str(PROGRAMS / "dlt_rest.py"), job.repository, str(job.folder)])]


def _ours(job: Job) -> list[Step]:
    return [Step([sys.executable, "-m", "progressive_capture", "capture", job.repository])]


TOOLS: Final = (
    Tool(
        "github-to-sqlite",
        ("github-to-sqlite==2.9.1",),
        "`pull-requests`, `issues`, `issue-comments`; a wrapper of ours sends it to the sandbox",
        _github_to_sqlite,
        counting.github_to_sqlite,
    ),
    Tool(
        "perceval",
        ("perceval==1.6.1",),
        "categories `pull_request` and `issue` (for the comments), no archive",
        _perceval,
        counting.perceval,
    ),
    Tool(
        "tap-github",
        ("meltanolabs-tap-github==1.30.1",),
        "pull requests, commits, reviews and both kinds of comments; output to a file; a wrapper of ours as above",
        _tap_github,
        counting.tap_github,
    ),
    Tool(
        "airbyte",
        ("airbyte-source-github==2.7.1",),
        "the same streams and `pull_request_stats`; page size 100, 10 workers; output to a file",
        _airbyte,
        counting.airbyte,
    ),
    Tool(
        "dlt",
        ("dlt[duckdb]==1.31.0",),
        "`dlt.sources.rest_api` into DuckDB, with endpoints chosen by us (its GitHub source is not on PyPI): pull "
        "requests and both kinds of comments by repository; reviews, commits and files by pull request, side by side",
        _dlt,
        counting.dlt,
    ),
    Tool(
        "progressive-capture",
        (),
        "`pc capture`, into SQLite; pacing off, as the others have none",
        _ours,
        counting.ours,
    ),
)


def environment(job: Job) -> dict[str, str]:
    """What every tool runs in: its home is its folder, and it tells nobody that it runs."""
    settings = serving.capture_settings(job.url, str(job.folder / "capture.db"))
    quiet = {"DO_NOT_TRACK": "1", "RUNTIME__DLTHUB_TELEMETRY": "false", "PYTHONWARNINGS": "ignore"}
    here = {"GITHUB_API_URL": job.url, "GITHUB_TOKEN": "x", "HOME": str(job.folder)}
    return serving.environment(**settings, **quiet, **here)


def _written(path: Path, content: Any) -> str:  # noqa: ANN401 - any JSON
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


def _output(command: list[str], job: Job) -> str:
    ran = subprocess.run(
        command,
        cwd=job.folder,
        env=environment(job),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    return ran.stdout
