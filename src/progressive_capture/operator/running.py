"""One run on a runner, from what it is asked to do to the summary and outputs of its workflow."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from progressive_capture.domain.errors import ExitCode, UsageError
from progressive_capture.engines.actions.asking import Wish, key_of
from progressive_capture.engines.actions.beginning import Nothing
from progressive_capture.engines.actions.keys import RunKey
from progressive_capture.engines.actions.matrix import entries, parts_left
from progressive_capture.engines.actions.runner import Order
from progressive_capture.engines.run import Ended
from progressive_capture.operator.desk import Shift
from progressive_capture.operator.run_account import Account, account_of, exit_code, said
from progressive_capture.operator.telling import Told, worst
from progressive_capture.run_wiring import asking, runner

if TYPE_CHECKING:
    from progressive_capture.wiring import Wired


class Task(NamedTuple):
    """What one run is asked to do."""

    key: RunKey | None
    """The job; None where it is yet to be queued."""
    wish: Wish | None
    only: frozenset[int] | None
    matrix: bool
    drains: bool
    minutes: float


async def run_task(shift: Shift, task: Task) -> Told:
    """Do a run, say what became of it, and leave its summary and outputs where GitHub wants them.

    Raises:
        KeptFromBulk: what was asked for may not run in the bulk lane; nothing is written.
        NoSuchJob: the database does not have the job.
        CaptureFailed: GitHub does not show the repository, or does not say whose the tokens are.
        StoreError: the database refused; what was stored stays.
    """
    works = shift.works
    key = task.key
    if task.wish is not None:
        asked = key_of(await asking(works).ask(task.wish))
        if isinstance(asked, Nothing):
            return await _told_nothing(works, asked, matrix=task.matrix)
        key = asked
    assert key is not None, "a run is given a job, or asks for one"
    made = runner(works, turn=min(task.only or [0]), minutes=task.minutes)
    ran = await made.run(Order(key, task.only, drains=task.drains))
    account = await asyncio.to_thread(account_of, works, task.only, ran)
    outputs = await _outputs(works, account) if task.matrix else {}
    drained = [await asyncio.to_thread(account_of, works, None, each) for each in ran.drained]
    text = "\n".join(map(said, [account, *drained]))
    await _leave(works, text, outputs)
    document: dict[str, object] = {
        "job_id": ran.key.text,
        "state": account.state,
        "shards_left": ran.shards_left,
        "gap_count": None if account.proven is None else account.proven.gap_count,
        "drained": {each.ran.key.text: each.state for each in drained},
        **outputs,
    }
    code = worst([exit_code(each, shift.stop.exit_code) for each in (account, *drained)])
    return Told.of(text + _shown(outputs), document, code)


async def _told_nothing(works: "Wired", nothing: Nothing, *, matrix: bool) -> Told:
    outputs = {"job_id": "", "shards": "[]", "parallel": "1"} if matrix else {}
    await _leave(works, nothing.why, outputs)
    code = ExitCode.FAILED if nothing.is_refused else ExitCode.COMPLETE
    return Told(nothing.why + _shown(outputs), {"job_id": None, "why": nothing.why, **outputs}, code)


async def _leave(works: "Wired", text: str, outputs: Mapping[str, str]) -> None:
    """Leave summary and outputs where the runner said."""
    lines = "".join(f"{name}={value}\n" for name, value in outputs.items())
    await asyncio.to_thread(_append, works.settings.github_output, lines)
    await asyncio.to_thread(_append, works.settings.github_step_summary, f"```text\n{text}\n```\n")


def _shown(outputs: Mapping[str, str]) -> str:
    return "".join(f"\n  {name}={value}" for name, value in outputs.items())


async def _outputs(works: "Wired", account: Account) -> dict[str, str]:
    """What the jobs after this one in its workflow want to know."""
    ran = account.ran
    principals, parts = 0, list[str]()
    is_done = isinstance(ran.ending, Ended) or (isinstance(ran.ending, Nothing) and ran.ending.is_done)
    if is_done and ran.shards_left and account.error is None and not account.is_overtaken:
        principals = len(await works.principals_of(account.repository))
        parts = entries(await asyncio.to_thread(parts_left, works.database, ran.key.job_id), principals)
    return {"job_id": ran.key.text, "shards": json.dumps(parts), "parallel": str(max(1, principals))}


def _append(path: Path | None, text: str) -> None:
    if path is None or not text:
        return
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        named = "GITHUB_OUTPUT or GITHUB_STEP_SUMMARY"
        raise UsageError(f"{path}, which {named} names, cannot be written ({error.strerror}).") from error
