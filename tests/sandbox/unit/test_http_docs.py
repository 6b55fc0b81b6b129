"""The reference pages name every flag, control route, key and refusal that there is."""

import dataclasses
import inspect
import re
from pathlib import Path

import pytest

from github_sandbox.cli import parser
from github_sandbox.composition import served_routes
from github_sandbox.config_file import Table, read_table
from github_sandbox.faults_file import Effect, Match, parse_rules
from github_sandbox.http import app_routes, control
from github_sandbox.refusals import FORMS

DOCS = Path(__file__).resolve().parents[3] / "docs" / "reference"


@pytest.fixture(scope="module")
def sandbox() -> str:
    return (DOCS / "sandbox.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def faults() -> str:
    return (DOCS / "sandbox-faults.md").read_text(encoding="utf-8")


def test_every_flag_is_documented_and_no_other(sandbox: str) -> None:
    flags = set(re.findall(r"--[a-z-]+", parser().format_help() + _serve_help())) - {"--help"}
    rows = set(re.findall(r"^\| `(--[a-z-]+)", sandbox, re.MULTILINE))
    assert rows == flags


def _serve_help() -> str:
    subparsers = next(action for action in parser()._actions if action.choices and "serve" in action.choices)
    assert isinstance(subparsers.choices, dict)
    return str(subparsers.choices["serve"].format_help())


def test_every_control_route_is_documented(sandbox: str) -> None:
    routes = re.findall(r'\("(GET|POST)", "([a-z-]+)"\)', inspect.getsource(control))
    assert len(routes) == 8
    for method, name in routes:
        assert f"`{method} /_sandbox/{name}`" in sandbox


def test_every_app_route_is_documented(sandbox: str) -> None:
    written = {"{installation_id}": "ID", "{delivery_id}": "ID", "{owner}": "OWNER", "{repo}": "NAME"}
    assert len(app_routes.ROUTES) == 7
    for route in app_routes.ROUTES:
        path = re.sub(r"\{\w+\}", lambda found: written[found[0]], route.template)
        assert f"`{route.method} {path}`" in sandbox


def test_every_key_of_a_fault_is_documented(faults: str) -> None:
    for name in (field.name for field in dataclasses.fields(Effect)):
        assert re.search(rf"`[^`\n]*\b{name}\b", faults), name
    known = {field.name for field in dataclasses.fields(Match)} - {"turns", "method"} | {"nth"}
    for name in known:
        assert f"| `{name}` |" in faults
    for name in FORMS:
        assert f"`{name}`" in faults


def test_the_example_of_faults_is_accepted(faults: str, tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", faults, re.DOTALL)
    assert example is not None
    path = tmp_path / "faults.toml"
    path.write_text(example[1])
    rules = parse_rules(read_table(path), served_routes())
    assert [rule.name for rule in rules] == ["second list is slow and cut", "fault 1"]
    assert parse_rules(Table("empty", {}), {}) == ()
