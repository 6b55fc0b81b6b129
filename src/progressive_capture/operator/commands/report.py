"""`pc report`: what jobs used and cost by day, week or month; how it is reckoned stands in another room."""

from typing import TYPE_CHECKING, Annotated

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.domain.periods import Period
from progressive_capture.operator import options
from progressive_capture.operator.desk import Desk, at_store
from progressive_capture.operator.tables import table
from progressive_capture.operator.telling import Told, tell_one
from progressive_capture.operator.wording import dollars, duration

if TYPE_CHECKING:
    from progressive_capture.insight.costs import Costs, EngineUse, SpanCosts

_HEADS = (
    "engine",
    "jobs",
    "completed",
    "failed",
    "dead",
    "requests",
    "points",
    "time",
    "runner min",
    "executions",
    "cost",
)


def report(
    context: typer.Context,
    *,
    period: Annotated[Period, typer.Option(help="What one line is about.", show_choices=True)] = Period.DAY,
    count: Annotated[int, typer.Option(metavar="N", min=1, max=400, help="The last N of them, in UTC.")] = 1,
    json: options.Json = False,
) -> ExitCode:
    """Say what jobs used and cost, beside Inngest alone.

    Counted from jobs that have settled; what is not known is said, not guessed.
    """
    from progressive_capture.insight.costs import costs  # noqa: PLC0415 - not needed for --help
    from progressive_capture.settings import Settings  # noqa: PLC0415 - as above

    desk: Desk = context.obj
    settings = Settings.read()
    found = at_store(
        desk,
        settings,
        lambda works: costs(works.database, settings.price_book, period, works.clock.now(), count=count),
        create=False,
    )
    return tell_one(desk, told(found), as_json=json)


def told(found: "Costs") -> Told:
    """Say what was used and what it cost."""
    lines = [line for span in found.spans for line in _span(span)]
    for tier in found.free_tiers:
        unit = tier.unit.replace("_", " ")
        lines.append(f"free of {tier.engine} this month: {tier.left:,} of {tier.included:,} {unit} left")
    lines.append(f"prices: {found.price_book}, of {found.dated} ({', '.join(found.sources)})")
    lines += [f"assumed: {assumption}" for assumption in found.assumptions]
    others = [book for book in found.recorded_books if book != found.price_book]
    if others:
        lines.append(f"the jobs themselves were reckoned by: {', '.join(others)}")
    return Told.of("\n".join(lines), {"report": found})


def _span(span: "SpanCosts") -> list[str]:
    so_far = "" if span.is_over else " (so far)"
    if not span.engines:
        return [f"{span.name}{so_far}: no job settled"]
    saving = span.saving
    lines = [f"{span.name}{so_far}", *table(_HEADS, [_engine(each) for each in span.engines])]
    lines.append(f"  cost {dollars(saving.micro_usd)}; Inngest alone {dollars(saving.inngest_only_micro_usd)}")
    if saving.saved_micro_usd is not None and saving.saved_percent is not None:
        lines[-1] += f"; saved {dollars(saving.saved_micro_usd)} ({saving.saved_percent:.0f} %)"
    return [*lines, *([f"  {saving.why}"] if saving.why else [])]


def _engine(used: "EngineUse") -> list[object]:
    cost = dollars(used.recorded_micro_usd) + (f" and {used.unpriced:,} unknown" if used.unpriced else "")
    name = "none" if used.engine is None else used.engine.value
    counts = [used.jobs, used.completed, used.failed, used.dead, used.requests, used.points]
    return [name, *counts, duration(used.busy_seconds), used.runner_minutes, used.executions, cost]
