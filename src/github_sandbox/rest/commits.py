"""Commits and changed files in REST's shapes, and a pull request as a unified diff."""

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from github_sandbox.rest.people import People
from github_sandbox.rest.repositories import Repositories
from github_sandbox.world.records import Record, connection

UNSIGNED = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}


class Commits:
    """Writes commits and files for one API address."""

    def __init__(self, people: People, repositories: Repositories) -> None:
        """Write with these writers of people and repositories."""
        self._people = people
        self._repositories = repositories

    def commit(self, record: Record) -> dict[str, object]:
        """Give a commit as lists hold it."""
        base = self._repositories.url(record["repository"])
        html = record["repository"]["url"]
        oid = record["oid"]
        url, tree = f"{base}/commits/{oid}", record["_restTreeSha"]
        parents = [
            {"sha": each["oid"], "url": f"{base}/commits/{each['oid']}", "html_url": f"{html}/commit/{each['oid']}"}
            for each in connection(record, "parents")
        ]
        return {
            "sha": oid,
            "node_id": record["id"],
            "commit": {
                "author": _signature(record["author"], record["authoredDate"]),
                "committer": _signature(record["committer"], record["committedDate"]),
                "message": record["message"],
                "tree": {"sha": tree, "url": f"{base}/git/trees/{tree}"},
                "url": f"{base}/git/commits/{oid}",
                "comment_count": 0,
                "verification": dict(UNSIGNED),
            },
            "url": url,
            "html_url": f"{html}/commit/{oid}",
            "comments_url": url + "/comments",
            "author": self._people.actor((record["author"] or {}).get("user")),
            "committer": self._people.actor((record["committer"] or {}).get("user")),
            "parents": parents,
        }

    def file(self, record: Record, repository: Record, oid: str, patch: str | None) -> dict[str, object]:
        """Give a changed file at commit `oid`; `patch` is None for a binary or a large file, and then absent."""
        path = quote(record["path"].encode("utf-8", "replace"))
        html = repository["url"]
        moved = {"previous_filename": record["_restPreviousPath"]} if record["_restPreviousPath"] else {}
        return {
            "sha": record["_restSha"],
            "filename": record["path"],
            "status": record["_restStatus"],
            "additions": record["additions"],
            "deletions": record["deletions"],
            "changes": record["additions"] + record["deletions"],
            "blob_url": f"{html}/blob/{oid}/{path}",
            "raw_url": f"{html}/raw/{oid}/{path}",
            "contents_url": f"{self._repositories.url(repository)}/contents/{path}?ref={oid}",
            **({} if patch is None else {"patch": patch}),
            **moved,
        }


def unified_diff(files: Sequence[tuple[Record, str | None]]) -> Iterator[str]:
    """Write files with their patches as `application/vnd.github.diff` shows them."""
    for record, patch in files:
        new = record["path"]
        old = record["_restPreviousPath"] or new
        yield f"diff --git a/{old} b/{new}\n"
        status = record["_restStatus"]
        if status == "renamed":
            yield f"rename from {old}\nrename to {new}\n"
        elif status in {"added", "removed"}:
            yield f"{'new' if status == 'added' else 'deleted'} file mode 100644\n"
        yield f"index {'0' * 7}..{record['_restSha'][:7]}\n"
        if patch is None:
            yield f"Binary files a/{old} and b/{new} differ\n"
        elif patch:
            before = "/dev/null" if status == "added" else f"a/{old}"
            after = "/dev/null" if status == "removed" else f"b/{new}"
            yield f"--- {before}\n+++ {after}\n{patch}\n"


def _signature(actor: Record | None, date: str) -> dict[str, object] | None:
    if actor is None:
        return None
    return {"name": actor["name"], "email": actor["email"], "date": date}
