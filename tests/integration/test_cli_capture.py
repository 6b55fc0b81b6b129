"""`pc` as a process, against the stand-in: first and further captures, stops, kills and two at once."""

import re
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.forking import Spawner
from tests.support.program import TOKEN, Program, wait_for
from tests.support.stand_ins import Running, Start

NAME = "sandbox/demo"


@pytest.fixture(scope="module")
def github(serve: Start) -> Running:
    return serve("--repo", f"{NAME}=generate:60")


@pytest.fixture(scope="module")
def slow_github(serve: Start) -> Running:
    return serve("--repo", f"{NAME}=generate:120", "--latency-ms", "150")


@pytest.fixture
def folder(tmp_path: Path, migrated_file: Path) -> Path:
    """Where the database of the usual name has all tables; one test has them made by the program."""
    shutil.copy(migrated_file, tmp_path / "progressive-capture.db")
    return tmp_path


@pytest.fixture
def pc(folder: Path, spawner: Spawner, github: Running) -> Program:
    return Program(folder, spawner, {"PC_GITHUB_API_URL": github.url, "PC_GITHUB_TOKEN": TOKEN})


@pytest.fixture
def slow_pc(folder: Path, spawner: Spawner, slow_github: Running) -> Program:
    return Program(folder, spawner, {"PC_GITHUB_API_URL": slow_github.url, "PC_GITHUB_TOKEN": TOKEN})


def test_a_first_capture_then_an_incremental_one_then_the_proof(pc: Program, empty_database_url: str) -> None:
    pc.settings["DATABASE_URL"] = empty_database_url
    first = pc.answer("capture", NAME)
    assert (first["mode"], first["complete"], first["gap_count"]) == ("first", True, 0)
    assert (first["pull_requests_read"], first["rows_held"]["pull_requests"]) == (60, 60)
    again = pc.answer("capture", NAME)
    assert (again["mode"], again["pull_requests_read"]) == ("incremental", 0)
    assert again["rows_held"] == first["rows_held"]
    assert again["requests"] <= 3
    where = urlsplit(empty_database_url)
    told = (
        f"  in {where.hostname}:{where.port}{where.path}\n"
        if where.hostname
        else f"  in {where.path.removeprefix('/')}\n"
    )
    assert pc.run("capture", NAME).stdout.endswith(told)
    proof = pc.answer("verify", NAME)
    assert (proof["complete"], proof["pull_requests"]) == (True, 60)


def test_a_row_that_is_lost_is_a_gap_of_its_pull_request_and_kind(pc: Program) -> None:
    pc.answer("capture", NAME)
    with closing(sqlite3.connect(pc.folder / "progressive-capture.db")) as database:
        lost, number = database.execute(
            "SELECT r.id, p.number FROM pr_reviews r JOIN pull_requests p ON p.id = r.pull_request_id LIMIT 1"
        ).fetchone()
        database.execute("DELETE FROM pr_reviews WHERE id = ?", (lost,))
        database.commit()
    found = pc.answer("verify", NAME, code=3)
    assert [(each["number"], each["kind"]) for each in found["findings"]] == [(number, "reviews")]


def test_a_plan_comes_near_what_the_capture_takes(pc: Program) -> None:
    planned = pc.answer("plan", NAME)
    taken = pc.answer("capture", NAME)
    assert planned["points_spent"] <= 5
    assert abs(planned["points"] - taken["points"]) <= 2
    assert abs(planned["requests"] - taken["requests"]) <= 4
    again = pc.answer("plan", NAME)
    assert (again["listed"], again["read"]) == (1, 0), "the walk ends at the first older than the last one began"
    assert again["requests"] == pc.answer("capture", NAME)["requests"]


def test_a_repository_that_was_never_captured_whole_is_not_complete(pc: Program) -> None:
    pc.answer("plan", NAME)
    looked_up = pc.answer("verify", NAME, code=3)
    assert (looked_up["complete"], looked_up["pull_requests"], looked_up["unlisted"]) == (False, 0, 60)
    pc.answer("capture", NAME, "--limit", "2")
    part = pc.answer("verify", NAME, code=3)
    assert (part["captured_whole"], part["pull_requests"], part["unlisted"]) == (False, 2, 58)


def test_a_part_says_what_it_is(pc: Program) -> None:
    part = pc.answer("capture", NAME, "--limit", "5", "--only", "reviews,commits")
    assert (part["mode"], part["complete"], part["pull_requests_read"]) == ("part", True, 5)
    assert part["rows_held"]["pr_files"] == 0


def test_ctrl_c_stops_after_the_page_and_the_same_command_goes_on(slow_pc: Program) -> None:
    capture = slow_pc.start("capture", NAME)
    wait_for(capture, "reading")
    capture.send_signal(signal.SIGINT)
    out, err = capture.communicate(timeout=60)
    assert capture.returncode == 130
    assert "Stopping after this page" in err
    stopped = re.search(rf"^{NAME}: stopped \((\d+) pull requests? read in .*, first capture\)", out)
    assert stopped, out
    rest = slow_pc.answer("capture", NAME)
    assert (rest["complete"], rest["mode"], rest["resumed"]) == (True, "first", True)
    assert int(stopped[1]) + rest["pull_requests_read"] == 120
    assert rest["forecast"]["points"] > rest["points"] > 0, "it covers the run that was stopped too"
    assert rest["rows_held"]["pull_requests"] == 120


def test_a_second_ctrl_c_stops_at_once(slow_pc: Program) -> None:
    capture = slow_pc.start("capture", NAME)
    wait_for(capture, "reading")
    capture.send_signal(signal.SIGINT)
    wait_for(capture, "Stopping")
    capture.send_signal(signal.SIGTERM)
    capture.communicate(timeout=60)
    assert capture.returncode == 130
    assert slow_pc.answer("capture", NAME)["complete"]


def test_a_second_process_is_refused_while_the_first_lives_and_takes_over_once_it_is_killed(
    slow_pc: Program, slow_github: Running
) -> None:
    capture = slow_pc.start("capture", NAME)
    wait_for(capture, "reading")
    slow_github.process.send_signal(signal.SIGSTOP)  # so that the first cannot end meanwhile
    try:
        refused = slow_pc.run("capture", NAME)
        assert capture.poll() is None
    finally:
        capture.kill()
        capture.communicate()
        slow_github.process.send_signal(signal.SIGCONT)
    assert refused.returncode == 1
    assert f"process {capture.pid} on " in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert slow_pc.answer("capture", NAME)["complete"]


def test_no_secret_is_written_anywhere(pc: Program) -> None:
    pc.settings["PC_DEBUG"] = "1"
    ran = pc.run("capture", NAME)
    assert ran.returncode == 0
    assert "HTTP" in ran.stderr, "with PC_DEBUG each request is logged"
    assert TOKEN not in ran.stdout + ran.stderr
    for path in pc.folder.iterdir():
        assert TOKEN.encode() not in path.read_bytes(), path.name
