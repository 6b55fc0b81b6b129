"""Who may use Actions, and what the command line may say of them."""

import asyncio
import itertools
import json
from pathlib import Path

import pytest

from github_sandbox.actions.options import folders_of, machine_of
from github_sandbox.actions.runner import Machine
from github_sandbox.actions.vault import LONGEST_VALUE, BadValueError, Entries
from github_sandbox.app_auth import App, Installation
from github_sandbox.composition import Options
from github_sandbox.config_file import ConfigError
from github_sandbox.http.messages import Request
from github_sandbox.population import build_world
from github_sandbox.tokens_file import Credentials
from tests.sandbox.in_process import HEADERS, InProcess, in_process

AT = "/repos/sandbox/demo/actions"
ASKED = [
    ("GET", "/runs", "actions", "none"),  # the repository is public
    ("POST", "/runs/1/cancel", "actions", "write"),
    ("POST", "/workflows/one.yml/dispatches", "actions", "write"),
    ("GET", "/secrets", "secrets", "read"),
    ("GET", "/secrets/public-key", "secrets", "read"),
    ("DELETE", "/secrets/X", "secrets", "write"),
    ("GET", "/variables", "variables", "read"),
    ("POST", "/variables", "variables", "write"),
]


def sandbox_with(folder: Path, **permissions: str) -> tuple[InProcess, str]:
    """Give a stand-in whose only App has `permissions`, and a token of its installation."""
    installation = Installation(71, "sandbox", permissions=permissions)
    app = App(7, "Iv23abc", "capture", "", (installation,))
    options = Options(workflows=(f"sandbox/demo={folder}",))
    made = in_process("sandbox/demo=generate:1", options=options, credentials=Credentials(None, (app,)))
    token, _ = made.sandbox.apps.apps.mint(app, installation, None)
    return made, token


@pytest.mark.parametrize(("method", "path", "area", "needed"), ASKED)
@pytest.mark.parametrize("granted", ["none", "read", "write"])
def test_an_installation_needs_the_permission(  # noqa: PLR0917 - the cases of a table
    tmp_path: Path, method: str, path: str, area: str, needed: str, granted: str
) -> None:
    (tmp_path / "one.yml").write_text("on: push\n")
    permissions = {} if granted == "none" else {area: granted}
    sandbox, token = sandbox_with(tmp_path, **permissions)
    answer = sandbox.ask(method, AT + path, {}, authorization=f"Bearer {token}")
    order = ["none", "read", "write"]
    if order.index(granted) < order.index(needed):
        assert (answer.status, json.loads(answer.body)["message"]) == (403, "Resource not accessible by integration")
    else:
        assert answer.status not in {401, 403}


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"[]", 400), (b'{"ref": "main"}', 422), (b"", 422), (b'{"ref": 7}', 422)]
)
def test_a_body_that_cannot_be_used_is_refused(tmp_path: Path, body: bytes, status: int) -> None:
    (tmp_path / "one.yml").write_text("on: push\n")
    sandbox, _ = sandbox_with(tmp_path)
    request = Request("POST", f"{AT}/workflows/one.yml/dispatches", HEADERS, body)
    assert asyncio.run(sandbox.sandbox.handle(request)).status == status


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sandbox/demo", "write it as OWNER/NAME=FOLDER"),
        ("demo=.", "write it as OWNER/NAME=FOLDER"),
        ("sandbox/demo=", "write it as OWNER/NAME=FOLDER"),
        ("sandbox/other=.", "no repository sandbox/other is served; add it with --repo"),
        ("sandbox/demo=/nowhere", "/nowhere is no folder"),
    ],
)
def test_workflow_folders_that_cannot_be_used_are_told(text: str, told: str) -> None:
    world = build_world(lambda: 0.0, 7, ("sandbox/demo=generate:1",))
    with pytest.raises(ConfigError, match=told):
        folders_of(world, [text])


def test_act_must_be_there_where_it_is_needed(tmp_path: Path) -> None:
    nowhere = {"PATH": str(tmp_path), "SECRET": "x", "LANG": "C"}
    with pytest.raises(ConfigError, match="the program no-such-act is not found: install it"):
        machine_of("no-such-act", 1, 1.0, nowhere, needed=True)
    unused = machine_of("no-such-act", 1, 1.0, nowhere, needed=False)
    assert unused == Machine("no-such-act", 1, 1.0, {"PATH": str(tmp_path), "LANG": "C"})


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "GITHUB_TOKEN", "github_x", "Ä"])
def test_names_that_github_refuses(name: str) -> None:
    with pytest.raises(BadValueError):
        Entries(lambda: 0.0).put(name, "v")


def test_an_entry_keeps_when_it_was_made() -> None:
    entries = Entries(itertools.count(5.0).__next__)
    assert entries.put("one", "a")
    assert not entries.put("ONE", "hidden")
    known = entries.find("One")
    assert known is not None
    assert (known.value, known.created, known.updated) == ("hidden", 5.0, 6.0)
    assert "hidden" not in repr(known)
    with pytest.raises(BadValueError, match="Values end at"):
        entries.put("TWO", "ä" * (LONGEST_VALUE // 2 + 1))
