"""A hand-made repository under construction: the few strokes that the awkward cases are drawn with."""

from collections.abc import Callable
from typing import Final, TypeAlias

from github_sandbox.world import edits
from github_sandbox.world.actors import new_actor
from github_sandbox.world.cast import NoPulls
from github_sandbox.world.conversation import new_issue_comment
from github_sandbox.world.found import owner_of
from github_sandbox.world.pull_records import new_issue
from github_sandbox.world.pulls import PullRequest
from github_sandbox.world.records import Record, iso
from github_sandbox.world.repository import Repository, has_comments
from github_sandbox.world.repository_records import furnish, new_repository
from github_sandbox.world.state import World

BEGIN: Final = 1_777_593_600  # 2026-05-01
Awkward: TypeAlias = Callable[[PullRequest], None]


class Stage:
    """A repository to which pull requests are added one by one, each after a gap of two for issues."""

    def __init__(self, world: World, owner: str, name: str) -> None:
        self.world = world
        self.people: dict[str, Record] = {}
        self._first_issue_comment = world.reserve("IssueComment", 1_000)
        record = new_repository(owner_of(world, owner), name, world.reserve("Repository"), iso(BEGIN), iso(BEGIN))
        furnish(world, record, [])
        base = world.reserve("Issue", 100_000)
        self.repository = Repository(world, record, NoPulls(), cache=None, issue=self._issue, issue_base=base)
        self.repository.wide_ids = True
        self._minute = 0
        world.add_repository(self.repository)

    def person(self, login: str, kind: str = "User", *, numeric: bool = True) -> Record:
        """The actor of this login, made when there is none."""
        if login not in self.people:
            known = self.world.actor(login, bot=kind == "Bot")
            made = known or new_actor(kind, login, self.world.reserve("User"), name=login.title(), numeric=numeric)
            self.people[login] = self.world.add_actor(made)
        return self.people[login]

    def stamp(self) -> str:
        """The next minute."""
        self._minute += 1
        return iso(BEGIN + self._minute * 60)

    def pull(self, title: str, author: Record | None, *, commits: int = 1, files: int = 1) -> PullRequest:
        """Open a pull request; two numbers before it are issues."""
        self.repository.take_number()
        self.repository.take_number()
        pull = edits.open_pull(self.repository, title, "What it does.", author, self.stamp())
        edits.replace_commits(pull, commits, author, self.stamp(), "first")
        edits.replace_files(pull, edits.plain_files(files, title))
        return pull

    def finish(self, pull: PullRequest) -> None:
        """Date the pull request after all that it holds, and add it to the repository."""
        pull.record["updatedAt"] = self.stamp()
        pull.repository.pulls.add(pull)
        pull.repository.record |= {"updatedAt": pull.record["updatedAt"], "pushedAt": pull.record["updatedAt"]}

    def add(self, title: str, author: Record | None, awkward: Awkward, **size: int) -> PullRequest:
        """Open a pull request of this size (`commits`, `files`), make it `awkward`, and add it."""
        pull = self.pull(title, author, **size)
        awkward(pull)
        self.finish(pull)
        return pull

    def _issue(self, repository: Repository, number: int) -> Record:
        author, stamp = next(iter(self.people.values())), iso(BEGIN)
        title, database_id = f"Issue {number}", repository.issue_base + number
        issue = new_issue(repository.record, number, database_id, title=title, body="", by=author, stamp=stamp)
        if has_comments(number):
            comment_id = self._first_issue_comment + number
            issue["_connections"]["comments"].append(new_issue_comment(issue, comment_id, author, stamp, body="Seen."))
        return issue
