"""The world: every repository, actor and team, found by name, login or id; it never answers a request."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from github_sandbox.world.actors import set_login
from github_sandbox.world.node_ids import NodeId, parse
from github_sandbox.world.records import Record, connection
from github_sandbox.world.repository import Repository

_FIRST_IDS = {
    "User": 20_000_000,
    "Repository": 300_000_000,
    "Team": 5_000_000,
    "Label": 600_000_000,
    "Milestone": 9_000_000,
    "Issue": 700_000_000,
    "PullRequest": 400_000_000,
    "PullRequestReview": 900_000_000,
    "PullRequestReviewThread": 50_000_000,
    "PullRequestReviewComment": 1_100_000_000,
    "IssueComment": 1_300_000_000,
    "ReviewRequest": 30_000_000,
}


class Found(NamedTuple):
    """A repository looked up by name; `redirected` when that name is a former one (REST answers 301)."""

    repository: Repository
    redirected: bool


class World:
    """All that exists. `now` gives the present in seconds since the epoch; `revision` rises with every change."""

    def __init__(self, now: Callable[[], float], seed: int) -> None:
        self.now = now
        self.seed = seed
        self.revision = 0
        self.moves_updated_at: dict[str, bool] = {}  # overrides of `changes.MOVES_UPDATED_AT`
        self._next_ids = dict(_FIRST_IDS)
        self._names: dict[tuple[str, str], Repository] = {}
        self._former: dict[tuple[str, str], Repository] = {}
        self._repositories: dict[int, Repository] = {}
        self._actors: dict[int, Record] = {}
        self._logins: dict[tuple[str, bool], Record] = {}
        self._teams: dict[tuple[int, int], Record] = {}
        self._fork_makers: list[tuple[range, Callable[[int], Repository]]] = []

    # Repositories

    def repositories(self) -> Iterator[Repository]:
        """Every repository that is served by name, deleted ones included, forks of contributors not."""
        yield from dict.fromkeys(self._names.values())

    def add_repository(self, repository: Repository, *, named: bool = True) -> None:
        """Add it under its id and, unless it is a mere fork, under its name."""
        self._repositories[repository.database_id] = repository
        if named:
            self._names[_folded(repository.owner, repository.name)] = repository

    def add_forks(self, ids: range, make: Callable[[int], Repository]) -> None:
        """Let `make` make the repository with an id in `ids` when it is first looked up."""
        self._fork_makers.append((ids, make))

    def find(self, owner: str, name: str) -> Found | None:
        """Look a repository up by its present name or a former one, upper and lower case alike.

        Deleted and blocked ones are found too: the caller answers by `Repository.access` and `visible_to`.
        """
        key = _folded(owner, name)
        if key in self._names:
            return Found(self._names[key], redirected=False)
        return Found(self._former[key], redirected=True) if key in self._former else None

    def repository(self, owner: str, name: str) -> Repository | None:
        """The repository of this name, former names included; None when there never was one."""
        found = self.find(owner, name)
        return None if found is None else found.repository

    def repository_by_id(self, database_id: int) -> Repository | None:
        """The repository with this numeric id, contributors' forks included."""
        if database_id not in self._repositories:
            for ids, make in self._fork_makers:
                if database_id in ids:
                    self.add_repository(make(database_id), named=False)
        return self._repositories.get(database_id)

    def owned_by(self, owner: Record) -> list[Repository]:
        """The repositories and forks of an actor, as far as they were shown."""
        return [each for each in self._repositories.values() if each.record["owner"] is owner]

    def rename_repository(self, repository: Repository, owner: Record, name: str) -> None:
        """Give `repository` a new owner and name; the old ones redirect until another repository takes them.

        A contributor's fork, which is served under no name, only changes its record.
        """
        old = next((key for key, each in self._names.items() if each is repository), None)
        if old is not None:
            del self._names[old]
            new = _folded(owner["login"], name)
            self._former[old] = repository
            self._former.pop(new, None)
            self._names[new] = repository
        repository.record["owner"] = owner
        repository.record["name"] = name
        repository.record["nameWithOwner"] = f"{owner['login']}/{name}"

    # People

    def add_actor(self, actor: Record) -> Record:
        """Add a User, Bot, Mannequin or Organization; its login is that person's from now on."""
        self._actors[actor["_restId"]] = actor
        self._logins[actor["login"].lower(), actor["__typename"] == "Bot"] = actor
        return actor

    def actor(self, login: str, *, bot: bool = False) -> Record | None:
        """Who has this login now (``bot``: an App's, which GraphQL names without ``[bot]``); REST's form works too."""
        if login.endswith("[bot]"):
            return self._logins.get((login[:-5].lower(), True))
        return self._logins.get((login.lower(), bot))

    def actor_by_id(self, database_id: int) -> Record | None:
        """The actor with this numeric id."""
        return self._actors.get(database_id)

    def actors(self) -> Iterator[Record]:
        """Every actor, by numeric id."""
        yield from (self._actors[key] for key in sorted(self._actors))

    def rename_actor(self, actor: Record, login: str) -> None:
        """Give an actor another login; the old one is free at once, and redirects nowhere."""
        key = (actor["login"].lower(), actor["__typename"] == "Bot")
        if self._logins.get(key) is actor:
            del self._logins[key]
        set_login(actor, login)
        self.add_actor(actor)

    def add_team(self, team: Record) -> Record:
        """Add a team of an organization."""
        self._teams[team["organization"]["databaseId"], team["databaseId"]] = team
        return team

    def teams_of(self, organization: Record) -> list[Record]:
        """The teams of an organization."""
        return [team for (owner, _), team in self._teams.items() if owner == organization["databaseId"]]

    # Ids

    def reserve(self, kind: str, count: int = 1, *, wide: bool = False) -> int:
        """Take `count` consecutive numeric ids of `kind` and give the first; `wide` ones exceed 32 bits."""
        key = f"{kind}>32" if wide else kind
        first = self._next_ids.get(key, 2**33 + 7)
        self._next_ids[key] = first + count
        return first

    def node(self, node_id: str) -> Record | None:
        """The record with this global node id, whoever may see it (see `repository_of`); None when there is none.

        A pull request's handle is its record's ``_pull``, a repository's ``_repository``.
        """
        parsed = parse(node_id)
        if parsed is None or not parsed.numbers:
            return None
        if len(parsed.numbers) == 1 and parsed.oid is None:
            return self._single(parsed)
        if parsed.kind == "Team":
            return self._teams.get((parsed.numbers[0], parsed.numbers[1])) if parsed.oid is None else None
        repository = self.repository_by_id(parsed.numbers[0])
        found = None if repository is None else _inside(repository, parsed, node_id)
        return found if found is not None and found["id"] == node_id else None

    def _single(self, parsed: NodeId) -> Record | None:
        if parsed.kind == "Repository":
            repository = self.repository_by_id(parsed.numbers[0])
            return None if repository is None else repository.record
        actor = self._actors.get(parsed.numbers[0])
        return actor if actor is not None and actor["__typename"] == parsed.kind else None


def repository_of(record: Record) -> Repository | None:
    """The repository that a record belongs to; None for actors and teams, which belong to none."""
    if record["__typename"] == "Repository":
        own: Repository = record["_repository"]
        return own
    if record.get("repository") is not None:
        return repository_of(record["repository"])
    pull = record.get("pullRequest")
    return None if pull is None else repository_of(pull)


def _folded(owner: str, name: str) -> tuple[str, str]:
    return owner.lower(), name.lower()


def _inside(repository: Repository, parsed: NodeId, node_id: str) -> Record | None:
    if parsed.oid is not None and parsed.kind == "Commit":
        return repository.commit(parsed.oid)
    if parsed.kind in ("Label", "Milestone"):
        name = "labels" if parsed.kind == "Label" else "milestones"
        return next((x for x in connection(repository.record, name) if x["id"] == node_id), None)
    if parsed.kind == "Ref":
        branch: Record | None = repository.record["defaultBranchRef"]
        return branch
    if parsed.kind == "Issue":
        return repository.issue_by_id(parsed.numbers[1])
    pull = repository.pulls.holding("PullRequest" if parsed.oid is not None else parsed.kind, parsed.numbers[1])
    if pull is None:
        return repository.issue_comment_by_id(node_id) if parsed.kind == "IssueComment" else None
    return pull.record if parsed.kind == "PullRequest" else pull.child(node_id)
