"""Workflows, secrets and variables brought into a repository by GitHub's own `gh`; no secret is ever an argument.

https://cli.github.com/manual/
"""

import base64
import json
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

from progressive_capture.domain.errors import ProgressiveCaptureError, UsageError
from progressive_capture.engines.actions.catalog import INSTALL
from progressive_capture.engines.actions.files import blob
from progressive_capture.engines.actions.rendering import WHERE, is_ours, render

MESSAGE: Final = "Workflows of progressive-capture"


class GhFailed(ProgressiveCaptureError):
    """`gh` did not do what it was asked for."""


class Ran(NamedTuple):
    """How a program ended."""

    code: int
    out: str
    errors: str


class Run(Protocol):
    """Runs a program to its end, with something on its standard input."""

    def __call__(self, command: Sequence[str], given: str) -> Ran:
        """Run it."""
        ...


def run(command: Sequence[str], given: str) -> Ran:
    """Run a program of this machine.

    Raises:
        GhFailed: it cannot be started.
    """
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)  # noqa: S603 - `gh`, by its path, with arguments of ours
    except OSError as error:
        raise GhFailed(f"{command[0]} cannot be started ({error.strerror}).") from error
    return Ran(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True, slots=True)
class Installation:
    """What goes into a repository."""

    repository: str
    """`owner/name`."""
    host: str
    """Where people see it: `github.com`."""
    secrets: Mapping[str, str] = field(repr=False)
    variables: Mapping[str, str]
    scheduled: bool = False

    @property
    def slug(self) -> str:
        """How `gh` wants a repository named."""
        return f"{self.host}/{self.repository}"


@dataclass(frozen=True, slots=True)
class Installed:
    """What was done."""

    commit: str | None
    """The commit that was made; None where the files were current."""
    files: tuple[str, ...]
    secrets: tuple[str, ...]
    variables: tuple[str, ...]


def commands(wanted: Installation) -> list[str]:
    """Give what to type where `gh` is not at hand for this program.

    Secrets are left to the shell that has them, and one that it has not is not set to nothing; variables are told.
    """
    slug, where = shlex.quote(wanted.slug), shlex.quote(WHERE)
    schedule = " --schedule" if wanted.scheduled else ""
    lines = [
        f"gh repo clone {slug} workflows-of-pc",
        f"pc workflows render --out workflows-of-pc/{where}{schedule}",
        f"git -C workflows-of-pc add {where}",
        f"git -C workflows-of-pc commit -m {shlex.quote(MESSAGE)}",
        "git -C workflows-of-pc push",
    ]
    lines += [
        f': "${{{name}:?}}" && printf %s "${name}" | gh secret set {name} --repo {slug}' for name in wanted.secrets
    ]
    lines += [
        f"printf %s {shlex.quote(value)} | gh variable set {name} --repo {slug}"
        for name, value in wanted.variables.items()
    ]
    return lines


@dataclass(frozen=True, slots=True)
class Gh:
    """`gh`, signed in as whoever uses it."""

    program: str
    run: Run

    def install(self, wanted: Installation) -> Installed:
        """Commit the files that are not current, then set secrets and variables.

        Raises:
            UsageError: a file there is somebody else's, or nobody says how to install; then nothing is changed.
            GhFailed: `gh` or GitHub refuses.
        """
        repo = f"repos/{wanted.repository}"
        if INSTALL not in wanted.variables and not self._has_variable(wanted, INSTALL):
            raise UsageError(
                f"{wanted.repository} has no variable {INSTALL}: give what installs pc there by --install-command."
            )
        branch = self._api(wanted, repo)["default_branch"]
        due = self._due(wanted, repo, branch)
        commit = self._commit(wanted, repo, branch, due) if due else None
        for kind, values in (("secret", wanted.secrets), ("variable", wanted.variables)):
            for name, value in values.items():
                self._done([kind, "set", name, "--repo", wanted.slug], value)
        return Installed(commit, tuple(sorted(due)), tuple(wanted.secrets), tuple(wanted.variables))

    def _has_variable(self, wanted: Installation, name: str) -> bool:
        return self._api_or_none(wanted, f"repos/{wanted.repository}/actions/variables/{name}") is not None

    def _due(self, wanted: Installation, repo: str, branch: str) -> dict[str, str]:
        """The files that are to be written; one that lies there must be ours."""
        rendered = render(scheduled=wanted.scheduled)
        listed = self._api_or_none(wanted, f"{repo}/contents/{WHERE}?ref={branch}") or []
        held = {each["name"]: each for each in listed}
        due = {name: text for name, text in rendered.items() if name not in held or held[name]["sha"] != blob(text)}
        foreign = []
        for name in sorted(set(due) & set(held)):
            content = self._api(wanted, f"{repo}/git/blobs/{held[name]['sha']}")["content"]
            if not is_ours(base64.b64decode(content).decode("utf-8", "replace")):
                foreign.append(name)
        if foreign:
            raise UsageError(
                f"{wanted.repository} has workflows that were not rendered here: move {', '.join(foreign)} away first."
            )
        return due

    def _commit(self, wanted: Installation, repo: str, branch: str, due: Mapping[str, str]) -> str:
        """Make one commit of all files; the branch moves only if nobody else has moved it.

        https://docs.github.com/en/rest/git/trees
        """
        head = self._api(wanted, f"{repo}/git/ref/heads/{branch}")["object"]["sha"]
        base = self._api(wanted, f"{repo}/git/commits/{head}")["tree"]["sha"]
        files = [{"path": f"{WHERE}/{name}", "mode": "100644", "type": "blob", "content": due[name]} for name in due]
        tree = self._api(wanted, f"{repo}/git/trees", {"base_tree": base, "tree": files})["sha"]
        new = {"message": MESSAGE, "tree": tree, "parents": [head]}
        commit: str = self._api(wanted, f"{repo}/git/commits", new)["sha"]
        self._api(wanted, f"{repo}/git/refs/heads/{branch}", {"sha": commit, "force": False}, "PATCH")
        return commit

    def _api(self, wanted: Installation, path: str, body: object = None, method: str = "POST") -> Any:  # noqa: ANN401 - JSON
        command = ["api", "--hostname", wanted.host, path]
        if body is None:
            return _decoded(self._done(command, ""))
        return _decoded(self._done([*command, "--method", method, "--input", "-"], json.dumps(body)))

    def _api_or_none(self, wanted: Installation, path: str) -> Any:  # noqa: ANN401 - JSON
        """What is there; None where nothing is."""
        command = ["api", "--hostname", wanted.host, path]
        ran = self.run([self.program, *command], "")
        return None if ran.code and "HTTP 404" in ran.errors else _decoded(_out(command, ran))

    def _done(self, arguments: Sequence[str], given: str) -> str:
        return _out(arguments, self.run([self.program, *arguments], given))


def _out(arguments: Sequence[str], ran: Ran) -> str:
    if ran.code:
        lines = ran.errors.strip().splitlines()
        raise GhFailed(f"gh {' '.join(arguments)}: {lines[-1] if lines else f'it ended with code {ran.code}'}")
    return ran.out


def _decoded(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except ValueError as error:
        raise GhFailed("gh answered something that is no JSON: bring it up to date.") from error
