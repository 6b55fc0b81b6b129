"""Jobs from the command line, within this process on a real database: listed, shown, cancelled and retried."""

from pathlib import Path

import pytest
from sqlalchemy import update

from progressive_capture.store.tables import JOBS
from tests.support.counter import Counter, counter, template

NOBODY = "00000000-0000-4000-8000-000000000000"
NAMES = ("acme/one", "acme/two", "other/three")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = template(tmp_path_factory.mktemp("template"))
    Counter(path).know(*NAMES)
    return path


@pytest.fixture
def at(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counter:
    return counter(made, tmp_path, monkeypatch)


def states(at: Counter) -> list[str]:
    page = at.pc("jobs", "--json").document["page"]
    return sorted(job["state"] for job in page["jobs"])


def test_jobs_are_listed_page_by_page_and_by_filter(at: Counter) -> None:
    at.submit("acme/one", "acme/two", "other/three")
    at.submit("acme/one", "--type", "pr-reviews")
    first = at.pc("jobs", "--limit", "3", "--json").document["page"]
    assert (first["count"], first["jobs"][0]["job_type"]) == (4, "pr-reviews")
    assert f"4 in all; the next page: --after {first['after']}" in at.pc("jobs", "--limit", "3").out
    (last,) = at.pc("jobs", "--after", first["after"], "--json").document["page"]["jobs"]
    assert last["repository_name"] == "acme/one"
    of_one = at.pc("jobs", "--repository", "acme/one", "--type", "historical-pr-sync", "--json").document["page"][
        "jobs"
    ]
    assert [job["id"] for job in of_one] == [last["id"]]
    assert at.pc("jobs", "--state", "dead").out == "No jobs.\n"
    assert last["id"] in at.pc("jobs", "--state", "pending", "--state", "dead").out
    with at.database() as connection:
        connection.execute(update(JOBS).where(JOBS.c.id == last["id"]).values(held_reason="The lane is off."))
    shown = at.pc("jobs").out.splitlines()
    assert shown[-1] == "    The lane is off."
    assert shown[-2].startswith(f"  {last['id']}  ")
    assert len(shown) == 6
    assert "cannot be found" in at.refused("pc", "jobs", "--after", "7")
    assert "--state" in at.refused("pc", "jobs", "--state", "asleep")


def test_one_job_is_shown_with_its_history(at: Counter) -> None:
    (job_id,) = at.submit("acme/one", "--reason", "to look at")
    shown = at.pc("job", job_id)
    assert shown.code == 0
    assert shown.out.startswith(f"{job_id}: historical-pr-sync of acme/one, pending\n")
    assert "routed to inngest by small" in shown.out
    assert "ann" in shown.out
    document = at.pc("job", job_id, "--json").document["job"]
    assert (document["job"]["status"], document["used"], len(document["shards"])) == ("pending", None, 1)
    last = document["events"][-1]["id"]
    assert at.pc("job", job_id, "--after", str(last), "--json").document["job"]["events"] == []
    assert f"There is no job {NOBODY}" in at.refused("pc", "job", NOBODY, code=1)
    assert "'7' is no job's id" in at.refused("pc", "job", "7")


def test_jobs_are_cancelled_by_id(at: Counter) -> None:
    one, two = at.submit("acme/one", "acme/two")
    heard = at.pc("cancel", one, typed="not wanted\ny\n")
    assert heard.code == 0
    assert "1 job will be cancelled; those at work stop at their next page. Go on?" in heard.err
    assert heard.out == "1 job cancelled.\n"
    assert f"no job {NOBODY}" in at.refused("pc", "cancel", two, NOBODY, "--reason", "r", "--yes", code=1)
    assert "'x' is no job's id" in at.refused("pc", "cancel", two, "x", "--reason", "r", "--yes")
    done = at.pc("cancel", one, two, "--reason", "r", "--yes", "--json").document
    assert (done["cancelled"], done["unchanged"]) == ([two], [one])
    assert states(at) == ["cancelled", "cancelled"]
    again = at.pc("cancel", one, "--reason", "r", "--yes").out
    assert again == f"0 jobs cancelled.\n  {one} is cancelled already: nothing was changed\n"
    assert "cancelled" in at.pc("job", one).out


def test_jobs_are_cancelled_and_retried_by_the_beginning_of_an_id(at: Counter) -> None:
    one, two = at.submit("acme/one", "acme/two")
    assert "is no job's id" in at.refused("pc", "cancel", one[:3], "--reason", "r", "--yes")
    assert "is no job's id" in at.refused("pc", "retry", one[:3])
    done = at.pc("cancel", one[:13], one[:14].upper(), "--reason", "r", "--yes", "--json").document
    assert done["cancelled"] == [one]
    assert at.pc("retry", two[:13], "--json").document["unchanged"] == [two]


def test_jobs_are_cancelled_by_a_filter_once_they_were_counted(at: Counter) -> None:
    at.submit("acme/one", "acme/two", "other/three")
    assert at.pc("cancel", "--repository", "acme/two", "--dry-run").out == "1 job would be cancelled.\n"
    assert at.pc("cancel", "--state", "pending", "--dry-run", "--json").document["jobs"] == 3
    said = at.refused("pc", "cancel", "--state", "pending", "--reason", "r")
    assert said.startswith("pc: 3 jobs will be cancelled; ")
    assert "Say which jobs" in at.refused("pc", "cancel", "--reason", "r", "--yes")
    assert "not both" in at.refused("pc", "cancel", "x", "--state", "dead", "--reason", "r", "--yes")
    assert "--reason" in at.refused("pc", "cancel", "--state", "pending", "--yes")
    assert at.pc("cancel", "--processor", "inngest", "--reason", "r", "--yes").out == "3 jobs cancelled.\n"
    assert states(at) == ["cancelled"] * 3


def test_dead_jobs_are_retried_as_new_ones(at: Counter) -> None:
    one, two = at.submit("acme/one", "acme/two")
    assert "is not dead: nothing was changed" in at.pc("retry", one).out
    with at.database() as connection:
        connection.execute(update(JOBS).values(status="dead", error="it broke", error_class="broken"))
    assert at.pc("retry", "--all", "--dry-run").out == "2 dead jobs would be retried.\n"
    assert at.pc("retry", "--error", "timeout", "--dry-run").out == "0 dead jobs would be retried.\n"
    retried = at.pc("retry", one, "--json").document["retried"]
    assert list(retried) == [one]
    assert list(at.pc("retry", "--all", "--json").document["retried"]) == [two]
    assert states(at) == ["dead", "dead", "pending", "pending"]
    assert "--error, --repository or --all" in at.refused("pc", "retry")
    assert "'7' is no job's id" in at.refused("pc", "retry", "7")
    assert at.pc("retry", two.upper()).out.startswith("1 job retried.")


def test_lanes_are_judged_and_counted(at: Counter) -> None:
    heard = at.pc("monitoring")
    assert heard.code == 0
    assert "inngest: inconclusive. Only 0 jobs finished" in heard.out
    assert "0 workers at work, 0 silent" in heard.out
    assert at.pc("stats").out.startswith("0 jobs settled since ")
    assert at.pc("stats", "--hours", "1", "--json").document["stats"]["jobs"] == 0
    assert "--hours" in at.refused("pc", "stats", "--hours", "-1")


def test_an_emergency_stop_empties_the_bulk_lane_and_resume_restores_the_rollout(at: Counter) -> None:
    at.rollout("set-rollout", "75")
    at.know("acme/huge", first=201, pull_requests_total=5_000)
    (job_id,) = at.submit("acme/huge")
    at.rollout("set-rollout", "100")
    with at.database() as connection:
        connection.execute(update(JOBS).values(processor_type="github_actions", held_reason=None))
    heard = at.rollout("emergency-stop", typed="it burns\ny\n")
    assert heard.code == 0, heard
    assert "1 waiting job will leave it, 0 running jobs will go on to their end." in heard.err
    assert "The emergency stop holds (by the database: `rollout resume` ends it)" in heard.out
    assert "1 waiting job left the bulk lane, 0 running jobs cancelled." in heard.out
    assert at.pc("job", job_id, "--json").document["job"]["job"]["processor_type"] == "inngest"
    assert "The emergency stop holds" in at.pc("status").out
    assert at.rollout("resume").out.startswith("The emergency stop has ended.")
    assert at.pc("job", job_id, "--json").document["job"]["job"]["processor_type"] == "inngest"
    assert "100 % of the repositories" in at.rollout("status").out
