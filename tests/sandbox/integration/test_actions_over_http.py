"""The Actions API over HTTP: workflows that act truly runs, followed and stopped as a client does it."""

import base64
import contextlib
import io
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from nacl.public import PublicKey, SealedBox

from tests.support.forking import Spawner
from tests.support.stand_ins import Running, Start, start

PEM = "-----BEGIN KEY-----\nc2VjcmV0IGxpbmU\n-----END KEY-----\n"
CALLER = """
name: Capture
run-name: capture ${{ inputs.job_id }}:${{ inputs.attempt }}
on:
  workflow_dispatch:
    inputs:
      job_id: {required: true}
      attempt: {type: number, default: 0}
jobs:
  capture:
    uses: ./.github/workflows/_shards.yml
    with: {job_id: "${{ inputs.job_id }}"}
    secrets: inherit
"""
SHARDS = """
name: shards
on:
  workflow_call: {inputs: {job_id: {type: string}}}
jobs:
  plan:
    runs-on: ${{ vars.RUNNER }}
    outputs: {shards: "${{ steps.plan.outputs.shards }}"}
    steps:
      - uses: actions/checkout@9c091bb21b7c1c1d1991bb908d89e4e9dddfe3e0
      - id: plan
        name: Plan
        env: {JOB_ID: "${{ inputs.job_id }}", PEM: "${{ secrets.PEM }}"}
        run: |
          test -f .github/workflows/_shards.yml
          echo "$PEM"
          echo "job $JOB_ID run $GITHUB_RUN_ID at $GITHUB_API_URL and $GITHUB_GRAPHQL_URL for $GITHUB_REPOSITORY"
          echo 'shards=[1, 2]' >> "$GITHUB_OUTPUT"
  shard:
    needs: plan
    runs-on: ubuntu-latest
    strategy: {max-parallel: 1, fail-fast: false, matrix: {k: "${{ fromJSON(needs.plan.outputs.shards) }}"}}
    steps:
      - name: Work
        run: test ${{ matrix.k }} = 2
      - uses: actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f
        if: always()
        with: {name: log, path: .}
"""
LONG = """
name: Long
on: workflow_dispatch
jobs:
  work:
    runs-on: ubuntu-latest
    steps:
      - name: Work
        run: |
          trap 'echo asked to stop; echo saved >> "$NOTES"; exit 130' INT
          echo begun >> "$NOTES"
          while :; do sleep 0.05; done
        env: {NOTES: "${{ vars.NOTES }}"}
      - name: Never
        run: echo never >> "${{ vars.NOTES }}"
      - name: Afterwards
        if: always()
        run: echo afterwards >> "${{ vars.NOTES }}"
"""
STUBBORN = """
name: Stubborn
on: workflow_dispatch
jobs:
  work:
    runs-on: ubuntu-latest
    steps:
      - run: |
          trap '' INT TERM
          (setsid sh -c 'echo $$ >> "$NOTES"; exec sleep 600' &)
          echo $$ >> "$NOTES"
          while :; do sleep 0.05; done
        env: {NOTES: "${{ vars.NOTES }}"}
"""
BROKEN = "name: Broken\non: workflow_dispatch\njobs: {a: {runs-on: ubuntu-latest, needs: nothing, steps: [{run: a}]}}\n"
WITHIN = 60.0


@pytest.fixture(scope="module")
def workflows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("workflows")
    files = {"capture": CALLER, "_shards": SHARDS, "long": LONG, "stubborn": STUBBORN, "broken": BROKEN}
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text)
    return folder


@pytest.fixture(scope="module")
def running(serve: Start, workflows: Path) -> Running:
    repos = ("--repo", "o/r=generate:1", "--repo", "o/other=generate:1")
    return serve(*repos, "--workflows", f"o/r={workflows}", "--runners", "1")


@pytest.fixture
def actions(running: Running) -> Iterator[httpx.Client]:
    with running.client() as client:
        client.base_url = httpx.URL(f"{running.url}/repos/o/r/actions")
        yield client


@pytest.fixture
def notes(actions: httpx.Client, tmp_path: Path) -> Path:
    """A file that steps write to."""
    path = tmp_path / "notes"
    path.touch()
    actions.delete("/variables/NOTES")
    assert actions.post("/variables", json={"name": "notes", "value": str(path)}).status_code == 201
    return path


def dispatch(actions: httpx.Client, file: str, **inputs: object) -> int:
    body = {"ref": "main", "inputs": inputs, "return_run_details": True}
    answer = actions.post(f"/workflows/{file}/dispatches", json=body)
    assert answer.status_code == 200, answer.text
    number = answer.json()["workflow_run_id"]
    assert answer.json()["run_url"].endswith(f"/repos/o/r/actions/runs/{number}")
    return int(number)


def until(what: Callable[[], Any]) -> Any:
    """Ask again and again until the answer is a good one."""
    end = time.monotonic() + WITHIN
    while not (found := what()):
        assert time.monotonic() < end, "it took too long"
    return found


def ended(actions: httpx.Client, number: int) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        run: dict[str, Any] = actions.get(f"/runs/{number}").json()
        return run if run["status"] == "completed" else None

    run: dict[str, Any] = until(look)
    return run


def set_secret(actions: httpx.Client, name: str, value: str) -> int:
    key = actions.get("/secrets/public-key").json()
    sealed = SealedBox(PublicKey(base64.b64decode(key["key"]))).encrypt(value.encode())
    body = {"key_id": key["key_id"], "encrypted_value": base64.b64encode(sealed).decode()}
    return actions.put(f"/secrets/{name}", json=body).status_code


def test_a_workflow_runs_and_tells_of_itself(actions: httpx.Client, running: Running) -> None:
    assert set_secret(actions, "PEM", PEM) == 201
    assert actions.post("/variables", json={"name": "RUNNER", "value": "big-machine"}).status_code == 201
    number = dispatch(actions, "capture.yml", job_id="J7")
    run = ended(actions, number)
    assert (run["display_title"], run["name"], run["run_attempt"]) == ("capture J7:0", "Capture", 1)
    assert (run["conclusion"], run["path"]) == ("failure", ".github/workflows/capture.yml")
    jobs = actions.get(f"/runs/{number}/jobs").json()
    assert [(job["name"], job["conclusion"]) for job in jobs["jobs"]] == [
        ("capture / plan", "success"),
        ("capture / shard (1)", "failure"),
        ("capture / shard (2)", "success"),
    ]
    steps = {step["name"]: step["conclusion"] for step in jobs["jobs"][1]["steps"]}
    assert steps["Work"] == "failure"
    assert [number for number, name in enumerate(steps, 1) if "upload-artifact" in name]
    text = log_of(actions, jobs["jobs"][0]["id"])
    assert f"job J7 run {number} at {running.url} and {running.url}/graphql for o/r" in text
    assert "***" in text
    assert not any(line in text for line in PEM.splitlines())
    assert "does not run actions/upload-artifact@bbb" in log_of(actions, jobs["jobs"][2]["id"])


def log_of(actions: httpx.Client, job: int) -> str:
    """Follow the link to a log as any client may, without the token."""
    answer = actions.get(f"/jobs/{job}/logs")
    assert answer.status_code == 302
    return httpx.get(answer.headers["location"], trust_env=False).text


def test_logs_of_a_run_are_a_zip_behind_a_link_of_a_minute(actions: httpx.Client, running: Running) -> None:
    number = dispatch(actions, "broken.yml")
    ended(actions, number)
    link = actions.get(f"/runs/{number}/logs").headers["location"]
    with httpx.Client(trust_env=False) as anyone:
        held = anyone.get(link)
        assert held.headers["content-type"] == "application/zip"
        assert zipfile.ZipFile(io.BytesIO(held.content)).testzip() is None
        anyone.post(f"{running.url}/_sandbox/clock", json={"advance": 61})
        assert anyone.get(link).status_code == 403
        assert anyone.get(f"{running.url}/repos/o/r/actions/runs/{number}/logs").status_code == 403


def test_a_file_that_act_refuses_is_a_startup_failure(actions: httpx.Client) -> None:
    run = ended(actions, dispatch(actions, "broken.yml"))
    assert run["conclusion"] == "startup_failure"


def test_a_cancelled_step_is_asked_to_stop(actions: httpx.Client, notes: Path) -> None:
    number = dispatch(actions, "long.yml")
    until(lambda: "begun" in notes.read_text())
    assert actions.get(f"/runs/{number}").json()["status"] == "in_progress"
    waiting = dispatch(actions, "long.yml")
    assert actions.get(f"/runs/{waiting}").json()["status"] == "queued"
    assert actions.post(f"/runs/{waiting}/cancel").status_code == 202
    assert actions.get(f"/runs/{waiting}").json()["conclusion"] == "cancelled"
    assert actions.post(f"/runs/{number}/cancel").status_code == 202
    assert ended(actions, number)["conclusion"] == "cancelled"
    assert notes.read_text().split() == ["begun", "saved", "afterwards"]
    (job,) = actions.get(f"/runs/{number}/jobs").json()["jobs"]
    assert job["conclusion"] == "cancelled"
    assert "asked to stop" in log_of(actions, job["id"])
    again = actions.post(f"/runs/{number}/cancel")
    assert (again.status_code, again.json()["message"]) == (409, "Cannot cancel a workflow run that is completed.")
    listed = actions.get("/workflows/long.yml/runs", params={"status": "cancelled", "per_page": 1}).json()
    assert (listed["total_count"], [run["id"] for run in listed["workflow_runs"]]) == (2, [waiting])


def test_force_kills_what_does_not_stop_and_what_it_left_behind(actions: httpx.Client, notes: Path) -> None:
    set_secret(actions, "HIDDEN", "a-hidden-value")
    number = dispatch(actions, "stubborn.yml")
    pids = until(lambda: (found := notes.read_text().split()) and len(found) == 2 and found)
    above = [each for pid in pids for each in psutil.Process(int(pid)).parents()]
    commands = [" ".join(each.cmdline()) for each in above]
    assert any("--secret-file" in command for command in commands)
    assert not any("a-hidden-value" in command for command in commands)
    assert actions.post(f"/runs/{number}/force-cancel").status_code == 202
    assert ended(actions, number)["conclusion"] == "cancelled"
    assert not any(map(lives, pids))


def lives(pid: str) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE)
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_the_stand_in(
    spawner: Spawner, workflows: Path, tmp_path: Path, number: signal.Signals
) -> None:
    notes = tmp_path / "notes"
    running = start(spawner, "--repo", "o/r=generate:1", "--workflows", f"o/r={workflows}")
    with running.client() as client:
        client.base_url = httpx.URL(f"{running.url}/repos/o/r/actions")
        client.post("/variables", json={"name": "NOTES", "value": str(notes)})
        notes.touch()
        dispatch(client, "stubborn.yml")
        pids = until(lambda: (found := notes.read_text().split()) and len(found) == 2 and found)
    folder = Path(psutil.Process(int(pids[0])).environ()["HOME"]).parent.parent
    assert folder.is_dir()
    running.process.send_signal(number)
    _, errors = running.process.communicate()
    assert (running.process.returncode, errors) == (0 if number is signal.SIGTERM else -number, "")
    until(lambda: not folder.exists() and not any(map(lives, pids)))


def test_secrets_are_never_given_back(actions: httpx.Client) -> None:
    set_secret(actions, "TOKEN_ONE", "first-value")
    assert set_secret(actions, "token_one", "second-value") == 204
    one = actions.get("/secrets/TOKEN_ONE")
    assert set(one.json()) == {"name", "created_at", "updated_at"}
    assert "-value" not in actions.get("/secrets").text
    assert actions.put("/secrets/GITHUB_X", json={"key_id": "1", "encrypted_value": "eA=="}).status_code == 422
    assert set_secret(actions, "1X", "v") == 422
    assert [actions.delete("/secrets/token_one").status_code for _ in range(2)] == [204, 404]


def test_variables_are_kept_by_name(actions: httpx.Client) -> None:
    assert actions.post("/variables", json={"name": "Colour", "value": "red"}).status_code == 201
    assert actions.post("/variables", json={"name": "colour", "value": "red"}).status_code == 409
    assert actions.patch("/variables/COLOUR", json={"name": "SHADE", "value": "blue"}).status_code == 204
    assert actions.get("/variables/COLOUR").status_code == 404
    assert actions.get("/variables/shade").json()["value"] == "blue"
    assert actions.post("/variables", json={"name": "X"}).status_code == 422
    assert actions.delete("/variables/SHADE").status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/workflows/none.yml", None, 404),
        ("POST", "/workflows/none.yml/dispatches", {"ref": "main"}, 404),
        ("POST", "/workflows/capture.yml/dispatches", {"ref": "v2", "inputs": {"job_id": "J"}}, 422),
        ("POST", "/workflows/capture.yml/dispatches", {"ref": "main", "inputs": {"jobid": "J"}}, 422),
        ("POST", "/workflows/_shards.yml/dispatches", {"ref": "main"}, 422),
        ("GET", "/runs/1", None, 404),
        ("GET", "/jobs/1/logs", None, 404),
        ("POST", "/runs/1/cancel", None, 404),
    ],
)
def test_what_is_not_there_is_refused(
    actions: httpx.Client, method: str, path: str, body: dict[str, object] | None, status: int
) -> None:
    assert actions.request(method, path, json=body).status_code == status


def test_without_workflow_files_there_are_no_actions(running: Running) -> None:
    with running.client() as client:
        for path in ("workflows", "runs", "secrets", "secrets/public-key", "variables"):
            assert client.get(f"/repos/o/other/actions/{path}").status_code == 404
    with running.client("") as nobody:
        assert nobody.get("/repos/o/r/actions/workflows").json()["total_count"] == 5
        assert nobody.post("/repos/o/r/actions/workflows/long.yml/dispatches", json={"ref": "main"}).status_code == 401
        assert nobody.get("/repos/o/r/actions/secrets").status_code == 401


def test_the_newest_version_always_tells_the_run(actions: httpx.Client) -> None:
    answers = [
        actions.post("/workflows/broken.yml/dispatches", json={"ref": "main"}, headers=headers)
        for headers in ({}, {"x-github-api-version": "2026-03-10"})
    ]
    assert [answer.status_code for answer in answers] == [204, 200]
    newest = actions.get("/runs", params={"per_page": 2}).json()["workflow_runs"]
    assert newest[0]["id"] == answers[1].json()["workflow_run_id"]
    for run in newest:
        ended(actions, run["id"])
