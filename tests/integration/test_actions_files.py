"""The rendered workflows, as the linters of others see them; none of them needs the network."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from progressive_capture.engines.actions.rendering import FORM, WHERE, render

TOOLS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that holds all of them, with their schedules."""
    root: Path = tmp_path_factory.mktemp("repository")
    folder = root / WHERE
    folder.mkdir(parents=True)
    for name, text in render(scheduled=True).items():
        (folder / name).write_text(text)
    subprocess.run(["git", "init", "-q", root], check=True)
    return root


def ran(repository: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False, timeout=120)


def audited(repository: Path, *flags: str) -> list[dict[str, Any]]:
    told = ran(
        repository, TOOLS / "zizmor", "--offline", "--no-config", "--persona=auditor", "--format=json", *flags, "."
    )
    found: list[dict[str, Any]] = json.loads(told.stdout)
    return found


def test_zizmor_finds_nothing_but_what_has_its_reason(repository: Path) -> None:
    assert audited(repository) == []
    accepted = {each["ident"] for each in audited(repository, "--no-ignores")}
    assert accepted == {"self-repository"}
    assert FORM.startswith("# zizmor: ignore[self-repository] ")


def test_they_are_what_the_published_schema_describes(repository: Path) -> None:
    files = sorted((repository / WHERE).iterdir())
    told = ran(repository, TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files)
    assert told.returncode == 0, told.stdout


def test_act_takes_them_strictly(repository: Path) -> None:
    told = ran(repository, TOOLS / "act", "--validate", "--strict", "-W", WHERE)
    assert told.returncode == 0, told.stderr
