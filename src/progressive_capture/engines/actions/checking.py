"""Whether a repository has the workflows, secrets and variables that runs need, asked of GitHub; nothing is changed."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from progressive_capture.engines.actions import catalog
from progressive_capture.engines.actions.files import Comparison, compare
from progressive_capture.engines.actions.rendering import WHERE, render
from progressive_capture.engines.checks import Finding
from progressive_capture.github.actions import Workflow
from progressive_capture.queue.engine import EngineRefused, EngineUnreachable

ACTIVE: Final = "active"


class Repository(Protocol):
    """Reads one repository by GitHub's API; `ActionsApi` does."""

    async def workflows(self) -> list[Workflow]:
        """The workflows that it has; see `get` for what it raises."""
        ...

    async def get(self, path: str, needs: str) -> Any | None:  # noqa: ANN401 - JSON
        """Give what a path below the repository holds; None where nothing is. `needs` is the permission this takes.

        Raises:
            EngineUnreachable: there is no answer.
            EngineRefused: it may not be read.
        """
        ...


async def check(repository: Repository, name: str) -> list[Finding]:
    """Check the files, secrets and variables of the repository of that name."""
    return [
        await _found("files", lambda: _files(repository, name)),
        await _found("workflows", lambda: _enabled(repository)),
        await _found(catalog.DATABASE, lambda: _is_set(repository, "secrets", catalog.DATABASE)),
        await _found(catalog.INSTALL, lambda: _is_set(repository, "variables", catalog.INSTALL)),
        await _found("signing in", lambda: _signs_in(repository)),
    ]


def finding_of(comparison: Comparison, remedy: str) -> Finding:
    """Say whether files are current, and how they become so."""
    words = str(comparison)
    return Finding("files", comparison.is_current, words if comparison.is_current else f"{words}. {remedy}")


async def _found(what: str, ask: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        return await ask()
    except (EngineRefused, EngineUnreachable) as error:
        return Finding(what, is_good=False, why=str(error))


async def _files(repository: Repository, name: str) -> Finding:
    lying = await repository.get(f"contents/{WHERE}", "contents: read") or []
    remedy = f"Run `pc workflows install {name}`."
    return finding_of(compare({each["name"]: each["sha"] for each in lying}), remedy)


async def _enabled(repository: Repository) -> Finding:
    """GitHub switches off what nobody has touched for long, and so may people.

    https://docs.github.com/en/actions/how-tos/manage-workflow-runs/disable-and-enable-workflows
    """
    states = {each.path.rpartition("/")[2]: each.state for each in await repository.workflows()}
    off = sorted(name for name in render() if states.get(name, ACTIVE) != ACTIVE)
    if off:
        return Finding("workflows", is_good=False, why=f"Switched off: {', '.join(off)}. Enable them at GitHub.")
    return Finding("workflows", is_good=True, why="None is switched off.")


async def _is_set(repository: Repository, kind: str, name: str) -> Finding:
    if await _has(repository, kind, name):
        return Finding(name, is_good=True, why="It is set.")
    why = f"It is not set: run `gh {kind.removesuffix('s')} set {name}`, or `pc workflows install` with what it is."
    return Finding(name, is_good=False, why=why)


async def _has(repository: Repository, kind: str, name: str) -> bool:
    return await repository.get(f"actions/{kind}/{name}", f"{kind}: read") is not None


async def _signs_in(repository: Repository) -> Finding:
    app = await _has(repository, "variables", "PC_APP_ID")
    key = await _has(repository, "secrets", "PC_APP_PRIVATE_KEY")
    tokens = await _has(repository, "secrets", "PC_GITHUB_TOKENS")
    what = "signing in"
    if app != key:
        alone, lacking = ("PC_APP_ID", "PC_APP_PRIVATE_KEY") if app else ("PC_APP_PRIVATE_KEY", "PC_APP_ID")
        return Finding(what, is_good=False, why=f"{alone} is set without {lacking}: every run would refuse to begin.")
    if tokens:
        return Finding(what, is_good=True, why="With the tokens of PC_GITHUB_TOKENS.")
    if app:
        return Finding(what, is_good=True, why="As the App of PC_APP_ID.")
    why = "Neither an App (PC_APP_ID, PC_APP_PRIVATE_KEY) nor PC_GITHUB_TOKENS is set: runs would ask without a token."
    return Finding(what, is_good=False, why=why)
