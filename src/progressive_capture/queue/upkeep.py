"""What keeps the queue moving by itself: jobs whose runner is gone, jobs held back for a reason that has passed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from progressive_capture.domain.jobs import Processor
from progressive_capture.queue.following import following
from progressive_capture.queue.openings import category_of, doors
from progressive_capture.queue.splitting import cut
from progressive_capture.queue.staying import asking, let_go
from progressive_capture.queue.terms import Terms
from progressive_capture.store import duties, jobs
from progressive_capture.store.database import Connection, Database
from progressive_capture.store.jobs import JobLine

AT_ONCE: Final = 100
"""Jobs looked at in one transaction."""

FORGOTTEN_AFTER: Final = timedelta(days=1)
"""How long a worker that was killed is shown as silent: until somebody has surely looked."""

RUNS_KEPT: Final = timedelta(days=30)
"""How long runs of duties are kept: longer than any duty waits for its turn. What was captured, and jobs, stay."""

FORGOTTEN_AT_ONCE: Final = 1_000
"""Runs looked at together: far more than begin between two looks."""

WHO: Final = "queue"


@dataclass(frozen=True, slots=True)
class Upkeep:
    """The queue's own duties; safe to be run by several processes, though one is enough."""

    database: Database
    terms: Terms
    clock: Callable[[], datetime]
    random: Callable[[], float]
    is_gone: Callable[[str], bool]

    def sweep(self) -> list[str]:
        """Put jobs of this machine back in line whose runner is gone; their ids.

        What a `pc capture` left becomes the queue's where somebody waits for what changed since; else it waits for the
        next `pc capture`.

        Raises:
            StoreError: the database refused.
        """
        swept = self._adopt()
        while True:
            with self.database.transaction() as connection:
                found = jobs.sweep_local(connection, self.clock(), is_gone=self.is_gone, random=self.random, n=AT_ONCE)
            swept += found
            if len(found) < AT_ONCE:
                return swept

    def _adopt(self) -> list[str]:
        with self.database.reading() as connection:
            awaited = jobs.awaited_captures(connection)
        return [job_id for each in awaited if (job_id := self._adopt_one(each)) is not None]

    def _adopt_one(self, dedupe_key: str) -> str | None:
        now = self.clock()
        with self.database.transaction() as connection:
            # What was read before the lock may have changed since: the same command may have been started again.
            found = jobs.find_for_submit(connection, dedupe_key, now, self.is_gone)
            if found is None or found.is_led or found.route_rule != jobs.PC_CAPTURE:
                return None
            job = jobs.find_line(connection, found.job.id)
            assert job is not None, "its row is locked"
            spec = jobs.shards(connection, job.id)[0].spec
            decided = following(lambda: self.terms)(connection, job, spec, jobs.wish_of(job), now)
            return job.id if jobs.adopt(connection, job.id, decided.routing, now, who=WHO, split=cut) else None

    def hold(self) -> list[str]:
        """Tell jobs that wait in a lane which takes none that they are held, or send them to the other; their ids.

        Nobody else looks at them: from a lane that is off nothing is claimed. `release` lets them go on.

        Raises:
            StoreError: the database refused.
        """
        moved: list[str] = []
        for lane in Processor:
            while found := self._hold(lane):
                moved += found
        return moved

    def _hold(self, lane: Processor) -> list[str]:
        now = self.clock()
        with self.database.transaction() as connection:
            open_doors = doors(connection, self.terms, now)
            if open_doors.shut(lane) is None:
                return []
            decide = asking(connection, open_doors)
            return jobs.reroute_waiting(connection, lane, AT_ONCE, now, decide=decide, who=WHO, split=cut)

    def release(self) -> list[str]:
        """Let jobs go that were held back, once their lane is open, or another where theirs is shut; their ids.

        Raises:
            StoreError: the database refused.
        """
        released: list[str] = []
        place = None
        while True:
            with self.database.transaction() as connection:
                held = jobs.held_jobs(connection, place, AT_ONCE)
                released += self._release(connection, held)
            if len(held) < AT_ONCE:
                return released
            place = (held[-1].created_at, held[-1].id)

    def forget(self) -> int:
        """Drop workers that nothing was heard of for a day, and what duties came to a month ago; how many workers.

        Raises:
            StoreError: the database refused.
        """
        now = self.clock()
        with self.database.transaction() as connection:
            duties.forget_runs(connection, now - RUNS_KEPT, FORGOTTEN_AT_ONCE)
            return duties.forget_workers(connection, now - FORGOTTEN_AFTER)

    def _release(self, connection: Connection, held: Sequence[JobLine]) -> list[str]:
        now = self.clock()
        open_doors = doors(connection, self.terms, now)
        released = []
        for job in sorted(held, key=lambda job: job.id):
            category = category_of(connection, job.host_id, job.repository_id)
            routing = let_go(job, open_doors.openings(job.repository_id, category))
            if routing is not None and jobs.reroute(connection, job.id, routing, now, who=WHO, split=cut):
                released.append(job.id)
        return released
