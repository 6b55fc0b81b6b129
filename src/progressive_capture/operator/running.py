"""What a run on a runner came to: in words, as exit code, as summary and outputs of its workflow."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from progressive_capture.capture.prove import Proven
from progressive_capture.domain.errors import ExitCode, UsageError
from progressive_capture.domain.jobs import Figures, JobState, ShardState
from progressive_capture.domain.scope import stamp
from progressive_capture.engines.actions.beginning import Nothing
from progressive_capture.engines.actions.matrix import entries, parts_left
from progressive_capture.engines.actions.proving import prove_job
from progressive_capture.engines.actions.runner import Order, Ran
from progressive_capture.engines.run import Ended, Parked
from progressive_capture.operator import findings
from progressive_capture.operator.desk import Shift
from progressive_capture.operator.telling import Told
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
    proven: Proven | None
    """The closing verification, by the run that settled the job."""


async def tell_run(shift: Shift, order: Order, ran: Ran, *, matrix: bool) -> Told:
    """Say what became of a run, and leave its summary and outputs where GitHub wants them.

    Raises:
        StoreError: the database cannot be read.
        CaptureFailed: GitHub does not say whose the tokens are, by which parts are dealt out.
    """
    works = shift.works
    account = await asyncio.to_thread(_account, works, order, ran)
    text = said(account)
    document: dict[str, object] = {
        "job_id": ran.key.text,
        "state": account.state,
        "shards_left": ran.shards_left,
        "gap_count": None if account.proven is None else account.proven.gap_count,
    }
    if matrix:
        outputs = await _outputs(works, account)
        document |= outputs
        lines = [f"{name}={value}\n" for name, value in outputs.items()]
        await asyncio.to_thread(_append, works.settings.github_output, "".join(lines))
        text += "".join(f"\n  {line.strip()}" for line in lines)
    await asyncio.to_thread(_append, works.settings.github_step_summary, f"```text\n{text}\n```\n")
    return Told.of(text, document, exit_code(account, shift.stop.exit_code))


def said(account: Account) -> str:
    """Say what became of a run."""
    ran = account.ran
    head = f"{ran.key.text} ({account.repository})"
    match ran.ending:
        case Nothing(why):
            return f"{head}: nothing to do. {why}"
        case Parked() as parked:
            when = "" if parked.is_stopped else f" It goes on from {moment(stamp(parked.until))} UTC."
            return f"{head}: checkpointed, {parked.why}.{when}"
        case Ended():
            return "\n".join([f"{head}: {_ended(account)}", *_used(account)])


def exit_code(account: Account, stopped: ExitCode) -> ExitCode:
    """0: done, or checkpointed for another run; 1: failed; 3: gaps; 130 or 143: told to stop."""
    match account.ran.ending:
        case Parked(is_stopped=True):
            return stopped
        case Parked(is_refused=True):
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


def _account(works: "Wired", order: Order, ran: Ran) -> Account:
    with works.database.reading() as connection:
        job, shards = jobs.get(connection, ran.key.job_id), jobs.shards(connection, ran.key.job_id)
        counters, _ = jobs.used_by(connection, job.id)
    ill = next((each for each in shards if each.state in ILL and (order.only is None or each.k in order.only)), None)
    settled = isinstance(ran.ending, Ended) and ran.ending.is_settled
    return Account(
        ran=ran,
        repository=job.repository_name,
        state=job.state,
        error=None if ill is None else job.error or ill.error or "GitHub refused.",
        used=Figures(counters.requests, counters.points, counters.busy_ms / 1000),
        pull_requests=counters.pull_requests,
        proven=prove_job(works.database, job.id) if settled else None,
    )


async def _outputs(works: "Wired", account: Account) -> dict[str, str]:
    """What the jobs after this one in its workflow want to know."""
    ran = account.ran
    principals, parts = 0, list[str]()
    if isinstance(ran.ending, Ended) and ran.shards_left and account.error is None:
        principals = len(await works.principals_of(account.repository))
        parts = entries(await asyncio.to_thread(parts_left, works.database, ran.key.job_id), principals)
    return {"job_id": ran.key.text, "shards": json.dumps(parts), "parallel": str(max(1, principals))}


def _append(path: Path | None, text: str) -> None:
    if path is None:
        return
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        named = "GITHUB_OUTPUT or GITHUB_STEP_SUMMARY"
        raise UsageError(f"{path}, which {named} names, cannot be written ({error.strerror}).") from error
