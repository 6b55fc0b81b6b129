"""Repositories as commands are given them, by name or GitHub's numeric id, found among those stored."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from progressive_capture.domain.errors import UsageError
from progressive_capture.operator.names import repository_names

if TYPE_CHECKING:
    from progressive_capture.wiring import Wired

_NUMBER: Final = re.compile(r"[0-9]{1,18}")
"""GitHub's numeric ids; more digits fit no database."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A repository that is stored."""

    repository_id: int
    name: str
    """`owner/name`, as GitHub last gave it."""


def subjects(works: "Wired", given: Iterable[str], *, any_number: bool = False) -> list[Subject]:
    """Find repositories by name, address or numeric id, each once, in the order given.

    With `any_number` a number need not be stored: what plain SQL put on a list can be taken off it.

    Raises:
        UsageError: one of them is no repository's name, or is not stored; nothing is asked of GitHub.
        StoreError: the database cannot be read.
    """
    from progressive_capture.store import repositories  # noqa: PLC0415 - not needed for --help

    found: dict[int, Subject] = {}
    with works.database.reading() as connection:
        for text in map(str.strip, given):
            if _NUMBER.fullmatch(text):
                stored = repositories.find_numbered(connection, works.host_id, int(text))
            else:
                (name,) = repository_names([text], works.settings.github_api_url)
                stored = repositories.find_repository(connection, works.host_id, name)
            if stored is None and any_number and _NUMBER.fullmatch(text):
                found.setdefault(int(text), Subject(int(text), text))
                continue
            if stored is None:
                raise UsageError(f"{text} is not known here: pc track owner/name looks a repository up and keeps it.")
            found.setdefault(stored.id, Subject(stored.id, stored.owner_name))
    return list(found.values())


def named(works: "Wired", repository_ids: Iterable[int]) -> list[Subject]:
    """Name stored repositories; one that is not stored stands by its number alone.

    Raises:
        StoreError: the database cannot be read.
    """
    from progressive_capture.store import repositories  # noqa: PLC0415 - not needed for --help

    found = []
    with works.database.reading() as connection:
        for number in repository_ids:
            stored = repositories.find_numbered(connection, works.host_id, number)
            found.append(Subject(number, "(not stored)" if stored is None else stored.owner_name))
    return found
