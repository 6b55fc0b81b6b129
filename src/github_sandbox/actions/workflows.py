"""Workflow files as they lie in a folder: their triggers, inputs, job names and actions; never runs one.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml

from github_sandbox.world.stable import number_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

WHERE = ".github/workflows"
SUFFIXES = (".yml", ".yaml")
KNOWN_LABELS = ("ubuntu-latest", "ubuntu-24.04", "ubuntu-22.04", "ubuntu-24.04-arm", "ubuntu-slim", "self-hosted")
_IDS = 10**8
_QUOTED = re.compile(r"'([^']+)'")


@dataclass(frozen=True, slots=True)
class Workflow:
    """One file; `document` is None where it is no YAML object, and then it cannot be dispatched."""

    id: int
    file: str
    document: Mapping[str, Any] | None

    @property
    def path(self) -> str:
        """Give the path within the repository."""
        return f"{WHERE}/{self.file}"

    @property
    def name(self) -> str:
        """Give its name, which is its path where it has none."""
        return str((self.document or {}).get("name") or self.path)

    @property
    def run_name(self) -> str | None:
        """Give the template of its runs' titles."""
        found = (self.document or {}).get("run-name")
        return str(found) if found else None

    @property
    def inputs(self) -> Mapping[str, Mapping[str, Any]] | None:
        """Give the declared inputs of `workflow_dispatch`; None when that does not trigger it."""
        on = (self.document or {}).get("on")
        if isinstance(on, dict):
            if "workflow_dispatch" not in on:
                return None
            dispatch = on["workflow_dispatch"]
            declared = dispatch.get("inputs") if isinstance(dispatch, dict) else None
            entries = declared.items() if isinstance(declared, dict) else ()
            return {name: each if isinstance(each, dict) else {} for name, each in entries}
        return {} if "workflow_dispatch" in (on if isinstance(on, list) else [on]) else None

    @property
    def jobs(self) -> Mapping[str, Mapping[str, Any]]:
        """Give its jobs by their ids."""
        jobs = (self.document or {}).get("jobs")
        entries = jobs.items() if isinstance(jobs, dict) else ()
        return {name: each for name, each in entries if isinstance(each, dict)}


class Folder:
    """The workflow files of one repository, read anew each time: they may be written while the stand-in serves."""

    def __init__(self, repository: str, path: Path) -> None:
        """Read from `path`, which holds the files themselves, for `repository` (OWNER/NAME)."""
        self.path = path
        self._repository = repository.lower()

    def all(self) -> list[Workflow]:
        """List the workflows by name of file."""
        names = sorted(each.name for each in self.path.iterdir() if each.suffix in SUFFIXES and each.is_file())
        return [self._read(name) for name in names]

    def find(self, wanted: str) -> Workflow | None:
        """Give the workflow of that id, file name or path."""
        file = wanted.removeprefix(f"{WHERE}/")
        return next((each for each in self.all() if file == each.file or wanted == str(each.id)), None)

    def _read(self, file: str) -> Workflow:
        number = 1 + number_of("workflow", self._repository, file) % _IDS
        try:
            # Scalars stay texts: YAML 1.1 would make a truth value of the key `on`.
            document = yaml.load((self.path / file).read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - it makes texts, lists and dictionaries only
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            document = None
        return Workflow(number, file, document if isinstance(document, dict) else None)


def used_actions(workflows: list[Workflow]) -> set[str]:
    """Give the actions (OWNER/NAME[/PATH]@REF) of all steps that are neither local, nor images, nor the checkout."""
    steps = [step for each in workflows for job in each.jobs.values() for step in _steps(job)]
    named = {str(step.get("uses", "")) for step in steps if isinstance(step, dict)}
    return {name for name in named if _is_remote(name)}


def _steps(job: Mapping[str, Any]) -> list[Any]:
    steps = job.get("steps")
    return steps if isinstance(steps, list) else []


def _is_remote(name: str) -> bool:
    slug, at, _ = name.partition("@")
    return bool(at) and len(PurePosixPath(slug).parts) > 1 and name[0] not in "./" and slug != "actions/checkout"


def labels(workflows: list[Workflow], variables: Mapping[str, str]) -> list[str]:
    """Give every label that `runs-on` may mean: those written, quoted in expressions, or held by variables."""
    found = set(KNOWN_LABELS)
    for each in workflows:
        for job in each.jobs.values():
            found.update(_labels_of(job.get("runs-on"), variables))
    return sorted(found)


def _labels_of(runs_on: object, variables: Mapping[str, str]) -> Iterator[str]:
    for text in runs_on if isinstance(runs_on, list) else [runs_on]:
        if not isinstance(text, str):
            continue
        if "${{" not in text:
            yield text
            continue
        yield from _QUOTED.findall(text)
        yield from (variables[name] for name in re.findall(r"vars\.(\w+)", text) if variables.get(name))
