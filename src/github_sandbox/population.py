"""Reads what ``--repo`` names and makes the world of it; the records themselves are made elsewhere.

``OWNER/NAME=FILE.jsonl[.gz]`` reads a population of real pull requests, ``OWNER/NAME=generate:N[,…]`` makes one up, and
``hostile`` adds the repositories of awkward cases.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from github_sandbox.generate import MadeUpHistory, Recipe, midnight, new_plan
from github_sandbox.history import GitHistory, new_git_plan, people_of
from github_sandbox.hostile import add_hostile
from github_sandbox.rows import SourceError, read_rows
from github_sandbox.world.cast import new_roster, roster_size
from github_sandbox.world.found import found
from github_sandbox.world.state import World

__all__ = ["DEFAULT_REPOSITORY", "SourceError", "build_world"]

DEFAULT_REPOSITORY: Final = "sandbox/demo=generate:500"
HOSTILE: Final = "hostile"
CACHED: Final = 4_096  # generated pull requests in memory, with all their children
SMALL: Final = 5_000  # up to so many, all stay
_LARGEST: Final = 1_000_000


def build_world(now: Callable[[], float], seed: int, repos: Sequence[str]) -> World:
    """The world of these ``--repo`` texts (none: `DEFAULT_REPOSITORY`), the same for the same seed.

    Raises:
        SourceError: a text or a file cannot be read; its message is one sentence that says where and what to do.
    """
    world = World(now, seed)
    for text in repos or (DEFAULT_REPOSITORY,):
        if text == HOSTILE:
            add_hostile(world)
        else:
            _add(world, text)
    return world


def _add(world: World, text: str) -> None:
    full, equals, source = text.partition("=")
    owner, slash, name = full.partition("/")
    if not (equals and slash and owner and name and source) or "/" in name:
        raise SourceError(
            f"--repo {text!r} is neither OWNER/NAME=SOURCE nor {HOSTILE!r}; write it in one of these forms."
        )
    if world.repository(owner, name) is not None:
        raise SourceError(f"--repo {full} is given twice; name each repository once.")
    key = f"{world.seed}/{full.lower()}"
    if source.startswith("generate:"):
        recipe = read_recipe(source)
        plan = new_plan(recipe, key)
        roster = new_roster(world, key, roster_size(recipe.size))
        cache = None if recipe.size <= SMALL else CACHED
        found(world, (owner, name), plan, roster, lambda cast, forks: MadeUpHistory(plan, cast, forks), cache=cache)
    else:
        _add_real(world, (owner, name), key, Path(source))


def _add_real(world: World, name: tuple[str, str], key: str, path: Path) -> None:
    rows = read_rows(path)
    people = people_of(world, rows, name[0])
    plan = new_git_plan(rows, key)
    found(world, name, plan, people.roster, lambda cast, forks: GitHistory(rows, plan, people, cast, forks), cache=None)


def read_recipe(source: str) -> Recipe:
    """Read ``generate:N[,threads=3.0][,renames=0.016][,until=2026-06-01]``; SourceError when it is not that."""
    size, *options = source.removeprefix("generate:").split(",")
    if not (size.isascii() and size.isdigit() and int(size) <= _LARGEST):
        raise SourceError(f"{source!r}: after 'generate:' stands a whole number from 0 to {_LARGEST:,}, not {size!r}.")
    given: dict[str, str] = {}
    for option in options:
        key, equals, value = option.partition("=")
        if not equals or key not in {"threads", "renames", "until"} or key in given:
            raise SourceError(
                f"{source!r}: {option!r} is none of threads=MEAN, renames=SHARE, until=YYYY-MM-DD, each once."
            )
        given[key] = value
    recipe = Recipe(int(size))
    return Recipe(
        recipe.size,
        _number(source, given, "threads", recipe.threads, 100.0),
        _number(source, given, "renames", recipe.renames, 1.0),
        _day(source, given.get("until", recipe.until)),
    )


def _number(source: str, given: dict[str, str], key: str, default: float, most: float) -> float:
    try:
        value = float(given.get(key, default))
    except ValueError:
        value = -1.0
    if not 0 <= value <= most:
        raise SourceError(f"{source!r}: {key} is a number from 0 to {most:g}, not {given[key]!r}.")
    return value


def _day(source: str, text: str) -> str:
    try:
        midnight(text)
    except ValueError:
        raise SourceError(f"{source!r}: until is a day as YYYY-MM-DD, not {text!r}.") from None
    return text
