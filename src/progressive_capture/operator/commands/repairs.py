"""`pc bootstrap` and `pc quick-fix`: queue what tracked repositories lack; what is lacking is found elsewhere."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.domain.jobs import JobType, Trigger
from progressive_capture.domain.priority import PriorityLevel
from progressive_capture.domain.requests import JobRequest
from progressive_capture.domain.scope import Scope
from progressive_capture.operator import options, queueing
from progressive_capture.operator.desk import Desk, at_store
from progressive_capture.operator.subjects import Subject, subjects
from progressive_capture.operator.telling import Told, tell_all, tell_one
from progressive_capture.operator.wording import count, moment

if TYPE_CHECKING:
    from progressive_capture.insight.wanting import Wanting, WantingRepositories
    from progressive_capture.wiring import Wired


def bootstrap(
    context: typer.Context,
    *,
    stale_days: Annotated[
        float, typer.Option(metavar="N", min=0, max=3_650, help="Stale: not walked whole for so many days.")
    ] = 3,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="The N that need it most.")] = 100,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which.")] = False,
    json: options.Json = False,
) -> ExitCode:
    """Queue the capture of tracked repositories that are missing or stale."""
    from progressive_capture.insight.wanting import wanting_repositories  # noqa: PLC0415 - not needed for --help
    from progressive_capture.settings import Settings  # noqa: PLC0415 - as above

    desk: Desk = context.obj

    def task(works: "Wired") -> Told:
        stale = timedelta(days=stale_days)
        found = wanting_repositories(works.database, works.host_id, works.clock.now(), stale_after=stale, limit=limit)
        if dry_run:
            answers = [_would(each) for each in found.shown]
        else:
            answers = [_submitted(works, each, desk.who()) for each in found.shown]
        return _all(found, answers)

    return tell_one(desk, at_store(desk, Settings.read(), task, create=False), as_json=json)


def quick_fix(
    context: typer.Context,
    name: Annotated[
        list[str], typer.Argument(metavar="NAME", help="A repository: owner/name, its number, or owner and name.")
    ],
    *,
    json: options.Json = False,
) -> ExitCode:
    """Recount one repository, and queue the repair of what is missing, if anything is, ahead of other work."""
    from progressive_capture.insight.gaps import lacks_nothing  # noqa: PLC0415 - not needed for --help
    from progressive_capture.settings import Settings  # noqa: PLC0415 - as above

    desk: Desk = context.obj
    whole = ["/".join(name)] if len(name) == len(("owner", "name")) and "/" not in "".join(name) else name

    def task(works: "Wired") -> list[Told]:
        return [
            _whole(each) if lacks_nothing(works.database, works.host_id, each.repository_id) else _repaired(works, each)
            for each in subjects(works, whole)
        ]

    def _repaired(works: "Wired", subject: Subject) -> Told:
        request = JobRequest(
            host_id=works.host_id,
            repository_id=subject.repository_id,
            repository_name=subject.name,
            job_type=JobType.RECONCILE,
            scope=Scope(),
            trigger=Trigger.REPAIR,
            who=desk.who(),
            level=PriorityLevel.HIGH,
            reason="pc quick-fix",
        )
        return queueing.told(subject.name, subject.repository_id, works.queue().submit(request))

    return tell_all(desk, at_store(desk, Settings.read(), task, create=False), as_json=json)


def _whole(subject: Subject) -> Told:
    document = {"repository": subject.name, "repository_id": subject.repository_id, "outcome": "complete"}
    return Told.of(f"{subject.name}: nothing is missing, so nothing is queued.", document)


def _submitted(works: "Wired", wanting: "Wanting", who: str) -> Told:
    request = JobRequest(
        host_id=works.host_id,
        repository_id=wanting.repository_id,
        repository_name=wanting.repository,
        job_type=JobType.HISTORICAL_PR_SYNC,
        scope=Scope(),
        trigger=Trigger.AUTOMATIC,
        who=who,
        reason=f"pc bootstrap: {_lack(wanting)}",
    )
    return queueing.told(wanting.repository, wanting.repository_id, works.queue().submit(request))


def _would(wanting: "Wanting") -> Told:
    at_work = "; work on it is queued already" if wanting.has_open_job else ""
    document = {"repository": wanting.repository, "repository_id": wanting.repository_id, "outcome": None}
    return Told.of(f"{wanting.repository}: {_lack(wanting)}{at_work}", document)


def _lack(wanting: "Wanting") -> str:
    return "never captured whole" if wanting.is_missing else f"last walked {moment(wanting.watermark)} UTC"


def _all(found: "WantingRepositories", answers: list[Told]) -> Told:
    active = found.tracked.get("active", 0)
    total = count(active, "tracked repository", "tracked repositories")
    head = f"{found.missing:,} missing and {found.stale:,} stale of {total}"
    left = found.missing + found.stale - len(answers)
    lines = [
        head,
        *(f"  {answer.text}" for answer in answers),
        *([f"  … and {left:,} more: again, or --limit"] if left else []),
    ]
    document = {
        "missing": found.missing,
        "stale": found.stale,
        "tracked": found.tracked,
        "repositories": [dict(answer.document) for answer in answers],
    }
    code = ExitCode.FAILED if any(answer.code for answer in answers) else ExitCode.COMPLETE
    return Told.of("\n".join(lines), document, code)
