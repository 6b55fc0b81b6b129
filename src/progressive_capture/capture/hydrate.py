"""The second phase of a capture: hydrate a shard's pull requests and fetch what their pages cut off."""

import asyncio
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final

from progressive_capture.capture.ahead import ask_while_storing
from progressive_capture.capture.checkpoint import Again, Checkpoint, Detail, Pending
from progressive_capture.capture.closing import TRIES, close
from progressive_capture.capture.ledger import Absorbed, Ledger
from progressive_capture.capture.owed import look_up_of, with_lost_cursors
from progressive_capture.capture.report import Progress
from progressive_capture.capture.session import Session, failure, why
from progressive_capture.capture.suspects import Suspects
from progressive_capture.capture.wanted import left_unread
from progressive_capture.domain.kinds import INDEX_KINDS, Kind, Source
from progressive_capture.domain.planning import Operation
from progressive_capture.domain.records import Records, Target
from progressive_capture.domain.scope import SourceChoice, moment
from progressive_capture.github.outcomes import OF_THE_TOKEN, Broken, Denied, Page, Partial, TooHeavy
from progressive_capture.github.results import Failed
from progressive_capture.store import index, rows
from progressive_capture.store.database import Connection

PASSED_OVER_IN_A_ROW: Final = 5
"""Single pull requests that may fail one after the other before GitHub is thought to be out of order."""

TARGETS_AT_ONCE: Final = 1_000
"""Pull requests whose node ids are read from the index together."""


@dataclass(frozen=True, slots=True)
class HydrateRequest:
    """Hydrate these; `again` says that they were read before in this shard."""

    targets: list[Target]
    source: Source
    again: tuple[Again, ...] = ()


@dataclass(frozen=True, slots=True)
class FollowUpRequest:
    """Fetch these look-ups in one query."""

    batch: list[Pending]


@dataclass(frozen=True, slots=True)
class TwinRequest:
    """Fetch one kind of one pull request by REST, since GraphQL stays broken for it."""

    owed: Pending


@dataclass(frozen=True, slots=True)
class DetailRequest:
    """Complete the files of one pull request by REST."""

    detail: Detail


Request = HydrateRequest | FollowUpRequest | TwinRequest | DetailRequest


@dataclass(frozen=True, slots=True)
class PageToStore:
    """One answer as it will be stored."""

    records: Records
    source: Source
    generation: str | None
    """Set when it begins a generation; else the rows belong to those of `absorbed`."""
    absorbed: Absorbed


class Hydration:
    """The work on one shard's list, resumable at each page.

    While a page is being stored the next one is already asked for; nothing is asked twice unless the process dies.
    """

    def __init__(self, session: Session) -> None:
        """Take up the list where the checkpoint ends."""
        self.session = session
        scope = session.scope
        self.kinds = scope.kinds - INDEX_KINDS
        self.ledger = Ledger(
            kinds=self.kinds,
            details_wanted=scope.source is SourceChoice.AUTO and not session.tools.api.anonymous,
            patches=scope.patches,
        )
        self.ledger.restore(session.checkpoint)
        self.done = session.checkpoint.done
        self.overtaken: set[int] = set()
        """Numbers that were put back in line since somebody else read them meanwhile."""
        self.suspects = Suspects()
        self.targets: list[Target] = []
        self.targets_from = self.done

    async def finish(self) -> None:
        """Work until the whole list is hydrated and nothing is owed.

        Raises:
            Pause: time is up, a limit ends too late, or GitHub refused for good; everything answered is stored.
        """
        page: PageToStore | None = None
        while True:
            before = page
            asked, page = await self._ask_and_store(before)
            if not asked and before is None:
                return

    async def _ask_and_store(self, page: PageToStore | None) -> tuple[bool, PageToStore | None]:
        """Ask for what is owed next while the page answered before is stored, with all that was owed until then.

        Returns whether anything was owed, and its answer.
        """
        done, checkpoint = self.done, self.ledger.snapshot(self.done)
        if page is None:
            return await self._ask_next()
        self.session.has_page = True
        asked, stored = await ask_while_storing(self._ask_next(), self._store(page, done, checkpoint))
        self._merge(stored)
        return await asked

    async def _ask_next(self) -> tuple[bool, PageToStore | None]:
        request = await self._next_request()
        return request is not None, await self._answer(request) if request is not None else None

    async def _next_request(self) -> Request | None:
        session, ledger = self.session, self.ledger
        enough = 1 if self.suspects else session.sizes.size(Operation.FOLLOW_UP)
        if len(ledger.pending) >= enough:
            return self._payment()
        if ledger.details:
            return DetailRequest(ledger.details[0])
        if self.done < len(session.numbers) or ledger.again:
            return await (self._next_page() if self.done < len(session.numbers) else self._again())
        return self._payment() if ledger.pending else None

    def _payment(self) -> FollowUpRequest | TwinRequest:
        """The next look-ups owed, by the API that serves them now: what is owed stays few, and the checkpoint short."""
        session, pending = self.session, self.ledger.pending
        if session.source(Operation.FOLLOW_UP) is Source.REST:
            return TwinRequest(pending[0])
        batch = self.suspects.taken(pending) or pending
        return FollowUpRequest(batch[: session.sizes.size(Operation.FOLLOW_UP)])

    async def _next_page(self) -> HydrateRequest:
        session = self.session
        source = session.source(Operation.HYDRATE)
        size = 1 if source is Source.REST else session.sizes.size(Operation.HYDRATE)
        begin = self.done - self.targets_from
        if begin >= len(self.targets):
            wanted = session.numbers[self.done : self.done + TARGETS_AT_ONCE]
            self.targets = await asyncio.to_thread(self._load, wanted)
            self.targets_from, begin = self.done, 0
        return HydrateRequest(self.targets[begin : begin + size], source)

    async def _again(self) -> HydrateRequest:
        session, first = self.session, self.ledger.again[0]
        by_rest = first.by_rest or session.source(Operation.HYDRATE) is Source.REST
        size = 1 if by_rest else session.sizes.size(Operation.HYDRATE)
        batch = [each for each in self.ledger.again if each.by_rest == first.by_rest][:size]
        targets = await asyncio.to_thread(self._load, [each.number for each in batch])
        return HydrateRequest(targets, Source.REST if by_rest else Source.GRAPHQL, tuple(batch))

    def _load(self, numbers: list[int]) -> list[Target]:
        session = self.session
        with session.tools.database.reading() as connection:
            targets = index.targets(connection, session.tools.host_id, session.repository_id, numbers)
            ids = [target.pull_request_id for target in targets]
            newest = rows.newest_reading(connection, session.tools.host_id, ids)
        if newest is not None:
            session.tools.api.clock.not_before(moment(newest))
        return targets

    async def _answer(self, request: Request) -> PageToStore | None:
        """Ask, and take the answer in; None when it only taught us to ask for less, or elsewhere."""
        match request:
            case HydrateRequest():
                return await self._hydrate(request)
            case FollowUpRequest():
                return await self._follow_up(request)
            case TwinRequest():
                return await self._follow_up_by_rest(request)
            case DetailRequest():
                return await self._complete_files(request)

    async def _hydrate(self, request: HydrateRequest) -> PageToStore | None:
        session, source = self.session, request.source
        asked = len(request.targets)
        answer = await session.ask(
            lambda: session.tools.api.hydrate(
                session.repo,
                request.targets,
                self.kinds,
                source,
                patches=session.scope.patches,
                between=session.between,
            )
        )
        attempts = {each.number: each for each in request.again}
        if isinstance(answer, TooHeavy | Broken):
            if source is Source.GRAPHQL and self._gave_way(Operation.HYDRATE, answer, asked):
                return None
            by_graphql = Operation.HYDRATE if source is Source.GRAPHQL else None
            self._passed_over(answer, "reading pull requests", by_graphql)
            self._answered(request)
            for target in request.targets:
                self._once_more(Failed(target, answer.why, permanent=False), attempts)
            return PageToStore(Records(), source, None, Absorbed())
        if not isinstance(answer, Page | Partial):
            raise failure(answer, "reading pull requests")
        session.trouble.passed_over = 0
        page = answer.data
        if source is Source.GRAPHQL:
            session.sizes.succeeded(Operation.HYDRATE, page.lookups, page.cost)
        absorbed = self.ledger.hydrated(request.targets, page, attempts)
        self._answered(request)
        for failed in page.failed:
            self._once_more(failed, attempts)
        return PageToStore(page.records, source, page.requested_at, absorbed)

    def _once_more(self, failed: Failed, attempts: dict[int, Again]) -> None:
        """Put a pull request that an answer did not hold back in line.

        What is not there after all its tries, the last of them by REST, stays a gap, also where GitHub says that it
        does not exist: a token that lost sight of a repository hears the same. Only a walk over everything tells.
        """
        number = failed.target.number
        tries = attempts[number].tries if number in attempts else 0
        by_rest = tries + 1 == TRIES and self.session.fallback.can_fall_back()
        if tries + 1 < TRIES or by_rest:
            self.ledger.again.append(Again(number, tries + 1, by_rest=by_rest))

    def _passed_over(self, answer: TooHeavy | Broken, doing: str, operation: Operation | None = None) -> None:
        """Let one pull request be that GitHub cannot give now; several in a row are GitHub's trouble, not theirs.

        Then `operation`, one of GraphQL's, is left to REST where both may be used.

        Raises:
            Pause: GitHub is out of order.
        """
        session = self.session
        session.trouble.passed_over += 1
        if session.trouble.passed_over < PASSED_OVER_IN_A_ROW:
            return
        if operation is None or not session.fallback.can_fall_back():
            raise failure(answer, doing)
        session.trouble.passed_over = 0
        self._leave_to_rest(operation, answer)

    def _leave_to_rest(self, operation: Operation, answer: TooHeavy | Broken) -> None:
        self.session.tools.reporter.note(f"GraphQL is left alone for a while ({operation}): {answer.why}")
        self.session.fallback.graphql_broke(operation, self.session.tools.clock())

    def _answered(self, request: HydrateRequest) -> None:
        if request.again:
            read = {each.number for each in request.again}
            self.ledger.again = [each for each in self.ledger.again if each.number not in read]
        else:
            self.done += len(request.targets)

    async def _follow_up(self, request: FollowUpRequest) -> PageToStore | None:
        session = self.session
        batch = request.batch
        lookups = [look_up_of(owed) for owed in batch]
        answer = await session.ask(lambda: session.tools.api.follow_up(session.repo, lookups))
        if isinstance(answer, Broken) and answer.cursor_lost:
            # Asked in vain twice, these pull requests are read anew, with cursors that GitHub knows.
            lost = with_lost_cursors(batch, answer.why)
            return PageToStore(Records(), Source.GRAPHQL, None, self.ledger.followed(lost, Records(), []))
        if isinstance(answer, Broken) and session.fallback.can_fall_back():
            if not self.suspects.broke(batch):
                self._leave_to_rest(Operation.FOLLOW_UP, answer)
            elif len(batch) == 1:
                return await self._follow_up_by_rest(TwinRequest(batch[0]))
            return None
        if isinstance(answer, TooHeavy | Broken):
            if self._gave_way(Operation.FOLLOW_UP, answer, len(batch)):
                return None
            self._passed_over(answer, "reading what pages cut off", Operation.FOLLOW_UP)
            return PageToStore(Records(), Source.GRAPHQL, None, self.ledger.followed(batch, Records(), []))
        if not isinstance(answer, Page | Partial):
            raise failure(answer, "reading what pages cut off")
        page = answer.data
        self.suspects.answered()
        session.sizes.succeeded(Operation.FOLLOW_UP, page.lookups, page.cost)
        return PageToStore(page.records, page.source, None, self.ledger.followed(batch, page.records, page.readings))

    async def _follow_up_by_rest(self, request: TwinRequest) -> PageToStore | None:
        session, owed = self.session, request.owed
        if owed.kind is Kind.REVIEW_THREADS:
            return PageToStore(Records(), Source.GRAPHQL, None, self.ledger.followed([owed], Records(), []))
        target = Target(owed.pull_request_id, owed.pull_request_node, owed.number)
        answer = await session.ask(
            lambda: session.tools.api.follow_up_rest(
                session.repo, target, owed.kind, patches=session.scope.patches, between=session.between
            )
        )
        if isinstance(answer, TooHeavy | Broken):
            self._passed_over(answer, f"reading {owed.kind} of #{owed.number} by REST")
            return PageToStore(Records(), Source.REST, None, self.ledger.followed([owed], Records(), []))
        if not isinstance(answer, Page | Partial):
            raise failure(answer, f"reading {owed.kind} of #{owed.number} by REST")
        page = answer.data
        return PageToStore(page.records, Source.REST, None, self.ledger.replaced(owed, page.readings))

    async def _complete_files(self, request: DetailRequest) -> PageToStore | None:
        session, detail = self.session, request.detail
        target = Target(detail.pull_request_id, detail.node_id, detail.number)
        answer = await session.ask(
            lambda: session.tools.api.file_details(
                session.repo, target, patches=session.scope.patches, between=session.between
            )
        )
        if isinstance(answer, Page | Partial):
            records = Records(pr_files=list(answer.data.rows))
            return PageToStore(records, Source.REST, None, self.ledger.detailed(detail, failed=False))
        if isinstance(answer, Denied) and answer.reason in OF_THE_TOKEN:
            raise failure(answer, f"reading the files of #{detail.number}")
        session.tools.reporter.note(f"The previous paths of #{detail.number} could not be read: {why(answer)}")
        return PageToStore(Records(), Source.REST, None, self.ledger.detailed(detail, failed=True))

    def _gave_way(self, operation: Operation, answer: TooHeavy | Broken, asked: int) -> bool:
        """Ask for less after a query that failed, or leave the operation to REST when GraphQL is broken for it.

        False when one single thing failed that no other way is left for: it has to be passed over.
        """
        session = self.session
        if isinstance(answer, Broken) and session.fallback.can_fall_back():
            self._leave_to_rest(operation, answer)
            return True
        if asked > 1:
            session.sizes.too_heavy(operation, asked)
        return asked > 1

    async def _store(self, page: PageToStore, done: int, checkpoint: Checkpoint) -> "Stored":
        session, absorbed = self.session, page.absorbed
        host, repository = session.tools.host_id, session.repository_id
        by_rest_last = session.fallback.can_fall_back()

        def work(connection: Connection) -> Stored:
            if page.generation is not None:
                accepted = rows.save_hydrated(
                    connection, host, repository, source=page.source, captured_at=page.generation, records=page.records
                )
            else:
                accepted = rows.save_followed(
                    connection,
                    host,
                    repository,
                    source=page.source,
                    generations=absorbed.generations,
                    records=page.records,
                )
            again = close(connection, host, repository, absorbed, accepted, by_rest_last=by_rest_last)
            superseded = {each: at for each, at in absorbed.generations.items() if each not in accepted}
            overtaken = self._overtaken(connection, absorbed, superseded)
            return Stored(again, superseded, overtaken)

        def covering(stored: Stored) -> Checkpoint:
            checkpoint.again.extend([*stored.again, *stored.overtaken])
            return checkpoint

        stored = await session.commit(work, covering, page.records)
        session.tools.reporter.progress(
            Progress(
                *("hydrate", done, len(session.numbers), page.records.count, *session.budget_left),
                shard=session.claim.k,
            )
        )
        return stored

    def _overtaken(self, connection: Connection, absorbed: Absorbed, superseded: Container[int]) -> list[Again]:
        """Return what is read once more, since whoever stored a newer reading meanwhile did not ask for all of it."""
        session = self.session
        late = {again.number: again for each, again in absorbed.overtaken.items() if each in superseded}
        numbers = [each.number for each in late.values() if each.tries < TRIES and each.number not in self.overtaken]
        place = (connection, session.tools.host_id, session.repository_id)
        only_rest = session.scope.source is SourceChoice.REST or session.tools.api.anonymous
        return [late[number] for number in left_unread(*place, session.scope, numbers, only_rest=only_rest)]

    def _merge(self, stored: "Stored") -> None:
        self.ledger.again.extend([*stored.again, *stored.overtaken])
        self.overtaken.update(each.number for each in stored.overtaken)
        self.ledger.drop(stored.superseded)


@dataclass(frozen=True, slots=True)
class Stored:
    """What the transaction of a page found out."""

    again: list[Again]
    superseded: dict[int, str]
    """Pull requests of which somebody had stored a newer reading, each with the generation that came too late."""
    overtaken: list[Again] = field(default_factory=list)
    """Those of them that are read once more."""
