"""What all commands of `rollout` share: the rollout at hand, changes told in words; each command stands elsewhere."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.operator.consent import consent
from progressive_capture.operator.consent import reason as reason_for
from progressive_capture.operator.desk import Desk, at_store
from progressive_capture.operator.telling import Told, tell_one
from progressive_capture.operator.wording import count

if TYPE_CHECKING:
    from progressive_capture.domain.rollout import Origin
    from progressive_capture.rollout.rollout import By, InForce, Rollout, Written
    from progressive_capture.wiring import Wired


@dataclass(frozen=True, slots=True)
class Bound:
    """The rollout as a change is made to it."""

    rollout: "Rollout"
    works: "Wired"
    by: "By"
    expected: int | None
    """The version that somebody agreed to change; None where nobody was asked."""


class Preview(NamedTuple):
    """What a dangerous change is going to do."""

    will: str
    version: int
    """Of the rollout that this was read of."""


def asking(context: typer.Context, read: Callable[["Rollout", "Wired"], Told], *, as_json: bool) -> ExitCode:
    """Tell what is read of the rollout; a database that is not there yet is not made."""
    from progressive_capture.settings import Settings  # noqa: PLC0415 - not needed for --help

    desk: Desk = context.obj
    told = at_store(desk, Settings.read(), lambda works: read(works.rollout(), works), create=False)
    return tell_one(desk, told, as_json=as_json)


def changing(context: typer.Context, change: Callable[[Bound], Told], *, reason: str | None, as_json: bool) -> ExitCode:
    """Make a change that its counterpart undoes; without a reason, the command itself stands in the history."""
    desk: Desk = context.obj
    return _change(desk, change, reason or f"rollout {context.info_name}", None, as_json=as_json)


def withdrawing(
    context: typer.Context,
    preview: Callable[["Rollout", "Wired"], Preview],
    change: Callable[[Bound], Told],
    *,
    reason: str | None,
    yes: bool,
    as_json: bool,
) -> ExitCode:
    """Make a dangerous change: it is said what is going to happen, and somebody has to want just that."""
    from progressive_capture.settings import Settings  # noqa: PLC0415 - not needed for --help

    desk: Desk = context.obj
    why = reason_for(desk, reason)
    expected = None
    if not yes:
        seen = at_store(desk, Settings.read(), lambda works: preview(works.rollout(), works), create=True)
        consent(desk, seen.will, yes=False)
        expected = seen.version
    return _change(desk, change, why, expected, as_json=as_json)


class BulkJobs(NamedTuple):
    """Open jobs of the bulk lane."""

    waiting: int
    """Not at work."""
    running: int


def bulk_jobs(works: "Wired") -> BulkJobs:
    """Count what a withdrawal of the rollout concerns."""
    from progressive_capture.domain.jobs import JobState, Processor  # noqa: PLC0415 - not needed for --help
    from progressive_capture.insight.queue import queue  # noqa: PLC0415 - as above

    with works.database.reading() as connection:
        lanes = queue(connection, works.host_id, works.clock.now()).lanes
    states = next(lane.states for lane in lanes if lane.processor is Processor.GITHUB_ACTIONS)
    waiting = sum(states.get(state, 0) for state in (JobState.PENDING, JobState.FAILED))
    return BulkJobs(waiting, sum(states.values()) - waiting)


def written(change: "Written") -> Told:
    """Say what came of a change."""
    after = change.after
    lines = differences(change.before, after) if change.is_changed else ["Nothing was changed: it is so already."]
    if after.stopped_by:
        lines.append(stopped(after.stopped_by))
    return Told.of("\n".join([*lines, f"(version {after.version})"]), {"change": change})


def differences(before: "InForce", after: "InForce") -> list[str]:
    """A sentence for each value in force that is not as it was."""
    stop = "begun" if after.stopped_by else "ended"
    sentences = {
        "is_active": f"The rollout is switched {'on' if after.is_active else 'off'}.",
        "percentage": f"The percentage was {before.percentage:g} %, and is {after.percentage:g} %.",
        "strategy": f"The strategy was {before.strategy}, and is {after.strategy}.",
        "auto_rollback": f"Rolling back by itself is {'on' if after.auto_rollback else 'off'}.",
        "whitelist": _listed("On the whitelist", before.whitelist, after.whitelist),
        "excluded": _listed("Excluded", before.excluded, after.excluded),
        "whitelist_closed": f"The whitelist is {'closed' if after.whitelist_closed else 'open again'}.",
        "stopped_by": f"The emergency stop has {stop}.",
    }
    found = [said for name, said in sentences.items() if getattr(before, name) != getattr(after, name)]
    return found or ["It is stored; what was in force by itself is in force by hand now."]


def stopped(origins: "Iterable[Origin]") -> str:
    """Say that the emergency stop holds, and how it ends."""
    remedies = {
        "database": "`rollout resume` ends it",
        "environment": "unset HYBRID_EMERGENCY_STOP and start each process anew",
    }
    by = ", and ".join(f"by the {origin}: {remedies[origin]}" for origin in origins)
    return f"The emergency stop holds ({by}); nothing goes to the bulk lane."


def _listed(words: str, before: tuple[int, ...], after: tuple[int, ...]) -> str:
    return f"{words}: {count(len(after), 'repository', 'repositories')}, before {len(before):,}."


def _change(desk: Desk, change: Callable[[Bound], Told], why: str, expected: int | None, *, as_json: bool) -> ExitCode:
    from progressive_capture.rollout.rollout import By  # noqa: PLC0415 - not needed for --help
    from progressive_capture.settings import Settings  # noqa: PLC0415 - as above

    by = By(desk.who(), why)
    told = at_store(
        desk, Settings.read(), lambda works: change(Bound(works.rollout(), works, by, expected)), create=True
    )
    return tell_one(desk, told, as_json=as_json)
