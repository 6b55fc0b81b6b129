"""`pc` as a process, when it cannot go on: one sentence that says what to do, an exit code, nothing half-written."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.forking import Spawner, unmeasured
from tests.support.program import TOKEN, Program
from tests.support.stand_ins import Running, Start

NAME = "sandbox/demo"


@pytest.fixture(scope="module")
def github(serve: Start, tmp_path_factory: pytest.TempPathFactory) -> Running:
    tokens = tmp_path_factory.mktemp("tokens") / "tokens.json"
    tokens.write_text(json.dumps({"tokens": {TOKEN: {"user": "octocat"}}}))
    return serve("--repo", f"{NAME}=generate:20", "--tokens", tokens)


@pytest.fixture
def pc(tmp_path: Path, spawner: Spawner, github: Running) -> Program:
    return Program(tmp_path, spawner, {"PC_GITHUB_API_URL": github.url, "PC_GITHUB_TOKEN": TOKEN})


def refusal(pc: Program, *arguments: str, code: int = 1, before: Sequence[str] = ()) -> str:
    """The one sentence of a command that ends with `code`."""
    ran = pc.run(*arguments, before=before)
    assert ran.returncode == code, ran.stderr
    assert ran.stdout == ""
    assert ran.stderr.count("\n") == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    assert TOKEN not in ran.stderr
    return ran.stderr.strip()


def test_an_unknown_repository(pc: Program) -> None:
    assert "check the name and the token" in refusal(pc, "capture", "no/such")


def test_a_wrong_token(pc: Program) -> None:
    pc.settings["PC_GITHUB_TOKEN"] = "ghp_wrong"
    said = refusal(pc, "capture", NAME)
    assert "token" in said
    assert "ghp_wrong" not in said


def test_a_github_that_does_not_answer(pc: Program) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        pc.settings["PC_GITHUB_API_URL"] = f"http://{address}"
        # By one API: each is asked five times, with pauses.
        ran = pc.run("capture", NAME, "--source", "graphql")
    *notes, sentence = ran.stderr.splitlines()
    assert (ran.returncode, ran.stdout) == (1, "")
    assert sentence.startswith(f"{NAME}: The connection to GitHub at {address} failed: ")
    assert [note.rpartition(". ")[2] for note in notes] == [
        f"Trying again ({attempt} of 5)." for attempt in range(2, 6)
    ]


@pytest.mark.parametrize(("tokens", "place"), [(f"ghp_wrong,{TOKEN}", 1), (f"{TOKEN},ghp_wrong", 2)])
def test_of_several_tokens_the_one_that_is_refused_is_named_by_its_place_and_left_out(
    pc: Program, tokens: str, place: int
) -> None:
    pc.settings["PC_GITHUB_TOKENS"] = tokens
    ran = pc.run("capture", NAME)
    assert ran.returncode == 0, ran.stderr
    (said,) = [line for line in ran.stderr.splitlines() if "does not accept" in line]
    assert f"Token {place} of 2: GitHub does not accept the token" in said
    assert said.endswith("The work goes on without it.")
    assert "ghp_wrong" not in ran.stderr
    assert pc.answer("verify", NAME, "--live")["complete"]
    assert pc.answer("plan", NAME)["read"] == 0


def test_with_all_tokens_refused_nothing_is_captured(pc: Program) -> None:
    pc.settings["PC_GITHUB_TOKENS"] = "ghp_wrong,ghp_wrong_too"
    ran = pc.run("capture", NAME)
    assert (ran.returncode, ran.stdout) == (1, "")
    first, second = ran.stderr.splitlines()
    assert "Token 1 of 2: GitHub does not accept the token" in first
    assert "Token 2 of 2: GitHub does not accept the token" in second
    assert not second.endswith("without it.")
    assert "ghp_wrong" not in ran.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PC_GITHUB_API_URL", "http://github.example.com"),
        ("PC_GITHUB_API_URL", "github.com"),
        ("PC_REST_PER_MINUTE", "fast"),
        ("PC_APP_ID", "12"),
    ],
)
def test_settings_that_cannot_be_used_leave_no_database_behind(pc: Program, name: str, value: str) -> None:
    pc.settings[name] = value
    assert name in refusal(pc, "capture", NAME, code=2)
    assert list(pc.folder.iterdir()) == []


def test_names_are_judged_before_anything_is_made(pc: Program) -> None:
    assert "owner/name" in refusal(pc, "capture", "sandbox", code=2)
    assert list(pc.folder.iterdir()) == []


def test_verifying_makes_no_database(pc: Program) -> None:
    assert "pc capture, pc track or pc worker makes it" in refusal(pc, "verify", NAME)
    assert list(pc.folder.iterdir()) == []


def test_verifying_what_was_never_captured(pc: Program) -> None:
    pc.answer("capture", NAME)
    assert "pc capture sandbox/other" in refusal(pc, "verify", "sandbox/other")


@pytest.mark.parametrize(
    ("url", "sentence", "code"),
    [
        ("/no/such/folder/capture.db", "there is no folder /no/such/folder", 1),
        ("mysql://user:secret@host/name", "DATABASE_URL cannot be used", 2),
        ("postgresql://user:secret@127.0.0.1:1/name?colour=red", "DATABASE_URL cannot be used", 2),
        ("postgresql://user:secret@127.0.0.1:1/name", "check host, port and network", 1),
    ],
)
def test_databases_that_cannot_be_opened(pc: Program, url: str, sentence: str, code: int) -> None:
    pc.settings["DATABASE_URL"] = url
    said = refusal(pc, "capture", NAME, code=code)
    assert sentence in said
    assert "secret" not in said


def test_a_wrong_database_password(pc: Program, pg_url: str) -> None:
    user, _, host = pg_url.partition("@")
    pc.settings["DATABASE_URL"] = f"{user[: user.rindex(':')]}:wrong-one@{host}"
    said = refusal(pc, "capture", NAME)
    assert "user or password" in said
    assert "wrong-one" not in said


def test_a_file_that_is_no_database(pc: Program) -> None:
    (pc.folder / "progressive-capture.db").write_text("a letter, not a database" * 100)
    assert "is not a SQLite database" in refusal(pc, "capture", NAME)
    assert (pc.folder / "progressive-capture.db").read_text().startswith("a letter")


def test_a_schema_of_a_newer_program(pc: Program) -> None:
    pc.answer("capture", NAME)
    with sqlite3.connect(pc.folder / "progressive-capture.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for command in ("capture", "plan", "verify"):
        assert "newer version" in refusal(pc, command, NAME)


def bound_by_permissions() -> list[str]:
    """What to put before a command so that a file's mode counts: root may write anything, unless it lets go of that."""
    if os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        pytest.skip("root writes to every file, and setpriv is not here")
    dropped = "-dac_override,-dac_read_search"
    return ["setpriv", f"--bounding-set={dropped}", f"--inh-caps={dropped}"]


def test_a_database_that_may_not_be_written(pc: Program) -> None:
    pc.answer("capture", NAME)
    for path in pc.folder.iterdir():
        path.chmod(0o444)
    pc.folder.chmod(0o555)
    assert "the folder . may not be written" in refusal(pc, "capture", NAME, before=bound_by_permissions())
    pc.folder.chmod(0o755)


def test_a_full_disk(pc: Program) -> None:
    """A limit on the size of files stands in for the disk's end: what was written is kept, and goes on later."""
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))\n"
        "from progressive_capture.operator.cli import main\n"
        "main()\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, "capture", NAME],
        cwd=pc.folder, env=unmeasured(pc.environment()), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 1, ran.stderr + ran.stdout
    assert "Traceback" not in ran.stderr
    assert "Something unexpected" not in ran.stderr
    assert pc.answer("capture", NAME)["complete"]


def test_output_that_nobody_reads_is_no_traceback(pc: Program) -> None:
    pc.answer("capture", NAME)
    verify = pc.start("verify", NAME)
    verify.stdout.close()
    said = verify.stderr.read()
    verify.wait(60)
    verify.stderr.close()
    assert "Traceback" not in said
    assert "BrokenPipe" not in said
