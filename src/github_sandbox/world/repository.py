"""One repository: its record, pull requests, issues and commits; it makes none of them."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from github_sandbox.world.marks import Mark, MarkKind, MarkOrder, in_order, mark_of
from github_sandbox.world.pulls import Pulls, PullSource
from github_sandbox.world.records import Record, connection

if TYPE_CHECKING:
    from github_sandbox.world.state import World

Access: TypeAlias = Literal["visible", "private", "deleted", "blocked"]
"""visible: to all. private: to `readers`, missing for others. deleted: missing for all. blocked: REST 451."""
_COMMENTED: Final = 30


class Repository:
    """A repository: `record` (scalars and references), `pulls`, and the issues that fill the gaps in the numbers."""

    def __init__(
        self,
        world: "World",
        record: Record,
        source: PullSource,
        *,
        cache: int | None,
        issue: Callable[["Repository", int], Record],
        issue_base: int,
    ) -> None:
        self.world = world
        self.record = record
        record["_repository"] = self
        self.access: Access = "visible"
        self.readers: set[str] = set()
        self.blocked_at: str | None = None
        self.deleted_issues: set[int] = set()
        self.wide_ids = False  # whether new children get ids above 32 bits
        self.pulls = Pulls(self, source, cache)
        self.last_number = source.numbers[-1] if source.numbers else 0
        self.issue_base = issue_base
        self._make_issue = issue
        self._issues: dict[int, Record] = {}
        self._gaps: tuple[int, list[int]] = (-1, [])
        self._commits: dict[str, Record] = {}

    @property
    def owner(self) -> str:
        """Login of the owner."""
        login: str = self.record["owner"]["login"]
        return login

    @property
    def name(self) -> str:
        """Name without the owner."""
        name: str = self.record["name"]
        return name

    @property
    def database_id(self) -> int:
        """GitHub's numeric id; never changes."""
        found: int = self.record["databaseId"]
        return found

    def visible_to(self, viewer: str | None) -> bool:
        """Whether `viewer` (a login, or None) may read it; False means that both APIs say it does not exist."""
        if self.access == "private":
            return viewer is not None and (viewer == self.owner or viewer in self.readers)
        return self.access != "deleted"

    def rename(self, owner: Record, name: str) -> None:
        """Give it a new owner and name (the old one redirects); every URL of what it holds changes with it."""
        old = self.record["url"]
        self.world.rename_repository(self, owner, name)
        new = f"https://github.com/{self.record['nameWithOwner']}"
        self.record |= {"url": new, "sshUrl": f"git@github.com:{self.record['nameWithOwner']}.git"}
        self.pulls.forget_unchanged()
        self._issues.clear()
        for held in _with_url(self):
            if held["url"].startswith(old):  # a commit may be met twice
                held["url"] = new + held["url"].removeprefix(old)

    def take_number(self) -> int:
        """The next number for a pull request or an issue."""
        self.last_number += 1
        return self.last_number

    @property
    def has_issues(self) -> bool:
        """Whether issues are enabled; where they are not, none is shown, and pull requests are as ever."""
        enabled: bool = self.record["hasIssuesEnabled"]
        return enabled

    def issue_numbers(self) -> list[int]:
        """Numbers of the issues, ascending: every number that neither a pull request nor a deleted issue has."""
        if not self.has_issues:
            return []
        if self._gaps[0] != self.last_number:
            taken = {*self.pulls.numbers(), *self.deleted_issues}
            gaps = [number for number in range(1, self.last_number + 1) if number not in taken]
            self._gaps = self.last_number, gaps
        return self._gaps[1]

    def issue(self, number: int) -> Record | None:
        """The issue (not pull request) with this number, with its comments in ``_connections``."""
        if not self.has_issues or number in self.deleted_issues:
            return None
        if number not in self._issues:
            if not 0 < number <= self.last_number or self.pulls.by_number(number) is not None:
                return None
            self._issues[number] = self._make_issue(self, number)
        return self._issues[number]

    def keep_commit(self, commit: Record) -> Record:
        """Make a commit findable for ever (a merge commit, or one that a force-push replaced)."""
        return self._commits.setdefault(commit["oid"], commit)

    def kept_commits(self) -> Iterator[Record]:
        """The commits that `keep_commit` kept."""
        yield from self._commits.values()

    def commit(self, oid: str) -> Record | None:
        """The commit of any pull request, past or present, with this oid."""
        kept = self._commits.get(oid)
        if kept is not None:
            return kept
        pull = self.pulls.holding_commit(oid)
        if pull is None:
            return None
        rows = (each["commit"] for each in pull.connection("commits"))
        merge = pull.record["mergeCommit"]
        return next((each for each in (*rows, merge) if each is not None and each["oid"] == oid), None)

    def label(self, name: str) -> Record | None:
        """The label with this name, upper and lower case alike."""
        return next((x for x in self.record["_connections"]["labels"] if x["name"].lower() == name.lower()), None)

    def marks(self, kind: MarkKind, order: MarkOrder) -> list[Mark]:
        """Where all comments of `kind` stand, those on issues too, sorted; makes no pull request."""
        marks = self.pulls.marks(kind, order)
        if kind == "IssueComment":
            issues = ((number, self.issue(number)) for number in self.commented_issues())
            own = [mark_of(x, n) for n, issue in issues if issue is not None for x in connection(issue, "comments")]
            marks = in_order([*marks, *own], order)
        return marks

    def commented_issues(self) -> list[int]:
        """Numbers of the issues that have comments: a thirtieth of the gaps, so that both kinds are mixed."""
        gaps = self.issue_numbers()
        return [number for number in gaps if has_comments(number)]

    def issue_by_id(self, database_id: int) -> Record | None:
        """The issue with this numeric id (pull requests take ids of the same row: ``_restIssueId``)."""
        return self.issue(database_id - self.issue_base)

    def issue_comment_by_id(self, node_id: str) -> Record | None:
        """The comment on an issue, not a pull request, with this node id."""
        issues = (self.issue(number) for number in self.commented_issues())
        comments = (each for issue in issues if issue is not None for each in issue["_connections"]["comments"])
        return next((each for each in comments if each["id"] == node_id), None)


def has_comments(number: int) -> bool:
    """Whether the issue with this number has comments."""
    return number % _COMMENTED == 0


def _with_url(repository: Repository) -> Iterator[Record]:
    """Every record in memory whose URL begins with the repository's."""
    has = repository.record["_connections"]
    yield from (*has["labels"], *has["milestones"], *repository.kept_commits())
    for pull in repository.pulls.materialised():
        yield pull.record
        for name in ("reviews", "comments", "commits"):
            yield from pull.connection(name)
        yield from pull.review_comments_of_all()
        for each in pull.connection("commits"):
            yield each["commit"]
            yield from each["commit"]["_connections"]["parents"]
