"""`pc workflows install` with a `gh` of the test's own, which keeps what it is called with and what it is given."""

import io
import json
from pathlib import Path

import pytest

from progressive_capture.engines.actions.files import blob
from progressive_capture.engines.actions.rendering import render
from progressive_capture.operator.cli import run
from progressive_capture.operator.desk import Desk
from progressive_capture.settings import Settings, names
from progressive_capture.wiring import wire

DATABASE = "postgresql://capture:hunter2@db.example/capture"
KEY = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
GH = """#!/bin/sh
printf '%s\\n' "$*" >>'FOLDER/called'
case "$1 $2" in
"api --hostname")
    cat 'FOLDER/'"$(printf %s "$4" | tr '/?=' ___)" 2>/dev/null && exit
    echo 'gh: Not Found (HTTP 404)' >&2
    exit 1
    ;;
*) cat >'FOLDER/given_'"$3" ;;
esac
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `gh` keeps, and what it answers with: a repository whose files are current."""
    for field in Settings.model_fields:
        for name in names(field):
            monkeypatch.delenv(name, raising=False)
    program = tmp_path / "bin" / "gh"
    program.parent.mkdir()
    program.write_text(GH.replace("FOLDER", str(tmp_path)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("DATABASE_URL", DATABASE)
    listed = [{"name": name, "sha": blob(text)} for name, text in render().items()]
    (tmp_path / "repos_o_jobs").write_text('{"default_branch": "main"}')
    (tmp_path / "repos_o_jobs_contents_.github_workflows_ref_main").write_text(json.dumps(listed))
    return tmp_path


def install(*flags: str) -> tuple[int, str]:
    out = io.StringIO()
    return run(["workflows", "install", "o/jobs", *flags], Desk(out, out, wire)), out.getvalue()


def given(folder: Path) -> dict[str, str]:
    return {path.name.removeprefix("given_"): path.read_text() for path in folder.glob("given_*")}


def test_an_app_goes_there_with_the_settings_that_were_given(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = folder / "key.pem"
    key.write_text(KEY)
    for name, value in {
        "PC_APP_ID": "Iv23",
        "PC_APP_PRIVATE_KEY_FILE": str(key),
        "PC_HYBRID_EMERGENCY_STOP": "true",
        "PC_QUOTA_MODE": "reroute",
        "PC_HYBRID_ROLLOUT_PERCENTAGE": "12.5",
        "GITHUB_TOKEN": "ghp_not-for-runs",
    }.items():
        monkeypatch.setenv(name, value)
    code, told = install("--install-command", "pipx install progressive-capture")
    assert code == 0, told
    assert given(folder) == {
        "DATABASE_URL": DATABASE,
        "PC_APP_PRIVATE_KEY": KEY,
        "PC_APP_ID": "Iv23",
        "PC_HYBRID_EMERGENCY_STOP": "1",
        "PC_QUOTA_MODE": "reroute",
        "PC_HYBRID_ROLLOUT_PERCENTAGE": "12.5",
        "PC_INSTALL": "pipx install progressive-capture",
    }
    assert "no commit, the files were current; secrets DATABASE_URL, PC_APP_PRIVATE_KEY;" in told
    for text in (told, (folder / "called").read_text()):
        assert "hunter2" not in text
        assert "c2VjcmV0" not in text


def test_tokens_go_there_where_no_app_is_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PC_GITHUB_TOKENS", "ghp_one,ghp_two")
    monkeypatch.setenv("PC_APP_INSTALLATION_ID", "7")
    assert install("--install-command", "true")[0] == 0
    assert given(folder) == {"DATABASE_URL": DATABASE, "PC_GITHUB_TOKENS": "ghp_one\nghp_two", "PC_INSTALL": "true"}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"DATABASE_URL": "capture.db", "PC_GITHUB_TOKENS": "t"}, "Runners cannot reach a SQLite file"),
        ({}, "Runs need an App or tokens"),
        ({"PC_GITHUB_TOKENS": "t"}, "give what installs pc there by --install-command"),
    ],
)
def test_what_runs_could_not_work_with_is_refused(
    settings: dict[str, str], said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    code, told = install()
    assert (code, given(folder)) == (2, {})
    assert said in told


@pytest.mark.parametrize("flags", [(), ("--print",)])
def test_without_gh_the_commands_are_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PC_GITHUB_TOKENS", "ghp_one")
    if not flags:
        monkeypatch.setenv("PATH", str(folder / "nothing"))
    code, told = install("--install-command", "true", *flags)
    assert (code, given(folder)) == (0, {})
    assert ("GitHub's gh is not here" in told) == (not flags)
    assert 'printf %s "$DATABASE_URL" | gh secret set DATABASE_URL --repo github.com/o/jobs' in told
    assert "printf %s true | gh variable set PC_INSTALL --repo github.com/o/jobs" in told
    assert "PC_INSTALL is not set by these" not in told
    assert "ghp_one" not in told
    assert "hunter2" not in told
    assert "PC_INSTALL is not set by these" in install("--print")[1]
