import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from progressive_capture.engines.actions.checking import check
from progressive_capture.engines.actions.files import blob
from progressive_capture.engines.actions.rendering import WHERE, render
from progressive_capture.github.actions import Workflow
from progressive_capture.queue.engine import EngineRefused


@dataclass
class Repository:
    """What GitHub says of one repository."""

    holds: dict[str, Any] = field(default_factory=dict)
    listed: dict[str, str] = field(default_factory=dict)
    """States by the names of files."""
    refuses: str = "-"

    async def get(self, path: str, needs: str) -> Any | None:
        if path.startswith(self.refuses):
            raise EngineRefused(f"It needs the permission `{needs}`.")
        return self.holds.get(path)

    async def workflows(self) -> list[Workflow]:
        return [Workflow(f"{WHERE}/{name}", state) for name, state in self.listed.items()]


def sound() -> Repository:
    held = {
        f"contents/{WHERE}": [{"name": name, "sha": blob(text)} for name, text in render().items()],
    }
    names = ("secrets/DATABASE_URL", "secrets/PC_APP_PRIVATE_KEY", "variables/PC_APP_ID", "variables/PC_INSTALL")
    return Repository(held | {f"actions/{name}": {} for name in names}, dict.fromkeys(render(), "active"))


def found(repository: Repository) -> dict[str, str]:
    """What is wanting."""
    return {each.what: each.why for each in asyncio.run(check(repository, "o/jobs")) if not each.is_good}


def test_nothing_is_wanting_where_all_is_there() -> None:
    repository = sound()
    assert found(repository) == {}
    repository.holds[f"contents/{WHERE}"] = [
        {"name": name, "sha": blob(text)} for name, text in render(scheduled=True).items()
    ]
    assert found(repository) == {}


def test_files_that_are_missing_or_differ_are_named() -> None:
    repository = sound()
    files = repository.holds[f"contents/{WHERE}"]
    files[0]["sha"] = "0" * 40
    gone = files.pop()["name"]
    assert found(repository) == {
        "files": f"missing: {gone}; different: {files[0]['name']}. Run `pc workflows install o/jobs`."
    }


def test_an_empty_repository_wants_everything() -> None:
    wanting = found(Repository())
    assert set(wanting) == {"files", "DATABASE_URL", "PC_INSTALL", "signing in"}
    assert wanting["files"].startswith("missing: bulk-capture.yml, ")
    assert "gh secret set DATABASE_URL" in wanting["DATABASE_URL"]
    assert "gh variable set PC_INSTALL" in wanting["PC_INSTALL"]


def test_workflows_that_github_has_switched_off_are_named() -> None:
    repository = sound()
    repository.listed["bulk-capture.yml"] = "disabled_inactivity"
    assert found(repository) == {"workflows": "Switched off: bulk-capture.yml. Enable them at GitHub."}


@pytest.mark.parametrize(
    ("gone", "stays"), [("secrets/PC_APP_PRIVATE_KEY", "PC_APP_ID"), ("variables/PC_APP_ID", "PC_APP_PRIVATE_KEY")]
)
def test_half_an_app_is_none_even_beside_tokens(gone: str, stays: str) -> None:
    repository = sound()
    del repository.holds[f"actions/{gone}"]
    repository.holds["actions/secrets/PC_GITHUB_TOKENS"] = {}
    assert found(repository)["signing in"].startswith(f"{stays} is set without PC_APP_")


def test_tokens_will_do_without_an_app() -> None:
    repository = sound()
    for name in ("secrets/PC_APP_PRIVATE_KEY", "variables/PC_APP_ID"):
        del repository.holds[f"actions/{name}"]
    assert set(found(repository)) == {"signing in"}
    repository.holds["actions/secrets/PC_GITHUB_TOKENS"] = {}
    assert found(repository) == {}


def test_what_may_not_be_read_is_told_and_all_else_is_checked() -> None:
    repository = sound()
    repository.refuses = "actions/secrets"
    del repository.holds["actions/variables/PC_INSTALL"]
    wanting = found(repository)
    assert set(wanting) == {"DATABASE_URL", "PC_INSTALL", "signing in"}
    assert wanting["DATABASE_URL"] == "It needs the permission `secrets: read`."
