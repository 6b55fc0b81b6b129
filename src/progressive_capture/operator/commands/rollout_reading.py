"""Commands that show the rollout: what is in force, whom it reaches, and who changed it; nothing is changed here."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.operator import options
from progressive_capture.operator.rolling import asking, stopped
from progressive_capture.operator.tables import table
from progressive_capture.operator.telling import Told
from progressive_capture.operator.wording import count, moment

if TYPE_CHECKING:
    from progressive_capture.rollout.population import Share
    from progressive_capture.rollout.rollout import InForce, Rollout
    from progressive_capture.store.rollout import HistoryRow
    from progressive_capture.wiring import Wired

_INNER: Final = frozenset({"size_shares", "before_stop"})
"""What the program keeps for itself."""

_SHOWN: Final = 5
"""Of a list's differences."""


def status(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """Show what is in force, and where each value comes from."""
    from progressive_capture.rollout import manage  # noqa: PLC0415 - not needed for --help

    def read(rollout: "Rollout", _works: "Wired") -> Told:
        now = manage.in_force(rollout)
        return Told.of("\n".join(in_words(now)), {"rollout": now})

    return asking(context, read, as_json=json)


def stats(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """Count the tracked repositories that the rollout reaches, by the gate that decides."""
    from progressive_capture.rollout.population import population  # noqa: PLC0415 - not needed for --help

    def read(rollout: "Rollout", _works: "Wired") -> Told:
        found = population(rollout)
        total = count(found.repositories, "tracked repository", "tracked repositories")
        head = f"{found.eligible:,} of {total} may use both processors (version {found.in_force.version})"
        return Told.of("\n".join([head, *_shares("gate", found.gates)]), {"population": found})

    return asking(context, read, as_json=json)


def categories(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """Count the tracked repositories by category, and those of each that the rollout reaches.

    A category takes at most so many stars, contributors and pull requests, all three together: test 0, 2, 10; small 50,
    10, 100; medium 500, 50, 1,000; large 5,000, 200, 10,000; enterprise all others.
    """
    from progressive_capture.rollout.population import population  # noqa: PLC0415 - not needed for --help

    def read(rollout: "Rollout", _works: "Wired") -> Told:
        found = population(rollout)
        lines = _shares("category", found.categories) or ["No repository is tracked: pc track owner/name."]
        return Told.of("\n".join(lines), {"categories": found.categories})

    return asking(context, read, as_json=json)


def history(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=500, help="The newest N changes.")] = 20,
    before: Annotated[
        int | None, typer.Option(metavar="ID", min=1, max=options.MOST, help="Only changes before this one.")
    ] = None,
    json: options.Json = False,
) -> ExitCode:
    """Show who changed the rollout, when, why and on what evidence."""
    from progressive_capture.rollout import manage  # noqa: PLC0415 - not needed for --help

    def read(rollout: "Rollout", _works: "Wired") -> Told:
        lines = manage.history(rollout, before=before, limit=limit)
        heads = ("id", "at (UTC)", "version", "action", "what changed", "who", "why", "evidence")
        text = "\n".join(table(heads, [_change(each) for each in lines]))
        return Told.of(text or "Nothing was ever changed.", {"history": lines})

    return asking(context, read, as_json=json)


def in_words(now: "InForce") -> list[str]:
    """What is in force, a line for each value."""
    origins = now.origins
    listed = count(len(now.whitelist), "repository", "repositories")
    closed = ", closed by a rollback" if now.whitelist_closed else ""
    by_itself = "rolls back by itself" if now.auto_rollback else "does not roll back by itself"
    limit = f"{now.max_error_rate:g} % failed jobs ({origins['max_error_rate']})"
    off = "  It is switched off: every job goes to the real-time lane; `rollout activate` switches it on."
    return [
        f"{now.feature}: {now.percentage:g} % of the repositories use both processors (version {now.version})",
        *([] if now.is_active else [off]),
        *([f"  {stopped(now.stopped_by)}"] if now.stopped_by else []),
        f"  percentage {now.percentage:g} % ({origins['percentage']}), strategy {now.strategy} ({origins['strategy']})",
        f"  {by_itself} ({origins['auto_rollback']}): above {limit} in {now.window_hours:g} h ({origins['window']})",
        f"  whitelist: {listed}{closed}; excluded: {len(now.excluded):,}",
    ]


def _change(row: "HistoryRow") -> list[object]:
    changed = ", ".join(changes_in_words(row.before, row.after))
    evidence = ", ".join(f"{_plain(name)} {_short(value)}" for name, value in (row.evidence or {}).items())
    return [str(row.id), moment(row.at), row.version, row.action, changed, row.who, row.reason, evidence]


def changes_in_words(before: Mapping[str, object] | None, after: Mapping[str, object]) -> list[str]:
    """Each value that a change altered, from what to what; lists by what came and went."""
    stood = before or {}
    told = {name: value for name, value in after.items() if name not in _INNER and (before is not None or value)}
    altered = {name: value for name, value in told.items() if stood.get(name) != value}
    return [f"{_plain(name)} {_altered(stood.get(name), value)}" for name, value in altered.items()]


def _altered(before: object, after: object) -> str:
    if not isinstance(after, list) or not isinstance(before, list | None):
        return f"{_short(before)} → {_short(after)}"
    stood = before or list[object]()
    came = [f"+{each}" for each in after if each not in stood]
    went = [f"-{each}" for each in stood if each not in after]
    shown, more = [*came, *went][:_SHOWN], len(came) + len(went) - _SHOWN
    return " ".join([*shown, *([f"… ({more:,} more)"] if more > 0 else [])])


def _short(value: object) -> str:
    match value:
        case None:
            return "unset"
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:g}"
        case list():
            return "; ".join(map(str, value[:_SHOWN])) or "none"
        case dict():
            return f"of {len(value):,}"
        case _:
            return str(value)


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _shares(what: str, shares: dict[str, "Share"]) -> list[str]:
    rows = [[name, each.repositories, each.eligible] for name, each in shares.items()]
    return table((what, "repositories", "in the rollout"), rows)
