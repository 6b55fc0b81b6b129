"""The folder of workflow files as its repository's contents: the only files that the stand-in has.

https://docs.github.com/en/rest/repos/contents#get-repository-content
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from github_sandbox.actions import access
from github_sandbox.actions.workflows import WHERE
from github_sandbox.http.answers import json_answer
from github_sandbox.rest.router import UNDER_REPOSITORY, Route

if TYPE_CHECKING:
    from github_sandbox.actions.run_routes import ActionsHandle
    from github_sandbox.actions.service import Actions
    from github_sandbox.http.messages import Response
    from github_sandbox.rest.call import Call


def list_files(actions: Actions, call: Call) -> Response:
    """List the workflow files."""
    folder = access.folder_of(actions, call)
    return json_answer([_entry(call, each.file, (folder.path / each.file).read_bytes()) for each in folder.all()])


def _entry(call: Call, name: str, content: bytes) -> dict[str, object]:
    html = str(call.repository.record["url"])
    path = f"{WHERE}/{name}"
    sha = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    own = call.address().rpartition("/contents/")[0]
    url, git, page = f"{own}/contents/{path}", f"{own}/git/blobs/{sha}", f"{html}/blob/HEAD/{path}"
    return {
        "name": name,
        "path": path,
        "sha": sha,
        "size": len(content),
        "url": url,
        "html_url": page,
        "git_url": git,
        "download_url": f"{html}/raw/HEAD/{path}",
        "type": "file",
        "_links": {"self": url, "git": git, "html": page},
    }


ROUTES: tuple[Route[ActionsHandle], ...] = (Route("GET", f"{UNDER_REPOSITORY}/contents/{WHERE}", list_files),)
