"""Which processor a job is for: ordered named rules over plain facts; whether it may run there is the rollout's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from progressive_capture.domain.categories import Category
from progressive_capture.domain.jobs import Processor, Trigger
from progressive_capture.domain.priority import PriorityLevel

Figures = Mapping[str, str | int | float | None]
"""Facts as a decision keeps them: fit for JSON, one entry for each fact."""

SHARD_ITEMS: Final[Mapping[Processor, int]] = {Processor.INNGEST: 100, Processor.GITHUB_ACTIONS: 30_000}
"""The most pull requests in one shard. Source: the brief's "< 100 items/job" for Inngest; a bulk shard ends well within
the 6 hours that GitHub gives a job. https://docs.github.com/en/actions/reference/limits"""

SHARDS_IN_FLIGHT: Final[Mapping[Processor, int | None]] = {Processor.INNGEST: 2, Processor.GITHUB_ACTIONS: None}
"""The most shards of one job that are worked on at once, None for no bound: a big job that the rollout keeps from the
bulk lane leaves room for others (Inngest's free plan runs 5 steps at once)."""

SMALL_ITEMS: Final = 500
"""Up to so many pull requests, a bulk job takes about the minute that each run bills at least: several share a run.
https://docs.github.com/en/billing/concepts/product-billing/github-actions"""

LANE_SHUT: Final = "lane-shut"
"""The rule of jobs that left a lane which takes none, for the other."""

STANDS_IN: Final = "bulk-stands-in"
"""The rule of jobs that the bulk lane has, before all others, while the real-time lane's engine gives no answer."""

POLICY: Final = "rules"
"""The name under which decisions of this file are recorded."""


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """What a routing decision knows of a job; None is unknown."""

    trigger: Trigger
    level: PriorityLevel
    age: timedelta | None = None
    """How long ago the oldest pull request of the job was updated, by the stored index, else how far back the request
    reaches (`scope.asked_age`)."""
    items: int | None = None
    """Pull requests to hydrate."""
    category: Category | None = None
    pr_total: int | None = None
    """Pull requests in the repository."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The numbers of the table; a changed table is a changed value of this."""

    recent: timedelta = timedelta(hours=24)
    """Source: the brief, "Smart Routing Logic"."""
    small: int = 10
    """Pull requests. Source: as `recent`."""
    large: int = 50
    """Pull requests. Source: as `recent`."""
    shard: int = SHARD_ITEMS[Processor.INNGEST]
    """Pull requests."""
    large_repository: int = 1_000
    """Pull requests in the repository. Source: the brief, "Routing Logic"."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: where a job goes to which it applies, unless an earlier row answers."""

    name: str
    processor: Processor
    reason: str
    """A sentence for people."""
    applies: Callable[[RouteFacts], bool]


@dataclass(frozen=True, slots=True)
class Route:
    """Where a job goes, and why, so that the row explains itself."""

    processor: Processor | None
    """None: no processor is open to this job now; it waits."""
    rule: str
    reason: str
    policy: str
    figures: Figures
    """The facts that were used (`figures_of`)."""


class Policy(Protocol):
    """Anything that routes: the rules of this file, or a model that takes their place."""

    def __call__(self, facts: RouteFacts, allowed: frozenset[Processor]) -> Route:
        """Choose one of the allowed processors; None only when there is none."""
        ...


def rules(numbers: Thresholds) -> tuple[Rule, ...]:
    """The table: of the rules that apply, the first whose processor is allowed answers.

    Age is asked before size, size before who asks, and the repository last; docs/adr/0004-routing-overlaps.md says why.
    The last two rules always apply, so that there is an answer whenever anything is allowed.
    """
    return (*_by_age_and_size(numbers), *_by_context(numbers), *_LAST)


def _by_age_and_size(numbers: Thresholds) -> tuple[Rule, ...]:
    hours = f"{numbers.recent / timedelta(hours=1):g}"
    return (
        Rule(
            "over-shard",
            Processor.GITHUB_ACTIONS,
            f"More than {numbers.shard} pull requests do not fit in one real-time shard.",
            lambda facts: facts.items is not None and facts.items > numbers.shard,
        ),
        Rule(
            "recent",
            Processor.INNGEST,
            f"Of what changed, it is about the last {hours} hours only: it is wanted at once.",
            lambda facts: facts.age is not None and facts.age <= numbers.recent,
        ),
        Rule(
            "small",
            Processor.INNGEST,
            f"At most {numbers.small} pull requests are done soonest in the real-time lane.",
            lambda facts: facts.items is not None and facts.items <= numbers.small,
        ),
        Rule(
            "manual",
            Processor.INNGEST,
            f"Somebody waits for it, and it is not known to be more than {numbers.large} pull requests.",
            lambda facts: facts.trigger is Trigger.MANUAL and (facts.items is None or facts.items <= numbers.large),
        ),
        Rule(
            "historical",
            Processor.GITHUB_ACTIONS,
            f"Some of it is more than {hours} hours old: history is cheaper in bulk.",
            lambda facts: facts.age is not None and facts.age > numbers.recent,
        ),
        Rule(
            "large",
            Processor.GITHUB_ACTIONS,
            f"More than {numbers.large} pull requests are cheaper in bulk.",
            lambda facts: facts.items is not None and facts.items > numbers.large,
        ),
    )


def _by_context(numbers: Thresholds) -> tuple[Rule, ...]:
    return (
        Rule(
            "background",
            Processor.GITHUB_ACTIONS,
            "It was scheduled, or is of low priority: nobody waits for it.",
            lambda facts: facts.trigger is Trigger.SCHEDULED or facts.level is PriorityLevel.LOW,
        ),
        Rule(
            "test-repository",
            Processor.INNGEST,
            "The repository is a test repository: simple and light.",
            lambda facts: facts.category is Category.TEST,
        ),
        Rule(
            "large-repository",
            Processor.GITHUB_ACTIONS,
            f"The repository is of enterprise size, or has more than {numbers.large_repository} pull requests.",
            lambda facts: (
                facts.category is Category.ENTERPRISE
                or (facts.pr_total is not None and facts.pr_total > numbers.large_repository)
            ),
        ),
        Rule(
            "critical",
            Processor.INNGEST,
            "It is critical.",
            lambda facts: facts.level is PriorityLevel.CRITICAL,
        ),
    )


_LAST: Final = (
    Rule("otherwise", Processor.INNGEST, "No rule sends it elsewhere.", lambda _: True),
    Rule("only-bulk-open", Processor.GITHUB_ACTIONS, "Only the bulk lane is open to it.", lambda _: True),
)

RULES: Final = rules(Thresholds())
"""The table in force."""


def route(
    facts: RouteFacts, allowed: frozenset[Processor], *, table: tuple[Rule, ...] = RULES, policy: str = POLICY
) -> Route:
    """Route a job by the table; the reason tells also which rule would have answered, were its processor allowed."""
    applying = [rule for rule in table if rule.applies(facts)]
    figures = figures_of(facts)
    chosen = next((rule for rule in applying if rule.processor in allowed), None)
    if chosen is None:
        return Route(None, "none-open", "No processor is open to this job now.", policy, figures)
    first = applying[0]
    reason = chosen.reason
    if first is not chosen:
        reason += f" The rule {first.name} asks for {first.processor}, which is not open to it."
    return Route(chosen.processor, chosen.name, reason, policy, figures)


def figures_of(facts: RouteFacts) -> Figures:
    """The facts as a decision keeps them."""
    return {
        "trigger": facts.trigger.value,
        "level": facts.level.value,
        "age_seconds": None if facts.age is None else facts.age.total_seconds(),
        "items": facts.items,
        "category": None if facts.category is None else facts.category.value,
        "pr_total": facts.pr_total,
    }


def facts_of(figures: Mapping[str, object]) -> RouteFacts:
    """The facts that a recorded decision used, to ask what another table would have done.

    Raises:
        ValueError: these are not the figures of a decision.
    """
    age, category = figures.get("age_seconds"), figures.get("category")
    return RouteFacts(
        trigger=Trigger(str(figures.get("trigger"))),
        level=PriorityLevel(str(figures.get("level"))),
        age=_span(age) if isinstance(age, int | float) else None,
        items=_whole(figures.get("items")),
        category=None if category is None else Category(str(category)),
        pr_total=_whole(figures.get("pr_total")),
    )


def _span(seconds: float) -> timedelta:
    """The span; as far as time goes is rounded up in a number, to more than a span can be."""
    return timedelta(seconds=seconds) if seconds < timedelta.max.total_seconds() else timedelta.max


def _whole(figure: object) -> int | None:
    return figure if isinstance(figure, int) else None
