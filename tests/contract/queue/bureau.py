"""A queue over one database, with a clock that the test moves; no tests."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from progressive_capture.domain.jobs import (
    JobType,
    Outcome,
    Processor,
    Resources,
    Trigger,
)
from progressive_capture.domain.kinds import Source
from progressive_capture.domain.requests import JobRequest, Queued, Submitted
from progressive_capture.domain.rollout import RolloutEnvironment
from progressive_capture.domain.scope import Scope
from progressive_capture.queue.claiming import take
from progressive_capture.queue.following import following
from progressive_capture.queue.manager import HybridQueueManager
from progressive_capture.queue.terms import Terms
from progressive_capture.queue.upkeep import Upkeep
from progressive_capture.store import jobs, repositories
from progressive_capture.store.database import Database
from progressive_capture.store.jobs import ClaimedJob, Follow, Settling
from progressive_capture.store.tables import JOBS
from tests.contract.queue.rows import LEASE, NOW, events, lives, stored_job
from tests.contract.store_rows import HOST, REPOSITORY, T0, repository

HISTORY = Scope()
NOBODY = RolloutEnvironment(rollout_percentage=0)
EVERYBODY = RolloutEnvironment(rollout_percentage=100)


@dataclass
class Bureau:
    """A queue over one database, with a clock that the test moves."""

    database: Database
    terms: Terms = field(default_factory=Terms)
    now: Any = NOW
    gone: Callable[[str], bool] = lives

    def __post_init__(self) -> None:
        """Know one repository of 3 pull requests."""
        with self.database.transaction() as connection:
            repositories.save_repository(connection, HOST, repository(pull_requests_total=300), T0, Source.REST)

    @property
    def manager(self) -> HybridQueueManager:
        return HybridQueueManager(self.database, self.terms, lambda: self.now, self.gone)

    @property
    def following(self) -> Follow:
        return following(lambda: self.terms)

    @property
    def upkeep(self) -> Upkeep:
        return Upkeep(self.database, self.terms, lambda: self.now, lambda: 0.5, self.gone)

    def ask(self, scope: Scope = HISTORY, trigger: Trigger = Trigger.WEBHOOK, **fields: Any) -> Submitted:
        values: dict[str, Any] = {
            "host_id": HOST,
            "repository_id": REPOSITORY,
            "repository_name": "octo/hello",
            "job_type": JobType.HISTORICAL_PR_SYNC,
            "who": "test",
        }
        return self.manager.submit(JobRequest(scope=scope, trigger=trigger, **(values | fields)))

    def queued(self, scope: Scope = HISTORY, trigger: Trigger = Trigger.WEBHOOK, **fields: Any) -> str:
        answer = self.ask(scope, trigger, **fields)
        assert isinstance(answer, Queued), answer
        return answer.job_id

    def take(self, lane: Processor) -> ClaimedJob | None:
        return take(self.database, self.terms, lane, holder="me", now=self.now, lease=LEASE).job

    def run(self, lane: Processor, outcome: Outcome = Outcome.COMPLETED, **used: int) -> str:
        """Take the first job in line and settle it, as a run without a page would."""
        taken = self.take(lane)
        assert taken is not None
        with self.database.transaction() as connection:
            settling = Settling(self.terms.book, 0.5, Resources(**used), self.following)
            jobs.settle_shard(connection, taken.claim, outcome, None, self.now, settling=settling)
        return taken.job.id

    def row(self, job_id: str) -> Any:
        with self.database.reading() as connection:
            return stored_job(connection, job_id)

    def events(self, job_id: str) -> list[str]:
        with self.database.reading() as connection:
            return events(connection, job_id)

    def count(self) -> int:
        with self.database.reading() as connection:
            return len(connection.execute(select(JOBS.c.id)).all())
