import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from progressive_capture.domain.errors import UsageError
from progressive_capture.engines.actions.installing import Gh, GhFailed, Installation, Ran, commands, run
from progressive_capture.engines.actions.rendering import MARK, render
from tests.support.little_gh import LittleGh

DATABASE = "postgresql://capture:hunter2@db.example/capture"
KEY = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
WANTED = Installation(
    "o/jobs",
    "github.com",
    {"DATABASE_URL": DATABASE, "PC_APP_PRIVATE_KEY": KEY},
    {"PC_APP_ID": "7", "PC_INSTALL": "pipx install progressive-capture"},
)


def test_files_secrets_and_variables_are_brought_there_in_one_commit() -> None:
    gh = LittleGh()
    done = Gh("gh", gh).install(WANTED)
    assert gh.files == render()
    assert [each["sha"] for each in gh.commits] == [done.commit] == ["new-tree-head0"]
    assert gh.settings == {"secret": dict(WANTED.secrets), "variable": dict(WANTED.variables)}
    assert (done.files, done.secrets) == (tuple(sorted(render())), ("DATABASE_URL", "PC_APP_PRIVATE_KEY"))


def test_no_value_is_an_argument_nor_shown() -> None:
    gh = LittleGh()
    Gh("gh", gh).install(WANTED)
    arguments = " ".join(" ".join(each) for each in gh.commands)
    shown = arguments + repr(WANTED) + "\n".join(commands(WANTED))
    assert "hunter2" not in shown
    assert "c2VjcmV0" not in shown


def test_what_is_current_is_not_committed_again() -> None:
    gh = LittleGh(files=render())
    assert Gh("gh", gh).install(WANTED).commit is None
    assert gh.commits == []
    gh.files["bulk-capture.yml"] = MARK + "name: of an earlier version\n"
    assert Gh("gh", gh).install(WANTED).files == ("bulk-capture.yml",)
    assert gh.files == render()


def test_files_of_others_are_left_alone_and_then_nothing_is_changed() -> None:
    gh = LittleGh(files={"bulk-capture.yml": "name: mine\n", "ci.yml": "name: mine too\n"})
    with pytest.raises(UsageError, match=r"not rendered here: move bulk-capture\.yml away first"):
        Gh("gh", gh).install(WANTED)
    assert gh.commits == []
    assert gh.settings == {"secret": {}, "variable": {}}


def test_somebody_has_to_say_how_pc_is_installed() -> None:
    gh = LittleGh()
    silent = Installation("o/jobs", "github.com", WANTED.secrets, {})
    with pytest.raises(UsageError, match="give what installs pc there by --install-command"):
        Gh("gh", gh).install(silent)
    assert gh.commits == []
    gh.settings["variable"]["PC_INSTALL"] = "make install"
    assert Gh("gh", gh).install(silent).variables == ()


def test_a_refusal_is_one_sentence_without_values() -> None:
    gh = LittleGh(refuses="secret set")
    with pytest.raises(GhFailed) as refused:
        Gh("gh", gh).install(WANTED)
    assert str(refused.value) == (
        "gh secret set DATABASE_URL --repo github.com/o/jobs: gh: Resource not accessible by integration (HTTP 403)"
    )


def test_an_answer_that_is_no_json_is_told_of() -> None:
    with pytest.raises(GhFailed, match="bring it up to date"):
        Gh("gh", lambda *_: Ran(0, "<html>", "")).install(WANTED)


def test_the_commands_are_what_a_shell_understands() -> None:
    told = commands(Installation("o/jobs", "ghe.example", WANTED.secrets, WANTED.variables, scheduled=True))
    assert "pc workflows render --out workflows-of-pc/.github/workflows --schedule" in told
    secret = ': "${DATABASE_URL:?}" && printf %s "$DATABASE_URL" | gh secret set DATABASE_URL --repo ghe.example/o/jobs'
    assert secret in told
    assert all(shlex.split(line) for line in told)


def test_a_variable_is_told_as_it_is_and_a_secret_is_never_set_to_nothing(tmp_path: Path) -> None:
    install = "pipx install 'progressive-capture[inngest]' && echo \"it's $HOME\""
    told = commands(Installation("o/jobs", "github.com", {"DATABASE_URL": DATABASE}, {"PC_INSTALL": install}))
    (tmp_path / "gh").write_text('#!/bin/sh\nprintf "%s=" "$3"; cat\n')
    (tmp_path / "gh").chmod(0o755)
    lines = [line for line in told if " | gh " in line]
    path = {"PATH": f"{tmp_path}:/bin:/usr/bin"}
    ran = [subprocess.run(["/bin/sh", "-c", line], env=path, capture_output=True, check=False) for line in lines]
    assert [each.stdout.decode() for each in ran] == ["", f"PC_INSTALL={install}"]
    assert ran[0].returncode != 0


def test_a_program_gets_its_input_and_one_that_is_not_there_is_told_of() -> None:
    script = "import sys; print(sys.stdin.read().upper()); sys.exit(3)"
    assert run([sys.executable, "-c", script], "given") == Ran(3, "GIVEN\n", "")
    with pytest.raises(GhFailed, match="/no/such/gh cannot be started"):
        run(["/no/such/gh"], "")
