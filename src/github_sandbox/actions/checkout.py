"""The folder that one run happens in: the workflow files, what act is to know, and its command; never starts it.

Secrets, variables and inputs are handed over in files that only their owner reads, never on a command line.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from github_sandbox.actions.workflows import SUFFIXES, WHERE, Folder, labels, used_actions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from github_sandbox.actions.runs import Run

PLATFORM = "=-self-hosted"  # act's word for: on this machine, in no container
_NOT_RUN = """name: not run here
runs:
  using: composite
  steps:
    - run: echo "The stand-in does not run $NAME; on GitHub it would run here."
      shell: sh
      env: {NAME: %s}
"""


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is given: its secrets and variables, the event, and GITHUB_… variables beside act's own."""

    secrets: Mapping[str, str] = field(repr=False)
    variables: Mapping[str, str]
    event: Mapping[str, Any]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A folder that is ready, the arguments of act there, and what act's own environment must hold."""

    folder: Path
    arguments: tuple[str, ...]
    environment: Mapping[str, str]


def revision_of(folder: Path) -> str:
    """Give the commit that stands for what the workflow files say now."""
    digest = hashlib.sha1(usedforsecurity=False)
    for path in sorted(each for each in folder.iterdir() if each.suffix in SUFFIXES and each.is_file()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def prepare(root: Path, source: Folder, run: Run, order: Order) -> Prepared:
    """Write into `root` what `run` needs, and give how act is started there."""
    tree, home = root / "tree", root / "home"
    home.mkdir(mode=0o700)
    _copy(source.path, tree / WHERE)
    _commit(tree / ".git", run)
    workflows = Folder(run.repository, tree / WHERE).all()
    given = {
        "--secret-file": ("secrets.yml", order.secrets),
        "--var-file": ("variables.yml", order.variables),
        "--env-file": ("environment.yml", order.environment),
        "--eventpath": ("event.json", order.event),
    }
    arguments = ["workflow_dispatch", "--json", "--no-cache-server", "-W", run.workflow.path, "--actor", run.actor]
    for flag, (name, content) in given.items():
        path = root / name
        path.touch(mode=0o600)
        path.write_text(
            json.dumps(content), encoding="utf-8"
        )  # YAML holds JSON, and values with line ends need no care
        arguments += [flag, str(path)]
    for label in labels(workflows, order.variables):
        arguments += ["-P", label + PLATFORM]
    for number, action in enumerate(sorted(used_actions(workflows))):
        arguments += ["--local-repository", _stand_in(root / "actions" / str(number), action)]
    own = {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), "XDG_CONFIG_HOME": str(home / ".config")}
    return Prepared(tree, tuple(arguments), own)


def _copy(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for path in source.iterdir():
        if path.suffix in SUFFIXES and path.is_file():
            shutil.copyfile(path, target / path.name)


def _commit(git: Path, run: Run) -> None:
    """Write as much of a repository as act reads for the commit and the branch."""
    (git / "refs" / "heads" / run.branch).parent.mkdir(parents=True)
    (git / "objects").mkdir()
    (git / "HEAD").write_text(f"ref: refs/heads/{run.branch}\n", encoding="utf-8")
    (git / "refs" / "heads" / run.branch).write_text(f"{run.revision}\n", encoding="utf-8")
    remote = f'[remote "origin"]\n\turl = https://github.com/{run.repository}.git\n'
    (git / "config").write_text(f"[core]\n\trepositoryformatversion = 0\n\tbare = false\n{remote}", encoding="utf-8")


def _stand_in(folder: Path, action: str) -> str:
    """Write an action that only says that `action` is not run, and give act's name for it."""
    slug, _, reference = action.partition("@")
    owner, name, *inner = PurePosixPath(slug).parts
    place = folder.joinpath(*inner)
    place.mkdir(parents=True)
    (place / "action.yml").write_text(_NOT_RUN % json.dumps(action), encoding="utf-8")
    return f"{owner}/{name}@{reference}={folder}"
