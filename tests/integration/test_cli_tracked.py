"""Commands over tracked repositories and the queue, within this process, against the stand-in and a real database."""

import re
import socket
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from progressive_capture.domain.breaker import THRESHOLD, without_answer
from progressive_capture.domain.jobs import EngineName
from progressive_capture.github.clock import utc_now
from progressive_capture.store import breakers
from progressive_capture.store.tables import COMPLETENESS, JOB_METRICS, JOBS
from tests.contract.insight_rows import add_job
from tests.support.counter import Counter, counter, template
from tests.support.program import TOKEN
from tests.support.stand_ins import Running, Start

NAMES = ("acme/one", "acme/two", "other/three")


@pytest.fixture(scope="module")
def github(serve: Start) -> Running:
    flags = [word for name in NAMES for word in ("--repo", f"{name}=generate:3")]
    return serve(*flags, "--repo", "hostile")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, github: Running) -> Path:
    return template(tmp_path_factory.mktemp("template"), github.url)


@pytest.fixture
def at(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, github: Running) -> Counter:
    return counter(made, tmp_path, monkeypatch, PC_GITHUB_API_URL=github.url, PC_GITHUB_TOKEN=TOKEN)


def test_with_nothing_tracked_nothing_is_missing(at: Counter) -> None:
    heard = at.pc("analyze")
    assert (heard.code, heard.out) == (0, "No repository is tracked: pc track owner/name.\n")
    assert at.pc("analyze", "--json").document["totals"]["repositories"] == 0
    assert at.pc("list").out == "No repository is tracked: pc track owner/name.\n"


def test_a_repository_is_tracked_and_its_first_capture_queued(at: Counter) -> None:
    heard = at.pc("track", "acme/one")
    assert heard.code == 0
    assert heard.out.startswith("acme/one: tracked; its capture is queued as ")
    (again,) = at.pc("track", "ACME/one", "--json").document["repositories"]
    assert (again["repository"], again["state_before"], again["outcome"]) == ("acme/one", "active", "joined")
    (listed,) = at.pc("list", "--json").document["repositories"]
    assert (listed["repository_name"], listed["state"], listed["tracked_by"]) == ("acme/one", "active", "ann")
    missing = at.pc("analyze")
    assert missing.code == 3
    assert missing.out.startswith("acme/one: never captured whole, ")


def test_an_account_and_a_file(at: Counter, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("# ours\nother/three  # the third\n\nacme/two\n")
    heard = at.pc("track", "acme/*", "--file", str(names))
    assert heard.code == 0
    assert [line.partition(":")[0] for line in heard.out.splitlines()] == ["other/three", "acme/two", "acme/one"]
    assert at.pc("list", "--limit", "2").out.splitlines()[-1] == "  … and more: --after acme/two"
    assert "acme" not in at.pc("list", "--after", "acme/two").out


@pytest.mark.parametrize(
    ("wrong", "code", "sentence"),
    [
        ("acme/none", 1, "acme/none"),
        ("nobody/*", 1, "no account nobody"),
        ("acme", 2, "'acme' is no repository name"),
        ("", 2, "'' is no repository name"),
    ],
)
def test_one_wrong_name_in_a_list_and_nothing_is_written(at: Counter, wrong: str, code: int, sentence: str) -> None:
    assert sentence in at.refused("pc", "track", "acme/one", wrong, "acme/two", code=code)


def test_what_cannot_be_read_of_an_account_is_skipped_and_told(at: Counter) -> None:
    heard = at.pc("track", "hostile/*")
    assert heard.code == 3
    assert "hostile/empty: tracked; " in heard.out
    assert "hostile/blocked: skipped. GitHub has blocked" in heard.out
    assert "Nothing was tracked." in at.refused("pc", "track", "hostile/blocked", "acme/one", code=1)


def test_one_wrong_name_in_a_file_and_nothing_is_written(at: Counter, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("acme/one\nacme two\n")
    assert "'acme two' is no repository name" in at.refused("pc", "track", "--file", str(names))


def test_files_that_cannot_be_read_and_no_names_at_all(at: Counter, tmp_path: Path) -> None:
    assert "cannot be read" in at.refused("pc", "track", "--file", str(tmp_path / "none.txt"))
    assert "Name at least one repository" in at.refused("pc", "track")


def test_pausing_ending_and_taking_up_again(at: Counter) -> None:
    (tracked,) = at.pc("track", "acme/one", "--json").document["repositories"]
    assert at.pc("pause", str(tracked["repository_id"])).out == "acme/one: paused\n"
    assert at.pc("pause", "acme/one").out == "acme/one: was paused already\n"
    assert at.pc("list", "--state", "paused", "--json").document["repositories"][0]["state"] == "paused"
    assert at.pc("list", "--state", "active").out.startswith("No repository")
    assert at.pc("untrack", "acme/one").out == "acme/one: no longer tracked\n"
    assert at.pc("track", "acme/one", "--json").document["repositories"][0]["state_before"] == "untracked"
    assert "acme/two is not known here" in at.refused("pc", "untrack", "acme/one", "acme/two")
    assert "it takes active, paused, untracked" in at.refused("pc", "list", "--state", "asleep")


def test_work_is_submitted_and_the_answer_says_what_became_of_it(at: Counter) -> None:
    at.pc("track", "acme/one", "acme/two")
    heard = at.pc("submit", "acme/one", "--type", "recent-prs", "--since", "1d", "--priority", "high")
    assert heard.code == 0
    assert "in the inngest lane (recent). Of what changed, it is about the last 24 hours only" in heard.out
    (joined,) = at.pc("submit", "acme/one", "--type", "recent-prs", "--since", "1d", "--json").document["repositories"]
    assert joined["outcome"] == "joined"
    assert joined["job_id"] in heard.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("submit", "acme/one", "--type", "everything"), "--type"),
        (("submit", ""), "'' is no repository name"),
        (("submit", "acme/one", "no/such"), "no/such is not known here"),
        (("submit", "acme/one", "999"), "999 is not known here"),
        (("submit", "acme/one", "--numbers", "9-5"), "smaller number first"),
        (("submit", "acme/one", "--limit", "-1"), "--limit"),
        (("submit", "acme/one", "--since", "2026-02-01", "--until", "2026-01-01"), "swap them"),
        (("submit", "acme/one", "--type", "recent-prs"), "wants a bound"),
        (("submit", "acme/one", "--type", "pr-reviews", "--only", "files"), "captures only"),
        (("submit", "acme/one", "--priority", "extreme"), "--priority"),
    ],
)
def test_a_request_that_cannot_be_meant_is_refused_and_nothing_is_queued(
    at: Counter, arguments: tuple[str, ...], sentence: str
) -> None:
    at.pc("track", "acme/one")
    assert sentence in at.refused("pc", *arguments)


def test_an_engine_on_another_host_is_refused_where_the_database_is_a_file_here(
    at: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    at.know("acme/one")
    monkeypatch.setenv("INNGEST_EVENT_KEY", "a-key")
    for arguments in (("track", "acme/one"), ("submit", "acme/one")):
        assert "runs on another host, which cannot reach a SQLite file" in at.refused("pc", *arguments)


def test_a_worker_runs_what_is_queued_until_nothing_is_due(at: Counter) -> None:
    at.pc("track", "acme/one", "acme/two")
    heard = at.pc("worker", "--drain")
    assert (heard.code, heard.out) == (0, "2 jobs run\n")
    assert heard.err.count("event=claimed") == 2
    whole = at.pc("analyze")
    assert (whole.code, whole.out.splitlines()[-1]) == (0, "2 of 2 tracked repositories complete")
    nothing = {"jobs": 0, "handed_over": 0, "parked": 0, "failed": 0, "dead": 0, "stopped": False}
    assert at.pc("worker", "--drain", "--json").document == {"exit_code": 0, **nothing}


def test_a_worker_without_slots_is_a_mistake(at: Counter) -> None:
    assert "nothing to run" in at.refused("pc", "worker", "--realtime", "0", "--bulk", "0")


def test_a_report_says_what_is_not_there(at: Counter) -> None:
    heard = at.pc("report", "--period", "week")
    assert heard.code == 0
    assert "(so far): no job settled" in heard.out
    assert "prices: 2026" in heard.out
    assert at.pc("report", "--json").document["report"]["period"] == "day"


def test_the_queue_is_shown_with_what_its_jobs_wait_for(at: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    at.pc("track", "acme/one")
    shown = at.pc("status")
    assert shown.code == 0
    assert "no worker: `pc worker` runs what is queued" in shown.out
    assert "inngest (real-time)" in shown.out
    assert "github_actions (bulk)" in shown.out
    assert "rollout: 100 % by percentage" in shown.out
    at.pc("worker", "--drain")
    assert " left until " in at.pc("status").out
    with at.database() as connection:
        connection.execute(update(JOBS).values(status="dead"))
        connection.execute(update(JOB_METRICS).values(outcome="dead"))
        left = [add_job(connection, at.now(), status="processing") for _ in range(2)]
    said = at.pc("status").out
    assert "1 dead in the last 24 hours: pc jobs --state dead says why, pc retry --all" in said
    assert "  2 captures were stopped: the same command, such as `pc capture octo/r1`, goes on with each\n" in said
    with at.database() as connection:
        connection.execute(update(JOBS).where(JOBS.c.id == left[0]).values(status="cancelled"))
    said = at.pc("status").out
    assert "  1 capture was stopped: `pc capture octo/r1`, with the options it had, goes on with it\n" in said
    assert "should have moved on" not in said
    (lane,) = (line for line in said.splitlines() if "inngest (real-time)" in line)
    assert lane.split()[2:] == ["0", "0", "0", "0", "-"], "due, later, held, at work"
    told = at.pc("status", "--json").document["status"]
    assert (told["failed"], told["dead"]) == (0, 1)
    assert at.pc("engines").code == 1
    assert "no worker: run `pc worker`" in at.pc("engines", "ping").out
    monkeypatch.setenv("PC_INNGEST_ENGINE", "off")
    monkeypatch.setenv("PC_GITHUB_ACTIONS_ENGINE", "off")
    at.pc("submit", "acme/one", "--type", "pr-reviews")
    lane = at.pc("status", "--json").document["status"]["queue"]["lanes"][0]
    assert (lane["processor"], lane["held"]) == ("inngest", 1)
    assert "1 held: The inngest lane is off." in at.pc("status").out
    assert at.pc("engines").out == "inngest: off: nothing is run\ngithub_actions: off: nothing is run\n"


def test_routing_is_told_by_rule_and_asked_again_of_a_changed_table(at: Counter) -> None:
    at.pc("track", "acme/one")
    shown = at.pc("routing-analysis")
    assert shown.out.startswith("1 job since ")
    assert "1 to inngest" in shown.out
    assert "small" in shown.out
    assert "--recent-hours" in at.refused("pc", "routing-analysis", "--recent-hours", "inf")
    again = at.pc("routing-analysis", "--small", "0", "--large", "1", "--json").document["what_if"]
    assert again["moved"] == {"inngest -> github_actions": 1}
    assert "The changed table would have sent 0 of 1 job the same way" in at.pc("routing-analysis", "--small", "0").out


def test_what_is_missing_is_queued(at: Counter) -> None:
    at.pc("track", "acme/one", "acme/two")
    assert "--stale-days" in at.refused("pc", "bootstrap", "--stale-days", "1e30")
    dry = at.pc("bootstrap", "--dry-run")
    assert dry.out.splitlines()[0] == "2 missing and 0 stale of 2 tracked repositories"
    assert "acme/one: never captured whole; work on it is queued already" in dry.out
    assert [each["outcome"] for each in at.pc("bootstrap", "--json").document["repositories"]] == ["joined"] * 2
    assert "… and 1 more" in at.pc("bootstrap", "--dry-run", "--limit", "1").out
    at.pc("worker", "--drain")
    assert at.pc("bootstrap").out == "0 missing and 0 stale of 2 tracked repositories\n"
    whole = at.pc("quick-fix", "acme/one")
    assert (whole.code, whole.out) == (0, "acme/one: nothing is missing, so nothing is queued.\n")
    assert at.pc("quick-fix", "acme/one", "--json").document["repositories"][0]["outcome"] == "complete"
    with at.database() as connection:
        connection.execute(delete(COMPLETENESS))
    for arguments, outcome in ((("acme/one",), "queued"), (("acme", "one"), "joined")):
        (fixed,) = at.pc("quick-fix", *arguments, "--json").document["repositories"]
        assert fixed["outcome"] == outcome
    assert "acme/none is not known here" in at.refused("pc", "quick-fix", "acme", "none")


def test_where_another_github_is_asked_about_the_one_that_is_held_is_named(
    at: Counter, monkeypatch: pytest.MonkeyPatch, github: Running
) -> None:
    sentence = f"This database holds nothing of https://api.github.com, but of {github.url}: PC_GITHUB_API_URL chooses."
    monkeypatch.delenv("PC_GITHUB_API_URL")
    assert at.pc("jobs").err == "", "a database without repositories holds no other"
    monkeypatch.setenv("PC_GITHUB_API_URL", github.url)
    at.pc("track", "acme/one")
    assert at.pc("jobs").err == ""
    monkeypatch.delenv("PC_GITHUB_API_URL")
    for command in (("jobs",), ("status",), ("verify", "acme/one")):
        assert at.pc(*command).err.splitlines()[0] == sentence


@pytest.fixture
def beside_a_silent_inngest(at: Counter, monkeypatch: pytest.MonkeyPatch) -> Counter:
    """A counter whose real-time lane is to be run at an address of this machine where nobody is."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("INNGEST_DEV", f"http://127.0.0.1:{port}")
    return at


def test_an_engine_that_is_silent_is_told_with_when_it_is_asked_again(beside_a_silent_inngest: Counter) -> None:
    at = beside_a_silent_inngest
    at.pc("track", "acme/one")
    heard = at.pc("engines")
    assert heard.code == 1
    assert re.search(r"127\.0\.0\.1:\d+ gives no answer \(ConnectError\)\.\n", heard.out)
    assert "github_actions: local: no worker: run `pc worker`" in heard.out
    assert "is asked again at" not in at.pc("status").out
    with at.database() as connection:
        for _ in range(THRESHOLD):
            now = utc_now()
            breakers.change(connection, EngineName.INNGEST, partial(without_answer, now=now, why="No route."), now)
    shown = at.pc("status").out
    assert "Inngest gives no answer, and is asked again at " in shown
    assert " UTC. No route." in shown
    (told,) = at.pc("status", "--json").document["status"]["silent_engines"]
    assert (told["engine"], told["phase"], told["why"]) == ("inngest", "open", "No route.")
    (silent, _) = at.pc("engines", "--json").document["engines"]
    assert silent["until"] == told["until"]


def test_jobs_elsewhere_are_asked_after_by_hand(beside_a_silent_inngest: Counter) -> None:
    beside_a_silent_inngest.pc("track", "acme/one")
    heard = beside_a_silent_inngest.pc("engines", "reconcile")
    assert (heard.code, heard.out) == (0, "0 jobs asked after; 0 runs booked\n")
