"""Commands that change how far the rollout goes and can be undone by their counterparts; withdrawing it is apart."""

from typing import Annotated

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.domain.rollout import Strategy
from progressive_capture.operator import options
from progressive_capture.operator.rolling import Bound, changing, written
from progressive_capture.operator.telling import Told

By = Annotated[
    Strategy,
    typer.Argument(
        metavar="STRATEGY", help=f"{', '.join(Strategy)}: by stable bucket, by list alone, or small repositories first."
    ),
]


def set_rollout(
    context: typer.Context, percentage: options.Percentage, reason: options.Reason = None, *, json: options.Json = False
) -> ExitCode:
    """Set the percentage of repositories that use both processors.

    0 is nobody but the whitelisted. It opens the whitelist again that a rollback closed.
    """
    from progressive_capture.rollout import manage  # noqa: PLC0415 - not needed for --help

    def change(at: Bound) -> Told:
        return written(manage.set_percentage(at.rollout, percentage, at.by))

    return changing(context, change, reason=reason, as_json=json)


def set_strategy(
    context: typer.Context, strategy: By, reason: options.Reason = None, *, json: options.Json = False
) -> ExitCode:
    """Set how repositories are chosen that no list names."""
    from progressive_capture.rollout import manage  # noqa: PLC0415 - not needed for --help

    def change(at: Bound) -> Told:
        return written(manage.set_strategy(at.rollout, strategy, at.by))

    return changing(context, change, reason=reason, as_json=json)


def activate(context: typer.Context, reason: options.Reason = None, *, json: options.Json = False) -> ExitCode:
    """Switch the rollout on: percentage, strategy and lists say again which repositories use both processors.

    An emergency stop goes on until `rollout resume`.
    """
    from progressive_capture.rollout import manage  # noqa: PLC0415 - not needed for --help

    def change(at: Bound) -> Told:
        return written(manage.set_active(at.rollout, at.by, active=True))

    return changing(context, change, reason=reason, as_json=json)


def resume(context: typer.Context, reason: options.Reason = None, *, json: options.Json = False) -> ExitCode:
    """End the emergency stop: percentage, strategy and lists are as before.

    Jobs that the stop sent to the real-time lane stay there.
    """
    from progressive_capture.rollout import manage  # noqa: PLC0415 - not needed for --help

    def change(at: Bound) -> Told:
        return written(manage.resume(at.rollout, at.by))

    return changing(context, change, reason=reason, as_json=json)


def enable_auto_rollback(
    context: typer.Context, reason: options.Reason = None, *, json: options.Json = False
) -> ExitCode:
    """Let the monitor withdraw the rollout by itself when jobs fail."""
    from progressive_capture.rollout import manage  # noqa: PLC0415 - not needed for --help

    def change(at: Bound) -> Told:
        return written(manage.set_auto_rollback(at.rollout, at.by, enabled=True))

    return changing(context, change, reason=reason, as_json=json)
