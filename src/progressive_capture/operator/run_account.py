"""What a run on a runner came to, in words and as an exit code; nothing is run or changed here."""

from typing import TYPE_CHECKING, Final, NamedTuple

from progressive_capture.capture.prove import Proven
from progressive_capture.domain.errors import ExitCode
from progressive_capture.domain.jobs import Figures, JobState, ShardState
from progressive_capture.domain.scope import stamp
from progressive_capture.engines.actions.beginning import Nothing
from progressive_capture.engines.actions.proving import prove_job
from progressive_capture.engines.actions.runner import Ran
from progressive_capture.engines.run import Ended, Parked
from progressive_capture.operator import findings
from progressive_capture.operator.wording import count, moment
from progressive_capture.store import jobs

if TYPE_CHECKING:
    from progressive_capture.wiring import Wired

ILL: Final = frozenset({ShardState.FAILED, ShardState.DEAD})


class Account(NamedTuple):
    """A run, with what the database says of its job afterwards."""

    ran: Ran
    repository: str
    state: JobState
    error: str | None
    """Why the job, or a part of it that was this run's, came to nothing."""
    used: Figures
    """By all runs of the job together."""
    pull_requests: int
    is_overtaken: bool
    """Whether a later attempt at the job has begun."""
    proven: Proven | None
    """The closing verification, by the run that settled the job."""


def account_of(works: "Wired", only: frozenset[int] | None, ran: Ran) -> Account:
    """Read what became of a run's job; who settled it proves it.

    Raises:
        StoreError: the database cannot be read.
    """
    with works.database.reading() as connection:
        job, shards = jobs.get(connection, ran.key.job_id), jobs.shards(connection, ran.key.job_id)
        counters = jobs.used_by(connection, job.id).counters
    ill = next((each for each in shards if each.state in ILL and (only is None or each.k in only)), None)
    settled = isinstance(ran.ending, Ended) and ran.ending.is_settled
    return Account(
        ran=ran,
        repository=job.repository_name,
        state=job.state,
        error=None if ill is None else job.error or ill.error or "GitHub refused.",
        used=Figures(counters.requests, counters.points, counters.busy_ms / 1000),
        pull_requests=counters.pull_requests,
        is_overtaken=ran.key.attempt is not None and job.attempt > ran.key.attempt,
        proven=prove_job(works.database, job.id) if settled else None,
    )


def said(account: Account) -> str:
    """Say what became of a run."""
    ran = account.ran
    head = f"{ran.key.text} ({account.repository})"
    match ran.ending:
        case Nothing(why):
            return f"{head}: nothing to do. {why}"
        case Parked() as parked:
            why = parked.why.rstrip(".")
            return f"{head}: checkpointed, {why}. It goes on from {moment(stamp(parked.until))} UTC."
        case Ended():
            return "\n".join([f"{head}: {_ended(account)}", *_used(account)])


def exit_code(account: Account, stopped: ExitCode) -> ExitCode:
    """0: done, or checkpointed for another run; 1: failed; 3: gaps; 130 or 143: told to stop."""
    match account.ran.ending:
        case Parked(is_stopped=True):
            return stopped
        case Parked(is_refused=True) | Nothing(is_refused=True):
            return ExitCode.FAILED
        case Ended() if account.error is not None:
            return ExitCode.FAILED
        case Ended() if account.proven is not None and account.proven.gap_count:
            return ExitCode.GAPS
        case _:
            return ExitCode.COMPLETE


def _ended(account: Account) -> str:
    if account.error is not None:
        return f"failed. {account.error}"
    if account.proven is not None:
        proven = account.proven
        verdict = findings.verdict(proven.gap_count, proven.short_count, proven.truncated_count)
        return f"{'incomplete' if proven.gap_count else 'complete'}, {verdict}."
    if account.is_overtaken:
        return "left off; another attempt at the job has begun."
    left = count(len(account.ran.shards_left), "part")
    return f"done; {left} left to other runs." if account.ran.shards_left else f"done; the job is {account.state}."


def _used(account: Account) -> list[str]:
    used, proven = account.used, account.proven
    figures = (
        count(account.pull_requests, "pull request"),
        count(used.requests, "request"),
        count(used.points, "point"),
    )
    lines = [f"  {', '.join(figures)}, by all its runs"]
    if proven is not None:
        lines += findings.rows_table(proven.held)
        lines += findings.findings([gap for gap in proven.gaps if gap.is_gap], proven.gap_count - proven.unlisted)
        lines += findings.unlisted(proven.unlisted)
    return lines
