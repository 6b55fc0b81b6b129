"""The emergency stop: nothing more goes to the bulk lane, and what waits there leaves it; no job is moved here."""

from dataclasses import dataclass
from typing import Final, Protocol

from progressive_capture.domain import rollout_changes as changes
from progressive_capture.domain.jobs import Processor
from progressive_capture.rollout.rollout import By, Rollout, Written
from progressive_capture.rollout.writing import change
from progressive_capture.store import jobs
from progressive_capture.store.jobs import Settling

AT_ONCE: Final = 100
"""Running jobs cancelled together."""


class Leave(Protocol):
    """The queue's way to take waiting jobs out of the bulk lane."""

    def __call__(self, who: str) -> int:
        """Ask the gates again about every job that waits there, move those that may not stay; how many were moved."""
        ...


@dataclass(frozen=True, slots=True)
class Stopped:
    """What an emergency stop did."""

    written: Written
    rerouted: int
    """Waiting jobs that left the bulk lane, last in line of the other; they stay there after `resume`."""
    cancelled: tuple[str, ...]
    """Ids of running bulk jobs that stop at their next page."""
    running: int
    """Bulk jobs that were running: those that were not cancelled go on to their end."""


def emergency_stop(
    rollout: Rollout, leave: Leave, by: By, *, cancel_running: bool = False, expected: int | None = None
) -> Stopped:
    """Stop the bulk lane: the next decision of every process keeps to the real-time lane.

    The stop is written first and by itself: it binds at once, however many jobs wait, and nobody is held up while they
    are moved a few at a time. What is left when this is cut short is moved when it is claimed, or by a second stop.

    Args:
        rollout: which one.
        leave: takes waiting jobs out of the bulk lane.
        by: who, and why.
        cancel_running: whether bulk jobs that are running stop too, at their next page.
        expected: the version that the decision was made on, None for the present one.

    Raises:
        Changed: the rollout is not at the expected version any more.
    """
    written = change(rollout, "emergency stop", by, changes.stopping, expected=expected)
    running = count_running(rollout)
    cancelled = _cancel_running(rollout, by) if cancel_running else []
    return Stopped(written, leave(by.who), tuple(cancelled), max(running, len(cancelled)))


def count_running(rollout: Rollout) -> int:
    """Count the bulk jobs that `cancel_running` would stop: what somebody runs by `pc capture` is not the rollout's."""
    with rollout.database.reading() as connection:
        return jobs.count_running(connection, Processor.GITHUB_ACTIONS)


def _cancel_running(rollout: Rollout, by: By) -> list[str]:
    """Cancel them a few at a time: nobody waits long for the database."""
    reason = f"emergency stop: {by.reason}"
    cancelled: list[str] = []
    while True:
        with rollout.database.transaction() as connection:
            found = jobs.cancel_running(
                connection,
                Processor.GITHUB_ACTIONS,
                AT_ONCE,
                rollout.clock(),
                who=by.who,
                reason=reason,
                settling=Settling(book=rollout.book, follow=rollout.follow),
            )
        if not found:
            return cancelled
        cancelled += found
