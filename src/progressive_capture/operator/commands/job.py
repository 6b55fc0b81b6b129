"""`pc job`: everything that is known of one job, with its history; nothing is changed here."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.operator import options
from progressive_capture.operator.desk import Desk, at_store
from progressive_capture.operator.tables import table
from progressive_capture.operator.telling import Told, tell_one
from progressive_capture.operator.wording import count, dollars, duration, moment, size

if TYPE_CHECKING:
    from progressive_capture.insight.jobs import JobTold
    from progressive_capture.settings import Settings


def job(
    context: typer.Context,
    job_id: Annotated[
        str, typer.Argument(metavar="ID", help="The job's id, as `pc jobs` shows it, or the beginning of it.")
    ],
    *,
    after: Annotated[
        int, typer.Option(metavar="EVENT", min=0, max=options.MOST, help="History from behind this event on.")
    ] = 0,
    json: options.Json = False,
) -> ExitCode:
    """Show one job: where it went and why, its parts, its history and what it used."""
    from progressive_capture.insight.jobs import show_job  # noqa: PLC0415 - not needed for --help
    from progressive_capture.settings import Settings  # noqa: PLC0415 - as above

    desk: Desk = context.obj
    settings = Settings.read()
    found = at_store(
        desk, settings, lambda works: show_job(works.database, works.host_id, job_id, after_event=after), create=False
    )
    return tell_one(desk, told(found, _run(found, settings)), as_json=json)


def _run(found: "JobTold", settings: "Settings") -> str | None:
    """Where the logs of a job's last run are; None of a job that GitHub Actions never ran."""
    from progressive_capture.github.addresses import ApiAddress  # noqa: PLC0415 - not needed for --help

    run_id, name = found.job["workflow_run_id"], settings.actions_repository
    if run_id is None:
        return None
    return str(run_id) if name is None else ApiAddress.parse(settings.github_api_url).run_link(name, run_id)


def told(found: "JobTold", run: str | None = None) -> Told:
    """Say all of it; `run` is where its logs are."""
    row = found.job
    lines = [
        f"{row['id']}: {row['job_type']} of {row['repository_name']}, {row['status']}",
        f"  asked for ({row['trigger']}) {moment(row['created_at'])} UTC, scope {row['scope']}",
        f"  routed to {row['processor_type']} by {row['route_rule']}: {row['route_reason']}",
        *([f"  held: {row['held_reason']}"] if row["held_reason"] else []),
        *([f"  run by GitHub Actions: {run}"] if run else []),
        *([f"  failed ({row['error_class']}): {row['error']}"] if row["error"] else []),
        *table(("part", "state", "attempt", "pull requests", "requests", "runs at"), _shards(found)),
        *table(("event", "after", "what", "part", "who", "detail"), _events(found)),
        *([f"  … and more: --after {found.events[-1].id}"] if found.more_events else []),
        *(_used(found.used) if found.used else []),
    ]
    return Told.of("\n".join(lines), {"job": found, "run": run})


def _shards(found: "JobTold") -> list[list[object]]:
    return [
        [each.k, each.state, each.attempt, each.counters.pull_requests, each.counters.requests, each.claimed_by]
        for each in found.shards
    ]


def _events(found: "JobTold") -> list[list[object]]:
    return [[str(each.id), duration(each.seconds), each.event, each.k, each.who, each.detail] for each in found.events]


def _used(used: Mapping[str, object]) -> list[str]:
    milliseconds, octets, cost = used["ms"], used["bytes_in"], used["cost_microusd"]
    assert isinstance(milliseconds, int)
    assert isinstance(octets, int)
    assert cost is None or isinstance(cost, int)
    counted = ", ".join([*(_counted(used, each) for each in ("requests", "points", "rows")), size(octets)])
    return [f"  {counted}, {duration(milliseconds / 1000)} at work, cost {dollars(cost)}"]


def _counted(used: Mapping[str, object], what: str) -> str:
    number = used[what]
    assert isinstance(number, int)
    return count(number, what.removesuffix("s"))
