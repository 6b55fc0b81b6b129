"""Dangerous commands of the rollout: stopping it, rolling it back, switching a safeguard off; each wants a yes."""

from typing import TYPE_CHECKING, Annotated

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.operator import options
from progressive_capture.operator.rolling import Bound, Preview, bulk_jobs, withdrawing, written
from progressive_capture.operator.telling import Told
from progressive_capture.operator.wording import count

if TYPE_CHECKING:
    from progressive_capture.rollout.rollout import Rollout
    from progressive_capture.wiring import Wired


def emergency_stop(
    context: typer.Context,
    reason: options.Reason = None,
    *,
    cancel_running: Annotated[
        bool, typer.Option("--cancel-running", help="Also stop bulk jobs at work, at their next page.")
    ] = False,
    yes: options.Yes = False,
    json: options.Json = False,
) -> ExitCode:
    """Stop the bulk lane in every process, from its next decision on.

    What waits there goes to the real-time lane, last in line; `rollout resume` restores the rollout.
    """
    from progressive_capture.rollout import manage, stop  # noqa: PLC0415 - not needed for --help

    def preview(rollout: "Rollout", works: "Wired") -> Preview:
        waiting, running = bulk_jobs(works).waiting, stop.count_running(rollout)
        end = "stop at their next page" if cancel_running else "go on to their end"
        will = (
            f"Nothing more will go to the bulk lane; {count(waiting, 'waiting job')} will leave it, "
            f"{count(running, 'running job')} will {end}."
        )
        return Preview(will, manage.in_force(rollout).version)

    def change(at: Bound) -> Told:
        done = stop.emergency_stop(
            at.rollout, at.works.control().leave_bulk, at.by, cancel_running=cancel_running, expected=at.expected
        )
        at.works.stop_runs(done.cancelled)
        left, ended = count(done.rerouted, "waiting job"), count(len(done.cancelled), "running job")
        text = f"{left} left the bulk lane, {ended} cancelled."
        told = written(done.written)
        return Told.of(f"{told.text}\n{text}", {**told.document, "stop": done})

    return withdrawing(context, preview, change, reason=reason, yes=yes, as_json=json)


def deactivate(
    context: typer.Context, reason: options.Reason = None, *, yes: options.Yes = False, json: options.Json = False
) -> ExitCode:
    """Switch the rollout off: every repository keeps to the real-time lane, also those on the whitelist.

    Percentage, strategy and lists stay, and `rollout activate` puts them in force again. Bulk jobs at work go on; those
    that wait go to the real-time lane when their turn comes.
    """
    from progressive_capture.rollout import manage  # noqa: PLC0415 - not needed for --help

    def preview(rollout: "Rollout", works: "Wired") -> Preview:
        jobs = bulk_jobs(works)
        will = (
            f"The rollout will be switched off; {count(jobs.waiting, 'waiting bulk job')} will leave the lane when "
            f"their turn comes, {count(jobs.running, 'running job')} will go on to their end."
        )
        return Preview(will, manage.in_force(rollout).version)

    def change(at: Bound) -> Told:
        return written(manage.set_active(at.rollout, at.by, active=False, expected=at.expected))

    return withdrawing(context, preview, change, reason=reason, yes=yes, as_json=json)


def rollback_to_percentage(
    context: typer.Context,
    percentage: options.Percentage,
    reason: options.Reason = None,
    *,
    yes: options.Yes = False,
    json: options.Json = False,
) -> ExitCode:
    """Lower the percentage and close the whitelist.

    Bulk jobs that are no longer allowed go to the real-time lane when their turn comes.
    """
    return _roll_back(context, percentage, reason, yes=yes, json=json)


def rollback_to_zero(
    context: typer.Context, reason: options.Reason = None, *, yes: options.Yes = False, json: options.Json = False
) -> ExitCode:
    """Lower the percentage to 0 and close the whitelist: nothing more goes to the bulk lane."""
    return _roll_back(context, 0, reason, yes=yes, json=json)


def disable_auto_rollback(
    context: typer.Context, reason: options.Reason = None, *, yes: options.Yes = False, json: options.Json = False
) -> ExitCode:
    """Keep the monitor from withdrawing the rollout, however many jobs fail."""
    from progressive_capture.rollout import manage  # noqa: PLC0415 - not needed for --help

    def preview(rollout: "Rollout", _works: "Wired") -> Preview:
        now = manage.in_force(rollout)
        return Preview(
            f"The rollout will go on also when more than {now.max_error_rate:g} % of its jobs fail.", now.version
        )

    def change(at: Bound) -> Told:
        return written(manage.set_auto_rollback(at.rollout, at.by, enabled=False, expected=at.expected))

    return withdrawing(context, preview, change, reason=reason, yes=yes, as_json=json)


def _roll_back(context: typer.Context, percentage: float, reason: str | None, *, yes: bool, json: bool) -> ExitCode:
    from progressive_capture.rollout import manage  # noqa: PLC0415 - not needed for --help

    def preview(rollout: "Rollout", works: "Wired") -> Preview:
        now = manage.in_force(rollout)
        will = (
            f"The rollout will go from {now.percentage:g} % to {percentage:g} %, its whitelist will be closed, and of "
            f"{count(bulk_jobs(works).waiting, 'waiting bulk job')} those no longer allowed will leave the bulk lane."
        )
        return Preview(will, now.version)

    def change(at: Bound) -> Told:
        return written(manage.roll_back(at.rollout, percentage, at.by, expected=at.expected))

    return withdrawing(context, preview, change, reason=reason, yes=yes, as_json=json)
