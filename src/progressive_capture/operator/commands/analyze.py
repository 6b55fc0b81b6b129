"""`pc analyze`: what is missing over all tracked repositories; how it is recounted stands in another room."""

from typing import TYPE_CHECKING

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.operator import options
from progressive_capture.operator.desk import Desk, at_store
from progressive_capture.operator.findings import verdict
from progressive_capture.operator.plain import plain
from progressive_capture.operator.telling import Told, tell_one
from progressive_capture.operator.wording import count

if TYPE_CHECKING:
    from progressive_capture.insight.gaps import GapTotals, RepositoryGaps
    from progressive_capture.wiring import Wired


def analyze(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """Recount all tracked repositories and say what is missing.

    Exit code 3 when one of them has gaps, or was never captured whole. It asks the database alone; `pc verify
    owner/name` lists the gaps of one.
    """
    from progressive_capture.insight import gaps  # noqa: PLC0415 - not needed for --help
    from progressive_capture.settings import Settings  # noqa: PLC0415 - as above

    desk: Desk = context.obj

    def recount(works: "Wired") -> tuple[list["RepositoryGaps"], bool]:
        found = []
        for each in gaps.analyze(works.database, works.host_id):
            found.append(each)
            if not json:
                desk.say(line(each))
                desk.out.flush()
            if works.stopping():
                return found, True
        return found, False

    found, stopped = at_store(desk, Settings.read(), recount, create=False)
    return tell_one(desk, told(found, gaps.total(found), stopped=stopped), as_json=json)


def line(found: "RepositoryGaps") -> str:
    """What is missing of one repository."""
    held = f" in {count(found.pull_requests, 'pull request')}"
    if found.gap_count:
        held = f" in {found.pull_requests_with_gaps:,} of {count(found.pull_requests_known, 'pull request')}"
    numbers = verdict(found.gap_count, found.short_count, found.truncated_count, held)
    kinds = ", ".join(f"{number:,} {kind.replace('_', ' ')}" for kind, number in sorted(found.kinds.items()))
    unlisted = f"{found.unlisted:,} never listed" if found.unlisted else ""
    details = "; ".join(filter(None, (kinds, unlisted)))
    state = "" if found.watermark else "never captured whole, "
    return f"{found.repository}: {state}{numbers}" + (f" ({details})" if details else "")


def told(found: list["RepositoryGaps"], totals: "GapTotals", *, stopped: bool) -> Told:
    """Say what is missing of all."""
    document: dict[str, object] = {
        "repositories": [{**_fields(each), "complete": each.is_complete} for each in found],
        "totals": plain(totals),
        "interrupted": stopped,
    }
    if stopped:
        return Told("Stopped: the repositories after these were not recounted.", document, ExitCode.INTERRUPTED)
    if not found:
        return Told("No repository is tracked: pc track owner/name.", document)
    whole = totals.complete == totals.repositories
    text = f"{totals.complete:,} of {count(totals.repositories, 'tracked repository', 'tracked repositories')} complete"
    if totals.never_walked:
        text += f", {totals.never_walked:,} never captured whole: pc bootstrap queues them"
    if totals.gap_count:
        text += f", {count(totals.gap_count, 'gap')}: pc quick-fix owner/name repairs one"
    return Told(text, document, ExitCode.COMPLETE if whole else ExitCode.GAPS)


def _fields(found: "RepositoryGaps") -> dict[str, object]:
    fields = plain(found)
    assert isinstance(fields, dict)
    return dict(fields)
