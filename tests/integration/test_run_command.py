"""`pc run` as workflows call it, against a sandbox: on the command line within this process, and as a process."""

import json
import signal
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from progressive_capture.capture import index
from progressive_capture.engines.actions.keys import RunKey
from progressive_capture.store.tables import JOB_EVENTS, JOB_SHARDS, JOBS, ROLLOUT_CONFIGURATION
from tests.support.capturing import Desk
from tests.support.counter import Counter, Heard, counter, template
from tests.support.forking import Spawner
from tests.support.json_reference import Reference
from tests.support.killing import is_running
from tests.support.program import Program
from tests.support.runners import hand_over
from tests.support.stand_ins import Running, Start

NAME, SMALL, OTHER = "runs/one", "runs/small", "runs/other"
SLOW = {"effect": {"delay_ms": 50}}
"""A run does not end before the test has seen it begin."""
LOOK_EVERY = 0.05
"""Seconds between two looks at a run that is made so slow."""
LONG_AGO = "2000-01-01T00:00:00.000000Z"


def held(heard: Heard) -> None:
    """Hold an answer to the reference."""
    reference = Reference.read()
    reference.hold(heard.document, "pc run", "it")
    assert reference.faults == []


def settings_for(sandbox: Running) -> dict[str, str]:
    return {
        "PC_GITHUB_API_URL": sandbox.url,
        "PC_GITHUB_TOKENS": "run-a,run-b",
        "PC_REST_PER_MINUTE": "0",
        "PC_GRAPHQL_PER_MINUTE": "0",
        "GITHUB_RUN_ID": "77",
    }


@pytest.fixture(scope="module")
def sandbox(serve: Start) -> Running:
    return serve("--repo", f"{NAME}=generate:30", "--repo", f"{SMALL}=generate:3", "--repo", f"{OTHER}=generate:2")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, sandbox: Running) -> Path:
    """A database that knows the first two repositories, and no job."""
    made, folder = template(tmp_path_factory.mktemp("template"), sandbox.url), tmp_path_factory.mktemp("known")
    with pytest.MonkeyPatch.context() as patch:
        at = counter(made, folder, patch, **settings_for(sandbox))
        assert at.pc("track", NAME, SMALL).code == 0
        assert at.rollout("set-rollout", "100").code == 0
        with at.database() as connection:
            for table in (JOB_EVENTS, JOB_SHARDS, JOBS):
                connection.execute(delete(table))
    return at.path


@dataclass
class Flow:
    """An installation, and the files that a runner gives to its steps."""

    at: Counter
    output: Path
    summary: Path

    def rows(self, table: Any = JOBS) -> list[dict[str, Any]]:
        """All rows of a table."""
        with self.at.database() as connection:
            return [dict(row) for row in connection.execute(select(table)).mappings()]

    def queued(self, name: str = NAME, *options: str, items: int | None = None) -> str:
        """Ask for work in the bulk lane."""
        (job_id,) = self.at.submit(name, *options)
        # Due by every clock: those of two processes differ by up to a second, as GitHub's Date has whole ones.
        bulk = {"processor_type": "github_actions", "held_reason": None, "item_count": items, "run_at": LONG_AGO}
        with self.at.database() as connection:
            connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(bulk))
        return job_id

    def dispatched(self, *options: str) -> RunKey:
        """Ask for work, and hand it over."""
        self.queued(NAME, *options)
        return self.again()

    def again(self) -> RunKey:
        """Hand over what is in line."""
        with self.at.database() as connection:
            connection.execute(update(JOBS).where(JOBS.c.status == "pending").values(run_at=LONG_AGO))
            return hand_over(connection, datetime.now(UTC))

    def run(self, *arguments: str) -> Heard:
        """Run `pc run`."""
        return self.at.pc("run", *arguments)

    def outputs(self) -> dict[str, Any]:
        """What was left for the jobs after this one; it is left once."""
        lines = self.output.read_text().splitlines()
        self.output.unlink()
        return dict(line.split("=", 1) for line in lines)

    def states(self) -> dict[int, str]:
        """Of the shards of the only job."""
        return {row["k"]: row["state"] for row in self.rows(JOB_SHARDS)}


@pytest.fixture
def flow(made: Path, sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flow:
    output, summary = tmp_path / "output", tmp_path / "summary"
    files = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
    return Flow(counter(made, tmp_path, monkeypatch, **settings_for(sandbox), **files), output, summary)


def test_a_dispatched_job_is_done_and_summed_up(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    key = flow.dispatched()
    heard = flow.run(key.text, "--shard", "0", "--json")
    assert heard.code == 0, heard.err
    told = heard.document
    assert (told["job_id"], told["state"], told["shards_left"], told["gap_count"]) == (key.text, "completed", [], 0)
    held(heard)
    (job,) = flow.rows()
    assert (job["engine"], job["workflow_run_id"], job["engine_run_ref"]) == ("github_actions", 77, "77")
    summary = flow.summary.read_text()
    assert f"{key.text} ({NAME}): complete, no gaps." in summary
    assert "\n  30 pull requests, " in summary
    assert not flow.output.exists()
    assert "\n  run by GitHub Actions: 77\n" in flow.at.pc("job", key.job_id).out
    monkeypatch.setenv("PC_ACTIONS_REPOSITORY", "team/flows")
    assert flow.at.pc("job", key.job_id, "--json").document["run"].endswith("/team/flows/actions/runs/77")
    again = flow.run(key.text)
    assert (again.code, again.out) == (0, f"{key.text} ({NAME}): nothing to do. The job is completed already.\n")


def test_parts_are_shared_out_and_the_last_one_proves_the_whole(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "SHARD_MIN", 10)
    key = flow.dispatched()
    plan = flow.run(key.text, "--matrix", "--json")
    assert plan.code == 0
    held(plan)
    outputs = flow.outputs()
    assert outputs == {"job_id": key.text, "shards": '["1", "2"]', "parallel": "2"}
    assert flow.states() == {0: "completed", 1: "pending", 2: "pending"}
    first, second = json.loads(outputs["shards"])
    heard = flow.run(key.text, "--shard", second)
    assert (heard.code, heard.out.splitlines()[0]) == (0, f"{key.text} ({NAME}): done; 1 part left to other runs.")
    assert flow.rows()[0]["status"] == "processing"
    closing = flow.run(key.text, "--shard", first, "--json")
    assert (closing.code, closing.document["gap_count"]) == (0, 0)
    assert flow.rows()[0]["status"] == "completed"


def test_a_run_with_several_parts_uses_one_budget(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "SHARD_MIN", 10)
    key = flow.dispatched()
    flow.run(key.text, "--matrix")
    assert flow.run(key.text, "--shard", "1,2", "--json").document["gap_count"] == 0
    claimed = [row for row in flow.rows(JOB_EVENTS) if row["event"] == "claimed" and row["k"]]
    assert [row["k"] for row in claimed] == [1, 2]
    assert len({row["who"] for row in claimed}) == 1


def test_parts_that_are_left_are_named_to_the_next_run(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "SHARD_MIN", 10)
    flow.run(flow.dispatched("--source", "rest").text, "--matrix")
    key = RunKey.parse(flow.outputs()["job_id"])
    assert flow.run(key.text, "--shard", "2").code == 0
    with monkeypatch.context() as slow:
        # Fewer requests than the part needs fit into the run's time, however fast this machine is.
        slow.setenv("PC_REST_PER_MINUTE", "600")
        early = flow.run(key.text, "--shard", "1", "--minutes", "0.01")
    assert (early.code, "checkpointed, " in early.out) == (0, True), early
    assert (flow.rows()[0]["status"], flow.states()) == ("pending", {0: "completed", 1: "pending", 2: "completed"})
    again = flow.again()
    assert again == RunKey(key.job_id, 2)
    assert flow.run(again.text, "--matrix").code == 0
    assert flow.outputs() == {"job_id": again.text, "shards": '["1"]', "parallel": "2"}
    assert flow.run(again.text, "--shard", "1", "--json").document["gap_count"] == 0


def test_a_run_that_was_killed_is_continued_by_the_next(
    flow: Flow, sandbox: Running, tmp_path: Path, spawner: Spawner
) -> None:
    key = flow.dispatched("--source", "rest")
    program = Program(tmp_path, spawner, settings_for(sandbox) | {"DATABASE_URL": str(flow.at.path)}, measured=False)
    with Desk(sandbox, str(flow.at.path)) as desk:
        desk.spoil(SLOW)
        first = program.start("run", key.text)
        wanted = desk.served() + 50
        while desk.served() < wanted:
            assert is_running(first, LOOK_EVERY), first.communicate()
        first.kill()
        first.communicate()
        desk.spoil()
    (shard,) = [row for row in flow.rows(JOB_SHARDS) if row["k"]]
    assert shard["state"] == "processing"
    done = json.loads(shard["checkpoint"])["done"]
    assert 0 < done < 30
    heard = flow.run(key.text, "--json")
    assert (heard.code, heard.document["gap_count"]) == (0, 0), heard.err
    assert [row["state"] for row in flow.rows(JOB_SHARDS)] == ["completed", "completed"]
    (shard,) = [row for row in flow.rows(JOB_SHARDS) if row["k"]]
    assert shard["pull_requests"] == 30


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_after_its_page(
    flow: Flow, sandbox: Running, tmp_path: Path, spawner: Spawner, number: signal.Signals
) -> None:
    key = flow.dispatched("--source", "rest")
    program = Program(tmp_path, spawner, settings_for(sandbox) | {"DATABASE_URL": str(flow.at.path)}, measured=False)
    with Desk(sandbox, str(flow.at.path)) as desk:
        desk.spoil(SLOW)
        first = program.start("run", key.text)
        wanted = desk.served() + 20
        while desk.served() < wanted:
            assert is_running(first, LOOK_EVERY), first.communicate()
        first.send_signal(number)
        out, _ = first.communicate()
        desk.spoil()
    assert first.returncode == 128 + number, out
    assert "checkpointed, its run was told to stop; `pc cancel` is what ends a job." in out
    assert flow.rows()[0]["status"] == "pending"
    assert {row["claimed_by"] for row in flow.rows(JOB_SHARDS)} == {None}
    assert flow.run(flow.again().text).code == 0


def test_small_jobs_in_line_are_done_in_the_same_run(flow: Flow) -> None:
    key = flow.dispatched()
    small = flow.queued(SMALL, items=3)
    large = flow.queued(SMALL, "--type", "pr-reviews", items=501)
    unknown = flow.queued(SMALL, "--type", "pr-comments")
    heard = flow.run(key.text, "--drain", "--json")
    assert heard.code == 0, heard.err
    held(heard)
    assert heard.document["drained"] == {f"{small}:1": "completed"}
    rows = {row["id"]: row for row in flow.rows()}
    assert (rows[small]["engine"], rows[small]["workflow_run_id"]) == ("github_actions", 77)
    assert {rows[large]["status"], rows[unknown]["status"]} == {"pending"}
    assert f"{small}:1 ({SMALL}): complete, no gaps." in flow.summary.read_text()


def test_a_run_with_little_time_left_takes_no_further_job(flow: Flow) -> None:
    key = flow.dispatched()
    flow.queued(SMALL, items=3)
    assert flow.run(key.text, "--drain", "--minutes", "2", "--json").document["drained"] == {}


def test_what_a_person_asks_for_gets_its_row(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"REPOSITORY_NAME": OTHER, "JOB_TYPE": "pr-reviews", "PR_NUMBERS": "1-2"}.items():
        monkeypatch.setenv(f"PC_INPUT_{name}", value)
    heard = flow.run("--from-inputs", "--json")
    assert heard.code == 0, heard.err
    (job,) = flow.rows()
    assert (job["status"], job["job_type"], job["route_rule"]) == ("completed", "pr-reviews", "by-hand")
    assert (job["repository_name"], job["processor_type"], job["engine"]) == (OTHER, "github_actions", "github_actions")
    again = flow.run("--from-inputs", "--json")
    held(again)
    assert (again.code, "It was done a short while ago" in again.document["why"]) == (0, True)


def test_what_the_rollout_keeps_from_bulk_is_refused_and_nothing_is_written(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert flow.at.rollout("set-rollout", "0").code == 0
    monkeypatch.setenv("PC_INPUT_REPOSITORY_NAME", SMALL)
    assert "runs/small is kept from the bulk lane, and nothing was queued: " in flow.at.refused(
        "pc", "run", "--from-inputs", code=1
    )
    monkeypatch.setenv("PC_INPUT_REPOSITORY_NAME", OTHER)
    assert "runs/other is kept from the bulk lane" in flow.at.refused("pc", "run", "--from-inputs", code=1)


def test_on_a_runner_the_bulk_lane_is_no_longer_this_machine_s(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    with flow.at.database() as connection:
        connection.execute(update(ROLLOUT_CONFIGURATION).values(rollout_percentage=None))
    monkeypatch.setenv("PC_INPUT_REPOSITORY_NAME", SMALL)
    assert "10 % admits those below 1000" in flow.at.refused("pc", "run", "--from-inputs", code=1)
    monkeypatch.delenv("GITHUB_RUN_ID")
    assert flow.run("--from-inputs").code == 0
    assert flow.rows()[0]["engine"] == "local"


def test_a_job_in_line_is_run_by_its_id(flow: Flow) -> None:
    job_id = flow.queued(SMALL)
    assert flow.run(job_id).code == 0
    assert flow.rows()[0]["status"] == "completed"
    (other,) = flow.at.submit(SMALL, "--type", "pr-reviews", "--numbers", "1")
    heard = flow.run(other)
    assert heard.code == 1
    assert "nothing to do. The job is for the inngest lane: " in heard.out


@pytest.mark.parametrize(
    ("arguments", "inputs", "sentence"),
    [
        ([], {}, "Which job?"),
        (["7"], {}, "names no job"),
        (["00000000-0000-4000-8000-000000000000", "--shard", "x"], {}, "--shard wants numbers"),
        (["00000000-0000-4000-8000-000000000000", "--shard", "1", "--matrix"], {}, "leave out --shard"),
        (["x", "--from-inputs"], {}, "not both"),
        (["--from-inputs"], {}, "Which repository?"),
        (["--from-inputs"], {"REPOSITORY_ID": "12345"}, "that number is not known here"),
        (["--from-inputs"], {"REPOSITORY_NAME": SMALL, "REPOSITORY_ID": "1"}, "repository_id 1 is not runs/small"),
        (["--from-inputs"], {"REPOSITORY_NAME": "small"}, "owner/name"),
        (["--from-inputs"], {"REPOSITORY_NAME": SMALL, "TIME_RANGE": "3", "MAX_ITEMS": "3"}, "only one of the inputs"),
        (["--from-inputs"], {"TIME_RANGE": "soon"}, "PC_INPUT_TIME_RANGE wants a number of days"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_sentence(
    flow: Flow, monkeypatch: pytest.MonkeyPatch, arguments: list[str], inputs: dict[str, str], sentence: str
) -> None:
    for name, value in inputs.items():
        monkeypatch.setenv(f"PC_INPUT_{name}", value)
    assert sentence in flow.at.refused("pc", "run", *arguments)
