"""`pc capture`: what is asked of the works, what is told, and the exit code."""

import json
import os
import signal
from typing import Any

import pytest

from progressive_capture.capture.run import Captured
from progressive_capture.domain.errors import CaptureFailed, LeaseHeld
from progressive_capture.domain.jobs import Figures
from progressive_capture.domain.kinds import Kind, State
from progressive_capture.domain.scope import Scope, SourceChoice
from progressive_capture.store.errors import DiskFull
from progressive_capture.store.gaps import Gap
from tests.unit.operator.conftest import Office, Works

GAP = Gap(12, 1012, Kind.REVIEWS, State.GAP, 5, 4, "GitHub's count and ours differ")
SHORT = Gap(13, 1013, Kind.COMMITS, State.SHORT, 5, 4, "read twice to its end")


def captured(name: str, **changes: Any) -> Captured:
    values: dict[str, Any] = {
        "repository": name,
        "repository_id": 77,
        "job_id": "11111111-1111-4111-8111-111111111111",
        "mode": "first",
        "resumed": False,
        "interrupted": False,
        "held": {"pull_requests": 1_850, "pr_reviews": 42},
        "held_before": False,
        "rows": 2_000,
        "requests": 87,
        "rest_requests": 26,
        "points": 61,
        "bytes_received": 12_345_678,
        "waits": 0,
        "waited_seconds": 0.0,
        "seconds": 48.0,
        "pull_requests": 1_850,
    }
    return Captured(**(values | changes))


async def complete(_works: Works, name: str) -> Captured:
    return captured(name)


def test_a_complete_capture_is_told_with_its_cost(office: Office) -> None:
    assert office.run("capture", "o/n", answer=complete) == 0
    assert office.out.getvalue() == (
        "o/n: complete, no gaps (1,850 pull requests read in 48 s, first capture)\n"
        "  the database now holds of this repository:\n"
        "  pull_requests  1,850\n"
        "  pr_reviews        42\n"
        "  87 requests (61 GraphQL, 26 REST), 61 points, 12.3 MB received, no waits\n"
        "  in made-up.db\n"
    )
    assert office.asked == [("capture", "o/n", Scope())]
    assert office.opened == [True]


def test_what_earlier_captures_brought_is_told_where_they_did(office: Office) -> None:
    async def once_more(_works: Works, name: str) -> Captured:
        return captured(name, mode="incremental", held_before=True)

    assert office.run("capture", "o/n", answer=once_more) == 0
    holds = "  the database now holds of this repository, with what earlier captures brought:"
    assert holds in office.out.getvalue().splitlines()


def test_options_become_the_scope(office: Office) -> None:
    office.run(
        "capture", "https://github.com/o/n/pulls", "--numbers", "1,5-6", "--only", "reviews", "--only", "commits",
        "--source", "rest", "--full", "--patches", answer=complete,
    )  # fmt: skip
    kinds = frozenset({Kind.REVIEWS, Kind.COMMITS})
    wanted = Scope(kinds=kinds, numbers=(1, 5, 6), source=SourceChoice.REST, full=True, patches=True)
    assert office.asked == [("capture", "o/n", wanted)]


def test_gaps_are_listed_and_exit_3(office: Office) -> None:
    async def gaps(_works: Works, name: str) -> Captured:
        waited = {"waits": 2, "waited_seconds": 90.0}
        return captured(name, gaps=[GAP, SHORT], gap_count=1, short_count=1, missing_numbers=[3], **waited)

    assert office.run("capture", "o/n", answer=gaps) == 3
    lines = office.out.getvalue().splitlines()
    assert lines[0].startswith("o/n: incomplete, 1 gap, 1 list shorter than GitHub counts (")
    assert "  #12 reviews: 4 of 5 stored; GitHub's count and ours differ" in lines
    assert "  not pull requests: #3" in lines
    assert not any("#13" in line for line in lines), "what is short is no gap"
    assert any(line.endswith("2 waits of 1 min 30 s") for line in lines)


def test_short_and_truncated_alone_exit_0(office: Office) -> None:
    async def short(_works: Works, name: str) -> Captured:
        return captured(name, gaps=[SHORT], short_count=1, truncated_count=2)

    assert office.run("capture", "o/n", answer=short) == 0


def test_the_forecast_stands_beside_what_was_used(office: Office) -> None:
    async def forecast(_works: Works, name: str) -> Captured:
        return captured(name, forecast=Figures(90, 60, 50.0), unavailable={Kind.REVIEW_THREADS: 1})

    assert office.run("capture", "o/n", answer=forecast) == 0
    assert "  the forecast was 90 requests, 60 points" in office.out.getvalue().splitlines()
    assert "  unavailable from the API that was used: review threads of 1 pull request" in office.out.getvalue()
    office.out.truncate(0)
    office.out.seek(0)
    assert office.run("capture", "o/n", "--json", answer=forecast) == 0
    (document,) = json.loads(office.out.getvalue())["repositories"]
    assert document["forecast"] == {"requests": 90, "points": 60, "seconds": 50.0}
    assert document["unavailable"] == {"review_threads": 1}


def test_a_time_in_which_nothing_was_updated_is_told(office: Office) -> None:
    async def nothing(_works: Works, name: str) -> Captured:
        return captured(name, pull_requests=0, nothing_meant=True)

    assert office.run("capture", "o/n", "--since", "30d", answer=nothing) == 0
    told = "  no pull request was updated in the time that --since and --until give"
    assert office.out.getvalue().splitlines()[1] == told


def test_what_was_resumed_says_so_and_what_its_forecast_covers(office: Office) -> None:
    async def resumed(_works: Works, name: str) -> Captured:
        return captured(name, resumed=True, forecast=Figures(90, 60, 50.0))

    assert office.run("capture", "o/n", answer=resumed) == 0
    first, *lines = office.out.getvalue().splitlines()
    assert first == "o/n: complete, no gaps (1,850 pull requests read in 48 s, first capture, resumed)"
    assert "  the forecast of it all, earlier runs included, was 90 requests, 60 points" in lines


def test_many_gaps_are_counted_beyond_the_first(office: Office) -> None:
    async def gaps(_works: Works, name: str) -> Captured:
        return captured(name, gaps=[GAP] * 1_000, gap_count=4_321)

    assert office.run("capture", "o/n", answer=gaps) == 3
    assert "  … and 4,301 more" in office.out.getvalue().splitlines()


def test_several_names_end_with_the_worst_code_and_each_has_its_turn(office: Office) -> None:
    async def each(_works: Works, name: str) -> Captured:
        if name == "a/failed":
            raise CaptureFailed("While looking up a/failed: GitHub knows no such repository.")
        return captured(name, gap_count=int(name == "a/gaps"))

    assert office.run("capture", "a/fine", "a/gaps", answer=each) == 3
    assert office.run("capture", "a/gaps", "a/failed", "a/fine", answer=each) == 1
    assert [name for _, name, _ in office.asked[2:]] == ["a/gaps", "a/failed", "a/fine"]
    assert office.err.getvalue() == "a/failed: GitHub knows no such repository.\n"


def test_json_is_the_only_thing_on_standard_output(office: Office) -> None:
    async def each(works: Works, name: str) -> Captured:
        works.reporter.note("Something to know.")
        if name == "a/failed":
            raise DiskFull("no space")
        return captured(name, gaps=[GAP], gap_count=1)

    assert office.run("capture", "a/gaps", "a/failed", "--json", answer=each) == 1
    document = json.loads(office.out.getvalue())
    assert document["exit_code"] == 1
    first, second = document["repositories"]
    assert first["findings"] == [
        {
            "number": 12,
            "kind": "reviews",
            "state": "gap",
            "expected": 5,
            "stored": 4,
            "why": "GitHub's count and ours differ",
        }
    ]
    assert (first["complete"], first["rows_held"]["pr_reviews"], first["points"]) == (False, 42, 61)
    assert second["repository"] == "a/failed"
    assert "disk" in second["error"]
    assert "Something to know." in office.err.getvalue()


def test_a_first_signal_stops_after_the_page_and_the_names_after_it(office: Office) -> None:
    async def stopped(works: Works, name: str) -> Captured:
        os.kill(os.getpid(), signal.SIGINT)
        while not works.stopping():
            await works.pause(60)
        return captured(name, interrupted=True, gap_count=7)

    assert office.run("capture", "a/one", "a/two", answer=stopped) == 130
    assert [name for _, name, _ in office.asked] == ["a/one"]
    assert "a/one: stopped (" in office.out.getvalue()
    assert "the same command resumes it" in office.out.getvalue()
    assert "once more stops at once" in office.err.getvalue()


def test_a_wait_that_is_broken_off_is_no_failure(office: Office) -> None:
    async def stopped(works: Works, _name: str) -> Captured:
        os.kill(os.getpid(), signal.SIGTERM)
        await works.pause(60)
        raise CaptureFailed("stopped while waiting")

    assert office.run("capture", "a/one", "--json", answer=stopped) == 130
    assert json.loads(office.out.getvalue())["repositories"] == [{"repository": "a/one", "interrupted": True}]


def test_a_held_lease_names_its_holder(office: Office) -> None:
    async def held(_works: Works, _name: str) -> Captured:
        raise LeaseHeld("build-1:42:1.0", "2026-01-01T00:00:00Z")

    assert office.run("capture", "o/n", answer=held) == 1
    assert "process 42 on build-1" in office.err.getvalue()


def test_failures_of_parallel_parts_are_one_sentence(office: Office) -> None:
    async def both(_works: Works, _name: str) -> Captured:
        raise ExceptionGroup("several", [CaptureFailed("GitHub refused."), CaptureFailed("GitHub refused again.")])

    assert office.run("capture", "o/n", answer=both) == 1
    assert office.err.getvalue() == "o/n: GitHub refused.\n"


def test_what_nobody_foresaw_is_one_sentence_without_secrets(office: Office) -> None:
    async def broken(_works: Works, _name: str) -> Captured:
        raise RuntimeError("no luck with ghp_abcdefghijklmnopqrstuvwxyz0123456789 at https://u:p@host/\nsecond line")

    assert office.run("capture", "o/n", answer=broken) == 1
    said = office.err.getvalue()
    assert said.count("\n") == 1
    assert "RuntimeError: no luck with *** at https://***host/ second line" in said
    assert "PC_DEBUG=1" in said


def test_debugging_shows_where_it_happened_still_without_secrets(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_works: Works, _name: str) -> Captured:
        raise RuntimeError("no luck with ghp_abcdefghijklmnopqrstuvwxyz0123456789")

    monkeypatch.setenv("PC_DEBUG", "1")
    assert office.run("capture", "o/n", answer=broken) == 1
    said = office.err.getvalue()
    assert "Traceback" in said
    assert "ghp_" not in said


def test_without_a_token_it_says_what_that_means(office: Office) -> None:
    office.is_anonymous = True
    assert office.run("capture", "o/n", answer=complete) == 0
    assert "No token is set" in office.err.getvalue()
    assert "60 requests an hour" in office.err.getvalue()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("capture",), "Missing argument"),
        (("capture", "o"), "is no repository name"),
        (("capture", "o/n", "--limit", "0"), "--limit"),
        (("capture", "o/n", "--limit", "x"), "--limit"),
        (("capture", "o/n", "--source", "soap"), "--source"),
        (("capture", "o/n", "--nonsense"), "No such option"),
        (("capture", "o/n", "--since", "30d", "--limit", "5"), "Give only one of"),
        (("capture", "o/n", "--since", "2999-01-01"), "--since 2999-01-01 lies in the future"),
        (("plan", "o/n", "--until", "2999-01-01"), "--until 2999-01-01 lies in the future"),
        (("submit", "o/n", "--until", "2999-01-01"), "--until 2999-01-01 lies in the future"),
        (("capture", "o/n", "--patches", "--source", "graphql"), "leave out --patches"),
        (("captur", "o/n"), "Did you mean 'capture'? See pc --help."),
    ],
)
def test_a_command_that_cannot_be_meant_asks_nothing_and_exits_2(
    office: Office, arguments: tuple[str, ...], sentence: str
) -> None:
    assert office.run(*arguments) == 2
    assert sentence in office.err.getvalue()
    assert office.err.getvalue().count("\n") == 1
    assert (office.out.getvalue(), office.opened) == ("", [])


def test_graphql_alone_wants_a_token(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    assert office.run("capture", "o/n", "--source", "graphql") == 2
    assert office.err.getvalue().startswith("pc: GitHub's GraphQL API wants a token")
    monkeypatch.setenv("GITHUB_TOKEN", "made-up")
    assert office.run("capture", "o/n", "--source", "graphql", answer=complete) == 0


def test_a_setting_that_cannot_be_used_exits_2(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PC_GITHUB_API_URL", "http://github.example.com")
    assert office.run("capture", "o/n") == 2
    assert office.err.getvalue().startswith("pc: PC_GITHUB_API_URL or GITHUB_API_URL: ")
    assert office.opened == []
