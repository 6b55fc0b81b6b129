"""Commands over the repositories that the rollout names one by one; what a list means is decided elsewhere."""

from typing import TYPE_CHECKING

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.operator import options
from progressive_capture.operator.rolling import Bound, asking, changing, written
from progressive_capture.operator.subjects import Subject, named, subjects
from progressive_capture.operator.telling import Told
from progressive_capture.operator.wording import count

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from progressive_capture.rollout.rollout import By, Rollout, Written
    from progressive_capture.wiring import Wired

    Listing = Callable[[Rollout, Collection[int], By], Written]


def add_to_whitelist(
    context: typer.Context, names: options.Known, reason: options.Reason = None, *, json: options.Json = False
) -> ExitCode:
    """Let repositories use both processors whatever the percentage."""
    from progressive_capture.rollout import manage  # noqa: PLC0415 - not needed for --help

    return _list(context, manage.add_to_whitelist, names, reason, json=json)


def remove_from_whitelist(
    context: typer.Context, names: options.Known, reason: options.Reason = None, *, json: options.Json = False
) -> ExitCode:
    """Take repositories off the whitelist."""
    from progressive_capture.rollout import manage  # noqa: PLC0415 - not needed for --help

    return _list(context, manage.remove_from_whitelist, names, reason, takes_off=True, json=json)


def exclude(
    context: typer.Context, names: options.Known, reason: options.Reason = None, *, json: options.Json = False
) -> ExitCode:
    """Keep repositories on the real-time processor whatever else says."""
    from progressive_capture.rollout import manage  # noqa: PLC0415 - not needed for --help

    return _list(context, manage.exclude, names, reason, json=json)


def readmit(
    context: typer.Context, names: options.Known, reason: options.Reason = None, *, json: options.Json = False
) -> ExitCode:
    """Take repositories off the exclusions."""
    from progressive_capture.rollout import manage  # noqa: PLC0415 - not needed for --help

    return _list(context, manage.readmit, names, reason, takes_off=True, json=json)


def show_whitelist(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """Show the repositories on the whitelist, and those excluded."""
    from progressive_capture.rollout import manage  # noqa: PLC0415 - not needed for --help

    def read(rollout: "Rollout", works: "Wired") -> Told:
        now = manage.in_force(rollout)
        whitelist, excluded = named(works, now.whitelist), named(works, now.excluded)
        closed = ", which a rollback closed: nobody passes by it" if now.whitelist_closed else ""
        lines = [*_shown(f"On the whitelist{closed}", whitelist), *_shown("Excluded", excluded)]
        document = {"whitelist": whitelist, "whitelist_closed": now.whitelist_closed, "excluded": excluded}
        return Told.of("\n".join(lines), document)

    return asking(context, read, as_json=json)


def mark_as_test(
    context: typer.Context, names: options.Known, reason: options.Reason = None, *, json: options.Json = False
) -> ExitCode:
    """Mark repositories as tests: the rollout by size admits them first."""
    return _mark(context, names, reason, is_test=True, json=json)


def unmark_as_test(
    context: typer.Context, names: options.Known, reason: options.Reason = None, *, json: options.Json = False
) -> ExitCode:
    """Take the mark of tests off repositories: their size counts again."""
    return _mark(context, names, reason, is_test=False, json=json)


def categorize_all(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """Reckon the category of every tracked repository anew, from what GitHub last counted.

    Marks set by hand stay.
    """
    from progressive_capture.rollout import population  # noqa: PLC0415 - not needed for --help

    def change(at: Bound) -> Told:
        found = population.categorize_all(at.rollout)
        sizes = ", ".join(f"{number:,} {name}" for name, number in sorted(found.categories.items()))
        text = f"{count(found.repositories, 'repository', 'repositories')} categorised, {found.changed:,} changed"
        return Told.of(text + (f": {sizes}" if sizes else ""), {"categorized": found})

    return changing(context, change, reason=None, as_json=json)


def _list(
    context: typer.Context,
    make: "Listing",
    names: list[str],
    reason: str | None,
    *,
    takes_off: bool = False,
    json: bool,
) -> ExitCode:
    def change(at: Bound) -> Told:
        return written(make(at.rollout, _ids(subjects(at.works, names, any_number=takes_off)), at.by))

    return changing(context, change, reason=reason, as_json=json)


def _mark(context: typer.Context, names: list[str], reason: str | None, *, is_test: bool, json: bool) -> ExitCode:
    from progressive_capture.rollout import population  # noqa: PLC0415 - not needed for --help

    def change(at: Bound) -> Told:
        wanted = subjects(at.works, names)
        done = population.mark_as_test(at.rollout, _ids(wanted), at.by, is_test=is_test)
        words = "marked as a test" if is_test else "no longer marked as a test"
        lines = [
            f"{each.name}: {words}" + ("" if each.repository_id in done.marked else " already; nothing was changed")
            for each in wanted
        ]
        return Told.of("\n".join([*lines, f"(version {done.version})"]), {"marked": done, "repositories": wanted})

    return changing(context, change, reason=reason, as_json=json)


def _ids(found: list[Subject]) -> list[int]:
    return [each.repository_id for each in found]


def _shown(words: str, found: list[Subject]) -> list[str]:
    head = f"{words}: {count(len(found), 'repository', 'repositories')}"
    return [head, *(f"  {each.repository_id}  {each.name}" for each in found)]
