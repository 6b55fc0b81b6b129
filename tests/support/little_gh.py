"""GitHub's `gh` without GitHub: one repository within the test's process, as far as an installation asks for it."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from progressive_capture.engines.actions.files import blob
from progressive_capture.engines.actions.installing import Ran

NOT_FOUND = Ran(1, '{"message": "Not Found"}', "gh: Not Found (HTTP 404)")


@dataclass
class LittleGh:
    """Keeps what it was called with, and what it was given."""

    files: dict[str, str] = field(default_factory=dict)
    """The workflow files of the branch."""
    commits: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, dict[str, str]] = field(default_factory=lambda: {"secret": {}, "variable": {}})
    commands: list[list[str]] = field(default_factory=list)
    refuses: str = ""
    """What a call must hold to be refused."""
    trees: dict[str, dict[str, str]] = field(default_factory=dict)

    def __call__(self, command: Sequence[str], given: str) -> Ran:
        """Do what `gh` does."""
        self.commands.append(list(command))
        program, kind, *rest = command
        assert program == "gh"
        if self.refuses and self.refuses in " ".join(command):
            return Ran(1, "", "something before\ngh: Resource not accessible by integration (HTTP 403)\n")
        if kind == "api":
            assert rest[:2] == ["--hostname", "github.com"]
            return self._api(rest[2], rest[3:], given)
        assert rest[0] == "set"
        assert rest[2:] == ["--repo", "github.com/o/jobs"]
        self.settings[kind][rest[1]] = given
        return Ran(0, "", "")

    def _api(self, path: str, flags: list[str], given: str) -> Ran:
        below = path.removeprefix("repos/o/jobs").strip("/")
        assert below != path
        if flags:
            assert flags[0::2] == ["--method", "--input"]
            return self._changed(flags[1], below, json.loads(given))
        read = {
            "": {"default_branch": "main"},
            "git/ref/heads/main": {"object": {"sha": f"head{len(self.commits)}"}},
            f"git/commits/head{len(self.commits)}": {"tree": {"sha": "base"}},
        }
        if below in read:
            return Ran(0, json.dumps(read[below]), "")
        if below == "contents/.github/workflows?ref=main" and self.files:
            return Ran(0, json.dumps([{"name": name, "sha": blob(text)} for name, text in self.files.items()]), "")
        kind, _, name = below.rpartition("/")
        if kind == "actions/variables" and name in self.settings["variable"]:
            return Ran(0, json.dumps({"name": name}), "")
        if kind == "git/blobs":
            text = next(text for text in self.files.values() if blob(text) == name)
            return Ran(0, json.dumps({"content": base64.encodebytes(text.encode()).decode()}), "")
        return NOT_FOUND

    def _changed(self, method: str, below: str, body: dict[str, Any]) -> Ran:
        if below == "git/trees":
            assert body["base_tree"] == "base"
            self.trees["tree"] = {each["path"]: each["content"] for each in body["tree"]}
            return Ran(0, '{"sha": "tree"}', "")
        if below == "git/commits":
            return Ran(0, json.dumps({"sha": f"new-{body['tree']}-{body['parents'][0]}"}), "")
        assert (method, below, body["force"]) == ("PATCH", "git/refs/heads/main", False)
        self.commits.append(body)
        self.files |= {path.rpartition("/")[2]: text for path, text in self.trees["tree"].items()}
        return Ran(0, "{}", "")
