"""The command line: what is given wrongly is told in one line, with exit 2 and no traceback."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.forking import Spawner

ONE_REPOSITORY = ("--repo", "a/b=generate:1")


class Ended(NamedTuple):
    """A command that has ended."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Ended]


@pytest.fixture
def run(spawner: Spawner, tmp_path: Path) -> Run:
    """Run the command with arguments to its end."""

    def end(*arguments: str | Path) -> Ended:
        environment = dict(os.environ)  # noqa: TID251 - a child's environment
        child = spawner.start("github_sandbox.cli", [], ["github-sandbox", *map(str, arguments)], tmp_path, environment)
        out, errors = child.communicate()
        return Ended(child.wait(), out, errors)

    return end


@pytest.fixture
def malformed(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"number": 1}\nnot json\n')
    return path


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("serve", "--nonsense"), "--nonsense"),
        (("serve", "--port", "x"), "--port"),
        (("serve", "--points", "0"), "--points"),
        (("serve", "--rounding", "down"), "--rounding"),
        (("serve", "--repo", "no-equals-sign"), "no-equals-sign"),
        (("serve", "--repo", "a/b=generate:many"), "generate:many"),
        (("serve", "--repo", "a/b=/nowhere/at/all.jsonl"), "/nowhere/at/all.jsonl"),
        (("serve", "--tokens", "/nowhere/tokens.json"), "/nowhere/tokens.json"),
        (("serve", "--faults", "/nowhere/faults.json"), "/nowhere/faults.json"),
        (("serve", "--webhook-url", "ftp://x"), "ftp://x"),
        (("serve", "--webhook-url", "http://[::1/hook"), "http://[::1/hook"),
        (("serve", "--webhook-url", "http://x:99999/"), "http://x:99999/"),
        ((), "serve"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(run: Run, arguments: tuple[str, ...], told: str) -> None:
    ended = run(*arguments)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert told in ended.stderr


@pytest.mark.parametrize("flag", ["--tokens", "--faults"])
@pytest.mark.parametrize("suffix", ["json", "toml"])
def test_a_file_that_is_nested_too_deeply_is_told(run: Run, tmp_path: Path, flag: str, suffix: str) -> None:
    path = tmp_path / f"deep.{suffix}"
    path.write_text(("a = " if suffix == "toml" else "") + "[" * 100_000)
    ended = run("serve", flag, path)
    assert ended.returncode == 2
    assert ended.stderr == f"github-sandbox: {path} is nested too deeply to be read\n"


@pytest.mark.parametrize(
    ("flag", "text", "told"),
    [
        ("--tokens", '{"tokens": {"a": {"user": "x", "points": -1}}}', "points must be a whole number from 0"),
        ("--faults", '{"faults": [{"effect": {"delay_ms": NaN}}]}', "delay_ms must be a number"),
    ],
)
def test_a_value_that_makes_no_sense_is_told(run: Run, tmp_path: Path, flag: str, text: str, told: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(text)
    ended = run("serve", flag, path)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert str(path) in ended.stderr
    assert told in ended.stderr


def test_a_malformed_population_names_its_line(run: Run, malformed: Path) -> None:
    ended = run("serve", "--repo", f"a/b={malformed}")
    assert ended.returncode == 2
    assert str(malformed) in ended.stderr
    assert "line 1" in ended.stderr or "line 2" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_port_that_is_taken_is_told(run: Run) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        ended = run("serve", "--port", str(port), *ONE_REPOSITORY)
    assert ended.returncode == 2
    assert f"port {port}" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "github_sandbox", "serve", "--port", "0", *ONE_REPOSITORY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready http://127.0.0.1:")
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


def test_help_names_every_flag(run: Run) -> None:
    ended = run("serve", "--help")
    assert ended.returncode == 0
    for flag in ("--port", "--repo", "--seed", "--secondary", "--faults", "--tokens", "--real-time", "--window"):
        assert flag in ended.stdout
