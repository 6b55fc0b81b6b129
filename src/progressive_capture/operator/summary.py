"""The account of a capture at its end, in words and as JSON values; nothing is counted here."""

import dataclasses
from typing import TYPE_CHECKING, Final

from progressive_capture.domain.errors import ExitCode
from progressive_capture.operator import findings
from progressive_capture.operator.telling import Told
from progressive_capture.operator.wording import count, duration, size

if TYPE_CHECKING:
    from progressive_capture.capture.run import Captured

_MODES: Final = {
    "first": "first capture",
    "incremental": "incremental capture",
    "full": "full capture",
    "part": "capture of a part",
}

_WITH_EARLIER: Final = ", with what earlier captures brought"


def told(captured: "Captured", database: str) -> Told:
    """Say what a capture came to."""
    return Told(_text(captured, database), _document(captured), exit_code(captured))


def exit_code(captured: "Captured") -> ExitCode:
    """Interrupted before incomplete: what is missing then was not yet asked for."""
    if captured.interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.GAPS if captured.gap_count else ExitCode.COMPLETE


def _text(captured: "Captured", database: str) -> str:
    lines = [
        _headline(captured),
        *_nothing_meant(captured),
        f"  the database now holds of this repository{_WITH_EARLIER if captured.held_before else ''}:",
        *findings.rows_table(captured.held),
        f"  {_used(captured)}",
        *_expected(captured),
        f"  in {database}",
        *findings.unavailable(captured.unavailable),
    ]
    if not captured.interrupted:
        gaps = [gap for gap in captured.gaps if gap.is_gap]
        lines += findings.findings(gaps, captured.gap_count - captured.unlisted)
        lines += findings.unlisted(captured.unlisted)
    if captured.missing_numbers:
        shown = ", ".join(f"#{number}" for number in captured.missing_numbers[: findings.SHOWN])
        more = ", …" if len(captured.missing_numbers) > findings.SHOWN else ""
        lines.append(f"  not pull requests: {shown}{more}")
    return "\n".join(lines)


def _headline(captured: "Captured") -> str:
    mode = _MODES.get(captured.mode, captured.mode) + (", resumed" if captured.resumed else "")
    what = f"{count(captured.pull_requests, 'pull request')} read in {duration(captured.seconds)}, {mode}"
    if captured.interrupted:
        return f"{captured.repository}: stopped ({what}). What is stored stays; the same command resumes it."
    state = "complete" if not captured.gap_count else "incomplete"
    numbers = findings.verdict(captured.gap_count, captured.short_count, captured.truncated_count)
    return f"{captured.repository}: {state}, {numbers} ({what})"


def _nothing_meant(captured: "Captured") -> list[str]:
    if not captured.nothing_meant or captured.interrupted:
        return []
    return ["  no pull request was updated in the time that --since and --until give"]


def _used(captured: "Captured") -> str:
    graphql = captured.requests - captured.rest_requests
    parts = [
        f"{count(captured.requests, 'request')} ({graphql:,} GraphQL, {captured.rest_requests:,} REST)",
        count(captured.points, "point"),
        f"{size(captured.bytes_received)} received",
        f"{count(captured.waits, 'wait')} of {duration(captured.waited_seconds)}" if captured.waits else "no waits",
    ]
    return ", ".join(parts)


def _expected(captured: "Captured") -> list[str]:
    """The forecast of the work; it covers all its runs, so that it says little beside one that was broken off."""
    forecast = captured.forecast
    if forecast is None or captured.interrupted:
        return []
    extent = " of it all, earlier runs included," if captured.resumed else ""
    return [f"  the forecast{extent} was {count(forecast.requests, 'request')}, {count(forecast.points, 'point')}"]


def _document(captured: "Captured") -> dict[str, object]:
    return {
        "repository": captured.repository,
        "repository_id": captured.repository_id,
        "job_id": captured.job_id,
        "mode": captured.mode,
        "resumed": captured.resumed,
        "interrupted": captured.interrupted,
        "complete": exit_code(captured) is ExitCode.COMPLETE,
        "rows_held": captured.held,
        "rows_stored": captured.rows,
        "pull_requests_read": captured.pull_requests,
        "requests": captured.requests,
        "rest_requests": captured.rest_requests,
        "points": captured.points,
        "forecast": dataclasses.asdict(captured.forecast) if captured.forecast is not None else None,
        "bytes_received": captured.bytes_received,
        "waits": captured.waits,
        "waited_seconds": round(captured.waited_seconds, 3),
        "seconds": round(captured.seconds, 3),
        "gap_count": captured.gap_count,
        "short_count": captured.short_count,
        "truncated_count": captured.truncated_count,
        "unavailable": {kind.value: number for kind, number in captured.unavailable.items()},
        "unlisted": captured.unlisted,
        "findings": [findings.document(gap) for gap in captured.gaps],
        "not_pull_requests": captured.missing_numbers,
    }
