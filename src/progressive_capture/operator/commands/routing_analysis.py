"""`pc routing-analysis`: what went where and why, and what a changed table would have done; both reckoned elsewhere."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.domain.routing import Thresholds, route, rules
from progressive_capture.operator import options
from progressive_capture.operator.desk import Desk, at_store
from progressive_capture.operator.tables import table
from progressive_capture.operator.telling import Told, tell_one
from progressive_capture.operator.wording import count, moment, quantiles

if TYPE_CHECKING:
    from progressive_capture.insight.routing import Replay, RoutingAnalysis, RuleUse
    from progressive_capture.wiring import Wired


_many = partial(typer.Option, metavar="N", min=0, max=options.MOST)


def routing_analysis(
    context: typer.Context,
    *,
    days: Annotated[int, typer.Option(metavar="N", min=1, max=3_650, help="Jobs of the last N days.")] = 7,
    recent_hours: Annotated[
        float | None,
        typer.Option(metavar="HOURS", min=0, max=87_600, help="What if this were recent, instead of 24 hours?"),
    ] = None,
    small: Annotated[int | None, _many(help="What if so many pull requests were few, instead of 10?")] = None,
    large: Annotated[int | None, _many(help="What if more than N were many, instead of 50?")] = None,
    large_repository: Annotated[
        int | None, _many(help="What if more than N made a repository large, not 1,000?")
    ] = None,
    json: options.Json = False,
) -> ExitCode:
    """Show what the rules sent where, why and how fast.

    With one of the questions, also what the changed table would have done with the recorded jobs.
    """
    from progressive_capture.insight import routing  # noqa: PLC0415 - not needed for --help
    from progressive_capture.settings import Settings  # noqa: PLC0415 - as above

    desk: Desk = context.obj
    now = Thresholds()
    asked = replace(
        now,
        recent=now.recent if recent_hours is None else timedelta(hours=recent_hours),
        small=now.small if small is None else small,
        large=now.large if large is None else large,
        large_repository=now.large_repository if large_repository is None else large_repository,
    )
    policy = partial(route, table=rules(asked), policy="what-if")

    def read(works: "Wired") -> Told:
        since = works.clock.now() - timedelta(days=days)
        found = routing.routing_analysis(works.database, works.host_id, since)
        again = routing.replay(works.database, works.host_id, since, policy) if asked != now else None
        lines = [*in_words(found), *(_again(again) if again is not None else [])]
        return Told.of("\n".join(lines), {"routing": found, "what_if": again})

    return tell_one(desk, at_store(desk, Settings.read(), read, create=False), as_json=json)


def in_words(found: "RoutingAnalysis") -> list[str]:
    """What went where, by rule."""
    lanes = ", ".join(f"{number:,} to {processor}" for processor, number in sorted(found.processors.items()))
    head = f"{count(found.jobs, 'job')} since {moment(found.since)} UTC" + (f": {lanes}" if lanes else "")
    heads = ("rule", "lane", "jobs", "kept from bulk", "waited (half, 95 %)", "took in all (half, 95 %)", "states")
    sampled = ["  speeds are of the newest 10,000"] if found.is_sampled else []
    return [head, *table(heads, [_rule(each) for each in found.rules]), *sampled]


def _rule(use: "RuleUse") -> list[object]:
    states = ", ".join(f"{number:,} {state}" for state, number in use.states.items())
    speeds = (quantiles(use.speed.waited), quantiles(use.speed.total))
    return [use.rule, use.processor.value, use.jobs, use.ineligible, *speeds, states]


def _again(replay: "Replay") -> list[str]:
    moved = ", ".join(f"{number:,} {how}" for how, number in sorted(replay.moved.items()))
    head = f"The changed table would have sent {replay.same:,} of {count(replay.jobs, 'job')} the same way"
    lines = [head + (f", and {moved}" if moved else "") + "."]
    if replay.unknown:
        lines.append(f"  {replay.unknown:,} further jobs hold no figures to ask it about.")
    rows = [
        [each.job_id, each.repository, each.processor.value, each.rule, each.instead, each.instead_rule]
        for each in replay.examples
    ]
    return [*lines, *table(("job", "repository", "went to", "by", "instead to", "by"), rows)]
