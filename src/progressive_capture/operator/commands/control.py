"""`pc cancel` and `pc retry`: jobs by their ids, or all that a filter means; what that does stands in another room."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from progressive_capture.domain.errors import ExitCode, UsageError
from progressive_capture.domain.jobs import FINAL, JobState
from progressive_capture.operator import filtering, options
from progressive_capture.operator.consent import consent
from progressive_capture.operator.consent import reason as reason_for
from progressive_capture.operator.desk import Desk, at_store
from progressive_capture.operator.filtering import Wanted
from progressive_capture.operator.telling import Told, tell_one
from progressive_capture.operator.wording import count

if TYPE_CHECKING:
    from progressive_capture.store.jobs import JobLine
    from progressive_capture.wiring import Wired

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID", help="Jobs by their ids, or the beginnings of them; without, all that are meant."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only count them.")]


def cancel(
    context: typer.Context,
    ids: Ids = None,
    reason: options.Reason = None,
    *,
    states: filtering.States = None,
    processors: filtering.Processors = None,
    job_types: filtering.Types = None,
    triggers: filtering.Triggers = None,
    repository: filtering.Repository = None,
    dry_run: DryRun = False,
    yes: options.Yes = False,
    json: options.Json = False,
) -> ExitCode:
    """Cancel jobs; those at work stop at their next page.

    What they stored stays. What was asked for while they ran is queued anew.
    """
    from progressive_capture.settings import Settings  # noqa: PLC0415 - not needed for --help

    desk: Desk = context.obj
    settings, wanted = Settings.read(), Wanted(states, processors, job_types, triggers, None, repository)
    _refuse_everything(ids, wanted, "--state, --processor, --type, --trigger or --repository")
    why = "" if dry_run else reason_for(desk, reason)
    if dry_run or not yes:
        found = at_store(desk, settings, lambda works: _open(works, ids, wanted), create=False)
        if dry_run:
            return tell_one(desk, Told(f"{count(found, 'job')} would be cancelled.", {"jobs": found}), as_json=json)
        consent(desk, f"{count(found, 'job')} will be cancelled; those at work stop at their next page.", yes=False)

    def change(works: "Wired") -> Told:
        if not ids:
            done = works.control().cancel_all(wanted.filter(works), who=desk.who(), reason=why)
            return Told(f"{count(len(done), 'job')} cancelled.", {"cancelled": done, "unchanged": []})
        found, control = _lines(works, ids), works.control()
        final = [each for each in found if each.state in FINAL]
        lines = [control.cancel(each.id, who=desk.who(), reason=why) for each in found if each.state not in FINAL]
        cancelled = [each for each in lines if each.state is JobState.CANCELLED]
        others = [*final, *(each for each in lines if each.state is not JobState.CANCELLED)]
        text = [f"{count(len(cancelled), 'job')} cancelled."]
        text += [f"  {each.id} is {each.state} already: nothing was changed" for each in others]
        return Told.of(
            "\n".join(text), {"cancelled": [each.id for each in cancelled], "unchanged": [each.id for each in others]}
        )

    return tell_one(desk, at_store(desk, settings, change, create=False), as_json=json)


def retry(
    context: typer.Context,
    ids: Ids = None,
    *,
    processors: filtering.Processors = None,
    job_types: filtering.Types = None,
    triggers: filtering.Triggers = None,
    error: filtering.Errors = None,
    repository: filtering.Repository = None,
    all_: Annotated[bool, typer.Option("--all", help="All dead jobs that were not retried.")] = False,
    dry_run: DryRun = False,
    json: options.Json = False,
) -> ExitCode:
    """Open new jobs in place of dead ones, which stay for whoever asks what went wrong."""
    from progressive_capture.settings import Settings  # noqa: PLC0415 - not needed for --help

    desk: Desk = context.obj
    wanted = Wanted(None, processors, job_types, triggers, error, repository)
    if not all_:
        _refuse_everything(ids, wanted, "--processor, --type, --trigger, --error, --repository or --all")

    def change(works: "Wired") -> Told:
        control = works.control()
        if dry_run:
            dead = control.would_retry(wanted.filter(works)) if not ids else _dead(_lines(works, ids))
            return Told(f"{count(dead, 'dead job')} would be retried.", {"jobs": dead})
        if not ids:
            return _retried(control.retry_all(wanted.filter(works), who=desk.who()), [])
        opened = {each.id: control.retry(each.id, who=desk.who()) for each in _lines(works, ids)}
        done = {dead: new for dead, new in opened.items() if new is not None}
        return _retried(done, [each for each, new in opened.items() if new is None])

    return tell_one(desk, at_store(desk, Settings.read(), change, create=False), as_json=json)


def _refuse_everything(ids: Sequence[str] | None, wanted: Wanted, options: str) -> None:
    if ids and not wanted.is_everything:
        raise UsageError("Give job ids or a filter, not both.")
    if not ids and wanted.is_everything:
        raise UsageError(f"Say which jobs: by their ids, or by {options}.")


def _lines(works: "Wired", ids: Sequence[str]) -> list["JobLine"]:
    """Find all of them before anything is done to one."""
    from progressive_capture.insight.jobs import UnknownJob, whole_id  # noqa: PLC0415 - not needed for --help
    from progressive_capture.store.jobs import find_line  # noqa: PLC0415 - as above

    found = {}
    with works.database.reading() as connection:
        for each in ids:
            line = find_line(connection, whole_id(connection, works.host_id, each))
            if line is None:
                raise UnknownJob(each)
            found[line.id] = line
    return list(found.values())


def _open(works: "Wired", ids: Sequence[str] | None, wanted: Wanted) -> int:
    if ids:
        return sum(each.state not in FINAL for each in _lines(works, ids))
    return works.control().would_cancel(wanted.filter(works))


def _dead(found: Sequence["JobLine"]) -> int:
    return sum(each.state is JobState.DEAD for each in found)


def _retried(done: dict[str, str], others: list[str]) -> Told:
    lines = [f"{count(len(done), 'job')} retried.", *(f"  {dead} by {new}" for dead, new in done.items())]
    lines += [f"  {each} is not dead: nothing was changed" for each in others]
    return Told.of("\n".join(lines), {"retried": done, "unchanged": others})
