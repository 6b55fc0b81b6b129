"""Which lanes are open to a repository now: gates, lanes that are off, quotas, silent engines; routing is elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from progressive_capture.domain.breaker import Breaker
from progressive_capture.domain.categories import Category, categorize
from progressive_capture.domain.cost import cost
from progressive_capture.domain.gates import Eligibility, RepositoryFacts, decide
from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.domain.quotas import Quota, Standing, Usage, standing
from progressive_capture.domain.rollout import Effective, effective
from progressive_capture.queue.terms import Terms
from progressive_capture.store import breakers, categories, metrics, rollout
from progressive_capture.store.database import Connection


@dataclass(frozen=True, slots=True)
class Doors:
    """What holds for every repository at one moment: read once, asked for each job."""

    configuration: Effective
    terms: Terms
    standings: Mapping[EngineName, Standing]
    """Of engines that have a quota."""
    breakers: Mapping[EngineName, Breaker]
    """Of engines that once gave no answer."""

    def openings(self, repository_id: int, category: Category | None) -> "Openings":
        """What is open to one repository."""
        eligibility = decide(self.configuration, RepositoryFacts(repository_id, category))
        closed = {lane: why for lane in Processor if (why := self._closed(lane)) is not None}
        holding = self._holding()
        silent = {lane: why for lane in Processor if (why := self._silent(lane)) is not None}
        stands_in = None
        if Processor.INNGEST in silent and not {Processor.GITHUB_ACTIONS} & {*closed, *holding, *silent}:
            # What is wanted soon goes to bulk; history is never sent the other way.
            stands_in = silent[Processor.INNGEST]
            closed.setdefault(Processor.INNGEST, silent.pop(Processor.INNGEST))
        return Openings(eligibility, closed, silent | holding, stands_in)

    @property
    def shut_lanes(self) -> dict[Processor, str]:
        """The lanes that take nothing now, each with the reason."""
        return {lane: why for lane in Processor if (why := self.shut(lane)) is not None}

    def shut(self, lane: Processor) -> str | None:
        """Why nothing may be taken from a lane now, whatever the repository; None: something may."""
        engine = self.terms.engines[lane]
        stands = None if engine is None else self.standings.get(engine)
        return self._closed(lane) or self._silent(lane) or (stands.why if stands is not None and stands.holds else None)

    def _closed(self, lane: Processor) -> str | None:
        engine = self.terms.engines[lane]
        if engine is None:
            return f"The {lane} lane is off."
        stands = self.standings.get(engine)
        return stands.why if stands is not None and stands.closes else None

    def _silent(self, lane: Processor) -> str | None:
        """Why an engine is left alone that gives no answer; None where this machine steps in for it."""
        engine = self.terms.engines[lane]
        breaker = None if engine is None else self.breakers.get(engine)
        if engine is None or breaker is None or not breaker.is_down or self.terms.local_steps_in:
            return None
        return f"{engine.called} gives no answer: `pc engines` tells when it is asked again."

    def _holding(self) -> dict[Processor, str]:
        standings = {lane: self.standings.get(engine) for lane, engine in self.terms.engines.items() if engine}
        return {lane: stands.why for lane, stands in standings.items() if stands is not None and stands.holds}


@dataclass(frozen=True, slots=True)
class Openings:
    """What is open to one repository at one moment."""

    eligibility: Eligibility
    closed: Mapping[Processor, str]
    """Lanes that take nothing new, each with the reason."""
    holding: Mapping[Processor, str]
    """Lanes whose jobs wait for a quota, or for an engine that gives no answer, each with the reason."""
    stands_in: str | None = None
    """Why the bulk lane takes what is meant for the real-time lane; None while it does not."""

    @property
    def allowed(self) -> frozenset[Processor]:
        """The lanes that a job may take."""
        return self.eligibility.processors - self.closed.keys()

    def instead_of(self, lane: Processor) -> Processor | None:
        """The lane that jobs of a shut one go to; None where they wait: for a quota, or since no other is open."""
        if lane in self.allowed:
            return None
        return next((other for other in Processor if other is not lane and self.held(other) is None), None)

    def held(self, lane: Processor) -> str | None:
        """Why a job in this lane has to wait; None: it may be run."""
        if lane not in self.eligibility.processors:
            return self.eligibility.reason
        return self.closed.get(lane) or self.holding.get(lane)


def doors(connection: Connection, terms: Terms, now: datetime) -> Doors:
    """Read what decides at this moment, in the transaction of the decision."""
    row = rollout.read(connection)
    configuration = effective(row, terms.environment, lanes_local=terms.lanes_local)
    return Doors(configuration, terms, standings(connection, terms, now), breakers.read(connection))


def category_of(connection: Connection, host_id: int, repository_id: int) -> Category | None:
    """The stored category of a repository; where none was reckoned yet, by what GitHub last counted."""
    stored = categories.find(connection, host_id, repository_id)
    if stored is not None:
        return stored.category
    return categorize(categories.known_sizes(connection, host_id, repository_id))


def standings(connection: Connection, terms: Terms, now: datetime) -> dict[EngineName, Standing]:
    """Tell how near to its quota each engine is that runs a lane and has one."""
    found = {}
    for engine, quota in terms.quotas.items():
        if engine in terms.engines.values() and quota != Quota(mode=quota.mode):
            used = metrics.month_usage(connection, engine, now)
            found[engine] = standing(quota, used, _expected(connection, terms, engine, used))
    return found


def _expected(connection: Connection, terms: Terms, engine: EngineName, used: Usage) -> Usage:
    """What the jobs under way will use beyond what they have used already."""
    way = metrics.under_way(connection, engine)
    added = cost(terms.book, engine, way.executions, way.runner_minutes, used)
    return Usage(way.runner_minutes, way.executions, added.micro_usd or 0)
