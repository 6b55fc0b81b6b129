"""What went where, why and how fast, and what another table of rules would have done with the recorded jobs."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from progressive_capture.domain.jobs import JobState, Outcome, Processor
from progressive_capture.domain.routing import LANE_SHUT, STANDS_IN, Policy, Route, facts_of
from progressive_capture.domain.scope import stamp
from progressive_capture.insight.speed import Speed, speed
from progressive_capture.store.database import Database
from progressive_capture.store.insight.outcomes import Sample, samples
from progressive_capture.store.insight.routing import Decision, Decisions, decisions, newest_decisions

SAMPLED: Final = 10_000
"""The newest jobs whose speed and recorded figures are looked at one by one; counts are of all."""

EXAMPLES: Final = 20


@dataclass(frozen=True, slots=True)
class RuleUse:
    """What one rule sent to one processor."""

    policy: str | None
    rule: str | None
    processor: Processor
    jobs: int
    states: dict[str, int]
    ineligible: int
    """Of the jobs: those that the rollout kept on the real-time lane."""
    speed: Speed
    """Of those that completed."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A recorded job that another table would have sent elsewhere."""

    job_id: str
    repository: str
    created_at: str
    processor: Processor
    rule: str | None
    instead: Processor | None
    instead_rule: str


@dataclass(frozen=True, slots=True)
class Replay:
    """What another table would have done with the recorded jobs, each with the lanes that were open to it."""

    jobs: int
    """The newest recorded decisions whose figures are known."""
    unknown: int
    """Further ones without figures."""
    same: int
    moved: dict[str, int]
    """By `from -> to`; `none` where no lane would have been open."""
    rules: dict[str, int]
    """How often each rule of the other table would have decided."""
    examples: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class RoutingAnalysis:
    """The queue's decisions since a time."""

    since: str
    jobs: int
    processors: dict[str, int]
    rules: tuple[RuleUse, ...]
    """By how often they decided."""
    is_sampled: bool
    """Whether more jobs settled than speeds are told of: those are of the newest ten thousand."""


def routing_analysis(database: Database, host_id: int, since: datetime) -> RoutingAnalysis:
    """Tell what the queue's jobs made since then were routed by; `pc capture`'s own are none of them.

    Raises:
        StoreError: the database cannot be read.
    """
    with database.reading() as connection:
        counted = decisions(connection, host_id, since)
        measured = samples(connection, host_id, since, SAMPLED)
    processors = Counter[str]()
    for row in counted:
        processors[row.processor.value] += row.jobs
    return RoutingAnalysis(
        since=stamp(since),
        jobs=processors.total(),
        processors=dict(processors),
        rules=_rules(counted, measured),
        is_sampled=len(measured) == SAMPLED,
    )


def replay(database: Database, host_id: int, since: datetime, policy: Policy) -> Replay:
    """Route the recorded jobs since then again by another policy, from the figures that each decision used.

    What was open is not asked again: a job that the rollout kept on the real-time lane stays there, and so does one in
    its lane that took it while the other was shut.

    Raises:
        StoreError: the database cannot be read.
    """
    with database.reading() as connection:
        recorded = newest_decisions(connection, host_id, since, SAMPLED)
    routed = [(each, route) for each in recorded if (route := _again(each, policy)) is not None]
    moved = [(each, route) for each, route in routed if route.processor is not each.processor]
    return Replay(
        jobs=len(routed),
        unknown=len(recorded) - len(routed),
        same=len(routed) - len(moved),
        moved=dict(Counter(f"{each.processor} -> {route.processor or 'none'}" for each, route in moved)),
        rules=dict(Counter(route.rule for _, route in routed).most_common()),
        examples=tuple(_moved(each, route) for each, route in moved[:EXAMPLES]),
    )


def _again(decision: Decision, policy: Policy) -> Route | None:
    figures = decision.metadata.get("route")
    if not isinstance(figures, Mapping):
        return None
    try:
        facts = facts_of(figures)
    except ValueError:
        return None
    return policy(facts, _open_then(decision))


def _open_then(decision: Decision) -> frozenset[Processor]:
    if decision.is_eligible is False:
        return frozenset({Processor.INNGEST})
    return frozenset({decision.processor}) if decision.rule in {LANE_SHUT, STANDS_IN} else frozenset(Processor)


def _moved(decision: Decision, route: Route) -> Moved:
    return Moved(
        job_id=decision.job_id,
        repository=decision.repository_name,
        created_at=decision.created_at,
        processor=decision.processor,
        rule=decision.rule,
        instead=route.processor,
        instead_rule=route.rule,
    )


def _rules(counted: Iterable[Decisions], measured: Iterable[Sample]) -> tuple[RuleUse, ...]:
    groups: dict[tuple[str | None, str | None, Processor], list[Decisions]] = defaultdict(list)
    for row in counted:
        groups[row.policy, row.rule, row.processor].append(row)
    done: dict[tuple[str | None, Processor], list[Sample]] = defaultdict(list)
    for sample in measured:
        if sample.outcome is Outcome.COMPLETED:
            done[sample.route_rule, sample.processor].append(sample)
    uses = [_use(rows, done[rule, processor]) for (_, rule, processor), rows in groups.items()]
    return tuple(sorted(uses, key=lambda use: (-use.jobs, use.rule or "", use.processor)))


def _use(rows: Sequence[Decisions], done: Sequence[Sample]) -> RuleUse:
    states = Counter[JobState]()
    for row in rows:
        states[row.state] += row.jobs
    return RuleUse(
        policy=rows[0].policy,
        rule=rows[0].rule,
        processor=rows[0].processor,
        jobs=states.total(),
        states={state.value: states[state] for state in JobState if states[state]},
        ineligible=sum(row.jobs for row in rows if row.is_eligible is False),
        speed=speed(done),
    )
