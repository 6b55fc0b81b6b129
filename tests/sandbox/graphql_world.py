"""A small world made by hand for the GraphQL tests: every record has every key that the world promises."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from github_sandbox.graphql import Executed, GraphQLService, Prepared, RateView
from github_sandbox.world.fields import FIELDS, PULL_REQUEST_CONNECTIONS
from github_sandbox.world.marks import Mark, MarkKind
from github_sandbox.world.node_ids import node_id
from github_sandbox.world.pulls import Connections, PullRequest, Summary
from github_sandbox.world.records import Record, int_or_none, iso
from github_sandbox.world.repository import Repository
from github_sandbox.world.state import World

START = 1_700_000_000
HOUR = 3_600
REPOSITORY_ID = 300_000_001
RATE = RateView(limit=5_000, remaining=4_990, used=10, reset_at="2026-01-01T00:00:00Z")


@dataclass(frozen=True)
class Someone:
    login: str = "reader"
    database_id: int = 90_000_001
    private: frozenset[str] = frozenset()


def made(kind: str, **values: Any) -> Record:
    """Make a record with all keys of its kind that are GraphQL fields; those not given are None."""
    record: Record = {key: None for key in FIELDS[kind] if not key.startswith("_")}
    record |= {"__typename": kind, **values}
    return record


def actor(kind: str, number: int, login: str) -> Record:
    return made(
        kind,
        id=node_id(kind, number),
        databaseId=number,
        login=login,
        url=f"https://github.com/{login}",
        avatarUrl=f"https://avatars.githubusercontent.com/u/{number}?v=4",
        createdAt=iso(START),
        updatedAt=iso(START),
        _restId=number,
    )


ALICE = actor("User", 11, "alice")
BOB = actor("User", 12, "bob")
ROBOT = actor("Bot", 13, "dependabot")
GUEST = actor("Mannequin", 14, "imported")
ACME = actor("Organization", 15, "acme")
AUTHORS = (ALICE, BOB, ROBOT, GUEST, None)


def repository_record() -> Record:
    flags = {key: key == "hasIssuesEnabled" for key in FIELDS["Repository"] if key.startswith(("is", "has"))}
    return made(
        "Repository",
        **flags,
        id=node_id("Repository", REPOSITORY_ID),
        databaseId=REPOSITORY_ID,
        name="app",
        nameWithOwner="acme/app",
        owner=ACME,
        url="https://github.com/acme/app",
        sshUrl="git@github.com:acme/app.git",
        visibility="PUBLIC",
        createdAt=iso(START),
        updatedAt=iso(START),
        stargazerCount=3,
        forkCount=1,
        forkingAllowed=True,
        mergeCommitAllowed=True,
        squashMergeAllowed=True,
        rebaseMergeAllowed=True,
        webCommitSignoffRequired=False,
        primaryLanguage=made("Language", id=node_id("Language", 5), name="Python", color="#3572A5"),
        _connections={"labels": [], "milestones": [], "assignableUsers": [ALICE, BOB]},
    )


class Children:
    """Makes the children of one pull request; how many follows from its number."""

    def __init__(self, pull: Record) -> None:
        self.pull = pull
        self.number: int = pull["number"]
        self.repository: Record = pull["repository"]

    def at(self, step: int) -> str:
        return iso(START + self.number * HOUR + step * 60)

    def shared(self, kind: str, place: int, step: int) -> dict[str, Any]:
        number = (
            2**33 + self.number * 1_000 + place if kind == "PullRequestReviewComment" else self.number * 1_000 + place
        )
        return {
            "id": node_id(kind, REPOSITORY_ID, number),
            "databaseId": int_or_none(number),
            "fullDatabaseId": str(number),
            "author": AUTHORS[(self.number + place) % len(AUTHORS)],
            "authorAssociation": "MEMBER",
            "body": f"{kind} {place} <of> #{self.number} \N{PARTY POPPER}",
            "createdAt": self.at(step),
            "updatedAt": self.at(step + 1),
            "publishedAt": self.at(step),
            "includesCreatedEdit": False,
            "isMinimized": False,
            "url": f"{self.pull['url']}#{kind.lower()}-{number}",
            "pullRequest": self.pull,
            "repository": self.repository,
        }

    def commit(self, place: int) -> Record:
        oid = f"{self.number:020x}{place:020x}"
        signature = made("GitActor", name="Alice", email="a@x", date=self.at(place), avatarUrl=ALICE["avatarUrl"])
        return made(
            "Commit",
            id=node_id("Commit", REPOSITORY_ID, oid=oid),
            oid=oid,
            abbreviatedOid=oid[:7],
            message="Change it\n\nwell",
            messageHeadline="Change it",
            messageBody="well",
            authoredDate=self.at(place),
            committedDate=self.at(place),
            author=signature | {"user": ALICE},
            committer=signature,
            authoredByCommitter=True,
            committedViaWeb=False,
            additions=1,
            deletions=2,
            changedFilesIfAvailable=1,
            url=f"https://github.com/acme/app/commit/{oid}",
            repository=self.repository,
            _connections={"parents": [], "authors": [signature]},
            _restTreeSha="0" * 40,
        )

    def thread(self, place: int) -> Record:
        thread = made(
            "PullRequestReviewThread",
            id=node_id("PullRequestReviewThread", REPOSITORY_ID, self.number * 1_000 + place),
            isResolved=bool(place % 2),
            isOutdated=False,
            isCollapsed=False,
            resolvedBy=BOB if place % 2 else None,
            path="src/a.py",
            line=7,
            originalLine=7,
            diffSide="RIGHT",
            subjectType="LINE",
            pullRequest=self.pull,
            repository=self.repository,
        )
        thread["_connections"] = {"comments": [self.review_comment(thread, place, each) for each in range(2)]}
        return thread

    def review_comment(self, thread: Record, place: int, each: int) -> Record:
        comment = made(
            "PullRequestReviewComment",
            **self.shared("PullRequestReviewComment", place * 10 + each, 30 + place),
            path="src/a.py",
            diffHunk="@@ -1 +1 @@",
            line=7,
            originalLine=7,
            originalPosition=1,
            outdated=False,
            subjectType="LINE",
            draftedAt=self.at(30),
            state="SUBMITTED",
        )
        comment["_thread"] = thread
        return comment

    def review(self, place: int) -> Record:
        state = ("APPROVED", "COMMENTED", "CHANGES_REQUESTED", "DISMISSED")[place % 4]
        review = made("PullRequestReview", **self.shared("PullRequestReview", place, 10 + place))
        review |= {"state": state, "submittedAt": self.at(10 + place), "authorCanPushToRepository": True}
        review["_connections"] = {"comments": []}
        return review

    def file(self, place: int) -> Record:
        return made(
            "PullRequestChangedFile",
            path=f"src/{place}.py",
            additions=place,
            deletions=1,
            changeType="MODIFIED",
            viewerViewedState="UNVIEWED",
        )

    def make(self) -> dict[str, list[Record]]:
        commits = [
            made(
                "PullRequestCommit",
                id=node_id("PullRequestCommit", REPOSITORY_ID, 400_000_000 + self.number, oid=commit["oid"]),
                url=f"{self.pull['url']}/commits/{commit['oid']}",
                commit=commit,
                pullRequest=self.pull,
            )
            for commit in map(self.commit, range(1 + self.number % 3))
        ]
        comments = [
            made("IssueComment", **self.shared("IssueComment", place, 20 + place), issue=self.pull)
            for place in range(self.number % 7)
        ]
        request = made(
            "ReviewRequest",
            id=node_id("ReviewRequest", REPOSITORY_ID, self.number),
            databaseId=self.number,
            asCodeOwner=False,
            requestedReviewer=BOB,
            pullRequest=self.pull,
        )
        return {
            "reviews": [self.review(place) for place in range(self.number % 5)],
            "reviewThreads": [self.thread(place) for place in range(self.number % 4)],
            "comments": comments,
            "commits": commits,
            "files": [self.file(place) for place in range(self.number % 9)],
            "labels": list(self.repository["_connections"]["labels"]),
            "assignees": [ALICE],
            "reviewRequests": [request],
            "participants": [ALICE, BOB],
            "closingIssuesReferences": [],
        }


class Source:
    """Pull requests with even numbers; the odd ones are issues. Nothing is made before it is asked for."""

    def __init__(self, count: int) -> None:
        self._numbers = [2 * place for place in range(1, count + 1)]
        self._places = frozenset(self._numbers)
        self.made_children = 0

    @property
    def numbers(self) -> Sequence[int]:
        return self._numbers

    def summary(self, place: int) -> Summary:
        number = self._numbers[place]
        state = ("OPEN", "CLOSED", "MERGED")[number // 2 % 3]
        created = START + number * HOUR
        return Summary(created, created + (number * 7 % 11) * 60, number % 7, state)  # type: ignore[arg-type]  # a literal

    def make(self, place: int, repository: Repository) -> PullRequest:
        summary = self.summary(place)
        number = self._numbers[place]
        closed = None if summary.state == "OPEN" else iso(summary.updated)
        merged = summary.state == "MERGED"
        owner = repository.record
        record = made(
            "PullRequest",
            id=node_id("PullRequest", REPOSITORY_ID, 400_000_000 + number),
            databaseId=400_000_000 + number,
            fullDatabaseId=str(400_000_000 + number),
            number=number,
            title=f"Change {number}",
            body=f"Body of {number}",
            state=summary.state,
            isDraft=False,
            locked=False,
            merged=merged,
            mergedAt=closed if merged else None,
            mergedBy=BOB if merged else None,
            closed=closed is not None,
            closedAt=closed,
            createdAt=iso(summary.created),
            updatedAt=iso(summary.updated),
            publishedAt=iso(summary.created),
            includesCreatedEdit=False,
            author=AUTHORS[number // 2 % len(AUTHORS)],
            authorAssociation="CONTRIBUTOR",
            additions=10,
            deletions=1,
            changedFiles=number % 9,
            baseRefName="main",
            baseRefOid="0" * 40,
            headRefName=f"topic-{number}",
            headRefOid="1" * 40,
            baseRepository=owner,
            headRepository=owner if number % 4 else None,
            headRepositoryOwner=ACME if number % 4 else None,
            isCrossRepository=False,
            maintainerCanModify=True,
            mergeable="MERGEABLE",
            mergeStateStatus="CLEAN",
            totalCommentsCount=number % 7,
            canBeRebased=True,
            isReadByViewer=False,
            url=f"https://github.com/acme/app/pull/{number}",
            repository=owner,
            _totals={"comments": number % 7},
        )

        def children(name: str) -> dict[str, list[Record]]:
            if name not in PULL_REQUEST_CONNECTIONS:
                raise KeyError(name)
            self.made_children += 1
            return Children(record).make()

        record["_connections"] = Connections(children)
        return PullRequest(repository, record)

    def place_of(self, kind: str, database_id: int) -> int | None:
        if kind == "PullRequest":
            number = database_id - 400_000_000
        elif kind == "ReviewRequest":
            number = database_id
        else:
            number = (database_id - (2**33 if kind == "PullRequestReviewComment" else 0)) // 1_000
        return number // 2 - 1 if number in self._places else None

    def marks(self, kind: MarkKind, place: int) -> Iterator[Mark]:
        raise NotImplementedError(kind, place)  # only REST lists by marks

    def place_of_commit(self, oid: str) -> int | None:
        return self.place_of("ReviewRequest", int(oid[:20], 16))


def issue(repository: Repository, number: int) -> Record:
    return made(
        "Issue",
        id=node_id("Issue", REPOSITORY_ID, 700_000_000 + number),
        databaseId=700_000_000 + number,
        fullDatabaseId=str(700_000_000 + number),
        number=number,
        title=f"Issue {number}",
        body="",
        state="OPEN",
        closed=False,
        createdAt=iso(START + number * HOUR),
        updatedAt=iso(START + number * HOUR),
        author=ALICE,
        authorAssociation="NONE",
        locked=False,
        url=f"https://github.com/acme/app/issues/{number}",
        repository=repository.record,
        _connections={"comments": [], "labels": [], "assignees": [], "participants": [ALICE]},
    )


def label(place: int, repository: Record) -> Record:
    return made(
        "Label",
        id=node_id("Label", REPOSITORY_ID, place),
        name=f"label-{place}",
        color="d73a4a",
        isDefault=False,
        url=f"https://github.com/acme/app/labels/label-{place}",
        createdAt=iso(START),
        updatedAt=iso(START),
        repository=repository,
    )


@dataclass(frozen=True)
class Bench:
    """A world with one repository `acme/app`, and the service over it."""

    world: World
    repository: Repository
    source: Source
    service: GraphQLService

    def prepare(self, query: str, variables: dict[str, Any] | None = None) -> Prepared:
        return self.service.prepare(query, variables)

    def run(self, query: str, variables: dict[str, Any] | None = None, asker: Someone | None = None) -> Executed:
        return self.service.execute(self.prepare(query, variables), asker=asker or Someone(), rate=RATE)

    def reference(self, query: str, variables: dict[str, Any] | None = None) -> Executed:
        return self.service.execute_by_reference(self.prepare(query, variables), asker=Someone(), rate=RATE)

    def data(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self.run(query, variables)
        assert not answer.errors, answer.errors
        assert answer.data is not None
        return answer.data


def bench(count: int = 40) -> Bench:
    world = World(now=lambda: START + 10_000 * HOUR, seed=1)
    for each in (ALICE, BOB, ROBOT, GUEST, ACME):
        world.add_actor(each)
    source = Source(count)
    record = repository_record()
    repository = Repository(world, record, source, cache=None, issue=issue, issue_base=700_000_000)
    record["_connections"]["labels"] = [label(place, record) for place in range(3)]
    world.add_repository(repository)
    return Bench(world, repository, source, GraphQLService(world))
