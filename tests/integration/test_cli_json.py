"""What commands answer with `--json`: one document, shaped as the reference says, for every command of the registry."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import delete, select, update

from progressive_capture.domain.jobs import Processor
from progressive_capture.operator.cli import application
from progressive_capture.operator.registry import COMMANDS, Command, Danger
from progressive_capture.store.tables import JOBS, PR_COMMITS, REPOSITORIES
from tests.contract.insight_rows import add_job, judge, settle
from tests.support.counter import Counter, Heard, counter, template
from tests.support.json_reference import Reference
from tests.support.program import TOKEN
from tests.support.stand_ins import Running, Start

NAMES: Final = ("acme/one", "acme/two", "other/three")
NOBODY: Final = "00000000-0000-4000-8000-000000000000"

ELSEWHERE: Final = {"serve", "inngest", "run", "workflows"}
"""They run until they are stopped, or want a service or a dispatched run: their own tests ask them."""

WHEN_STOPPED: Final = {
    ("capture", "repositories_left"),
    ("verification", "repositories_left"),
    ("verification", "interrupted"),
    ("plan", "interrupted"),
}
"""Keys that only a signal brings: tests of single commands send one."""

ANSWERING: Final = [
    command
    for command in COMMANDS
    if "json" in {each.name for each in application(command.program).commands[command.name].params}
]

MORE: Final = (
    "pc capture acme/two --numbers 1,99999",
    "pc capture no/such",
    "pc plan acme/one",
    "pc plan no/such",
    "pc verify acme/one --live",
    "pc verify no/such",
    "pc cancel --state pending --dry-run",
    "pc retry --all --dry-run",
    "pc routing-analysis --small 0 --large 0 --recent-hours 0",
    "pc bootstrap --dry-run",
    "pc submit acme/two --trigger automatic",
    "pc quick-fix other/three",
)
"""Further commands, which answer with what the plain ones may leave out."""


@pytest.fixture(scope="module")
def github(serve: Start) -> Running:
    return serve(*(word for name in NAMES for word in ("--repo", f"{name}=generate:3")), "--repo", "hostile")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, github: Running) -> Path:
    return template(tmp_path_factory.mktemp("template"), github.url)


@pytest.fixture
def at(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, github: Running) -> Counter:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PC_QUOTA_GITHUB_ACTIONS_RUNNER_MINUTES", "100")
    return counter(made, tmp_path, monkeypatch, PC_GITHUB_API_URL=github.url, PC_GITHUB_TOKEN=TOKEN)


def words(command: Command, values: dict[str, str]) -> list[str]:
    """A command line that means something: arguments by what its help calls them, consent where it is wanted."""
    options, arguments = list[str](), list[str]()
    for each in application(command.program).commands[command.name].params:
        if each.param_type_name == "argument" and each.metavar in values:
            arguments.append(values[each.metavar])
        elif each.name in {"yes", "drain"}:
            options.append(each.opts[0])
        elif each.name == "reason":
            options += ["--reason", "to see"]
    return [command.name, *options, "--json", *arguments]


def actions(command: Command, values: dict[str, str]) -> list[str]:
    """A command line for each of the things that a command does, where it does several."""
    if command.name in ELSEWHERE:
        return []
    parameters: list[Any] = application(command.program).commands[command.name].params
    arguments = [each for each in parameters if each.param_type_name == "argument" and each.metavar not in values]
    choices = [str(choice) for each in arguments for choice in each.type_descriptor.choices or ()]
    return [f"{command.program} {command.name} {choice}" for choice in choices]


def document(heard: Heard, said: str) -> Any:
    """The one document of an answer, or None where nothing could be begun, which is told in one sentence."""
    assert "Something unexpected" not in heard.err, said
    if not heard.out:
        assert heard.code in {1, 2}, said
        assert heard.err.strip().count("\n") == 0, heard.err
        return None
    found = json.loads(heard.out)
    assert found["exit_code"] == heard.code, said
    return found


def fill(at: Counter) -> dict[str, str]:
    """Store some of everything that commands tell about; what to give for their arguments."""
    at.pc("track", *NAMES)
    at.pc("worker", "--drain")
    now = at.now()
    with at.database() as connection:
        for number in range(24):
            lane, failed = list(Processor)[number % 2], number == 3
            job = add_job(connection, now - timedelta(hours=2), processor=lane, started_at=None)
            outcome = "dead" if failed else "completed"
            settle(connection, job, now, lane, outcome=outcome, cost_microusd=number, price_book="2026")
            figures = {"average_processing_time": 1.0 + number, "points": number, "cost_usd": number / 1000}
            judge(connection, job, now, failed=failed, is_eligible=number % 4 < 2, processor_type=lane.value, **figures)
        dead = add_job(connection, now - timedelta(hours=2), status="dead", error="it broke", error_class="broken")
        settle(connection, dead, now, outcome="dead")
        add_job(connection, now, held_reason="the lane is off")
        stuck = {"status": "dispatched", "dispatch_deadline": "2026-01-01T00:00:00.000000Z"}
        add_job(connection, now, **stuck)
        add_job(connection, now, status="processing", route_rule="pc-capture")
        connection.execute(update(JOBS).where(JOBS.c.id == dead).values(route_rule="small"))
        third = select(REPOSITORIES.c.id).where(REPOSITORIES.c.name == "three").scalar_subquery()
        connection.execute(delete(PR_COMMITS).where(PR_COMMITS.c.repository_id == third))
    return {"NAME": "acme/one", "ID": dead, "PERCENTAGE": "10", "STRATEGY": "whitelist"}


def test_every_command_answers_as_the_reference_says(at: Counter) -> None:
    reference, values = Reference.read(), fill(at)
    for command in ANSWERING:
        line = words(command, values)
        if command.name in ELSEWHERE:
            continue
        name = f"{command.program} {command.name}"
        found = document(at.run(command.program, *line), name)
        assert found is not None, f"{name} had nothing to say: {line}"
        reference.hold(found, name, name)
    for asked in (*MORE, *(line for command in ANSWERING for line in actions(command, values))):
        program, name, *others = asked.split()
        reference.hold(document(at.run(program, name, *others, "--json"), asked), f"{program} {name}", asked)
    assert reference.faults == []
    assert reference.unseen() == WHEN_STOPPED


def test_on_an_empty_database_every_command_answers_or_says_why_not(at: Counter) -> None:
    reference = Reference.read()
    values = {"NAME": "acme/one", "ID": NOBODY, "PERCENTAGE": "10", "STRATEGY": "whitelist"}
    for command in sorted(ANSWERING, key=lambda each: each.danger is not Danger.NONE):
        if command.name == "serve":
            continue
        name = f"{command.program} {command.name}"
        found = document(at.run(command.program, *words(command, values)), name)
        if found is not None:
            reference.hold(found, name, name)
    assert reference.faults == []


def test_every_answering_command_stands_in_the_reference() -> None:
    assert {f"{each.program} {each.name}" for each in ANSWERING} <= set(Reference.read().shapes)
