"""Help: it is there at once, brings no heavy library with it, and the documents say the same."""

import json
import os
import re
import subprocess
import sys

import pytest

from progressive_capture.domain.errors import ExitCode
from progressive_capture.operator import findings, summary
from progressive_capture.operator.commands.plan import told as plan_told
from progressive_capture.operator.commands.verify import told as verify_told
from progressive_capture.operator.registry import COMMANDS
from tests.conftest import ROOT
from tests.support.forking import unmeasured
from tests.unit.operator.test_capture_command import captured
from tests.unit.operator.test_plan_and_verify_commands import GAP, planned, verification

HEAVY = {
    "aiohttp",
    "alembic",
    "fastapi",
    "httpx",
    "inngest",
    "jwt",
    "msgspec",
    "psutil",
    "psycopg",
    "pydantic",
    "pydantic_settings",
}
HEAVY |= {"rich", "sqlalchemy", "structlog"}
REFERENCE = ROOT / "docs" / "reference"
CALLS = [["pc", "--version"], ["pc", "--help"], ["rollout", "--help"]]
CALLS += [[command.program, command.name, "--help"] for command in COMMANDS]


# Each call in a process that has imported no more than any start does: forked, for starting anew takes longest.
EACH_CALL = """
import json, os, sys
from progressive_capture.operator.cli import main

ends = []
for program, *arguments in json.loads(sys.argv[1]):
    reading, writing = os.pipe()
    if not os.fork():
        sys.argv[1:] = arguments
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            main(program)
        except SystemExit as end:
            os.write(writing, json.dumps([end.code, sorted({name.partition(".")[0] for name in sys.modules})]).encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as answer:
        ends.append(json.load(answer))
    os.wait()
print(json.dumps(ends))
"""


@pytest.fixture(scope="module")
def ends() -> dict[str, tuple[int, list[str]]]:
    """The exit code of each call and what it had imported."""
    ran = subprocess.run(
        [sys.executable, "-c", EACH_CALL, json.dumps(CALLS)],
        env=unmeasured(os.environ),  # noqa: TID251 - a child's environment
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(map(" ".join, CALLS), json.loads(ran.stdout), strict=True))


@pytest.mark.parametrize("call", [*map(" ".join, CALLS)])
def test_help_imports_no_heavy_library(ends: dict[str, tuple[int, list[str]]], call: str) -> None:
    exit_code, packages = ends[call]
    assert exit_code == 0
    assert "progressive_capture" in packages
    assert {*packages} & HEAVY == set()


def test_a_bare_pc_shows_its_help_and_is_a_mistake() -> None:
    ran = subprocess.run([sys.executable, "-m", "progressive_capture"], capture_output=True, text=True, check=False)
    assert ran.returncode == ExitCode.USAGE
    assert ran.stderr.startswith("Usage: pc ")
    assert ran.stdout == ""


def test_the_command_reference_is_what_help_says() -> None:
    script = ROOT / "scripts" / "cli_reference.py"
    ran = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    text = (REFERENCE / "cli.md").read_text()
    assert all(f"### {command.program} {command.name}\n" in text for command in COMMANDS)


def test_every_exit_code_is_documented_and_no_other() -> None:
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", (REFERENCE / "exit-codes.md").read_text(), re.MULTILINE)
    assert {(int(code), name) for code, name in rows} == {(code.value, code.name.lower()) for code in ExitCode}


async def test_every_key_of_the_json_output_is_documented() -> None:
    documents = [
        summary.told(captured("o/n"), "db").document,
        plan_told(await planned(None, "o/n")).document,  # type: ignore[arg-type] # it asks nothing of the works
        verify_told(verification()).document,
        findings.document(GAP),
    ]
    documented = set(re.findall(r"`(\w+)`", (REFERENCE / "json.md").read_text()))
    assert {key for document in documents for key in document} <= documented
