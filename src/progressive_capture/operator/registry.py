"""The one list of operator commands: command lines and consoles are made from it; each command stands elsewhere."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple

from progressive_capture.domain.errors import ExitCode
from progressive_capture.operator.commands import (
    rollout_changes,
    rollout_health,
    rollout_lists,
    rollout_reading,
    rollout_withdrawals,
)
from progressive_capture.operator.commands.analyze import analyze
from progressive_capture.operator.commands.capture import capture
from progressive_capture.operator.commands.console import console
from progressive_capture.operator.commands.control import cancel, retry
from progressive_capture.operator.commands.engines import engines
from progressive_capture.operator.commands.help import help_
from progressive_capture.operator.commands.inngest import inngest
from progressive_capture.operator.commands.job import job
from progressive_capture.operator.commands.jobs import jobs
from progressive_capture.operator.commands.monitoring import monitoring, stats
from progressive_capture.operator.commands.plan import plan
from progressive_capture.operator.commands.repairs import bootstrap, quick_fix
from progressive_capture.operator.commands.report import report
from progressive_capture.operator.commands.routing_analysis import routing_analysis
from progressive_capture.operator.commands.run import run
from progressive_capture.operator.commands.serve import serve
from progressive_capture.operator.commands.status import status
from progressive_capture.operator.commands.submit import submit
from progressive_capture.operator.commands.track import track
from progressive_capture.operator.commands.tracked import list_, pause, untrack
from progressive_capture.operator.commands.verify import verify
from progressive_capture.operator.commands.worker import worker
from progressive_capture.operator.commands.workflows import workflows


class Danger(StrEnum):
    """What a command may do to what others rely on."""

    NONE = "none"
    """It only reads."""
    CHANGES = "changes"
    """It asks for work, or changes what can be changed back by its counterpart."""
    DANGEROUS = "dangerous"
    """It stops or withdraws work: it says what will happen, wants a reason and asks, unless `--yes` is given."""


class Command(NamedTuple):
    """A command: its signature is its arguments and options, its docstring its help."""

    program: str
    """Which program offers it."""
    run: Callable[..., ExitCode]
    danger: Danger = Danger.NONE

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (self.run.__doc__ or "").partition("\n")[0]

    @property
    def name(self) -> str:
        """How it is called in a shell: `set-rollout`."""
        return self.method.replace("_", "-")

    @property
    def method(self) -> str:
        """How it is called in Python: `set_rollout`."""
        return self.run.__name__.strip("_")

    @property
    def camel_method(self) -> str:
        """How it is called in a browser's console, and by habit in Python's: `setRollout`."""
        first, *others = self.method.split("_")
        return first + "".join(map(str.title, others))


COMMANDS: Final = (
    Command("pc", capture, Danger.CHANGES),
    Command("pc", plan),
    Command("pc", verify),
    Command("pc", track, Danger.CHANGES),
    Command("pc", untrack, Danger.CHANGES),
    Command("pc", pause, Danger.CHANGES),
    Command("pc", list_),
    Command("pc", submit, Danger.CHANGES),
    Command("pc", worker, Danger.CHANGES),
    Command("pc", run, Danger.CHANGES),
    Command("pc", serve, Danger.CHANGES),
    Command("pc", inngest, Danger.CHANGES),
    Command("pc", workflows, Danger.CHANGES),
    Command("pc", jobs),
    Command("pc", job),
    Command("pc", retry, Danger.CHANGES),
    Command("pc", cancel, Danger.DANGEROUS),
    Command("pc", status),
    Command("pc", monitoring),
    Command("pc", stats),
    Command("pc", engines),
    Command("pc", routing_analysis),
    Command("pc", report),
    Command("pc", analyze),
    Command("pc", bootstrap, Danger.CHANGES),
    Command("pc", quick_fix, Danger.CHANGES),
    Command("pc", console),
    Command("pc", help_),
    Command("rollout", rollout_reading.status),
    Command("rollout", rollout_reading.stats),
    Command("rollout", rollout_reading.categories),
    Command("rollout", rollout_changes.activate, Danger.CHANGES),
    Command("rollout", rollout_withdrawals.deactivate, Danger.DANGEROUS),
    Command("rollout", rollout_changes.set_rollout, Danger.CHANGES),
    Command("rollout", rollout_changes.set_strategy, Danger.CHANGES),
    Command("rollout", rollout_withdrawals.emergency_stop, Danger.DANGEROUS),
    Command("rollout", rollout_changes.resume, Danger.CHANGES),
    Command("rollout", rollout_health.advance, Danger.CHANGES),
    Command("rollout", rollout_withdrawals.rollback_to_percentage, Danger.DANGEROUS),
    Command("rollout", rollout_withdrawals.rollback_to_zero, Danger.DANGEROUS),
    Command("rollout", rollout_lists.categorize_all, Danger.CHANGES),
    Command("rollout", rollout_lists.add_to_whitelist, Danger.CHANGES),
    Command("rollout", rollout_lists.remove_from_whitelist, Danger.CHANGES),
    Command("rollout", rollout_lists.show_whitelist),
    Command("rollout", rollout_lists.exclude, Danger.CHANGES),
    Command("rollout", rollout_lists.readmit, Danger.CHANGES),
    Command("rollout", rollout_lists.mark_as_test, Danger.CHANGES),
    Command("rollout", rollout_lists.unmark_as_test, Danger.CHANGES),
    Command("rollout", rollout_health.check_health, Danger.CHANGES),
    Command("rollout", rollout_changes.enable_auto_rollback, Danger.CHANGES),
    Command("rollout", rollout_withdrawals.disable_auto_rollback, Danger.DANGEROUS),
    Command("rollout", rollout_health.show_metrics),
    Command("rollout", rollout_health.monitor_phase4),
    Command("rollout", rollout_reading.history),
    Command("rollout", help_),
)
