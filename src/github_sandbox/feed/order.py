"""One change as it was asked for, with its fields read and checked; it changes nothing by itself."""

from typing import Final, TypeVar

from github_sandbox.model import PullRequest, Record, Repository, World, connection, iso, seconds_of
from github_sandbox.world.actors import new_actor

_T = TypeVar("_T")
DEFAULT_LOGIN: Final = "sandbox-editor"
MOST: Final = 10_000


class ChangeError(ValueError):
    """A change that cannot be made; the message is one sentence that says what to do."""


class Order:
    """The fields of one change; each is asked for once, and one that nobody asks for is refused by `done`."""

    def __init__(self, world: World, fields: Record) -> None:
        self.world = world
        self._fields = dict(fields)
        self.kind = self.text("type")

    def text(self, name: str, default: str | None = None) -> str:
        """A text field; without `default` it is required."""
        return self._take(name, str, default)

    def count(self, name: str, default: int) -> int:
        """A whole number from 0 to 10,000."""
        found = self._take(name, int, default)
        if not 0 <= found <= MOST:
            raise ChangeError(f"{self._where()}: {name} is {found}; give a whole number from 0 to {MOST:,}.")
        return found

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false."""
        return self._take(name, bool, default)

    def flags(self, name: str) -> dict[str, bool]:
        """An object whose values are true or false."""
        found = self._take(name, dict, None)
        if not all(isinstance(value, bool) for value in found.values()):
            raise ChangeError(f"{self._where()}: every value of {name} is true or false.")
        return found

    def optional_text(self, name: str) -> str | None:
        """A text field that may be absent."""
        return self.text(name) if name in self._fields else None

    def actor(self, name: str, default: Record | None = None) -> Record:
        """The actor whose login the field gives, made as a User when there is none yet."""
        if name not in self._fields and default is not None:
            return default
        login = self.text(name, DEFAULT_LOGIN)
        return self.world.actor(login, bot=login.endswith("[bot]")) or self._new_user(login)

    def _new_user(self, login: str) -> Record:
        kind = "Bot" if login.endswith("[bot]") else "User"
        return self.world.add_actor(new_actor(kind, login.removesuffix("[bot]"), self.world.reserve("User")))

    def repository(self) -> Repository:
        """The repository that the change is in."""
        full = self.text("repository")
        owner, _, name = full.partition("/")
        found = self.world.repository(owner, name)
        if found is None or found.access == "deleted":
            raise ChangeError(f"{self._where()}: no repository {full!r} is served; name one that is.")
        return found

    def pull(self) -> PullRequest:
        """The pull request that the change is in, kept as it is from now on."""
        repository = self.repository()
        number = self._take("number", int, None)
        found = repository.pulls.by_number(number)
        if found is None:
            full = repository.record["nameWithOwner"]
            raise ChangeError(f"{self._where()}: {full} has no pull request {number}; name one that it has.")
        repository.pulls.pin(found)
        return found

    def child(self, name: str, among: list[Record]) -> Record:
        """The record among these whose node id or numeric id the field gives; the last one when it is absent."""
        wanted = self._fields.pop(name, None)
        if wanted is None and among:
            return among[-1]
        for each in among:
            if wanted is not None and str(wanted) in {each["id"], each.get("fullDatabaseId")}:
                return each
        what = "none" if wanted is None else repr(wanted)
        raise self.refuse(f"{name} is {what}, which this pull request does not hold; name one of its own.")

    def thread(self, pull: PullRequest, *, required: bool = True) -> Record | None:
        """The thread that the field gives; without the field the last one, or None unless `required`."""
        if not required and "thread" not in self._fields:
            return None
        return self.child("thread", pull.connection("reviewThreads"))

    def label(self, repository: Repository) -> Record:
        """The label that the field names."""
        name = self.text("label")
        found = repository.label(name)
        if found is None:
            known = ", ".join(each["name"] for each in connection(repository.record, "labels"))
            raise ChangeError(f"{self._where()}: there is no label {name!r}; the labels are {known}.")
        return found

    def stamp(self, after: str = "") -> str:
        """The world's present as a DateTime, never before `after`."""
        now = int(self.world.now())
        return iso(max(now, seconds_of(after))) if after else iso(now)

    def done(self) -> None:
        """Refuse fields that nobody asked for."""
        if self._fields:
            raise ChangeError(f"{self._where()}: {', '.join(sorted(self._fields))} means nothing here; leave it out.")

    def refuse(self, why: str) -> ChangeError:
        """The error that says why this change cannot be made."""
        return ChangeError(f"{self._where()}: {why}")

    def _where(self) -> str:
        return f"change {getattr(self, 'kind', '(no type)')}"

    def _take(self, name: str, kind: type[_T], default: _T | None) -> _T:
        found = self._fields.pop(name, default)
        if found is None:
            raise ChangeError(f"{self._where()}: {name} is missing; add it.")
        if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
            raise ChangeError(f"{self._where()}: {name} is {found!r}, which is not of the expected type.")
        return found
