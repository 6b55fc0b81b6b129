"""Real history as a population: what git knows is taken from the rows, the rest is drawn; no file is read here."""

import datetime as dt
import re
from array import array
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from github_sandbox.rows import STATUSES, Row
from github_sandbox.world import text
from github_sandbox.world.actors import new_actor
from github_sandbox.world.cast import Cast, Forks
from github_sandbox.world.commits import git_actor_of, new_base_commit, new_commit
from github_sandbox.world.commits import new_pull_request_commit as edge_of
from github_sandbox.world.plan import STATES, Plan, Timing
from github_sandbox.world.planned import Origin
from github_sandbox.world.pull_records import Branches, new_file
from github_sandbox.world.quotas import draw
from github_sandbox.world.records import Record, iso
from github_sandbox.world.stable import random_of
from github_sandbox.world.state import World

_DAY: Final = 86_400
_MEDIAN_LAG: Final = 144  # seconds from the first commit to the pull request
_HOURS_LATE: Final = 0.10
_DAYS_LATE: Final = 0.05
_OPEN: Final = 0.25  # of the unmerged ones in the last quarter
_NOT_IN_LOGIN: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class People:
    """Who a population's rows speak of: by the rows' own ids, by login, and most active first."""

    by_hash: dict[str, Record]
    by_login: dict[str, Record]
    roster: list[Record]


def people_of(world: World, rows: list[Row], owner: str) -> People:
    """Find or add the actors of the rows; logins are real where the rows know them, else made of the name."""
    names, logins, active = _who(rows)
    by_hash: dict[str, Record] = {}
    for key, name in names.items():
        login = logins.get(key) or _NOT_IN_LOGIN.sub("-", name.lower()).strip("-") or f"user-{key}"
        by_hash[key] = _actor(world, login, name)
    by_login = {each["_restLogin"]: each for each in by_hash.values()}
    for row in rows:
        login = row["head"].get("owner")
        if login and login != owner and login not in by_login:
            by_login[login] = _actor(world, login, None)
    ranked = sorted(by_hash, key=lambda key: (-active[key], key))
    roster = list({by_hash[key]["_restId"]: by_hash[key] for key in ranked}.values())
    known = {each["_restId"] for each in roster}
    extra = [each for each in by_login.values() if each["_restId"] not in known]
    return People(by_hash, by_login, [*roster, *extra])


def _who(rows: list[Row]) -> tuple[dict[str, str], dict[str, str], Counter[str]]:
    names: dict[str, str] = {}
    logins: dict[str, str] = {}
    active: Counter[str] = Counter()
    for row in rows:
        commits = (commit["author"] for commit in row["commits"])
        for person in (row["author"], *([row["merged_by"]] if row["merged_by"] else []), *commits):
            names.setdefault(person["id"], person["name"])
            if person.get("login"):
                logins.setdefault(person["id"], person["login"])
        active[row["author"]["id"]] += 1
    return names, logins, active


def _actor(world: World, login: str, name: str | None) -> Record:
    kind = "Bot" if login.endswith("[bot]") or (name or "").endswith("[bot]") else "User"
    login = login.removesuffix("[bot]").removesuffix("-bot") if kind == "Bot" else login
    known = world.actor(login, bot=kind == "Bot")
    return known or world.add_actor(new_actor(kind, login, world.reserve("User"), name=name))


def _seconds(stamp: str) -> int:
    return int(dt.datetime.fromisoformat(stamp).timestamp())


def new_git_plan(rows: list[Row], key: str) -> Plan:
    """The plan of a real population: numbers, commits and files are the rows', the rest is drawn from `key`."""
    rng = random_of(key, "plan")
    latest = max((_seconds(row["head_committed_at"]) for row in rows), default=0)
    since = min((_seconds(row["first_commit_at"]) for row in rows), default=0)
    recent = latest - (latest - since) // 4
    counts = draw(
        len(rows),
        rng,
        commits=[len(row["commits"]) for row in rows],
        files=[len(row["files"]) for row in rows],
    )
    timings = [_timing(row, recent, rng) for row in rows]
    return Plan(key, array("q", (row["number"] for row in rows)), timings, counts)


def _timing(row: Row, recent: int, rng: Random) -> Timing:
    first, head = _seconds(row["first_commit_at"]), _seconds(row["head_committed_at"])
    lag, draw_lag, draw_open, draw_end = rng.random(), rng.random(), rng.random(), rng.random()
    created = first + int(2 * _MEDIAN_LAG * draw_lag)
    if lag < _HOURS_LATE:
        created += int(12 * 3_600 * draw_lag) if lag > _DAYS_LATE else int((5 + 6 * draw_lag) * _DAY)
    if row["merged_at"] is not None:
        merged = _seconds(row["merged_at"])
        created = min(created, merged)
        return Timing(created, _later(max(merged, created), rng), merged, STATES.index("MERGED"))
    last = max(head, created)
    if last >= recent and draw_open < _OPEN:
        return Timing(created, _later(last, rng), 0, STATES.index("OPEN"))
    closed = last + int(30 * _DAY * draw_end**3)
    return Timing(created, _later(closed, rng), closed, STATES.index("CLOSED"))


def _later(moment: int, rng: Random) -> int:
    return moment + (int(20 * _DAY * rng.random()) if rng.random() < 0.2 else 0)  # noqa: PLR2004 - one in five


class GitHistory:
    """What git knows of real pull requests (`planned.Details`)."""

    def __init__(self, rows: list[Row], plan: Plan, people: People, cast: Cast, forks: Forks) -> None:
        self._rows = rows
        self._plan = plan
        self._people = people
        self._cast = cast
        self._forks = forks
        self._commits: dict[str, int] | None = None

    def origin(self, place: int, repository: Record, rng: Random) -> Origin:
        """Title, author, branches and size of the pull request at `place`."""
        row = self._rows[place]
        author = self._people.by_hash[row["author"]["id"]]
        merged = row["merged_at"] is not None
        merger = self._merger(row, rng) if merged else None
        files = row["files"]
        return Origin(
            title=row["title"],
            body=row["body"] if row["body"] is not None else text.prose(rng, 0, 1_500),
            author=author,
            merged_by=merger,
            merge_commit=self._merge(row, repository, merger, place) if merged else None,
            branches=self._branches(row, author, repository, merged=merged),
            size=(sum(x["additions"] for x in files), sum(x["deletions"] for x in files), len(files)),
        )

    def _merger(self, row: Row, rng: Random) -> Record:
        known = row["merged_by"]
        return self._people.by_hash[known["id"]] if known else self._cast.user(rng)

    def _branches(self, row: Row, author: Record, repository: Record, *, merged: bool) -> Branches:
        head, owner = row["head"], row["head"].get("owner")
        source = self._people.by_login.get(owner, author) if owner else author
        same = owner == repository["owner"]["login"] or source["__typename"] == "Bot"
        return Branches(
            base_name=row["base"]["ref"] or "main",
            base_oid=row["base"]["sha"],
            head_name=head.get("ref") or f"patch-{row['number']}",
            head_oid=head["sha"],
            head_repository=repository if same else self._forks.of(source),
            head_kept=not merged,
        )

    def _merge(self, row: Row, repository: Record, merger: Record | None, place: int) -> Record | None:
        oid = row["merge_commit_sha"]
        if oid is None:
            return None
        who = git_actor_of(merger, iso(self._plan.timings[place].closed))
        return new_commit(repository, oid, f"{row['title']} (#{row['number']})", who, who, parents=[])

    def commits(self, place: int, pull: Record) -> list[Record]:
        """Its commits as git has them."""
        row, repository = self._rows[place], pull["repository"]
        made: dict[str, Record] = {}
        for each in row["commits"]:
            oid, actor = each["sha"], self._people.by_hash[each["author"]["id"]]
            author = git_actor_of(actor, self._utc(each["authored_at"]))
            committer = git_actor_of(actor, self._utc(each["committed_at"]))
            parents = [self._parent(made, repository, one, author["date"]) for one in each.get("parents", [])]
            made[oid] = new_commit(repository, oid, each["message"], author, committer, parents=parents)
        return [edge_of(pull, commit) for commit in made.values()]

    @staticmethod
    def _parent(made: dict[str, Record], repository: Record, oid: str, date: str) -> Record:
        return made.get(oid) or new_base_commit(repository, oid, date)

    @staticmethod
    def _utc(stamp: str) -> str:
        return iso(_seconds(stamp))

    def files(self, place: int) -> list[Record]:
        """Its changed files as git has them."""
        return [_file(each) for each in self._rows[place]["files"]]

    def place_of_commit(self, oid: str) -> int | None:
        """The place of the pull request that holds this commit (the first one that does)."""
        if self._commits is None:
            self._commits = {}
            for place, row in enumerate(self._rows):
                shas = [each["sha"] for each in row["commits"]]
                for sha in (*shas, row["merge_commit_sha"]):
                    if sha is not None:
                        self._commits.setdefault(sha, place)
        return self._commits.get(oid)


def _file(row: dict[str, Any]) -> Record:
    return new_file(
        row["path"],
        STATUSES[row["status"]],
        row["additions"],
        row["deletions"],
        previous=row.get("previous_path"),
        binary=bool(row.get("binary")),
    )
