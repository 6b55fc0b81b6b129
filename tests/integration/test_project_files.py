"""What the set-up promises: locks that anybody's index can serve, a made-up token, refusals in one sentence."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from scripts import demo
from tests.conftest import ROOT

PYTHON_WITHOUT_VENV = """#!/bin/sh
case "$*" in
    *_base_executable*) echo "$0" ;;
    *ensurepip*) exit 1 ;;
    *python%d*) echo python3-venv ;;
esac
"""
LOCKED = re.compile(r"[a-z0-9-]+(\[[a-z0-9, -]+\])?==\S+( ; [^\\]+)? \\(\n    --hash=sha256:[0-9a-f]{64}( \\)?)+")
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def _make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {"PATH": os.defpath} | environment
    return subprocess.run(
        ["make", "-s", *arguments], cwd=ROOT, env=kept, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_has_hashes_and_names_no_index(lock: Path) -> None:
    text = lock.read_text()
    requirements = re.split(r"\n(?=\S)", text.strip())
    assert len(requirements) > 0
    for requirement in requirements:
        assert LOCKED.fullmatch(requirement)


def test_the_npm_lock_has_hashes_and_names_no_registry() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    del packages[""]
    assert packages
    for package in packages.values():
        assert package["integrity"].startswith("sha512-")
        assert "resolved" not in package


def test_what_runs_is_locked_alike_for_users_and_for_tests() -> None:
    run, dev = (
        {*re.findall(r"^\S+==\S+", (ROOT / f"requirements/{name}.txt").read_text(), re.MULTILINE)}
        for name in ("run", "dev")
    )
    assert run <= dev


def test_the_makefile_explains_each_of_its_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE)
    told = re.findall(r"^make ([a-z-]+)\t", _make("help").stdout, re.MULTILINE)
    assert len(targets) <= 20
    assert set(told) == set(targets) - {"run-env", "dev-env"}


def test_without_a_python_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    refused = subprocess.run(
        ["sh", "scripts/setup.sh", "run", str(tmp_path / "venv"), "/no/such/python"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "install it, or run 'make PYTHON=" in refused.stderr
    assert not (tmp_path / "venv").exists()


def test_without_venv_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text(PYTHON_WITHOUT_VENV)
    bare.chmod(0o755)
    programs = tmp_path / "programs"  # no apt-get among them
    programs.mkdir()
    for name in ("cat", "cksum", "dirname", "id", "sh"):
        (programs / name).symlink_to(
            next(Path(folder, name) for folder in ("/usr/bin", "/bin") if Path(folder, name).exists())
        )
    refused = subprocess.run(
        [programs / "sh", "scripts/setup.sh", "run", str(tmp_path / "venv"), str(bare)],
        cwd=ROOT,
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "run 'sudo apt install python3-venv'" in refused.stderr


def test_the_demonstration_takes_no_github_setting_from_its_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "PC_GITHUB_TOKENS",
        "PC_APP_PRIVATE_KEY",
        "CONTRIBUTOR_APP_ID",
        "GITHUB_API_URL",
    ):
        monkeypatch.setenv(name, "the caller's own")
    given = demo.environment("http://127.0.0.1:1")
    assert "the caller's own" not in given.values()
    assert given["PC_GITHUB_API_URL"] == "http://127.0.0.1:1"
    assert given["PC_GITHUB_TOKENS"] == demo.MADE_UP_TOKEN
