"""Commands over repositories that are tracked already: listing them, and pausing or ending the promise."""

from typing import TYPE_CHECKING, Annotated

import typer

from progressive_capture.domain.errors import ExitCode, UsageError
from progressive_capture.operator import options
from progressive_capture.operator.desk import Desk, at_store
from progressive_capture.operator.subjects import Subject, subjects
from progressive_capture.operator.tables import table
from progressive_capture.operator.telling import Told, tell_all, tell_one
from progressive_capture.operator.wording import day

if TYPE_CHECKING:
    from progressive_capture.store.tracking import Tracked, Tracking
    from progressive_capture.wiring import Wired


def untrack(context: typer.Context, names: options.Known, *, json: options.Json = False) -> ExitCode:
    """End the promise to keep repositories.

    What was captured stays, and jobs that are queued go on; `pc track` begins anew.
    """
    from progressive_capture.store.tracking import Tracking  # noqa: PLC0415 - not needed for --help

    return _set(context.obj, names, Tracking.UNTRACKED, "no longer tracked", json=json)


def pause(context: typer.Context, names: options.Known, *, json: options.Json = False) -> ExitCode:
    """Leave repositories alone until `pc track` takes them up again: nothing is queued for them by itself."""
    from progressive_capture.store.tracking import Tracking  # noqa: PLC0415 - not needed for --help

    return _set(context.obj, names, Tracking.PAUSED, "paused", json=json)


def list_(
    context: typer.Context,
    *,
    state: Annotated[str | None, typer.Option(metavar="STATE", help="active, paused or untracked; else all.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="At most N, by name.")] = 1_000,
    after: Annotated[str | None, typer.Option(metavar="NAME", help="Go on behind this one.")] = None,
    json: options.Json = False,
) -> ExitCode:
    """List tracked repositories."""
    from progressive_capture.settings import Settings  # noqa: PLC0415 - not needed for --help
    from progressive_capture.store import tracking  # noqa: PLC0415 - as above

    desk: Desk = context.obj
    if state is not None and state not in set(tracking.Tracking):
        raise UsageError(f"--state does not know {state!r}: it takes {', '.join(tracking.Tracking)}.")
    wanted = None if state is None else tracking.Tracking(state)

    def task(works: "Wired") -> list["Tracked"]:
        with works.database.reading() as connection:
            behind = None
            if after is not None:
                (known,) = subjects(works, [after])
                behind = tracking.find(connection, works.host_id, known.repository_id)
            return tracking.page_of_tracked(connection, works.host_id, state=wanted, after=behind, size=limit + 1)

    found = at_store(desk, Settings.read(), task, create=False)
    return tell_one(desk, _listed(found[:limit], is_more=len(found) > limit), as_json=json)


def _listed(found: list["Tracked"], *, is_more: bool) -> Told:
    heads = ("repository", "state", "first tracked", "by")
    lines = table(
        heads, [[each.repository_name, each.state, day(each.first_tracked_at), each.tracked_by] for each in found]
    )
    if is_more:
        lines.append(f"  … and more: --after {found[-1].repository_name}")
    text = "\n".join(lines) or "No repository is tracked: pc track owner/name."
    return Told.of(text, {"repositories": found, "more": is_more})


def _set(desk: Desk, names: list[str], state: "Tracking", words: str, *, json: bool) -> ExitCode:
    from progressive_capture.settings import Settings  # noqa: PLC0415 - not needed for --help
    from progressive_capture.store import tracking  # noqa: PLC0415 - as above

    def task(works: "Wired") -> list[tuple[Subject, bool]]:
        wanted = subjects(works, names)
        with works.database.transaction() as connection:
            for each in wanted:
                if tracking.find(connection, works.host_id, each.repository_id) is None:
                    raise UsageError(f"{each.name} is not tracked: pc list shows which are.")
            now = works.clock.now()
            return [
                (each, tracking.set_state(connection, works.host_id, each.repository_id, state, now)) for each in wanted
            ]

    answers = [
        Told.of(
            f"{each.name}: {words}" if changed else f"{each.name}: was {words} already",
            {"repository": each.name, "repository_id": each.repository_id, "state": state, "changed": changed},
        )
        for each, changed in at_store(desk, Settings.read(), task, create=False)
    ]
    return tell_all(desk, answers, as_json=json)
