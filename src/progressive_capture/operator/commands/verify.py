"""`pc verify`: say what is missing, by pull request and kind."""

from typing import TYPE_CHECKING

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.operator import findings, options
from progressive_capture.operator.desk import Desk, Shift, work
from progressive_capture.operator.names import repository_names
from progressive_capture.operator.scoping import ANONYMOUS
from progressive_capture.operator.telling import Told, tell_each
from progressive_capture.operator.wording import count

if TYPE_CHECKING:
    from progressive_capture.capture.verify import Verification


def verify(
    context: typer.Context, names: options.Names, *, live: options.Live = False, json: options.Json = False
) -> ExitCode:
    """Recount what is stored and list every gap.

    Exit code 3 when there are gaps, or when the repository was never captured whole. Lists that GitHub itself ends
    early, or gives shorter than it counts, are shown apart and are no gaps.
    """
    from progressive_capture.settings import Settings  # noqa: PLC0415 - not needed for --help

    desk: Desk = context.obj
    settings = Settings.read()
    wanted = repository_names(names, settings.github_api_url)

    async def task(shift: Shift) -> ExitCode:
        if live and shift.works.is_anonymous:
            shift.display.note(ANONYMOUS)

        async def one(name: str) -> Told:
            return told(await shift.works.verify(name, live=live))

        return await tell_each(desk, shift, wanted, one, as_json=json)

    return work(desk, settings, task, create=False)


def told(verified: "Verification") -> Told:
    """Say what is missing."""
    code = ExitCode.GAPS if verified.gap_count or not verified.whole else ExitCode.COMPLETE
    where = f" in {_where(verified)}"
    numbers = findings.verdict(verified.gap_count, verified.short_count, verified.truncated_count, where)
    read = [each for each in verified.gaps if each.is_gap and not each.is_unread]
    ends = findings.findings(
        [each for each in verified.gaps if not each.is_gap], verified.short_count + verified.truncated_count
    )
    text = "\n".join(
        [
            f"{verified.repository}: {numbers}",
            *findings.findings(read, verified.gap_count - verified.unlisted - verified.unread_gaps),
            *_unread(verified),
            *(findings.unlisted(verified.unlisted) if verified.whole else [_part(verified)]),
            *findings.unavailable(verified.unavailable),
            *(["  of these GitHub gives no more:", *ends] if ends else []),
            *(_spent(verified) if verified.live else []),
        ]
    )
    document: dict[str, object] = {
        "repository": verified.repository,
        "complete": code is ExitCode.COMPLETE,
        "live": verified.live,
        "captured_whole": verified.whole,
        "pull_requests": verified.pull_requests,
        "pull_requests_total": verified.total,
        "gap_count": verified.gap_count,
        "short_count": verified.short_count,
        "truncated_count": verified.truncated_count,
        "unavailable": {kind.value: number for kind, number in verified.unavailable.items()},
        "unlisted": verified.unlisted,
        "pull_requests_with_gaps": verified.incomplete + verified.unlisted,
        "pull_requests_never_read": verified.unread,
        "requests_spent": verified.spent.requests,
        "rest_requests_spent": verified.spent.rest_requests,
        "points_spent": verified.spent.points,
        "findings": [findings.document(gap) for gap in verified.gaps],
    }
    return Told(text, document, code)


def _spent(verified: "Verification") -> list[str]:
    spent = verified.spent
    own = f"{count(spent.requests, 'request')} ({spent.rest_requests:,} by REST), {count(spent.points, 'point')}"
    return [f"  asking GitHub again took {own}"]


def _where(verified: "Verification") -> str:
    """In how many pull requests the gaps are, or how many were found to have none."""
    if not verified.gap_count:
        return count(verified.pull_requests, "pull request")
    known = verified.listed + verified.unlisted
    return f"{verified.incomplete + verified.unlisted:,} of {count(known, 'pull request')}"


def _unread(verified: "Verification") -> list[str]:
    """Say how many pull requests a capture that was broken off did not come to; each would have a line a kind."""
    if not verified.unread:
        return []
    which = count(verified.unread, "pull request is listed and was", "pull requests are listed and were")
    return [f"  {which} never read: {count(verified.unread_gaps, 'gap')}; `pc capture {verified.repository}` goes on"]


def _part(verified: "Verification") -> str:
    """Say how much there is of a repository that no walk over everything has covered."""
    stored = (
        f"{verified.pull_requests:,}" if verified.total is None else f"{verified.pull_requests:,} of {verified.total:,}"
    )
    return (
        f"  never captured whole: {stored} pull requests are stored, {verified.unlisted:,} were never listed; "
        f"`pc capture {verified.repository}` captures all"
    )
