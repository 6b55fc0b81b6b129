"""Repositories, labels and milestones in REST's shapes; never decides who may see them."""

from urllib.parse import quote

from github_sandbox.http.encoding import Raw, dumps
from github_sandbox.rest.people import People
from github_sandbox.world.records import Record

API_VERSION_WITHOUT_DOWNLOADS = "2026-03-10"
_SUFFIXES = {
    "forks_url": "/forks",
    "keys_url": "/keys{/key_id}",
    "collaborators_url": "/collaborators{/collaborator}",
    "teams_url": "/teams",
    "hooks_url": "/hooks",
    "issue_events_url": "/issues/events{/number}",
    "events_url": "/events",
    "assignees_url": "/assignees{/user}",
    "branches_url": "/branches{/branch}",
    "tags_url": "/tags",
    "blobs_url": "/git/blobs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "trees_url": "/git/trees{/sha}",
    "statuses_url": "/statuses/{sha}",
    "languages_url": "/languages",
    "stargazers_url": "/stargazers",
    "contributors_url": "/contributors",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "commits_url": "/commits{/sha}",
    "git_commits_url": "/git/commits{/sha}",
    "comments_url": "/comments{/number}",
    "issue_comment_url": "/issues/comments{/number}",
    "contents_url": "/contents/{+path}",
    "compare_url": "/compare/{base}...{head}",
    "merges_url": "/merges",
    "archive_url": "/{archive_format}{/ref}",
    "downloads_url": "/downloads",
    "issues_url": "/issues{/number}",
    "pulls_url": "/pulls{/number}",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "labels_url": "/labels{/name}",
    "releases_url": "/releases{/id}",
    "deployments_url": "/deployments",
}
_EMBEDDED = (
    "nameWithOwner", "description", "homepageUrl", "isArchived", "isDisabled", "isPrivate", "updatedAt", "pushedAt",
    "stargazerCount", "forkCount",
)  # fmt: skip


class Repositories:
    """Writes repositories for one API address and version, each once until it changes."""

    def __init__(self, api: str, people: People, version: str) -> None:
        """Write URLs under `api`; leave out what `version` of the API removed."""
        self._api = api
        self._people = people
        self._downloads = version != API_VERSION_WITHOUT_DOWNLOADS
        self._written: dict[str, tuple[tuple[object, ...], Raw]] = {}

    def url(self, record: Record) -> str:
        """Give a repository's own address in the API."""
        return f"{self._api}/repos/{record['nameWithOwner']}"

    def embedded(self, record: Record | None) -> Raw | None:
        """Write a repository as it stands inside a pull request; None stays None."""
        if record is None:
            return None
        state = (record["owner"]["login"], *(record[key] for key in _EMBEDDED))
        kept = self._written.get(record["id"])
        if kept is None or kept[0] != state:
            kept = self._written[record["id"]] = (state, Raw(dumps(self.simple(record))))
        return kept[1]

    def simple(self, record: Record, open_issues: int = 0) -> dict[str, object]:
        """Give the form that lists and pull requests hold."""
        url, name = self.url(record), record["nameWithOwner"]
        language = record["primaryLanguage"]
        branch = record["defaultBranchRef"]
        downloads = {"has_downloads": True} if self._downloads else {}
        return {
            "id": record["databaseId"],
            "node_id": record["id"],
            "name": record["name"],
            "full_name": name,
            "private": record["isPrivate"],
            "owner": self._people.actor(record["owner"]),
            "html_url": record["url"],
            "description": record["description"],
            "fork": record["isFork"],
            "url": url,
            **{key: url + suffix for key, suffix in _SUFFIXES.items()},
            "created_at": record["createdAt"],
            "updated_at": record["updatedAt"],
            "pushed_at": record["pushedAt"],
            **_clones(name, record["url"]),
            "homepage": record["homepageUrl"],
            "size": record["diskUsage"] or 0,
            "stargazers_count": record["stargazerCount"],
            "watchers_count": record["stargazerCount"],
            "language": language["name"] if language else None,
            "has_issues": record["hasIssuesEnabled"],
            "has_projects": record["hasProjectsEnabled"],
            **downloads,
            "has_wiki": record["hasWikiEnabled"],
            "has_pages": False,
            "has_discussions": record["hasDiscussionsEnabled"],
            "forks_count": record["forkCount"],
            "mirror_url": None,
            "archived": record["isArchived"],
            "disabled": record["isDisabled"],
            "open_issues_count": open_issues,
            "license": None,
            "allow_forking": record["forkingAllowed"],
            "is_template": record["isTemplate"],
            "web_commit_signoff_required": record["webCommitSignoffRequired"],
            "topics": [],
            "visibility": record["visibility"].lower(),
            "forks": record["forkCount"],
            "open_issues": open_issues,
            "watchers": record["stargazerCount"],
            "default_branch": branch["name"] if branch else "main",
        }

    def full(self, record: Record, open_issues: int, *, authenticated: bool) -> dict[str, object]:
        """Give the answer of /repos/OWNER/NAME."""
        owner = record["owner"]
        own = {"permissions": _PULL_ONLY, "temp_clone_token": ""} if authenticated else {"temp_clone_token": None}
        organization = {"organization": self._people.actor(owner)} if owner["__typename"] == "Organization" else {}
        return {
            **self.simple(record, open_issues),
            **own,
            "allow_squash_merge": record["squashMergeAllowed"],
            "allow_merge_commit": record["mergeCommitAllowed"],
            "allow_rebase_merge": record["rebaseMergeAllowed"],
            "allow_auto_merge": False,
            "delete_branch_on_merge": False,
            "allow_update_branch": False,
            "use_squash_pr_title_as_default": False,
            "squash_merge_commit_message": "COMMIT_MESSAGES",
            "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
            "merge_commit_message": "PR_TITLE",
            "merge_commit_title": "MERGE_MESSAGE",
            "custom_properties": {},
            **organization,
            "network_count": record["forkCount"],
            "subscribers_count": 0,
        }

    def label(self, record: Record) -> dict[str, object]:
        """Give a label."""
        return {
            "id": record["_restId"],
            "node_id": record["id"],
            "url": f"{self.url(record['repository'])}/labels/{quote(record['name'], safe='')}",
            "name": record["name"],
            "color": record["color"],
            "default": record["isDefault"],
            "description": record["description"],
            "archived_at": None,
            "archived_by": None,
        }

    def milestone(self, record: Record | None) -> dict[str, object] | None:
        """Give a milestone; None stays None."""
        if record is None:
            return None
        url = f"{self.url(record['repository'])}/milestones/{record['number']}"
        return {
            "url": url,
            "html_url": record["url"],
            "labels_url": url + "/labels",
            "id": record["_restId"],
            "node_id": record["id"],
            "number": record["number"],
            "title": record["title"],
            "description": record["description"],
            "creator": self._people.author(record["creator"]),
            "open_issues": record["_restOpenIssues"],
            "closed_issues": record["_restClosedIssues"],
            "state": record["state"].lower(),
            "created_at": record["createdAt"],
            "updated_at": record["updatedAt"],
            "due_on": record["dueOn"],
            "closed_at": record["closedAt"],
        }


_PULL_ONLY = {"admin": False, "maintain": False, "push": False, "triage": False, "pull": True}


def _clones(name: str, url: str) -> dict[str, str]:
    return {
        "git_url": f"git://github.com/{name}.git",
        "ssh_url": f"git@github.com:{name}.git",
        "clone_url": f"{url}.git",
        "svn_url": url,
    }
